//! Leave to ask Atlassian about one credential at one site: the look-up is on record. Born in `Leave::new`; nothing else lives in this
//! file. Whoever asks without it would make this gateway a tool for guessing that leaves no trace.

use crate::ledger::Receipt;

use super::subject::Subject;

/// A look-up whose record is durable.
#[must_use]
#[derive(Debug)]
pub(super) struct Leave {
    subject: Subject,
}

impl Leave {
    pub(super) fn new(subject: Subject, receipt: Receipt) -> Self {
        // INVARIANT: pairs with the draft that `append` took; a receipt never vouches for another look-up.
        assert_eq!(subject.digest(), receipt.digest());
        drop(receipt);
        Self { subject }
    }

    /// What may be asked about.
    pub(super) const fn subject(&self) -> &Subject {
        &self.subject
    }
}
