//! From a question to a verdict. May be used by everything that asks what policies say. What must never happen here: an allow beside
//! an error. Cedar skips a policy whose evaluation fails, also a `forbid`; so every error is a denial.
//!
//! A question is put to the parts of the set that can touch it (`policy::slices`), one after the other. What they say together is
//! what the whole set says: an error anywhere is an error, a forbid anywhere is a denial, and otherwise a permit anywhere is an allow.

use cedar_policy::{AuthorizationError, Decision, PolicyId, PolicySet, Response};

use super::question::Question;
use super::slice::Slice;
use super::verdict::{ALLOWED, POLICY_DENIED, Verdict};
use crate::ledger::entry::{DeniedBy, Effect, PolicyRef};
use crate::policy::{Rule, RuleSet, Snapshot, Validated};

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
    decide(rules, question, &[&rules.policies])
}

fn by_parts(rules: &RuleSet, question: &Question) -> Verdict {
    let (from, to) = (&question.principal.tenant, question.resource.tenant());
    decide(rules, question, &rules.slices.parts(from, to))
}

fn decide(rules: &RuleSet, question: &Question, parts: &[&PolicySet]) -> Verdict {
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
    let responses: Vec<Response> = parts.iter().map(ask).collect();
    let errors: Vec<_> = responses
        .iter()
        .flat_map(|response| response.diagnostics().errors())
        .collect();
    if !errors.is_empty() {
        return erred(rules, errors);
    }
    let permits = found(rules, &responses, Decision::Allow);
    let forbids = found(rules, &responses, Decision::Deny);
    match (permits, forbids) {
        (Err(id), _) | (_, Err(id)) => unknown(id),
        (Ok(permits), Ok(forbids)) if forbids.is_empty() && !permits.is_empty() => {
            allowed(&permits)
        }
        (_, Ok(forbids)) => denied(forbids),
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
