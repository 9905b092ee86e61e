//! `always`: everything that a guarantee describes is allowed. Within bounds: no forbid may touch it, a few at a time; and permits join,
//! each shown by a counterexample, until together they cover it. May be used by `prove` only.

use cedar_policy::{Authorizer, Decision, Policy, PolicyId};
use cedar_policy_symcc::Env;

use super::ask::Asker;
use super::guarantee::Guarantee;
use super::modular::{Finding, Scene, UNCONFIRMED};

/// How many forbids are asked about at once.
const FORBIDS_MAX: usize = 16;
/// How many permits may be needed to cover a guarantee in one environment.
const PERMITS_MAX: usize = 64;

pub(super) fn prove(
    asker: &mut Asker<'_>,
    scene: &Scene<'_>,
    guarantee: &Guarantee,
) -> Result<Finding, String> {
    let described: Vec<&Policy> = guarantee
        .policies()
        .policies()
        .filter(|policy| scene.frame.admits(policy))
        .collect();
    if described.is_empty() {
        return Ok(Finding::Holds);
    }
    for forbids in scene.forbids.chunks(FORBIDS_MAX) {
        let subject = format!("{} and {} more forbids", forbids[0].id(), forbids.len() - 1);
        // What is described is allowed by itself: only the forbids can make this fail.
        let renamed: Vec<Policy> = described
            .iter()
            .enumerate()
            .map(|(index, policy)| policy.new_id(PolicyId::new(format!("described {index}"))))
            .collect();
        let policies: Vec<&Policy> = renamed.iter().chain(forbids.iter().copied()).collect();
        if let Some(env) = asker.keeps(guarantee, &policies, scene.frame, &subject)? {
            return broken(scene, env);
        }
    }
    let mut joined: Vec<&Policy> = Vec::new();
    while joined.len() <= PERMITS_MAX {
        let subject = format!("{} permits", joined.len());
        let Some(env) = asker.keeps(guarantee, &joined, scene.frame, &subject)? else {
            return Ok(Finding::Holds);
        };
        let response = Authorizer::new().is_authorized(&env.request, &scene.whole, &env.entities);
        if response.decision() == Decision::Deny {
            return Ok(Finding::Broken(Box::new(env)));
        }
        let allowed_by = response.diagnostics().reason().next().cloned();
        let next = scene
            .permits
            .iter()
            .find(|permit| Some(permit.id()) == allowed_by.as_ref());
        match next {
            Some(permit) if !joined.iter().any(|known| known.id() == permit.id()) => {
                joined.push(permit);
            }
            Some(_) | None => return Err(UNCONFIRMED.to_owned()),
        }
    }
    Err(format!(
        "more than {PERMITS_MAX} permits are needed to cover it, which is beyond what is tried; describe less, or permit more at once"
    ))
}

fn broken(scene: &Scene<'_>, env: Env) -> Result<Finding, String> {
    let response = Authorizer::new().is_authorized(&env.request, &scene.whole, &env.entities);
    match response.decision() {
        Decision::Deny => Ok(Finding::Broken(Box::new(env))),
        Decision::Allow => Err(UNCONFIRMED.to_owned()),
    }
}
