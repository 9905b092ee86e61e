//! The kill switches, as operators name them. Used by `office`.
//! A name that is not understood must never widen a block nor narrow it: it is a refusal.

use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::tenant::Tenant;
use crate::tenant::block::{Block, Target};
use crate::tenant::operations::NewBlock;

use super::command::{BlockedName, Refusal};
use super::keys;
use super::office::{self, Office, refusal, wrong};

/// Longer is for ever: the end of such a block would be no date that anybody can read.
const SPAN_MAX: Duration = Duration::from_hours(24 * 366 * 100);

/// Makes a block; gives it as it is in force.
pub(super) async fn block(
    office: &Office,
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
    let target = target(office, on).await?;
    let new = NewBlock {
        target,
        span,
        reason,
    };
    let block = office.tenants.block(new, by).await.map_err(refusal)?;
    describe(office, &block).await
}

/// Ends a block; gives it, and what else keeps the same caller out.
pub(super) async fn unblock(office: &Office, on: &BlockedName, by: &str) -> Result<Value, Refusal> {
    let target = target(office, on).await?;
    let block = office.tenants.unblock(target, by).await.map_err(refusal)?;
    let mut ended = describe(office, &block).await?;
    let rest = office.tenants.blocks().into_iter();
    let rest = rest.filter(|other| still_holds(&other.target, &block.target));
    ended["still_blocked_by"] = describe_all(office, rest).await?;
    Ok(ended)
}

/// All blocks in force.
pub(super) async fn list(office: &Office) -> Result<Value, Refusal> {
    describe_all(office, office.tenants.blocks().into_iter()).await
}

/// The blocks in force that name this tenant, or one of its client keys.
pub(super) async fn of(office: &Office, tenant: &Tenant) -> Result<Value, Refusal> {
    let all = list(office).await?;
    let its = |block: &&Value| block["tenant"] == tenant.id.as_str();
    let all = all.as_array().into_iter().flatten();
    Ok(all.filter(its).cloned().collect())
}

async fn target(office: &Office, on: &BlockedName) -> Result<Target, Refusal> {
    let account = on.account.as_deref().map(office::account).transpose()?;
    let tenant = on.tenant.as_deref().map(|name| office.named(name));
    let tenant = tenant.transpose()?.map(|found| found.id.clone());
    let key = on.key.as_deref().map(keys::id).transpose()?;
    match (account, tenant, key) {
        // A block on no key would keep nobody out, and its maker would believe in it.
        (None, None, Some(key)) => {
            let owner = keys::find(office, &key).await?.tenant;
            Ok(Target::Key(key, owner))
        }
        (Some(account), Some(tenant), None) => Ok(Target::AccountOn(account, tenant)),
        (Some(account), None, None) => Ok(Target::Account(account)),
        (None, Some(tenant), None) => Ok(Target::Tenant(tenant)),
        (None, None, None) => Err(wrong(
            "name whom it is about: `--account`, `--tenant` or both, or `--key`".to_owned(),
        )),
        (_, _, Some(_)) => Err(wrong(
            "a client key is one account's on one tenant: name it by `--key` alone".to_owned(),
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

async fn describe_all(
    office: &Office,
    blocks: impl Iterator<Item = Block>,
) -> Result<Value, Refusal> {
    let mut all = Vec::new();
    for block in blocks {
        all.push(describe(office, &block).await?);
    }
    Ok(Value::Array(all))
}

/// A block on a key says beside it whose that is.
async fn describe(office: &Office, block: &Block) -> Result<Value, Refusal> {
    let of_key = match block.target.key() {
        Some(id) => keys::look_up(office, id).await?,
        None => None,
    };
    let of_key = of_key.as_ref();
    let tenant = block.target.tenant();
    let account = block.target.account().or(of_key.map(|key| &key.account));
    let site = tenant.and_then(|id| office.tenants.current(id));
    Ok(json!({
        "id": block.id,
        "key": block.target.key(),
        "account": account,
        "tenant": tenant,
        "site": site.map(|tenant| tenant.site.to_string()),
        "until": block.until.map(Timestamp::rfc3339),
        "reason": block.reason,
        "made_by": block.made_by,
        "made_at": block.made_at.rfc3339(),
    }))
}
