//! When a refusal is told: at the same moment after the check began, whatever came of it. Used by this folder and by `gateway`.
//! Otherwise the time that Atlassian takes would tell that it was asked, and so that the site is registered here.

use std::time::Duration;

use crate::clock::{Clock, Stopwatch};
use crate::ledger::entry::Credential;

use super::error::NotGood;

/// So long after the check began.
#[derive(Clone, Debug)]
pub(super) struct Due {
    since: Stopwatch,
    after: Duration,
}

impl Due {
    pub(super) fn new(clock: &Clock, after: Duration) -> Self {
        let since = clock.stopwatch();
        Self { since, after }
    }

    fn left(&self) -> Duration {
        self.after.saturating_sub(self.since.elapsed())
    }
}

/// A refused credential.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the credential that Atlassian gave to a user is not good")]
pub struct Refusal {
    /// Why.
    #[source]
    pub cause: NotGood,
    /// Its public parts.
    pub credential: Credential,
    due: Due,
}

impl Refusal {
    pub(super) const fn new(cause: NotGood, credential: Credential, due: Due) -> Self {
        Self {
            cause,
            credential,
            due,
        }
    }

    /// How long it must still be kept back.
    #[must_use]
    pub fn kept_back(&self) -> Option<Duration> {
        self.cause.is_told_late().then(|| self.due.left())
    }
}
