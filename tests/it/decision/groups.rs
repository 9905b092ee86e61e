//! Groups of Jira users: known, they count as teams do; unknown, whatever they bear on is denied.

use std::collections::BTreeMap;

use gatepost::decision::evaluate::{rehearse, rehearse_whole};
use gatepost::decision::{Action, Groups, InGroups, Question, Verdict};
use gatepost::ledger::entry::{DeniedBy, Effect};
use gatepost::policy::Validated;
use gatepost::tenant::GroupId;

use super::questions::{acting_as, by, issue, says, shipped_with, site, to};

/// As Jira names them.
pub(crate) const STAFF: &str = "276f955c-63d7-42c8-9520-92d01dca0625";
pub(crate) const LEAVERS: &str = "6e87dc72-4f1f-421f-9382-2fee8b652487";

const STAFF_ONLY: &str = r#"@id("staff-only") @reason("Staff only.") forbid (principal, action, resource)
    unless { principal in Group::"acme/276f955c-63d7-42c8-9520-92d01dca0625" };"#;
const NO_LEAVERS: &str = r#"@id("no-leavers") @reason("You left.")
    forbid (principal in Group::"acme/6e87dc72-4f1f-421f-9382-2fee8b652487", action, resource);"#;
const NOT_AS_STAFF: &str = r#"@id("not-as-staff") @reason("Not as staff.") forbid (principal, action, resource)
    when { context.actAs in Group::"acme/276f955c-63d7-42c8-9520-92d01dca0625" } unless { context.actAs == principal };
    @id("delegates") permit (principal, action, resource) when { principal.mayActAs.contains(context.actAs) };"#;

fn ids(groups: &[&str]) -> Vec<GroupId> {
    let read = |group: &&str| group.parse().expect("the id of a group");
    groups.iter().map(read).collect()
}

/// The same question, where Jira was asked about `asked`, and said so.
pub(crate) fn known(question: Question, asked: &[&str], of: &[(&str, &[&str])]) -> Question {
    let of = of.iter();
    let of: BTreeMap<String, Vec<GroupId>> = of
        .map(|(account, groups)| ((*account).to_owned(), ids(groups)))
        .collect();
    let asked = ids(asked);
    Question {
        groups: Some(Groups::Known(InGroups { asked, of })),
        ..question
    }
}

fn with(policies: &str) -> Validated {
    shipped_with(&[("30.cedar", policies)])
}

const READS: &str = "allowed: members-read-issues";
const UNKNOWN: &str = "groups_unknown: ";

#[test]
fn who_is_in_a_group_is_told_by_the_question() {
    let set = with(STAFF_ONLY);
    let ann = |groups: &[&str]| known(by("acme", "ann"), &[STAFF], &[("ann", groups)]);
    assert_eq!(says(&set, &ann(&[STAFF])), READS);
    assert_eq!(says(&set, &ann(&[])), "policy_denied: staff-only");
    assert_eq!(says(&set, &ann(&[LEAVERS])), "policy_denied: staff-only");
    let set = with(NO_LEAVERS);
    let ann = |groups: &[&str]| known(by("acme", "ann"), &[LEAVERS], &[("ann", groups)]);
    assert_eq!(says(&set, &ann(&[LEAVERS])), "policy_denied: no-leavers");
    assert_eq!(says(&set, &ann(&[STAFF])), READS);
}

#[test]
fn unknown_denies_with_a_code_of_its_own() {
    for policies in [STAFF_ONLY, NO_LEAVERS] {
        let set = with(policies);
        for groups in [None, Some(Groups::Unknown)] {
            let question = Question {
                groups,
                ..by("acme", "ann")
            };
            let verdict = rehearse(&set, &question);
            let expected = Verdict {
                code: "groups_unknown".to_owned(),
                denied_by: Some(DeniedBy::Groups),
                effect: Effect::Deny,
                errors: Vec::new(),
                policies: Vec::new(),
                reason: None,
            };
            assert_eq!(verdict, expected, "{policies}");
        }
    }
}

#[test]
fn a_record_from_before_there_were_groups_reads_and_is_unknown() {
    let text = by("acme", "ann").replay();
    assert!(!text.get().contains("groups"));
    let question: Question = serde_json::from_str(text.get()).expect("a question");
    assert_eq!(says(&with(STAFF_ONLY), &question), UNKNOWN);
    assert_eq!(says(&with(""), &question), READS);
}

#[test]
fn a_group_that_was_not_asked_for_is_unknown() {
    let set = with(&[STAFF_ONLY, NO_LEAVERS].concat());
    let question = |asked: &[&str]| known(by("acme", "ann"), asked, &[("ann", &[STAFF])]);
    assert_eq!(says(&set, &question(&[STAFF])), UNKNOWN);
    assert_eq!(says(&set, &question(&[])), UNKNOWN);
    assert_eq!(says(&set, &question(&[LEAVERS, STAFF])), READS);
}

#[test]
fn what_other_policies_forbid_needs_no_groups() {
    let rules = r#"@id("closed") @code("closed") @reason("PAY is closed.")
        forbid (principal, action, resource in Project::"acme/PAY");"#;
    let set = with(&[STAFF_ONLY, rules].concat());
    let ann = by("acme", "ann");
    assert_eq!(says(&set, &ann), "closed: closed");
    // Also where they are known: what is said must not hang on that.
    let known = known(ann, &[STAFF], &[("ann", &[])]);
    assert_eq!(says(&set, &known), "closed: closed");
    let elsewhere = Question {
        resource: issue("acme", "OPS-1"),
        ..by("acme", "ann")
    };
    assert_eq!(says(&set, &elsewhere), UNKNOWN);
    // A permit among the first says nothing yet, and neither does that there is none.
    let delete = to(Action::DeleteIssue, issue("acme", "OPS-1"));
    assert_eq!(says(&set, &delete), UNKNOWN);
}

#[test]
fn a_question_on_which_no_policy_with_a_group_bears_needs_none() {
    let rules = r#"
        @id("pay") @reason("no") forbid (principal, action, resource in Project::"acme/PAY")
        unless { principal in Group::"acme/276f955c-63d7-42c8-9520-92d01dca0625" };
        @id("delete") permit (principal in Group::"acme/6e87dc72-4f1f-421f-9382-2fee8b652487", action == Action::"deleteIssue", resource);
        @id("office") @reason("no") forbid (principal, action, resource)
        when { context.auth == "session" && principal in Group::"acme/6e87dc72-4f1f-421f-9382-2fee8b652487" };"#;
    let set = with(rules);
    let asked = |action, key| Question {
        action,
        resource: issue("acme", key),
        ..by("acme", "ann")
    };
    assert_eq!(says(&set, &asked(Action::GetIssue, "PAY-1")), UNKNOWN);
    assert_eq!(says(&set, &asked(Action::GetIssue, "OPS-1")), READS);
    assert_eq!(says(&set, &asked(Action::DeleteIssue, "OPS-1")), UNKNOWN);
    let mut by_session = asked(Action::GetIssue, "OPS-1");
    "session".clone_into(&mut by_session.context.auth);
    assert_eq!(says(&set, &by_session), UNKNOWN);
}

#[test]
fn the_account_that_is_acted_as_must_be_known_too() {
    let set = with(NOT_AS_STAFF);
    let as_bob = |of: &[(&str, &[&str])]| known(acting_as("bob", &["bob"]), &[STAFF], of);
    assert_eq!(says(&set, &as_bob(&[("ann", &[])])), UNKNOWN);
    assert_eq!(says(&set, &as_bob(&[("bob", &[])])), UNKNOWN);
    let of: [(&str, &[&str]); 2] = [("ann", &[STAFF]), ("bob", &[])];
    assert_eq!(says(&set, &as_bob(&of)), "allowed: delegates");
    let of: [(&str, &[&str]); 2] = [("ann", &[]), ("bob", &[STAFF])];
    assert_eq!(says(&set, &as_bob(&of)), "policy_denied: not-as-staff");
    // Without a grant it is denied, whoever is in which group.
    let as_carol = acting_as("carol", &["bob"]);
    assert_eq!(says(&set, &as_carol), "act_as_denied: act-as-by-grant");
}

#[test]
fn groups_are_of_the_tenant_that_asks_and_of_no_other() {
    let set = with(NO_LEAVERS);
    let eve = Question {
        resource: issue("globex", "PAY-1"),
        ..by("globex", "eve")
    };
    // Nobody of globex can be in a group of acme, so nothing has to be known.
    assert_eq!(says(&set, &eve), READS);
    let forged = known(eve, &[LEAVERS], &[("eve", &[LEAVERS])]);
    assert_eq!(says(&set, &forged), READS);
}

#[test]
fn between_two_tenants_nothing_is_known_of_groups() {
    let foreign = known(
        Question {
            resource: issue("globex", "PAY-1"),
            ..by("acme", "ann")
        },
        &[STAFF],
        &[("ann", &[STAFF])],
    );
    // The shipped separation says no first, to a foreign site as to one that nobody has.
    for thing in [issue("globex", "PAY-1"), site("globex"), site("nowhere")] {
        let question = Question {
            action: if matches!(thing, gatepost::decision::Thing::Site { .. }) {
                Action::GetMyself
            } else {
                Action::GetIssue
            },
            resource: thing,
            ..foreign.clone()
        };
        let said = says(&with(STAFF_ONLY), &question);
        assert_eq!(said, "policy_denied: tenant-separation");
    }
    // A separation that asks for a group is never asked.
    let separation = r#"@id("tenant-separation") @reason("no") forbid (principal, action, resource)
        unless { principal.tenant == resource.tenant && principal in Group::"acme/276f955c-63d7-42c8-9520-92d01dca0625" };"#;
    let set = shipped_with(&[("00-tenant-separation.cedar", separation)]);
    assert_eq!(says(&set, &foreign), UNKNOWN);
}

#[test]
fn a_template_that_is_linked_to_a_group_names_it() {
    let template =
        r#"@id("closed-to") @reason("no") forbid (principal in ?principal, action, resource);"#;
    let links = format!(
        r#"[{{ "template_id": "closed-to", "link_id": "closed-to-leavers", "args": {{ "?principal": "Group::\"acme/{LEAVERS}\"" }} }}]"#
    );
    let set = shipped_with(&[("30.cedar", template), ("links.json", &links)]);
    assert_eq!(says(&set, &by("acme", "ann")), UNKNOWN);
    let left = known(by("acme", "ann"), &[LEAVERS], &[("ann", &[LEAVERS])]);
    assert_eq!(says(&set, &left), "policy_denied: closed-to-leavers");
    // Without its link it names nobody.
    let set = shipped_with(&[("30.cedar", template)]);
    assert_eq!(says(&set, &by("acme", "ann")), READS);
}

#[test]
fn a_group_is_found_wherever_it_stands() {
    let group = format!("Group::\"acme/{STAFF}\"");
    for policy in [
        format!("permit (principal in {group}, action, resource);"),
        format!("permit (principal is Account in {group}, action, resource);"),
        format!("permit (principal, action, resource) when {{ context.actAs in {group} }};"),
        format!("permit (principal, action, resource) when {{ principal is Account in {group} }};"),
        format!(
            "permit (principal, action, resource) when {{ context.auth == \"connect_request\" && !(principal in [{group}]) }};"
        ),
        format!(
            "permit (principal, action, resource) unless {{ if context.auth == \"x\" then principal in {group} else false }};"
        ),
    ] {
        let set = with(&format!("@id(\"it\") {policy}"));
        assert_eq!(says(&set, &by("acme", "ann")), UNKNOWN, "{policy}");
        let whole = rehearse_whole(&set, &by("acme", "ann"));
        assert_eq!(whole.code, "groups_unknown", "{policy}");
    }
}

#[test]
fn a_policy_that_fails_is_a_failure_whoever_is_in_which_group() {
    let fails = r#"@id("fails") @reason("no") forbid (principal, action, resource) when { 9223372036854775807 + 1 > 0 };"#;
    let late = fails.replace(
        "when {",
        &format!("when {{ principal in Group::\"acme/{STAFF}\" }} when {{"),
    );
    let ann = || known(by("acme", "ann"), &[STAFF], &[("ann", &[STAFF])]);
    let set = with(&[STAFF_ONLY, fails].concat());
    for question in [by("acme", "ann"), ann()] {
        assert_eq!(rehearse(&set, &question).code, "policy_error");
    }
    let set = with(&late);
    assert_eq!(rehearse(&set, &ann()).code, "policy_error");
    assert_eq!(says(&set, &by("acme", "ann")), UNKNOWN);
}
