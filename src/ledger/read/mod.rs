//! Reading the log: what `log`, the admin side and audits see. Reads only, also while a server writes. What is kept for deciding again
//! (`replay`) never leaves through here.

use serde_json::Value;

use crate::clock::Timestamp;
use crate::db::{self, Db, DbError, Pool};
use crate::ledger::PolicySet;

mod record;
mod store;

pub use record::Record;

/// A page holds at most this many records.
pub const PAGE_RECORDS_MAX: u32 = 1000;

/// Which records. What is `None` does not matter; all that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// The caller's tenant: its id, or the host or cloud id of its site.
    pub tenant: Option<String>,
    /// The caller's tenant by its id alone, whatever else has that name.
    pub tenant_id: Option<String>,
    /// The tenant that owns the resource, named like the caller's.
    pub resource_tenant: Option<String>,
    /// Whether these two differ.
    pub cross_tenant: Option<bool>,
    /// The caller's account.
    pub account: Option<String>,
    /// The account that the caller wished to act as.
    pub act_as: Option<String>,
    /// `allow` or `deny`.
    pub effect: Option<String>,
    /// The action.
    pub action: Option<String>,
    /// The host of the site.
    pub site: Option<String>,
    /// The issue's key or id, as the record has it.
    pub issue: Option<String>,
    /// The key of the issue's project, in upper case.
    pub project: Option<String>,
    /// The code of the result.
    pub code: Option<String>,
    /// The kind of entry.
    pub kind: Option<String>,
    /// The digest of the policy set.
    pub policy_set: Option<String>,
    /// The decision's id.
    pub decision: Option<String>,
    /// The request's id.
    pub request: Option<String>,
    /// After this place in the log.
    pub after_seq: Option<u64>,
    /// Before this place in the log.
    pub before_seq: Option<u64>,
    /// From the newest to the oldest, instead of in the order of the log.
    pub newest_first: bool,
}

/// Records, and whether there are more.
#[derive(Debug)]
pub struct Page {
    /// In the order that was asked for.
    pub records: Vec<Record>,
    /// The place of the last one if more follow: the next `after_seq`, or `before_seq` from newest to oldest.
    pub next: Option<u64>,
}

/// Why the log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A body is not what was written.
    #[error("record {seq} cannot be read: it is not what was written")]
    Damaged {
        /// Which.
        seq: u64,
        /// Why.
        source: serde_json::Error,
    },
    /// A policy set is not what was written.
    #[error("policy set `{digest}` cannot be read: it is not what was written")]
    DamagedSet {
        /// Which.
        digest: String,
        /// Why.
        source: serde_json::Error,
    },
}

/// Reads the log.
#[derive(Clone, Debug)]
pub struct Reader(Pool);

impl Reader {
    /// Of an open database.
    #[must_use]
    pub fn of(db: &Db) -> Self {
        Self(db.lists().clone())
    }

    /// Of a file, for reading only, also while a server writes it.
    pub async fn open(settings: &db::Settings) -> Result<Self, ReadError> {
        Ok(Self(db::open_for_reading(settings).await?))
    }

    /// The place of the newest record; 0 if there is none.
    pub async fn head(&self) -> Result<u64, ReadError> {
        Ok(store::head(&self.0).await?)
    }

    /// The next records that `filter` lets through: at most `limit`, and never more than [`PAGE_RECORDS_MAX`].
    pub async fn page(&self, filter: &Filter, limit: u32) -> Result<Page, ReadError> {
        let limit = limit.min(PAGE_RECORDS_MAX);
        // One more than asked for tells whether there are more.
        let mut records = store::select(&self.0, filter, limit + 1).await?;
        let more = records.len() > limit as usize;
        records.truncate(limit as usize);
        let next = records.last().filter(|_| more).map(Record::seq);
        Ok(Page { records, next })
    }

    /// The record with this place, or all of this decision or request; with each the records that are linked to it.
    pub async fn find(&self, id: &str) -> Result<Vec<Record>, ReadError> {
        let at = match id.parse() {
            Ok(seq) => self.at(seq).await?,
            Err(_) => None,
        };
        if let Some(record) = at {
            return match record.text("decision_id") {
                Some(decision) => self.linked(decision).await,
                None => Ok(vec![record]),
            };
        }
        let found = self.linked(id).await?;
        if !found.is_empty() {
            return Ok(found);
        }
        let filter = Filter {
            request: Some(id.to_owned()),
            ..Filter::default()
        };
        Ok(self.page(&filter, PAGE_RECORDS_MAX).await?.records)
    }

    /// The policy set that a record names with `policy_set` and `schema`; none if it was never kept here. What it gives is what the
    /// database has: who relies on it computes the digests again.
    pub async fn policy_set(
        &self,
        digest: &str,
        schema_digest: &str,
    ) -> Result<Option<PolicySet>, ReadError> {
        store::policy_set(&self.0, digest, schema_digest).await
    }

    async fn at(&self, seq: u64) -> Result<Option<Record>, ReadError> {
        let filter = Filter {
            after_seq: seq.checked_sub(1),
            before_seq: seq.checked_add(1),
            ..Filter::default()
        };
        Ok(self.page(&filter, 1).await?.records.pop())
    }

    async fn linked(&self, decision: &str) -> Result<Vec<Record>, ReadError> {
        let filter = Filter {
            decision: Some(decision.to_owned()),
            ..Filter::default()
        };
        Ok(self.page(&filter, PAGE_RECORDS_MAX).await?.records)
    }
}

impl Record {
    /// A member as text; none if the record has no such member or it is no text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.member(name).and_then(Value::as_str)
    }
}
