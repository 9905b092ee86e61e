//! How often something may be done: the generic cell rate algorithm, one number a thing. Used by this folder, for client keys and for
//! whoever has credentials checked.
//! On average no more than the rate passes; a client that starts makes a few requests at once, so a quarter of a minute's worth may come
//! together, and ten in any case. A refused request costs nothing.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::clock::Timestamp;

const MINUTE_US: i64 = 60_000_000;

/// A rate, in microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// Between two requests.
    interval: i64,
    /// How far ahead of the interval requests may come.
    ahead: i64,
}

/// When the next request would come if all kept the interval.
#[derive(Debug)]
pub(super) struct Next(AtomicI64);

impl Default for Next {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }
}

/// The pace of one thing.
#[derive(Debug)]
pub(super) struct Pace {
    rate: Rate,
    next: Next,
}

impl Pace {
    pub(super) fn new(per_minute: u32) -> Self {
        Self {
            rate: Rate::new(per_minute),
            next: Next::default(),
        }
    }

    /// Counts a request, or tells after how many seconds one may come.
    pub(super) fn take(&self, now: Timestamp) -> Result<(), u64> {
        self.rate.take(&self.next, now)
    }
}

impl Rate {
    pub(super) fn new(per_minute: u32) -> Self {
        let rate = i64::from(per_minute.max(1));
        let interval = MINUTE_US / rate;
        Self {
            interval,
            ahead: interval * (at_once(rate) - 1),
        }
    }

    /// Counts a request of the thing whose next one this is.
    pub(super) fn take(self, next: &Next, now: Timestamp) -> Result<(), u64> {
        let now_us = now.micros();
        let step = |next: i64| {
            let due = next.max(now_us);
            (due - now_us <= self.ahead).then(|| due + self.interval)
        };
        let taken = next
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
        taken.map(drop).map_err(|next| {
            let wait_us = next.saturating_sub(now_us).saturating_sub(self.ahead);
            u64::try_from(wait_us).unwrap_or(0).div_ceil(1_000_000)
        })
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
        let pace = Pace::new(60);
        let passed = (0..600).filter(|tick| {
            pace.take(NOON.plus(Duration::from_millis(100 * tick)))
                .is_ok()
        });
        assert_eq!(passed.count(), 60 + 14);
    }

    #[test]
    fn whoever_is_too_fast_is_told_when_to_come_again() {
        let pace = Pace::new(1);
        assert_eq!(pace.take(NOON), Ok(()));
        assert_eq!(pace.take(NOON.plus(Duration::from_secs(1))), Err(59));
        assert_eq!(pace.take(NOON.plus(Duration::from_mins(1))), Ok(()));
    }
}
