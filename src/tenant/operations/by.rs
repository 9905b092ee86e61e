//! Who changes something, how far that reaches, and the request that it is recorded with. Made by `control` and `gateway`.
//! An administrator of a site must never reach another tenant, nor what an operator of the gateway decided.

use crate::ledger::entry::Entry;
use crate::tenant::block::Block;
use crate::tenant::{AccountId, TenantId};

/// What the names of accounts begin with, in records and rows. Operators are `unix:…` and `token:…`.
const ACCOUNT: &str = "account:";

/// Who changes something.
#[derive(Clone, Debug)]
pub struct By {
    pub(super) name: String,
    /// The request's part of the record, which has its decision's id.
    pub(super) entry: Entry,
    /// The one tenant that is reached; every one if missing.
    only: Option<TenantId>,
}

impl From<&str> for By {
    /// An operator, who reaches everything.
    fn from(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            entry: Entry::default(),
            only: None,
        }
    }
}

impl By {
    /// An administrator of a tenant's site, on a request with this record.
    #[must_use]
    pub fn administrator(tenant: &TenantId, account: &AccountId, entry: Entry) -> Self {
        Self {
            name: format!("{ACCOUNT}{account}"),
            entry,
            only: Some(tenant.clone()),
        }
    }

    pub(super) const fn is_operator(&self) -> bool {
        self.only.is_none()
    }

    pub(super) fn reaches(&self, tenant: Option<&TenantId>) -> bool {
        self.only.is_none() || self.only.as_ref() == tenant
    }

    /// Whether it may end or take the place of this block.
    pub(super) fn may_end(&self, block: &Block) -> bool {
        self.only.is_none() || (self.reaches(block.target.tenant()) && is_of_site(block))
    }
}

/// Whether administrators of a site made it.
#[must_use]
pub fn is_of_site(block: &Block) -> bool {
    block.made_by.starts_with(ACCOUNT) && block.target.account().is_some()
}
