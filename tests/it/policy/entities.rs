//! `entities.json` says teams, memberships and tags. Everything else in it is a forgery, and refuses the set.

use super::{PERMIT, faults};

fn of(entities: &str) -> String {
    faults(&[("a.cedar", PERMIT), ("entities.json", entities)])
}

#[test]
fn teams_memberships_and_tags_are_accepted() {
    assert_eq!(
        of(
            r#"[{ "uid": { "type": "Team", "id": "acme/a" }, "attrs": {}, "parents": [] },
               { "uid": { "type": "Account", "id": "acme/ann" }, "parents": [{ "type": "Team", "id": "acme/a" }], "tags": { "role": "x" } }]"#
        ),
        ""
    );
}

#[test]
fn each_forgery_is_refused() {
    let cases = [
        // Facts that only the registry may state.
        (
            r#"{"uid":{"type":"Site","id":"acme/globex.atlassian.net"}}"#,
            "`Site::\"acme/globex.atlassian.net\"`: only `Team` and `Account` can be described here; the rest comes from the registry",
        ),
        (
            r#"{"uid":{"type":"Tenant","id":"acme/x"}}"#,
            "`Tenant::\"acme/x\"`: only `Team` and `Account` can be described here; the rest comes from the registry",
        ),
        (
            r#"{"uid":{"type":"Issue","id":"acme/PAY-1"}}"#,
            "`Issue::\"acme/PAY-1\"`: only `Team` and `Account` can be described here; the rest comes from the registry",
        ),
        (
            r#"{"uid":{"type":"Account","id":"acme/ann"},"attrs":{"tenant":{"type":"Tenant","id":"globex"}}}"#,
            "`acme/ann` has attributes; attributes come from the registry, use tags",
        ),
        // A regrouped action: `getIssue` in `write`.
        (
            r#"{"uid":{"type":"Action","id":"getIssue/x"},"parents":[{"type":"Action","id":"write"}]}"#,
            "`getIssue/x` lies in a `Action`; it can be in a `Team` only",
        ),
        // Escapes that Cedar's own reader would follow.
        (
            r#"{"uid":{"__entity":{"type":"Team","id":"acme/a"}}}"#,
            "unknown field `__entity`, expected `type` or `id`",
        ),
        (
            r#"{"uid":{"type":"Account","id":"acme/ann"},"tags":{"t":{"__extn":{"fn":"ip","arg":"0.0.0.0/0"}}}}"#,
            "invalid type: map, expected a string",
        ),
        (
            r#"{"uid":"Team::\"acme/a\""}"#,
            "invalid type: string \"Team::\\\"acme/a\\\"\", expected struct Uid",
        ),
        (
            r#"{"uid":{"type":"Team","id":"acme/a"},"ancestors":[]}"#,
            "unknown field `ancestors`, expected one of `uid`, `attrs`, `parents`, `tags`",
        ),
        // Tenants mixed.
        (
            r#"{"uid":{"type":"Account","id":"acme/ann"},"parents":[{"type":"Team","id":"globex/a"}]}"#,
            "`acme/ann` lies in `globex/a`, a team of another tenant",
        ),
        (
            r#"{"uid":{"type":"Account","id":"ann"}}"#,
            "`Account::\"ann\"` does not name its tenant: write `{tenant}/{name}`",
        ),
        (
            r#"{"uid":{"type":"Team","id":"acme/"}}"#,
            "`Team::\"acme/\"` does not name its tenant: write `{tenant}/{name}`",
        ),
        (
            r#"{"uid":{"type":"Account","id":"acme/a\nb"}}"#,
            "`Account::\"acme/a\\nb\"` does not name its tenant: write `{tenant}/{name}`",
        ),
        (
            r#"{"uid":{"type":"Account","id":"acme/ann"},"parents":[{"type":"Account","id":"acme/bob"}]}"#,
            "`acme/ann` lies in a `Account`; it can be in a `Team` only",
        ),
        (
            r#"{"uid":{"type":"Team","id":"acme/a"},"tags":{"x":"y"}}"#,
            "the team `acme/a` has tags; only accounts can have tags",
        ),
    ];
    for (entry, message) in cases {
        assert_eq!(
            of(&format!("[\n{entry}]")),
            format!("entities.json:2: {message}")
        );
    }
}

#[test]
fn what_contradicts_itself_is_refused() {
    let team = |id: &str, parent: &str| {
        format!(
            r#"{{"uid":{{"type":"Team","id":"{id}"}},"parents":[{{"type":"Team","id":"{parent}"}}]}}"#
        )
    };
    assert_eq!(
        of(&format!("[{}]", team("acme/a", "acme/b"))),
        "entities.json: `acme/a` lies in the team `acme/b`, which is not described"
    );
    assert_eq!(
        of(&format!(
            "[{},{}]",
            team("acme/a", "acme/b"),
            team("acme/b", "acme/a")
        )),
        "entities.json: the team `acme/a` lies in itself\nentities.json: the team `acme/b` lies in itself"
    );
    let twice = r#"{"uid":{"type":"Team","id":"acme/a"}}"#;
    assert_eq!(
        of(&format!("[{twice},\n{twice}]")),
        "entities.json:2: `Team::\"acme/a\"` is described twice"
    );
}

#[test]
fn what_is_not_a_list_is_refused() {
    assert!(of("{}").starts_with("entities.json: invalid type: map"));
    assert!(of("[").starts_with("entities.json: EOF while parsing a list"));
    assert_ne!(of("[] []"), "");
    assert_ne!(of(&"[".repeat(100_000)), "");
}
