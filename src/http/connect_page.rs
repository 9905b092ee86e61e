//! `GET /connect/page`: the app's page inside Jira, and the files that it loads. Jira opens it in a frame with a request token that
//! is good once. The page holds no secret but its nonce: what it shows it asks for itself, with tokens that Jira's script gives it.
//! Nothing may frame it but the site that installed the app, and nothing runs in it but our script and Jira's.

mod files;
mod life;

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use axum::routing::MethodRouter;
use http::{HeaderName, HeaderValue, StatusCode};

use crate::gateway::Stop;
use crate::identity::Principal;
use crate::identity::presented::Presented;
use crate::identity::verify::IdentityError;
use crate::tenant::{SharedTenant, TenantId};

use super::form::Form;
use super::page::Page;
use super::parse::{self, Parameters, ParseError};
use super::visit::{Done, Failure, Visit};
use super::{App, Route};

/// The page.
pub(super) const PAGE: &str = "/connect/page";
/// What it loads: scripts that name each other by their place, so the edition is a folder.
const FILE: &str = "/connect/page/{edition}/{file}";

pub use files::edition;

/// All that the page may ask of a browser is to copy a key. Jira's frames do not even pass that on.
const PERMISSIONS: HeaderValue = HeaderValue::from_static(
    "camera=(), clipboard-read=(), clipboard-write=(self), display-capture=(), geolocation=(), microphone=()",
);

/// What Jira adds to the page that it frames.
#[derive(Clone, Debug)]
pub struct Around {
    /// The URL of Jira's script.
    pub script: String,
    /// Who may frame the page.
    pub framed_by: FramedBy,
}

/// From the host of a site to origins.
type Origins = dyn Fn(&str) -> Vec<String> + Send + Sync;

/// The origins that may frame the page of the site with a host.
#[derive(Clone)]
pub struct FramedBy(Arc<Origins>);

impl FramedBy {
    /// Asks `origins` for them.
    #[must_use]
    pub fn new(origins: impl Fn(&str) -> Vec<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(origins))
    }
}

impl std::fmt::Debug for FramedBy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("FramedBy")
    }
}

#[derive(Template)]
#[template(path = "page.html")]
struct Document<'a> {
    nonce: &'a str,
    site: &'a str,
    account: &'a str,
    jira_script: &'a str,
    edition: &'a str,
    scripts: &'a [&'a str],
    lives: &'a [life::Life],
    longest: life::Life,
}

#[derive(Template)]
#[template(path = "refused.html")]
struct Refusal<'a> {
    title: &'a str,
    sentence: &'a str,
    decision_id: &'a str,
    edition: &'a str,
}

/// The page, and what it loads.
pub(super) fn routes(reading: impl Fn() -> MethodRouter<App>) -> [Route; 2] {
    [
        ("GET", PAGE, reading().get(page)),
        ("GET", FILE, reading().get(file)),
    ]
}

/// `GET /connect/page`.
async fn page(mut visit: Visit) -> Response {
    let result = opened(&mut visit).await;
    // A token that verified and was used before says whose page it was; of any other nobody knows.
    let tenant = visit.entry().tenant.clone();
    let tenant = tenant.and_then(|tenant| tenant.parse().ok());
    let site = tenant.and_then(|tenant| current(&visit.app, &tenant));
    let form = Form::Page(policy(visit.app.around_page(), site.as_ref()));
    visit.finish_in(form, result).await
}

/// `GET /connect/page/{edition}/{file}`.
async fn file(visit: Visit) -> Response {
    match files::named(visit.param("edition"), visit.param("file")) {
        Some(file) => visit.publish("page", Done::Page(file)).await,
        None => visit.finish(Err(ParseError::UnknownRoute.into())).await,
    }
}

async fn opened(visit: &mut Visit) -> Result<Done, Failure> {
    let presented = presented(visit)?;
    let principal = visit
        .manage_by(&presented, async |gateway, by, trail| {
            gateway.open_page(by, trail).await
        })
        .await?;
    // An uninstall may have overtaken it.
    let gone = || Failure::Stop(Stop::Identity(IdentityError::Missing));
    let tenant = current(&visit.app, principal.tenant()).ok_or_else(gone)?;
    let html = document(&visit.app, &principal, &tenant);
    let policy = policy(visit.app.around_page(), Some(&tenant));
    let page = Page::document(html, policy).with(PERMISSIONS_POLICY, PERMISSIONS);
    Ok(Done::Page(page))
}

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// The request token, from the address or the header. Two that differ are two credentials.
fn presented(visit: &Visit) -> Result<Presented, ParseError> {
    let header = parse::credential(&visit.parts.headers);
    match (Parameters::token(visit.parts.uri.query())?, header) {
        (None, header) => Ok(header),
        (Some(token), Presented::Nothing) => Ok(Presented::Jwt(token)),
        (Some(token), Presented::Jwt(same)) if token == same => Ok(Presented::Jwt(token)),
        (Some(_), _) => Err(ParseError::Credentials),
    }
}

fn current(app: &App, tenant: &TenantId) -> Option<SharedTenant> {
    app.gateway().tenants.current(tenant)
}

fn document(app: &App, principal: &Principal, tenant: &SharedTenant) -> String {
    let (id, account) = (principal.tenant(), principal.account());
    let (lives, longest) = life::choices(app.limits().key_lifetime_days_max);
    let document = Document {
        nonce: &app.gateway().issued.page_nonce(id, account),
        site: tenant.site.host(),
        account: account.as_str(),
        jira_script: &app.around_page().script,
        edition: edition(),
        scripts: &files::scripts(),
        lives: &lives,
        longest,
    };
    rendered(&document)
}

/// The page that says why there is none.
pub(super) fn refused(
    status: StatusCode,
    sentence: &str,
    decision_id: &str,
    policy: HeaderValue,
) -> Page {
    let (title, sentence) = if status == StatusCode::UNAUTHORIZED {
        // What programs are told is of no use to a person.
        (
            "Open Gatepost again from Jira",
            "This page can be opened once, and only from within Jira. The address that brought you here was used before, is too old, or is not complete.",
        )
    } else {
        ("Gatepost cannot be shown", sentence)
    };
    let refusal = Refusal {
        title,
        sentence,
        decision_id,
        edition: edition(),
    };
    Page::document(rendered(&refusal), policy).with(PERMISSIONS_POLICY, PERMISSIONS)
}

fn rendered(template: &impl Template) -> String {
    // INVARIANT: templates are filled with texts, which are written into a `String`; neither can fail.
    template.render().expect("a template of texts")
}

/// What the page may load and who may frame it. Without a site only a page of our own, which does not.
fn policy(around: &Around, site: Option<&SharedTenant>) -> HeaderValue {
    let framed_by = site.map(|tenant| (around.framed_by.0)(tenant.site.host()));
    let framed_by = framed_by.unwrap_or_else(|| vec!["'self'".to_owned()]);
    let jira = url::Url::parse(&around.script).map(|url| url.origin().ascii_serialization());
    let policy = format!(
        "default-src 'none'; script-src 'self' {}; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors {}",
        jira.as_deref().unwrap_or_default(),
        framed_by.join(" "),
    );
    // INVARIANT: origins are ASCII, and a host of a site is letters, digits, hyphens and dots.
    HeaderValue::from_str(&policy).expect("a policy of origins")
}
