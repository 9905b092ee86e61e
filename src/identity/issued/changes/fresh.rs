//! A context token of the last minute, apart from its principal: what a change takes that is as weighty as making a key. Born in
//! `Issued::freshen`; nothing else lives in this file. It must never be used without being written down as spent.

use crate::clock::Timestamp;
use crate::db::Connection;

use super::super::error::IssueError;
use super::Spent;

/// Good for one change.
#[must_use]
pub struct Fresh {
    spent: Spent,
}

impl std::fmt::Debug for Fresh {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Fresh")
    }
}

impl Fresh {
    pub(super) const fn new(spent: Spent) -> Self {
        Self { spent }
    }

    /// Uses it up, in the transaction of the change.
    pub(super) async fn spend(
        self,
        connection: &mut Connection,
        now: Timestamp,
    ) -> Result<(), IssueError> {
        self.spent.write(connection, now).await
    }
}
