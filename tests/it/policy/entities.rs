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
fn only_jira_says_who_is_in_a_group() {
    let told = "who is in a group, Jira says (`policy.jira_groups`); use a `Team`";
    for (kind, id, parent, what) in [
        ("Group", GROUP, "", format!("`Group::\"{GROUP}\"`: {told}")),
        (
            "Account",
            "acme/ann",
            GROUP,
            format!("`acme/ann` lies in a `Group`; {told}"),
        ),
        (
            "Team",
            "acme/a",
            GROUP,
            format!("`acme/a` lies in a `Group`; {told}"),
        ),
    ] {
        let parent = match parent {
            "" => String::new(),
            id => format!(r#"{{"type":"Group","id":"{id}"}}"#),
        };
        let entry = format!(r#"[{{"uid":{{"type":"{kind}","id":"{id}"}},"parents":[{parent}]}}]"#);
        assert_eq!(of(&entry), format!("entities.json:1: {what}"));
    }
}

const GROUP: &str = "acme/276f955c-63d7-42c8-9520-92d01dca0625";

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

fn entity(kind: &str, id: &str, teams: &[String]) -> String {
    let team = |id: &String| format!(r#"{{"type":"Team","id":"acme/{id}"}}"#);
    let teams: Vec<_> = teams.iter().map(team).collect();
    format!(
        r#"{{"uid":{{"type":"{kind}","id":"acme/{id}"}},"parents":[{}]}}"#,
        teams.join(",")
    )
}

/// A team in each of the `broad` ones of the level above it, `deep` levels.
fn levels(deep: usize, broad: usize) -> Vec<String> {
    let level = |level: usize| (0..broad).map(move |n| format!("t{level}-{n}"));
    let all = (0..deep).flat_map(|at| {
        let above: Vec<_> = at.checked_sub(1).into_iter().flat_map(level).collect();
        level(at).map(move |id| entity("Team", &id, &above))
    });
    all.collect()
}

#[test]
fn teams_lie_in_each_other_so_deep_and_no_deeper() {
    assert_eq!(of(&format!("[{}]", levels(16, 1).join(","))), "");
    assert_eq!(
        of(&format!("[{}]", levels(17, 1).join(","))),
        "entities.json: above the team `acme/t16-0` teams lie in each other more than 16 deep"
    );
    // With these the memberships, written out, took all the memory there was.
    let (mut all, last) = (levels(4_000, 1), ["t3999-0".to_owned()]);
    all.extend((0..9_000).map(|n| entity("Account", &n.to_string(), &last)));
    assert!(of(&format!("[{}]", all.join(","))).contains("more than 16 deep"));
}

#[test]
fn an_account_is_in_so_many_teams_and_no_more() {
    let in_all = |broad: usize, named: usize| {
        let mut all = levels(16, broad);
        let teams: Vec<_> = (0..named).map(|n| format!("t15-{n}")).collect();
        all.push(entity("Account", "ann", &teams));
        of(&format!("[{}]", all.join(",")))
    };
    assert_eq!(in_all(16, 16), "");
    assert_eq!(
        in_all(18, 18),
        "entities.json: `acme/ann` is in more than 256 teams, with those that its teams lie in"
    );
    let mut all = levels(1, 65);
    let teams: Vec<_> = (0..65).map(|n| format!("t0-{n}")).collect();
    all.push(entity("Account", "ann", &teams));
    assert_eq!(
        of(&format!("[{}]", all.join(","))),
        "entities.json: `acme/ann` names more than 64 teams"
    );
}

#[test]
fn the_teams_of_all_accounts_have_a_limit_where_they_differ() {
    let mut all = levels(15, 16);
    let last: Vec<_> = (0..16).map(|n| format!("t14-{n}")).collect();
    all.extend((0..300).map(|n| entity("Account", &format!("same{n}"), &last)));
    assert_eq!(of(&format!("[{}]", all.join(","))), "");
    for n in 0..1_200 {
        all.push(entity("Team", &format!("own{n}"), &last));
        all.push(entity("Account", &format!("a{n}"), &[format!("own{n}")]));
    }
    assert!(
        of(&format!("[{}]", all.join(",")))
            .contains("the accounts are in more than 250000 teams, all counted")
    );
}
