//! What must be provable of a set. Two guarantees of their kind are built in; a team's own lie in `guarantees/`, one a file, written as
//! permits with `@guarantee` and `@title`. May be used by `policy`. What must never happen here: a guarantee that is not understood is
//! left out.

use cedar_policy::{Effect, Policy, PolicySet, ValidationMode, Validator};

use super::super::draft::{Draft, GUARANTEES};
use super::super::error::{Fault, Faults, PolicyError, Source};
use super::super::limits;
use super::super::schema::{LEVEL, Vocabulary};
use super::errs::may_err;
use crate::secret::{hex, sha256};

/// How what a set allows must stand to what a guarantee describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Everything that is allowed lies inside.
    Only,
    /// Nothing inside is allowed.
    Never,
    /// Everything inside is allowed.
    Always,
}

impl Kind {
    /// The word in `@guarantee`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Only => "only",
            Self::Never => "never",
            Self::Always => "always",
        }
    }
}

/// One thing that must be provable.
#[derive(Clone, Debug)]
pub struct Guarantee {
    /// The file's name without `guarantees/` and `.cedar`; `isolation` and `act-as` are built in.
    pub name: String,
    /// How it is to be taken.
    pub kind: Kind,
    /// In words.
    pub title: String,
    text: String,
    policies: PolicySet,
    built_in: bool,
}

/// The built-in guarantees are named so; no file may be.
pub(super) const ISOLATION: &str = "isolation";
pub(super) const ACT_AS: &str = "act-as";
pub(super) const READS: &str = "reads-never-write";
pub(super) const NEVER_ERRS: &str = "never-errs";
pub(super) const INERT: &str = "tenant-folder";
/// Names that are taken.
pub(super) const NAMES: [&str; 5] = [ISOLATION, ACT_AS, READS, NEVER_ERRS, INERT];

const ISOLATION_TEXT: &str =
    "permit (principal, action, resource) when { principal.tenant == resource.tenant };";
const ACT_AS_TEXT: &str = "permit (principal, action, resource) when { context.actAs == principal || principal.mayActAs.contains(context.actAs) };";

impl Guarantee {
    /// What holds for every set, whatever its authors say.
    #[must_use]
    pub fn built_in() -> [Self; 2] {
        [
            Self::of_text(
                ISOLATION,
                "an account reaches only what is its own tenant's",
                ISOLATION_TEXT,
            ),
            Self::of_text(
                ACT_AS,
                "an account acts as itself, or as one that a grant lets it act as",
                ACT_AS_TEXT,
            ),
        ]
    }

    /// What else holds for every set, by name and in words. It is not written in Cedar: the prover asks it of each policy or action.
    #[must_use]
    pub const fn unwritten() -> [(&'static str, &'static str); 3] {
        [
            (READS, "what is permitted for reading lets nobody write"),
            (
                NEVER_ERRS,
                "every policy gives an answer to every valid request",
            ),
            (
                INERT,
                "what lies in a tenant's folder is about accounts of that tenant only",
            ),
        ]
    }

    fn of_text(name: &str, title: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: Kind::Only,
            title: title.to_owned(),
            text: text.to_owned(),
            // INVARIANT: a text of this file, which a test reads.
            policies: text.parse().expect("a built-in guarantee"),
            built_in: true,
        }
    }

    /// What some policies describe, to compare others with.
    pub(super) fn described(name: &str, kind: Kind, policies: PolicySet) -> Self {
        let mut texts: Vec<String> = policies.policies().map(ToString::to_string).collect();
        texts.sort();
        Self {
            name: name.to_owned(),
            kind,
            title: String::new(),
            text: texts.join("\0"),
            policies,
            built_in: false,
        }
    }

    /// The guarantees of a set's own, in the order of files.
    pub(in super::super) fn of_draft(
        draft: &Draft,
        vocabulary: &Vocabulary,
    ) -> Result<Vec<Self>, PolicyError> {
        let mut faults = Faults::default();
        let mut found = Vec::new();
        for (path, text) in draft.guarantees() {
            let source = Source::new(path, text.to_owned());
            found.extend(faults.part(Self::read(&source, vocabulary)));
        }
        faults.none_or(found)
    }

    fn read(source: &Source, vocabulary: &Vocabulary) -> Result<Self, PolicyError> {
        limits::check(source)?;
        let policies = source
            .text()
            .parse::<PolicySet>()
            .map_err(|errors| Fault::of_cedar(source, &errors, 0))?;
        let mut faults = Faults::default();
        let name = source
            .name()
            .strip_prefix(GUARANTEES)
            .unwrap_or(source.name());
        let name = name.strip_suffix(".cedar").unwrap_or(name);
        if NAMES.contains(&name) {
            faults.push(Fault::of_file(
                source.name(),
                format!("`{name}` is a guarantee of Gatepost's own; name the file otherwise"),
            ));
        }
        if policies.templates().next().is_some() {
            faults.push(Fault::of_file(
                source.name(),
                "a guarantee with a slot; write out what it stands for",
            ));
        }
        let all: Vec<&Policy> = policies.policies().collect();
        if all.is_empty() {
            faults.push(Fault::of_file(
                source.name(),
                "a guarantee without a permit; delete the file if it is not wanted",
            ));
        }
        // A guarantee that fails describes less than its author meant.
        for policy in all.iter().filter(|policy| may_err(policy)) {
            let fault = Fault::at(
                source,
                offset(policy),
                "a guarantee that could fail when it is evaluated",
            );
            faults.push(fault.with_help(
                "describe requests without arithmetic, `offset`, `durationSince` and `toDate`",
            ));
        }
        for policy in &all {
            if policy.effect() == Effect::Forbid {
                let fault = Fault::at(source, offset(policy), "a guarantee with a `forbid`");
                faults.push(fault.with_help("a guarantee describes requests with `permit`; `@guarantee` says how it is meant"));
            }
        }
        let kind = faults.part(kind(source, &all));
        let title = all.iter().find_map(|policy| policy.annotation("title"));
        if title.is_none() {
            faults.push(
                Fault::of_file(source.name(), "a guarantee without `@title`")
                    .with_help("it is told when the guarantee is broken"),
            );
        }
        faults.part(typed(source, &policies, vocabulary));
        let (kind, title) = (
            kind.unwrap_or(Kind::Only),
            title.unwrap_or_default().to_owned(),
        );
        faults.none_or(Self {
            name: name.to_owned(),
            kind,
            title,
            text: source.text().to_owned(),
            policies,
            built_in: false,
        })
    }

    /// What it describes.
    pub(super) fn policies(&self) -> &PolicySet {
        &self.policies
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether every set has to keep it.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        self.built_in
    }

    /// `sha256:` and the hash of kind and text.
    #[must_use]
    pub fn digest(&self) -> String {
        let bytes = format!("{}\0{}", self.kind.as_str(), self.text);
        format!("sha256:{}", hex(&sha256(bytes.as_bytes())))
    }
}

fn kind(source: &Source, policies: &[&Policy]) -> Result<Kind, PolicyError> {
    let mut faults = Faults::default();
    let mut kinds = Vec::new();
    for policy in policies {
        match policy.annotation("guarantee") {
            Some("only") => kinds.push(Kind::Only),
            Some("never") => kinds.push(Kind::Never),
            Some("always") => kinds.push(Kind::Always),
            Some(_) | None => faults.push(Fault::at(
                source,
                offset(policy),
                "`@guarantee` must be \"only\", \"never\" or \"always\"",
            )),
        }
    }
    if kinds.windows(2).any(|two| two[0] != two[1]) {
        faults.push(Fault::of_file(
            source.name(),
            "a guarantee of two kinds; make it two files",
        ));
    }
    faults.none_or(kinds.first().copied().unwrap_or(Kind::Only))
}

fn typed(
    source: &Source,
    policies: &PolicySet,
    vocabulary: &Vocabulary,
) -> Result<(), PolicyError> {
    let validator = Validator::new(vocabulary.schema().as_ref().clone());
    let result = validator.validate_with_level(policies, ValidationMode::Strict, LEVEL);
    let mut faults = Faults::default();
    for error in result.validation_errors() {
        faults.push(Fault::of_cedar(source, error, 0));
    }
    for warning in result.validation_warnings() {
        faults.push(Fault::of_cedar(source, warning, 0));
    }
    faults.none_or(())
}

fn offset(policy: &Policy) -> usize {
    policy.as_ref().loc().map_or(0, |loc| loc.span.offset())
}
