//! `/v1/grants`: who may act as oneself, and as whom one may act; given with a fresh context token. `POST /v1/site/grants`: the same by
//! the administrators of a site, for others. Used by the routes. Nobody gives a grant to oneself.

use std::time::Duration;

use axum::response::Response;
use axum::routing::MethodRouter;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::control::office;
use crate::gateway::{Ended, Given, Terms};
use crate::tenant::{AccountId, Grant, TenantId};

use super::parse::ParseError;
use super::visit::{Done, Failure, Visit};
use super::{App, Route};

/// The body of both ways to give one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    account: AccountId,
    #[serde(default)]
    act_as: Option<AccountId>,
    actions: Vec<String>,
    #[serde(default)]
    for_s: Option<u64>,
    #[serde(default)]
    until: Option<String>,
    reason: String,
}

/// The routes.
pub(super) fn routes(
    read: impl Fn() -> MethodRouter<App>,
    change: impl Fn() -> MethodRouter<App>,
) -> [Route; 3] {
    [
        ("GET POST", "/v1/grants", read().get(list).post(give)),
        ("DELETE", "/v1/grants/{id}", change().delete(revoke)),
        ("POST", "/v1/site/grants", change().post(give_on_site)),
    ]
}

/// `GET /v1/grants`.
async fn list(mut visit: Visit) -> Response {
    let result = listed(&mut visit).await;
    visit.finish(result).await
}

/// `POST /v1/grants`.
async fn give(mut visit: Visit) -> Response {
    let result = given(&mut visit).await;
    visit.finish(result).await
}

/// `DELETE /v1/grants/{id}`.
async fn revoke(mut visit: Visit) -> Response {
    let result = revoked(&mut visit).await;
    visit.finish(result).await
}

/// `POST /v1/site/grants`.
async fn give_on_site(mut visit: Visit) -> Response {
    let result = given_on_site(&mut visit).await;
    visit.finish(result).await
}

async fn listed(visit: &mut Visit) -> Result<Done, Failure> {
    visit.parameters(&[])?;
    let body = visit
        .manage(async |gateway, by, trail| {
            let principal = gateway.manage(by, "listGrants", trail).await?;
            let (id, own) = (principal.tenant(), principal.account());
            let tenant = gateway.tenants.current(id);
            let now = gateway.clock.now();
            let grants = tenant.as_ref().map(|tenant| tenant.grants(now));
            let grants = grants.unwrap_or_default();
            let list = |is_own: &dyn Fn(&Grant) -> bool| -> Vec<Value> {
                let own = grants.iter().filter(|grant| is_own(grant));
                own.map(|grant| described(id, grant)).collect()
            };
            Ok(json!({
                "given": list(&|grant| grant.act_as == *own),
                "held": list(&|grant| grant.account == *own),
            }))
        })
        .await?;
    Ok(Done::Json(Bytes::from(body.to_string())))
}

async fn given(visit: &mut Visit) -> Result<Done, Failure> {
    visit.parameters(&[])?;
    visit.require_own_origin()?;
    // Before the proof: a body that trickles must not keep one waiting.
    let (act_as, terms) = terms(visit).await?;
    if act_as.is_some() {
        return Err(refused("no `act_as`: whoever gives a grant is acted as under it").into());
    }
    let given = visit
        .manage(async |gateway, by, trail| gateway.give_grant(by, terms, trail).await)
        .await?;
    Ok(created(&given))
}

async fn given_on_site(visit: &mut Visit) -> Result<Done, Failure> {
    visit.parameters(&[])?;
    visit.require_own_origin()?;
    let (act_as, terms) = terms(visit).await?;
    let act_as = act_as.ok_or_else(|| refused("`act_as` is missing"))?;
    let given = visit
        .manage(async |gateway, by, trail| {
            let admitted = gateway.supervise_to_give(by, trail).await?;
            let given = gateway.give_grant_on_site(admitted, act_as, terms, trail);
            given.await
        })
        .await?;
    Ok(created(&given))
}

async fn terms(visit: &mut Visit) -> Result<(Option<AccountId>, Terms), Failure> {
    let body: Body = visit.json_body().await?;
    let ends_at = ends_at(&body, visit.app.clock().now())?;
    let terms = Terms {
        account: body.account,
        actions: body.actions,
        ends_at,
        reason: body.reason,
    };
    Ok((body.act_as, terms))
}

fn ends_at(body: &Body, now: Timestamp) -> Result<Timestamp, ParseError> {
    match (body.for_s, body.until.as_deref()) {
        (Some(seconds), None) => Ok(now.plus(Duration::from_secs(seconds))),
        (None, Some(text)) => {
            let form = "`until` is no time such as 2027-01-31T12:00:00Z";
            Timestamp::parse_rfc3339(text).map_err(|_| refused(form))
        }
        _ => Err(refused("a grant has an end: either `for_s` or `until`")),
    }
}

fn refused(why: &str) -> ParseError {
    ParseError::Members(why.to_owned())
}

fn created(given: &Given) -> Done {
    let body = described(&given.tenant, &given.grant);
    Done::Created(Bytes::from(body.to_string()))
}

/// A grant as those see it whom it is about. Which of the operators gave it is nothing to them.
fn described(tenant: &TenantId, grant: &Grant) -> Value {
    let mut shown = office::describe(tenant, grant);
    if !grant.is_by_people() {
        shown["given_by"] = json!("operator");
    }
    shown
}

async fn revoked(visit: &mut Visit) -> Result<Done, Failure> {
    visit.parameters(&[])?;
    visit.require_own_origin()?;
    let id = visit.param("id").to_owned();
    visit
        .manage(async |gateway, by, trail| gateway.end_own(by, Ended::Grant(&id), trail).await)
        .await?;
    Ok(Done::Empty)
}
