//! One text, one reading: what is refused, and that nothing else is.

use super::*;
use proptest::prelude::*;
use serde_json::Value;

fn read(text: &str) -> Result<Value, StrictJsonError> {
    parse(text.as_bytes())
}

#[test]
fn a_member_twice_is_refused_at_every_level() {
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"{"x":{"a":1,"b":2,"a":3}}"#,
        r#"[[{"a":[{"b":0,"b":0}]}]]"#,
    ] {
        assert_eq!(read(text), Err(StrictJsonError::Duplicate), "{text}");
    }
    assert!(read(r#"{"a":{"a":1},"b":{"a":1},"A":[{"a":1},{"a":1}]}"#).is_ok());
}

#[test]
fn a_member_twice_is_refused_also_where_the_type_skips_it() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Small {
        a: u8,
    }
    let read = |text: &str| parse::<Small>(text.as_bytes()).map(|small| small.a);
    assert_eq!(read(r#"{"a":1,"x":{"y":[1e3,null,true,"z"]}}"#), Ok(1));
    assert_eq!(
        read(r#"{"a":1,"x":{"y":1,"y":2}}"#),
        Err(StrictJsonError::Duplicate)
    );
    assert!(matches!(
        read(r#"{"b":1}"#),
        Err(StrictJsonError::Shape { .. })
    ));
}

#[test]
fn depth_is_limited_exactly() {
    let nested =
        |open: &str, close: &str, depth| format!("{}0{}", open.repeat(depth), close.repeat(depth));
    assert!(read(&nested("[", "]", 64)).is_ok());
    assert_eq!(read(&nested("[", "]", 65)), Err(StrictJsonError::TooDeep));
    assert!(read(&nested(r#"{"a":"#, "}", 64)).is_ok());
    assert_eq!(
        read(&nested(r#"{"a":"#, "}", 65)),
        Err(StrictJsonError::TooDeep)
    );
    assert_eq!(read(&"[".repeat(100_000)), Err(StrictJsonError::TooDeep));
}

#[test]
fn what_is_not_exactly_one_json_text_is_refused() {
    for text in [
        "",
        "{",
        "{}x",
        "{}{}",
        "{}\0",
        "\u{feff}{}",
        "{'a':1}",
        "{\"a\":1,}",
        "[1,]",
        "01",
        "+1",
        "NaN",
        "1e999",
        r#""\ud800""#,
        "\"\n\"",
        "nul",
    ] {
        assert!(
            matches!(read(text), Err(StrictJsonError::Syntax { .. })),
            "{text:?}"
        );
    }
    assert_eq!(
        parse::<Value>(b"{\"a\":\"\xff\"}"),
        Err(StrictJsonError::Utf8)
    );
    assert_eq!(
        parse::<Value>(b"{\"\xc0\xaf\":1}"),
        Err(StrictJsonError::Utf8)
    );
    assert!(read(" {} \r\n").is_ok());
}

proptest! {
    #[test]
    fn whatever_is_accepted_is_what_the_plain_parser_reads(text in r#"[{}\[\],:"ab0 ]{0,24}"#) {
        if let Ok(value) = read(&text) {
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }
    }
}
