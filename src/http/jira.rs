//! Jira's paths in their three forms, and the founding question's own. Each route makes an [`Ask`] of a visit and sends it down the
//! corridor; none of them decides anything.
//! A path that names no site must never be sent to a site that the request names elsewhere: it is the credential's own, or none.

use axum::response::Response;
use axum::routing::MethodRouter;

use crate::decision::{Action, ApiVersion, Target};
use crate::gateway::Ask;
use crate::tenant::registry::SiteAsked;
use crate::tenant::{SiteRead, SiteUrl, Thing};

use super::parse::{self, Parameters, ParseError};
use super::visit::{Failure, Visit};
use super::{App, Route};

const READ: [&str; 3] = ["fields", "expand", "properties"];

/// The routes: each thing in three forms (as on Atlassian's own gateway, by the site's host, by the credential alone), and the
/// founding question's own.
pub(super) fn routes(read: impl Fn() -> MethodRouter<App>) -> [Route; 13] {
    [
        (
            "GET",
            "/ex/jira/{cloudId}/rest/api/{version}/issue/{issue}",
            read().get(issue),
        ),
        (
            "GET",
            "/sites/{host}/rest/api/{version}/issue/{issue}",
            read().get(issue),
        ),
        (
            "GET",
            "/rest/api/{version}/issue/{issue}",
            read().get(issue),
        ),
        (
            "GET",
            "/ex/jira/{cloudId}/rest/api/{version}/serverInfo",
            read().get(server_info),
        ),
        (
            "GET",
            "/ex/jira/{cloudId}/rest/api/{version}/myself",
            read().get(myself),
        ),
        (
            "GET",
            "/ex/jira/{cloudId}/rest/api/{version}/field",
            read().get(fields),
        ),
        (
            "GET",
            "/sites/{host}/rest/api/{version}/serverInfo",
            read().get(server_info),
        ),
        (
            "GET",
            "/sites/{host}/rest/api/{version}/myself",
            read().get(myself),
        ),
        (
            "GET",
            "/sites/{host}/rest/api/{version}/field",
            read().get(fields),
        ),
        (
            "GET",
            "/rest/api/{version}/serverInfo",
            read().get(server_info),
        ),
        ("GET", "/rest/api/{version}/myself", read().get(myself)),
        ("GET", "/rest/api/{version}/field", read().get(fields)),
        ("GET", "/v1/issue", read().get(own)),
    ]
}

/// `GET …/rest/api/{version}/issue/{issue}`.
async fn issue(mut visit: Visit) -> Response {
    let issue = visit.param("issue").to_owned();
    note(&mut visit, Some(&issue));
    let ask = site_asked(&visit).and_then(|site| ask_issue(&visit, site));
    visit.pass(ask).await
}

/// `GET …/rest/api/{version}/serverInfo`.
fn server_info(visit: Visit) -> impl Future<Output = Response> {
    site(visit, SiteRead::ServerInfo)
}

/// `GET …/rest/api/{version}/myself`.
fn myself(visit: Visit) -> impl Future<Output = Response> {
    site(visit, SiteRead::Myself)
}

/// `GET …/rest/api/{version}/field`.
fn fields(visit: Visit) -> impl Future<Output = Response> {
    site(visit, SiteRead::Fields)
}

/// `GET /v1/issue?site=…&issue=…`.
async fn own(mut visit: Visit) -> Response {
    let [site, issue, act_as] =
        ["site", "issue", "act_as"].map(|name| Parameters::glimpse(visit.parts.uri.query(), name));
    visit.note(site.as_deref(), issue.as_deref(), act_as.as_deref());
    let ask = own_ask(&visit);
    visit.pass(ask).await
}

async fn site(mut visit: Visit, read: SiteRead) -> Response {
    note(&mut visit, None);
    visit.note_action(Action::reading(&Thing::Site(read)));
    let ask = site_asked(&visit).and_then(|site| ask_site(&visit, site, read));
    visit.pass(ask).await
}

/// The form of the path is told by the parameters that it has.
fn site_asked(visit: &Visit) -> Result<SiteAsked, Failure> {
    match named(visit) {
        Some(("cloudId", cloud)) => Ok(SiteAsked::Cloud(parse::cloud(cloud)?)),
        Some((_, host)) => Ok(SiteAsked::Site(SiteUrl::from_host(host)?)),
        None => Ok(SiteAsked::Own),
    }
}

fn named(visit: &Visit) -> Option<(&'static str, &str)> {
    let named = |name| Some((name, visit.param(name)));
    ["cloudId", "host"]
        .into_iter()
        .filter_map(named)
        .find(|(_, value)| !value.is_empty())
}

fn note(visit: &mut Visit, issue: Option<&str>) {
    let site = named(visit).map(|(_, site)| site.to_owned());
    visit.note(site.as_deref(), issue, None);
}

fn version(visit: &Visit) -> Result<ApiVersion, ParseError> {
    ApiVersion::read(visit.param("version")).ok_or(ParseError::UnknownRoute)
}

fn ask_issue(visit: &Visit, site: SiteAsked) -> Result<Ask, Failure> {
    let version = version(visit)?;
    let reading = visit.parameters(&READ)?.reading(version)?;
    let issue = visit.param("issue").parse().map_err(ParseError::from)?;
    ask(visit, site, Target::Issue(issue, reading), None)
}

fn ask_site(visit: &Visit, site: SiteAsked, read: SiteRead) -> Result<Ask, Failure> {
    let version = version(visit)?;
    visit.parameters(&[])?;
    ask(visit, site, Target::Site(read, version), None)
}

fn own_ask(visit: &Visit) -> Result<Ask, Failure> {
    let parameters = visit.parameters(&["site", "issue", "act_as", "fields", "expand"])?;
    let site = SiteAsked::Site(parameters.site()?);
    let target = Target::Issue(parameters.issue()?, parameters.reading(ApiVersion::Three)?);
    ask(visit, site, target, parameters.value("act_as"))
}

fn ask(
    visit: &Visit,
    site: SiteAsked,
    target: Target,
    act_as: Option<&str>,
) -> Result<Ask, Failure> {
    Ok(Ask {
        credential: parse::credential(&visit.parts.headers),
        method: "GET",
        raw_target: visit.target(),
        site,
        target,
        act_as: parse::act_as(&visit.parts.headers, act_as)?,
        ip: visit.ip,
    })
}
