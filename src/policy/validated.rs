//! A validated set: parsed, named, strictly typed, and linted. It can be asked for what-if verdicts, and it can be proven; it does
//! not decide about requests. What must never happen here: a warning is let pass, for "can never match" is how a wrong forbid looks.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cedar_policy::{Authorizer, Entity, PolicyId, PolicySet, PolicySetError};

use super::blame::{Blame, ByTenant};
use super::draft::{self, Draft, ENTITIES, GUARANTEES, LINKS};
use super::entities::Memberships;
use super::error::{Fault, PolicyError, Source};
use super::inert::{Inert, Obligation};
use super::memo::{Page, Workshop};
use super::names;
use super::parsed::{Pattern, Sheet};
use super::prove::Guarantee;
use super::ready::Dropped;
use super::rule::Rule;
use super::schema::Vocabulary;
use super::slices::Slices;
use super::union::Union;

/// A set that is in order. [`Validated::prove`] makes it one that may go live.
#[derive(Debug)]
pub struct Validated {
    rules: RuleSet,
    inert: Inert,
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
    closed: BTreeSet<String>,
}

impl Validated {
    /// Checks a draft against a schema.
    pub fn check(draft: &Draft, vocabulary: &Vocabulary) -> Result<Self, PolicyError> {
        Self::check_in(&mut Workshop::new(), draft, vocabulary)
    }

    /// The same in a workshop, where what did not change since the last set is not done again.
    pub fn check_in(
        workshop: &mut Workshop,
        draft: &Draft,
        vocabulary: &Vocabulary,
    ) -> Result<Self, PolicyError> {
        let checked = Self::check_files(workshop, draft, vocabulary, &BTreeSet::new());
        workshop.sweep();
        checked.map_err(Blame::whole)
    }

    /// Checks a draft, the files of some tenants after those of the others: of two that take one id, the later is to blame.
    pub(super) fn check_files(
        workshop: &mut Workshop,
        draft: &Draft,
        vocabulary: &Vocabulary,
        later: &BTreeSet<&str>,
    ) -> Result<Self, Blame> {
        let mut files: Vec<_> = draft.policies().collect();
        files.sort_by_key(|(path, _)| draft::tenant_of(path).is_some_and(|it| later.contains(it)));
        let pages: Vec<_> = files
            .iter()
            .map(|(path, text)| (*path, workshop.file(path, text, vocabulary)))
            .collect();
        let (shared, own) = sheets(&pages)?;
        let templates: Vec<&Pattern> = shared.iter().flat_map(|(_, it)| &it.templates).collect();
        let linked = draft
            .file(LINKS)
            .map(|text| (LINKS, workshop.links(LINKS, text, &templates, vocabulary)));
        let mut blame = Blame::default();
        for (path, page) in pages.iter().chain(&linked) {
            blame.part(path, page.checked.clone());
        }
        let mut union = Union::default();
        for (path, sheet) in shared {
            union.add(path, sheet, &mut blame);
        }
        if let Some((path, page)) = &linked
            && let Some(sheet) = blame.part(path, sheet(page))
        {
            union.add_links(sheet, &mut blame);
        }
        for (path, sheet) in own {
            union.add(path, sheet, &mut blame);
        }
        let inert = union.inert(&mut blame);
        let memberships = blame.part(ENTITIES, memberships(draft)).unwrap_or_default();
        let guarantees = blame.part(GUARANTEES, Guarantee::of_draft(draft, vocabulary));
        blame.none_or(())?;
        let mut blame = Blame::default();
        union.know_teams(&memberships, &mut blame);
        union.know_groups(&mut blame);
        let stated = Stated {
            memberships,
            guarantees: guarantees.unwrap_or_default(),
        };
        let rules = RuleSet::build(draft, vocabulary, &union, stated);
        let rules = rules.map_err(|error| Fault::of_file(".", error.to_string()).into());
        match blame.part(".", rules) {
            Some(rules) => blame.none_or(Self { rules, inert }),
            None => Err(blame),
        }
    }

    /// How many policies there are, links included and templates not.
    #[must_use]
    pub fn policy_count(&self) -> usize {
        self.rules.policies.num_of_policies()
    }

    /// The digest of its files.
    #[must_use]
    pub fn digest(&self) -> &str {
        self.rules.draft.digest()
    }

    /// Its files: the last good ones, once it is in force.
    #[must_use]
    pub fn draft(&self) -> &Draft {
        &self.rules.draft
    }

    /// The policies of tenants' folders that are still to be proven inert: each may match, and may fail, only for principals of the
    /// tenant. Of all others their text shows it.
    #[must_use]
    pub fn inert_obligations(&self) -> &[Obligation] {
        &self.inert.obligations
    }

    /// What is wrong with these policies where nobody proves anything, by tenant: to be refused, or to be given to
    /// [`Validated::check_confined`] as blame.
    #[must_use]
    pub fn inert_unshown(&self) -> ByTenant {
        self.inert.unshown()
    }

    pub(crate) fn rules(&self) -> &RuleSet {
        &self.rules
    }

    pub(super) fn into_rules(self) -> RuleSet {
        self.rules
    }
}

/// What files say that hold no policies.
struct Stated {
    memberships: Memberships,
    guarantees: Vec<Guarantee>,
}

impl RuleSet {
    fn build(
        draft: &Draft,
        vocabulary: &Vocabulary,
        union: &Union<'_>,
        stated: Stated,
    ) -> Result<Self, Box<PolicySetError>> {
        let policies = union.policies.iter();
        let rules = union.rules.iter();
        Ok(Self {
            policies: PolicySet::from_policies(policies.clone().map(|entry| entry.policy.clone()))?,
            slices: Slices::of(policies.map(|entry| entry.sorted()))?,
            authorizer: Authorizer::new(),
            memberships: stated.memberships,
            guarantees: stated.guarantees,
            actions: actions(vocabulary),
            vocabulary: vocabulary.clone(),
            by_id: rules
                .map(|(id, rule)| ((*id).to_owned(), (*rule).clone()))
                .collect(),
            closed: draft.closed().map(str::to_owned).collect(),
            draft: draft.clone(),
        })
    }

    pub(super) fn draft(&self) -> &Draft {
        &self.draft
    }

    /// The guarantees of `old` that are gone or have another text, where nobody proves that they say as much.
    pub(super) fn lost_by_name(&self, old: &Self) -> Vec<Dropped> {
        let after = |before: &Guarantee| {
            let mut here = self.guarantees.iter();
            here.find(|after| after.name == before.name)
        };
        let lost = old.guarantees.iter().filter_map(|before| {
            let why = match after(before) {
                None => "it is gone",
                Some(after) if after.digest() == before.digest() => return None,
                Some(_) => "its text is another, and nothing is proven here",
            };
            Some(Dropped {
                name: before.name.clone(),
                why: why.to_owned(),
            })
        });
        lost.collect()
    }

    /// What is known of a policy beside its Cedar.
    pub(crate) fn rule(&self, id: &PolicyId) -> Option<&Rule> {
        let id: &str = id.as_ref();
        self.by_id.get(id)
    }

    /// The entity of an action, with the groups that it is in.
    pub(crate) fn action(&self, name: &str) -> Option<&Entity> {
        self.actions.get(name)
    }

    /// Whether every question of an account of this tenant is denied, because a forbid of its own may be missing.
    pub(crate) fn is_closed(&self, tenant: &str) -> bool {
        self.closed.contains(tenant)
    }
}

type Sheets<'a> = Vec<(&'a str, &'a Sheet)>;

/// The files that all share, and those of tenants, if all of them are Cedar. One that is not hides what else is wrong: its templates
/// would be missing.
fn sheets<'a>(pages: &'a [(&'a str, Arc<Page>)]) -> Result<(Sheets<'a>, Sheets<'a>), Blame> {
    let mut blame = Blame::default();
    let mut sheets = Vec::with_capacity(pages.len());
    for (path, page) in pages {
        let sheet = blame.part(path, sheet(page));
        sheets.extend(sheet.map(|sheet| (*path, sheet)));
    }
    let sheets = blame.none_or(sheets)?.into_iter();
    Ok(sheets.partition(|(path, _)| draft::tenant_of(path).is_none()))
}

fn sheet(page: &Page) -> Result<&Sheet, PolicyError> {
    page.sheet.as_ref().map_err(Clone::clone)
}

fn memberships(draft: &Draft) -> Result<Memberships, PolicyError> {
    let Some(text) = draft.file(ENTITIES) else {
        return Ok(Memberships::default());
    };
    Memberships::read(&Source::new(ENTITIES, text.to_owned()))
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
