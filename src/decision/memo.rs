//! Addresses and moments as Cedar's expressions, kept for the next request. Cedar parses the name of the constructor each time one is
//! made: 3.7 µs each, as much as evaluating two policies. May be used by `slice` only. What must never happen here: a value that
//! depends on anything but its key.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;

use cedar_policy::RestrictedExpression;

use crate::clock::Timestamp;

/// How many addresses a thread remembers.
const ADDRESSES_MAX: usize = 1024;

thread_local! {
    static ADDRESSES: RefCell<HashMap<IpAddr, RestrictedExpression>> = RefCell::default();
    static MOMENT: RefCell<Option<(i64, RestrictedExpression)>> = const { RefCell::new(None) };
}

/// An address.
pub(super) fn address(ip: IpAddr) -> RestrictedExpression {
    ADDRESSES.with_borrow_mut(|known| {
        if let Some(expression) = known.get(&ip) {
            return expression.clone();
        }
        // To forget them all bounds what a flood of addresses can take, and needs no order.
        if known.len() >= ADDRESSES_MAX {
            known.clear();
        }
        let expression = RestrictedExpression::new_ip(ip.to_string());
        known.insert(ip, expression.clone());
        expression
    })
}

/// A moment in milliseconds, rounded down. Under load many requests share one.
pub(super) fn moment(micros: i64) -> RestrictedExpression {
    let millis = micros.div_euclid(1000);
    MOMENT.with_borrow_mut(|last| match last {
        Some((known, expression)) if *known == millis => expression.clone(),
        _ => {
            let expression = RestrictedExpression::new_datetime(text(micros));
            *last = Some((millis, expression.clone()));
            expression
        }
    })
}

/// Cedar's form of a moment: `2026-11-23T12:00:00.000Z`.
fn text(micros: i64) -> String {
    let mut text = Timestamp::from_micros(micros).rfc3339();
    if text.ends_with('Z') {
        text.truncate(text.len().saturating_sub("000Z".len()));
        text.push('Z');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(expression: RestrictedExpression) -> String {
        let context = cedar_policy::Context::from_pairs([("it".to_owned(), expression)]);
        context.unwrap().get("it").unwrap().to_string()
    }

    #[test]
    fn a_moment_is_remembered_by_its_millisecond_only() {
        let first = shown(moment(1_999));
        assert_eq!(shown(moment(1_000)), first);
        assert_ne!(shown(moment(2_000)), first);
        assert_eq!(shown(moment(1_001)), first);
    }

    #[test]
    fn a_moment_is_written_in_milliseconds_rounded_down() {
        assert_eq!(text(1_999), "1970-01-01T00:00:00.001Z");
        assert_eq!(text(-1), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn addresses_are_told_apart_and_forgotten_when_they_are_many() {
        let count = u32::try_from(2 * ADDRESSES_MAX).unwrap();
        for number in (0..count).chain(0..9) {
            let ip = IpAddr::from(number.to_be_bytes());
            let text = shown(address(ip));
            assert!(
                text.contains(&format!("\"{ip}\"")) || text.contains(&format!("\"{ip}/32\"")),
                "{text}"
            );
        }
        assert!(ADDRESSES.with_borrow(HashMap::len) <= ADDRESSES_MAX);
    }
}
