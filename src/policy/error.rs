//! Why a policy set is refused: faults with file, line and span, as many as were found, so that an author mends them in one go.
//! They are for operators and the log; nothing of them may reach a caller.

use std::fmt;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

use super::prove::Counterexample;

/// The longest line that is shown with a fault in it.
const LINE_BYTES_MAX: usize = 1000;
/// How many faults are kept; the rest is counted.
const FAULTS_MAX: usize = 100;

/// A refused policy set: at least one fault.
#[derive(Clone, Debug)]
pub struct PolicyError {
    faults: Vec<Fault>,
    more: usize,
    unproven: bool,
}

impl PolicyError {
    /// The faults, in the order of files.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Whether the files are in order, and what they say is not proven.
    #[must_use]
    pub fn is_unproven(&self) -> bool {
        self.unproven
    }

    pub(super) fn unproven(self) -> Self {
        Self {
            unproven: true,
            ..self
        }
    }

    /// How many there are, those included that are not kept.
    #[must_use]
    pub fn fault_count(&self) -> usize {
        self.faults.len() + self.more
    }
}

impl From<Fault> for PolicyError {
    fn from(fault: Fault) -> Self {
        Self {
            faults: vec![fault],
            more: 0,
            unproven: false,
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            let line_end = if index == 0 { "" } else { "\n" };
            write!(formatter, "{line_end}{fault}")?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(formatter, "\nand {more} more"),
        }
    }
}

impl std::error::Error for PolicyError {}

impl Diagnostic for PolicyError {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(
            self.faults.iter().map(|fault| fault as &dyn Diagnostic),
        ))
    }
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug)]
pub struct Fault {
    file: String,
    line: Option<u32>,
    message: String,
    help: Option<String>,
    labels: Vec<LabeledSpan>,
    text: Option<Arc<NamedSource<String>>>,
    counterexample: Option<Arc<Counterexample>>,
}

impl Fault {
    /// Something is wrong with a file, or with the folder, as a whole.
    pub(super) fn of_file(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line: None,
            message: message.into(),
            help: None,
            labels: Vec::new(),
            text: None,
            counterexample: None,
        }
    }

    /// Something is wrong at an offset of a text.
    pub(super) fn at(source: &Source, offset: usize, message: impl Into<String>) -> Self {
        Self {
            line: Some(source.line(offset)),
            labels: vec![LabeledSpan::new_with_span(None, offset..offset)],
            text: source.shown(),
            ..Self::of_file(source.name(), message)
        }
    }

    /// What Cedar found wrong with a text; where it does not say where, `fallback` is the place.
    pub(super) fn of_cedar(source: &Source, found: &dyn Diagnostic, fallback: usize) -> Self {
        let labels: Vec<_> = found.labels().into_iter().flatten().collect();
        let inside = labels
            .iter()
            .all(|label| label.offset() + label.len() <= source.text().len());
        let labels = match labels.first() {
            Some(_) if inside => labels,
            _ => vec![LabeledSpan::new_with_span(None, fallback..fallback)],
        };
        Self {
            line: Some(source.line(labels[0].offset())),
            labels,
            help: found.help().map(|help| help.to_string()),
            text: source.shown(),
            ..Self::of_file(source.name(), one_line(&found.to_string()))
        }
    }

    /// With advice how to mend it.
    #[must_use]
    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With a request that shows it.
    #[must_use]
    pub(super) fn with_counterexample(mut self, found: Arc<Counterexample>) -> Self {
        self.counterexample = Some(found);
        self
    }

    /// A request that shows what is wrong, where that is how it was found.
    #[must_use]
    pub fn counterexample(&self) -> Option<&Counterexample> {
        self.counterexample.as_deref()
    }

    /// How to mend it, where that is known.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The file, relative to the folder.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, from 1, where it is known.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// What is wrong, in one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "{}:{line}: {}", self.file, self.message),
            None => write!(formatter, "{}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for Fault {}

impl Diagnostic for Fault {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        let text = self.text.as_deref()?;
        Some(text)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// A text with its name, shared by the faults that are found in it.
#[derive(Clone, Debug)]
pub(super) struct Source {
    text: Arc<NamedSource<String>>,
    /// Where lines end: thousands of policies of one file ask for theirs.
    ends: Arc<[usize]>,
    /// Whether its lines can be shown.
    has_short_lines: bool,
}

impl Source {
    pub(super) fn new(name: &str, text: String) -> Self {
        let bytes = text.bytes().enumerate();
        let ends = bytes.filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at);
        let ends: Arc<[usize]> = ends.collect();
        let beginnings = [0].into_iter().chain(ends.iter().copied());
        let lengths = beginnings.zip(ends.iter().copied().chain([text.len()]));
        Self {
            has_short_lines: lengths
                .into_iter()
                .all(|(start, end)| end - start <= LINE_BYTES_MAX),
            ends,
            text: Arc::new(NamedSource::new(name, text)),
        }
    }

    pub(super) fn name(&self) -> &str {
        self.text.name()
    }

    pub(super) fn text(&self) -> &str {
        self.text.inner()
    }

    /// The text, to show lines of it. One with endless lines is not shown: drawing it takes seconds, and from column 65,536 on a panic.
    fn shown(&self) -> Option<Arc<NamedSource<String>>> {
        self.has_short_lines.then(|| self.text.clone())
    }

    /// The line of an offset, from 1.
    pub(super) fn line(&self, offset: usize) -> u32 {
        let ends = self.ends.partition_point(|end| *end < offset);
        u32::try_from(ends).unwrap_or(u32::MAX).saturating_add(1)
    }
}

/// Collects faults until the end of a step.
#[derive(Debug, Default)]
pub(super) struct Faults {
    found: Vec<Fault>,
    more: usize,
}

impl Faults {
    pub(super) fn push(&mut self, fault: Fault) {
        self.found.push(fault);
    }

    /// Notes the faults of a part, and goes on without it.
    pub(super) fn part<T>(&mut self, part: Result<T, PolicyError>) -> Option<T> {
        let note = |error: PolicyError| {
            self.found.extend(error.faults);
            self.more += error.more;
        };
        part.map_err(note).ok()
    }

    /// `value`, if nothing was found.
    pub(super) fn none_or<T>(self, value: T) -> Result<T, PolicyError> {
        if self.found.is_empty() {
            return Ok(value);
        }
        let mut faults = self.found;
        faults.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
        let more = self.more + faults.len().saturating_sub(FAULTS_MAX);
        faults.truncate(FAULTS_MAX);
        Err(PolicyError {
            faults,
            more,
            unproven: false,
        })
    }
}

/// Line ends become blanks: a fault is one line on the terminal and in the log.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
