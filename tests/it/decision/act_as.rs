//! Acting as another account: a grant and a policy, or nothing.

use gatepost::decision::Action;
use gatepost::decision::evaluate::rehearse;

use super::questions::{acting_as, ann_reads, issue, says, shipped_with, to};

const DELEGATES: &str = r#"
@id("delegates-read") permit (principal, action == Action::"getIssue", resource)
when { principal.tenant == resource.tenant && principal.mayActAs.contains(context.actAs) };"#;

/// A policy that allows too much on its own.
const EVERYTHING: &str = r#"@id("everything") permit (principal, action, resource);"#;

#[test]
fn without_a_grant_it_is_denied_whatever_is_permitted() {
    let set = shipped_with(&[("30.cedar", EVERYTHING)]);
    let verdict = rehearse(&set, &acting_as("bob", &[]));
    assert_eq!(verdict.code, "act_as_denied");
    assert_eq!(
        verdict.reason.as_deref(),
        Some("You may not act as this account.")
    );
    assert_eq!(
        says(&set, &acting_as("bob", &["cem"])),
        "act_as_denied: act-as-by-grant"
    );
}

#[test]
fn with_a_grant_but_no_policy_it_is_denied() {
    assert_eq!(
        says(&shipped_with(&[]), &acting_as("bob", &["bob"])),
        "policy_denied: "
    );
}

#[test]
fn with_a_grant_and_a_policy_it_is_allowed_for_what_the_policy_says() {
    let set = shipped_with(&[("30.cedar", DELEGATES)]);
    assert_eq!(
        says(&set, &acting_as("bob", &["bob"])),
        "allowed: delegates-read"
    );
    let mut edit = acting_as("bob", &["bob"]);
    edit.action = Action::EditIssue;
    assert_eq!(says(&set, &edit), "policy_denied: ");
}

#[test]
fn a_grant_does_not_reach_into_another_tenant() {
    let set = shipped_with(&[("30.cedar", DELEGATES), ("40.cedar", EVERYTHING)]);
    let mut question = acting_as("bob", &["bob"]);
    question.resource = issue("globex", "PAY-17");
    assert_eq!(says(&set, &question), "policy_denied: tenant-separation");
}

#[test]
fn of_two_forbids_the_first_in_the_folder_is_told() {
    let mut question = acting_as("bob", &[]);
    question.resource = issue("globex", "PAY-17");
    let verdict = rehearse(&shipped_with(&[]), &question);
    assert_eq!(verdict.code, "policy_denied");
    assert_eq!(
        verdict.reason.as_deref(),
        Some("This belongs to another organization.")
    );
    let ids: Vec<_> = verdict
        .policies
        .iter()
        .map(|policy| policy.id.as_str())
        .collect();
    assert_eq!(ids, ["act-as-by-grant", "tenant-separation"]);
}

#[test]
fn an_empty_subject_is_nobody() {
    let set = shipped_with(&[("30.cedar", EVERYTHING)]);
    let mut questions = [acting_as("", &[]), acting_as("", &[""]), ann_reads()];
    questions[2].principal.account = String::new();
    for question in questions {
        let verdict = rehearse(&set, &question);
        assert_eq!(verdict.code, "policy_error");
        assert_eq!(verdict.errors, ["an account without an id"]);
    }
}

#[test]
fn a_slash_in_a_tenant_cannot_make_one_id_of_two() {
    // `Account::"a/b/c"` would be the account `c` of `a/b`, and `b/c` of `a`.
    let set = shipped_with(&[("30.cedar", EVERYTHING)]);
    let mut question = to(Action::GetIssue, issue("acme/x", "PAY-17"));
    assert_eq!(
        rehearse(&set, &question).errors,
        ["`acme/x` is not a tenant"]
    );
    question = ann_reads();
    question.principal.tenant = "acme/x".to_owned();
    assert_eq!(
        rehearse(&set, &question).errors,
        ["`acme/x` is not a tenant"]
    );
}
