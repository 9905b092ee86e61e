//! The edge: listeners, routes, parsing, and what callers are told. Used by `node`.
//! Nothing here decides anything; nothing raw goes further than `parse`; no answer leaves without its decision id.

pub mod admin;
mod arrival;
mod check;
mod connect;
pub mod connect_page;
mod docs;
mod form;
mod front;
mod impatient;
mod jira;
mod keys;
pub mod metrics;
mod openapi;
mod page;
mod parse;
mod policy_admin;
mod problem;
pub mod server;
mod sessions;
mod supervision;
mod visit;
mod whoami;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::{MethodRouter, any};
use serde::{Deserialize, Serialize};

use crate::clock::{Chance, Clock};
use crate::gateway::Gateway;
use crate::identity::install::{About, Callbacks};
use crate::outbound::Outbound;

use metrics::Metrics;
use parse::ParseError;
use visit::Visit;

pub use visit::Peer;

/// What the routes need. Cheap to clone; one a worker, as its connections are.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

/// What an [`App`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// The corridor.
    pub gateway: Gateway,
    /// Lifecycle callbacks.
    pub callbacks: Callbacks,
    /// The worker's connections.
    pub outbound: Outbound,
    /// What the app is called.
    pub about: About,
    /// Bounds.
    pub limits: Limits,
    /// Peers that are believed about the client's address.
    pub trusted_proxies: Vec<IpAddr>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// What Jira adds to the page that it frames.
    pub around_page: connect_page::Around,
}

impl App {
    /// The routes' surroundings.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    fn gateway(&self) -> &Gateway {
        &self.0.gateway
    }

    fn callbacks(&self) -> (&Callbacks, &Outbound) {
        (&self.0.callbacks, &self.0.outbound)
    }

    fn about(&self) -> &About {
        &self.0.about
    }

    fn limits(&self) -> &Limits {
        &self.0.limits
    }

    fn trusted_proxies(&self) -> &[IpAddr] {
        &self.0.trusted_proxies
    }

    fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    fn around_page(&self) -> &connect_page::Around {
        &self.0.around_page
    }

    fn clock(&self) -> &Clock {
        &self.0.gateway.clock
    }

    fn chance(&self) -> &Chance {
        &self.0.gateway.chance
    }
}

/// Methods, template, handlers.
type Route = (&'static str, &'static str, MethodRouter<App>);

/// The routes of the data plane. Everything about them follows from this table and those of `jira`, `connect_page` and `supervision`.
fn routes() -> impl Iterator<Item = Route> {
    // axum answers HEAD by GET's handler unless HEAD has one of its own; and beside any fallback but this one it tells by `Allow`
    // that there is such a path.
    let unlisted = || any(self::unlisted);
    let reading = || unlisted().head(self::unlisted);
    let own = vec![
        ("GET", "/v1/whoami", reading().get(whoami::whoami)),
        (
            "GET POST",
            "/v1/sessions",
            reading().get(sessions::list).post(sessions::open),
        ),
        (
            "DELETE",
            "/v1/sessions/current",
            unlisted().delete(sessions::end_current),
        ),
        (
            "DELETE",
            "/v1/sessions/{id}",
            unlisted().delete(sessions::end),
        ),
        (
            "GET POST",
            "/v1/keys",
            reading().get(keys::list).post(keys::make),
        ),
        ("DELETE", "/v1/keys/{id}", unlisted().delete(keys::revoke)),
        (
            "GET",
            "/oauth/token/accessible-resources",
            reading().get(whoami::accessible_resources),
        ),
        ("POST", "/v1/check", unlisted().post(check::check)),
        (
            "GET",
            "/connect/atlassian-connect.json",
            reading().get(connect::descriptor),
        ),
        (
            "POST",
            "/connect/installed",
            unlisted().post(connect::installed),
        ),
        (
            "POST",
            "/connect/uninstalled",
            unlisted().post(connect::uninstalled),
        ),
        ("GET", "/openapi.json", reading().get(openapi::openapi)),
        ("GET", docs::PAGE, reading().get(docs::page)),
        ("GET", docs::FILE, reading().get(docs::file)),
    ];
    let site = supervision::routes(reading, unlisted);
    let page = connect_page::routes(reading);
    jira::routes(reading)
        .into_iter()
        .chain(own)
        .chain(page)
        .chain(site)
}

/// Method and template of every route of the data plane.
pub fn templates() -> impl Iterator<Item = (&'static str, &'static str)> {
    routes()
        .flat_map(|(methods, template, _)| methods.split(' ').map(move |method| (method, template)))
}

/// The data plane, below the path of the app's base URL: a request token is bound to the path as it came, so no part of it is cut
/// off on the way. A route, method or version that is not listed is a 404 before anything is sent.
pub fn data_plane(app: App) -> Router {
    let base = app.about().base_path.trim_end_matches('/').to_owned();
    routes()
        .fold(Router::new(), |router, (_, template, handler)| {
            router.route(&format!("{base}{template}"), handler)
        })
        .fallback(unlisted)
        .with_state(app)
}

/// Everything else. A base URL that lost a part is a mistake that we can help with.
async fn unlisted(visit: Visit) -> Response {
    let path = visit.parts.uri.path();
    let path = path
        .strip_prefix(visit.app.about().base_path.as_str())
        .unwrap_or(path);
    let lost = lost_a_part(path);
    let error = if lost {
        ParseError::LostSegment
    } else {
        ParseError::UnknownRoute
    };
    visit.finish(Err(error.into())).await
}

/// Whether it is the path of a Jira route but for its site: empty, or gone with its slash.
fn lost_a_part(path: &str) -> bool {
    if !path.contains("//") {
        return ["/ex/jira/rest/", "/sites/rest/"]
            .iter()
            .any(|broken| path.starts_with(broken));
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    matches!(
        parts.as_slice(),
        ["ex", "jira", ..] | ["sites" | "rest", ..]
    )
}

/// `[server]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The app's base URL as Atlassian knows it: `https`, an optional path, no trailing slash.
    pub public_url: String,
    /// The data plane.
    pub listen: SocketAddr,
    /// The admin plane.
    pub admin_listen: SocketAddr,
    /// Threads that serve requests, each with a runtime of its own; 0 takes one a core.
    pub workers: usize,
    /// Peers whose `X-Forwarded-For` is believed, as addresses. Nobody by default.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// How long open requests may take to end after a signal to stop, in milliseconds.
    pub shutdown_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8080".to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            admin_listen: SocketAddr::from(([127, 0, 0, 1], 8081)),
            workers: 0,
            trusted_proxies: Vec::new(),
            shutdown_ms: 10_000,
        }
    }
}

/// `[limits]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Open connections to the data plane.
    pub connections_max: usize,
    /// Headers of one request.
    pub headers_max: usize,
    /// Bytes of request line and headers.
    pub header_bytes_max: usize,
    /// How long a client may take to send its headers, in milliseconds.
    pub header_timeout_ms: u64,
    /// Bytes of a request's body, unless its route says otherwise.
    pub body_bytes_max: usize,
    /// A request from its first byte to its answer, in milliseconds.
    pub request_timeout_ms: u64,
    /// Bytes of Jira's answer after decompression.
    pub upstream_body_bytes_max: usize,
    /// Connecting to Jira, in milliseconds.
    pub upstream_connect_timeout_ms: u64,
    /// Jira's whole answer, in milliseconds.
    pub upstream_timeout_ms: u64,
    /// Jira's answer in which groups an account is, in milliseconds.
    pub jira_groups_timeout_ms: u64,
    /// The longest life of a token that is accepted, `exp - iat`, in seconds; at most 3600.
    pub token_lifetime_s_max: u32,
    /// How far clocks may differ, in seconds; at most 30.
    pub token_leeway_s: u32,
    /// The longest pause of a session, in seconds.
    pub session_idle_s: u32,
    /// A session from its opening to its end, in seconds.
    pub session_lifetime_s: u32,
    /// The longest life of a client key, in days.
    pub key_lifetime_days_max: u32,
    /// How long it is believed what Atlassian confirmed of a user's own credential, in seconds; at most 600.
    pub own_credential_cache_s: u32,
    /// How long a request waits for Atlassian's word on one that was not known to be good, in milliseconds.
    pub own_credential_wait_ms: u64,
    /// How many such credentials may be tried from one address in a minute.
    pub own_credentials_per_source: u32,
    /// How many such credentials may be tried at one site in a minute.
    pub own_credentials_per_site: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            headers_max: 100,
            header_bytes_max: 32 * 1024,
            header_timeout_ms: 10_000,
            body_bytes_max: 64 * 1024,
            request_timeout_ms: 30_000,
            upstream_body_bytes_max: 8 * 1024 * 1024,
            upstream_connect_timeout_ms: 3_000,
            upstream_timeout_ms: 20_000,
            jira_groups_timeout_ms: 3_000,
            token_lifetime_s_max: 3600,
            token_leeway_s: 30,
            session_idle_s: 15 * 60,
            session_lifetime_s: 8 * 3600,
            key_lifetime_days_max: 365,
            own_credential_cache_s: 300,
            own_credential_wait_ms: 3_000,
            own_credentials_per_source: 20,
            own_credentials_per_site: 300,
        }
    }
}
