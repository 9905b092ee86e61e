//! The canonical form, example by example, and what holds for every request.

use super::*;
use proptest::prelude::*;

fn get(target: &str) -> String {
    canonical("GET", target, "").unwrap()
}

#[test]
fn the_examples_of_the_protocol() {
    for (method, target, base, expected) in [
        ("GET", "/", "", "GET&/&"),
        ("POST", "/connect/installed", "/connect", "POST&/installed&"),
        ("post", "/connect/installed", "/connect", "POST&/installed&"),
        (
            "GET",
            "/path/to/service?zee_last=param&repeated=parameter%201&first=param&repeated=parameter%202",
            "",
            "GET&/path/to/service&first=param&repeated=parameter%201,parameter%202&zee_last=param",
        ),
        (
            "GET",
            "/rest/api/2/project&a=b?x=y",
            "",
            "GET&/rest/api/2/project%26a=b&x=y",
        ),
        (
            "GET",
            "/panel?q=1%2B1&b=&a=*~&jwt=x",
            "",
            "GET&/panel&a=%2A~&b=&q=1%2B1",
        ),
        ("GET", "/panel?%C3%BC=1&z=2", "", "GET&/panel&%C3%BC=1&z=2"),
    ] {
        assert_eq!(
            canonical(method, target, base).as_deref(),
            Ok(expected),
            "{target}"
        );
    }
}

#[test]
fn a_hash_is_lower_case_hexadecimal_of_the_canonical_text() {
    let expected = hex(&sha256(b"GET&/&"));
    assert_eq!(qsh("GET", "/", ""), Ok(expected.clone()));
    assert!(matches(&expected, "GET", "/", ""));
    assert!(!matches(&expected.to_uppercase(), "GET", "/", ""));
    assert!(!matches(&expected, "POST", "/", "") && !matches(&expected, "GET", "/x", ""));
    assert!(!matches(CONTEXT_QSH, "GET", "/", "") && !matches("", "GET", "/", ""));
    assert!(
        !matches("", "GET", "/?a=%", ""),
        "what has no hash matches nothing"
    );
}

#[test]
fn the_path_is_hashed_as_it_was_sent() {
    for (target, path) in [
        ("", "/"),
        ("?a", "/"),
        ("/a/", "/a"),
        ("/a//", "/a/"),
        ("//", "/"),
        ("//a", "//a"),
        ("/a/../b/./c", "/a/../b/./c"),
        ("/a%2fb%2Fc;v=1", "/a%2fb%2Fc;v=1"),
        ("/a%26&b", "/a%26%26b"),
        ("/a#/b?c", "/a"),
        ("https://host:1/a", "/a"),
        ("HTTP://u@host", "/"),
        ("https://host?a", "/"),
    ] {
        assert_eq!(get(target).split('&').nth(1), Some(path), "{target}");
    }
    assert_eq!(get("https://host/a?b=c#d"), "GET&/a&b=c");
    assert_eq!(canonical("GET", "a/b", ""), Err(QshError::Target));
    assert_eq!(canonical("OPTIONS", "*", ""), Err(QshError::Target));
}

#[test]
fn the_base_path_is_cut_once_and_between_segments() {
    let path = |target, base| {
        canonical("GET", target, base).map(|text| text["GET&".len()..text.len() - 1].to_owned())
    };
    assert_eq!(path("/connect", "/connect").as_deref(), Ok("/"));
    assert_eq!(path("/connect/", "/connect/").as_deref(), Ok("/"));
    assert_eq!(
        path("/connect/connect/x", "/connect").as_deref(),
        Ok("/connect/x")
    );
    assert_eq!(path("/x", "/").as_deref(), Ok("/x"));
    for target in [
        "/connected/x",
        "/connecte",
        "/other",
        "/",
        "/Connect/x",
        "/%63onnect/x",
        "//connect/x",
        "",
    ] {
        assert_eq!(
            path(target, "/connect"),
            Err(QshError::OutsideBase),
            "{target}"
        );
    }
}

#[test]
fn names_sort_encoded_and_values_decoded() {
    // Decoded, `0` comes before `:`; encoded, `%` comes before `0`.
    assert_eq!(get("/?a0=1&a:b=2"), "GET&/&a%3Ab=2&a0=1");
    assert_eq!(get("/?v=%3A&v=0"), "GET&/&v=0,%3A");
    // The comma between values is bare, the one within a value is not.
    assert_eq!(get("/?v=b,c&v=a"), "GET&/&v=a,b%2Cc");
    assert_eq!(get("/?a=2&b=0&a=10&a="), "GET&/&a=,10,2&b=0");
    assert_eq!(get("/?A=1&a=1&%61=0"), "GET&/&A=1&a=0,1");
    // Code points, not UTF-16: U+FF41 comes before U+1F600, whose first surrogate is D83D.
    assert_eq!(
        get("/?v=%F0%9F%98%80&v=%EF%BD%81"),
        "GET&/&v=%EF%BD%81,%F0%9F%98%80"
    );
}

#[test]
fn every_name_but_jwt_is_ordinary() {
    assert_eq!(
        get("/?a[]=1&__proto__=2&constructor=3&JWT=4"),
        "GET&/&JWT=4&__proto__=2&a%5B%5D=1&constructor=3"
    );
    assert_eq!(get("/?jwt=a.b.c&jw%74=x&jwt"), "GET&/&");
    assert_eq!(get("/?&&a&=b&c==d&e=f=g&"), "GET&/&=b&a=&c=%3Dd&e=f%3Dg");
    assert_eq!(
        get("/?a=x+y%20z%2B!'()*&b=-._~"),
        "GET&/&a=x%20y%20z%2B%21%27%28%29%2A&b=-._~"
    );
    assert_eq!(get("/?q=?/:@\u{fc}"), "GET&/&q=%3F%2F%3A%40%C3%BC");
}

#[test]
fn what_does_not_decode_has_no_hash() {
    for query in ["a=%", "a=%4", "a=%zz", "a=%+1", "%=a", "a=%4%31", "jwt%=1"] {
        assert_eq!(
            canonical("GET", &format!("/?{query}"), ""),
            Err(QshError::Percent),
            "{query}"
        );
    }
    for query in ["a=%FF", "a=%C0%AF", "%ED%A0%80=1", "a=%C3"] {
        assert_eq!(
            canonical("GET", &format!("/?{query}"), ""),
            Err(QshError::Utf8),
            "{query}"
        );
    }
    assert_eq!(canonical("GET&/a", "/", ""), Err(QshError::Method));
    assert_eq!(canonical("", "/", ""), Err(QshError::Method));
    assert_eq!(
        canonical("GET", &"/".repeat(TARGET_BYTES_MAX + 1), ""),
        Err(QshError::TooLong(TARGET_BYTES_MAX + 1))
    );
}

/// Names and values from a few troublesome pieces, percent-encoded in full.
fn parameters() -> impl Strategy<Value = Vec<String>> {
    let piece = "[aA0:~_%&=+, \u{fc}]{0,3}";
    prop::collection::vec((piece, piece), 0..8).prop_map(|pairs| {
        let pair = |(name, value): &(String, String)| format!("{}={}", encode(name), encode(value));
        pairs.iter().map(pair).collect()
    })
}

proptest! {
    #[test]
    fn the_order_of_parameters_never_matters((sorted, shuffled) in parameters().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))) {
        let target = |all: &[String]| format!("/x?{}", all.join("&"));
        prop_assert_eq!(get(&target(&sorted)), get(&target(&shuffled)));
    }

    #[test]
    fn the_spelling_of_a_parameter_never_matters(text in "[a-zA-Z0-9*+ ,~\u{fc}]{1,6}") {
        let spelled = text.bytes().fold(String::new(), |spelled, byte| format!("{spelled}%{byte:02x}"));
        prop_assume!(text != "jwt");
        prop_assert_eq!(get(&format!("/?{spelled}={spelled}")), get(&format!("/?{0}={0}", encode(&text))));
    }

    #[test]
    fn another_parameter_is_another_hash(all in parameters(), name in "[b-z]{1,3}") {
        prop_assume!(name != "jwt");
        let target = format!("/x?{}", all.join("&"));
        prop_assert_ne!(get(&target), get(&format!("{target}&{name}=")));
    }

    #[test]
    fn what_is_decoded_is_what_was_encoded(text in "\\PC{0,12}") {
        prop_assert_eq!(decode(&encode(&text)), Ok(text));
    }

    #[test]
    fn no_target_makes_it_panic(method in "[A-Z&]{0,3}", target in "[/a%2F?&=+#:\u{fc}]{0,24}", base in "(/[a/]{0,3})?") {
        if let Ok(text) = canonical(&method, &target, &base) {
            prop_assert!(text.split('&').nth(1).is_some_and(|path| path.starts_with('/')));
        }
    }
}
