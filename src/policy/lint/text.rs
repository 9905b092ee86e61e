//! What the files' names and annotations say that nobody reads: a misspelt `@reason` is told to nobody, and a guarantee in the folder
//! `guarantee` is a policy. Needs no set in order. May be used by `policy` only.

use std::collections::BTreeSet;

use cedar_policy::PolicySet;

use super::super::draft::Draft;
use super::super::error::{Fault, Source};
use super::finding::Finding;
use super::near;

const UNKNOWN_ANNOTATION: &str = "unknown-annotation";
const MISNAMED_FOLDER: &str = "misnamed-folder";

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
            let help = format!("did you mean `{}`?", near::slip(folder, FOLDERS)?);
            let message = "the name of this folder means nothing: its files are policies for all";
            let fault = Fault::of_file(format!("{folder}/"), message).with_help(help);
            Some(Finding::new(MISNAMED_FOLDER, fault))
        });
        misnamed.collect()
    }
}

/// The unknown annotations of a file. A file that is not Cedar is a fault elsewhere.
fn annotations(path: &str, text: &str) -> Vec<Finding> {
    let Ok(set) = text.parse::<PolicySet>() else {
        return Vec::new();
    };
    let source = Source::new(path, text.to_owned());
    let mut found = Vec::new();
    let mut read = |begin: Option<usize>, names: Vec<&str>| {
        let begin = begin.unwrap_or(0);
        let unknown = names.into_iter().filter(|name| !ANNOTATIONS.contains(name));
        found.extend(unknown.map(|name| (place(text, begin, name), name.to_owned())));
    };
    for policy in set.policies() {
        let begin = policy.as_ref().loc().map(|loc| loc.span.offset());
        read(begin, policy.annotations().map(|(name, _)| name).collect());
    }
    for template in set.templates() {
        let begin = template.as_ref().loc().map(|loc| loc.span.offset());
        read(
            begin,
            template.annotations().map(|(name, _)| name).collect(),
        );
    }
    found.sort();
    let finding = |(offset, name): (usize, String)| {
        let known = ANNOTATIONS.map(|known| format!("`@{known}`")).join(", ");
        let help = match near::slip(&name, ANNOTATIONS) {
            Some(meant) => format!("did you mean `@{meant}`?"),
            None => format!("known are {known}"),
        };
        let fault = Fault::at(&source, offset, format!("nothing reads `@{name}`"));
        Finding::new(UNKNOWN_ANNOTATION, fault.with_help(help))
    };
    found.into_iter().map(finding).collect()
}

/// Where a policy's annotation stands. Cedar notes no place for its name, so a text that has the same letters may come first.
fn place(text: &str, begin: usize, name: &str) -> usize {
    let written = format!("@{name}");
    let after = text.get(begin..).and_then(|rest| rest.find(&written));
    begin + after.unwrap_or(0)
}
