//! Sessions and keys as persons see them: never a hash, never a part of a credential. Read for pages and commands.

use crate::clock::Timestamp;
use crate::identity::bounds::Bounds;
use crate::tenant::{AccountId, KeyId, TenantId};

use super::error::LookupError;
use super::{Issued, store};

/// Whose credentials are seen or ended. What is another's is not there.
#[derive(Clone, Copy, Debug)]
pub enum Whose<'a> {
    /// Those of an account on a tenant.
    Account(&'a TenantId, &'a AccountId),
    /// Those of a whole tenant.
    Tenant(&'a TenantId),
    /// All of them: an operator's view.
    Everybody,
}

impl<'a> Whose<'a> {
    pub(super) fn of(tenant: Option<&'a TenantId>, account: Option<&'a AccountId>) -> Self {
        match (tenant, account) {
            (Some(tenant), Some(account)) => Self::Account(tenant, account),
            (Some(tenant), None) => Self::Tenant(tenant),
            (None, _) => Self::Everybody,
        }
    }

    pub(super) fn owned(&self) -> (Option<TenantId>, Option<AccountId>) {
        match self {
            Self::Account(tenant, account) => (Some((*tenant).clone()), Some((*account).clone())),
            Self::Tenant(tenant) => (Some((*tenant).clone()), None),
            Self::Everybody => (None, None),
        }
    }

    pub(super) fn tenant(&self) -> Option<&'a str> {
        match self {
            Self::Account(tenant, _) | Self::Tenant(tenant) => Some(tenant.as_str()),
            Self::Everybody => None,
        }
    }

    pub(super) fn account(&self) -> Option<&'a str> {
        match self {
            Self::Account(_, account) => Some(account.as_str()),
            Self::Tenant(_) | Self::Everybody => None,
        }
    }
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
    /// An operator keeps it out for now.
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
    /// The open sessions, from the newest; of very many the newest alone.
    pub async fn sessions(&self, whose: Whose<'_>) -> Result<Vec<OpenSession>, LookupError> {
        let parts = &self.0.parts;
        let now = parts.clock.now();
        let used_since = now.minus(parts.lifetimes.session_idle);
        let mut sessions = store::sessions(parts.db.reads(), whose, now, used_since).await?;
        sessions.retain(|(session, epoch)| {
            let tenant = parts.tenants.current(&session.tenant);
            tenant.is_some_and(|tenant| tenant.is_active(now) && *epoch >= tenant.sessions_since)
                && !self.0.ends.has_ended(&session.id, now)
        });
        Ok(sessions.into_iter().map(|(session, _)| session).collect())
    }

    /// The keys, from the newest, also those that have ended; of very many the newest alone.
    pub async fn keys(&self, whose: Whose<'_>) -> Result<Vec<ClientKey>, LookupError> {
        store::keys(self.0.parts.db.reads(), whose).await
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
        if key.revoked_at.is_some() || outlived {
            KeyState::Revoked
        } else if now >= key.ends_at {
            KeyState::Expired
        } else if tenant.is_some_and(|tenant| tenant.keeps_key_out(&key.id, now).is_some()) {
            KeyState::Blocked
        } else {
            KeyState::Active
        }
    }
}
