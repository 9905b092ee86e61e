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
            .and_modify(|known| {
                // From now on: a request may have begun since the first of them, and what it read is older than this end.
                *known = End {
                    at: known.at.min(at),
                    listed_at: now,
                };
            })
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_795_435_200);

    fn after(span: Duration) -> Timestamp {
        NOON.plus(span)
    }

    #[test]
    fn an_end_counts_from_its_moment_on_and_for_its_credential_alone() {
        let (ends, hour) = (Ends::default(), Duration::from_hours(1));
        ends.list("key_1", after(hour), NOON);
        assert!(!ends.has_ended("key_1", NOON));
        assert!(ends.has_ended("key_1", after(hour)));
        assert!(!ends.has_ended("key_2", after(hour)));
    }

    #[test]
    fn of_two_ends_the_earlier_one_counts_whichever_is_listed_first() {
        for order in [[60, 1], [1, 60]] {
            let ends = Ends::default();
            for seconds in order {
                ends.list("key_1", after(Duration::from_secs(seconds)), NOON);
            }
            assert!(ends.has_ended("key_1", after(Duration::from_secs(1))));
        }
    }

    #[test]
    fn a_reading_that_says_a_later_end_is_old_and_one_that_says_the_same_is_not() {
        let (ends, hour) = (Ends::default(), Duration::from_hours(1));
        ends.list("key_1", after(hour), NOON);
        assert!(ends.are_news("key_1", after(hour * 2)));
        assert!(!ends.are_news("key_1", after(hour)));
        assert!(!ends.are_news("key_1", after(Duration::from_mins(1))));
        assert!(!ends.are_news("key_2", after(hour * 2)));
    }

    #[test]
    fn an_end_that_comes_after_another_stays_listed_as_long_as_any() {
        let ends = Ends::default();
        let almost = KEPT.checked_sub(Duration::from_micros(1)).unwrap();
        ends.list("key_1", after(Duration::from_hours(24)), NOON);
        ends.list("key_1", after(almost), after(almost));
        ends.list("key_2", after(KEPT), after(KEPT));
        assert!(
            ends.has_ended("key_1", after(KEPT)),
            "rotated, then revoked"
        );
    }

    #[test]
    fn the_list_forgets_what_every_reading_knows() {
        let ends = Ends::default();
        ends.list("key_1", NOON, NOON);
        let almost = KEPT.checked_sub(Duration::from_micros(1)).unwrap();
        ends.list("key_2", NOON, after(almost));
        assert!(ends.has_ended("key_1", after(almost)));
        ends.list("key_2", NOON, after(KEPT));
        assert!(!ends.has_ended("key_1", after(KEPT)));
        assert!(ends.has_ended("key_2", after(KEPT)));
    }
}
