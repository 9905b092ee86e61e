//! From a question to a verdict. May be used by everything that asks what policies say. What must never happen here: an allow beside
//! an error. Cedar skips a policy whose evaluation fails, also a `forbid`; so every error is a denial.

use cedar_policy::{Decision, Diagnostics, PolicyId};

use super::question::Question;
use super::slice::Slice;
use super::verdict::{ALLOWED, POLICY_DENIED, Verdict};
use crate::ledger::entry::{DeniedBy, Effect, PolicyRef};
use crate::policy::{Rule, RuleSet, Snapshot, Validated};

/// Decides a question by the set in force.
#[must_use]
pub fn evaluate(set: &Snapshot, question: &Question) -> Verdict {
    decide(set.rules(), question)
}

/// What the set would say if it were in force: for tests of policies and for replay.
#[must_use]
pub fn rehearse(set: &Validated, question: &Question) -> Verdict {
    decide(set.rules(), question)
}

fn decide(rules: &RuleSet, question: &Question) -> Verdict {
    let slice = match Slice::build(rules, question) {
        Ok(slice) => slice,
        Err(error) => return Verdict::failed(Vec::new(), vec![error]),
    };
    let response = rules
        .authorizer
        .is_authorized(&slice.request, &rules.policies, &slice.entities);
    let diagnostics = response.diagnostics();
    if diagnostics.errors().next().is_some() {
        return erred(rules, diagnostics);
    }
    let mut found: Vec<&Rule> = Vec::new();
    for id in diagnostics.reason() {
        match rules.rule(id) {
            Some(rule) => found.push(rule),
            None => return unknown(id),
        }
    }
    match response.decision() {
        Decision::Allow => allowed(&found),
        Decision::Deny => denied(found),
    }
}

fn allowed(permits: &[&Rule]) -> Verdict {
    Verdict {
        code: ALLOWED.to_owned(),
        denied_by: None,
        effect: Effect::Allow,
        errors: Vec::new(),
        policies: sorted(permits.iter().map(|rule| rule.policy.clone())),
        reason: None,
    }
}

fn denied(mut forbids: Vec<&Rule>) -> Verdict {
    // The caller is told one: the first as they stand in the folder, which whoever writes the files decides.
    forbids.sort_by_key(|rule| (&rule.policy.file, rule.policy.line, &rule.policy.id));
    let first = forbids.first();
    let by = first.map_or(DeniedBy::Default, |_| DeniedBy::Forbid);
    Verdict {
        code: first
            .and_then(|rule| rule.code.as_deref())
            .unwrap_or(POLICY_DENIED)
            .to_owned(),
        denied_by: Some(by),
        effect: Effect::Deny,
        errors: Vec::new(),
        reason: first.and_then(|rule| rule.reason.clone()),
        policies: sorted(forbids.iter().map(|rule| rule.policy.clone())),
    }
}

fn erred(rules: &RuleSet, diagnostics: &Diagnostics) -> Verdict {
    let mut policies = Vec::new();
    let mut errors = Vec::new();
    for error in diagnostics.errors() {
        errors.push(error.to_string());
        let cedar_policy::AuthorizationError::PolicyEvaluationError(inner) = error;
        policies.extend(
            rules
                .rule(inner.policy_id())
                .map(|rule| rule.policy.clone()),
        );
    }
    errors.sort();
    Verdict::failed(sorted(policies), errors)
}

fn unknown(id: &PolicyId) -> Verdict {
    Verdict::failed(Vec::new(), vec![format!("policy `{id}` has no rule")])
}

fn sorted(policies: impl IntoIterator<Item = PolicyRef>) -> Vec<PolicyRef> {
    let mut policies: Vec<_> = policies.into_iter().collect();
    policies.sort_by(|one, other| one.id.cmp(&other.id));
    policies
}
