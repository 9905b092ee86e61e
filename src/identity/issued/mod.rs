//! The credentials that this gateway issues: sessions and client keys. Verified by `Verifiers`; made and ended by `http` and `control`.
//! Only keyed hashes are stored. What was ended must open nothing from the moment the call returns: not from a cache, not from a reading
//! of the database that was under way, not for a request that passed the door before ([`Hold`]).

mod changes;
mod ends;
pub mod error;
mod good;
mod held;
mod listing;
mod nonce;
mod standing;
mod store;
pub mod text;
mod uses;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;

use crate::clock::{Chance, Clock, Timestamp};
use crate::db::{Db, DbError};
use crate::identity::pace::Paces;
use crate::ledger::Ledger;
use crate::secret::{Secret, Vault};
use crate::tenant::{SharedTenant, Tenants};

pub use changes::{Made, NewKey, Opened, Owner, Rotation};
pub use error::{IssueError, LookupError, Refused};
pub use held::Hold;
pub use listing::{ClientKey, KeyState, Listed, OpenSession, Whose};

pub(in crate::identity) use good::Good;

use ends::Ends;
use standing::Standing;
use text::Kind;
use uses::Uses;

/// How long credentials last.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// The longest pause of a session.
    pub session_idle: Duration,
    /// A session from its opening to its end.
    pub session: Duration,
    /// The longest life of a client key.
    pub key_max: Duration,
}

/// What this is made of.
#[derive(Debug)]
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The decision log, for the record of each change.
    pub ledger: Ledger,
    /// Whose credentials they are.
    pub tenants: Tenants,
    /// Hashes credentials.
    pub vault: Arc<Vault>,
    /// How long they last.
    pub lifetimes: Lifetimes,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub chance: Chance,
}

/// Sessions and client keys. Cheap to clone; shared by all workers.
#[derive(Clone, Debug)]
pub struct Issued(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parts: Parts,
    /// By keyed hash. Entries leave when their credential changes, or for want of room.
    cache: Cache<[u8; 32], Arc<Standing>>,
    ends: Arc<Ends>,
    paces: Paces,
    uses: Uses,
}

/// About half a kilobyte each.
const CACHED_MAX: u64 = 100_000;
/// Uses are noted this often at most; of short idle times a tenth.
const NOTED_AFTER: Duration = Duration::from_mins(1);

/// Why one is not, and whose it is as far as that is known.
pub(super) struct Bad {
    pub(super) cause: Refused,
    pub(super) hold: Option<Hold>,
}

impl From<Refused> for Bad {
    fn from(cause: Refused) -> Self {
        Self { cause, hold: None }
    }
}

impl Issued {
    /// The credentials in this database.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            parts,
            cache: Cache::new(CACHED_MAX),
            ends: Arc::default(),
            paces: Paces::default(),
            uses: Uses::default(),
        }))
    }

    /// How long credentials last.
    #[must_use]
    pub fn lifetimes(&self) -> Lifetimes {
        self.0.parts.lifetimes
    }

    /// Asks all that may have ended the credential, and counts its use against its rate. From outside its networks nothing of a key is
    /// used, neither its rate nor its last use: whoever has only found it can do its owner no harm.
    pub(super) async fn check(&self, text: &Secret, ip: IpAddr) -> Result<Good, Bad> {
        let kind = Kind::recognise(text.expose()).ok_or(Refused::Malformed)?;
        let standing = self.standing(kind, text).await?;
        let hold = Hold::new(standing, self.0.ends.clone());
        let now = self.0.parts.clock.now();
        match self.ask(&hold, ip, now).await {
            Ok(tenant) => Ok(Good::new(hold, tenant.epoch)),
            Err(cause) => Err(Bad {
                cause,
                hold: Some(hold),
            }),
        }
    }

    async fn ask(&self, hold: &Hold, ip: IpAddr, now: Timestamp) -> Result<SharedTenant, Refused> {
        let Parts {
            tenants, lifetimes, ..
        } = &self.0.parts;
        let standing = hold.standing();
        if hold.has_ended(now) {
            return Err(Refused::Ended);
        }
        standing.check_time(lifetimes.session_idle, now)?;
        let tenant = tenants
            .current(&standing.tenant)
            .filter(|tenant| tenant.is_active())
            .ok_or(Refused::Inactive)?;
        standing.check_tenant(&tenant, now)?;
        self.check_former_blocks(standing).await?;
        if !standing.bounds.admits(ip) {
            return Err(Refused::Elsewhere);
        }
        if let Some(rate) = standing.rate_per_minute {
            let taken = self.0.paces.take(&standing.id, rate, now);
            taken.map_err(|retry_after_s| Refused::TooFast { retry_after_s })?;
        }
        Ok(tenant)
    }

    /// Notes that a credential was used, after all that could refuse it at the door: a session must not stay open by uses that its
    /// page's nonce was missing from.
    pub fn note_use(&self, hold: &Hold) {
        self.touch(hold.standing(), self.0.parts.clock.now());
    }

    /// A block of its account ends a session for good, also when the block is over and nobody used the session meanwhile.
    async fn check_former_blocks(&self, standing: &Standing) -> Result<(), Refused> {
        let tenants = &self.0.parts.tenants;
        let (account, tenant) = (&standing.account, &standing.tenant);
        let version = tenants.block_changes(account, tenant);
        if standing.kind == Kind::Key || standing.has_seen_blocks(version) {
            return Ok(());
        }
        let was_blocked = tenants.was_blocked(account, tenant, standing.made_at).await;
        if was_blocked.map_err(|error| Refused::Lookup(Arc::new(error.into())))? {
            return Err(Refused::Ended);
        }
        standing.see_blocks(version);
        Ok(())
    }

    /// From the cache, otherwise from the database: many requests at once read it once.
    async fn standing(&self, kind: Kind, text: &Secret) -> Result<Arc<Standing>, Refused> {
        let hash = self.0.parts.vault.token_hash(text);
        if let Some(standing) = self.0.cache.get(&hash).await {
            return Ok(standing);
        }
        // A client that hangs up between the keeping of a stale reading and its removal would leave it there for good.
        let issued = self.clone();
        let reading = tokio::spawn(async move { issued.read(kind, hash).await });
        let read = reading.await;
        let read = read.unwrap_or_else(|_| Err(Arc::new(LookupError::Db(DbError::Stopped))));
        read.map_err(|failure| match *failure {
            LookupError::Absent => Refused::Unknown,
            _ => Refused::Lookup(failure),
        })
    }

    /// Reads and keeps a credential, unless it changed while it was read.
    async fn read(&self, kind: Kind, hash: [u8; 32]) -> Result<Arc<Standing>, Arc<LookupError>> {
        let reading = async {
            let row = store::find(self.0.parts.db.reads(), kind, &hash).await;
            let row = row?.ok_or(LookupError::Absent)?;
            Ok(Arc::new(Standing::new(kind, row)))
        };
        let read: Result<Arc<Standing>, Arc<LookupError>> =
            self.0.cache.try_get_with(hash, reading).await;
        let standing = read?;
        // Read anew after its change it says the same as the list, and stays.
        if self.0.ends.are_news(&standing.id, standing.last_moment()) {
            self.0.cache.invalidate(&hash).await;
        }
        Ok(standing)
    }

    fn touch(&self, standing: &Arc<Standing>, now: Timestamp) {
        let lifetimes = &self.0.parts.lifetimes;
        if !standing.touch(now, NOTED_AFTER.min(lifetimes.session_idle / 10)) {
            return;
        }
        if self.0.uses.put(standing.kind, &standing.id, now) {
            let issued = self.clone();
            // Nobody waits for it, and it may be lost: then the session seems idle a little sooner.
            tokio::spawn(async move { issued.0.uses.write(&issued.0.parts.db).await });
        }
    }
}
