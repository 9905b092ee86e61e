//! The boundaries, exactly.

use super::*;

const WINDOW: Window = Window {
    leeway_s: 30,
    lifetime_s_max: 3600,
};

fn check(iat: i64, exp: i64, nbf: Option<i64>, now: Timestamp) -> Result<(), TokenError> {
    let claims = Claims {
        iss: "acme".to_owned(),
        sub: None,
        iat,
        exp,
        nbf,
        qsh: None,
        aud: Vec::new(),
        jti: None,
    };
    WINDOW.check(&claims, now)
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

#[test]
fn a_token_ends_at_its_end_plus_leeway() {
    assert_eq!(check(1000, 1900, None, at(1929)), Ok(()));
    assert_eq!(
        check(1000, 1900, None, Timestamp::from_micros(1_929_999_999)),
        Ok(())
    );
    assert_eq!(check(1000, 1900, None, at(1930)), Err(TokenError::Expired));
}

#[test]
fn a_token_begins_at_its_issue_minus_leeway() {
    assert_eq!(check(1000, 1900, None, at(970)), Ok(()));
    assert_eq!(
        check(1000, 1900, None, Timestamp::from_micros(969_999_999)),
        Err(TokenError::FromFuture)
    );
}

#[test]
fn a_lifetime_has_a_limit() {
    assert_eq!(check(1000, 4600, None, at(1000)), Ok(()));
    assert_eq!(
        check(1000, 4601, None, at(1000)),
        Err(TokenError::LongLived)
    );
    assert_eq!(
        check(0, i64::MAX, None, at(1000)),
        Err(TokenError::LongLived)
    );
    assert_eq!(
        check(1000, 9_999_999_999, None, at(1000)),
        Err(TokenError::LongLived)
    );
}

#[test]
fn what_ends_before_it_begins_is_refused_at_every_time() {
    for now in [0, 999, 1000, 1001, i64::MAX] {
        assert_eq!(check(1000, 1000, None, at(now)), Err(TokenError::Reversed));
        assert_eq!(check(1000, 999, None, at(now)), Err(TokenError::Reversed));
        assert_eq!(
            check(1000, 1900, Some(1900), at(now)),
            Err(TokenError::NeverValid)
        );
    }
}

#[test]
fn not_before_is_honoured() {
    assert_eq!(
        check(1000, 1900, Some(1500), at(1469)),
        Err(TokenError::NotYet)
    );
    assert_eq!(check(1000, 1900, Some(1500), at(1470)), Ok(()));
    assert_eq!(check(1000, 1900, Some(900), at(1000)), Ok(()));
}

#[test]
fn the_ends_of_time_do_not_wrap() {
    assert_eq!(
        check(i64::MAX - 1, i64::MAX, None, at(0)),
        Err(TokenError::FromFuture)
    );
    assert_eq!(
        check(
            i64::MAX - 1,
            i64::MAX,
            Some(i64::MAX - 1),
            Timestamp::from_micros(i64::MAX)
        ),
        Err(TokenError::FromFuture)
    );
    assert_eq!(
        check(0, 1, None, Timestamp::from_micros(i64::MIN)),
        Err(TokenError::FromFuture)
    );
    assert_eq!(
        check(0, 1, None, Timestamp::from_micros(i64::MAX)),
        Err(TokenError::Expired)
    );
}
