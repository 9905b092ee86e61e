//! Whether JSON of unknown shape names another issue. Pure functions over text. Used by `issue`.
//! In doubt it does: what is held back can be asked for by its own key, what has left cannot be taken back.
//!
//! Every string and every member's name is searched, at any depth, also where a name stands twice. A word is a run of ASCII letters,
//! digits, `_` and `-`; anything else is its boundary. A key is a letter, one or more letters, digits or `_`, one `-` and a number
//! of up to 19 digits without leading zero.
//! - In upper case it counts anywhere between the hyphens of a word: `feature/SECRET-7-merger`, `SECRET-7_old`.
//! - In any other case it must be the whole word: `/browse/secret-7`, but neither `re-use-2-times` nor `utf-8`.
//! - A UUID is none, whatever its case; a date (`2026-11`) begins with a digit.
//! - JSON in a string and percent-encoded text are searched as what they stand for, too.
//!
//! Charsets, time zones and the like in upper case (`ISO-8859-1`, `UTC-3`) have the form of keys and count as such.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt::Formatter;
use std::str::Chars;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::tenant::IssueKey;

/// Arrays and objects inside each other, JSON in strings counted along. A value that is deeper is not searched, it is held back.
const DEPTH_MAX: usize = 64;

/// How much is decoded, as a multiple of what came: encodings inside encodings can be read in more orders than there is time for.
const DECODED_TIMES_MAX: usize = 8;

/// Words that have a key's form and are names of encodings, in lower case only.
const NO_KEYS: [&str; 3] = ["utf-8", "utf-16", "utf-32"];

/// Whether `json` names an issue other than `own`, or cannot be searched.
pub(super) fn names_other(json: &str, own: &IssueKey) -> bool {
    // Most custom fields are null, numbers or short options: a key needs a hyphen, written out or as an escape.
    let plain = !json.contains(['-', '\\', '%']);
    if plain && json.matches(['[', '{']).count() <= DEPTH_MAX {
        return false;
    }
    let search = Search {
        own,
        depth: 0,
        decodable: &Cell::new(DECODED_TIMES_MAX * json.len()),
    };
    !search.is_free(json)
}

/// Reads a value to its end unless it names another issue: that, and what is too deep, is an error.
#[derive(Clone, Copy)]
struct Search<'k> {
    own: &'k IssueKey,
    depth: usize,
    /// Bytes that may still be decoded.
    decodable: &'k Cell<usize>,
}

impl Search<'_> {
    fn is_free(self, json: &str) -> bool {
        let mut reader = serde_json::Deserializer::from_str(json);
        self.deserialize(&mut reader).is_ok() && reader.end().is_ok()
    }

    fn text(self, text: &str) -> bool {
        if words(text).any(|word| is_other(word, self.own)) {
            return false;
        }
        if let Cow::Owned(decoded) = percent_decoded(text)
            && !self
                .decode(&decoded)
                .is_some_and(|inner| inner.text(&decoded))
        {
            return false;
        }
        let is_json = text.trim_start().starts_with(['{', '[', '"']) || text.contains('\\');
        !is_json || self.json(text)
    }

    /// A string that may be JSON itself. What looks like it but is none was searched as text, and is again with its escapes
    /// decoded.
    fn json(self, text: &str) -> bool {
        if serde_json::from_str::<IgnoredAny>(text).is_ok() {
            return self.decode(text).is_some_and(|inner| inner.is_free(text));
        }
        let mut bare = String::with_capacity(text.len());
        let mut rest = text.chars();
        while let Some(character) = rest.next() {
            if character == '\\' {
                bare.push(escaped(&mut rest));
            } else {
                bare.push(character);
            }
        }
        !words(&bare).any(|word| is_other(word, self.own))
    }

    /// The search of what `text` is the decoded or still encoded form of, unless that is too deep or too much.
    fn decode(self, text: &str) -> Option<Self> {
        self.decodable
            .set(self.decodable.get().checked_sub(text.len())?);
        self.inner()
    }

    fn inner(self) -> Option<Self> {
        let depth = self.depth + 1;
        (depth <= DEPTH_MAX).then_some(Self { depth, ..self })
    }

    fn enter<E: Error>(self) -> Result<Self, E> {
        self.inner().ok_or_else(|| E::custom("too deep"))
    }
}

impl<'de> DeserializeSeed<'de> for Search<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Search<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("JSON that names no other issue")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _value: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _value: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _value: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _value: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if self.text(text) {
            Ok(())
        } else {
            Err(E::custom("another issue"))
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        let inner = self.enter()?;
        while values.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inner = self.enter()?;
        // Member by member, not through a map: of a name that stands twice both values leave, so both are searched.
        while members.next_key_seed(inner)?.is_some() {
            members.next_value_seed(inner)?;
        }
        Ok(())
    }
}

/// What an escape of JSON stands for, as far as it can be part of a key; a boundary otherwise.
fn escaped(rest: &mut Chars<'_>) -> char {
    if rest.next() != Some('u') {
        return ' ';
    }
    let mut code = 0;
    for _ in 0..4 {
        let mut ahead = rest.clone();
        let Some(digit) = ahead.next().and_then(|digit| digit.to_digit(16)) else {
            return ' ';
        };
        code = code * 16 + digit;
        *rest = ahead;
    }
    char::from_u32(code).unwrap_or(' ')
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| {
        !(character.is_ascii_alphanumeric() || character == '_' || character == '-')
    })
}

fn is_other(word: &str, own: &IssueKey) -> bool {
    if !word.contains('-') || NO_KEYS.contains(&word) || is_uuid(word) {
        return false;
    }
    if let Ok(key) = word.trim_matches('-').parse::<IssueKey>() {
        return key != *own;
    }
    let mut pieces = word.split('-');
    let mut left = pieces.next().unwrap_or_default();
    pieces.any(|right| {
        let number = right.split('_').next().unwrap_or_default();
        let project = std::mem::replace(&mut left, right);
        is_number(number) && names_other_project(project, number, own)
    })
}

/// A project's key is no longer, so no more of a text is looked at: work stays in proportion to it.
const PROJECT_BYTES_MAX: usize = 255;

/// Whether `piece`, or what follows a `_` in it, is the key of a project in upper case, other than `own`'s with this number.
fn names_other_project(piece: &str, number: &str, own: &IssueKey) -> bool {
    let bytes = piece.as_bytes();
    let is_key = |from: usize| -> Option<IssueKey> {
        bytes.get(from).filter(|first| first.is_ascii_uppercase())?;
        format!("{}-{number}", &piece[from..]).parse().ok()
    };
    let upper_from = bytes
        .iter()
        .rposition(u8::is_ascii_lowercase)
        .map_or(0, |at| at + 1);
    let from = upper_from.max(bytes.len().saturating_sub(PROJECT_BYTES_MAX));
    if from == 0
        && let Some(key) = is_key(0)
    {
        return key != *own;
    }
    let parts = (from.max(1)..bytes.len()).filter(|&at| bytes[at - 1] == b'_');
    parts.filter_map(is_key).any(|key| key != *own)
}

fn is_number(text: &str) -> bool {
    (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_uuid(word: &str) -> bool {
    let lengths = word.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12])
        && word
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// `text` with each `%XX` as the byte that it stands for.
fn percent_decoded(text: &str) -> Cow<'_, str> {
    let digit = |byte: Option<&u8>| {
        let digit = char::from(*byte?).to_digit(16)?;
        u8::try_from(digit).ok()
    };
    let (mut decoded, mut changed, mut at) = (Vec::new(), false, 0);
    let bytes = text.as_bytes();
    if !bytes.contains(&b'%') {
        return Cow::Borrowed(text);
    }
    while let Some(&byte) = bytes.get(at) {
        let pair = digit(bytes.get(at + 1)).zip(digit(bytes.get(at + 2)));
        if let Some((high, low)) = pair.filter(|_| byte == b'%') {
            decoded.push(high << 4 | low);
            changed = true;
            at += 3;
        } else {
            decoded.push(byte);
            at += 1;
        }
    }
    if changed {
        Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn holds(value: &Value) -> bool {
        names_other(&value.to_string(), &"ACME-1".parse().unwrap())
    }

    #[test]
    fn another_issues_key_is_found_wherever_it_stands() {
        for value in [
            json!({"url": "https://acme.atlassian.net/browse/SECRET-7"}),
            json!("https://acme.atlassian.net/browse/secret-7?focus=1"),
            json!("https://acme.atlassian.net/issues/?jql=key%3DSECRET-7"),
            json!("https://acme.atlassian.net/?to=%252Fbrowse%252FSECRET-7"),
            json!("SECRET%2D7"),
            json!("SECRET-7 - Merger plan"),
            json!("see (secret-7), or Secret-8."),
            json!("--secret-7--"),
            json!("feature/SECRET-7-merger-plan"),
            json!("feature_SECRET-7_v2"),
            json!("1-SECRET-7"),
            json!("ÄSECRET-7ß"),
            json!(r#"{"key":"SECRET-7"}"#),
            json!(r#"{"key":"\u0053ECRET\u002d7"}"#),
            json!(r#"{"text":"a\nSECRET-7"}"#),
            json!(r#"broken {"text":"a\nSECRET-7""#),
            json!(r#"json={"t":"\u003cSECRET-7-merger"}"#),
            json!(r"feature\u002FSECRET-7-merger"),
            json!(r"broken { SECRET\u002d7-merger"),
            json!(format!("{}_SECRET-7-merger", "A".repeat(256))),
            json!(json!({"inner": json!({"key": "\nSECRET-7"}).to_string()}).to_string()),
            json!({"see SECRET-7": 1}),
            json!([[{"a": ["ACME-1 blocks SECRET-7"]}]]),
            json!("ACME-10"),
        ] {
            assert!(holds(&value), "{value}");
        }
        let own = "ACME-1".parse().unwrap();
        assert!(names_other(r#"{"a":"SECRET-7","a":"x"}"#, &own));
        assert!(names_other(r#""\u0053ECRET\u002D7""#, &own));
        assert!(names_other("\"-\" trailing", &own));
    }

    /// Each of these took time or memory out of all proportion; the test ends only if it no longer does.
    #[test]
    fn text_made_to_be_slow_is_searched_in_proportion_to_its_length() {
        for piece in ["_", "-", "1_", "_A", "A_", "-1_"] {
            let text = piece.repeat(1 << 20) + "-1";
            let found = holds(&Value::from(text));
            assert_eq!(found, piece.contains('A'), "{piece}");
        }
    }

    #[test]
    fn what_only_looks_like_a_key_leaves() {
        for value in [
            json!("ACME-1 - Checkout, acme-1, https://acme.atlassian.net/browse/ACME-1"),
            json!("2026-11, 2026-11-23T12:00:00.000-0500"),
            json!("f58131cb-b67d-43c7-b30d-6b58d40bd077"),
            json!("557058:DEADBEEF-1234-4321-8123-ABCDEF123456"),
            json!("text/html; charset=utf-8"),
            json!("re-use, co-op, X-1, A-2b, SECRET-007, SECRET-0, SECRET--7"),
            json!("the-secret-7-dwarfs"),
            json!("100% sure, 5%-10%"),
            json!(-1.5),
            json!({"a-b": [null, true, -3]}),
            json!("0|i0009z:"),
        ] {
            assert!(!holds(&value), "{value}");
        }
        assert!(!names_other("\"ACME_X-1\"", &"ACME_X-1".parse().unwrap()));
    }

    #[test]
    fn a_value_deeper_than_64_is_not_searched_and_held_back() {
        let own = "ACME-1".parse().unwrap();
        let nested = |depth: usize| format!("{}\"-\"{}", "[".repeat(depth), "]".repeat(depth));
        assert!(!names_other(&nested(DEPTH_MAX), &own));
        assert!(names_other(&nested(DEPTH_MAX + 1), &own));
        assert!(names_other(&nested(DEPTH_MAX + 1).replace('-', ""), &own));
        assert!(names_other(&nested(100_000), &own));
    }

    #[test]
    fn encodings_inside_encodings_end() {
        let percent = |levels: usize| format!("%{}2D", "25".repeat(levels));
        let few = percent(3);
        assert!(holds(&json!(format!("SECRET{few}7"))));
        assert!(!holds(&json!(format!("{} no-key-here", percent(3)))));
        let mut text = percent(200);
        for _ in 0..12 {
            text = json!([text, "%2522-%2522"]).to_string();
        }
        assert!(holds(&json!(text)), "what takes too long is held back");
    }
}
