//! The admin plane: health for those who run it, metrics for those with a token. Never reachable through the data plane.
//! Everything but the two health paths wants a token with a role, also on loopback.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use crate::control::tokens::AdminTokens;
use crate::gateway::Gateway;
use crate::policy::Status;
use crate::secret::Secret;

use super::metrics::Metrics;

/// What the admin routes need.
#[derive(Clone, Debug)]
pub struct Admin {
    /// The doors, to look at.
    pub gateway: Gateway,
    /// Who may look.
    pub tokens: AdminTokens,
    /// Counters.
    pub metrics: std::sync::Arc<Metrics>,
}

/// The routes of the admin plane.
pub fn admin_plane(admin: Admin) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
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
        },
    });
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}

fn policy_status(status: &Status) -> Value {
    let live = status
        .live
        .as_ref()
        .map(|live| json!({ "digest": live.digest, "since": live.since.rfc3339() }));
    let why = live
        .is_none()
        .then_some("no policy set is in force: every request is answered 503");
    let pending = status
        .pending
        .as_ref()
        .map(|pending| json!({ "digest": pending.digest, "why": pending.why }));
    json!({
        "ready": live.is_some(),
        "why": why,
        "live": live,
        "pending": pending,
        "refused": status.refused.as_ref().map(|refused| json!({
            "digest": refused.digest,
            "errors": refused.errors.faults().iter().map(ToString::to_string).collect::<Vec<_>>(),
        })),
    })
}

async fn metrics(State(admin): State<Admin>, headers: HeaderMap) -> Response {
    if !admits(&admin, &headers).await {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer realm=\"gatepost admin\"")];
        let text =
            "this wants `Authorization: Bearer <token>`; make one with `gatepost token create`\n";
        return (StatusCode::UNAUTHORIZED, challenge, text).into_response();
    }
    let status = admin.gateway.policies.status();
    let proof = admin
        .gateway
        .policies
        .current()
        .map(|set| set.proof().status.clone());
    let set = status
        .live
        .as_ref()
        .zip(proof.as_ref())
        .map(|(live, proof)| (live.digest.as_str(), proof.as_str()));
    let active = admin
        .gateway
        .tenants
        .all()
        .iter()
        .filter(|tenant| tenant.is_active())
        .count();
    let text = admin
        .metrics
        .text(&admin.gateway.ledger.health(), set, status.refusals, active);
    (
        [(
            header::CONTENT_TYPE,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        )],
        text,
    )
        .into_response()
}

/// Any role may read metrics.
async fn admits(admin: &Admin, headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let token = value
        .to_str()
        .ok()
        .and_then(|text| text.strip_prefix("Bearer "));
    let Some(token) = token else { return false };
    admin
        .tokens
        .role(&Secret::from(token.to_owned()))
        .await
        .is_ok_and(|role| role.is_some())
}
