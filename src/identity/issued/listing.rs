//! Sessions and keys as persons see them: never a hash, never a part of a credential. Read for pages and commands.

use crate::clock::Timestamp;
use crate::identity::bounds::Bounds;
use crate::tenant::{AccountId, KeyId, SharedTenant, TenantId};

use super::error::LookupError;
use super::{Issued, store};

/// Whose credentials are seen or ended. What is another's is not there.
#[derive(Clone, Copy, Debug)]
pub enum Whose<'a> {
    /// Those of an account on a tenant.
    Account(&'a TenantId, &'a AccountId),
    /// Those of a whole tenant.
    Tenant(&'a TenantId),
    /// Those of an account on all tenants: an operator's view.
    Person(&'a AccountId),
    /// All of them: an operator's view.
    Everybody,
}

impl<'a> Whose<'a> {
    /// As far as tenant and account are named.
    #[must_use]
    pub const fn of(tenant: Option<&'a TenantId>, account: Option<&'a AccountId>) -> Self {
        match (tenant, account) {
            (Some(tenant), Some(account)) => Self::Account(tenant, account),
            (Some(tenant), None) => Self::Tenant(tenant),
            (None, Some(account)) => Self::Person(account),
            (None, None) => Self::Everybody,
        }
    }

    pub(super) fn owned(&self) -> (Option<TenantId>, Option<AccountId>) {
        match self {
            Self::Account(tenant, account) => (Some((*tenant).clone()), Some((*account).clone())),
            Self::Tenant(tenant) => (Some((*tenant).clone()), None),
            Self::Person(account) => (None, Some((*account).clone())),
            Self::Everybody => (None, None),
        }
    }

    pub(super) fn tenant(&self) -> Option<&'a str> {
        match self {
            Self::Account(tenant, _) | Self::Tenant(tenant) => Some(tenant.as_str()),
            Self::Person(_) | Self::Everybody => None,
        }
    }

    pub(super) fn account(&self) -> Option<&'a str> {
        match self {
            Self::Account(_, account) | Self::Person(account) => Some(account.as_str()),
            Self::Tenant(_) | Self::Everybody => None,
        }
    }
}

/// A list for people to read, and whether there is more than it holds.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// From the newest.
    pub items: Vec<T>,
    /// Whether others were left out.
    pub truncated: bool,
}

/// A session that is open.
#[derive(Clone, Debug)]
pub struct OpenSession {
    /// `session_…`.
    pub id: String,
    /// Whose.
    pub tenant: TenantId,
    /// Whose.
    pub account: AccountId,
    /// What opened it.
    pub user_agent: Option<String>,
    /// When.
    pub made_at: Timestamp,
    /// To the minute.
    pub last_used_at: Timestamp,
    /// Its end, however much it is used.
    pub ends_at: Timestamp,
}

/// A client key, in force or not.
#[derive(Clone, Debug)]
pub struct ClientKey {
    /// `key_…`.
    pub id: KeyId,
    /// Whose.
    pub tenant: TenantId,
    /// Whose.
    pub account: AccountId,
    /// What its maker calls it.
    pub name: String,
    /// What it is narrowed to.
    pub bounds: Bounds,
    /// How many requests a minute.
    pub rate_per_minute: Option<u32>,
    /// The key that it came after.
    pub replaces: Option<KeyId>,
    /// Made by whom: `account:…`, `unix:1000`.
    pub made_by: String,
    /// Made when.
    pub made_at: Timestamp,
    /// To the minute; `None` if never.
    pub last_used_at: Option<Timestamp>,
    /// Until when.
    pub ends_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// The end that it was made with, if a successor has moved it.
    pub(super) meant_until: Option<Timestamp>,
    /// The epoch that its tenant had.
    pub(super) epoch: u64,
}

/// What a key is worth now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It is in force.
    Active,
    /// Its time is over.
    Expired,
    /// Somebody ended it, or the app was uninstalled.
    Revoked,
    /// It, its account or its tenant is kept out for now.
    Blocked,
}

impl KeyState {
    /// The word in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Blocked => "blocked",
        }
    }
}

impl Issued {
    /// The open sessions; of very many those that end last.
    pub async fn sessions(&self, whose: Whose<'_>) -> Result<Listed<OpenSession>, LookupError> {
        let parts = &self.0.parts;
        let now = parts.clock.now();
        let used_since = now.minus(parts.lifetimes.session_idle);
        let mut sessions = store::sessions(parts.db.lists(), whose, now, used_since).await?;
        sessions.items.retain(|session| {
            let tenant = parts.tenants.current(&session.tenant);
            tenant.is_some_and(|tenant| tenant.is_active())
                && !self.0.ends.has_ended(&session.id, now)
        });
        Ok(sessions)
    }

    /// The keys: first all that are in force, then the others from the newest. However many have ended hide none that is good.
    pub async fn keys(&self, whose: Whose<'_>) -> Result<Listed<ClientKey>, LookupError> {
        let parts = &self.0.parts;
        store::keys(parts.db.lists(), whose, parts.clock.now()).await
    }

    /// The key with this id.
    pub async fn key(&self, id: &KeyId) -> Result<Option<ClientKey>, LookupError> {
        store::key(self.0.parts.db.reads(), id).await
    }

    /// What a key is worth now.
    #[must_use]
    pub fn state_of(&self, key: &ClientKey) -> KeyState {
        let parts = &self.0.parts;
        let now = parts.clock.now();
        let tenant = parts.tenants.current(&key.tenant);
        let outlived = tenant
            .as_ref()
            .is_none_or(|tenant| key.epoch < tenant.keys_since);
        let is_kept_out = |tenant: SharedTenant| {
            let blocked = tenant.keeps_out(&key.account, now);
            !tenant.is_active()
                || blocked
                    .or_else(|| tenant.keeps_key_out(&key.id, now))
                    .is_some()
        };
        if key.revoked_at.is_some() || outlived {
            KeyState::Revoked
        } else if now >= key.ends_at {
            KeyState::Expired
        } else if tenant.is_some_and(is_kept_out) {
            KeyState::Blocked
        } else {
            KeyState::Active
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_named_is_never_taken_for_everybody() {
        let (acme, ann) = ("acme".parse().unwrap(), "ann".parse().unwrap());
        for whose in [
            Whose::of(Some(&acme), Some(&ann)),
            Whose::of(Some(&acme), None),
            Whose::of(None, Some(&ann)),
        ] {
            let (tenant, account) = whose.owned();
            let again = Whose::of(tenant.as_ref(), account.as_ref());
            let names = |whose: Whose<'_>| (whose.tenant().is_some(), whose.account().is_some());
            assert_eq!(names(again), names(whose));
            assert!(!matches!(again, Whose::Everybody), "{whose:?}");
        }
        assert!(matches!(Whose::of(None, None), Whose::Everybody));
    }
}
