//! The step from the set in force to a new one: does the new one keep the old one's guarantees, and does it allow nothing that the old
//! one denies? May be used by `policy`. What must never happen here: what could not be decided counts as kept, or as narrower.

use std::collections::HashSet;

use cedar_policy::{Effect, Policy, PolicyId, PolicySet};

use super::super::ready::Dropped;
use super::super::validated::RuleSet;
use super::ask::Asker;
use super::frame::Frame;
use super::guarantee::{Guarantee, Kind};
use super::modular::{Finding, Modular, Scene};
use super::outcome::Unproven;
use super::prover::Prover;
use super::stop::Stop;

/// How many old permits new ones are compared with in one environment.
const PERMITS_MAX: usize = 64;

impl Prover {
    /// The guarantees of `old` that `new` does not keep as strongly.
    pub(in super::super) fn dropped(
        &self,
        old: &RuleSet,
        new: &RuleSet,
        stop: &Stop,
    ) -> Vec<Dropped> {
        let mut dropped = Vec::new();
        for before in &old.guarantees {
            let after = new
                .guarantees
                .iter()
                .find(|after| after.name == before.name);
            let why = match after {
                None => Some("it is gone".to_owned()),
                Some(after) if after.digest() == before.digest() => None,
                Some(after) if after.kind != before.kind => Some(format!(
                    "it was `{}` and is `{}`",
                    before.kind.as_str(),
                    after.kind.as_str()
                )),
                Some(after) => self.weaker(before, after, new, stop),
            };
            dropped.extend(why.map(|why| Dropped {
                name: before.name.clone(),
                why,
            }));
        }
        dropped
    }

    /// How `after` says less than `before`; nothing if it is proven to say at least as much.
    fn weaker(
        &self,
        before: &Guarantee,
        after: &Guarantee,
        new: &RuleSet,
        stop: &Stop,
    ) -> Option<String> {
        let (inside, outside) = match before.kind {
            // What lies in the new one must lie in the old one.
            Kind::Only => (after, before),
            // What lay in the old one must lie in the new one.
            Kind::Never | Kind::Always => (before, after),
        };
        let outside = Guarantee::described("a guarantee", Kind::Only, outside.policies().clone());
        let asked = self.with_asker(new, stop, |asker, frames| {
            let inside: Vec<&Policy> = inside.policies().policies().collect();
            for frame in frames {
                let here: Vec<&Policy> = inside
                    .iter()
                    .copied()
                    .filter(|policy| frame.admits(policy))
                    .collect();
                if !here.is_empty() && asker.keeps(&outside, &here, frame, &before.name)?.is_some()
                {
                    return Ok(Some(format!("it says less than before for {}", frame.name)));
                }
            }
            Ok(None)
        });
        asked.unwrap_or_else(|why| {
            Some(format!(
                "whether it says as much as before could not be decided: {why}"
            ))
        })
    }

    /// Why `new` is not known to allow only what `old` allows; nothing if that is proven.
    pub(in super::super) fn widens(
        &self,
        old: &RuleSet,
        new: &RuleSet,
        stop: &Stop,
    ) -> Option<String> {
        if old.vocabulary.digest() != new.vocabulary.digest() {
            return Some("the schema is another".to_owned());
        }
        // A proof is about all facts there can be; what a changed one does, it cannot say.
        if old.draft.entities() != new.draft.entities() {
            return Some(
                "entities.json is another, and who is in which team is not for a proof to judge"
                    .to_owned(),
            );
        }
        // A closed tenant is denied everything, whatever the policies say.
        let is_open = |tenant: &&str| !new.is_closed(tenant);
        if let Some(opened) = old.draft.closed().find(is_open) {
            return Some(format!("`{opened}` was closed and is open again"));
        }
        let Some(change) = Step::between(old, new) else {
            return Some("a forbid that went could not be read".to_owned());
        };
        if change.is_plain() {
            return None;
        }
        let asked = self.with_asker(new, stop, |asker, frames| change.widens(asker, frames, new));
        asked.unwrap_or_else(|why| {
            Some(format!(
                "whether it allows more could not be decided: {why}"
            ))
        })
    }

    pub(super) fn with_asker<T>(
        &self,
        rules: &RuleSet,
        stop: &Stop,
        work: impl FnOnce(&mut Asker<'_>, &[Frame]) -> Result<T, String>,
    ) -> Result<T, String> {
        let solver = self.solver().map_err(|missing| missing.to_string())?;
        self.listen_to_canaries(&solver, stop)
            .map_err(|unproven| match unproven {
                Unproven::Canary(why) => why,
                _ => "it was called off".to_owned(),
            })?;
        let session = self.session(&solver, rules.vocabulary.digest(), stop);
        let schema = rules.vocabulary.schema();
        let frames = Frame::all(schema)?;
        work(
            &mut Asker::new(schema, self.start(&solver, stop), session)?,
            &frames,
        )
    }
}

/// What differs between two sets, by the texts of their policies.
struct Step<'a> {
    old_permits: Vec<&'a Policy>,
    added_permits: Vec<&'a Policy>,
    /// As permits, so that they describe what they forbade.
    removed_forbids: Vec<Policy>,
}

impl<'a> Step<'a> {
    /// Nothing if a forbid that went cannot be described: to leave it out would be to say that nothing went.
    fn between(old: &'a RuleSet, new: &'a RuleSet) -> Option<Self> {
        let of = |rules: &'a RuleSet, effect| {
            let policies = rules.policies.policies();
            policies.filter(move |policy| policy.effect() == effect)
        };
        let texts = |rules: &'a RuleSet, effect| -> HashSet<String> {
            of(rules, effect).map(body).collect()
        };
        let (old_texts, new_texts) = (texts(old, Effect::Permit), texts(new, Effect::Forbid));
        Some(Self {
            old_permits: of(old, Effect::Permit).collect(),
            added_permits: of(new, Effect::Permit)
                .filter(|permit| !old_texts.contains(&body(permit)))
                .collect(),
            removed_forbids: of(old, Effect::Forbid)
                .filter(|forbid| !new_texts.contains(&body(forbid)))
                .map(as_permit)
                .collect::<Option<_>>()?,
        })
    }

    /// Whether permits only went and forbids only came.
    fn is_plain(&self) -> bool {
        self.added_permits.is_empty() && self.removed_forbids.is_empty()
    }

    fn widens(
        &self,
        asker: &mut Asker<'_>,
        frames: &[Frame],
        new: &RuleSet,
    ) -> Result<Option<String>, String> {
        let all: Vec<&Policy> = new.policies.policies().collect();
        for frame in frames {
            if let Some(why) = self.widens_by_forbids(asker, frame, &all)? {
                return Ok(Some(why));
            }
            if let Some(why) = self.widens_by_permits(asker, frame, &all)? {
                return Ok(Some(why));
            }
        }
        Ok(None)
    }

    /// What a forbid that went forbade must still be denied.
    fn widens_by_forbids(
        &self,
        asker: &mut Asker<'_>,
        frame: &Frame,
        all: &[&Policy],
    ) -> Result<Option<String>, String> {
        let scene = Scene::new(frame, all)?;
        for forbid in self
            .removed_forbids
            .iter()
            .filter(|forbid| frame.admits(forbid))
        {
            let set =
                PolicySet::from_policies([forbid.clone()]).map_err(|error| error.to_string())?;
            let guarantee = Guarantee::described("narrowing", Kind::Never, set);
            if let Finding::Broken(_) = (Modular {
                asker,
                scene: &scene,
                guarantee: &guarantee,
            })
            .prove()?
            {
                return Ok(Some(format!(
                    "`{}` does not forbid any more what it did, in {}",
                    forbid.id(),
                    frame.name
                )));
            }
        }
        Ok(None)
    }

    /// What a new permit permits must have been permitted.
    fn widens_by_permits(
        &self,
        asker: &mut Asker<'_>,
        frame: &Frame,
        all: &[&Policy],
    ) -> Result<Option<String>, String> {
        let added = |policy: &Policy| {
            self.added_permits
                .iter()
                .any(|added| added.id() == policy.id())
        };
        let here: Vec<&Policy> = all
            .iter()
            .copied()
            .filter(|policy| policy.effect() == Effect::Forbid || added(policy))
            .collect();
        let scene = Scene::new(frame, &here)?;
        let Some(first) = scene.permits.first() else {
            return Ok(None);
        };
        let old: Vec<Policy> = self
            .old_permits
            .iter()
            .filter(|permit| frame.admits(permit))
            .map(|&permit| permit.clone())
            .collect();
        if old.len() > PERMITS_MAX {
            return Err(format!(
                "more than {PERMITS_MAX} permits would have to be compared with"
            ));
        }
        if old.is_empty() {
            return Ok(Some(format!(
                "`{}` permits something in {}, where nothing was",
                first.id(),
                frame.name
            )));
        }
        let set = PolicySet::from_policies(old).map_err(|error| error.to_string())?;
        let guarantee = Guarantee::described("narrowing", Kind::Only, set);
        match (Modular {
            asker,
            scene: &scene,
            guarantee: &guarantee,
        })
        .prove()?
        {
            Finding::Holds => Ok(None),
            Finding::Broken(_) => Ok(Some(format!(
                "`{}` or a permit beside it permits more than before in {}",
                first.id(),
                frame.name
            ))),
        }
    }
}

/// A policy without its annotations, which allow nothing.
fn body(policy: &Policy) -> String {
    let json = policy.to_json().map(|mut json| {
        json.as_object_mut()
            .map(|members| members.remove("annotations"));
        json.to_string()
    });
    json.unwrap_or_else(|_| policy.to_string())
}

fn as_permit(forbid: &Policy) -> Option<Policy> {
    let mut json = forbid.to_json().ok()?;
    json["effect"] = "permit".into();
    Policy::from_json(Some(PolicyId::new(forbid.id())), json).ok()
}
