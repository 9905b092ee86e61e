//! What is wrong with a configuration: every problem with its place and its remedy, all at once.
//! Used inside `config` to collect, by `cli` to print. Never shows a secret: the master key's value enters no problem.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

/// A configuration that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the configuration cannot be used\n{}", lines(.problems))]
pub struct ConfigError {
    /// At least one: first the files line by line, then the variables, then defaults that do not fit.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where to look.
    pub place: Place,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

/// Where a problem is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In a file, at a line and column counted from 1.
    Line(PathBuf, usize, usize),
    /// A file as a whole.
    File(PathBuf),
    /// In an environment variable.
    Variable(String),
    /// In a key that nobody set: its default does not fit here.
    Default(String),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(path, line, column) => {
                write!(formatter, "{}:{line}:{column}", path.display())
            }
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Variable(name) => write!(formatter, "{name} (environment)"),
            Self::Default(key) => write!(formatter, "{key} (default)"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}; {}", self.place, self.what, self.remedy)
    }
}

fn lines(problems: &[Problem]) -> String {
    let lines = problems.iter().map(|problem| format!("  {problem}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Collects problems, at most one a key: what follows from a value that could not be read is noise.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<Problem>,
    faulty: BTreeSet<String>,
    unreadable: bool,
}

impl Problems {
    /// Adds a problem of no particular key.
    pub(super) fn add(&mut self, place: Place, what: impl Into<String>, remedy: impl Into<String>) {
        let (what, remedy) = (what.into(), remedy.into());
        self.found.push(Problem {
            place,
            what,
            remedy,
        });
    }

    /// Adds a problem of `section.key`.
    pub(super) fn add_key(&mut self, key: &str, place: Place, what: String, remedy: String) {
        if self.faulty.insert(key.to_owned()) {
            self.add(place, what, remedy);
        }
    }

    /// Whether `section.key` has a problem already, or nothing is known because the file cannot be read at all.
    pub(super) fn is_faulty(&self, key: &str) -> bool {
        self.unreadable || self.faulty.contains(key)
    }

    /// Notes that the file could not be read, so that no value is judged for being a default.
    pub(super) fn mark_unreadable(&mut self) {
        self.unreadable = true;
    }

    pub(super) fn finish(mut self) -> Result<(), ConfigError> {
        if self.found.is_empty() {
            return Ok(());
        }
        self.found.sort();
        Err(ConfigError {
            problems: self.found,
        })
    }
}
