//! `/policy/v1/…` on the admin plane: any role may look at policy sets, `security` alone may say which is in force. Used by `admin`
//! only. What must never happen here: a change without a token of that role, or without its name on record.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::control::policies::{self, Parts};
use crate::control::rules::{RulesError, Wish};
use crate::control::tokens::{Holder, Role};
use crate::ledger::text::in_one_line;
use crate::policy::archive::ArchiveError;

use super::admin::{Admin, holder, unauthorized};

/// A reason and some names; more is no order.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The routes.
pub(super) fn routes() -> Router<Admin> {
    Router::new()
        .route("/policy/v1/sets", get(sets))
        .route("/policy/v1/sets/{digest}", get(set))
        .route("/policy/v1/status", get(status))
        .route("/policy/v1/activate", post(activate))
        .route("/policy/v1/unpin", post(unpin))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActivateOrder {
    digest: String,
    reason: String,
    #[serde(default)]
    drop_guarantees: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct UnpinOrder {
    reason: Option<String>,
}

async fn sets(State(admin): State<Admin>, headers: HeaderMap) -> Response {
    match holder(&admin, &headers).await {
        Some(_) => told(policies::list(&admin.rules).await),
        None => unauthorized(),
    }
}

async fn set(
    State(admin): State<Admin>,
    headers: HeaderMap,
    Path(digest): Path<String>,
) -> Response {
    let parts = Parts {
        files: true,
        certificate: true,
    };
    match holder(&admin, &headers).await {
        Some(_) => told(policies::show(&admin.rules, &digest, parts).await),
        None => unauthorized(),
    }
}

async fn status(State(admin): State<Admin>, headers: HeaderMap) -> Response {
    match holder(&admin, &headers).await {
        Some(_) => told(Ok(policies::status(&admin.rules.live().status()))),
        None => unauthorized(),
    }
}

async fn activate(State(admin): State<Admin>, headers: HeaderMap, body: Body) -> Response {
    let by = match security(&admin, &headers).await {
        Ok(holder) => holder.name(),
        Err(refused) => return refused,
    };
    let order: ActivateOrder = match read(body).await {
        Ok(order) => order,
        Err(refused) => return refused,
    };
    let wish = Wish {
        digest: order.digest,
        drop_guarantees: order.drop_guarantees,
        reason: order.reason,
    };
    match policies::activate(&admin.rules, wish, &by).await {
        Ok(refused) if refused["refused"].is_object() => {
            answer(StatusCode::UNPROCESSABLE_ENTITY, &refused)
        }
        done => told(done),
    }
}

async fn unpin(State(admin): State<Admin>, headers: HeaderMap, body: Body) -> Response {
    let by = match security(&admin, &headers).await {
        Ok(holder) => holder.name(),
        Err(refused) => return refused,
    };
    match read::<UnpinOrder>(body).await {
        Ok(order) => told(policies::unpin(&admin.rules, order.reason, &by).await),
        Err(refused) => refused,
    }
}

/// Who changes something: nobody but a holder of the role `security`. Known before a byte of the body is read.
async fn security(admin: &Admin, headers: &HeaderMap) -> Result<Holder, Response> {
    let holder = holder(admin, headers).await.ok_or_else(unauthorized)?;
    match holder.role {
        Role::Security => Ok(holder),
        Role::Auditor | Role::Operator => Err(answer(
            StatusCode::FORBIDDEN,
            &json!({ "error": "this wants a token with the role `security`" }),
        )),
    }
}

/// The body as JSON; an empty one is an empty object.
async fn read<T: DeserializeOwned>(body: Body) -> Result<T, Response> {
    let refused = |status, error: String| answer(status, &json!({ "error": error }));
    let Ok(bytes) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
        let why = format!("the body did not come whole, or has more than {BODY_BYTES_MAX} bytes");
        return Err(refused(StatusCode::PAYLOAD_TOO_LARGE, why));
    };
    let bytes = bytes.to_bytes();
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
    serde_json::from_slice(text).map_err(|error| {
        let why = format!("the body is not what is expected: {error}");
        refused(StatusCode::BAD_REQUEST, why)
    })
}

fn told(done: Result<Value, RulesError>) -> Response {
    match done {
        Ok(value) => answer(StatusCode::OK, &value),
        Err(error) => answer(status_of(&error), &json!({ "error": in_one_line(&error) })),
    }
}

fn status_of(error: &RulesError) -> StatusCode {
    match error {
        RulesError::Archive(ArchiveError::Unknown(_)) => StatusCode::NOT_FOUND,
        RulesError::Archive(ArchiveError::Name(_) | ArchiveError::Ambiguous(_))
        | RulesError::NotLost { .. }
        | RulesError::NoReason => StatusCode::BAD_REQUEST,
        RulesError::Loses(_) => StatusCode::CONFLICT,
        RulesError::Refused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        RulesError::Archive(ArchiveError::Db(_) | ArchiveError::Ledger(_))
        | RulesError::Ledger(_)
        | RulesError::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        RulesError::Archive(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, body.to_string()).into_response()
}
