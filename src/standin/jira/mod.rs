//! The Jira sites: a small, true part of the platform's REST API, on issues that change. For the stand-in only.
//! A site shows a user what that user may see, to a token that is its own; it never acts for anybody else.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Path, RawQuery, State as Held};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::{Value, json};

use crate::secret::hex;

use super::form;
use super::people;
use super::state::{Grant, Premises, State};

mod expand;
mod fields;
mod issue;
pub(super) mod seed;
mod text;
mod world;

pub(super) use world::World;
pub use world::{Issue, Link, Remark};

const UNSEEN: &str = "Issue does not exist or you do not have permission to see it.";

/// The routes of every site; which site it is comes as an extension.
pub(super) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/rest/api/{version}/issue/{issue}", get(issue))
        .route("/rest/api/{version}/myself", get(myself))
        .route("/rest/api/{version}/serverInfo", get(server_info))
        .route("/rest/api/{version}/field", get(all_fields))
        .route("/rest/api/{version}/mypermissions", get(my_permissions))
        .route("/_edge/tenant_info", get(tenant_info))
        .fallback(async || refusal(StatusCode::NOT_FOUND, "There is nothing at this path."))
        .method_not_allowed_fallback(async || {
            refusal(StatusCode::METHOD_NOT_ALLOWED, "The stand-in only reads.")
        })
        .with_state(state)
}

/// What a page is made from: the site, who looks, and in which version of the API.
struct Page<'a> {
    world: &'a World,
    base_url: &'a str,
    version: &'a str,
    viewer: &'a str,
    administers: bool,
}

impl Page<'_> {
    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base_url)
    }

    fn rest(&self, path: &str) -> String {
        self.url(&format!("rest/api/{}/{path}", self.version))
    }

    /// Version 3 shows rich texts as documents; `latest` is version 2.
    fn shows_documents(&self) -> bool {
        self.version == "3"
    }
}

async fn issue(
    Held(state): Held<Arc<State>>,
    Extension(site): Extension<Arc<Premises>>,
    Path((version, id_or_key)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Ok(query) = form::pairs(&query.unwrap_or_default()) else {
        return refusal(
            StatusCode::BAD_REQUEST,
            "The query is not percent-encoded UTF-8.",
        );
    };
    let values = |name: &'static str| {
        query
            .iter()
            .filter(move |(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    };
    let words = |name| {
        values(name)
            .flat_map(|list| list.split(','))
            .collect::<Vec<_>>()
    };
    let selection = fields::Selection::parse(values("fields"));
    read(&state, &site, &version, &headers, |page| {
        let found = page.world.find(&id_or_key);
        let found = found.filter(|issue| page.world.shows(page.viewer, issue))?;
        Some(page.issue(found, &selection, &words("expand"), &words("properties")))
    })
}

async fn myself(
    Held(state): Held<Arc<State>>,
    Extension(site): Extension<Arc<Premises>>,
    Path(version): Path<String>,
    headers: HeaderMap,
) -> Response {
    read(&state, &site, &version, &headers, |page| {
        let mut user = page.user(page.viewer);
        user["emailAddress"] = json!(people::person(page.viewer)?.email);
        user["locale"] = json!("en_US");
        user["groups"] = json!({"size": 1, "items": []});
        user["applicationRoles"] = json!({"size": 1, "items": []});
        Some(user)
    })
}

async fn server_info(
    Held(state): Held<Arc<State>>,
    Extension(site): Extension<Arc<Premises>>,
    Path(version): Path<String>,
    headers: HeaderMap,
) -> Response {
    let now = state.clock.now().rfc3339();
    read(&state, &site, &version, &headers, |page| {
        Some(json!({
            "baseUrl": page.base_url, "displayUrl": page.base_url, "serverTitle": "Jira",
            "version": "1001.0.0-SNAPSHOT", "versionNumbers": [1001, 0, 0], "buildNumber": 100_287,
            "deploymentType": "Cloud", "buildDate": "2026-11-16T10:00:00.000+0000",
            "serverTime": format!("{}+0000", now.get(..23).unwrap_or_default()),
            "serverTimeZone": "Etc/UTC", "scmInfo": "9b0f7d1c", "defaultLocale": {"locale": "en_US"},
        }))
    })
}

async fn all_fields(
    Held(state): Held<Arc<State>>,
    Extension(site): Extension<Arc<Premises>>,
    Path(version): Path<String>,
    headers: HeaderMap,
) -> Response {
    read(&state, &site, &version, &headers, |page| {
        let described = fields::FIELDS.iter().map(fields::Field::described);
        page.world
            .is_active(page.viewer)
            .then(|| described.collect())
    })
}

/// Jira wants the permissions to be named and knows no others than its own.
async fn my_permissions(
    Held(state): Held<Arc<State>>,
    Extension(site): Extension<Arc<Premises>>,
    Path(version): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if query.as_deref() != Some("permissions=ADMINISTER") {
        let sentence = "The stand-in knows the permission ADMINISTER and no other.";
        return refusal(StatusCode::BAD_REQUEST, sentence);
    }
    read(&state, &site, &version, &headers, |page| {
        Some(json!({"permissions": {"ADMINISTER": {
            "id": "0", "key": "ADMINISTER", "name": "Administer Jira", "type": "GLOBAL",
            "description": "Create and administer users, issue types, fields, workflows, and permission schemes.",
            "havePermission": page.administers,
        }}}))
    })
}

async fn tenant_info(Extension(site): Extension<Arc<Premises>>) -> Response {
    page(StatusCode::OK, &json!({"cloudId": site.cloud_id}))
}

/// The way of every read: version, token, scope, then what the user may see.
fn read(
    state: &State,
    site: &Premises,
    version: &str,
    headers: &HeaderMap,
    show: impl FnOnce(&Page<'_>) -> Option<Value>,
) -> Response {
    if !["2", "3", "latest"].contains(&version) {
        return refusal(StatusCode::NOT_FOUND, "There is nothing at this path.");
    }
    let Some(grant) = authenticate(state, site, headers) else {
        let sentence = "Client must be authenticated to access this resource.";
        return refusal(StatusCode::UNAUTHORIZED, sentence);
    };
    if !grant.scopes.iter().any(|scope| scope == "READ") {
        return refusal(
            StatusCode::FORBIDDEN,
            "The app's token does not have the scope READ.",
        );
    }
    let live = site.live();
    let shown = show(&Page {
        world: &live.world,
        base_url: &site.base_url,
        version,
        viewer: &grant.account,
        administers: live.administers(&grant.account),
    });
    match shown {
        Some(body) => page(StatusCode::OK, &body),
        None => refusal(StatusCode::NOT_FOUND, UNSEEN),
    }
}

/// The grant behind the bearer token, if it is good here and now. It was given to one client id, which is that of one site: a token
/// of another site is worth nothing, whoever holds it.
fn authenticate(state: &State, site: &Premises, headers: &HeaderMap) -> Option<Grant> {
    let grant = state.grant(bearer(headers)?)?;
    let live = site.live();
    let is_good = grant.oauth_client_id == live.oauth_client_id
        && grant.expires > state.clock.now()
        && live.installed
        && live.world.is_active(&grant.account);
    is_good.then_some(grant)
}

/// The token of the one `Authorization` header; two are none.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok()?.strip_prefix("Bearer "),
        _ => None,
    }
}

fn page(status: StatusCode, body: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json;charset=UTF-8")];
    (status, kind, body.to_string()).into_response()
}

/// An error in Jira's shape.
pub(super) fn refusal(status: StatusCode, sentence: &str) -> Response {
    page(status, &json!({"errorMessages": [sentence], "errors": {}}))
}

/// Adds what Atlassian's edge adds. The cookie and the account id are there because a gateway must not pass them on.
pub(super) fn dress(state: &State, account: Option<&str>, answer: &mut Response) {
    let trace = hex(&state.chance.bytes::<16>());
    let request = state.chance.uuid(state.clock.now()).to_string();
    let cookie = format!("atlassian.xsrf.token={trace}_lin; Path=/; SameSite=None; Secure");
    let account = account.map(form::encode);
    let made = [
        ("atl-traceid", Some(trace)),
        ("x-arequestid", Some(request)),
        ("set-cookie", Some(cookie)),
        ("x-aaccountid", account),
    ];
    let headers = answer.headers_mut();
    for (name, value) in made {
        if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
            headers.insert(name, value);
        }
    }
    let fixed = [
        ("server", "AtlassianEdge"),
        ("cache-control", "no-cache, no-store, no-transform"),
        ("x-content-type-options", "nosniff"),
        (
            "strict-transport-security",
            "max-age=63072000; includeSubDomains; preload",
        ),
        ("vary", "Accept-Encoding"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
