//! What one file of policies says, understood on its own: each policy under its `@id`, with what can be read off its text. What must
//! never happen here: something that depends on another file. Such a sheet is kept for the next set (`memo`).

use cedar_policy::{Policy, PolicyId, PolicySet, Template};

use super::bearing::Bearing;
use super::error::{Fault, Faults, PolicyError, Source};
use super::reach::Reach;
use super::rule::{Place, Rule};
use super::slices::Sorted;
use super::{limits, lint};

/// The policies and templates of one file.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) policies: Vec<Entry>,
    pub(super) templates: Vec<Pattern>,
}

/// A policy.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) rule: Rule,
    pub(super) place: Place,
    pub(super) policy: Policy,
    pub(super) reach: Reach,
    /// The teams that it names, by their ids: whether they exist, another file says.
    pub(super) teams: Vec<String>,
    /// What there is to know where it names groups of Jira users.
    pub(super) bearing: Option<Bearing>,
    /// What is wrong with it beside its types.
    pub(super) lint: Vec<String>,
}

/// A template.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) rule: Rule,
    pub(super) place: Place,
    pub(super) template: Template,
}

impl Sheet {
    pub(super) fn parse(source: &Source) -> Result<Self, PolicyError> {
        let mut faults = Faults::default();
        let mut sheet = Self::default();
        limits::check(source)?;
        let set: PolicySet = match source.text().parse() {
            Ok(set) => set,
            Err(errors) => return Err(syntax(source, &errors)),
        };
        for policy in set.policies() {
            // The place is not part of Cedar's documented interface; this crate's version is pinned.
            let place = place(source, policy.as_ref().loc().map(|loc| loc.span.offset()));
            let rule = Rule::read(&place, policy.effect(), |name| policy.annotation(name));
            let entry = rule.and_then(|rule| Entry::new(rule, place, policy));
            sheet.policies.extend(faults.part(entry));
        }
        for template in set.templates() {
            let place = place(source, template.as_ref().loc().map(|loc| loc.span.offset()));
            let rule = Rule::read(&place, template.effect(), |name| template.annotation(name));
            let pattern = rule.map(|rule| Pattern::new(rule, place, template));
            sheet.templates.extend(faults.part(pattern));
        }
        faults.none_or(sheet)
    }
}

impl Entry {
    /// A policy under the id of its rule.
    pub(super) fn new(rule: Rule, place: Place, policy: &Policy) -> Result<Self, PolicyError> {
        let policy = policy.new_id(PolicyId::new(&rule.policy.id));
        let json = match policy.to_json() {
            Ok(json) => json,
            Err(error) => return Err(place.fault(error.to_string()).into()),
        };
        let bearing = Bearing::of(&policy, &json).map_err(|error| place.fault(error))?;
        Ok(Self {
            bearing,
            reach: Reach::of(&policy, &json),
            teams: lint::teams(&policy),
            lint: lint::lint(&policy, &json),
            rule,
            place,
            policy,
        })
    }
}

impl Entry {
    /// What says into which part of a set it belongs.
    pub(super) fn sorted(&self) -> Sorted<'_> {
        (&self.policy, &self.reach, self.bearing.as_ref())
    }
}

impl Pattern {
    fn new(rule: Rule, place: Place, template: &Template) -> Self {
        Self {
            template: template.new_id(PolicyId::new(&rule.policy.id)),
            rule,
            place,
        }
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
