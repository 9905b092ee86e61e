//! Blocks: who is kept out, and until when. Made from rows by `store`; asked through [`super::Tenant::keeps_out`] by whoever verifies
//! a credential or hands one out. One live list for all tenants: also a request that holds an older value of its tenant meets the block
//! that came meanwhile. A block must never need a task to end it: each question compares with the clock. Nor must one tenant's blocks
//! cost another anything: a change touches its own tenant's part of the list and no other.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

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
}

impl Blocked {
    /// The stable code for the log.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Tenant => "tenant_blocked",
            Self::Account => "account_blocked",
            Self::Key => "key_blocked",
        }
    }
}

/// The list that all tenants share.
pub(super) type SharedBlocks = Arc<Blocks>;

/// What is blocked differently once its transaction has committed.
#[derive(Debug)]
pub(super) enum Shift {
    /// From now on these keep the target out, and no others do.
    Target(Target, Vec<Block>),
    /// From now on these are all the blocks of the tenant.
    Tenant(TenantId, Vec<Block>),
}

/// All blocks, each under its target.
#[derive(Debug, Default)]
pub(super) struct Blocks(RwLock<Listed>);

#[derive(Debug, Default)]
struct Listed {
    tenants: HashMap<TenantId, OfTenant>,
    /// Of accounts on all sites, which operators alone make.
    accounts: HashMap<AccountId, Everywhere>,
}

#[derive(Debug, Default)]
struct OfTenant {
    whole: Vec<Block>,
    accounts: HashMap<AccountId, Vec<Block>>,
    keys: HashMap<KeyId, Vec<Block>>,
    /// Counts the changes.
    changes: u64,
}

#[derive(Debug, Default)]
struct Everywhere {
    blocks: Vec<Block>,
    changes: u64,
}

impl Blocks {
    pub(super) fn of(blocks: Vec<Block>) -> Self {
        let mut listed = Listed::default();
        for block in blocks {
            listed.put(block);
        }
        Self(RwLock::new(listed))
    }

    /// Shows a change. Called in the order of the commits, by whoever commits.
    pub(super) fn shift(&self, shift: &Shift, now: Timestamp) {
        let mut listed = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match shift {
            Shift::Target(target, blocks) => listed.replace(target, blocks),
            Shift::Tenant(tenant, blocks) => {
                let of = listed.tenants.entry(tenant.clone()).or_default();
                let changes = of.changes + 1;
                *of = OfTenant {
                    changes,
                    ..OfTenant::default()
                };
                for block in blocks {
                    listed.put(block.clone());
                }
            }
        }
        listed.forget(shift, now);
    }

    /// What keeps everybody of `tenant` out.
    pub(super) fn on(&self, tenant: &TenantId, now: Timestamp) -> Option<Blocked> {
        let listed = self.listed();
        met(&listed.tenants.get(tenant)?.whole, now).then_some(Blocked::Tenant)
    }

    /// What keeps a client key of `tenant` out.
    pub(super) fn on_key(&self, key: &KeyId, tenant: &TenantId, now: Timestamp) -> Option<Blocked> {
        let listed = self.listed();
        let blocks = listed.tenants.get(tenant)?.keys.get(key)?;
        met(blocks, now).then_some(Blocked::Key)
    }

    /// What keeps `account` out of `tenant`.
    pub(super) fn keeps_out(
        &self,
        account: &AccountId,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Option<Blocked> {
        let listed = self.listed();
        let of_tenant = listed.tenants.get(tenant);
        if of_tenant.is_some_and(|of| met(&of.whole, now)) {
            return Some(Blocked::Tenant);
        }
        let here = of_tenant.and_then(|of| of.accounts.get(account));
        let everywhere = listed.accounts.get(account).map(|of| &of.blocks);
        let mut lists = here.into_iter().chain(everywhere);
        lists
            .any(|blocks| met(blocks, now))
            .then_some(Blocked::Account)
    }

    /// Counts how often something changed that can keep `account` out of `tenant`, from 1. What others' blocks do does not count:
    /// who blocks a name on a site of theirs must not make all who have it look for it.
    pub(super) fn changes(&self, account: &AccountId, tenant: &TenantId) -> u64 {
        let listed = self.listed();
        let here = listed.tenants.get(tenant).map_or(0, |of| of.changes);
        let everywhere = listed.accounts.get(account).map_or(0, |of| of.changes);
        1 + here + everywhere
    }

    /// All in force, in the order in which they were made.
    pub(super) fn in_force(&self, now: Timestamp) -> Vec<Block> {
        let listed = self.listed();
        let of_tenants = listed.tenants.values().flat_map(OfTenant::all);
        let everywhere = listed.accounts.values().flat_map(|of| &of.blocks);
        sorted(of_tenants.chain(everywhere), now)
    }

    /// Those of a tenant that are in force, in the order in which they were made.
    pub(super) fn in_force_on(&self, tenant: &TenantId, now: Timestamp) -> Vec<Block> {
        let listed = self.listed();
        sorted(
            listed
                .tenants
                .get(tenant)
                .into_iter()
                .flat_map(OfTenant::all),
            now,
        )
    }

    /// Those in force on an account on all sites.
    pub(super) fn everywhere(&self, account: &AccountId, now: Timestamp) -> Vec<Block> {
        let listed = self.listed();
        let of_account = listed.accounts.get(account).into_iter();
        sorted(of_account.flat_map(|of| &of.blocks), now)
    }

    fn listed(&self) -> RwLockReadGuard<'_, Listed> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listed {
    fn put(&mut self, block: Block) {
        match &block.target {
            Target::Account(account) => {
                &mut self.accounts.entry(account.clone()).or_default().blocks
            }
            Target::Tenant(tenant) => &mut self.tenants.entry(tenant.clone()).or_default().whole,
            Target::AccountOn(account, tenant) => {
                let of = self.tenants.entry(tenant.clone()).or_default();
                of.accounts.entry(account.clone()).or_default()
            }
            Target::Key(key, tenant) => {
                let of = self.tenants.entry(tenant.clone()).or_default();
                of.keys.entry(key.clone()).or_default()
            }
        }
        .push(block);
    }

    fn replace(&mut self, target: &Target, blocks: &[Block]) {
        if let Target::Account(account) = target {
            let of = self.accounts.entry(account.clone()).or_default();
            of.blocks.clear();
            of.changes += 1;
        }
        if let Some(tenant) = target.tenant() {
            let of = self.tenants.entry(tenant.clone()).or_default();
            of.changes += 1;
            match target {
                Target::Tenant(_) => of.whole.clear(),
                Target::AccountOn(account, _) => drop(of.accounts.remove(account)),
                Target::Key(key, _) => drop(of.keys.remove(key)),
                Target::Account(_) => {}
            }
        }
        for block in blocks {
            self.put(block.clone());
        }
    }

    /// Drops what is over from the tenant that changed: a list of blocks of a second each must not grow for ever.
    fn forget(&mut self, shift: &Shift, now: Timestamp) {
        let tenant = match shift {
            Shift::Target(target, _) => target.tenant(),
            Shift::Tenant(tenant, _) => Some(tenant),
        };
        if let Some(of) = tenant.and_then(|tenant| self.tenants.get_mut(tenant)) {
            prune(&mut of.accounts, now);
            prune(&mut of.keys, now);
        }
    }
}

impl OfTenant {
    fn all(&self) -> impl Iterator<Item = &Block> {
        let of_accounts = self.accounts.values().flatten();
        let of_keys = self.keys.values().flatten();
        self.whole.iter().chain(of_accounts).chain(of_keys)
    }
}

fn met(blocks: &[Block], now: Timestamp) -> bool {
    blocks.iter().any(|block| block.is_in_force(now))
}

fn prune<K: Eq + Hash>(blocks: &mut HashMap<K, Vec<Block>>, now: Timestamp) {
    blocks.retain(|_, of| {
        of.retain(|block| block.is_in_force(now));
        !of.is_empty()
    });
}

fn sorted<'b>(blocks: impl Iterator<Item = &'b Block>, now: Timestamp) -> Vec<Block> {
    let in_force = blocks.filter(|block| block.is_in_force(now));
    let mut blocks: Vec<Block> = in_force.cloned().collect();
    blocks.sort_by(|one, other| (one.made_at, &one.id).cmp(&(other.made_at, &other.id)));
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_795_435_200);

    fn block(target: Target, until: Option<Timestamp>) -> Block {
        Block {
            id: "block_1".to_owned(),
            target,
            until,
            reason: None,
            made_by: "unix:0".to_owned(),
            made_at: Timestamp::from_micros(0),
        }
    }

    fn names() -> (AccountId, TenantId, TenantId) {
        let name = ["acme", "globex"].map(|name| name.parse().unwrap());
        let [acme, globex] = name;
        ("ann".parse().unwrap(), acme, globex)
    }

    #[test]
    fn a_block_ends_at_its_very_moment() {
        let (ann, acme, _) = names();
        let blocks = Blocks::of(vec![block(Target::Account(ann.clone()), Some(NOON))]);
        let before = Timestamp::from_micros(NOON.micros() - 1);
        let met = |now| blocks.keeps_out(&ann, &acme, now);
        assert_eq!((met(before), met(NOON)), (Some(Blocked::Account), None));
    }

    #[test]
    fn the_blocks_of_a_site_make_nobody_elsewhere_look() {
        let (ann, acme, globex) = names();
        let blocks = Blocks::default();
        let before = blocks.changes(&ann, &acme);
        let target = Target::AccountOn(ann.clone(), globex.clone());
        let made = vec![block(target.clone(), None)];
        blocks.shift(&Shift::Target(target.clone(), made), NOON);
        assert_eq!(blocks.changes(&ann, &acme), before);
        assert_ne!(blocks.changes(&ann, &globex), before);
        assert_eq!(blocks.keeps_out(&ann, &acme, NOON), None);
        assert!(blocks.keeps_out(&ann, &globex, NOON).is_some());
        assert_eq!(blocks.in_force_on(&acme, NOON).len(), 0);
        let seen = blocks.changes(&ann, &globex);
        blocks.shift(&Shift::Target(target, Vec::new()), NOON);
        assert_ne!(
            blocks.changes(&ann, &globex),
            seen,
            "its end is news as well"
        );
        assert_eq!(blocks.keeps_out(&ann, &globex, NOON), None);
        let everywhere = Target::Account(ann.clone());
        let made = vec![block(everywhere.clone(), None)];
        blocks.shift(&Shift::Target(everywhere, made), NOON);
        assert_ne!(blocks.changes(&ann, &acme), before);
    }

    #[test]
    fn what_is_over_leaves_the_list_with_the_next_change() {
        let (_, acme, _) = names();
        let blocks = Blocks::default();
        for number in 0..10 {
            let account = format!("account-{number}").parse().unwrap();
            let target = Target::AccountOn(account, acme.clone());
            let end = NOON.plus(std::time::Duration::from_secs(number));
            let made = vec![block(target.clone(), Some(end))];
            blocks.shift(&Shift::Target(target, made), end);
        }
        assert_eq!(blocks.listed().tenants[&acme].accounts.len(), 0);
    }
}
