//! Teams and tags from `entities.json`.

use super::questions::{acting_as, by, says, shipped_with};

const ENTITIES: &str = r#"[
  { "uid": { "type": "Team", "id": "acme/staff" } },
  { "uid": { "type": "Team", "id": "acme/payments" }, "parents": [{ "type": "Team", "id": "acme/staff" }] },
  { "uid": { "type": "Team", "id": "globex/payments" } },
  { "uid": { "type": "Account", "id": "acme/ann" }, "parents": [{ "type": "Team", "id": "acme/payments" }],
    "tags": { "employment": "contractor" } },
  { "uid": { "type": "Account", "id": "globex/ann" }, "parents": [{ "type": "Team", "id": "globex/payments" }] }
]"#;

const STAFF: &str = r#"
@id("staff") @reason("staff only") forbid (principal, action, resource) unless { principal in Team::"acme/staff" };"#;

#[test]
fn a_member_of_a_team_is_in_the_teams_above_it() {
    let set = shipped_with(&[("entities.json", ENTITIES), ("30.cedar", STAFF)]);
    assert_eq!(
        says(&set, &by("acme", "ann")),
        "allowed: members-read-issues"
    );
    assert_eq!(says(&set, &by("acme", "bob")), "policy_denied: staff");
}

#[test]
fn the_same_account_in_another_tenant_is_in_none_of_its_teams() {
    let open = r#"@id("open") permit (principal in Team::"acme/payments", action, resource);"#;
    let mut question = by("globex", "ann");
    let set = shipped_with(&[
        ("entities.json", ENTITIES),
        ("30.cedar", open),
        ("40.cedar", STAFF),
    ]);
    assert_eq!(
        says(&set, &question),
        "policy_denied: staff tenant-separation"
    );
    question.principal.tenant = "acme".to_owned();
    assert_eq!(says(&set, &question), "allowed: members-read-issues open");
}

#[test]
fn the_account_that_is_acted_as_has_its_teams_and_tags_too() {
    let rules = r#"
        @id("not-as-payments") @reason("no") forbid (principal, action, resource)
        when { context.actAs in Team::"acme/payments" && context.actAs.hasTag("employment") };"#;
    let set = shipped_with(&[("entities.json", ENTITIES), ("30.cedar", rules)]);
    let mut question = acting_as("ann", &["ann"]);
    question.principal.account = "bob".to_owned();
    assert_eq!(says(&set, &question), "policy_denied: not-as-payments");
}

#[test]
fn a_tag_is_a_string_that_policies_read() {
    let rules = r#"
        @id("no-contractors") @reason("no") forbid (principal, action, resource)
        when { principal.hasTag("employment") && principal.getTag("employment") == "contractor" };"#;
    let set = shipped_with(&[("entities.json", ENTITIES), ("30.cedar", rules)]);
    assert_eq!(
        says(&set, &by("acme", "ann")),
        "policy_denied: no-contractors"
    );
    assert_eq!(
        says(&set, &by("acme", "bob")),
        "allowed: members-read-issues"
    );
}
