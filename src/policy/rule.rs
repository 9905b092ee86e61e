//! What Gatepost wants to know of a policy beside its Cedar: who it is, what it tells the caller, and where it stands.
//! All of it is read once, from annotations, when a set is loaded; evaluation only looks it up.

use cedar_policy::Effect;

use super::error::{Fault, Faults, PolicyError, Source};
use crate::ledger::entry::PolicyRef;

/// Codes that say something else already.
const CODES_TAKEN: [&str; 3] = ["allowed", "policy_error", "groups_unknown"];

/// A policy's annotations and place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `@id`, file and line.
    pub policy: PolicyRef,
    /// `@reason`: told to the caller.
    pub reason: Option<String>,
    /// `@code`: told to the caller.
    pub code: Option<String>,
}

/// Where a policy begins, for faults.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) source: Source,
    pub(super) offset: usize,
}

impl Place {
    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        Fault::at(&self.source, self.offset, message)
    }
}

impl Rule {
    /// Reads the annotations of a policy or template.
    pub(super) fn read<'a>(
        place: &Place,
        effect: Effect,
        annotation: impl Fn(&'static str) -> Option<&'a str>,
    ) -> Result<Self, PolicyError> {
        let mut faults = Faults::default();
        let mut text = |name: &'static str, fits: fn(&str) -> bool, rule: &str| {
            let value = annotation(name)?;
            if !fits(value) {
                faults.push(place.fault(format!("`@{name}` must be {rule}")));
            }
            Some(value.to_owned())
        };
        let id = text("id", is_id, "1 to 128 letters, digits or any of `-_.:/`");
        let reason = text("reason", is_sentence, "1 to 300 characters in one line");
        let code = text(
            "code",
            is_code,
            "1 to 64 of `a-z`, digits and `_`, and no code of Gatepost's own",
        );
        if id.is_none() {
            faults.push(
                place
                    .fault("a policy without `@id`")
                    .with_help("the log names policies by their `@id`"),
            );
        }
        if effect == Effect::Forbid && reason.is_none() {
            let fault = place.fault("a `forbid` without `@reason`");
            faults.push(fault.with_help("the caller is told this sentence"));
        }
        let policy = PolicyRef {
            file: place.source.name().to_owned(),
            id: id.unwrap_or_default(),
            line: place.source.line(place.offset),
        };
        faults.none_or(Self {
            policy,
            reason,
            code,
        })
    }
}

/// Ids go to terminals and logs.
pub(super) fn is_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(fits)
}

/// Reasons go to callers, in a line of JSON. Marks that turn the direction of writing could make one read as another.
fn is_sentence(text: &str) -> bool {
    let turns = |letter: char| matches!(letter, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let fits = |letter: char| !letter.is_control() && !turns(letter);
    (1..=300).contains(&text.chars().count()) && !text.trim().is_empty() && text.chars().all(fits)
}

fn is_code(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(fits) && !CODES_TAKEN.contains(&text)
}
