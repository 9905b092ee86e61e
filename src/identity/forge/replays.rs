//! Which tokens were used: each is good once. Used by the verifier beside it.
//! A token must never be forgotten while it could still be accepted: where there is no room, the next one is refused.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use crate::clock::Timestamp;
use crate::secret::sha256;

use super::error::ForgeError;

/// Half a hash: two tokens that share it would have to be found among Forge's own.
type Mark = [u8; 16];

/// The tokens used lately, in memory alone.
#[derive(Debug)]
pub(super) struct Replays {
    max: usize,
    spent: Mutex<Spent>,
}

#[derive(Debug, Default)]
struct Spent {
    marks: HashSet<Mark>,
    /// By the second in which they may be forgotten.
    ends: BTreeMap<i64, Vec<Mark>>,
}

impl Replays {
    /// Remembers at most `max` at once.
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            spent: Mutex::default(),
        }
    }

    /// Uses the token with this `jti`, which nobody accepts any more at `until`, in Unix seconds.
    pub(super) fn spend(&self, jti: &str, until: i64, now: Timestamp) -> Result<(), ForgeError> {
        let mut mark = Mark::default();
        mark.copy_from_slice(&sha256(jti.as_bytes())[..16]);
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.forget(now.seconds());
        if spent.marks.contains(&mark) {
            return Err(ForgeError::Replayed);
        }
        if spent.marks.len() >= self.max {
            return Err(ForgeError::Full);
        }
        spent.marks.insert(mark);
        spent.ends.entry(until).or_default().push(mark);
        Ok(())
    }
}

impl Spent {
    fn forget(&mut self, now_s: i64) {
        while let Some(first) = self.ends.first_entry() {
            if *first.key() > now_s {
                break;
            }
            for mark in first.remove() {
                self.marks.remove(&mark);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(spent: Result<(), ForgeError>) -> &'static str {
        spent.map_or_else(|error| error.code(), |()| "good")
    }

    #[test]
    fn a_token_is_good_once_until_nobody_takes_it_any_more() {
        let replays = Replays::new(10);
        let at = |jti, seconds| code(replays.spend(jti, 30, Timestamp::from_seconds(seconds)));
        assert_eq!(
            (at("a", 0), at("a", 0), at("b", 0)),
            ("good", "token_replayed", "good")
        );
        assert_eq!((at("a", 29), at("a", 30)), ("token_replayed", "good"));
    }

    #[test]
    fn a_full_memory_refuses_the_next_and_forgets_none() {
        let replays = Replays::new(2);
        let at = |jti, until, now| code(replays.spend(jti, until, Timestamp::from_seconds(now)));
        assert_eq!((at("a", 30, 0), at("b", 60, 0)), ("good", "good"));
        assert_eq!(
            (at("c", 60, 0), at("a", 30, 0)),
            ("replay_memory_full", "token_replayed")
        );
        assert_eq!(
            (at("c", 60, 30), at("d", 60, 30)),
            ("good", "replay_memory_full")
        );
        assert_eq!(at("b", 60, 59), "token_replayed");
    }
}
