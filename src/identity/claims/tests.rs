//! Each claim, with every type that it is not.

use super::*;

const LEAST: &str = r#"{"iss":"acme","iat":1,"exp":2}"#;

/// `LEAST` with one member more, or another one.
fn with(name: &str, value: &str) -> Result<Claims, TokenError> {
    let mut members = vec![("iss", "\"acme\""), ("iat", "1"), ("exp", "2")];
    members.retain(|member| member.0 != name);
    members.push((name, value));
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    Claims::parse(format!("{{{}}}", members.join(",")).as_bytes())
}

#[test]
fn the_least_token_has_issuer_and_times() {
    let claims = Claims::parse(LEAST.as_bytes()).unwrap();
    assert_eq!(
        (claims.iss.as_str(), claims.iat, claims.exp),
        ("acme", 1, 2)
    );
    assert_eq!(
        (claims.sub, claims.qsh, claims.nbf, claims.jti),
        (None, None, None, None)
    );
    for least in [
        r#"{"iat":1,"exp":2}"#,
        r#"{"iss":"a","exp":2}"#,
        r#"{"iss":"a","iat":1}"#,
        "[]",
        "foo",
        "null",
        "",
    ] {
        assert!(
            matches!(Claims::parse(least.as_bytes()), Err(TokenError::Claims(_))),
            "{least}"
        );
    }
}

#[test]
fn times_are_whole_numbers_in_range() {
    for name in ["iat", "exp", "nbf"] {
        for value in [
            "null",
            "\"2\"",
            "2.0",
            "2.5",
            "2e0",
            "-1",
            "-0",
            "true",
            "[2]",
            "{}",
            "9223372036854775808",
            "18446744073709551616",
            "1e400",
        ] {
            assert!(
                matches!(with(name, value), Err(TokenError::Claims(_))),
                "{name}: {value}"
            );
        }
        assert!(with(name, "9223372036854775807").is_ok(), "{name}");
    }
}

#[test]
fn an_issuer_is_one_text_and_not_empty() {
    for value in ["[\"acme\"]", "null", "1", "{\"a\":1}"] {
        assert!(
            matches!(with("iss", value), Err(TokenError::Claims(_))),
            "{value}"
        );
    }
    assert_eq!(with("iss", "\"\""), Err(TokenError::Issuer));
}

#[test]
fn a_subject_is_a_text_or_nobody() {
    assert_eq!(with("sub", "\"\""), Err(TokenError::Subject));
    assert_eq!(with("sub", "null").unwrap().sub, None);
    assert_eq!(with("sub", "\"a\"").unwrap().sub.as_deref(), Some("a"));
    assert!(with("sub", "1").is_err() && with("sub", "[\"a\"]").is_err());
}

#[test]
fn the_context_never_names_the_subject() {
    let context = r#"{"user":{"accountId":"mallory"},"jira":{"issue":{"id":"1"}}}"#;
    assert_eq!(with("context", context).unwrap().sub, None);
}

#[test]
fn an_audience_is_one_text_or_a_list() {
    assert_eq!(with("aud", "\"a\"").unwrap().aud, ["a"]);
    assert_eq!(with("aud", "[\"a\",\"b\"]").unwrap().aud, ["a", "b"]);
    assert!(
        with("aud", "null").is_err() && with("aud", "[1]").is_err() && with("aud", "{}").is_err()
    );
}

#[test]
fn null_is_not_absent() {
    assert!(with("qsh", "null").is_err() && with("jti", "null").is_err());
}

#[test]
fn a_claim_twice_is_refused() {
    let text = r#"{"iss":"acme","iat":1,"exp":2,"iss":"globex"}"#;
    assert_eq!(
        Claims::parse(text.as_bytes()),
        Err(TokenError::Claims(strict_json::StrictJsonError::Duplicate))
    );
}
