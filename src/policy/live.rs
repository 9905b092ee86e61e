//! The one place that holds the set in force, and one that waits for its record. The gateway reads it for each request, `/readyz`
//! reads its status. What must never happen here: a set comes in that is not `Admitted`, a refused one takes the place of a good
//! one, or a good one is forgotten.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;

use super::admitted::Admitted;
use super::error::PolicyError;
use super::snapshot::Snapshot;
use crate::clock::{Clock, Timestamp};

/// The set in force, if there is one yet.
#[derive(Debug)]
pub struct Live {
    current: ArcSwapOption<Snapshot>,
    /// A set that may go live once its record is written. Locked after `status` where both are.
    held: Mutex<Option<Admitted>>,
    status: Mutex<Status>,
    clock: Clock,
}

/// What is in force, and what was refused since.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// The set in force.
    pub live: Option<Running>,
    /// The folder's present state, if it was refused.
    pub refused: Option<Refused>,
    /// The folder's present state, if it is in order and only its record is missing.
    pub pending: Option<Pending>,
    /// How many states of the folder were refused since the start.
    pub refusals: u64,
}

/// A set that may go live and has no record yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its digest.
    pub digest: String,
    /// Why it is not in force.
    pub why: String,
}

/// A set in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its digest.
    pub digest: String,
    /// When it went live.
    pub since: Timestamp,
}

/// A refused set.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Its digest; none if it could not be read.
    pub digest: Option<String>,
    /// Why.
    pub errors: Arc<PolicyError>,
}

impl Live {
    /// Holds nothing yet: every request is stopped.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            current: ArcSwapOption::empty(),
            held: Mutex::default(),
            status: Mutex::default(),
            clock,
        }
    }

    /// Puts a set in force for all requests that begin from now on.
    pub fn publish(&self, set: Admitted) {
        let snapshot = set.into_snapshot();
        // Held until both have changed, so that two calls at once leave status and set in agreement.
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        *status = Status {
            live: Some(Running {
                digest: snapshot.digest().to_owned(),
                since: self.clock.now(),
            }),
            refused: None,
            pending: None,
            refusals: status.refusals,
        };
        drop(self.take_held());
        self.current.store(Some(snapshot));
    }

    /// Notes that a set was refused. What is in force stays in force.
    pub fn refuse(&self, refused: Refused) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        *status = Status {
            live: status.live.take(),
            refused: Some(refused),
            pending: None,
            refusals: status.refusals + 1,
        };
        // It was made of a state that the folder is no longer in.
        drop(self.take_held());
    }

    /// Keeps a set that cannot be recorded now, and says why. What is in force stays in force.
    pub fn hold(&self, set: Admitted, why: String) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        *status = Status {
            live: status.live.take(),
            refused: None,
            pending: Some(Pending {
                digest: set.snapshot().digest().to_owned(),
                why,
            }),
            refusals: status.refusals,
        };
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(set);
    }

    /// Whether a set is kept for another try.
    #[must_use]
    pub fn is_holding(&self) -> bool {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.is_some()
    }

    /// The set that is kept, to try again: [`Live::publish`] it, or [`Live::hold`] it once more. It stays pending meanwhile.
    #[must_use]
    pub fn take_held(&self) -> Option<Admitted> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.take()
    }

    /// The set in force: take it once a request.
    #[must_use]
    pub fn current(&self) -> Option<Arc<Snapshot>> {
        self.current.load_full()
    }

    /// What is in force, and what was refused since.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
