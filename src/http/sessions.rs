//! `/v1/sessions`: a context token becomes a session; one's own sessions are seen and ended. Used by the routes.
//! A session's text is in the one answer that opens it, and nowhere else.

use axum::response::Response;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::gateway::Ended;
use crate::identity::issued::{OpenSession, Opened, Whose};

use super::visit::{Done, Failure, Visit};

/// `POST /v1/sessions`.
pub(super) async fn open(mut visit: Visit) -> Response {
    let result = opened(&mut visit).await;
    visit.finish(result).await
}

/// `GET /v1/sessions`.
pub(super) async fn list(mut visit: Visit) -> Response {
    let result = listed(&mut visit).await;
    visit.finish(result).await
}

/// `DELETE /v1/sessions/current`: the one that the request came with.
pub(super) async fn end_current(mut visit: Visit) -> Response {
    let result = ended(&mut visit, Ended::Current).await;
    visit.finish(result).await
}

/// `DELETE /v1/sessions/{id}`.
pub(super) async fn end(mut visit: Visit) -> Response {
    let id = visit.param("id").to_owned();
    let result = ended(&mut visit, Ended::Session(&id)).await;
    visit.finish(result).await
}

async fn opened(visit: &mut Visit) -> Result<Done, Failure> {
    visit.parameters(&[])?;
    visit.require_own_origin()?;
    let token = visit
        .manage(async |gateway, by, trail| gateway.present(by, trail).await)
        .await?;
    visit.empty_body().await?;
    let opened = visit
        .manage(async |gateway, by, trail| gateway.open_session(token, by.page, trail).await)
        .await?;
    Ok(Done::Created(shown(visit, &opened)))
}

fn shown(visit: &Visit, opened: &Opened) -> Bytes {
    let session = &opened.session;
    let gateway = visit.app.gateway();
    let tenant = gateway.tenants.current(&session.tenant);
    let idle = gateway.issued.lifetimes().session_idle;
    // INVARIANT: a session's text is hexadecimal with a prefix.
    let text = std::str::from_utf8(opened.text.expose()).expect("a session is ASCII");
    let body = json!({
        "token": text,
        "id": session.id,
        "tenant": session.tenant,
        "site": tenant.map(|tenant| tenant.site.to_string()),
        "account": session.account,
        "made_at": session.made_at.rfc3339(),
        "idle_s": idle.as_secs(),
        "ends_at": session.ends_at.rfc3339(),
    });
    Bytes::from(body.to_string())
}

async fn listed(visit: &mut Visit) -> Result<Done, Failure> {
    visit.parameters(&[])?;
    let body = visit
        .manage(async |gateway, by, trail| {
            let principal = gateway.manage(by, "listSessions", trail).await?;
            let whose = Whose::Account(principal.tenant(), principal.account());
            let sessions = gateway.issued.sessions(whose).await;
            let sessions = gateway.readable(sessions, trail).await?;
            let current = principal.hold().map(|hold| hold.id().to_owned());
            let list: Vec<Value> = sessions
                .items
                .iter()
                .map(|session| describe(session, current.as_deref()))
                .collect();
            Ok(json!({ "sessions": list, "truncated": sessions.truncated }))
        })
        .await?;
    Ok(Done::Json(Bytes::from(body.to_string())))
}

/// A session as people see it.
pub(super) fn describe(session: &OpenSession, current: Option<&str>) -> Value {
    json!({
        "id": session.id,
        "account": session.account,
        "made_at": session.made_at.rfc3339(),
        "last_used_at": Timestamp::rfc3339(session.last_used_at),
        "ends_at": session.ends_at.rfc3339(),
        "user_agent": session.user_agent,
        "current": current == Some(session.id.as_str()),
    })
}

async fn ended(visit: &mut Visit, which: Ended<'_>) -> Result<Done, Failure> {
    visit.parameters(&[])?;
    visit.require_own_origin()?;
    visit
        .manage(async |gateway, by, trail| gateway.end_own(by, which, trail).await)
        .await?;
    Ok(Done::Empty)
}
