//! From a question to a verdict. May be used by everything that asks what policies say. What must never happen here: an allow beside
//! an error. Cedar skips a policy whose evaluation fails, also a `forbid`; so every error is a denial.
//!
//! Policies that name groups of Jira users come second: who is in these may not be known, which matters only if nothing else forbids,
//! and if one of them bears on the question. Not known is a denial then. So whatever an allow rests on was evaluated with groups that
//! are known.
//!
//! A question is put to the parts of the set that can touch it (`policy::slices`), one after the other. What they say together is
//! what the whole set says: an error anywhere is an error, a forbid anywhere is a denial, and otherwise a permit anywhere is an allow.

use cedar_policy::{AuthorizationError, Decision, PolicyId, PolicySet, Response};

use super::question::Question;
use super::slice::Slice;
use super::verdict::{ALLOWED, POLICY_DENIED, Verdict};
use crate::ledger::entry::{DeniedBy, Effect, PolicyRef};
use crate::policy::{Late, Parts, Rule, RuleSet, Snapshot, Validated};

/// Why a tenant's questions are denied whatever they are about.
const CLOSED: &str = "its policy files are at fault, and no earlier ones of it are in order";

/// Decides a question by the set in force.
#[must_use]
pub fn evaluate(set: &Snapshot, question: &Question) -> Verdict {
    by_parts(set.rules(), question)
}

/// What the set would say if it were in force: for tests of policies and for replay.
#[must_use]
pub fn rehearse(set: &Validated, question: &Question) -> Verdict {
    by_parts(set.rules(), question)
}

/// The same, put to every policy of the set: slow, and there to show that parts and whole agree.
#[must_use]
pub fn rehearse_whole(set: &Validated, question: &Question) -> Verdict {
    let rules = set.rules();
    if parts(rules, question).late.is_empty() {
        let first = vec![&rules.policies];
        let late = Vec::new();
        return decide(rules, question, &Parts { first, late });
    }
    match Late::apart(&rules.policies) {
        Ok((late, first)) => {
            let (first, late) = (vec![&first], vec![&late]);
            decide(rules, question, &Parts { first, late })
        }
        Err(error) => Verdict::failed(Vec::new(), vec![error]),
    }
}

fn by_parts(rules: &RuleSet, question: &Question) -> Verdict {
    decide(rules, question, &parts(rules, question))
}

fn parts<'a>(rules: &'a RuleSet, question: &Question) -> Parts<'a> {
    let (from, to) = (&question.principal.tenant, question.resource.tenant());
    rules.slices.parts(from, to)
}

fn decide(rules: &RuleSet, question: &Question, parts: &Parts<'_>) -> Verdict {
    let asks = &question.principal.tenant;
    if rules.is_closed(asks) {
        return Verdict::failed(
            Vec::new(),
            vec![format!("tenant `{asks}` is closed: {CLOSED}")],
        );
    }
    let slice = match Slice::build(rules, question) {
        Ok(slice) => slice,
        Err(error) => return Verdict::failed(Vec::new(), vec![error]),
    };
    let ask = |part: &&PolicySet| {
        let (request, entities) = (&slice.request, &slice.entities);
        rules.authorizer.is_authorized(request, part, entities)
    };
    let mut responses: Vec<Response> = parts.first.iter().map(ask).collect();
    if let Some(denial) = denial(rules, &responses) {
        return denial;
    }
    let is_own = asks == question.resource.tenant();
    let bears = |late: &&Late| {
        let before = ask(&&late.before);
        let mut matches = before.diagnostics().reason();
        matches.next().is_some() || before.diagnostics().errors().next().is_some()
    };
    // Between two tenants it is not looked which of them bear on the question: time would tell the sites that have such policies.
    let asks_for_groups = if is_own {
        parts.late.iter().any(bears)
    } else {
        !parts.late.is_empty()
    };
    if asks_for_groups {
        if !(is_own && question.knows(&rules.slices.groups(asks))) {
            return Verdict::without_groups();
        }
        let late = parts.late.iter().map(|late| &late.policies);
        responses.extend(late.map(|part| ask(&part)));
        if let Some(denial) = denial(rules, &responses) {
            return denial;
        }
    }
    match found(rules, &responses, Decision::Allow) {
        Err(id) => unknown(id),
        Ok(permits) if permits.is_empty() => denied(Vec::new()),
        Ok(permits) => allowed(&permits),
    }
}

/// What these responses deny, whatever others say: an error, or a forbid.
fn denial(rules: &RuleSet, responses: &[Response]) -> Option<Verdict> {
    let errors: Vec<_> = responses
        .iter()
        .flat_map(|response| response.diagnostics().errors())
        .collect();
    if !errors.is_empty() {
        return Some(erred(rules, errors));
    }
    match found(rules, responses, Decision::Deny) {
        Err(id) => Some(unknown(id)),
        Ok(forbids) if forbids.is_empty() => None,
        Ok(forbids) => Some(denied(forbids)),
    }
}

/// The policies that the parts with this decision rest on: permits of an allow, forbids of a denial. One without a rule is an error.
fn found<'a>(
    rules: &'a RuleSet,
    responses: &'a [Response],
    decision: Decision,
) -> Result<Vec<&'a Rule>, &'a PolicyId> {
    let deciding = responses
        .iter()
        .filter(|response| response.decision() == decision);
    deciding
        .flat_map(|response| response.diagnostics().reason())
        .map(|id| rules.rule(id).ok_or(id))
        .collect()
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

fn erred<'a>(rules: &RuleSet, found: impl IntoIterator<Item = &'a AuthorizationError>) -> Verdict {
    let mut policies = Vec::new();
    let mut errors = Vec::new();
    for error in found {
        errors.push(error.to_string());
        let AuthorizationError::PolicyEvaluationError(inner) = error;
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
