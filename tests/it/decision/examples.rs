//! The commented examples work when they are uncommented.

use gatepost::decision::{Action, Question};
use gatepost::policy::Validated;

use super::groups::{STAFF, known};
use super::questions::{EXAMPLES, NOON, acting_as, ann_reads, by, issue, says, shipped_with, to};

const ENTITIES: &str = r#"[
  { "uid": { "type": "Team", "id": "acme/payments" } },
  { "uid": { "type": "Team", "id": "acme/admins" } },
  { "uid": { "type": "Account", "id": "acme/ann" }, "parents": [{ "type": "Team", "id": "acme/payments" }] },
  { "uid": { "type": "Account", "id": "acme/712020:report-robot" }, "parents": [{ "type": "Team", "id": "acme/payments" }] },
  { "uid": { "type": "Account", "id": "acme/root" }, "parents": [{ "type": "Team", "id": "acme/admins" }] },
  { "uid": { "type": "Account", "id": "acme/contractor" }, "tags": { "employment": "contractor" } }
]"#;

fn all_examples() -> Validated {
    let code = EXAMPLES.lines().filter_map(|line| line.strip_prefix("// "));
    let code = code.collect::<Vec<_>>().join("\n");
    shipped_with(&[("91.cedar", &code), ("entities.json", ENTITIES)])
}

#[test]
fn as_shipped_no_example_is_in_force() {
    let code: Vec<_> = EXAMPLES
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .collect();
    assert_eq!(code, [""; 0]);
}

#[test]
fn a_project_is_for_its_team() {
    let set = all_examples();
    assert_eq!(
        says(&set, &by("acme", "ann")),
        "allowed: members-read-issues"
    );
    assert_eq!(
        says(&set, &by("acme", "bob")),
        "policy_denied: payments-project-for-payments-team"
    );
    let elsewhere = Question {
        resource: issue("acme", "OPS-1"),
        ..by("acme", "bob")
    };
    assert_eq!(says(&set, &elsewhere), "allowed: members-read-issues");
}

#[test]
fn a_project_is_for_its_group() {
    let set = all_examples();
    let legal = |account, groups: &[&str]| {
        let question = Question {
            resource: issue("acme", "LEGAL-1"),
            ..by("acme", account)
        };
        known(question, &[STAFF], &[(account, groups)])
    };
    assert_eq!(
        says(&set, &legal("ann", &[STAFF])),
        "allowed: members-read-issues"
    );
    assert_eq!(
        says(&set, &legal("ann", &[])),
        "policy_denied: legal-project-for-legal-group"
    );
}

#[test]
fn administrators_delete() {
    let set = all_examples();
    let delete = |account| Question {
        action: Action::DeleteIssue,
        resource: issue("acme", "OPS-1"),
        ..by("acme", account)
    };
    assert_eq!(says(&set, &delete("root")), "allowed: admins-delete-issues");
    assert_eq!(says(&set, &delete("ann")), "policy_denied: ");
}

#[test]
fn writes_come_from_the_networks_that_are_listed() {
    let set = all_examples();
    let mut edit = to(Action::EditIssue, issue("acme", "PAY-17"));
    assert_eq!(says(&set, &edit), "allowed: members-edit-issues");
    edit.context.ip = "2001:db8::7".parse().expect("an address");
    assert_eq!(says(&set, &edit), "allowed: members-edit-issues");
    edit.context.ip = "198.51.100.7".parse().expect("an address");
    assert_eq!(
        says(&set, &edit),
        "network_denied: writes-from-our-networks"
    );
}

#[test]
fn contractors_work_during_the_day() {
    let set = all_examples();
    let mut question = Question {
        resource: issue("acme", "OPS-1"),
        ..by("acme", "contractor")
    };
    assert_eq!(says(&set, &question), "allowed: members-read-issues");
    question.context.now = NOON + 7 * 3_600_000_000;
    assert_eq!(
        says(&set, &question),
        "policy_denied: contractors-during-working-hours"
    );
}

#[test]
fn delegates_read_but_never_as_an_administrator() {
    let set = all_examples();
    assert_eq!(
        says(&set, &acting_as("bob", &["bob"])),
        "allowed: delegates-read-issues"
    );
    assert_eq!(
        says(&set, &acting_as("root", &["root"])),
        "act_as_denied: nobody-acts-as-admins"
    );
    assert_eq!(says(&set, &ann_reads()), "allowed: members-read-issues");
}

#[test]
fn a_robot_reads_one_project() {
    let set = all_examples();
    let robot = by("acme", "712020:report-robot");
    assert_eq!(says(&set, &robot), "allowed: members-read-issues");
    let edit = Question {
        action: Action::EditIssue,
        ..robot.clone()
    };
    assert_eq!(
        says(&set, &edit),
        "policy_denied: report-robot-reads-payments"
    );
    let elsewhere = Question {
        resource: issue("acme", "OPS-1"),
        ..robot
    };
    assert_eq!(
        says(&set, &elsewhere),
        "policy_denied: report-robot-reads-payments"
    );
}
