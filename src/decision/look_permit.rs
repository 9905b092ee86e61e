//! The permit to look: that the groups of one account are asked for is in the log. Born in `Look::seal`; nothing else lives in this
//! file. It must never be good for anything but that list, nor for another tenant than the principal's own.

use crate::identity::Principal;
use crate::ledger::Receipt;
use crate::tenant::{AccountId, Tenant};

use super::query::Query;

/// May ask Jira, as the app, which groups one account of the principal's own tenant is in. It gives memberships, never an answer.
///
/// It cannot be kept for a second use:
/// ```compile_fail,E0599
/// fn twice(permit: gatepost::decision::LookPermit<'_>) -> [gatepost::decision::LookPermit<'_>; 2] {
///     [permit.clone(), permit]
/// }
/// ```
/// nor is there a way without a receipt:
/// ```compile_fail,E0061
/// fn unlogged(look: &gatepost::decision::Look, account: &gatepost::tenant::AccountId) {
///     let _ = look.seal(account);
/// }
/// ```
/// The twin that compiles:
/// ```
/// use gatepost::decision::Look;
/// fn logged(look: &Look, account: &gatepost::tenant::AccountId, receipt: gatepost::ledger::Receipt) {
///     let _ = look.seal(account, receipt);
/// }
/// ```
#[must_use]
#[derive(Debug)]
pub struct LookPermit<'a> {
    query: &'a Query,
    account: &'a AccountId,
    #[expect(dead_code, reason = "held, not read: who has a permit has its receipt")]
    receipt: Receipt,
}

impl<'a> LookPermit<'a> {
    pub(super) fn new(query: &'a Query, account: &'a AccountId, receipt: Receipt) -> Self {
        Self {
            query,
            account,
            receipt,
        }
    }

    /// On whose behalf.
    pub const fn principal(&self) -> &Principal {
        &self.query.principal
    }

    /// Whose groups.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        self.account
    }

    /// The tenant and its site, as they were looked up.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        self.query.resource.tenant()
    }

    /// The request's id, so that both logs can be joined.
    #[must_use]
    pub fn request_id(&self) -> &str {
        self.query
            .wish
            .entry
            .request_id
            .as_deref()
            .unwrap_or_default()
    }
}
