//! What a solver finds that looks like a mistake: policies that can never match, and policies that another one makes idle. They allow
//! nothing that they should not, so nobody is refused for them. May be used by `policy`. What must never happen here: something that
//! was not looked at is passed over in silence.

use std::collections::{BTreeSet, HashSet};

use cedar_policy::{
    Authorizer, Decision, Effect, EntityUid, Policy, PolicyId, PolicySet, PrincipalConstraint,
    ResourceConstraint,
};
use cedar_policy_symcc::Env;

use super::super::lint::{Finding, Findings};
use super::super::reach::{Reach, Side};
use super::super::validated::{RuleSet, Validated};
use super::ask::Asker;
use super::frame::Frame;
use super::prover::Prover;
use super::stop::Stop;

const NEVER_MATCHES: &str = "never-matches";
const SHADOWED: &str = "shadowed";
/// How many pairs are taken to the solver; what is left is said.
const PAIRS_MAX: usize = 2_000;

impl Validated {
    /// What looks like a mistake and needs a solver to be seen. Blocks, for as long as the prover's bounds let it.
    #[must_use]
    pub fn look(&self, prover: &Prover, stop: &Stop) -> Findings {
        let rules = self.rules();
        if let Err(missing) = prover.solver() {
            return unlooked(&format!(
                "they need the solver cvc5 (on Debian: apt-get install cvc5): {missing}"
            ));
        }
        let looked = prover.with_asker(rules, stop, |asker, frames| {
            let mut look = Look::new(rules, frames);
            look.find_dead(asker);
            look.find_shadowed(asker);
            Ok(look.told())
        });
        looked.unwrap_or_else(|why| unlooked(&why))
    }
}

fn unlooked(why: &str) -> Findings {
    Findings {
        found: Vec::new(),
        notes: vec![format!(
            "not looked at: `{NEVER_MATCHES}` and `{SHADOWED}`: {why}"
        )],
    }
}

/// A policy and what is known of it.
struct Subject<'a> {
    policy: &'a Policy,
    /// The policy as a permit, alone: to see whether it matches a request.
    alone: PolicySet,
    reach: Reach,
    /// Where its scope lets it match, by the place among the frames.
    frames: BTreeSet<usize>,
    /// The things that its scope names.
    scope: HashSet<EntityUid>,
    /// All things that it names.
    named: HashSet<EntityUid>,
    /// Requests that it matches.
    witnesses: Vec<Env>,
    is_dead: bool,
    /// The one that makes it idle.
    idle_by: Option<usize>,
}

struct Look<'a> {
    rules: &'a RuleSet,
    frames: &'a [Frame],
    subjects: Vec<Subject<'a>>,
    asked: usize,
    /// Policies that could not be looked at, and the first reason.
    open: HashSet<PolicyId>,
    why: Option<String>,
}

impl<'a> Look<'a> {
    fn new(rules: &'a RuleSet, frames: &'a [Frame]) -> Self {
        let mut policies: Vec<&Policy> = rules.policies.policies().collect();
        // In the order in which a caller is told their reasons.
        policies.sort_by_key(|policy| {
            let place = rules.rule(policy.id()).map(|rule| &rule.policy);
            let place = place.map(|place| (place.file.as_str(), place.line));
            (place, policy.id())
        });
        let subjects = policies
            .into_iter()
            .filter_map(|policy| Subject::new(policy, frames));
        Self {
            rules,
            frames,
            subjects: subjects.collect(),
            asked: 0,
            open: HashSet::new(),
            why: None,
        }
    }

    /// Asks for a request that each policy matches. Those that are found spare most of the questions about pairs.
    fn find_dead(&mut self, asker: &mut Asker<'_>) {
        for at in 0..self.subjects.len() {
            let subject = &self.subjects[at];
            match subject.witness(asker, self.frames) {
                Ok(Some(env)) => self.subjects[at].witnesses.push(env),
                Ok(None) => self.subjects[at].is_dead = true,
                Err(why) => self.leave(at, why),
            }
        }
    }

    fn find_shadowed(&mut self, asker: &mut Asker<'_>) {
        for at in 0..self.subjects.len() {
            if self.subjects[at].witnesses.is_empty() {
                continue;
            }
            for by in 0..self.subjects.len() {
                if !self.could_shadow(by, at) {
                    continue;
                }
                self.asked += 1;
                if self.asked > PAIRS_MAX {
                    return self.leave(at, format!("there are more than {PAIRS_MAX} pairs"));
                }
                match self.is_within(asker, at, by) {
                    Ok(true) => {
                        self.subjects[at].idle_by = Some(by);
                        break;
                    }
                    Ok(false) => {}
                    Err(why) => {
                        self.leave(at, why);
                        break;
                    }
                }
            }
        }
    }

    /// Whether it makes sense to ask if `by` makes the policy `at` idle. What no solver needs to see is seen here.
    fn could_shadow(&self, by: usize, at: usize) -> bool {
        let (other, policy) = (&self.subjects[by], &self.subjects[at]);
        let effects = (policy.policy.effect(), other.policy.effect());
        let matters = match effects {
            (Effect::Permit, Effect::Permit | Effect::Forbid) => true,
            // The first of several forbids tells the caller why, so one that comes first is not idle.
            (Effect::Forbid, Effect::Forbid) => by < at || self.says_the_same(by, at),
            (Effect::Forbid, Effect::Permit) => false,
        };
        let is_free = by != at && !other.is_dead && other.idle_by.is_none();
        is_free && matters && other.may_cover(policy)
    }

    fn says_the_same(&self, one: usize, other: usize) -> bool {
        let told = |at: usize| {
            let rule = self.rules.rule(self.subjects[at].policy.id());
            rule.map(|rule| (&rule.reason, &rule.code))
        };
        told(one) == told(other)
    }

    /// Whether all that a policy matches is matched by another.
    fn is_within(&mut self, asker: &mut Asker<'_>, at: usize, by: usize) -> Result<bool, String> {
        let frames = self.subjects[at].frames.iter().copied().collect::<Vec<_>>();
        for frame in frames {
            let (policy, other) = (self.subjects[at].policy, self.subjects[by].policy);
            let env = asker.matches_within(SHADOWED, policy, other, &self.frames[frame])?;
            if let Some(env) = env {
                self.subjects[at].witnesses.push(env);
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn leave(&mut self, at: usize, why: String) {
        self.open.insert(self.subjects[at].policy.id().clone());
        self.why.get_or_insert(why);
    }

    fn told(self) -> Findings {
        let found = self.subjects.iter().filter_map(|subject| {
            let id = subject.policy.id();
            if subject.is_dead {
                let message = format!("`{id}` matches no request that there can be");
                let fault = self.rules.fault_of(id, message);
                let help = "its conditions contradict each other, or the schema: mend them, or remove the policy";
                return Some(Finding::new(NEVER_MATCHES, fault.with_help(help)));
            }
            let other = self.subjects[subject.idle_by?].policy;
            let fault = self.rules.fault_of(id, shadow(subject.policy, other));
            let help = "remove it, or mend the one that is not what was meant";
            Some(Finding::new(SHADOWED, fault.with_help(help)))
        });
        let mut notes = Vec::new();
        if let Some(why) = &self.why {
            notes.push(format!(
                "not looked at wholly: `{NEVER_MATCHES}` and `{SHADOWED}` for {} of {} policies: {why}",
                self.open.len(),
                self.subjects.len(),
            ));
        }
        Findings {
            found: found.collect(),
            notes,
        }
    }
}

fn shadow(policy: &Policy, by: &Policy) -> String {
    let (id, other) = (policy.id(), by.id());
    match (policy.effect(), by.effect()) {
        (Effect::Permit, Effect::Forbid) => {
            format!("`{id}` allows nothing: `{other}` forbids all of it")
        }
        (Effect::Permit, Effect::Permit) => {
            format!("`{id}` adds nothing: `{other}` permits all of it")
        }
        (Effect::Forbid, _) => format!("`{id}` adds nothing: `{other}` forbids all of it"),
    }
}

impl<'a> Subject<'a> {
    fn new(policy: &'a Policy, frames: &[Frame]) -> Option<Self> {
        let mut json = policy.to_json().ok()?;
        let reach = Reach::of(policy, &json);
        json["effect"] = "permit".into();
        let alone = Policy::from_json(Some(policy.id().clone()), json).ok()?;
        let admitted = frames
            .iter()
            .enumerate()
            .filter(|(_, frame)| frame.admits(policy));
        Some(Self {
            policy,
            alone: PolicySet::from_policies([alone]).ok()?,
            reach,
            frames: admitted.map(|(at, _)| at).collect(),
            scope: scope(policy),
            named: policy.entity_literals().into_iter().collect(),
            witnesses: Vec::new(),
            is_dead: false,
            idle_by: None,
        })
    }

    /// A request that it matches; nothing if it is proven that there is none.
    fn witness(&self, asker: &mut Asker<'_>, frames: &[Frame]) -> Result<Option<Env>, String> {
        for at in &self.frames {
            let found = asker.can_match(self.policy, &frames[*at])?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Whether all of `other` could lie in this, as far as scopes and known requests say. A thing that this scope asks for and the
    /// other does not even name cannot be the only one that the other matches.
    fn may_cover(&self, other: &Self) -> bool {
        self.frames.is_superset(&other.frames)
            && is_as_wide(&self.reach.principal, &other.reach.principal)
            && is_as_wide(&self.reach.resource, &other.reach.resource)
            && self.scope.is_subset(&other.named)
            && other.witnesses.iter().all(|env| self.matches(env))
    }

    fn matches(&self, env: &Env) -> bool {
        let response = Authorizer::new().is_authorized(&env.request, &self.alone, &env.entities);
        response.decision() == Decision::Allow
    }
}

fn is_as_wide(one: &Side, other: &Side) -> bool {
    *one == Side::Any || one == other
}

/// The things that the scope of a policy names, actions aside.
fn scope(policy: &Policy) -> HashSet<EntityUid> {
    let principal = match policy.principal_constraint() {
        PrincipalConstraint::Any | PrincipalConstraint::Is(_) => None,
        PrincipalConstraint::Eq(uid)
        | PrincipalConstraint::In(uid)
        | PrincipalConstraint::IsIn(_, uid) => Some(uid),
    };
    let resource = match policy.resource_constraint() {
        ResourceConstraint::Any | ResourceConstraint::Is(_) => None,
        ResourceConstraint::Eq(uid)
        | ResourceConstraint::In(uid)
        | ResourceConstraint::IsIn(_, uid) => Some(uid),
    };
    principal.into_iter().chain(resource).collect()
}
