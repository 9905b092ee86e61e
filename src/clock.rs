//! Time and chance, as arguments. Everything that needs the hour or a random byte is handed a `Clock` or a `Chance`,
//! so that a test decides both. May be used by every module; nothing else in the crate may ask the system for either.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::{digest, rand};

/// A moment, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `micros` microseconds after the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The moment `seconds` seconds after the epoch.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down: the unit of `iat` and `exp`.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The moment `span` later, at the end of time at the latest.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// The moment `span` earlier, at the beginning of time at the earliest.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(micros))
    }

    /// How long after `earlier` this is; nothing if it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 in UTC with six digits of a second: `2026-11-23T12:00:00.000000Z`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(moment) => format!("{moment:.6}"),
            // Outside of the years -9999 to 9999, which no clock of ours shows.
            Err(_) => format!("{}us", self.0),
        }
    }

    /// Reads RFC 3339 (`2026-11-23T12:00:00Z`, any offset).
    ///
    /// # Errors
    /// What is wrong with the text, in one line.
    pub fn parse_rfc3339(text: &str) -> Result<Self, String> {
        let moment: jiff::Timestamp = text
            .parse()
            .map_err(|error: jiff::Error| error.to_string())?;
        Ok(Self(moment.as_microsecond()))
    }
}

/// The time of day and a monotonic stopwatch. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Test(Arc<Hand>),
}

#[derive(Debug)]
struct Hand {
    micros: AtomicI64,
    /// How long was paused in all; a paused test would stand still as its clock does.
    paused_us: AtomicU64,
}

impl Hand {
    fn now(&self) -> i64 {
        self.micros.load(Ordering::Relaxed)
    }
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// Now.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the system for the time"
    )]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => {
                let since = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
            Source::Test(hand) => Timestamp(hand.now()),
        }
    }

    /// Starts a stopwatch that no change of the system's time can disturb.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the system for the time"
    )]
    pub fn stopwatch(&self) -> Stopwatch {
        match &self.0 {
            Source::System => Stopwatch(Started::System(Instant::now())),
            Source::Test(hand) => Stopwatch(Started::Test(hand.clone(), hand.now())),
        }
    }

    /// Lets `span` pass. A test's clock notes it, and nobody waits.
    pub async fn pause(&self, span: Duration) {
        match &self.0 {
            Source::System => tokio::time::sleep(span).await,
            Source::Test(hand) => {
                let span_us = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
                hand.paused_us.fetch_add(span_us, Ordering::Relaxed);
            }
        }
    }
}

/// Measures a span. Made by [`Clock::stopwatch`].
#[derive(Clone, Debug)]
pub struct Stopwatch(Started);

#[derive(Clone, Debug)]
enum Started {
    System(Instant),
    Test(Arc<Hand>, i64),
}

impl Stopwatch {
    /// The span since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Started::System(start) => start.elapsed(),
            Started::Test(hand, start) => {
                let span = hand.now().saturating_sub(*start);
                Duration::from_micros(u64::try_from(span).unwrap_or(0))
            }
        }
    }

    /// The span since the start in whole microseconds.
    #[must_use]
    pub fn elapsed_us(&self) -> u64 {
        u64::try_from(self.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// A clock that a test turns by hand; its [`Clock`]s show what it says.
#[derive(Clone, Debug)]
pub struct TestClock(Arc<Hand>);

impl TestClock {
    /// Stands still at `start`.
    #[must_use]
    pub fn at(start: Timestamp) -> Self {
        Self(Arc::new(Hand {
            micros: AtomicI64::new(start.micros()),
            paused_us: AtomicU64::new(0),
        }))
    }

    /// The clock to hand out.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock(Source::Test(self.0.clone()))
    }

    /// Lets `span` pass.
    pub fn advance(&self, span: Duration) {
        self.0.micros.fetch_add(
            i64::try_from(span.as_micros()).unwrap_or(i64::MAX),
            Ordering::Relaxed,
        );
    }

    /// How long its clocks were told to pause in all.
    #[must_use]
    pub fn paused(&self) -> Duration {
        Duration::from_micros(self.0.paused_us.load(Ordering::Relaxed))
    }
}

/// Random bytes. Cheap to clone.
#[derive(Clone)]
pub struct Chance(Dice);

#[derive(Clone)]
enum Dice {
    System(rand::SystemRandom),
    Seeded(Arc<Seeded>),
}

struct Seeded {
    seed: Mutex<[u8; 32]>,
    drawn: AtomicU64,
}

impl Chance {
    /// The operating system's generator, seeded and reseeded by AWS-LC.
    #[must_use]
    pub fn system() -> Self {
        Self(Dice::System(rand::SystemRandom::new()))
    }

    /// The same bytes in the same order for the same seed: for tests, never for secrets.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        let mut first = [0; 32];
        first[..8].copy_from_slice(&seed.to_le_bytes());
        Self(Dice::Seeded(Arc::new(Seeded {
            seed: Mutex::new(first),
            drawn: AtomicU64::new(0),
        })))
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A UUID of version 7 (RFC 9562) for the moment `now`: unique, and sorts by time.
    #[must_use]
    pub fn uuid(&self, now: Timestamp) -> uuid::Uuid {
        let millis = u64::try_from(now.micros().div_euclid(1000)).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }

    /// Random bytes all over `bytes`.
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            // INVARIANT: AWS-LC aborts rather than hand out weak bytes; it reports an error for absurd lengths only.
            Dice::System(system) => {
                rand::SecureRandom::fill(system, bytes).expect("the system has random bytes");
            }
            Dice::Seeded(seeded) => seeded.fill(bytes),
        }
    }
}

impl std::fmt::Debug for Chance {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Chance")
    }
}

impl Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.seed.lock().expect("no holder of this lock can panic");
        for chunk in bytes.chunks_mut(32) {
            let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
            let mut input = state.to_vec();
            input.extend_from_slice(&drawn.to_le_bytes());
            let block = digest::digest(&digest::SHA256, &input);
            state.copy_from_slice(block.as_ref());
            chunk.copy_from_slice(&block.as_ref()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_reads_what_it_writes() {
        let moment = Timestamp::from_micros(1_795_000_000_123_456);
        assert_eq!(moment.rfc3339(), "2026-11-18T11:06:40.123456Z");
        assert_eq!(Timestamp::parse_rfc3339(&moment.rfc3339()), Ok(moment));
    }

    #[test]
    fn a_seed_decides_every_byte() {
        let (one, two, other) = (Chance::seeded(1), Chance::seeded(1), Chance::seeded(2));
        assert_eq!(one.bytes::<70>(), two.bytes::<70>());
        assert_ne!(one.bytes::<16>(), other.bytes::<16>());
        assert_ne!(one.bytes::<16>(), one.bytes::<16>());
    }

    #[test]
    fn a_test_clock_moves_its_clocks_and_stopwatches() {
        let hand = TestClock::at(Timestamp::from_seconds(10));
        let clock = hand.clock();
        let watch = clock.stopwatch();
        hand.advance(Duration::from_millis(1500));
        assert_eq!((clock.now().seconds(), watch.elapsed_us()), (11, 1_500_000));
    }
}
