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
    /// When somebody ended it, if anybody did. It stays known: that a revoked key is still in use, and whose it was, is worth a record.
    ended_at: Option<Timestamp>,
    /// The keyed hash of the nonce of the page that opened the session.
    pub(super) page: Option<[u8; 32]>,
    pub(super) bounds: Arc<Bounds>,
    pub(super) rate_per_minute: Option<u32>,
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
    /// `None` of a key that nobody used: its first use is noted at once.
    pub(super) last_used_at: Option<Timestamp>,
    pub(super) ends_at: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) page: Option<[u8; 32]>,
    pub(super) bounds: Bounds,
    pub(super) rate_per_minute: Option<u32>,
}

impl Standing {
    pub(super) fn new(kind: Kind, row: Row) -> Self {
        let used_us = row.last_used_at.map(Timestamp::micros);
        Self {
            id: row.id,
            kind,
            tenant: row.tenant,
            epoch: row.epoch,
            account: row.account,
            made_at: row.made_at,
            ends_at: row.ends_at,
            ended_at: row.ended_at,
            page: row.page,
            bounds: Arc::new(row.bounds),
            rate_per_minute: row.rate_per_minute,
            last_used_us: AtomicI64::new(used_us.unwrap_or(i64::MIN)),
            noted_us: AtomicI64::new(used_us.unwrap_or(i64::MIN)),
            blocks_seen: AtomicU64::new(0),
        }
    }

    pub(super) fn key_id(&self) -> Option<KeyId> {
        match self.kind {
            Kind::Session => None,
            Kind::Key => self.id.parse().ok(),
        }
    }

    /// Whether somebody has ended it.
    pub(super) const fn was_ended(&self) -> bool {
        self.ended_at.is_some()
    }

    /// Its last moment, as far as the row said.
    pub(super) fn last_moment(&self) -> Timestamp {
        self.ended_at
            .map_or(self.ends_at, |end| end.min(self.ends_at))
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_795_435_200);
    const IDLE: Duration = Duration::from_mins(15);
    const MINUTE: Duration = Duration::from_mins(1);

    /// Made and last used at noon, good for eight hours.
    fn standing(kind: Kind, ended_at: Option<Timestamp>) -> Standing {
        let row = Row {
            id: "session_1".to_owned(),
            tenant: "acme".parse().unwrap(),
            epoch: 1,
            account: "ann".parse().unwrap(),
            made_at: NOON,
            last_used_at: Some(NOON),
            ends_at: after(480),
            ended_at,
            page: None,
            bounds: Bounds::default(),
            rate_per_minute: None,
        };
        Standing::new(kind, row)
    }

    fn after(minutes: u64) -> Timestamp {
        NOON.plus(Duration::from_mins(minutes))
    }

    #[test]
    fn uses_keep_a_session_open_and_never_beyond_its_end() {
        let session = standing(Kind::Session, None);
        for minutes in (14..480).step_by(14) {
            assert!(session.check_time(IDLE, after(minutes)).is_ok());
            session.touch(after(minutes), MINUTE);
        }
        session.touch(after(479), MINUTE);
        let ended = session.check_time(IDLE, after(480));
        assert!(matches!(ended, Err(Refused::Expired)), "{ended:?}");
    }

    #[test]
    fn a_use_that_is_noted_late_does_not_turn_the_clock_back() {
        let session = standing(Kind::Session, None);
        session.touch(after(10), MINUTE);
        session.touch(after(2), MINUTE);
        assert!(session.check_time(IDLE, after(24)).is_ok());
        let idle = session.check_time(IDLE, after(25));
        assert!(matches!(idle, Err(Refused::Idle)), "{idle:?}");
        assert!(
            standing(Kind::Key, None)
                .check_time(IDLE, after(25))
                .is_ok()
        );
    }

    #[test]
    fn the_database_learns_of_a_use_once_in_a_while() {
        let session = standing(Kind::Session, None);
        let moments = [0, 59, 60, 61, 119, 120].map(Duration::from_secs);
        let noted = moments.map(|span| session.touch(NOON.plus(span), MINUTE));
        assert_eq!(noted, [false, false, true, false, false, true]);
    }

    #[test]
    fn the_last_moment_is_the_earlier_of_the_two_ends() {
        assert_eq!(standing(Kind::Key, None).last_moment(), after(480));
        assert_eq!(standing(Kind::Key, Some(after(3))).last_moment(), after(3));
        assert_eq!(
            standing(Kind::Key, Some(after(999))).last_moment(),
            after(480)
        );
    }
}
