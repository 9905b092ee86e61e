//! Jira's paths, in the forms that name a site, and the founding question's own. Each route makes an [`Ask`] of a visit and sends it
//! down the corridor; none of them decides anything.

use axum::response::Response;

use crate::decision::ApiVersion;
use crate::gateway::Ask;
use crate::tenant::SiteUrl;
use crate::tenant::registry::SiteAsked;

use super::parse::{self, Parameters, ParseError};
use super::visit::{Failure, Visit};

/// The canonical form, as on Atlassian's own gateway.
pub(super) const BY_CLOUD: &str = "/ex/jira/{cloudId}/rest/api/{version}/issue/{issue}";
/// By the site's host.
pub(super) const BY_HOST: &str = "/sites/{host}/rest/api/{version}/issue/{issue}";
/// The founding question's form.
pub(super) const OWN: &str = "/v1/issue";

const READ: [&str; 3] = ["fields", "expand", "properties"];

/// `GET /ex/jira/{cloudId}/rest/api/{version}/issue/{issue}`.
pub(super) async fn by_cloud(mut visit: Visit) -> Response {
    note(&mut visit, "cloudId");
    let ask = parse::cloud(visit.param("cloudId"))
        .map(SiteAsked::Cloud)
        .map_err(Failure::from);
    let ask = ask.and_then(|site| jira(&visit, site));
    visit.pass(ask).await
}

/// `GET /sites/{host}/rest/api/{version}/issue/{issue}`.
pub(super) async fn by_host(mut visit: Visit) -> Response {
    note(&mut visit, "host");
    let ask = SiteUrl::from_host(visit.param("host"))
        .map(SiteAsked::Site)
        .map_err(Failure::from);
    let ask = ask.and_then(|site| jira(&visit, site));
    visit.pass(ask).await
}

/// `GET /v1/issue?site=…&issue=…`.
pub(super) async fn own(mut visit: Visit) -> Response {
    let [site, issue, act_as] =
        ["site", "issue", "act_as"].map(|name| Parameters::glimpse(visit.parts.uri.query(), name));
    visit.note(site.as_deref(), issue.as_deref(), act_as.as_deref());
    let ask = own_ask(&visit);
    visit.pass(ask).await
}

fn note(visit: &mut Visit, site: &str) {
    let [site, issue] = [site, "issue"].map(|name| visit.param(name).to_owned());
    visit.note(Some(&site), Some(&issue), None);
}

fn jira(visit: &Visit, site: SiteAsked) -> Result<Ask, Failure> {
    let version = ApiVersion::read(visit.param("version")).ok_or(ParseError::UnknownRoute)?;
    let parameters = visit.parameters(&READ)?;
    Ok(Ask {
        credential: parse::credential(&visit.parts.headers),
        method: "GET",
        raw_target: visit.target(),
        site,
        issue: visit.param("issue").parse().map_err(ParseError::from)?,
        reading: parameters.reading(version)?,
        act_as: parse::act_as(&visit.parts.headers, None)?,
        ip: visit.ip,
    })
}

fn own_ask(visit: &Visit) -> Result<Ask, Failure> {
    let parameters = visit.parameters(&["site", "issue", "act_as", "fields", "expand"])?;
    Ok(Ask {
        credential: parse::credential(&visit.parts.headers),
        method: "GET",
        raw_target: visit.target(),
        site: SiteAsked::Site(parameters.site()?),
        issue: parameters.issue()?,
        reading: parameters.reading(ApiVersion::Three)?,
        act_as: parse::act_as(&visit.parts.headers, parameters.value("act_as"))?,
        ip: visit.ip,
    })
}
