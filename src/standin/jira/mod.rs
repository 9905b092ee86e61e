//! The Jira sites: a small, true part of the platform's REST API, on issues that change. For the stand-in only.
//! A site shows a user what that user may see, to a credential that opens it (`door`); it never acts for anybody else.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Path, RawQuery};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::{Value, json};

use crate::secret::hex;

use super::form;
use super::state::{Premises, State};

pub(super) mod door;
mod expand;
mod fields;
mod groups;
mod issue;
pub(super) mod seed;
mod text;
mod world;

use door::{About, Arrival};

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
        .route("/rest/api/{version}/user/groups", get(groups::of_user))
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
    arrival: Arrival,
    Path((version, id_or_key)): Path<(String, String)>,
    RawQuery(query): RawQuery,
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
    read(&arrival, &version, About::Work, |page| {
        let found = page.world.find(&id_or_key);
        let found = found.filter(|issue| page.world.shows(page.viewer, issue))?;
        Some(page.issue(found, &selection, &words("expand"), &words("properties")))
    })
}

async fn myself(arrival: Arrival, Path(version): Path<String>) -> Response {
    read(&arrival, &version, About::People, |page| {
        let mut user = page.user(page.viewer);
        user["emailAddress"] = json!(page.world.email(page.viewer));
        user["locale"] = json!("en_US");
        user["groups"] = json!({"size": 1, "items": []});
        user["applicationRoles"] = json!({"size": 1, "items": []});
        Some(user)
    })
}

async fn server_info(arrival: Arrival, Path(version): Path<String>) -> Response {
    let now = arrival.state.clock.now().rfc3339();
    read(&arrival, &version, About::Site, |page| {
        Some(json!({
            "baseUrl": page.base_url, "displayUrl": page.base_url, "serverTitle": "Jira",
            "version": "1001.0.0-SNAPSHOT", "versionNumbers": [1001, 0, 0], "buildNumber": 100_287,
            "deploymentType": "Cloud", "buildDate": "2026-11-16T10:00:00.000+0000",
            "serverTime": format!("{}+0000", now.get(..23).unwrap_or_default()),
            "serverTimeZone": "Etc/UTC", "scmInfo": "9b0f7d1c", "defaultLocale": {"locale": "en_US"},
        }))
    })
}

async fn all_fields(arrival: Arrival, Path(version): Path<String>) -> Response {
    read(&arrival, &version, About::Work, |page| {
        let described = fields::FIELDS.iter().map(fields::Field::described);
        page.world
            .is_active(page.viewer)
            .then(|| described.collect())
    })
}

/// Jira wants the permissions to be named and knows no others than its own.
async fn my_permissions(
    arrival: Arrival,
    Path(version): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    if query.as_deref() != Some("permissions=ADMINISTER") {
        let sentence = "The stand-in knows the permission ADMINISTER and no other.";
        return refusal(StatusCode::BAD_REQUEST, sentence);
    }
    read(&arrival, &version, About::Work, |page| {
        Some(json!({"permissions": {"ADMINISTER": {
            "id": "0", "key": "ADMINISTER", "name": "Administer Jira", "type": "GLOBAL",
            "description": "Create and administer users, issue types, fields, workflows, and permission schemes.",
            "havePermission": page.administers,
        }}}))
    })
}

async fn tenant_info(Extension(site): Extension<Arc<Premises>>) -> Response {
    page(
        StatusCode::OK,
        &json!({"cloudId": site.live().cloud_of_host}),
    )
}

/// The way of every read of a user: version, credential, scope, then what the user may see.
fn read(
    arrival: &Arrival,
    version: &str,
    about: About,
    show: impl FnOnce(&Page<'_>) -> Option<Value>,
) -> Response {
    if !is_version(version) {
        return refusal(StatusCode::NOT_FOUND, "There is nothing at this path.");
    }
    let viewer = match arrival.admit(about) {
        Ok(caller) => caller.account,
        Err(refused) => return arrival.refusal(refused),
    };
    let viewer = match viewer {
        Some(viewer) => viewer,
        None if about == About::Site => String::new(),
        None => {
            let sentence = "The stand-in shows this to users, not to the app itself.";
            return refusal(StatusCode::FORBIDDEN, sentence);
        }
    };
    let live = arrival.site.live();
    let shown = show(&Page {
        world: &live.world,
        base_url: &arrival.site.base_url,
        version,
        viewer: &viewer,
        administers: live.administers(&viewer),
    });
    match shown {
        Some(body) => page(StatusCode::OK, &body),
        None => refusal(StatusCode::NOT_FOUND, UNSEEN),
    }
}

fn is_version(version: &str) -> bool {
    ["2", "3", "latest"].contains(&version)
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
