//! What file and environment give: raw values with their places, before any type is known.
//! Used inside `config` only. A key that nothing in the crate reads is a problem here, with the name that was probably meant.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::environment::Environment;
use super::error::{Place, Problems};
use super::list::{self, Entry};
use super::section;

/// A configuration has some dozens of lines; anything beyond this is another file.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The file, at a line and column counted from 1.
    File(PathBuf, usize, usize),
    /// An environment variable.
    Environment(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File(path, line, _) => write!(formatter, "{}:{line}", path.display()),
            Self::Environment(name) => formatter.write_str(name),
        }
    }
}

/// The origins of what is not at its default.
pub(super) type Origins = BTreeMap<(&'static str, &'static str), Origin>;

/// The values of one table by their keys.
pub(super) type Values<'a> = BTreeMap<&'static str, Raw<'a>>;

/// One value as it was written.
#[derive(Clone, Debug)]
pub(super) struct Raw<'a> {
    pub(super) value: Spanned<DeValue<'a>>,
    pub(super) origin: Origin,
}

/// The text of a configuration file.
#[derive(Debug)]
pub(super) struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// Reads the file at `path`.
    pub(super) fn read(path: &Path, problems: &mut Problems) -> Option<Self> {
        match read_bounded(path) {
            Ok(text) => Some(Self {
                path: path.to_owned(),
                text,
            }),
            Err(what) => {
                problems.mark_unreadable();
                let remedy = "name a readable file with `--config`";
                problems.add(Place::File(path.to_owned()), what, remedy);
                None
            }
        }
    }

    /// Line and column of a byte, counted from 1.
    fn line(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }

    pub(super) fn place(&self, offset: usize) -> Place {
        let (line, column) = self.line(offset);
        Place::Line(self.path.clone(), line, column)
    }
}

/// All values that were given, by section and key.
#[derive(Debug, Default)]
pub(super) struct Given<'a> {
    values: BTreeMap<(&'static str, &'static str), Raw<'a>>,
    /// What was given for each `[[oidc]]`.
    pub(super) list: Vec<Entry<'a>>,
    pub(super) source: Option<&'a Source>,
}

impl<'a> Given<'a> {
    /// What was given for `section.key`.
    pub(super) fn raw(&self, section: &'static str, key: &'static str) -> Option<&Raw<'a>> {
        self.values.get(&(section, key))
    }

    /// Where each value came from that somebody set.
    pub(super) fn origins(&self) -> Origins {
        let origins = self.values.iter();
        origins
            .map(|(key, raw)| (*key, raw.origin.clone()))
            .collect()
    }

    /// Takes in the TOML of `source`.
    pub(super) fn read_file(&mut self, source: &'a Source, problems: &mut Problems) {
        self.source = Some(source);
        let (table, errors) = DeTable::parse_recoverable(&source.text);
        for error in &errors {
            problems.mark_unreadable();
            let place = source.place(error.span().map_or(0, |span| span.start));
            let what = format!("not TOML: {}", error.message().replace('\n', ", "));
            problems.add(place, what, "see https://toml.io for the syntax");
        }
        if !errors.is_empty() {
            return;
        }
        for (name, value) in table.into_inner() {
            let place = source.place(name.span().start);
            if name.get_ref() == list::NAME {
                self.read_list(source, &place, value.into_inner(), problems);
                continue;
            }
            let Some((section, keys)) = section::find(name.get_ref()) else {
                let what = format!("unknown section `{}`", name.get_ref());
                let remedy = section::suggest(name.get_ref(), section::names());
                problems.add(place, what, remedy);
                continue;
            };
            let DeValue::Table(table) = value.into_inner() else {
                let what = format!("`{section}` is a section, not a value");
                problems.add(place, what, format!("write `[{section}]` above its keys"));
                continue;
            };
            self.read_section(source, section, keys, table, problems);
        }
    }

    fn read_section(
        &mut self,
        source: &Source,
        section: &'static str,
        keys: &'static [&'static str],
        table: DeTable<'a>,
        problems: &mut Problems,
    ) {
        let header = format!("[{section}]");
        let values = read_table(source, &header, keys, table, problems);
        let values = values.into_iter();
        self.values
            .extend(values.map(|(key, raw)| ((section, key), raw)));
    }

    /// Reads every `GATEPOST_SECTION_KEY`, which wins over the file.
    pub(super) fn read_environment(
        &mut self,
        environment: &'a Environment,
        problems: &mut Problems,
    ) {
        for (name, text) in environment.iter() {
            let Some((section, rest)) = section::of_variable(name) else {
                list::refuse_variable(name, problems);
                continue;
            };
            let (section, keys) = section;
            if let Some(key) = keys.iter().find(|key| key.to_uppercase() == rest) {
                let value = section::from_text(section, key, text);
                let origin = Origin::Environment(name.to_owned());
                self.values.insert((section, key), Raw { value, origin });
            } else if !is_service_link(rest) {
                let what = format!("no key of [{section}] has this name");
                let stem = &name[..name.len() - rest.len()];
                let names = keys.iter().map(|key| stem.to_owned() + &key.to_uppercase());
                let names: Vec<_> = names.collect();
                let remedy = section::suggest(name, names.iter().map(String::as_str));
                problems.add(Place::Variable(name.to_owned()), what, remedy);
            }
        }
    }

    /// The place of `section.key` for a problem; `inside` is the part of the file that does not fit, when it is known.
    pub(super) fn place(&self, section: &str, key: &str, inside: Option<Range<usize>>) -> Place {
        let found = self
            .values
            .iter()
            .find(|(name, _)| **name == (section, key));
        match (found.map(|(_, raw)| &raw.origin), inside, self.source) {
            (None | Some(Origin::Default), ..) => Place::Default(format!("{section}.{key}")),
            (Some(Origin::Environment(name)), ..) => Place::Variable(name.clone()),
            (Some(Origin::File(..)), Some(span), Some(source)) => source.place(span.start),
            (Some(Origin::File(path, line, column)), ..) => {
                Place::Line(path.clone(), *line, *column)
            }
        }
    }

    /// Whether somebody set `section.key`.
    pub(super) fn is_given(&self, section: &str, key: &str) -> bool {
        self.values.keys().any(|name| *name == (section, key))
    }
}

/// The values of a table whose keys are known; every other key is a problem.
pub(super) fn read_table<'a>(
    source: &Source,
    header: &str,
    keys: &'static [&'static str],
    table: DeTable<'a>,
    problems: &mut Problems,
) -> Values<'a> {
    let mut values = Values::new();
    for (key, value) in table {
        let offset = key.span().start;
        if let Some(known) = keys.iter().find(|known| *known == key.get_ref()) {
            let (line, column) = source.line(offset);
            let origin = Origin::File(source.path.clone(), line, column);
            values.insert(known, Raw { value, origin });
        } else {
            let what = format!("unknown key `{}` in {header}", key.get_ref());
            let remedy = section::suggest(key.get_ref(), keys.iter().copied());
            problems.add(source.place(offset), what, remedy);
        }
    }
    values
}

/// Kubernetes gives every container `{SERVICE}_PORT=tcp://…` and more for every service beside it: a service called
/// `gatepost-server` must not keep its own pods from starting.
pub(super) fn is_service_link(rest: &str) -> bool {
    rest == "PORT"
        || rest.starts_with("PORT_")
        || rest == "SERVICE_HOST"
        || rest.starts_with("SERVICE_PORT")
}

fn read_bounded(path: &Path) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let file = File::open(path).map_err(cannot)?;
    let mut text = String::new();
    file.take(FILE_BYTES_MAX + 1)
        .read_to_string(&mut text)
        .map_err(cannot)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(format!("is longer than {FILE_BYTES_MAX} bytes"));
    }
    Ok(text)
}
