//! `/v1/site`: what Gatepost holds for one's own site, for its administrators alone. Used by the routes.
//! Each of these asks Jira, as the caller, whether they are one; nothing may be shown or changed on an older answer.

use std::time::Duration;

use axum::response::Response;
use axum::routing::MethodRouter;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::control::office;
use crate::gateway::{Closed, Gateway, Overview, Stop, Supervisor, Trail};
use crate::ledger::text::visible;
use crate::tenant::AccountId;
use crate::tenant::block::Block;
use crate::tenant::operations::is_of_site;

use super::parse::ParseError;
use super::visit::{Done, Failure, Visit};
use super::{App, Route, keys, sessions};

/// The body of `POST /v1/site/blocks`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    account: AccountId,
    #[serde(default)]
    for_s: Option<u64>,
    #[serde(default)]
    reason: Option<String>,
}

/// Ten years. What is to last longer has no end.
const FOR_S_MAX: u64 = 10 * 366 * 24 * 3600;
const REASON_CHARS_MAX: usize = 200;

/// The routes.
pub(super) fn routes(
    read: impl Fn() -> MethodRouter<App>,
    change: impl Fn() -> MethodRouter<App>,
) -> [Route; 6] {
    [
        ("GET", "/v1/site", read().get(show)),
        (
            "DELETE",
            "/v1/site/sessions/{id}",
            change().delete(end_session),
        ),
        ("DELETE", "/v1/site/keys/{id}", change().delete(revoke_key)),
        (
            "DELETE",
            "/v1/site/grants/{id}",
            change().delete(take_back_grant),
        ),
        ("POST", "/v1/site/blocks", change().post(block)),
        ("DELETE", "/v1/site/blocks/{id}", change().delete(end_block)),
    ]
}

/// `GET /v1/site`.
async fn show(mut visit: Visit) -> Response {
    let result = shown(&mut visit).await;
    visit.finish(result).await
}

/// `DELETE /v1/site/sessions/{id}`.
async fn end_session(visit: Visit) -> Response {
    let id = visit.param("id").to_owned();
    end(visit, Closed::Session(&id)).await
}

/// `DELETE /v1/site/keys/{id}`.
async fn revoke_key(visit: Visit) -> Response {
    let id = visit.param("id").to_owned();
    end(visit, Closed::Key(&id)).await
}

/// `DELETE /v1/site/grants/{id}`.
async fn take_back_grant(visit: Visit) -> Response {
    let id = visit.param("id").to_owned();
    end(visit, Closed::Grant(&id)).await
}

/// `DELETE /v1/site/blocks/{id}`.
async fn end_block(visit: Visit) -> Response {
    let id = visit.param("id").to_owned();
    end(visit, Closed::Block(&id)).await
}

/// `POST /v1/site/blocks`.
async fn block(mut visit: Visit) -> Response {
    let result = blocked(&mut visit).await;
    visit.finish(result).await
}

async fn end(mut visit: Visit, closed: Closed<'_>) -> Response {
    let result = ended(&mut visit, closed).await;
    visit.finish(result).await
}

/// Proves who asks, then does `work`. What fails in it stands in the outcome: the decision that let it happen is in the log.
async fn supervised<T>(
    visit: &mut Visit,
    work: impl AsyncFnOnce(&Gateway, Supervisor, &mut Trail) -> Result<T, Stop>,
) -> Result<T, Failure> {
    let ip = visit.ip;
    visit
        .manage(async |gateway, by, trail| {
            let supervisor = gateway.supervise(by, ip, trail).await?;
            work(gateway, supervisor, trail).await
        })
        .await
}

async fn shown(visit: &mut Visit) -> Result<Done, Failure> {
    visit.parameters(&[])?;
    let body = supervised(visit, async |gateway, supervisor, _| {
        let overview = gateway.oversee(&supervisor).await?;
        Ok(describe(gateway, &overview, supervisor.session()))
    });
    let body = body.await?;
    Ok(Done::Json(Bytes::from(body.to_string())))
}

fn describe(gateway: &Gateway, overview: &Overview, current: Option<&str>) -> Value {
    let list = |values: &mut dyn Iterator<Item = Value>| values.collect::<Vec<_>>();
    let tenant = &overview.tenant;
    let sessions = overview.sessions.iter();
    let keys = overview.keys.iter();
    let grants = tenant.grants().into_iter();
    let denials = overview.denials.iter();
    json!({
        "site": tenant.site.to_string(),
        "tenant": tenant.id,
        "sessions": list(&mut sessions.map(|session| sessions::describe(session, current))),
        "keys": list(&mut keys.map(|key| keys::describe(gateway, key))),
        "grants": list(&mut grants.map(|grant| office::describe(tenant, grant))),
        "blocks": list(&mut overview.blocks.iter().map(described)),
        "denials": list(&mut denials.map(|denial| denial.members().clone())),
        "truncated": overview.truncated,
    })
}

fn described(block: &Block) -> Value {
    json!({
        "id": block.id,
        "account": block.target.account(),
        "key": block.target.key(),
        "until": block.until.map(Timestamp::rfc3339),
        "reason": block.reason,
        "made_by": block.made_by,
        "made_at": block.made_at.rfc3339(),
        "can_end": is_of_site(block),
    })
}

async fn ended(visit: &mut Visit, closed: Closed<'_>) -> Result<Done, Failure> {
    visit.parameters(&[])?;
    visit.require_own_origin()?;
    let work = async |gateway: &Gateway, supervisor, trail: &mut Trail| {
        gateway.close_on_site(supervisor, closed, trail).await
    };
    supervised(visit, work).await?;
    Ok(Done::Empty)
}

async fn blocked(visit: &mut Visit) -> Result<Done, Failure> {
    visit.parameters(&[])?;
    visit.require_own_origin()?;
    // Before the proof: a body that trickles must not keep one waiting.
    let body: Body = visit.json_body().await?;
    let wished = (span(body.for_s)?, reason(body.reason)?);
    let work = async |gateway: &Gateway, supervisor, trail: &mut Trail| {
        let block = gateway.block_on_site(supervisor, body.account, wished, trail);
        Ok(described(&block.await?))
    };
    let made = supervised(visit, work).await?;
    Ok(Done::Created(Bytes::from(made.to_string())))
}

fn span(for_s: Option<u64>) -> Result<Option<Duration>, ParseError> {
    match for_s {
        Some(seconds) if seconds == 0 || seconds > FOR_S_MAX => Err(ParseError::Members(format!(
            "`for_s` is 1 to {FOR_S_MAX}; without end leave it out"
        ))),
        seconds => Ok(seconds.map(Duration::from_secs)),
    }
}

fn reason(reason: Option<String>) -> Result<Option<String>, ParseError> {
    let is_plain =
        |text: &String| text.chars().count() <= REASON_CHARS_MAX && visible(text) == *text;
    if reason.as_ref().is_none_or(is_plain) {
        Ok(reason)
    } else {
        let form =
            format!("`reason` has at most {REASON_CHARS_MAX} characters, none of them hidden");
        Err(ParseError::Members(form))
    }
}
