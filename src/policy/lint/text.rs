//! What the files' names and annotations say that nobody reads: a misspelt `@reason` is told to nobody, and a guarantee in the folder
//! `guarantee` is a policy. Needs no set in order. May be used by `policy` only.

use std::collections::BTreeSet;

use cedar_policy::PolicySet;

use super::super::draft::{Draft, GUARANTEES};
use super::super::error::{Fault, Source};
use super::super::limits;
use super::finding::Finding;
use super::near;

const UNKNOWN_ANNOTATION: &str = "unknown-annotation";
const MISNAMED_FOLDER: &str = "misnamed-folder";
const STRAY_GUARANTEE: &str = "stray-guarantee";

/// The annotations that Gatepost reads, or that people are asked to write.
const ANNOTATIONS: [&str; 6] = ["id", "reason", "code", "owner", "guarantee", "title"];
/// The folders whose names mean something.
const FOLDERS: [&str; 3] = ["guarantees", "tenants", "tests"];

impl Draft {
    /// What looks like a mistake in names of folders and annotations, whether or not the set is in order.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let files = self.policies().chain(self.guarantees());
        let mut found: Vec<_> = files
            .flat_map(|(path, text)| annotations(path, text))
            .collect();
        found.extend(self.misnamed_folders());
        found
    }

    fn misnamed_folders(&self) -> Vec<Finding> {
        let paths = self.files().keys();
        let folders: BTreeSet<&str> = paths
            .filter_map(|path| path.split_once('/'))
            .map(|(folder, _)| folder)
            .collect();
        let misnamed = folders.into_iter().filter_map(|folder| {
            // A folder `teams` is no misspelt `tests`.
            let distance_max = if folder.len() < 6 { 1 } else { 2 };
            let meant = near::nearest(folder, FOLDERS, distance_max).filter(|it| *it != folder)?;
            let help = format!("did you mean `{meant}`?");
            let message = "the name of this folder means nothing: its files are policies for all";
            let fault = Fault::of_file(format!("{folder}/"), message).with_help(help);
            Some(Finding::new(MISNAMED_FOLDER, fault))
        });
        misnamed.collect()
    }
}

/// What is odd about the annotations of a file. A file that is not Cedar is a fault elsewhere.
fn annotations(path: &str, text: &str) -> Vec<Finding> {
    // What is too deep to be parsed is a fault elsewhere, too.
    if limits::check(&Source::new(path, text.to_owned())).is_err() {
        return Vec::new();
    }
    let Ok(set) = text.parse::<PolicySet>() else {
        return Vec::new();
    };
    let mut named: Vec<(usize, String)> = Vec::new();
    let mut read = |begin: Option<usize>, names: &mut dyn Iterator<Item = (&str, &str)>| {
        let begin = begin.unwrap_or(0);
        named.extend(names.map(|(name, _)| (place(text, begin, name), name.to_owned())));
    };
    for policy in set.policies() {
        let begin = policy.as_ref().loc().map(|loc| loc.span.offset());
        read(begin, &mut policy.annotations());
    }
    for template in set.templates() {
        let begin = template.as_ref().loc().map(|loc| loc.span.offset());
        read(begin, &mut template.annotations());
    }
    named.sort();
    let source = Source::new(path, text.to_owned());
    let finding = |(offset, name): (usize, String)| {
        if name == "guarantee" && !path.starts_with(GUARANTEES) {
            return Some(stray(&source, offset));
        }
        (!ANNOTATIONS.contains(&name.as_str())).then(|| unknown(&source, offset, &name))
    };
    named.into_iter().filter_map(finding).collect()
}

fn unknown(source: &Source, offset: usize, name: &str) -> Finding {
    let known = ANNOTATIONS.map(|known| format!("`@{known}`")).join(", ");
    let help = near::slip(name, ANNOTATIONS).map_or_else(
        || format!("known are {known}"),
        |meant| format!("did you mean `@{meant}`?"),
    );
    let fault = Fault::at(source, offset, format!("nothing reads `@{name}`"));
    Finding::new(UNKNOWN_ANNOTATION, fault.with_help(help))
}

/// What was written to describe would allow.
fn stray(source: &Source, offset: usize) -> Finding {
    let message = "a guarantee outside of the folder `guarantees` is a policy in force";
    let help = "move it to `guarantees/`, where it says what must be provable and allows nothing";
    Finding::new(
        STRAY_GUARANTEE,
        Fault::at(source, offset, message).with_help(help),
    )
}

/// Where a policy's annotation stands. Cedar notes no place for its name, so a text that has the same letters may come first.
fn place(text: &str, begin: usize, name: &str) -> usize {
    let written = format!("@{name}");
    let after = text.get(begin..).and_then(|rest| rest.find(&written));
    begin + after.unwrap_or(0)
}
