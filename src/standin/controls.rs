//! `/_standin/`: what people type into a terminal to see and steer the stand-in. For this folder only; at the listener's own
//! address only, which is loopback: whoever reaches it gets tokens.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, RawQuery, State as Held};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::{Value, json};

use super::faults::Fault;
use super::form;
use super::handout;
use super::people;
use super::seen::{Role, Seen};
use super::site;
use super::state::{Premises, State};

pub(super) fn router() -> Router<Arc<State>> {
    handout::router()
        .route("/_standin/sites", get(sites))
        .route("/_standin/sites/{site}/context-token", get(context_token))
        .route("/_standin/requests", get(requests).delete(clear_requests))
        .route("/_standin/strays", get(strays).delete(clear_strays))
        .route(
            "/_standin/faults",
            axum::routing::post(set_fault).delete(clear_faults),
        )
}

fn pretty(value: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json;charset=UTF-8")];
    (kind, format!("{value:#}\n")).into_response()
}

pub(super) fn wrong(status: StatusCode, sentence: &str) -> Response {
    (status, format!("{sentence}\n")).into_response()
}

async fn sites(Held(state): Held<Arc<State>>) -> Response {
    let sites = state.sites.iter().map(|site| overview(site));
    pretty(&Value::Array(sites.collect()))
}

fn overview(site: &Premises) -> Value {
    let installation = site.installation_ari();
    let live = site.live();
    let people = live.world.users().map(|account| {
        let nickname = people::person(account).map(|person| person.nickname);
        json!({
            "nickname": nickname, "account": account, "active": live.world.is_active(account),
            "administrator": live.administers(account),
        })
    });
    json!({
        "name": site.name, "host": site.host, "baseUrl": site.base_url, "cloudId": site.cloud_id,
        "forgeOnly": site.forge_only, "installationId": installation,
        "clientKey": live.client_key, "oauthClientId": live.oauth_client_id, "installed": live.installed,
        "people": people.collect::<Vec<_>>(), "issues": live.world.keys().collect::<Vec<_>>(),
    })
}

async fn context_token(
    Held(state): Held<Arc<State>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(place) = state.site(&name) else {
        return wrong(StatusCode::NOT_FOUND, "no such site; see /_standin/sites");
    };
    let query = form::pairs(&query.unwrap_or_default()).unwrap_or_default();
    let Some(account) = form::only(&query, "account").map(people::account) else {
        return wrong(StatusCode::BAD_REQUEST, "say whose: ?account=ann");
    };
    if !place.live().world.is_active(&account) {
        return wrong(
            StatusCode::NOT_FOUND,
            "nobody of this site; see /_standin/sites",
        );
    }
    site::context_token(&state, place, &account).into_response()
}

async fn requests(Held(state): Held<Arc<State>>) -> Response {
    let requests = state.requests.list();
    pretty(&Value::Array(requests.iter().map(told).collect()))
}

fn told(seen: &Seen) -> Value {
    json!({
        "role": seen.role.as_str(), "host": seen.host, "method": seen.method, "target": seen.target,
        "account": seen.account, "scope": seen.scope, "status": seen.status,
        "authorization": seen.authorization_kind, "credential": seen.credential,
    })
}

async fn clear_requests(Held(state): Held<Arc<State>>) -> StatusCode {
    state.requests.clear();
    StatusCode::NO_CONTENT
}

async fn strays(Held(state): Held<Arc<State>>) -> Response {
    pretty(&json!(state.strays.list()))
}

async fn clear_strays(Held(state): Held<Arc<State>>) -> StatusCode {
    state.strays.clear();
    StatusCode::NO_CONTENT
}

async fn set_fault(Held(state): Held<Arc<State>>, RawQuery(query): RawQuery) -> Response {
    let query = form::pairs(&query.unwrap_or_default()).unwrap_or_default();
    let role = form::only(&query, "role").and_then(role);
    let value = form::only(&query, "value").unwrap_or_default();
    let fault = form::only(&query, "fault").and_then(|word| fault(word, value));
    let (Some(role), Some(fault)) = (role, fault) else {
        return wrong(
            StatusCode::BAD_REQUEST,
            "say ?role=jira|token|keys|api|graph|forge|provider&fault=status|delay_ms|hang|hold|close|instead|redirect|not_json|oversized|inflating|truncated|wrong_content_type|captcha|failed_login|rate_limited[&value=…][&times=1]",
        );
    };
    let times = match form::only(&query, "times").map(str::parse) {
        None => None,
        Some(Ok(times)) => Some(times),
        Some(Err(_)) => return wrong(StatusCode::BAD_REQUEST, "times is a number"),
    };
    state.faults.set(role, Some(fault), times);
    StatusCode::NO_CONTENT.into_response()
}

async fn clear_faults(Held(state): Held<Arc<State>>) -> StatusCode {
    for role in Role::ALL {
        state.faults.set(role, None, None);
    }
    StatusCode::NO_CONTENT
}

fn role(word: &str) -> Option<Role> {
    Role::ALL.into_iter().find(|role| role.as_str() == word)
}

fn fault(word: &str, value: &str) -> Option<Fault> {
    Some(match word {
        "status" => Fault::Status(value.parse().ok()?),
        "delay_ms" => Fault::Delay(Duration::from_millis(value.parse().ok()?)),
        "hang" => Fault::Hang,
        "captcha" => Fault::Captcha,
        "failed_login" => Fault::FailedLogin,
        "hold" => Fault::Hold,
        "close" => Fault::CloseConnection,
        "instead" => Fault::Instead(value.to_owned()),
        "redirect" => Fault::Redirect(value.to_owned()),
        "not_json" => Fault::NotJson,
        "oversized" => Fault::Oversized(value.parse().ok()?),
        "inflating" => Fault::Inflating(value.parse().ok()?),
        "truncated" => Fault::Truncated,
        "wrong_content_type" => Fault::WrongContentType,
        "rate_limited" => Fault::RateLimited {
            retry_after_s: value.parse().ok()?,
        },
        _ => return None,
    })
}
