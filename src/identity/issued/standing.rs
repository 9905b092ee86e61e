//! An issued credential as the database holds it, in memory while it is used. Data, no proof: a principal is minted from it anew at
//! every use, after all that may have ended it was asked. Used by this folder.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::identity::bounds::Bounds;
use crate::ledger::entry::Credential;
use crate::tenant::{AccountId, KeyId, Tenant, TenantId};

use super::error::Refused;
use super::pace::Pace;
use super::text::Kind;

/// A session or a client key.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) id: String,
    pub(super) kind: Kind,
    pub(super) tenant: TenantId,
    /// The tenant's epoch when it was made.
    pub(super) epoch: u64,
    pub(super) account: AccountId,
    pub(super) made_at: Timestamp,
    pub(super) ends_at: Timestamp,
    /// Whether somebody ended it before it was read.
    pub(super) was_ended: bool,
    /// The keyed hash of the nonce of the page that opened the session.
    pub(super) page: Option<[u8; 32]>,
    pub(super) bounds: Arc<Bounds>,
    pub(super) pace: Option<Pace>,
    last_used_us: AtomicI64,
    /// The last use that the database knows of.
    noted_us: AtomicI64,
    /// For which version of the blocks it is known that none of them ended it.
    blocks_seen: AtomicU64,
}

/// A row.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) tenant: TenantId,
    pub(super) epoch: u64,
    pub(super) account: AccountId,
    pub(super) made_at: Timestamp,
    pub(super) last_used_at: Timestamp,
    pub(super) ends_at: Timestamp,
    pub(super) was_ended: bool,
    pub(super) page: Option<[u8; 32]>,
    pub(super) bounds: Bounds,
    pub(super) rate_per_minute: Option<u32>,
}

impl Standing {
    pub(super) fn new(kind: Kind, row: Row) -> Self {
        let used_us = row.last_used_at.micros();
        Self {
            id: row.id,
            kind,
            tenant: row.tenant,
            epoch: row.epoch,
            account: row.account,
            made_at: row.made_at,
            ends_at: row.ends_at,
            was_ended: row.was_ended,
            page: row.page,
            bounds: Arc::new(row.bounds),
            pace: row.rate_per_minute.map(Pace::new),
            last_used_us: AtomicI64::new(used_us),
            noted_us: AtomicI64::new(used_us),
            blocks_seen: AtomicU64::new(0),
        }
    }

    pub(super) fn key_id(&self) -> Option<KeyId> {
        match self.kind {
            Kind::Session => None,
            Kind::Key => self.id.parse().ok(),
        }
    }

    /// Whether time has ended it. `idle` is the longest pause of a session.
    pub(super) fn check_time(&self, idle: Duration, now: Timestamp) -> Result<(), Refused> {
        if now >= self.ends_at {
            return Err(Refused::Expired);
        }
        let last_used = Timestamp::from_micros(self.last_used_us.load(Ordering::Relaxed));
        if self.kind == Kind::Session && now.since(last_used) >= idle {
            return Err(Refused::Idle);
        }
        Ok(())
    }

    /// Whether its tenant still is what it was made under, and nobody is kept out.
    pub(super) fn check_tenant(&self, tenant: &Tenant, now: Timestamp) -> Result<(), Refused> {
        let since = match self.kind {
            Kind::Session => tenant.sessions_since,
            Kind::Key => tenant.keys_since,
        };
        if self.epoch < since {
            return Err(Refused::Outlived);
        }
        let of_key = || tenant.keeps_key_out(&self.key_id()?, now);
        match tenant.keeps_out(&self.account, now).or_else(of_key) {
            Some(blocked) => Err(Refused::Blocked(blocked)),
            None => Ok(()),
        }
    }

    /// Counts as a use. Gives whether the database should learn of it: every use would be a write, and an idle time is good for being
    /// a fraction short after a restart, never for being long.
    pub(super) fn touch(&self, now: Timestamp, note_after: Duration) -> bool {
        let now_us = now.micros();
        self.last_used_us.fetch_max(now_us, Ordering::Relaxed);
        let noted_us = self.noted_us.load(Ordering::Relaxed);
        let is_due = now.since(Timestamp::from_micros(noted_us)) >= note_after;
        let (success, failure) = (Ordering::Relaxed, Ordering::Relaxed);
        is_due
            && self
                .noted_us
                .compare_exchange(noted_us, now_us, success, failure)
                .is_ok()
    }

    pub(super) fn has_seen_blocks(&self, version: u64) -> bool {
        self.blocks_seen.load(Ordering::Acquire) == version
    }

    pub(super) fn see_blocks(&self, version: u64) {
        self.blocks_seen.store(version, Ordering::Release);
    }

    /// The public parts, for the record.
    pub(super) fn credential(&self) -> Credential {
        Credential {
            kind: self.kind.as_str().to_owned(),
            issuer: Some("gatepost".to_owned()),
            key_id: Some(self.id.clone()),
            jti: None,
            iat: Some(self.made_at.seconds()),
            exp: Some(self.ends_at.seconds()),
        }
    }
}
