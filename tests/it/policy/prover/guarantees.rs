//! Guarantees of a team's own: each kind kept and broken, and what cannot be one.

use super::{broken, shown, with};
use crate::decision::questions::SEPARATION;
use crate::policy::faults;

fn guarantee(text: &str) -> [(&'static str, String); 1] {
    [("guarantees/own.cedar", text.to_owned())]
}

/// What a guarantee says of the shipped set with another file.
fn says(text: &str, more: &str) -> String {
    let [(path, text)] = guarantee(text);
    broken(&with(&[(path, &text), ("30.cedar", more)]))
}

/// What is wrong with a guarantee itself.
fn wrong(text: &str) -> String {
    faults(&[("00.cedar", SEPARATION), ("guarantees/own.cedar", text)])
}

const NOBODY_DELETES: &str = r#"@guarantee("never") @title("Nobody deletes.")
    permit (principal, action == Action::"deleteIssue", resource);"#;
const ADMINS_DELETE: &str = r#"@id("admins") permit (principal in Team::"acme/admins", action == Action::"deleteIssue", resource)
    when { principal.tenant == resource.tenant && context.actAs == principal };"#;
const TEAM: (&str, &str) = (
    "entities.json",
    r#"[{ "uid": { "type": "Team", "id": "acme/admins" } }]"#,
);

fn with_team(text: &str, more: &str) -> String {
    broken(&with(&[
        ("guarantees/own.cedar", text),
        ("30.cedar", more),
        TEAM,
    ]))
}

#[test]
fn what_must_never_be_allowed_is_found_if_it_is() {
    assert_eq!(says(NOBODY_DELETES, ""), "");
    assert_eq!(with_team(NOBODY_DELETES, ADMINS_DELETE), "own: admins");
    // A forbid makes up for it, also one that has a scope.
    let frozen = format!(
        "{ADMINS_DELETE} @id(\"frozen\") @reason(\"no\") forbid (principal in Team::\"acme/admins\", action == Action::\"deleteIssue\", resource);"
    );
    assert_eq!(with_team(NOBODY_DELETES, &frozen), "");
}

#[test]
fn several_permits_of_one_file_describe_together() {
    // Writing is for everybody's own issues, administration for the team: two permits, two environments of the first.
    let only = r#"
        @guarantee("only") @title("Only the team administers; the rest is as oneself.")
        permit (principal, action in [Action::"read", Action::"write"], resource) when { context.actAs == principal };
        @guarantee("only")
        permit (principal in Team::"acme/admins", action in Action::"admin", resource);"#;
    let administers = |who: &str| {
        format!(
            "@id(\"administer\") permit ({who}, action == Action::\"administerSite\", resource) when {{ principal.tenant == resource.tenant }};"
        )
    };
    assert_eq!(says(only, ""), "");
    let team = administers("principal in Team::\"acme/admins\"");
    assert_eq!(with_team(only, &team), "");
    assert_eq!(says(only, &administers("principal")), "own: administer");
    let delegates = r#"@id("delegates") permit (principal, action in Action::"read", resource) when { principal.tenant == resource.tenant };"#;
    assert_eq!(says(only, delegates), "own: delegates");
}

#[test]
fn what_must_always_be_allowed_is_found_if_it_is_not() {
    let always = r#"
        @guarantee("always") @title("One reads and edits one's own tenant's issues.")
        permit (principal, action in [Action::"getIssue", Action::"editIssue"], resource)
        when { principal.tenant == resource.tenant && context.actAs == principal };"#;
    assert_eq!(says(always, ""), "");
    // A forbid takes some of it away: the forbid is to blame.
    let hours = r#"@id("hours") @reason("no") forbid (principal, action in Action::"write", resource)
        when { context.now.toTime() < duration("7h") };"#;
    assert_eq!(says(always, hours), "own: hours");
    let found = shown(&with(&[
        ("guarantees/own.cedar", always),
        ("30.cedar", hours),
    ]));
    assert_eq!(found[0].environment, "editIssue(Account, Issue)");
    assert_eq!(found[0].hint, "except what `own` describes from `hours`");
    // Nobody permits it: nobody is to blame.
    let deletes = always.replace("editIssue", "deleteIssue");
    assert_eq!(says(&deletes, ""), "own: ");
    let found = shown(&with(&[("guarantees/own.cedar", &deletes)]));
    assert_eq!(
        found[0].hint,
        "add a permit that covers what `own` describes"
    );
    // Two permits cover it together, and neither alone.
    let halves = r#"
        @id("v4") permit (principal, action == Action::"deleteIssue", resource) when { principal.tenant == resource.tenant && context.ip.isIpv4() };
        @id("v6") permit (principal, action == Action::"deleteIssue", resource) when { principal.tenant == resource.tenant && !context.ip.isIpv4() };"#;
    assert_eq!(says(&deletes, halves), "");
    let one_half = halves.replace("!context.ip", "context.ip");
    assert_eq!(says(&deletes, &one_half), "own: ");
}

#[test]
fn a_forbid_that_comes_after_many_others_still_breaks_what_must_always_be_allowed() {
    let always = r#"@guarantee("always") @title("Own issues are read.")
        permit (principal, action == Action::"getIssue", resource) when { principal.tenant == resource.tenant && context.actAs == principal };"#;
    let forbids: Vec<String> = (0..40)
        .map(|n| format!("@id(\"harmless-{n}\") @reason(\"no\") forbid (principal, action, resource) when {{ principal.tenant != resource.tenant && context.auth == \"{n}\" }};\n"))
        .collect();
    let mut forbids = forbids.concat();
    assert_eq!(says(always, &forbids), "");
    forbids += r#"@id("zeal") @reason("no") forbid (principal, action, resource) when { context.auth == "connect_request" };"#;
    assert_eq!(says(always, &forbids), "own: zeal");
}

#[test]
fn a_guarantee_allows_nothing_itself() {
    let only =
        r#"@guarantee("only") @title("Everything may be.") permit (principal, action, resource);"#;
    let set = with(&[("guarantees/own.cedar", only)]);
    assert_eq!(set.policy_count(), 5);
    assert_eq!(broken(&set), "");
}

#[test]
fn what_is_no_guarantee_is_refused_with_what_is_wrong() {
    let never = |policy: &str| format!("@guarantee(\"never\") @title(\"x\") {policy}");
    let cases = [
        (
            r#"@guarantee("never") permit (principal, action, resource);"#.to_owned(),
            "without `@title`",
        ),
        (
            r#"@title("x") permit (principal, action, resource);"#.to_owned(),
            "`@guarantee` must be",
        ),
        (
            r#"@guarantee("sometimes") @title("x") permit (principal, action, resource);"#.to_owned(),
            "`@guarantee` must be",
        ),
        (
            r#"@guarantee("never") @title("x") permit (principal, action, resource); @guarantee("only") permit (principal, action, resource);"#.to_owned(),
            "of two kinds",
        ),
        (
            r#"@guarantee("never") @title("x") permit (principal, action, resource); permit (principal, action, resource);"#.to_owned(),
            "`@guarantee` must be",
        ),
        (never("forbid (principal, action, resource);"), "a guarantee with a `forbid`"),
        (never("permit (principal == ?principal, action, resource);"), "a guarantee with a slot"),
        (String::new(), "without a permit"),
        ("// nothing".to_owned(), "without a permit"),
        (never("permit (principal, action, resource) when { resource.colour == 1 };"), "colour"),
        (never("permit (principal, action, resource) when { context.ip == 1 };"), "the types"),
        // Can never match: how a wrong `never` looks that is kept by everybody.
        (never("permit (principal is Site, action, resource);"), "guarantees/own.cedar:1"),
        (never("permit (principal, action, resource"), "guarantees/own.cedar:1"),
    ];
    for (text, told) in cases {
        let wrong = wrong(&text);
        assert!(
            wrong.contains(told) && wrong.starts_with("guarantees/own.cedar"),
            "{text}: {wrong}"
        );
    }
}

#[test]
fn no_file_takes_the_name_of_a_guarantee_that_is_built_in() {
    for name in [
        "isolation",
        "act-as",
        "reads-never-write",
        "never-errs",
        "tenant-folder",
    ] {
        let path = format!("guarantees/{name}.cedar");
        let told = faults(&[("00.cedar", SEPARATION), (&path, NOBODY_DELETES)]);
        assert!(told.contains("is a guarantee of Gatepost's own"), "{told}");
    }
}
