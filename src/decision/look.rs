//! The look: a decision that waits for the groups of one or two accounts. Born in `decide`; nothing else lives in this file.
//! It must never lead to another tenant: whose groups may be asked for was settled when it was made, from the query alone.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::identity::Principal;
use crate::ledger::entry::{Entry, Kind, Resource, Stage};
use crate::ledger::{Draft, LedgerError, Receipt};
use crate::policy::Snapshot;
use crate::tenant::{AccountId, GroupSet};

use super::look_permit::LookPermit;
use super::query::Query;
use super::ruling::{Ruling, weigh};

/// What the log calls asking for the groups of an account.
pub const LIST_GROUPS: &str = "listGroups";

/// A query that no policy forbids so far. Those that are left name groups, and it is not known who is in them.
#[must_use]
#[derive(Debug)]
pub struct Look {
    rules: Arc<Snapshot>,
    query: Query,
    accounts: Vec<AccountId>,
}

impl Look {
    pub(super) fn new(rules: Arc<Snapshot>, query: Query, accounts: Vec<AccountId>) -> Self {
        Self {
            rules,
            query,
            accounts,
        }
    }

    /// The accounts whose groups it waits for, all of the principal's tenant.
    #[must_use]
    pub fn accounts(&self) -> &[AccountId] {
        &self.accounts
    }

    /// Who asks.
    pub const fn principal(&self) -> &Principal {
        &self.query.principal
    }

    /// Until when the request must be answered.
    #[must_use]
    pub const fn deadline(&self) -> Timestamp {
        self.query.wish.deadline
    }

    /// The entry for the log that the groups of `account` are asked for: a part of the decision that waits.
    pub fn entry(&self, account: &AccountId) -> Result<Draft, LedgerError> {
        let (principal, tenant) = (&self.query.principal, self.query.resource.tenant());
        let asked = Resource {
            r#type: "account".to_owned(),
            id: account.to_string(),
            project: None,
        };
        Draft::new(&Entry {
            account: Some(principal.account().to_string()),
            act_as: Some(self.query.act_as.to_string()),
            action: Some(LIST_GROUPS.to_owned()),
            credential: Some(principal.credential().clone()),
            kind: Kind::Lookup,
            policy_set: Some(self.rules.digest().to_owned()),
            resource: Some(asked),
            site: Some(tenant.site.host().to_owned()),
            stage: Some(Stage::Policy),
            tenant: Some(principal.tenant().to_string()),
            tenant_of_resource: Some(tenant.id.to_string()),
            ..self.query.wish.entry.clone()
        })
    }

    /// Turns the record of it into the permit to ask for the groups of `account`.
    pub fn seal<'a>(
        &'a self,
        account: &'a AccountId,
        receipt: Receipt,
    ) -> Result<LookPermit<'a>, LedgerError> {
        // INVARIANT: pairs with `Ledger::append`; a receipt never vouches for another look.
        assert_eq!(
            self.entry(account)?.digest(),
            receipt.digest(),
            "the receipt is for this look"
        );
        assert!(
            self.accounts.contains(account) && !self.query.is_cross_tenant(),
            "a look is for accounts of the own tenant that it names"
        );
        Ok(LookPermit::new(&self.query, account, receipt))
    }

    /// The same, knowing all groups that `account` is in.
    pub fn knowing(self, account: AccountId, groups: GroupSet) -> Self {
        Self {
            query: self.query.knowing(account, groups),
            ..self
        }
    }

    /// Decides with what is known by now; for what is not, `unknown` says why.
    pub fn settle(self, unknown: Option<String>) -> Result<Ruling, LedgerError> {
        let weighed = weigh(&self.rules, &self.query, self.query.action());
        Ruling::new(self.rules, self.query, weighed, unknown)
    }
}
