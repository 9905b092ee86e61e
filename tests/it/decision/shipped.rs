//! What the shipped policies say.

use gatepost::decision::evaluate::rehearse;
use gatepost::decision::{Action, Question, Thing};
use gatepost::ledger::entry::DeniedBy;

use super::questions::{acting_as, ann_reads, issue, says, shipped_with, site, to};

#[test]
fn a_member_reads_an_issue_of_the_own_tenant() {
    let verdict = rehearse(&shipped_with(&[]), &ann_reads());
    assert!(verdict.allows());
    assert_eq!(verdict.code, "allowed");
    assert_eq!(verdict.denied_by, None);
    assert_eq!(verdict.reason, None);
    let policy = &verdict.policies[0];
    assert_eq!(
        (policy.id.as_str(), policy.file.as_str(), policy.line),
        ("members-read-issues", "20-members.cedar", 7)
    );
}

#[test]
fn an_issue_of_another_tenant_is_denied_by_the_separation() {
    let question = to(Action::GetIssue, issue("globex", "PAY-17"));
    let verdict = rehearse(&shipped_with(&[]), &question);
    assert!(!verdict.allows());
    assert_eq!(verdict.denied_by, Some(DeniedBy::Forbid));
    assert_eq!(verdict.policies[0].id, "tenant-separation");
    assert_eq!(
        verdict.reason.as_deref(),
        Some("This belongs to another organization.")
    );
}

#[test]
fn each_action_on_the_own_tenant_is_as_the_contract_says() {
    let set = shipped_with(&[]);
    let ask = |action, resource: Thing| says(&set, &to(action, resource));
    let pay = || issue("acme", "PAY-17");
    assert_eq!(ask(Action::GetIssue, pay()), "allowed: members-read-issues");
    assert_eq!(
        ask(Action::FindIssue, site("acme")),
        "allowed: members-read-issues"
    );
    assert_eq!(
        ask(Action::EditIssue, pay()),
        "allowed: members-edit-issues"
    );
    assert_eq!(ask(Action::DeleteIssue, pay()), "policy_denied: ");
    assert_eq!(ask(Action::AdministerSite, site("acme")), "policy_denied: ");
    for action in [Action::GetServerInfo, Action::GetMyself, Action::ListFields] {
        let said = ask(action, site("acme"));
        assert_eq!(said, "allowed: members-read-site", "{action:?}");
    }
    let said = ask(Action::SuperviseSite, site("acme"));
    assert_eq!(said, "allowed: site-admins-supervise-own-site");
}

#[test]
fn each_action_on_another_tenants_site_is_denied() {
    let set = shipped_with(&[]);
    for action in Action::ALL {
        let thing = if action.is_about_issue() {
            issue("globex", "PAY-17")
        } else {
            site("globex")
        };
        let said = says(&set, &to(action, thing));
        assert_eq!(said, "policy_denied: tenant-separation", "{action:?}");
    }
}

#[test]
fn nobody_reads_or_supervises_a_site_as_another_by_a_grant_alone() {
    let set = shipped_with(&[]);
    let others = Action::ALL
        .into_iter()
        .filter(|action| !action.is_about_issue());
    for action in others {
        let asked = Question {
            action,
            resource: site("acme"),
            ..acting_as("bob", &["bob"])
        };
        assert_eq!(says(&set, &asked), "policy_denied: ", "{action:?}");
    }
}
