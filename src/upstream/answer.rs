//! What Jira answered: nobody may read it but `screen`, which decides it first. Born in `Jira::send`; nothing else lives in this
//! file.

use bytes::Bytes;

use crate::decision::Permit;

/// Jira's answer, still under the permit that asked for it.
#[must_use]
#[derive(Debug)]
pub struct Answer {
    permit: Permit,
    status: u16,
    retry_after_s: Option<u64>,
    body: Bytes,
}

impl Answer {
    pub(super) fn new(
        permit: Permit,
        status: u16,
        retry_after_s: Option<u64>,
        body: Bytes,
    ) -> Self {
        Self {
            permit,
            status,
            retry_after_s,
            body,
        }
    }

    /// Opens it: `screen` only, as `tests/it/structure.rs` holds.
    pub(crate) fn open_for_screening(self) -> (Permit, u16, Option<u64>, Bytes) {
        (self.permit, self.status, self.retry_after_s, self.body)
    }
}
