//! The principal: tenant and account behind a checked credential. Born in `Verifiers::verify`; nothing else lives in this file.
//! An account alone must never be a principal: the same person has the same account id on every site.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::ledger::entry::{Credential, TenantBasis};
use crate::tenant::{AccountId, Tenant, TenantId};

use super::issued::{Good, Hold};
use super::means::Means;

/// Who asks. Proof that a credential was verified just now, with the epoch that its tenant had then.
///
/// It cannot be copied:
/// ```compile_fail,E0599
/// fn twice(principal: gatepost::identity::Principal) -> [gatepost::identity::Principal; 2] {
///     [principal.clone(), principal]
/// }
/// ```
/// nor made from data, only moved:
/// ```compile_fail,E0451
/// fn forged(tenant: gatepost::tenant::TenantId, account: gatepost::tenant::AccountId) -> gatepost::identity::Principal {
///     gatepost::identity::Principal { tenant, account, epoch: 1, credential: Default::default(), hold: None, means: gatepost::identity::Means::App, basis: Default::default() }
/// }
/// ```
/// The twin that compiles:
/// ```
/// fn once(principal: gatepost::identity::Principal) -> gatepost::identity::Principal {
///     principal
/// }
/// ```
#[must_use]
#[derive(Debug)]
pub struct Principal {
    tenant: TenantId,
    account: AccountId,
    epoch: u64,
    /// Shared with the cache of what verified, where there is one.
    credential: Arc<Credential>,
    hold: Option<Hold>,
    basis: TenantBasis,
    means: Means,
}

impl Principal {
    pub(super) fn new(
        tenant: TenantId,
        account: AccountId,
        epoch: u64,
        credential: Arc<Credential>,
        basis: TenantBasis,
        means: Means,
    ) -> Self {
        Self {
            tenant,
            account,
            epoch,
            credential,
            hold: None,
            basis,
            means,
        }
    }

    /// The principal of a session or client key, under its tenant's present epoch.
    pub(super) fn holding(good: Good) -> Self {
        let (hold, epoch) = good.into_parts();
        Self {
            tenant: hold.tenant().clone(),
            account: hold.account().clone(),
            epoch,
            credential: Arc::new(hold.credential()),
            hold: Some(hold),
            basis: TenantBasis::Verified,
            means: Means::App,
        }
    }

    /// The tenant whose key verified the credential.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The account that the credential speaks for.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        &self.account
    }

    /// What it rests on that the principal is of this tenant.
    #[must_use]
    pub const fn tenant_basis(&self) -> TenantBasis {
        self.basis
    }

    /// With what Jira is asked: for `upstream` alone.
    #[must_use]
    pub(crate) const fn means(&self) -> &Means {
        &self.means
    }

    /// Whether Jira can be asked as another account on behalf of this principal. Who brings a credential of their own asks as oneself.
    #[must_use]
    pub const fn may_act_as_another(&self) -> bool {
        self.means.may_act_as_another()
    }

    /// The tenant's epoch when the credential was verified.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The session or client key, if it is one.
    #[must_use]
    pub const fn hold(&self) -> Option<&Hold> {
        self.hold.as_ref()
    }

    /// Whether the credential was ended since it was verified. Beside the tenant's epoch and the blocks of accounts.
    #[must_use]
    pub fn is_over(&self, tenant: &Tenant, now: Timestamp) -> bool {
        let hold = self.hold.as_ref();
        hold.is_some_and(|hold| hold.is_over(tenant, now)) || self.means.is_over()
    }

    /// Whether the credential is for requests alone: a client key, one that the user has from Atlassian, or a token of a company's
    /// provider, behind which is a service. A leaked one must neither make itself a successor nor supervise anything: that is for whom
    /// Atlassian or the tenant's own secret vouches, in a page of Jira's.
    #[must_use]
    pub fn is_for_requests_alone(&self) -> bool {
        let hold = self.hold.as_ref();
        let is_key = hold.is_some_and(|hold| !hold.is_session());
        is_key || self.basis != TenantBasis::Verified
    }

    /// The account to act as where the request names none: that of the key's bounds, otherwise oneself.
    #[must_use]
    pub fn acts_as(&self) -> &AccountId {
        let bound = self
            .hold
            .as_ref()
            .and_then(|hold| hold.bounds().act_as.as_ref());
        bound.unwrap_or(&self.account)
    }

    /// The credential's public parts, for the record; its `kind` is what policies see as `context.auth`.
    #[must_use]
    pub fn credential(&self) -> &Credential {
        &self.credential
    }
}
