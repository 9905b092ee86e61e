//! What looks like a mistake and does not refuse a set. May be used by `policy` and by whoever shows it. What must never happen here:
//! something that can let a caller through is a finding only; that is a fault.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, Severity, SourceCode};

use super::super::error::Fault;

/// Something that looks like a mistake.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule that found it, as in `never-matches`. A name, once given out, keeps its meaning: scripts know it.
    pub rule: &'static str,
    /// What was found, and where.
    pub what: Fault,
}

impl Finding {
    pub(in super::super) fn new(rule: &'static str, what: Fault) -> Self {
        Self { rule, what }
    }
}

/// What was found, and what was not looked for and why.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// What was found.
    pub found: Vec<Finding>,
    /// What was not looked at, a sentence each.
    pub notes: Vec<String>,
}

impl Findings {
    /// Adds others.
    pub fn extend(&mut self, more: Self) {
        self.found.extend(more.found);
        self.notes.extend(more.notes);
    }

    /// In the order of files and lines.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        let place = |finding: &Finding| (finding.what.file().to_owned(), finding.what.line());
        self.found.sort_by_key(place);
        self
    }
}

impl From<Vec<Finding>> for Findings {
    fn from(found: Vec<Finding>) -> Self {
        Self {
            found,
            notes: Vec::new(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what.fmt(formatter)
    }
}

impl std::error::Error for Finding {}

impl Diagnostic for Finding {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.rule))
    }

    fn severity(&self) -> Option<Severity> {
        Some(Severity::Warning)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.what.help()
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.what.source_code()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.what.labels()
    }
}
