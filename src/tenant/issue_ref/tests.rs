//! The grammar of keys and ids, and what must not get through it.

use super::*;
use proptest::prelude::*;

#[test]
fn a_key_is_upper_cased_and_an_id_is_a_number() {
    let parse = |text: &str| text.parse::<IssueRef>().unwrap().to_string();
    assert_eq!(parse("acme-1"), "ACME-1");
    assert_eq!(parse("A_1-9"), "A_1-9");
    assert_eq!(parse("10001"), "10001");
    assert_eq!(parse("9999999999999999999"), "9999999999999999999");
    let key: IssueKey = "my_app-12".parse().unwrap();
    assert_eq!(key.project(), "MY_APP".parse().unwrap());
}

#[test]
fn what_could_mean_something_in_a_url_is_refused() {
    for text in [
        "",
        "0",
        "01",
        "-1",
        "+1",
        "1.0",
        "1e3",
        "99999999999999999999",
        "A-1",
        "1A-1",
        "_A-1",
        "ACME",
        "ACME-",
        "ACME-0",
        "ACME-01",
        "ACME--1",
        "ACME-1-2",
        "ACME-1 ",
        " ACME-1",
        "ACME-1\n",
        "ACME-1\0",
        "test%2D1",
        "te%73t-1",
        "TEST-1%00",
        "TEST-1/../SECRET-1",
        "TEST-1;x",
        "TEST-1%2Ftransitions",
        "TEST-1?x",
        "TEST-1#x",
        "..",
        ".",
        "/",
        "\\",
        "ACME\u{2011}1",
        "\u{ff21}CME-1",
        "AC\u{131}D-1",
        "ACM\u{212a}-1",
        "ACME-\u{661}",
        "ACME-99999999999999999999",
    ] {
        assert!(text.parse::<IssueRef>().is_err(), "{text:?}");
    }
}

#[test]
fn the_limits_of_a_key_are_exact() {
    assert!(
        format!("{}-{}", "A".repeat(255), "9".repeat(19))
            .parse::<IssueKey>()
            .is_ok()
    );
    assert!(
        format!("{}-1", "A".repeat(256))
            .parse::<IssueKey>()
            .is_err()
    );
    assert!("A".repeat(256).parse::<ProjectKey>().is_err());
    assert!("A".parse::<ProjectKey>().is_err());
}

proptest! {
    #[test]
    fn an_issue_reads_as_it_prints(text in "([A-Za-z][A-Za-z0-9_]{1,20}-)?[1-9][0-9]{0,18}") {
        let issue: IssueRef = text.parse().unwrap();
        prop_assert_eq!(issue.to_string(), text.to_ascii_uppercase());
        prop_assert_eq!(issue.to_string().parse(), Ok(issue));
    }

    #[test]
    fn nothing_else_is_accepted(text in "[A-Za-z0-9_%./ -]{0,12}") {
        if let Ok(issue) = text.parse::<IssueRef>() {
            prop_assert_eq!(issue.to_string(), text.to_ascii_uppercase());
            prop_assert!(!text.contains(['%', '.', '/', ' ']));
        }
    }
}
