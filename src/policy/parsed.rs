//! Policies as Cedar parsed them, each under its `@id`. What must never happen here: two policies under one id, for the log could
//! not tell them apart.

use std::collections::BTreeMap;

use cedar_policy::{Policy, PolicyId, PolicySet, Template};

use super::draft::Draft;
use super::error::{Fault, Faults, PolicyError, Source};
use super::rule::{Place, Rule};
use crate::ledger::entry::PolicyRef;

/// All policies of a set, before validation.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) policies: Vec<Policy>,
    pub(super) templates: Vec<Template>,
    /// By id, of policies and templates alike.
    pub(super) rules: BTreeMap<String, (Rule, Place)>,
}

impl Parsed {
    pub(super) fn parse(draft: &Draft) -> Result<Self, PolicyError> {
        let mut parsed = Self::default();
        let mut faults = Faults::default();
        for (path, text) in draft.policies() {
            let source = Source::new(path, text.to_owned());
            faults.part(parsed.file(&source));
        }
        faults.none_or(parsed)
    }

    fn file(&mut self, source: &Source) -> Result<(), PolicyError> {
        let mut faults = Faults::default();
        let set: PolicySet = match source.text().parse() {
            Ok(set) => set,
            Err(errors) => return Err(syntax(source, &errors)),
        };
        for policy in set.policies() {
            // The place is not part of Cedar's documented interface; this crate's version is pinned.
            let place = place(source, policy.as_ref().loc().map(|loc| loc.span.offset()));
            let rule = Rule::read(&place, policy.effect(), |name| policy.annotation(name));
            if let Some(id) = faults.part(rule.and_then(|rule| self.enter(rule, place))) {
                self.policies.push(policy.new_id(id));
            }
        }
        for template in set.templates() {
            let place = place(source, template.as_ref().loc().map(|loc| loc.span.offset()));
            let rule = Rule::read(&place, template.effect(), |name| template.annotation(name));
            if let Some(id) = faults.part(rule.and_then(|rule| self.enter(rule, place))) {
                self.templates.push(template.new_id(id));
            }
        }
        faults.none_or(())
    }

    /// Takes an id, if it is free.
    pub(super) fn enter(&mut self, rule: Rule, place: Place) -> Result<PolicyId, PolicyError> {
        let id = rule.policy.id.clone();
        if let Some((other, _)) = self.rules.get(&id) {
            let PolicyRef { file, line, .. } = &other.policy;
            return Err(place
                .fault(format!("the id `{id}` is taken by {file}:{line}"))
                .into());
        }
        self.rules.insert(id.clone(), (rule, place));
        Ok(PolicyId::new(id))
    }

    /// Where a policy stands.
    pub(super) fn place(&self, id: &PolicyId) -> Option<&Place> {
        let text: &str = id.as_ref();
        self.rules.get(text).map(|(_, place)| place)
    }
}

fn place(source: &Source, offset: Option<usize>) -> Place {
    Place {
        source: source.clone(),
        offset: offset.unwrap_or(0),
    }
}

fn syntax(source: &Source, errors: &cedar_policy::ParseErrors) -> PolicyError {
    let mut faults = Faults::default();
    for error in errors.iter() {
        faults.push(Fault::of_cedar(source, error, 0));
    }
    // INVARIANT: Cedar never reports an empty list of errors.
    faults.none_or(()).expect_err("a parse error is an error")
}
