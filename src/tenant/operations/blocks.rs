//! The kill switches: block and unblock. Called by `control`.
//! A block must be in force when the call returns, in every worker and for requests under way; it needs no proof and no policy.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::db::Connection;
use crate::ledger::entry::{Entry, Kind};
use crate::ledger::{Draft, Ledger};
use crate::tenant::block::{Block, Shift, Target};
use crate::tenant::operations::{By, refuse_replaced};
use crate::tenant::registry::{Changed, Tenants};
use crate::tenant::{AccountId, TenantError, TenantId, store};

/// A block to be made.
#[derive(Clone, Debug)]
pub struct NewBlock {
    /// Whom it keeps out.
    pub target: Target,
    /// For how long from now; for ever if missing.
    pub span: Option<Duration>,
    /// What for.
    pub reason: Option<String>,
}

/// The most blocks of a tenant that are in force or were made in the last day, before its administrators make no more: what they do
/// must not fill anybody's memory or disk. Operators are not held to it.
const BLOCKS_MAX: usize = 1000;
/// No session lasts longer, so no older block has to be looked for.
const LATELY: Duration = Duration::from_hours(24);

impl Tenants {
    /// Keeps the target out from now on. A block that is there already is replaced and never shortened: of two people who react to
    /// one incident, the second must not let in whom the first keeps out for longer. Gives the block as it is in force.
    pub async fn block(&self, new: NewBlock, by: impl Into<By>) -> Result<Block, TenantError> {
        let by = by.into();
        if !by.reaches(new.target.tenant()) {
            return Err(TenantError::UnknownBlock(new.target.to_string()));
        }
        let parts = &self.0.parts;
        let now = parts.clock.now();
        let mut block = Block {
            id: format!("block_{}", parts.chance.uuid(now)),
            target: new.target,
            until: new.span.map(|span| now.plus(span)),
            reason: new.reason,
            made_by: by.name.clone(),
            made_at: now,
        };
        let ledger = parts.ledger.clone();
        self.change(move |connection| {
            Box::pin(async move {
                if let Some(tenant) = block.target.tenant() {
                    refuse_replaced(connection, tenant).await?;
                }
                let before = store::end_blocks(connection, &block.target, &by.name, now).await?;
                refuse_operators(&by, &before)?;
                refuse_too_many(connection, &by, &block).await?;
                block.until = latest(&block, &before);
                store::put_block(connection, &block).await?;
                let replaced = before.first().map(|old| old.id.clone());
                let more = replaced.map(|id| ("replaced".to_owned(), id));
                let entry = entry(&block, "block.created", by, more);
                let shift = Shift::Target(block.target.clone(), vec![block.clone()]);
                write_down(connection, &ledger, block, shift, &entry).await
            })
        })
        .await
    }

    /// Lets the target in again, unless another block keeps it out. Gives the block that ended.
    pub async fn unblock(&self, target: Target, by: impl Into<By>) -> Result<Block, TenantError> {
        let (now, ledger) = (self.0.parts.clock.now(), self.0.parts.ledger.clone());
        let by = by.into();
        self.change(move |connection| {
            Box::pin(async move {
                let ended = store::end_blocks(connection, &target, &by.name, now).await?;
                refuse_operators(&by, &ended)?;
                let block = ended.into_iter().next();
                let block = block.ok_or_else(|| TenantError::UnknownBlock(target.to_string()))?;
                let entry = entry(&block, "block.ended", by, None);
                let shift = Shift::Target(target, Vec::new());
                write_down(connection, &ledger, block, shift, &entry).await
            })
        })
        .await
    }

    /// Counts how often something changed that can keep `account` out of `tenant`: whoever remembers a verdict about it remembers
    /// this number beside it.
    #[must_use]
    pub fn block_changes(&self, account: &AccountId, tenant: &TenantId) -> u64 {
        self.0.blocks.changes(account, tenant)
    }

    /// Whether `account` was kept out of `tenant` at any moment since `since`, also by a block that is over.
    pub async fn was_blocked(
        &self,
        account: &AccountId,
        tenant: &TenantId,
        since: Timestamp,
    ) -> Result<bool, TenantError> {
        store::was_blocked(self.0.parts.db.reads(), account, tenant, since).await
    }

    /// Whether what was verified of `account` under `epoch` still holds: asked inside the transaction that makes something lasting
    /// of it, where nothing can come between. Blocks show with their commits, so that those in memory are those of this moment.
    pub async fn still_holds(
        &self,
        connection: &mut Connection,
        (tenant, epoch): (&TenantId, u64),
        account: &AccountId,
    ) -> Result<bool, TenantError> {
        let now = self.0.parts.clock.now();
        let is_in = self.0.blocks.keeps_out(account, tenant, now).is_none();
        Ok(is_in && store::epoch(connection, tenant).await? == Some(epoch))
    }

    /// The blocks in force, in the order in which they were made.
    #[must_use]
    pub fn blocks(&self) -> Vec<Block> {
        self.0.blocks.in_force(self.0.parts.clock.now())
    }

    /// The blocks in force of one tenant, in the order in which they were made.
    #[must_use]
    pub fn blocks_of(&self, tenant: &TenantId) -> Vec<Block> {
        self.0.blocks.in_force_on(tenant, self.0.parts.clock.now())
    }

    /// The blocks in force on an account on all sites.
    #[must_use]
    pub fn blocks_everywhere(&self, account: &AccountId) -> Vec<Block> {
        self.0.blocks.everywhere(account, self.0.parts.clock.now())
    }
}

async fn refuse_too_many(
    connection: &mut Connection,
    by: &By,
    block: &Block,
) -> Result<(), TenantError> {
    let Some(tenant) = block.target.tenant().filter(|_| !by.is_operator()) else {
        return Ok(());
    };
    let (now, since) = (block.made_at, block.made_at.minus(LATELY));
    if store::count_blocks(connection, tenant, since, now).await? < BLOCKS_MAX {
        Ok(())
    } else {
        Err(TenantError::TooManyBlocks(BLOCKS_MAX))
    }
}

/// An operator's block that an administrator of a site may not end, and may not take over by a block of the same target either. An
/// error ends the transaction: what was ended in it was not.
fn refuse_operators(by: &By, ended: &[Block]) -> Result<(), TenantError> {
    if ended.iter().all(|block| by.may_end(block)) {
        Ok(())
    } else {
        Err(TenantError::OperatorsBlock)
    }
}

/// The end of whichever block keeps the target out longest.
fn latest(block: &Block, before: &[Block]) -> Option<Timestamp> {
    let ends = before.iter().map(|old| old.until);
    // `None` is for ever: one of them, and there is no latest.
    ends.fold(block.until, |latest, end| Some(latest?.max(end?)))
}

/// Puts the record beside the change. What is about a whole tenant moves its epoch, so that a permit and a user token of before stay
/// worth nothing when the block is over. One account's block does not: it would end the requests of everybody else, too.
async fn write_down(
    connection: &mut Connection,
    ledger: &Ledger,
    block: Block,
    shift: Shift,
    entry: &Entry,
) -> Result<Changed<Block>, TenantError> {
    let mut tenants: Vec<TenantId> = Vec::new();
    if let Target::Tenant(tenant) = &block.target {
        store::move_epoch(connection, tenant).await?;
        tenants.push(tenant.clone());
    }
    ledger.append_in(connection, Draft::new(entry)?).await?;
    Ok(Changed {
        tenants,
        blocks: vec![shift],
        outcome: block,
    })
}

fn entry(block: &Block, operation: &str, by: By, more: Option<(String, String)>) -> Entry {
    let mut detail = BTreeMap::from([("block".to_owned(), block.id.clone())]);
    let until = block.until.map(Timestamp::rfc3339);
    let account = block.target.account().map(ToString::to_string);
    let key = block.target.key().map(ToString::to_string);
    let told = [
        ("account", account),
        ("key", key),
        ("reason", block.reason.clone()),
        ("until", until),
    ];
    let told = told
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    detail.extend(told.chain(more));
    Entry {
        kind: Kind::Admin,
        operation: Some(operation.to_owned()),
        by: Some(by.name),
        tenant: block.target.tenant().map(ToString::to_string),
        detail,
        ..by.entry
    }
}
