//! The api host: every site behind its cloud id, for tokens that a site's own host does not know, and the list of the sites that a
//! consent covers. For this folder only.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State as Held};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::credentials::Opens;
use super::jira::door::{self, Door};
use super::state::{Premises, State};

/// What every address of a site's API begins with.
pub(super) const SITES: &str = "/ex/jira/";

/// Where a client learns which sites a token covers.
pub(super) const RESOURCES: &str = "/oauth/token/accessible-resources";

pub(super) fn router() -> Router<Arc<State>> {
    Router::new().route(RESOURCES, get(accessible_resources))
}

/// The site with this cloud id in its path.
pub(super) fn site<'a>(state: &'a State, path: &str) -> Option<&'a Arc<Premises>> {
    let (cloud, _) = path.strip_prefix(SITES)?.split_once('/')?;
    state.sites.iter().find(|site| site.cloud_id == cloud)
}

/// The site's own REST API, entered by the other door.
pub(super) async fn pass(state: &State, jira: Router, mut request: Request) -> Response {
    let Some(place) = site(state, request.uri().path()) else {
        return door::not_found();
    };
    let inside = request
        .uri()
        .to_string()
        .replacen(&format!("{SITES}{}", place.cloud_id), "", 1);
    let uri = inside
        .parse::<Uri>()
        .ok()
        .filter(|uri| uri.path().starts_with("/rest/"));
    let Some(uri) = uri else {
        return door::not_found();
    };
    *request.uri_mut() = uri;
    let extensions = request.extensions_mut();
    extensions.insert(place.clone());
    extensions.insert(Door::Api);
    match jira.oneshot(request).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    }
}

async fn accessible_resources(Held(state): Held<Arc<State>>, headers: HeaderMap) -> Response {
    let now = state.clock.now();
    let grant = door::bearer(&headers).and_then(|token| state.credentials.grant(token));
    let grant = grant.filter(|grant| grant.expires > now);
    let Some((Opens::OAuth { cloud_ids }, scopes)) = grant.map(|grant| (grant.opens, grant.scopes))
    else {
        return door::unauthorized("Unauthorized");
    };
    let covered = state
        .sites
        .iter()
        .filter(|site| cloud_ids.contains(&site.cloud_id));
    let listed = covered.map(|site| {
        json!({
            "id": site.cloud_id, "url": site.base_url, "name": site.name, "scopes": scopes,
            "avatarUrl": "https://site-admin-avatar-cdn.prod.public.atl-paas.net/avatars/240/flag.png",
        })
    });
    door::page(&Value::Array(listed.collect()))
}
