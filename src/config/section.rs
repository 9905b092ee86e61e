//! The sections and their keys, taken from the `Settings` types themselves, and the step from raw values to those types.
//! Used inside `config` only. No second list of keys is kept here that could fall behind the types.

use std::marker::PhantomData;
use std::ops::Range;

use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::{Serialize, forward_to_deserialize_any};
use toml::Spanned;
use toml::de::{DeValue, Error, ValueDeserializer};

use super::error::{Place, Problems};
use super::given::{Given, Origin, Raw};
use super::{development, list, telemetry};
use crate::{db, http, ledger, policy, tenant};

/// A section and its keys, in the order of the type.
pub(super) type Section = (&'static str, &'static [&'static str]);

/// Every section, in the order of the documentation.
pub(super) fn all() -> [Section; 8] {
    [
        ("server", keys::<http::Settings>()),
        ("database", keys::<db::Settings>()),
        ("atlassian", keys::<tenant::Settings>()),
        ("policy", keys::<policy::Settings>()),
        ("ledger", keys::<ledger::Settings>()),
        ("limits", keys::<http::Limits>()),
        ("telemetry", keys::<telemetry::Settings>()),
        ("development", keys::<development::Settings>()),
    ]
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let all = all().into_iter().map(|(name, _)| name);
    all.chain([list::NAME])
}

pub(super) fn find(name: &str) -> Option<Section> {
    all().into_iter().find(|(section, _)| *section == name)
}

/// The section that an environment variable speaks of, and the rest of its name.
pub(super) fn of_variable(name: &str) -> Option<(Section, &str)> {
    let rest = name.strip_prefix("GATEPOST_")?;
    all().into_iter().find_map(|section| {
        let key = rest.strip_prefix(&section.0.to_uppercase())?;
        Some((section, key.strip_prefix('_')?))
    })
}

/// Builds the settings of `section` from what was `given`; a value that does not fit is a problem and stays at its default.
pub(super) fn build<S>(section: &'static str, given: &Given, problems: &mut Problems) -> S
where
    S: DeserializeOwned + Serialize + Default,
{
    let mut fitting = Vec::new();
    for key in keys::<S>() {
        let Some(raw) = given.raw(section, key) else {
            continue;
        };
        let place = |inside| given.place(section, key, inside);
        match fit::<S>(section, key, raw, place) {
            Ok(value) => fitting.push((*key, value)),
            Err((place, what, remedy)) => {
                problems.add_key(&format!("{section}.{key}"), place, what, remedy);
            }
        }
    }
    read(fitting).unwrap_or_default()
}

/// The value of one key, if it is of the key's type; otherwise where it is wrong, what about it, and the remedy.
pub(super) fn fit<'a, S: DeserializeOwned + Serialize + Default>(
    section: &str,
    key: &str,
    raw: &Raw<'a>,
    place: impl FnOnce(Option<Range<usize>>) -> Place,
) -> Result<Spanned<DeValue<'a>>, (Place, String, String)> {
    let Err(error) = read::<S>(vec![(key, raw.value.clone())]) else {
        return Ok(raw.value.clone());
    };
    let what = format!("`{section}.{key}`: {}", plain(error.message()));
    let remedy = match &raw.origin {
        Origin::Environment(name) => format!("{name}={}", example::<S>(section, key)),
        _ => format!("{key} = {}", example::<S>(section, key)),
    };
    let remedy = format!("write it like `{remedy}`");
    Err((place(error.span()), what, remedy))
}

/// A variable's text as a value: TOML where it must be (numbers, lists, tables), and where a string is wanted just the text.
pub(super) fn from_text<'a>(section: &str, key: &str, text: &'a str) -> Spanned<DeValue<'a>> {
    let plain = Spanned::new(0..text.len(), DeValue::String(text.into()));
    let list = || {
        let parts = text.split(',').map(str::trim);
        let parts = parts.map(|part| Spanned::new(0..0, DeValue::String(part.into())));
        Spanned::new(0..0, DeValue::Array(parts.collect()))
    };
    if fits(section, key, &plain) {
        return plain;
    }
    match DeValue::parse(text) {
        Ok(value) if !value.get_ref().is_str() => value,
        _ if fits(section, key, &list()) => list(),
        _ => plain,
    }
}

fn fits(section: &str, key: &str, value: &Spanned<DeValue<'_>>) -> bool {
    fn one<S: DeserializeOwned>(key: &str, value: &Spanned<DeValue<'_>>) -> bool {
        read::<S>(vec![(key, value.clone())]).is_ok()
    }
    match section {
        "server" => one::<http::Settings>(key, value),
        "database" => one::<db::Settings>(key, value),
        "atlassian" => one::<tenant::Settings>(key, value),
        "policy" => one::<policy::Settings>(key, value),
        "ledger" => one::<ledger::Settings>(key, value),
        "limits" => one::<http::Limits>(key, value),
        "telemetry" => one::<telemetry::Settings>(key, value),
        "development" => one::<development::Settings>(key, value),
        _ => false,
    }
}

pub(super) fn read<S: DeserializeOwned>(
    values: Vec<(&str, Spanned<DeValue<'_>>)>,
) -> Result<S, Error> {
    let entries = values
        .into_iter()
        .map(|(key, value)| (key, ValueDeserializer::from(value)));
    S::deserialize(MapDeserializer::<_, Error>::new(entries))
}

/// How a value is written: the default, if there is one.
fn example<S: Serialize + Default>(section: &str, key: &str) -> String {
    match (section, key) {
        ("server", "trusted_proxies") => "[\"10.0.0.1\"]".to_owned(),
        ("policy", "extension") => "\"schemas/local.cedarschema\"".to_owned(),
        ("development", "resolve") => "{ \"acme.atlassian.net\" = \"127.0.0.1:9001\" }".to_owned(),
        ("atlassian", "forge_app_id") => {
            "\"ari:cloud:ecosystem::app/8db33809-1f32-48bb-8c52-5877dab48107\"".to_owned()
        }
        ("development", "forge_jwks") => "\"http://127.0.0.1:9100/forge/jwks.json\"".to_owned(),
        ("development", "install_key_server" | "oauth_server" | "api_base") => {
            "\"http://127.0.0.1:9100\"".to_owned()
        }
        (list::NAME, key) => list::example(key).unwrap_or_else(|| default_of::<S>(key)),
        ("development", "page_script") => "\"http://127.0.0.1:9100/connect/all.js\"".to_owned(),
        _ => default_of::<S>(key),
    }
}

/// Serde speaks of Rust's types; whoever writes a configuration need not know them.
fn plain(message: &str) -> String {
    ["usize", "u64", "u32", "u16"]
        .iter()
        .fold(message.to_owned(), |text, name| {
            text.replace(name, "a whole number")
        })
}

fn default_of<S: Serialize + Default>(key: &str) -> String {
    let table = toml::Table::try_from(S::default()).unwrap_or_default();
    table.get(key).map_or_else(String::new, ToString::to_string)
}

/// What was probably meant by `word`.
pub(super) fn suggest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<_> = known.collect();
    match policy::nearest(word, known.iter().copied(), 2.max(word.len() / 3)) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("known are {}", known.join(", ")),
    }
}

/// The keys of a settings type: the names that its derived `Deserialize` asks for.
pub(super) fn keys<S: DeserializeOwned>() -> &'static [&'static str] {
    let mut fields: &'static [&'static str] = &[];
    // The answer is always an error: it only carries the question.
    let _ = S::deserialize(FieldNames(&mut fields, PhantomData));
    fields
}

struct FieldNames<'a>(&'a mut &'static [&'static str], PhantomData<Error>);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("only the names of fields are asked for"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}
