//! A context token of the last minute, apart from its principal: what a change takes that is as weighty as making a key. Born in
//! `Issued::freshen`; nothing else lives in this file. It must never be used without being written down as spent.

use crate::clock::Timestamp;
use crate::db::Connection;

use super::super::Issued;
use super::super::error::IssueError;
use super::{Owner, Spent};

/// Good for one change.
#[must_use]
pub struct Fresh {
    owner: Owner,
    spent: Spent,
}

impl std::fmt::Debug for Fresh {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Fresh")
    }
}

impl Fresh {
    pub(super) const fn new(owner: Owner, spent: Spent) -> Self {
        Self { owner, spent }
    }

    /// Uses it up, in the transaction of the change.
    pub(super) async fn spend(
        self,
        issued: &Issued,
        connection: &mut Connection,
        now: Timestamp,
    ) -> Result<(), IssueError> {
        self.spent.write(connection, now).await?;
        issued.require_standing(connection, &self.owner).await
    }
}
