//! The one place that holds the set in force. The gateway reads it for each request, `/readyz` reads its status. What must never
//! happen here: a set comes in that is not `Admitted`, or a refused one takes the place of a good one.

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
        };
        self.current.store(Some(snapshot));
    }

    /// Notes that a set was refused. What is in force stays in force.
    pub fn refuse(&self, refused: Refused) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        status.refused = Some(refused);
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
