//! What was understood of files, kept for the next set: of 10,000 policies in 1,000 files, a change of one file parses and validates
//! one file. May be used by `policy` and by whoever checks one set after the other. What must never happen here: an answer that
//! depends on anything but its key, which is the file's path, its text and the schema; or growth: what one check did not use is
//! forgotten at its end.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use cedar_policy::{PolicyId, PolicySet, PolicySetError, ValidationMode, Validator};
use miette::Diagnostic;

use super::error::{Fault, Faults, PolicyError, Source};
use super::links;
use super::parsed::{Pattern, Sheet};
use super::rule::Place;
use super::schema::{LEVEL, Vocabulary};
use crate::secret::sha256;

/// Where sets are checked. The second set takes only as long as what changed since the first.
#[derive(Debug, Default)]
pub struct Workshop {
    pages: HashMap<Key, Kept>,
    validator: Option<(String, Validator)>,
    #[cfg(test)]
    pub(super) made: usize,
}

/// Path, digest of what the page is made of, digest of the schema.
type Key = (String, [u8; 32], String);

#[derive(Debug)]
struct Kept {
    page: Arc<Page>,
    is_used: bool,
}

/// A file, parsed and checked on its own.
#[derive(Debug)]
pub(super) struct Page {
    /// Its policies, or what is wrong with its text.
    pub(super) sheet: Result<Sheet, PolicyError>,
    /// What is wrong with its policies.
    pub(super) checked: Result<(), PolicyError>,
}

impl Workshop {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A file of policies.
    pub(super) fn file(&mut self, path: &str, text: &str, vocabulary: &Vocabulary) -> Arc<Page> {
        let key = key(path, sha256(text.as_bytes()), vocabulary);
        self.page(key, vocabulary, || {
            Sheet::parse(&Source::new(path, text.to_owned()))
        })
    }

    /// The policies that the links stand for. They depend on the templates, too.
    pub(super) fn links(
        &mut self,
        path: &str,
        text: &str,
        templates: &[&Pattern],
        vocabulary: &Vocabulary,
    ) -> Arc<Page> {
        let sources = templates.iter().map(|pattern| &pattern.place.source);
        let files: BTreeMap<_, _> = sources
            .map(|source| (source.name(), source.text()))
            .collect();
        let mut bytes = sha256(text.as_bytes()).to_vec();
        for part in files.iter().flat_map(|(name, text)| [name, text]) {
            bytes.extend_from_slice(&sha256(part.as_bytes()));
        }
        let key = key(path, sha256(&bytes), vocabulary);
        self.page(key, vocabulary, || {
            links::write_out(&Source::new(path, text.to_owned()), templates)
        })
    }

    /// Forgets what was not used since this was called last.
    pub(super) fn sweep(&mut self) {
        self.pages
            .retain(|_, kept| std::mem::take(&mut kept.is_used));
    }

    fn page(
        &mut self,
        key: Key,
        vocabulary: &Vocabulary,
        make: impl FnOnce() -> Result<Sheet, PolicyError>,
    ) -> Arc<Page> {
        if let Some(kept) = self.pages.get_mut(&key) {
            kept.is_used = true;
            return kept.page.clone();
        }
        let sheet = make();
        let checked = match &sheet {
            Ok(sheet) => check(sheet, self.validator(vocabulary)),
            Err(_) => Ok(()),
        };
        let page = Arc::new(Page { sheet, checked });
        let kept = Kept {
            page: page.clone(),
            is_used: true,
        };
        self.pages.insert(key, kept);
        #[cfg(test)]
        {
            self.made += 1;
        }
        page
    }

    /// To make one copies the schema: once a schema, not once a file.
    fn validator(&mut self, vocabulary: &Vocabulary) -> &Validator {
        let is_other = |(digest, _): &(String, _)| digest != vocabulary.digest();
        if self.validator.as_ref().is_some_and(is_other) {
            self.validator = None;
        }
        let make = || {
            let validator = Validator::new(vocabulary.schema().as_ref().clone());
            (vocabulary.digest().to_owned(), validator)
        };
        &self.validator.get_or_insert_with(make).1
    }
}

fn key(path: &str, digest: [u8; 32], vocabulary: &Vocabulary) -> Key {
    (path.to_owned(), digest, vocabulary.digest().to_owned())
}

/// Validates and lints a file. Cedar's validator looks at each policy on its own, so a file's faults are the same in every set.
fn check(sheet: &Sheet, validator: &Validator) -> Result<(), PolicyError> {
    let (set, places) = set(sheet).map_err(|error| Fault::of_file(".", error.to_string()))?;
    let result = validator.validate_with_level(&set, ValidationMode::Strict, LEVEL);
    let mut wrong = HashSet::new();
    let mut all = Vec::new();
    for error in result.validation_errors() {
        wrong.insert(error.policy_id());
        all.push(found(error, places.get(error.policy_id())));
    }
    // What Cedar warns of in a policy that is wrong is a consequence of the error.
    let warnings = result.validation_warnings();
    for warning in warnings.filter(|warning| !wrong.contains(warning.policy_id())) {
        all.push(found(warning, places.get(warning.policy_id())));
    }
    // Cedar gives them in an order of chance; the same files are to be refused with the same words.
    all.sort_by(|one, other| one.message().cmp(other.message()));
    let mut faults = Faults::default();
    for fault in all {
        faults.push(fault);
    }
    faults.none_or(())?;
    let mut faults = Faults::default();
    for entry in &sheet.policies {
        for message in &entry.lint {
            faults.push(entry.place.fault(message));
        }
    }
    faults.none_or(())
}

type Placed<'a> = (PolicySet, HashMap<&'a PolicyId, &'a Place>);

/// Everything with an id of its own. What shares one is refused where the files meet.
fn set(sheet: &Sheet) -> Result<Placed<'_>, Box<PolicySetError>> {
    let mut set = PolicySet::new();
    let mut places = HashMap::new();
    for entry in &sheet.policies {
        if places.insert(entry.policy.id(), &entry.place).is_none() {
            set.add(entry.policy.clone())?;
        }
    }
    for pattern in &sheet.templates {
        if places
            .insert(pattern.template.id(), &pattern.place)
            .is_none()
        {
            set.add_template(pattern.template.clone())?;
        }
    }
    Ok((set, places))
}

fn found(diagnostic: &dyn Diagnostic, place: Option<&&Place>) -> Fault {
    match place {
        Some(place) => Fault::of_cedar(&place.source, diagnostic, place.offset),
        None => Fault::of_file(".", diagnostic.to_string()),
    }
}

#[cfg(test)]
mod tests;
