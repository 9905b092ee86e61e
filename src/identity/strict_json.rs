//! JSON that has one reading only. Used for token headers, claims and install payloads.
//! Parsers disagree about duplicate members (RFC 8259, section 4), so a text with two `iss` is two tokens in one. Nothing here may
//! repeat content in an error: what does not parse may still be a secret.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// How deep arrays and objects may stand in each other.
pub const DEPTH_MAX: usize = 64;

/// Why a text is refused. Never holds a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StrictJsonError {
    /// Not UTF-8.
    #[error("not UTF-8")]
    Utf8,
    /// Not JSON, or something follows it.
    #[error("not JSON at line {line}, column {column}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// An object has two members of one name, escapes resolved.
    #[error("an object has two members of one name")]
    Duplicate,
    /// Nested deeper than [`DEPTH_MAX`].
    #[error("nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    /// JSON, but not what is expected here.
    #[error(
        "a member is missing, unknown or of another type, seen at line {line}, column {column}"
    )]
    Shape {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
}

/// Reads a value that has one reading: UTF-8, no member twice at any level, at most [`DEPTH_MAX`] deep, nothing behind it.
pub fn parse<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, StrictJsonError> {
    let text = std::str::from_utf8(bytes).map_err(|_| StrictJsonError::Utf8)?;
    check(text)?;
    serde_json::from_str(text).map_err(|error| StrictJsonError::Shape {
        line: error.line(),
        column: error.column(),
    })
}

/// One pass over everything, also over what the typed reading will skip.
fn check(text: &str) -> Result<(), StrictJsonError> {
    let fault = Cell::new(None);
    let level = Level {
        depth: 0,
        fault: &fault,
    };
    let mut parser = serde_json::Deserializer::from_str(text);
    let outcome = level.deserialize(&mut parser).and_then(|()| parser.end());
    outcome.map_err(|error| {
        fault.get().unwrap_or(StrictJsonError::Syntax {
            line: error.line(),
            column: error.column(),
        })
    })
}

/// A place in the text where a value may stand.
#[derive(Clone, Copy)]
struct Level<'f> {
    depth: usize,
    fault: &'f Cell<Option<StrictJsonError>>,
}

impl Level<'_> {
    fn refuse<E: Error>(self, fault: StrictJsonError) -> E {
        self.fault.set(Some(fault));
        E::custom(fault)
    }

    fn inner<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth + 1;
        if depth > DEPTH_MAX {
            return Err(self.refuse(StrictJsonError::TooDeep));
        }
        Ok(Self { depth, ..self })
    }
}

/// A member's name, copied only if it has escapes.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        let mut names = Vec::with_capacity(8);
        while let Some(name) = members.next_key::<Name<'de>>()? {
            names.push(name);
            members.next_value_seed(inner)?;
        }
        // Sorted: 8 KiB hold a thousand names, and comparing each with each is work that an attacker would get for free.
        names.sort_unstable();
        if names.is_sorted_by(|one, next| one < next) {
            Ok(())
        } else {
            Err(self.refuse(StrictJsonError::Duplicate))
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
