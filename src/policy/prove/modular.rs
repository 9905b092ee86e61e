//! `only` and `never`, without ever giving the whole set to the solver, which takes seconds at a hundred policies and minutes at a
//! thousand. Permits are taken a few at a time, at first all of them as one that permits everything: real permits allow less, so what
//! holds for it holds for them. Forbids join when a counterexample shows that they are needed: fewer forbids deny less, so what holds
//! with some holds with all. Every counterexample is tried on the real evaluator with all policies: if these allow it, it is a hole; if
//! a forbid denies it, that forbid joins. Sound, and complete up to what the solver can answer: each round adds a forbid, and with all
//! of them only real counterexamples are left. May be used by `prove` only.

use cedar_policy::{
    Authorizer, Decision, Effect, Policy, PolicyId, PolicySet, PrincipalConstraint,
    ResourceConstraint,
};
use cedar_policy_symcc::Env;

use super::ask::Asker;
use super::frame::Frame;
use super::guarantee::Guarantee;
use super::plain::Plain;

/// How many permits are asked about at once.
const PERMITS_MAX: usize = 16;
/// How many forbids join one by one before all do.
const ROUNDS_MAX: usize = 24;
/// How many join one by one beside the permit for everything, before all do.
const ROUNDS_FOR_ALL_MAX: usize = 8;
/// How many of these the real permits begin with.
const KEPT_MAX: usize = 3;

/// The policies that can match in one environment.
pub(super) struct Scene<'a> {
    pub(super) frame: &'a Frame,
    pub(super) permits: Vec<&'a Policy>,
    pub(super) forbids: Vec<&'a Policy>,
    /// All of them.
    pub(super) whole: PolicySet,
}

impl<'a> Scene<'a> {
    pub(super) fn new(frame: &'a Frame, policies: &[&'a Policy]) -> Result<Self, String> {
        let admitted: Vec<&'a Policy> = policies
            .iter()
            .copied()
            .filter(|policy| frame.admits(policy))
            .collect();
        let of = |effect| {
            admitted
                .iter()
                .copied()
                .filter(|policy| policy.effect() == effect)
                .collect()
        };
        let whole = PolicySet::from_policies(admitted.iter().map(|&policy| policy.clone()));
        Ok(Self {
            frame,
            permits: of(Effect::Permit),
            forbids: of(Effect::Forbid),
            whole: whole.map_err(|error| error.to_string())?,
        })
    }
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Finding {
    /// It holds.
    Holds,
    /// The set says this of a request, and the guarantee that it must not.
    Broken(Box<Env>),
}

enum Round {
    Found(Finding),
    /// There is a counterexample that the whole set denies by no forbid that is left.
    Denied,
}

enum Replayed {
    Allowed,
    Denied(Vec<PolicyId>),
}

/// A guarantee over the policies of one environment.
pub(super) struct Modular<'a, 's> {
    pub(super) asker: &'a mut Asker<'s>,
    pub(super) scene: &'a Scene<'a>,
    pub(super) guarantee: &'a Guarantee,
}

impl<'a> Modular<'a, '_> {
    /// Whether all that the scene allows keeps to the guarantee.
    pub(super) fn prove(&mut self) -> Result<Finding, String> {
        let everything = permit_all();
        let mut joined: Vec<&Policy> = Vec::new();
        if let Round::Found(finding) =
            self.group(&[&everything], &mut joined, ROUNDS_FOR_ALL_MAX)?
        {
            return Ok(finding);
        }
        joined.truncate(KEPT_MAX);
        let plain = Plain::of(self.guarantee);
        let permits = self.scene.permits.iter().copied();
        let open: Vec<&Policy> = permits.filter(|permit| !plain.shows(permit)).collect();
        self.asker.by_text(
            self.guarantee,
            self.scene.frame,
            self.scene.permits.len() - open.len(),
        );
        for group in open.chunks(PERMITS_MAX) {
            match self.group(group, &mut joined.clone(), ROUNDS_MAX)? {
                Round::Found(Finding::Holds) => {}
                Round::Found(broken) => return Ok(broken),
                Round::Denied => return Err(UNCONFIRMED.to_owned()),
            }
        }
        Ok(Finding::Holds)
    }

    /// Asks about some permits, and about more and more forbids beside them.
    fn group(
        &mut self,
        permits: &[&Policy],
        joined: &mut Vec<&'a Policy>,
        rounds_max: usize,
    ) -> Result<Round, String> {
        let group = self
            .asker
            .key(&self.guarantee.digest(), self.scene.frame, permits);
        let before = self.asker.memo().needed(group);
        let scene = self.scene;
        let known = joined.len();
        for forbid in scene
            .forbids
            .iter()
            .filter(|forbid| before.iter().any(|id| *id == forbid.id().to_string()))
        {
            if !joined[..known]
                .iter()
                .any(|known| known.id() == forbid.id())
            {
                joined.push(forbid);
            }
        }
        for round in 0.. {
            let Some(env) = self.ask(permits, joined)? else {
                self.asker.memo().needs(group, joined);
                return Ok(Round::Found(Finding::Holds));
            };
            let Replayed::Denied(by) = self.replay(&env) else {
                return Ok(Round::Found(Finding::Broken(Box::new(env))));
            };
            match self.next(&by, joined) {
                Some(_) if round == rounds_max => joined.clone_from(&scene.forbids),
                Some(forbid) => joined.push(forbid),
                None => break,
            }
        }
        Ok(Round::Denied)
    }

    /// The forbid to join next: of those that denied the counterexample the one with the widest scope.
    fn next(&self, denied_by: &[PolicyId], joined: &[&Policy]) -> Option<&'a Policy> {
        let fits = |forbid: &&&Policy| {
            denied_by.contains(forbid.id()) && !joined.iter().any(|known| known.id() == forbid.id())
        };
        let fitting = self.scene.forbids.iter().filter(fits);
        fitting
            .min_by_key(|forbid| (scope(forbid), forbid.id().to_string()))
            .copied()
    }

    fn ask(&mut self, permits: &[&Policy], forbids: &[&Policy]) -> Result<Option<Env>, String> {
        let subject = match permits {
            [one] => format!("{} beside {} forbids", one.id(), forbids.len()),
            more => format!(
                "{} to {} beside {} forbids",
                more[0].id(),
                more[more.len() - 1].id(),
                forbids.len()
            ),
        };
        let policies: Vec<&Policy> = permits.iter().chain(forbids).copied().collect();
        self.asker
            .keeps(self.guarantee, &policies, self.scene.frame, &subject)
    }

    /// What the whole set says. An evaluation that errs is a denial when it happens, and no forbid is to be blamed for it.
    fn replay(&self, env: &Env) -> Replayed {
        let response =
            Authorizer::new().is_authorized(&env.request, &self.scene.whole, &env.entities);
        match response.decision() {
            Decision::Allow => Replayed::Allowed,
            Decision::Deny => Replayed::Denied(response.diagnostics().reason().cloned().collect()),
        }
    }
}

/// A counterexample that is none.
pub(super) const UNCONFIRMED: &str = "the evaluator does not confirm the solver's counterexample";

/// Forbids without a scope hold for more permits.
fn scope(policy: &Policy) -> u8 {
    let principal = policy.principal_constraint() != PrincipalConstraint::Any;
    let resource = policy.resource_constraint() != ResourceConstraint::Any;
    u8::from(principal) + u8::from(resource)
}

fn permit_all() -> Policy {
    let text = "permit (principal, action, resource);";
    // INVARIANT: as short as a policy can be, and a test parses it. The id cannot be one of a file: it has a blank.
    Policy::parse(Some(PolicyId::new("permit all")), text).expect("a policy")
}
