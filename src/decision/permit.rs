//! The permit: a query was allowed and the ruling is in the log. Born in `Ruling::seal`; nothing else lives in this file.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::identity::Principal;
use crate::ledger::Receipt;
use crate::ledger::entry::Entry;
use crate::policy::Snapshot;
use crate::tenant::Resource;
use crate::tenant::{AccountId, IssueKey};

use super::denied::DeniedError;
use super::query::Query;
use super::reading::Reading;
use super::ruling::Ruling;
use super::verdict::TENANT_BREACH;

/// Allowed **and** logged: what may be sent to Jira, and as whom. One permit, one operation.
///
/// It cannot be kept for a second use:
/// ```compile_fail,E0599
/// fn twice(permit: gatepost::decision::Permit) -> [gatepost::decision::Permit; 2] {
///     [permit.clone(), permit]
/// }
/// ```
/// A ruling is not one:
/// ```compile_fail,E0308
/// fn unlogged(ruling: gatepost::decision::Ruling) -> gatepost::decision::Permit {
///     ruling
/// }
/// ```
/// nor is there a way without a receipt:
/// ```compile_fail,E0061
/// fn unlogged(ruling: gatepost::decision::Ruling) {
///     let _ = ruling.seal();
/// }
/// ```
/// The twin that compiles:
/// ```
/// use gatepost::decision::{DeniedError, Permit, Ruling};
/// fn logged(ruling: Ruling, receipt: gatepost::ledger::Receipt) -> Result<Permit, DeniedError> {
///     ruling.seal(receipt)
/// }
/// ```
#[must_use]
#[derive(Debug)]
pub struct Permit {
    query: Query,
    rules: Arc<Snapshot>,
    #[expect(dead_code, reason = "held, not read: who has a permit has its receipt")]
    receipt: Receipt,
}

impl Ruling {
    /// Turns a logged ruling into a permit, if it allows.
    pub fn seal(self, receipt: Receipt) -> Result<Permit, DeniedError> {
        // INVARIANT: pairs with `Ledger::append`; a receipt never vouches for another ruling.
        assert_eq!(
            self.digest(),
            receipt.digest(),
            "the receipt is for this ruling"
        );
        let (query, verdict, rules) = self.into_parts();
        let cross_tenant = query.is_cross_tenant();
        // Beside Cedar and its proof, on purpose in plain Rust and for a second time after `decide`: must never fire.
        let unseen = cross_tenant && verdict.allows();
        let verdict = verdict.kept_apart(cross_tenant);
        if !verdict.allows() {
            return Err(DeniedError {
                breach: verdict.code == TENANT_BREACH,
                code: verdict.code,
                reason: verdict.reason,
                cross_tenant,
                is_logged: !unseen,
            });
        }
        Ok(Permit {
            query,
            rules,
            receipt,
        })
    }
}

impl Permit {
    /// Who asked.
    pub const fn principal(&self) -> &Principal {
        &self.query.principal
    }

    /// As whom Jira is asked.
    #[must_use]
    pub const fn act_as(&self) -> &AccountId {
        &self.query.act_as
    }

    /// The grant that this rests on, if it is to act as another: the one in the record. Once it is gone, so is this permit.
    #[must_use]
    pub fn grant(&self) -> Option<&str> {
        let grant = self.query.grant(self.query.action())?;
        Some(&grant.id)
    }

    /// The site and the thing.
    pub const fn resource(&self) -> &Resource {
        &self.query.resource
    }

    /// What of it.
    #[must_use]
    pub const fn reading(&self) -> &Reading {
        &self.query.wish.reading
    }

    /// The tenant's epoch when the credential was verified; a later one ends this permit.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.query.principal.epoch()
    }

    /// Until when the request must be answered.
    #[must_use]
    pub const fn deadline(&self) -> Timestamp {
        self.query.wish.deadline
    }

    /// The request's part of the record.
    #[must_use]
    pub const fn entry(&self) -> &Entry {
        &self.query.wish.entry
    }

    /// Gives the permit up for who had it.
    pub fn into_principal(self) -> Principal {
        self.query.principal
    }

    /// Gives the permit up for a query about the issue that Jira answered, under the same rules.
    pub fn reopen(
        self,
        key: IssueKey,
        now: Timestamp,
        decision_id: String,
    ) -> (Arc<Snapshot>, Query) {
        (self.rules, self.query.about_answer(key, now, decision_id))
    }
}
