//! A JSON object as its members in order, values untouched: what leaves is cut from what came, not written anew. Used by `screen`.
//! A name must not stand twice: two readers could see two different issues.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::{Formatter, Write as _};

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Members in order.
#[derive(Debug, Default)]
pub(super) struct Object<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

/// No issue has more fields than this.
const MEMBERS_MAX: usize = 10_000;

impl<'a> Object<'a> {
    pub(super) fn member(&self, name: &str) -> Option<&'a RawValue> {
        self.0
            .iter()
            .find(|(member, _)| member == name)
            .map(|(_, value)| *value)
    }

    /// Writes the members that `keep` keeps, in their order.
    pub(super) fn write(
        &self,
        out: &mut String,
        mut keep: impl FnMut(&str, &'a RawValue) -> Option<Cow<'a, str>>,
    ) {
        out.push('{');
        let mut first = true;
        for (name, value) in &self.0 {
            let Some(text) = keep(name, value) else {
                continue;
            };
            if !std::mem::take(&mut first) {
                out.push(',');
            }
            // INVARIANT: writing to a string cannot fail.
            write!(out, "{}:", serde_json::Value::from(name.as_ref()))
                .expect("a string takes everything");
            out.push_str(&text);
        }
        out.push('}');
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let (mut members, mut seen) = (Vec::new(), HashSet::new());
                while let Some((name, value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    if !seen.insert(name.0.clone()) || members.len() == MEMBERS_MAX {
                        return Err(A::Error::custom(
                            "a member stands twice, or there are too many",
                        ));
                    }
                    members.push((name.0, value));
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
