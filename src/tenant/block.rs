//! Blocks: who is kept out, and until when. Made from rows by `store`; asked through [`super::Tenant::keeps_out`] by whoever verifies
//! a credential or hands one out. One list for all tenants, live and swapped whole: also a request that holds an older value of its
//! tenant meets the block that came meanwhile. A block must never need a task to end it: each question compares with the clock.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::clock::Timestamp;

use super::{AccountId, KeyId, TenantId};

/// Whom a block keeps out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Everybody of a tenant.
    Tenant(TenantId),
    /// An account on one site.
    AccountOn(AccountId, TenantId),
    /// An account on every site, also on those that are installed later.
    Account(AccountId),
    /// A client key of a tenant.
    Key(KeyId, TenantId),
}

impl Target {
    /// The tenant, if it is about one.
    #[must_use]
    pub const fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Tenant(tenant) | Self::AccountOn(_, tenant) | Self::Key(_, tenant) => {
                Some(tenant)
            }
            Self::Account(_) => None,
        }
    }

    /// The client key, if it is about one.
    #[must_use]
    pub const fn key(&self) -> Option<&KeyId> {
        match self {
            Self::Key(key, _) => Some(key),
            Self::Tenant(_) | Self::AccountOn(..) | Self::Account(_) => None,
        }
    }

    /// The account, if it is about one.
    #[must_use]
    pub const fn account(&self) -> Option<&AccountId> {
        match self {
            Self::Account(account) | Self::AccountOn(account, _) => Some(account),
            Self::Tenant(_) | Self::Key(..) => None,
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tenant(tenant) => write!(formatter, "tenant `{tenant}`"),
            Self::AccountOn(account, tenant) => {
                write!(formatter, "account `{account}` on tenant `{tenant}`")
            }
            Self::Account(account) => write!(formatter, "account `{account}` on all sites"),
            Self::Key(key, _) => write!(formatter, "client key `{key}`"),
        }
    }
}

/// One block.
#[derive(Clone, Debug)]
pub struct Block {
    /// `block_` and a UUID.
    pub id: String,
    /// Whom it keeps out.
    pub target: Target,
    /// Until when; for ever if missing.
    pub until: Option<Timestamp>,
    /// What for.
    pub reason: Option<String>,
    /// Made by whom: `unix:1000`.
    pub made_by: String,
    /// Made when.
    pub made_at: Timestamp,
}

impl Block {
    /// Whether it keeps anybody out now.
    #[must_use]
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|end| now < end)
    }
}

/// What a caller met; for the record alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// The whole tenant.
    #[error("the tenant is blocked")]
    Tenant,
    /// The account.
    #[error("the account is blocked")]
    Account,
    /// The client key.
    #[error("the client key is blocked")]
    Key,
    /// The blocks could not be read after a change, so nobody knows who is kept out.
    #[error("the blocks could not be read")]
    Unknown,
}

impl Blocked {
    /// The stable code for the log.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Tenant => "tenant_blocked",
            Self::Account => "account_blocked",
            Self::Key => "key_blocked",
            Self::Unknown => "blocks_unknown",
        }
    }
}

/// The list that all tenants share.
pub(super) type SharedBlocks = Arc<ArcSwap<Blocks>>;

/// All blocks at one moment.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    tenants: HashMap<TenantId, Vec<Block>>,
    accounts: HashMap<AccountId, Vec<Block>>,
    keys: HashMap<KeyId, Vec<Block>>,
    is_unknown: bool,
}

impl Blocks {
    pub(super) fn of(blocks: Vec<Block>) -> Self {
        let mut all = Self::default();
        for block in blocks {
            match &block.target {
                Target::Tenant(tenant) => all.tenants.entry(tenant.clone()).or_default(),
                Target::Account(account) | Target::AccountOn(account, _) => {
                    all.accounts.entry(account.clone()).or_default()
                }
                Target::Key(key, _) => all.keys.entry(key.clone()).or_default(),
            }
            .push(block);
        }
        all
    }

    /// After a change that could not be read: everybody is kept out until it can, or a block would be durable and not in force.
    pub(super) fn unknown() -> Self {
        Self {
            is_unknown: true,
            ..Self::default()
        }
    }

    pub(super) const fn is_unknown(&self) -> bool {
        self.is_unknown
    }

    /// What keeps everybody of `tenant` out.
    pub(super) fn on(&self, tenant: &TenantId, now: Timestamp) -> Option<Blocked> {
        if self.is_unknown {
            return Some(Blocked::Unknown);
        }
        let blocks = self.tenants.get(tenant)?;
        let met = blocks.iter().any(|block| block.is_in_force(now));
        met.then_some(Blocked::Tenant)
    }

    /// What keeps a client key out.
    pub(super) fn on_key(&self, key: &KeyId, now: Timestamp) -> Option<Blocked> {
        if self.is_unknown {
            return Some(Blocked::Unknown);
        }
        let blocks = self.keys.get(key)?;
        let met = blocks.iter().any(|block| block.is_in_force(now));
        met.then_some(Blocked::Key)
    }

    /// What keeps `account` out of `tenant`.
    pub(super) fn keeps_out(
        &self,
        account: &AccountId,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Option<Blocked> {
        let of_account = || {
            let blocks = self.accounts.get(account)?;
            let here = |block: &Block| block.target.tenant().is_none_or(|only| only == tenant);
            let met = blocks
                .iter()
                .any(|block| here(block) && block.is_in_force(now));
            met.then_some(Blocked::Account)
        };
        self.on(tenant, now).or_else(of_account)
    }

    /// Those in force, in the order in which they were made.
    pub(super) fn in_force(&self, now: Timestamp) -> Vec<Block> {
        let all = self.tenants.values().chain(self.accounts.values());
        let mut blocks: Vec<Block> = all
            .chain(self.keys.values())
            .flatten()
            .filter(|block| block.is_in_force(now))
            .cloned()
            .collect();
        blocks.sort_by(|one, other| (one.made_at, &one.id).cmp(&(other.made_at, &other.id)));
        blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_795_435_200);

    #[test]
    fn blocks_that_could_not_be_read_keep_everybody_out() {
        let (ann, acme) = ("ann".parse().unwrap(), "acme".parse().unwrap());
        let blocks = Blocks::unknown();
        let met = blocks.keeps_out(&ann, &acme, NOON);
        assert_eq!(met.map(Blocked::code), Some("blocks_unknown"));
        assert_eq!(Blocks::default().keeps_out(&ann, &acme, NOON), None);
    }

    #[test]
    fn a_block_ends_at_its_very_moment() {
        let (ann, acme): (AccountId, _) = ("ann".parse().unwrap(), "acme".parse().unwrap());
        let blocks = Blocks::of(vec![Block {
            id: "block_1".to_owned(),
            target: Target::Account(ann.clone()),
            until: Some(NOON),
            reason: None,
            made_by: "unix:0".to_owned(),
            made_at: Timestamp::from_micros(0),
        }]);
        let before = Timestamp::from_micros(NOON.micros() - 1);
        let met = |now| blocks.keeps_out(&ann, &acme, now);
        assert_eq!((met(before), met(NOON)), (Some(Blocked::Account), None));
    }
}
