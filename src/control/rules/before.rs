//! What a new set comes after: the set in force, or where none is, the one that went live last. Used by `rules` only. What must never
//! happen here: a set counts as the first one because the set before it could not be put in force again.

use super::{Keeper, ratchet};
use crate::ledger::PolicySet;
use crate::ledger::text::in_one_line;
use crate::policy::Dropped;
use crate::policy::archive::ArchiveError;

/// What there was before a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing ever went live.
    Nothing,
    /// The set in force, by its digest.
    InForce(String),
    /// Nothing is in force. Whether the set that went live last is the same, text and schema.
    Kept {
        /// So that nothing is new.
        is_same: bool,
    },
    /// Nothing is in force, and what went live last is not what was kept.
    Unreadable(String),
}

impl Keeper {
    /// What there was before `new`, and the guarantees of it that `new` does not have word for word. An error is one that may pass.
    pub(super) async fn before(
        &self,
        new: &PolicySet,
    ) -> Result<(Before, Vec<Dropped>), ArchiveError> {
        if let Some(current) = self.live.current() {
            let lost = ratchet::lost(&current.text().files, &new.files);
            return Ok((Before::InForce(current.digest().to_owned()), lost));
        }
        let nothing_lost = Vec::new();
        match self.archive.last_activated().await {
            Ok(None) => Ok((Before::Nothing, nothing_lost)),
            Ok(Some(former)) => {
                let is_same =
                    (&former.digest, &former.schema_digest) == (&new.digest, &new.schema_digest);
                let lost = ratchet::lost(&former.files, &new.files);
                Ok((Before::Kept { is_same }, lost))
            }
            Err(error @ (ArchiveError::Db(_) | ArchiveError::Ledger(_))) => Err(error),
            // Whoever damages a row must not thereby shed the guarantees: a person looks first.
            Err(error) => Ok((Before::Unreadable(in_one_line(&error)), nothing_lost)),
        }
    }
}
