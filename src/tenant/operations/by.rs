//! Who changes something, how far that reaches, and the request that it is recorded with. Made by `control` and `gateway`.
//! An administrator of a site must never reach another tenant, nor what an operator of the gateway decided; a person nothing but the
//! grants that are about them.

use crate::ledger::entry::Entry;
use crate::tenant::block::Block;
use crate::tenant::grant::ACCOUNT;
use crate::tenant::{AccountId, Grant, TenantId};

/// Who changes something.
#[derive(Clone, Debug)]
pub struct By {
    pub(super) name: String,
    /// The request's part of the record, which has its decision's id.
    pub(super) entry: Entry,
    reach: Reach,
}

#[derive(Clone, Debug)]
enum Reach {
    Everything,
    Site(TenantId),
    Own(TenantId, AccountId),
}

/// By what the number of grants that somebody gives is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Operator,
    Administrator,
    Person,
}

impl From<&str> for By {
    /// An operator, who reaches everything.
    fn from(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            entry: Entry::default(),
            reach: Reach::Everything,
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
            reach: Reach::Site(tenant.clone()),
        }
    }

    /// A person, on a request with this record.
    #[must_use]
    pub fn person(tenant: &TenantId, account: &AccountId, entry: Entry) -> Self {
        Self {
            name: format!("{ACCOUNT}{account}"),
            entry,
            reach: Reach::Own(tenant.clone(), account.clone()),
        }
    }

    /// Whether it reaches a tenant as a whole.
    pub(super) fn reaches(&self, tenant: Option<&TenantId>) -> bool {
        match &self.reach {
            Reach::Everything => true,
            Reach::Site(only) => Some(only) == tenant,
            Reach::Own(..) => false,
        }
    }

    /// The one tenant that it reaches into; nothing for whoever reaches them all.
    pub(super) const fn within(&self) -> Option<&TenantId> {
        match &self.reach {
            Reach::Everything => None,
            Reach::Site(tenant) | Reach::Own(tenant, _) => Some(tenant),
        }
    }

    /// Whether it may end or take the place of this block.
    pub(super) fn may_end(&self, block: &Block) -> bool {
        match &self.reach {
            Reach::Everything => true,
            Reach::Site(_) => self.reaches(block.target.tenant()) && is_of_site(block),
            Reach::Own(..) => false,
        }
    }

    /// Whether it is an operator, whose word is bounded by nothing but what the gateway can carry.
    pub(super) const fn is_operator(&self) -> bool {
        matches!(self.reach, Reach::Everything)
    }

    /// As whose its grants are counted.
    pub(super) const fn bound_of_grants(&self) -> Bound {
        match self.reach {
            Reach::Everything => Bound::Operator,
            Reach::Site(_) => Bound::Administrator,
            Reach::Own(..) => Bound::Person,
        }
    }

    /// Whether it may give this grant: a person lets others act in their own name, and nobody gives one to oneself.
    pub(super) fn may_give(&self, tenant: &TenantId, grant: &Grant) -> bool {
        match &self.reach {
            Reach::Everything => true,
            Reach::Site(_) => {
                self.reaches(Some(tenant)) && self.name != format!("{ACCOUNT}{}", grant.account)
            }
            Reach::Own(own, account) => own == tenant && grant.act_as == *account,
        }
    }

    /// Whether it may take this grant back: whoever is acted as may, and whoever holds it.
    pub(super) fn may_take_back(&self, tenant: &TenantId, grant: &Grant) -> bool {
        match &self.reach {
            Reach::Everything | Reach::Site(_) => self.reaches(Some(tenant)),
            Reach::Own(own, account) => {
                own == tenant && [&grant.act_as, &grant.account].contains(&account)
            }
        }
    }
}

/// Whether administrators of a site made it.
#[must_use]
pub fn is_of_site(block: &Block) -> bool {
    block.made_by.starts_with(ACCOUNT) && block.target.account().is_some()
}
