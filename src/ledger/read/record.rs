//! One record as it is shown: the members of place and entry in one flat object, with what must not be shown masked.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::ReadError;
use crate::ledger::text::visible_json;

/// A record of the log.
#[derive(Clone, Debug)]
pub struct Record {
    seq: u64,
    members: Map<String, Value>,
}

#[derive(Deserialize)]
struct Body {
    entry: Map<String, Value>,
    place: Map<String, Value>,
}

impl Record {
    /// Reads `body`; without one the record was erased and only its place is left.
    pub(super) fn new(seq: u64, body: Option<&str>, ended: bool) -> Result<Self, ReadError> {
        let mut members = match body {
            Some(body) => flat(body).map_err(|source| ReadError::Damaged { seq, source })?,
            None => Map::from_iter([
                ("erased".to_owned(), json!(true)),
                ("seq".to_owned(), json!(seq)),
            ]),
        };
        if let Some(replay) = members.get_mut("replay") {
            *replay = json!({"masked": true});
        }
        let word = |name| members.get(name).and_then(Value::as_str);
        let is_allowed = word("kind") == Some("decision") && word("effect") == Some("allow");
        // A decision about an answer is a part of its request, whose outcome stands with the request's own decision.
        if is_allowed && word("stage") != Some("answer") && !ended {
            // It was let through, and how that ended is not recorded, or not yet.
            members.insert("outcome".to_owned(), json!("unknown"));
        }
        Ok(Self { seq, members })
    }

    /// The place in the log.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// A member.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    /// Every member.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// The record as one line of JSON. It holds no control and no bidirectional character, also not inside strings.
    #[must_use]
    pub fn json(&self) -> String {
        // INVARIANT: the members came from JSON.
        visible_json(&serde_json::to_string(&self.members).expect("JSON can be written"))
    }
}

fn flat(body: &str) -> Result<Map<String, Value>, serde_json::Error> {
    let Body { entry, mut place } = serde_json::from_str(body)?;
    let mut members = Map::new();
    // What one looks for first stands first.
    for name in ["seq", "time"] {
        members.extend(place.remove(name).map(|value| (name.to_owned(), value)));
    }
    members.extend(
        entry
            .get("kind")
            .map(|kind| ("kind".to_owned(), kind.clone())),
    );
    members.extend(entry);
    members.extend(place);
    Ok(members)
}
