//! Keys that another company publishes and changes as it likes: read, kept, read again. Used by the verifiers of Forge's tokens and of
//! OpenID providers' tokens.
//! Anybody may send a token with a made-up key name, so a name must never cost more than its share of one fetch an interval; and a
//! server that is down must not end what was known, nor keep it for ever.

mod set;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Mutex;

use crate::clock::Timestamp;
use crate::outbound::{Jwks, Outbound};
use crate::secret::sha256;

use super::keys::PublicKey;

pub use set::{KEYS_MAX, KeySet, KeySetError};

/// How often a set is read, and how long it is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// At least so long from one fetch to the next, whatever the reason for it and however it ended.
    pub refetch_after: Duration,
    /// A set of this age is read again when it is next used: a key that was taken out of it ends.
    pub fresh_for: Duration,
    /// A set of this age is no longer used, whether or not there is a newer one.
    pub kept_for: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            refetch_after: Duration::from_secs(30),
            fresh_for: Duration::from_mins(10),
            kept_for: Duration::from_hours(24),
        }
    }
}

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// The set, read a short while ago, has no usable key of that name.
    #[error("the key set has no such key")]
    UnknownKey,
    /// Whether the set has the key cannot be said: there is none that may be used, or the last attempt to read it failed.
    #[error("the key set cannot be read now")]
    Unavailable,
}

/// A key that is in force, and the state of the set that it is from.
#[derive(Clone, Debug)]
pub struct Current {
    /// The key.
    pub key: Arc<PublicKey>,
    /// For [`PublishedKeys::is_current`].
    pub edition: u64,
}

/// The keys at one URL. Cheap to clone; clones share what was read.
#[derive(Clone, Debug)]
pub struct PublishedKeys(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    server: Jwks,
    pace: Pace,
    state: ArcSwap<State>,
    /// Held by whoever fetches: all others wait for what comes of it.
    turn: Arc<Mutex<()>>,
}

#[derive(Clone, Debug, Default)]
struct State {
    read: Option<Arc<Read>>,
    attempted_at: Option<Timestamp>,
    failed: bool,
}

#[derive(Debug)]
struct Read {
    keys: KeySet,
    /// Of the text that was read.
    digest: [u8; 32],
    /// Counts the texts that differed.
    edition: u64,
    at: Timestamp,
}

impl PublishedKeys {
    /// The keys at `server`, of which none has been read.
    #[must_use]
    pub fn new(server: Jwks, pace: Pace) -> Self {
        Self(Arc::new(Inner {
            server,
            pace,
            state: ArcSwap::default(),
            turn: Arc::default(),
        }))
    }

    /// The key of this name. Reads the set if it is not fresh or does not have the key, and it is time to.
    pub async fn key(
        &self,
        outbound: &Outbound,
        kid: &str,
        now: Timestamp,
    ) -> Result<Current, JwksError> {
        if let Some(current) = self.0.fresh(kid, now) {
            return Ok(current);
        }
        self.read_in_turn(outbound, now).await;
        self.known(kid, now)
    }

    /// The key of this name, as far as it is known without asking.
    pub fn known(&self, kid: &str, now: Timestamp) -> Result<Current, JwksError> {
        self.0.kept(kid, now)
    }

    /// Whether what this state of the set verified would verify still: it is the newest, and fresh. Asks nobody.
    #[must_use]
    pub fn is_current(&self, edition: u64, now: Timestamp) -> bool {
        let state = self.0.state.load();
        let read = state.read.as_ref();
        read.is_some_and(|read| read.edition == edition && self.0.is_fresh(read, now))
    }

    async fn read_in_turn(&self, outbound: &Outbound, now: Timestamp) {
        let turn = self.0.turn.clone().lock_owned().await;
        // Whoever had the turn before has read it, or tried to.
        if !self.0.is_due(now) {
            return;
        }
        let (inner, outbound) = (self.0.clone(), outbound.clone());
        // In a task of its own: who hangs up must not take the fetch along, or made-up names on broken connections would use up
        // every interval and keep a new key from being learnt.
        let reading = tokio::spawn(async move {
            inner.read(&outbound, now).await;
            drop(turn);
        });
        // It ends in an error only if it panicked, and that shows.
        let _ended = reading.await;
    }
}

impl Inner {
    fn is_due(&self, now: Timestamp) -> bool {
        let attempted = self.state.load().attempted_at;
        attempted.is_none_or(|at| apart(at, now) >= self.pace.refetch_after)
    }

    fn is_fresh(&self, read: &Read, now: Timestamp) -> bool {
        apart(read.at, now) < self.pace.fresh_for
    }

    fn fresh(&self, kid: &str, now: Timestamp) -> Option<Current> {
        let state = self.state.load();
        let read = state.read.as_ref()?;
        self.is_fresh(read, now).then(|| read.current(kid))?
    }

    fn kept(&self, kid: &str, now: Timestamp) -> Result<Current, JwksError> {
        let state = self.state.load();
        let kept = |read: &&Arc<Read>| apart(read.at, now) < self.pace.kept_for;
        let read = state.read.as_ref().filter(kept);
        let missing = if state.failed {
            JwksError::Unavailable
        } else {
            JwksError::UnknownKey
        };
        read.ok_or(JwksError::Unavailable)?
            .current(kid)
            .ok_or(missing)
    }

    async fn read(&self, outbound: &Outbound, now: Timestamp) {
        let before = self.state.load_full();
        // Before the attempt: however it ends, it was one.
        self.state.store(Arc::new(State {
            attempted_at: Some(now),
            ..(*before).clone()
        }));
        let read = match self.fetch(outbound, before.read.as_deref(), now).await {
            Ok(read) => Some(Arc::new(read)),
            Err(why) => {
                let url = self.server.url();
                tracing::warn!(url, why, "a key set cannot be read; what was known is kept");
                None
            }
        };
        self.state.store(Arc::new(State {
            attempted_at: Some(now),
            failed: read.is_none(),
            read: read.or_else(|| before.read.clone()),
        }));
    }

    async fn fetch(
        &self,
        outbound: &Outbound,
        before: Option<&Read>,
        now: Timestamp,
    ) -> Result<Read, String> {
        let received = outbound.fetch_jwks(&self.server).await;
        let received = received.map_err(|error| error.to_string())?;
        if received.status != 200 {
            return Err(format!("the server answers {}", received.status));
        }
        let keys = KeySet::parse(&received.body).map_err(|error| error.to_string())?;
        let digest = sha256(&received.body);
        let edition = match before {
            Some(before) if before.digest == digest => before.edition,
            Some(before) => before.edition + 1,
            None => 1,
        };
        Ok(Read {
            keys,
            digest,
            edition,
            at: now,
        })
    }
}

impl Read {
    fn current(&self, kid: &str) -> Option<Current> {
        let key = self.keys.key(kid)?.clone();
        let edition = self.edition;
        Some(Current { key, edition })
    }
}

/// Either way: after a clock was set back, what was read in its future is neither fresh for ever nor in the way of the next fetch.
fn apart(one: Timestamp, other: Timestamp) -> Duration {
    one.since(other).max(other.since(one))
}
