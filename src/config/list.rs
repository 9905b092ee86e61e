//! The section that may stand as often as there are providers: `[[oidc]]`. Used inside `config` only.
//! What cannot be left out has no default that could stand in for it: it is missing, and that is a problem of its own.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::DeValue;

use super::error::{Place, Problems};
use super::given::{Given, Origin, Source, Values, is_service_link, read_table};
use super::section;
use crate::identity::oidc::Settings;

/// How it is called.
pub(super) const NAME: &str = "oidc";

/// Keys that have no default.
const REQUIRED: [&str; 7] = [
    "name",
    "issuer",
    "audience",
    "jwks",
    "tenant_claim",
    "account_claim",
    "tenants",
];

/// One `[[oidc]]` as it was written.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// Its head.
    at: Place,
    values: Values<'a>,
}

/// Its keys, in the order of the type.
pub(super) fn keys() -> &'static [&'static str] {
    section::keys::<Settings>()
}

/// How a value is written that has no default to show it.
pub(super) fn example(key: &str) -> Option<String> {
    let text = match key {
        "name" => "\"entra\"",
        "issuer" => "\"https://login.example.com/v2.0\"",
        "audience" => "\"api://gatepost\"",
        "jwks" => "\"https://login.example.com/keys\"",
        "tenant_claim" => "\"tid\"",
        "account_claim" => "\"atlassian_account_id\"",
        "tenants" => "{ \"value of the claim\" = \"6e9a7e5c-4d3b-4a0e-9c0e-0a1b2c3d4e5f\" }",
        _ => return None,
    };
    Some(text.to_owned())
}

/// Builds each from what was `given`; a value that does not fit is a problem and stays at its default.
pub(super) fn build(given: &Given<'_>, problems: &mut Problems) -> Vec<Settings> {
    let entries = given.list.iter().enumerate();
    entries
        .map(|(index, entry)| {
            let mut fitting = Vec::new();
            for (key, raw) in &entry.values {
                let place = |inside| entry.place(key, inside, given.source);
                match section::fit::<Settings>(NAME, key, raw, place) {
                    Ok(value) => fitting.push((*key, value)),
                    Err((place, what, remedy)) => {
                        problems.add_key(&name(index, key), place, what, remedy);
                    }
                }
            }
            for key in REQUIRED {
                if !entry.values.contains_key(key) {
                    let what = format!("`{NAME}.{key}` is missing");
                    let remedy = format!("write `{key} = {}`", example(key).unwrap_or_default());
                    problems.add_key(&name(index, key), entry.at.clone(), what, remedy);
                }
            }
            section::read(fitting).unwrap_or_default()
        })
        .collect()
}

/// A key of the entry at `index`, among all keys with problems.
pub(super) fn name(index: usize, key: &str) -> String {
    format!("{NAME}.{index}.{key}")
}

/// Says that no variable reaches into a list, if `name` is meant to.
pub(super) fn refuse_variable(name: &str, problems: &mut Problems) {
    let rest = name.strip_prefix("GATEPOST_OIDC");
    let meant = rest.is_some_and(|rest| {
        rest.is_empty()
            || rest
                .strip_prefix('_')
                .is_some_and(|rest| !is_service_link(rest))
    });
    if meant {
        let place = Place::Variable(name.to_owned());
        let remedy = "write `[[oidc]]` and its keys into the file";
        problems.add(place, "providers are not read from the environment", remedy);
    }
}

impl Entry<'_> {
    /// The place of `key` for a problem, or that of the head where the key is missing; `inside` is the part of the file that does not
    /// fit, when it is known.
    pub(super) fn place(
        &self,
        key: &str,
        inside: Option<Range<usize>>,
        source: Option<&Source>,
    ) -> Place {
        match (self.values.get(key).map(|raw| &raw.origin), inside, source) {
            (Some(_), Some(span), Some(source)) => source.place(span.start),
            (Some(Origin::File(path, line, column)), ..) => {
                Place::Line(path.clone(), *line, *column)
            }
            _ => self.at.clone(),
        }
    }

    /// Where each value came from.
    pub(super) fn origins(&self) -> BTreeMap<&'static str, Origin> {
        let values = self.values.iter();
        values
            .map(|(key, raw)| (*key, raw.origin.clone()))
            .collect()
    }
}

impl<'a> Given<'a> {
    /// Takes in all `[[oidc]]`; `at` is where the first stands.
    pub(super) fn read_list(
        &mut self,
        source: &Source,
        at: &Place,
        value: DeValue<'a>,
        problems: &mut Problems,
    ) {
        let DeValue::Array(entries) = value else {
            let what = format!("`{NAME}` is a list of sections");
            problems.add(
                at.clone(),
                what,
                format!("write `[[{NAME}]]` above its keys"),
            );
            return;
        };
        for entry in entries {
            let at = source.place(entry.span().start);
            let DeValue::Table(table) = entry.into_inner() else {
                let what = format!("`{NAME}` is a list of sections, and this is none");
                problems.add(at, what, format!("write `[[{NAME}]]` above its keys"));
                continue;
            };
            let header = format!("[[{NAME}]]");
            let values = read_table(source, &header, keys(), table, problems);
            self.list.push(Entry { at, values });
        }
    }
}
