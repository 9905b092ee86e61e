//! The kill switches, as operators name them. Used by `office`.
//! A name that is not understood must never widen a block nor narrow it: it is a refusal.

use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::tenant::block::{Block, Target};
use crate::tenant::operations::NewBlock;
use crate::tenant::{AccountId, Tenant, Tenants};

use super::command::{BlockedName, Refusal};
use super::office::{refusal, wrong};

/// Longer is for ever: the end of such a block would be no date that anybody can read.
const SPAN_MAX: Duration = Duration::from_hours(24 * 366 * 100);

/// Makes a block; gives it as it is in force.
pub(super) async fn block(
    tenants: &Tenants,
    on: &BlockedName,
    span_us: Option<u64>,
    reason: Option<String>,
    by: &str,
) -> Result<Value, Refusal> {
    let span = span_us.map(Duration::from_micros);
    if span.is_some_and(|span| span.is_zero() || span > SPAN_MAX) {
        let told = "a block lasts longer than no time and at most 100 years; without end it is `--for ever`";
        return Err(wrong(told.to_owned()));
    }
    let target = target(tenants, on)?;
    let new = NewBlock {
        target,
        span,
        reason,
    };
    let block = tenants.block(new, by).await.map_err(refusal)?;
    Ok(describe(tenants, &block))
}

/// Ends a block; gives it, and what else keeps the same caller out.
pub(super) async fn unblock(
    tenants: &Tenants,
    on: &BlockedName,
    by: &str,
) -> Result<Value, Refusal> {
    let target = target(tenants, on)?;
    let block = tenants.unblock(target, by).await.map_err(refusal)?;
    let mut ended = describe(tenants, &block);
    let rest = tenants.blocks();
    let rest = rest
        .iter()
        .filter(|other| still_holds(&other.target, &block.target));
    ended["still_blocked_by"] = rest.map(|other| describe(tenants, other)).collect();
    Ok(ended)
}

/// All blocks in force.
pub(super) fn list(tenants: &Tenants) -> Value {
    let blocks = tenants.blocks();
    blocks
        .iter()
        .map(|block| describe(tenants, block))
        .collect()
}

/// The blocks in force that name this tenant.
pub(super) fn of(tenants: &Tenants, tenant: &Tenant) -> Value {
    let blocks = tenants.blocks();
    let its = |block: &&Block| block.target.tenant() == Some(&tenant.id);
    let its = blocks.iter().filter(its);
    its.map(|block| describe(tenants, block)).collect()
}

fn target(tenants: &Tenants, on: &BlockedName) -> Result<Target, Refusal> {
    let account = |text: &String| {
        text.parse::<AccountId>()
            .map_err(|error| wrong(format!("`{text}`: {error}")))
    };
    let account = on.account.as_ref().map(account).transpose()?;
    let tenant = on.tenant.as_deref().map(|name| {
        let found = tenants.by_any_name(name).map_err(refusal)?;
        Ok::<_, Refusal>(found.id.clone())
    });
    match (account, tenant.transpose()?) {
        (Some(account), Some(tenant)) => Ok(Target::AccountOn(account, tenant)),
        (Some(account), None) => Ok(Target::Account(account)),
        (None, Some(tenant)) => Ok(Target::Tenant(tenant)),
        (None, None) => Err(wrong(
            "name whom it is about: `--account`, `--tenant` or both".to_owned(),
        )),
    }
}

/// Whether `other` goes on keeping out whom `ended` kept out.
fn still_holds(other: &Target, ended: &Target) -> bool {
    match (other, ended) {
        (Target::Tenant(theirs), Target::AccountOn(_, ours)) => theirs == ours,
        (Target::Account(theirs), Target::AccountOn(ours, _))
        | (Target::AccountOn(theirs, _), Target::Account(ours)) => theirs == ours,
        _ => false,
    }
}

fn describe(tenants: &Tenants, block: &Block) -> Value {
    let tenant = block.target.tenant();
    let site = tenant.and_then(|id| tenants.current(id));
    json!({
        "id": block.id,
        "account": block.target.account(),
        "tenant": tenant,
        "site": site.map(|tenant| tenant.site.to_string()),
        "until": block.until.map(Timestamp::rfc3339),
        "reason": block.reason,
        "made_by": block.made_by,
        "made_at": block.made_at.rfc3339(),
    })
}
