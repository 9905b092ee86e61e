//! The questions that a set raises, one job for each guarantee in each environment, and the answer to each. May be used by `prove`
//! only. What must never happen here: a job is left out because another one failed, unless it is about the same guarantee.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use cedar_policy::{
    Authorizer, Decision, Entities, EntityUid, Policy, PolicyId, PolicySet, Request,
};
use cedar_policy_symcc::Env;

use super::super::inert::Obligation;
use super::super::names;
use super::super::validated::{RuleSet, Validated};
use super::ask::Asker;
use super::counterexample::Counterexample;
use super::errs::may_err;
use super::frame::Frame;
use super::guarantee::{ACT_AS, Guarantee, INERT, ISOLATION, Kind, NEVER_ERRS, READS};
use super::hint::{describes, hint};
use super::modular::{Finding, Modular, Scene};
use super::outcome::Undecided;
use super::{always, replay};

/// One set with all that is asked of it.
pub(super) struct Case<'a> {
    rules: &'a RuleSet,
    obligations: &'a [Obligation],
    guarantees: &'a [Guarantee],
    frames: &'a [Frame],
    policies: &'a [&'a Policy],
    scenes: Vec<OnceLock<Result<Scene<'a>, String>>>,
    /// Guarantees that are broken, and the first environment in which that was found; later ones need not be looked at.
    broken: Mutex<HashMap<String, usize>>,
}

/// One thing to find out.
pub(super) enum Job<'a> {
    /// Whether the set keeps a guarantee in an environment.
    Keeps(usize, &'a Guarantee),
    /// Whether what is permitted for reading lets anybody write.
    Reads(usize),
    /// Whether a policy can fail.
    Errs(usize, &'a Policy),
    /// Whether a policy in a tenant's folder matches only the tenant's accounts.
    Inert(usize, &'a Policy, &'a str),
}

/// What came of a job.
pub(super) enum Judged {
    Holds,
    /// By the name under which it is looked at: what breaks in several environments is told once.
    Broken(String, Box<Counterexample>),
    Undecided(Undecided),
}

impl<'a> Case<'a> {
    pub(super) fn new(
        set: &'a Validated,
        guarantees: &'a [Guarantee],
        frames: &'a [Frame],
        policies: &'a [&'a Policy],
    ) -> Self {
        Self {
            rules: set.rules(),
            obligations: set.inert_obligations(),
            guarantees,
            frames,
            policies,
            scenes: frames.iter().map(|_| OnceLock::new()).collect(),
            broken: Mutex::default(),
        }
    }

    pub(super) fn jobs(&self) -> Vec<Job<'a>> {
        let erring: Vec<&Policy> = self
            .policies
            .iter()
            .copied()
            .filter(|policy| may_err(policy))
            .collect();
        let mut jobs = Vec::new();
        for (index, frame) in self.frames.iter().enumerate() {
            jobs.extend(
                self.guarantees
                    .iter()
                    .map(|guarantee| Job::Keeps(index, guarantee)),
            );
            if frame.is_in(&["write", "admin"]) {
                jobs.push(Job::Reads(index));
            }
            let here = erring.iter().filter(|policy| frame.admits(policy));
            jobs.extend(here.map(|&policy| Job::Errs(index, policy)));
            for (id, tenant) in self.obligations {
                let policy = self.rules.policies.policy(id);
                let policy = policy.filter(|policy| frame.admits(policy));
                jobs.extend(policy.map(|policy| Job::Inert(index, policy, tenant)));
            }
        }
        jobs
    }

    /// The place of a guarantee among those that are shown.
    pub(super) fn rank(&self, name: &str) -> usize {
        self.guarantees
            .iter()
            .position(|guarantee| guarantee.name == name)
            .unwrap_or(usize::MAX)
    }

    pub(super) fn judge(&self, asker: &mut Asker<'a>, job: &Job<'a>) -> Judged {
        let (frame, name) = match job {
            Job::Keeps(frame, guarantee) => (*frame, guarantee.name.clone()),
            Job::Reads(frame) => (*frame, READS.to_owned()),
            Job::Errs(frame, policy) => (*frame, format!("{NEVER_ERRS} {}", policy.id())),
            Job::Inert(frame, policy, _) => (*frame, format!("{INERT} {}", policy.id())),
        };
        // Earlier environments are looked at all the same, so that chance does not choose which one is shown.
        if self.broken().get(&name).is_some_and(|first| *first < frame) {
            return Judged::Holds;
        }
        let found = match job {
            Job::Keeps(_, guarantee) => self.keeps(asker, frame, guarantee),
            Job::Reads(_) => self.reads(asker, frame),
            Job::Errs(_, policy) => self.errs(asker, frame, policy),
            Job::Inert(_, policy, tenant) => self.inert(asker, frame, policy, tenant),
        };
        match found {
            Ok(None) => Judged::Holds,
            Ok(Some(found)) => {
                let mut broken = self.broken();
                let first = broken.entry(name.clone()).or_insert(frame);
                *first = frame.min(*first);
                Judged::Broken(name, Box::new(found))
            }
            Err(why) => Judged::Undecided(Undecided {
                guarantee: name,
                environment: self.frames[frame].name.clone(),
                file: self.file_of(job),
                why,
            }),
        }
    }

    fn broken(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file that is to blame if a job cannot be done: that of its policy, if it is about one.
    fn file_of(&self, job: &Job<'_>) -> Option<String> {
        let (Job::Errs(_, policy) | Job::Inert(_, policy, _)) = job else {
            return None;
        };
        let rule = self.rules.rule(policy.id())?;
        Some(rule.policy.file.clone())
    }

    fn scene(&self, frame: usize) -> Result<&Scene<'a>, String> {
        let scene =
            self.scenes[frame].get_or_init(|| Scene::new(&self.frames[frame], self.policies));
        scene.as_ref().map_err(Clone::clone)
    }

    fn keeps(
        &self,
        asker: &mut Asker<'a>,
        frame: usize,
        guarantee: &Guarantee,
    ) -> Result<Option<Counterexample>, String> {
        let scene = self.scene(frame)?;
        let finding = match guarantee.kind {
            Kind::Only | Kind::Never => Modular {
                asker,
                scene,
                guarantee,
            }
            .prove()?,
            Kind::Always => always::prove(asker, scene, guarantee)?,
        };
        let Finding::Broken(env) = finding else {
            return Ok(None);
        };
        let confirm = |request: &Request, entities: &Entities| {
            let response = Authorizer::new().is_authorized(request, &scene.whole, entities);
            let described = describes(guarantee, request, entities);
            let breaks = match (guarantee.kind, response.decision()) {
                (Kind::Only, Decision::Allow) => !described,
                (Kind::Never, Decision::Allow) | (Kind::Always, Decision::Deny) => described,
                (Kind::Only | Kind::Never, Decision::Deny) | (Kind::Always, Decision::Allow) => {
                    false
                }
            };
            breaks.then(|| response.diagnostics().reason().cloned().collect())
        };
        let mut found = self.told(&env, frame, confirm)?;
        found.hint = hint(guarantee, &self.rules.policies, &found.because_of);
        found.guarantee.clone_from(&guarantee.name);
        found.title.clone_from(&guarantee.title);
        found.what = what(guarantee);
        Ok(Some(found))
    }

    fn errs(
        &self,
        asker: &mut Asker<'a>,
        frame: usize,
        policy: &Policy,
    ) -> Result<Option<Counterexample>, String> {
        let Some(env) = asker.never_errs(NEVER_ERRS, policy, &self.frames[frame])? else {
            return Ok(None);
        };
        let alone =
            PolicySet::from_policies([policy.clone()]).map_err(|error| error.to_string())?;
        let confirm = |request: &Request, entities: &Entities| {
            let response = Authorizer::new().is_authorized(request, &alone, entities);
            response
                .diagnostics()
                .errors()
                .next()
                .map(|_| vec![policy.id().clone()])
        };
        let mut found = self.told(&env, frame, confirm)?;
        found.hint = format!(
            "compare before you calculate, so that no number or moment that a request may hold can overflow in `{}`; or do without arithmetic",
            policy.id()
        );
        NEVER_ERRS.clone_into(&mut found.guarantee);
        "every policy gives an answer to every valid request".clone_into(&mut found.title);
        found.what = format!(
            "`{}` fails on a valid request; Cedar would skip it",
            policy.id()
        );
        Ok(Some(found))
    }

    fn inert(
        &self,
        asker: &mut Asker<'a>,
        frame: usize,
        policy: &Policy,
        tenant: &str,
    ) -> Result<Option<Counterexample>, String> {
        // Cedar's own notation: the name of a folder is nothing to build policy text from.
        let condition = format!("principal.tenant == {}", names::tenant(tenant));
        let inside = format!("permit (principal, action, resource) when {{ {condition} }};");
        let inside = Policy::parse(None, inside).map_err(|error| error.to_string())?;
        let answer = asker.matches_within(INERT, policy, &inside, &self.frames[frame])?;
        let Some(found) = answer else { return Ok(None) };
        let of = |policy: &Policy| {
            PolicySet::from_policies([policy.clone()]).map_err(|error| error.to_string())
        };
        let (alone, inside) = (of(policy)?, of(&inside)?);
        let matches = |set: &PolicySet, request: &Request, entities: &Entities| {
            let response = Authorizer::new().is_authorized(request, set, entities);
            response.diagnostics().reason().next().is_some()
        };
        let confirm = |request: &Request, entities: &Entities| {
            let outside = !matches(&inside, request, entities);
            (outside && matches(&alone, request, entities)).then(|| vec![policy.id().clone()])
        };
        let mut found = self.told(&found, frame, confirm)?;
        found.hint = format!("put `{condition}` first in the `when` of `{}`", policy.id());
        INERT.clone_into(&mut found.guarantee);
        found.title =
            format!("what lies in `tenants/{tenant}` is about accounts of `{tenant}` only");
        found.what = format!("`{}` is about others, too", policy.id());
        Ok(Some(found))
    }

    /// Does not depend on the policies: a schema that puts a writing action into `read` turns every permit for reading into one for it.
    fn reads(&self, asker: &mut Asker<'a>, frame: usize) -> Result<Option<Counterexample>, String> {
        let group = |name: &str| self.rules.vocabulary.has_group(name);
        if !(group("read") && group("write") && group("admin")) {
            return Ok(None);
        }
        let parse = |id: &str, text: &str| {
            Policy::parse(Some(PolicyId::new(id)), text).map_err(|error| error.to_string())
        };
        let reading = parse(
            "reading",
            "permit (principal, action in Action::\"read\", resource);",
        )?;
        let nothing = parse(
            "nothing",
            "permit (principal, action, resource) when { false };",
        )?;
        let frame_here = &self.frames[frame];
        let Some(env) = asker.matches_within(READS, &reading, &nothing, frame_here)? else {
            return Ok(None);
        };
        let alone = PolicySet::from_policies([reading]).map_err(|error| error.to_string())?;
        let confirm = |request: &Request, entities: &Entities| {
            let response = Authorizer::new().is_authorized(request, &alone, entities);
            (response.decision() == Decision::Allow).then(Vec::new)
        };
        let mut found = self.told(&env, frame, confirm)?;
        "take the action out of `read` in the schema; no action may be in `read` and in `write` or `admin`".clone_into(&mut found.hint);
        READS.clone_into(&mut found.guarantee);
        "what is permitted for reading lets nobody write".clone_into(&mut found.title);
        found.what = format!(
            "a permit for `read` lets accounts do {}",
            found.request.action
        );
        Ok(Some(found))
    }

    fn told(
        &self,
        env: &Env,
        frame: usize,
        confirm: impl Fn(&Request, &Entities) -> Option<Vec<PolicyId>>,
    ) -> Result<Counterexample, String> {
        let guarantees = self
            .guarantees
            .iter()
            .flat_map(|guarantee| guarantee.policies().policies());
        let spoken_of = self.policies.iter().copied().chain(guarantees);
        let kept: BTreeSet<EntityUid> = spoken_of.flat_map(Policy::entity_literals).collect();
        let shown = replay::show(env, &kept, confirm)?;
        let mut because_of: Vec<_> = shown
            .policies
            .iter()
            .filter_map(|id| self.rules.rule(id))
            .map(|rule| rule.policy.clone())
            .collect();
        because_of.sort_by(|one, two| {
            (&one.file, one.line, &one.id).cmp(&(&two.file, two.line, &two.id))
        });
        Ok(Counterexample {
            because_of,
            entities: shown.entities,
            environment: self.frames[frame].name.clone(),
            guarantee: String::new(),
            hint: String::new(),
            request: shown.request,
            title: String::new(),
            what: String::new(),
        })
    }
}

fn what(guarantee: &Guarantee) -> String {
    match (guarantee.name.as_str(), guarantee.kind) {
        (ISOLATION, _) if guarantee.is_built_in() => {
            "an account of one tenant reaches a thing of another".to_owned()
        }
        (ACT_AS, _) if guarantee.is_built_in() => {
            "an account acts as another without a grant".to_owned()
        }
        (name, Kind::Only) => format!("something is allowed that `{name}` does not describe"),
        (name, Kind::Never) => format!("something is allowed that `{name}` describes"),
        (name, Kind::Always) => format!("something is denied that `{name}` describes"),
    }
}
