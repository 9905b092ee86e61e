//! A session or client key that is good at this moment: what a principal is made of. Born in `Issued::check`; nothing else lives in this
//! file. A refused credential has its [`Hold`] as well, for the record; only this makes a principal.

use super::held::Hold;

/// All that may have ended the credential was asked just now.
#[must_use]
pub(in crate::identity) struct Good {
    hold: Hold,
    epoch: u64,
}

impl Good {
    pub(super) fn new(hold: Hold, epoch: u64) -> Self {
        Self { hold, epoch }
    }

    /// The credential, and its tenant's present epoch.
    pub(in crate::identity) fn into_parts(self) -> (Hold, u64) {
        (self.hold, self.epoch)
    }
}
