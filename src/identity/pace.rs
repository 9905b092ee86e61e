//! How fast client keys may be used, and credentials be tried: the generic cell rate algorithm, one number a key. Used by this folder.
//! The numbers must not stand in a cache, which may drop or refuse them: a key whose pace is forgotten is one without a rate.
//! On average no more than the rate passes; a client that starts makes a few requests at once, so a quarter of a minute's worth may come
//! together, and ten in any case. A refused request costs nothing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::clock::Timestamp;

const MINUTE_US: i64 = 60_000_000;
/// About a hundred bytes each. Beyond that a key that nobody used for a minute waits: it is never let through uncounted.
const PACES_MAX: usize = 1_000_000;
/// The list is tidied up when it is so long, and twice as long as after the last time.
const TIDIED_AT_MIN: usize = 1024;

/// The paces of all keys that have a rate and were used in the last minute or so.
#[derive(Debug, Default)]
pub(super) struct Paces(Mutex<Going>);

#[derive(Debug, Default)]
struct Going {
    /// By the key's id: when the next request would come if all kept the interval, in microseconds.
    next: HashMap<String, i64>,
    tidied_len: usize,
}

impl Paces {
    /// Counts a request of a key, or tells after how many seconds one may come.
    pub(super) fn take(&self, key: &str, per_minute: u32, now: Timestamp) -> Result<(), u64> {
        let (pace, now_us) = (Pace::new(per_minute), now.micros());
        let mut going = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(next) = going.next.get_mut(key) {
            *next = pace.step(*next, now_us)?;
            return Ok(());
        }
        going.make_room(now_us);
        if going.next.len() >= PACES_MAX {
            return Err(1);
        }
        let next = pace.step(now_us, now_us)?;
        going.next.insert(key.to_owned(), next);
        Ok(())
    }
}

impl Going {
    /// A pace that has come to rest is what a new one is, so nothing is forgotten with it.
    fn make_room(&mut self, now_us: i64) {
        if self.next.len() >= TIDIED_AT_MIN.max(self.tidied_len * 2) || self.next.len() >= PACES_MAX
        {
            self.next.retain(|_, next| *next > now_us);
            self.tidied_len = self.next.len();
        }
    }
}

/// What a rate means, in microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Between two requests.
    interval: i64,
    /// How far ahead of the interval requests may come.
    ahead: i64,
}

impl Pace {
    pub(super) fn new(per_minute: u32) -> Self {
        let rate = i64::from(per_minute.max(1));
        let interval = MINUTE_US / rate;
        Self {
            interval,
            ahead: interval * (at_once(rate) - 1),
        }
    }

    /// When the next one would come after a request now.
    pub(super) fn step(self, next: i64, now_us: i64) -> Result<i64, u64> {
        let due = next.max(now_us);
        if due - now_us <= self.ahead {
            return Ok(due + self.interval);
        }
        let wait_us = due - now_us - self.ahead;
        Err(u64::try_from(wait_us).unwrap_or(0).div_ceil(1_000_000))
    }
}

/// How many of a minute's requests may come together.
fn at_once(rate: i64) -> i64 {
    (rate / 4).max(rate.min(10))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_795_435_200);

    #[test]
    fn a_minute_lets_through_its_rate_and_what_may_come_at_once() {
        let paces = Paces::default();
        let passed = (0..600).filter(|tick| {
            let now = NOON.plus(Duration::from_millis(100 * tick));
            paces.take("key_1", 60, now).is_ok()
        });
        assert_eq!(passed.count(), 60 + 14);
    }

    #[test]
    fn whoever_is_too_fast_is_told_when_to_come_again() {
        let paces = Paces::default();
        let take = |after| paces.take("key_1", 1, NOON.plus(after));
        assert_eq!(take(Duration::ZERO), Ok(()));
        assert_eq!(take(Duration::from_secs(1)), Err(59));
        assert_eq!(take(Duration::from_mins(1)), Ok(()));
    }

    #[test]
    fn each_key_has_its_own_pace_however_many_others_are_used() {
        let paces = Paces::default();
        let take = |key: usize, now| paces.take(&format!("key_{key}"), 1, now);
        for key in 0..200_000 {
            assert_eq!(take(key, NOON), Ok(()));
        }
        for key in [0, 1, 100_000, 199_999] {
            assert_eq!(take(key, NOON), Err(60), "{key}");
        }
        // Those that rest are forgotten, and lose nothing by it.
        let later = NOON.plus(Duration::from_mins(2));
        for key in 0..201_000 {
            assert_eq!(take(200_000 + key, later), Ok(()));
        }
        let going = paces.0.lock().unwrap().next.len();
        assert!(going < 202_000, "{going}");
    }
}
