//! A moment as people write it on the command line.

use std::str::FromStr;

use jiff::{Span, SpanRelativeTo};

use crate::clock::Timestamp;

/// A fixed moment, or a span before now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    At(Timestamp),
    AgoMicros(i64),
}

impl Moment {
    pub(super) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(moment) => moment,
            Self::AgoMicros(span) => Timestamp::from_micros(now.micros().saturating_sub(span)),
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(moment) = Timestamp::parse_rfc3339(text) {
            return Ok(Self::At(moment));
        }
        // A day alone begins at midnight, UTC.
        if let Ok(moment) = Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")) {
            return Ok(Self::At(moment));
        }
        let wrong = || {
            "write RFC 3339 such as `2026-11-23T12:00:00Z`, a day, or a span ago such as `90m`, `1h`, `7d`"
                .to_owned()
        };
        let micros = span_micros(text).filter(|micros| *micros >= 0);
        Ok(Self::AgoMicros(micros.ok_or_else(wrong)?))
    }
}

/// How long `90m`, `1h 30m` or `7d` is; a day has 24 hours. `grant` reads spans, too.
pub(in crate::cli) fn span_micros(text: &str) -> Option<i64> {
    let span: Span = text.parse().ok()?;
    let days = SpanRelativeTo::days_are_24_hours();
    i64::try_from(span.to_duration(days).ok()?.as_micros()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_write_them() {
        let now = Timestamp::parse_rfc3339("2026-11-23T12:00:00Z").unwrap();
        let read = |text: &str| {
            text.parse()
                .map(|moment: Moment| moment.before(now).rfc3339())
        };
        let expected = |text: &str| Ok(text.to_owned());
        assert_eq!(read("1h"), expected("2026-11-23T11:00:00.000000Z"));
        assert_eq!(read("7d"), expected("2026-11-16T12:00:00.000000Z"));
        assert_eq!(read("1h 30m"), expected("2026-11-23T10:30:00.000000Z"));
        assert_eq!(read("2026-11-20"), expected("2026-11-20T00:00:00.000000Z"));
        assert_eq!(
            read("2026-11-20T01:00:00+01:00"),
            expected("2026-11-20T00:00:00.000000Z")
        );
    }

    #[test]
    fn a_moment_that_nobody_meant_is_refused() {
        for text in ["", "yesterday", "1", "-1h", "1y", "2026-13-01"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }
}
