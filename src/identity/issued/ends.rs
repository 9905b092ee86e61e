//! The ends of credentials that came lately, ahead of every cache and of requests under way. Used by this folder.
//! A reading of the database that began before an end and is kept after it would let a revoked credential live on: each use asks here
//! as well. An end stays listed longer than any reading can take; a later reading finds it in the database.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use crate::clock::Timestamp;

/// Longer than a query or a request can be under way.
const KEPT: Duration = Duration::from_mins(10);

/// Ends by the credential's id.
#[derive(Debug, Default)]
pub(super) struct Ends(RwLock<HashMap<String, End>>);

#[derive(Clone, Copy, Debug)]
struct End {
    at: Timestamp,
    listed_at: Timestamp,
}

impl Ends {
    /// Lists that a credential ends at `at`, which may be now or later.
    pub(super) fn list(&self, id: &str, at: Timestamp, now: Timestamp) {
        let mut ends = self.0.write().unwrap_or_else(PoisonError::into_inner);
        ends.retain(|_, end| now.since(end.listed_at) < KEPT);
        let end = End { at, listed_at: now };
        ends.entry(id.to_owned())
            .and_modify(|known| known.at = known.at.min(at))
            .or_insert(end);
    }

    /// Whether a credential has ended by now.
    pub(super) fn has_ended(&self, id: &str, now: Timestamp) -> bool {
        let ends = self.0.read().unwrap_or_else(PoisonError::into_inner);
        ends.get(id).is_some_and(|end| end.at <= now)
    }

    /// Whether a credential ends before `last_moment`, which a reading said: then it was read before that was written.
    pub(super) fn are_news(&self, id: &str, last_moment: Timestamp) -> bool {
        let ends = self.0.read().unwrap_or_else(PoisonError::into_inner);
        ends.get(id).is_some_and(|end| end.at < last_moment)
    }
}
