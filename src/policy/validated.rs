//! A validated set: parsed, named, strictly typed, and linted. It can be asked for what-if verdicts, and it can be proven; it does
//! not decide about requests. What must never happen here: a warning is let pass, for "can never match" is how a wrong forbid looks.

use std::collections::{BTreeMap, HashMap, HashSet};

use cedar_policy::{Authorizer, Entity, PolicyId, PolicySet, ValidationMode, Validator};
use miette::Diagnostic;

use super::draft::{Draft, ENTITIES, LINKS};
use super::entities::Memberships;
use super::error::{Fault, Faults, PolicyError, Source};
use super::parsed::Parsed;
use super::prove::Guarantee;
use super::reach::Reach;
use super::rule::{Place, Rule};
use super::schema::{LEVEL, Vocabulary};
use super::slices::Slices;
use super::{links, lint, names};

/// A set that is in order. [`Validated::prove`] makes it one that may go live.
#[derive(Debug)]
pub struct Validated {
    rules: RuleSet,
}

/// All that evaluation needs, prebuilt.
#[derive(Debug)]
pub(crate) struct RuleSet {
    /// The whole: for replay, tests and the prover.
    pub(crate) policies: PolicySet,
    /// The same in parts: what decides.
    pub(crate) slices: Slices,
    pub(crate) authorizer: Authorizer,
    pub(crate) memberships: Memberships,
    pub(crate) vocabulary: Vocabulary,
    /// What the set's own authors want to be provable.
    pub(super) guarantees: Vec<Guarantee>,
    /// What it was read from, which is kept with the record of its activation.
    pub(super) draft: Draft,
    actions: HashMap<String, Entity>,
    by_id: BTreeMap<String, Rule>,
}

impl Validated {
    /// Checks a draft against a schema.
    pub fn check(draft: &Draft, vocabulary: &Vocabulary) -> Result<Self, PolicyError> {
        let mut faults = Faults::default();
        let mut parsed = Parsed::parse(draft)?;
        let source = |name| {
            draft
                .file(name)
                .map(|text| Source::new(name, text.to_owned()))
        };
        if let Some(source) = source(LINKS) {
            faults.part(links::write_out(&source, &mut parsed));
        }
        let memberships = source(ENTITIES).map_or_else(
            || Ok(Memberships::default()),
            |source| Memberships::read(&source),
        );
        let memberships = faults.part(memberships).unwrap_or_default();
        let guarantees = faults.part(Guarantee::of_draft(draft, vocabulary));
        faults.none_or(())?;
        let policies = typed(&parsed, vocabulary)?;
        linted(&parsed, &memberships)?;
        let rules = RuleSet {
            slices: sliced(&parsed)?,
            policies,
            authorizer: Authorizer::new(),
            memberships,
            guarantees: guarantees.unwrap_or_default(),
            draft: draft.clone(),
            actions: actions(vocabulary),
            vocabulary: vocabulary.clone(),
            by_id: parsed
                .rules
                .into_iter()
                .map(|(id, (rule, _))| (id, rule))
                .collect(),
        };
        Ok(Self { rules })
    }

    /// The digest of the files.
    #[must_use]
    pub fn digest(&self) -> &str {
        self.rules.draft.digest()
    }

    /// How many policies there are, links included and templates not.
    #[must_use]
    pub fn policy_count(&self) -> usize {
        self.rules.policies.num_of_policies()
    }

    pub(crate) fn rules(&self) -> &RuleSet {
        &self.rules
    }

    pub(super) fn into_rules(self) -> RuleSet {
        self.rules
    }
}

impl RuleSet {
    /// What is known of a policy beside its Cedar.
    pub(crate) fn rule(&self, id: &PolicyId) -> Option<&Rule> {
        let id: &str = id.as_ref();
        self.by_id.get(id)
    }

    /// The entity of an action, with the groups that it is in.
    pub(crate) fn action(&self, name: &str) -> Option<&Entity> {
        self.actions.get(name)
    }
}

/// Validates policies and templates; gives the policies alone.
fn typed(parsed: &Parsed, vocabulary: &Vocabulary) -> Result<PolicySet, PolicyError> {
    let whole = |error: cedar_policy::PolicySetError| Fault::of_file(".", error.to_string());
    let policies = PolicySet::from_policies(parsed.policies.iter().cloned()).map_err(whole)?;
    let mut with_templates = policies.clone();
    for template in &parsed.templates {
        with_templates
            .add_template(template.clone())
            .map_err(whole)?;
    }
    let validator = Validator::new(vocabulary.schema().as_ref().clone());
    let result = validator.validate_with_level(&with_templates, ValidationMode::Strict, LEVEL);
    let mut faults = Faults::default();
    let mut wrong = HashSet::new();
    for error in result.validation_errors() {
        wrong.insert(error.policy_id());
        faults.push(found(error, parsed.place(error.policy_id())));
    }
    // What Cedar warns of in a policy that is wrong is a consequence of the error.
    let warnings = result.validation_warnings();
    for warning in warnings.filter(|warning| !wrong.contains(warning.policy_id())) {
        faults.push(found(warning, parsed.place(warning.policy_id())));
    }
    faults.none_or(policies)
}

fn found(diagnostic: &dyn Diagnostic, place: Option<&Place>) -> Fault {
    match place {
        Some(place) => Fault::of_cedar(&place.source, diagnostic, place.offset),
        None => Fault::of_file(".", diagnostic.to_string()),
    }
}

fn linted(parsed: &Parsed, memberships: &Memberships) -> Result<(), PolicyError> {
    let mut faults = Faults::default();
    for policy in &parsed.policies {
        for message in lint::lint(policy, memberships) {
            match parsed.place(policy.id()) {
                Some(place) => faults.push(place.fault(message)),
                None => faults.push(Fault::of_file(".", message)),
            }
        }
    }
    faults.none_or(())
}

fn sliced(parsed: &Parsed) -> Result<Slices, PolicyError> {
    let whole = |message: String| PolicyError::from(Fault::of_file(".", message));
    let mut reaches = Vec::with_capacity(parsed.policies.len());
    for policy in &parsed.policies {
        let json = policy.to_json().map_err(|error| whole(error.to_string()))?;
        reaches.push(Reach::of(policy, &json));
    }
    let policies = parsed.policies.iter().zip(&reaches);
    Slices::of(policies).map_err(|error| whole(error.to_string()))
}

fn actions(vocabulary: &Vocabulary) -> HashMap<String, Entity> {
    // INVARIANT: the schema was read, so its actions stand in no circle.
    let entities = vocabulary
        .schema()
        .action_entities()
        .expect("a schema's actions are entities");
    let named = entities.iter().filter_map(|entity| {
        let uid = entity.uid();
        let name = names::core_action(&uid)?.to_owned();
        Some((name, entity.clone()))
    });
    named.collect()
}
