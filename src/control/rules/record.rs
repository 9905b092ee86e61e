//! What the decision log says of policy sets: gone live, waiting for a person, refused and why. Used by `rules` only. What must never
//! happen here: an entry too large for the log, so that what it is about goes unrecorded.

use std::collections::BTreeMap;
use std::sync::Arc;

use miette::{GraphicalReportHandler, GraphicalTheme};

use crate::ledger::entry::{Entry, Kind, shorten};
use crate::policy::archive::By;
use crate::policy::{Confined, Counterexample, PolicyError, Ready, Refused, Snapshot};

/// Faults that go into the record; the rest is counted there.
const FAULTS_RECORDED: usize = 20;
/// Counterexamples that go into the record, whole. With the faults they stay below the bound of an entry.
const COUNTEREXAMPLES_RECORDED: usize = 3;
/// Above it, a counterexample's entities are left out: the request and the policies say the most.
const COUNTEREXAMPLE_BYTES_MAX: usize = 8 * 1024;
/// Of words that somebody wrote.
const WORDS_BYTES_MAX: usize = 1024;
/// A record names no more guarantees than this; the archive has them all.
const DROPPED_BYTES_MAX: usize = 8 * 1024;

/// A set went live.
pub(super) fn activated(set: &Snapshot, author: Option<&str>, by: &By) -> Entry {
    let mut detail = BTreeMap::from([("policies".to_owned(), set.policy_count().to_string())]);
    let mut note = |name: &str, text: Option<String>| {
        detail.extend(text.map(|text| (name.to_owned(), text)));
    };
    note(
        "author",
        author.map(|author| shorten(author, WORDS_BYTES_MAX)),
    );
    let reason = by.reason.as_deref();
    note(
        "reason",
        reason.map(|reason| shorten(reason, WORDS_BYTES_MAX)),
    );
    let dropped = Some(by.dropped.join(" ")).filter(|names| !names.is_empty());
    note(
        "dropped_guarantees",
        dropped.map(|names| shorten(&names, DROPPED_BYTES_MAX)),
    );
    Entry {
        kind: Kind::PolicyActivated,
        by: Some(by.who.clone()),
        policy_set: Some(set.digest().to_owned()),
        schema: Some(set.schema_digest().to_owned()),
        engine: Some(set.engine().to_owned()),
        proof: Some(set.proof().clone()),
        detail,
        ..Entry::default()
    }
}

/// A set waits for a person.
pub(super) fn candidate(ready: &Ready, why: &str) -> Entry {
    let set = ready.set.snapshot();
    Entry {
        kind: Kind::Admin,
        operation: Some("policy.candidate".to_owned()),
        by: Some("folder".to_owned()),
        policy_set: Some(set.digest().to_owned()),
        schema: Some(set.schema_digest().to_owned()),
        proof: Some(set.proof().clone()),
        detail: BTreeMap::from([
            ("author".to_owned(), shorten(&ready.author, WORDS_BYTES_MAX)),
            ("why".to_owned(), shorten(why, WORDS_BYTES_MAX)),
        ]),
        ..Entry::default()
    }
}

/// A set was refused: each fault, how to mend it, and the request that shows it.
pub(super) fn rejected(refused: &Refused) -> Entry {
    let mut detail = BTreeMap::new();
    let mut shown = 0;
    for (index, fault) in (1..).zip(refused.errors.faults().iter().take(FAULTS_RECORDED)) {
        let mut note = |name: &str, text: String| detail.insert(format!("{name}_{index:02}"), text);
        note("fault", shorten(&fault.to_string(), WORDS_BYTES_MAX));
        if let Some(advice) = fault.advice() {
            note("hint", shorten(advice, WORDS_BYTES_MAX));
        }
        let found = fault.counterexample();
        if let Some(found) = found.filter(|_| shown < COUNTEREXAMPLES_RECORDED) {
            shown += 1;
            note("counterexample", bounded(found));
        }
    }
    detail.insert(
        "faults".to_owned(),
        refused.errors.fault_count().to_string(),
    );
    let author = refused.author.as_deref();
    detail.extend(author.map(|author| ("author".to_owned(), shorten(author, WORDS_BYTES_MAX))));
    Entry {
        kind: Kind::PolicyRejected,
        policy_set: refused.digest.clone(),
        detail,
        ..Entry::default()
    }
}

/// The files of one tenant were refused; the set named goes on without them.
pub(super) fn confined(digest: &str, one: &Confined, author: &str) -> Entry {
    let refused = Refused {
        digest: Some(digest.to_owned()),
        author: Some(author.to_owned()),
        errors: Arc::new(one.errors.clone()),
    };
    let mut entry = rejected(&refused);
    entry.tenant = Some(shorten(&one.tenant, WORDS_BYTES_MAX));
    let kept = kept(one).to_owned();
    entry.detail.insert("confined".to_owned(), kept);
    entry
}

/// What a tenant has whose own files were refused.
pub(super) const fn kept(one: &Confined) -> &'static str {
    if one.is_closed {
        "closed: the tenant has no earlier files"
    } else {
        "the tenant keeps its last good files"
    }
}

/// A counterexample as JSON that can be read back, whatever it leaves out.
fn bounded(found: &Counterexample) -> String {
    // INVARIANT: strings and lists of them.
    let json = |found: &Counterexample| serde_json::to_string(found).expect("plain data is JSON");
    let whole = json(found);
    if whole.len() <= COUNTEREXAMPLE_BYTES_MAX {
        return whole;
    }
    let brief = json(&Counterexample {
        entities: Vec::new(),
        ..found.clone()
    });
    if brief.len() <= COUNTEREXAMPLE_BYTES_MAX {
        brief
    } else {
        shorten(&brief, COUNTEREXAMPLE_BYTES_MAX)
    }
}

/// Each fault with the lines that it stands in. Without colour: the log writes escape sequences out, so that nobody's text can use them.
pub(super) fn report(error: &PolicyError) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    let mut text = String::new();
    for fault in error.faults() {
        // INVARIANT: writing to a string cannot fail.
        handler
            .render_report(&mut text, fault)
            .expect("a string takes everything");
        if let Some(found) = fault.counterexample() {
            text.push_str(&found.to_string());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Draft, Validated, Vocabulary};

    #[test]
    fn a_fault_is_shown_with_its_lines_and_nothing_for_a_terminal_to_obey() {
        let broken = [("a.cedar", "permit(principal, action, resoure);")];
        let files = broken.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let draft = Draft::from_files(files).unwrap();
        let refused = Validated::check(&draft, &Vocabulary::core()).unwrap_err();
        let told = report(&refused);
        assert!(
            told.contains("[a.cedar:1:27]") && told.contains("resoure);"),
            "{told}"
        );
        assert!(!told.contains('\u{1b}'), "{told}");
    }
}
