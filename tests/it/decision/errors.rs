//! Whatever goes wrong in an evaluation is a denial. Cedar alone would skip the policy that failed, and allow.

use gatepost::decision::evaluate::rehearse;
use gatepost::decision::{Question, Verdict};
use gatepost::ledger::entry::DeniedBy;
use gatepost::policy::{CORE, Draft, Validated, Vocabulary};

use super::questions::{ann_reads, shipped_with};

const PERMIT: &str = r#"@id("everything") permit (principal, action, resource);"#;

fn failed(verdict: &Verdict) -> Vec<&str> {
    assert!(!verdict.allows());
    assert_eq!(verdict.denied_by, Some(DeniedBy::Error));
    assert_eq!(verdict.code, "policy_error");
    assert_eq!(verdict.reason, None);
    assert_ne!(verdict.errors, Vec::<String>::new());
    verdict
        .policies
        .iter()
        .map(|policy| policy.id.as_str())
        .collect()
}

#[test]
fn a_forbid_that_overflows_denies() {
    let rules = r#"
        @id("late") @reason("too late") forbid (principal, action, resource)
        when { context.now.offset(duration("9223372036854775807ms")) < context.now };"#;
    let verdict = rehearse(&shipped_with(&[("30.cedar", rules)]), &ann_reads());
    assert_eq!(failed(&verdict), ["late"]);
    assert!(
        verdict.errors[0].contains("overflow"),
        "{:?}",
        verdict.errors
    );
}

#[test]
fn a_permit_that_overflows_denies_what_another_permits() {
    let rules = r#"
        @id("sum") permit (principal, action, resource)
        when { 9223372036854775807 + (if context.auth == "x" then 0 else 1) > 0 };"#;
    let verdict = rehearse(&shipped_with(&[("30.cedar", rules)]), &ann_reads());
    assert_eq!(failed(&verdict), ["sum"]);
}

/// A set that was checked against a schema which promises more than evaluation supplies.
fn broken(core: &str, promised: &str, rules: &str) -> Validated {
    let schema = CORE.replacen(core, promised, 1);
    assert_ne!(schema, CORE);
    let vocabulary =
        Vocabulary::replaced("broken", &schema).unwrap_or_else(|error| panic!("{error}"));
    let draft = Draft::from_files([("00.cedar", PERMIT), ("10.cedar", rules)]);
    Validated::check(&draft.expect("files in order"), &vocabulary)
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn an_attribute_that_is_missing_denies() {
    let rules = r#"
        @id("dept") @reason("no") forbid (principal, action, resource)
        when { principal.department == "payments" };"#;
    let set = broken(
        "  tenant: Tenant,\n  /// Accounts",
        "  tenant: Tenant, department: String,\n  /// Accounts",
        rules,
    );
    failed(&rehearse(&set, &ann_reads()));
}

#[test]
fn an_entity_that_is_missing_denies() {
    // Evaluation knows no tenant's attributes; the schema here says that there are some.
    let rules = r#"
        @id("plan") @reason("no") forbid (principal, action, resource)
        when { principal.tenant.plan == "free" };"#;
    let set = broken("entity Tenant;", "entity Tenant { plan: String };", rules);
    assert_eq!(failed(&rehearse(&set, &ann_reads())), ["plan"]);
}

#[test]
fn a_question_that_the_schema_does_not_know_denies() {
    // Checked for every question in debug builds only: no policy here looks at `auth`.
    if cfg!(debug_assertions) {
        let set = broken("  auth: String,", "  auth: Long,", "");
        assert_eq!(failed(&rehearse(&set, &ann_reads())), [""; 0]);
    }
    let set = broken("action getIssue in", "action readIssue in", "");
    let verdict = rehearse(&set, &ann_reads());
    failed(&verdict);
    assert_eq!(verdict.errors, ["the schema has no action `getIssue`"]);
}

#[test]
fn a_moment_outside_of_the_calendar_denies() {
    let mut question: Question = ann_reads();
    question.context.now = i64::MAX;
    failed(&rehearse(&shipped_with(&[]), &question));
    question.context.now = i64::MIN;
    failed(&rehearse(&shipped_with(&[]), &question));
}

#[test]
fn policies_see_the_moment_in_milliseconds() {
    let rules = r#"
        @id("moment") @reason("no") forbid (principal, action, resource)
        unless { context.now == datetime("2026-11-23T12:00:00.123Z") };"#;
    let mut question = ann_reads();
    question.context.now += 123_999;
    assert!(rehearse(&shipped_with(&[("30.cedar", rules)]), &question).allows());
}
