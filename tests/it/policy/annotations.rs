//! What a policy must say of itself.

use super::{PERMIT, faults};

fn of(policy: &str) -> String {
    faults(&[("a.cedar", policy)])
}

#[test]
fn a_policy_has_an_id() {
    assert_eq!(
        of("\n\npermit (principal, action, resource);"),
        "a.cedar:3: a policy without `@id`"
    );
}

#[test]
fn an_id_is_used_once_in_all_files() {
    let other = format!("// first\n{PERMIT}");
    let found = faults(&[("a.cedar", PERMIT), ("b/c.cedar", &other)]);
    assert_eq!(
        found,
        "b/c.cedar:2: the id `everything` is taken by a.cedar:1"
    );
}

#[test]
fn an_id_is_short_and_plain() {
    for id in ["", "a b", "a\\n", "\\u{202e}", &"x".repeat(129)] {
        let found = of(&format!(
            "@id(\"{id}\") permit (principal, action, resource);"
        ));
        assert_eq!(
            found,
            "a.cedar:1: `@id` must be 1 to 128 letters, digits or any of `-_.:/`"
        );
    }
}

#[test]
fn a_forbid_has_a_reason() {
    assert_eq!(
        of(r#"@id("x") forbid (principal, action, resource);"#),
        "a.cedar:1: a `forbid` without `@reason`"
    );
}

#[test]
fn a_reason_is_one_line_without_marks_that_turn_it_around() {
    for reason in [
        "",
        "  ",
        "a\\nb",
        "a\\u{202e}b",
        "a\\u{1b}[2J",
        &"x".repeat(301),
    ] {
        let found = of(&format!(
            "@id(\"x\") @reason(\"{reason}\") forbid (principal, action, resource);"
        ));
        assert_eq!(
            found,
            "a.cedar:1: `@reason` must be 1 to 300 characters in one line"
        );
    }
}

#[test]
fn a_code_is_none_of_gateposts_own() {
    for code in ["", "Act_As", "a b", "allowed", "policy_error"] {
        let found = of(&format!(
            "@id(\"x\") @code(\"{code}\") permit (principal, action, resource);"
        ));
        assert_eq!(
            found,
            "a.cedar:1: `@code` must be 1 to 64 of `a-z`, digits and `_`, and no code of Gatepost's own"
        );
    }
}

#[test]
fn syntax_errors_name_file_and_line() {
    let found = faults(&[
        ("a.cedar", "permit (principal, action resource);"),
        ("b.cedar", "\npermit"),
    ]);
    let lines: Vec<_> = found
        .lines()
        .map(|line| line.split(": ").next().unwrap_or_default())
        .collect();
    assert_eq!(lines, ["a.cedar:1", "b.cedar:2"]);
}

#[test]
fn what_is_not_in_the_schema_is_refused_with_its_line() {
    let found = of(
        "@id(\"x\")\npermit (principal, action == Action::\"getIssue\", resource)\nwhen { resource.fields.status == \"open\" };",
    );
    assert_eq!(
        found,
        "a.cedar:3: for policy `x`, attribute `fields` on entity type `Issue` not found"
    );
    let found = of("@id(\"x\")\npermit (principal, action == Action::\"getIsue\", resource);");
    assert!(
        found.starts_with("a.cedar:2: for policy `x`, unrecognized action `Action::\"getIsue\"`"),
        "{found}"
    );
}

#[test]
fn a_policy_that_can_never_match_is_refused() {
    let found = of(
        "@id(\"x\") permit (principal, action == Action::\"administerSite\", resource is Issue);",
    );
    assert!(found.contains("a.cedar:1: for policy `x`"), "{found}");
    let found =
        of("@id(\"x\") permit (principal, action, resource) when { principal == resource };");
    assert!(found.contains("a.cedar:1: for policy `x`"), "{found}");
}

#[test]
fn a_policy_looks_no_deeper_than_evaluation_supplies() {
    let found = of(
        "@id(\"x\") permit (principal, action == Action::\"getIssue\", resource) when { resource.project.site.host == \"h\" };",
    );
    assert!(found.contains("a.cedar:1: for policy `x`"), "{found}");
    let found = of(
        "@id(\"x\") permit (principal, action, resource) when { Account::\"acme/ann\".tenant == principal.tenant };",
    );
    assert!(found.contains("a.cedar:1: for policy `x`"), "{found}");
    assert_eq!(
        of(
            "@id(\"x\") permit (principal, action == Action::\"getIssue\", resource) when { resource.site.host == \"h\" };"
        ),
        ""
    );
}

#[test]
fn a_name_below_a_tenant_names_the_tenant() {
    for thing in [
        "Account::\"ann\"",
        "Account::\"/ann\"",
        "Account::\"acme/\"",
    ] {
        let found = of(&format!(
            "@id(\"x\") permit (principal == {thing}, action, resource);"
        ));
        assert_eq!(
            found,
            format!(
                "a.cedar:1: `{thing}` does not name its tenant: write `Account::\"{{tenant}}/…\"`"
            )
        );
    }
}

#[test]
fn a_team_that_is_not_described_is_refused() {
    let found = of(
        "@id(\"x\") @reason(\"no\") forbid (principal in Team::\"acme/typo\", action, resource);",
    );
    assert_eq!(
        found,
        "a.cedar:1: `Team::\"acme/typo\"` is not described in entities.json"
    );
}

#[test]
fn grants_are_asked_of_the_principal_only() {
    let ask = |of_whom: &str| {
        of(&format!(
            "@id(\"x\") permit (principal, action, resource) when {{ {of_whom}.mayActAs.contains(principal) }};"
        ))
    };
    let refused =
        "a.cedar:1: `mayActAs` is known of `principal` only, written as `principal.mayActAs`";
    assert_eq!(ask("principal"), "");
    assert_eq!(ask("context.actAs"), refused);
    assert_eq!(ask("context[\"actAs\"]"), refused);
    assert_eq!(
        ask("(if context.auth == \"x\" then context.actAs else principal)"),
        refused
    );
}

#[test]
fn many_faults_are_reported_at_once_and_the_rest_is_counted() {
    let many = "permit (principal, action, resource);\n".repeat(150);
    let found = of(&many);
    assert_eq!(found.lines().count(), 101);
    assert!(found.ends_with("\nand 50 more"), "{found}");
}
