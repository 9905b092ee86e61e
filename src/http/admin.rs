//! The admin plane: health for those who run it, metrics for those with a token. Never reachable through the data plane.
//! Everything but the two health paths wants a token with a role, also on loopback.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use crate::control::policies;
use crate::control::rules::Rules;
use crate::control::tokens::{AdminTokens, Holder};
use crate::gateway::Gateway;
use crate::policy::Status;
use crate::secret::Secret;

use super::metrics::{Metrics, PolicyFigures, TenantFigures};
use super::policy_admin;

/// What the admin routes need.
#[derive(Clone, Debug)]
pub struct Admin {
    /// The doors, to look at.
    pub gateway: Gateway,
    /// Who may look.
    pub tokens: AdminTokens,
    /// The policy sets.
    pub rules: Rules,
    /// Counters.
    pub metrics: std::sync::Arc<Metrics>,
}

/// The routes of the admin plane.
pub fn admin_plane(admin: Admin) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .merge(policy_admin::routes())
        .fallback(async || (StatusCode::NOT_FOUND, "there is no such route here\n"))
        .with_state(admin)
}

async fn readyz(State(admin): State<Admin>) -> Response {
    let (policies, log) = (
        admin.gateway.policies.status(),
        admin.gateway.ledger.health(),
    );
    let ready = policies.live.is_some() && log.failure.is_none();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let why = log.failure.clone();
    let forge = admin.gateway.tenants.forge_figures();
    let body = json!({
        "ready": ready,
        "parts": {
            "policies": policy_status(&policies),
            "log": {
                "ready": why.is_none(),
                "why": why,
                "queued": log.queued,
                "queue_entries_max": log.queue_entries_max,
                "entries_lost": log.entries_lost,
            },
            // One tenant without a token is no reason to send all the others elsewhere.
            "forge": {
                "ready": true,
                "tenants": forge.live,
                "stale": forge.stale,
                "lapsed": forge.lapsed,
            },
        },
    });
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}

/// Not ready only where nothing is in force: an alarm, a refusal or a candidate changes nothing for requests.
fn policy_status(status: &Status) -> Value {
    let mut told = policies::status(status);
    let is_ready = status.live.is_some();
    told["ready"] = json!(is_ready);
    told["why"] =
        json!((!is_ready).then_some("no policy set is in force: every request is answered 503"));
    told
}

async fn metrics(State(admin): State<Admin>, headers: HeaderMap) -> Response {
    if holder(&admin, &headers).await.is_none() {
        return unauthorized();
    }
    let status = admin.gateway.policies.status();
    let policies = PolicyFigures {
        set: status
            .live
            .as_ref()
            .map(|live| (live.digest.as_str(), live.proof.status.as_str())),
        refusals: status.refusals,
        is_alarmed: status.alarm.is_some(),
    };
    let now = admin.gateway.clock.now();
    let active = admin
        .gateway
        .tenants
        .all()
        .iter()
        .filter(|tenant| tenant.is_active(now))
        .count();
    let tenants = TenantFigures {
        active,
        forge: admin.gateway.tenants.forge_figures(),
        now,
    };
    let text = admin
        .metrics
        .text(&admin.gateway.ledger.health(), &policies, &tenants);
    (
        [(
            header::CONTENT_TYPE,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        )],
        text,
    )
        .into_response()
}

/// Who asks, if a token of this side says so. Any role may look.
pub(super) async fn holder(admin: &Admin, headers: &HeaderMap) -> Option<Holder> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let token = value.to_str().ok()?.strip_prefix("Bearer ")?;
    let found = admin.tokens.holder(&Secret::from(token.to_owned())).await;
    found.ok().flatten()
}

/// One text for every cause.
pub(super) fn unauthorized() -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer realm=\"gatepost admin\"")];
    let text =
        "this wants `Authorization: Bearer <token>`; make one with `gatepost token create`\n";
    (StatusCode::UNAUTHORIZED, challenge, text).into_response()
}
