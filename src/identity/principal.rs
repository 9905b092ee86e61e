//! The principal: tenant and account behind a checked credential. Born in `Verifiers::verify`; nothing else lives in this file.
//! An account alone must never be a principal: the same person has the same account id on every site.

use crate::ledger::entry::Credential;
use crate::tenant::{AccountId, TenantId};

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
///     gatepost::identity::Principal { tenant, account, epoch: 1, credential: Default::default() }
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
    credential: Credential,
}

impl Principal {
    pub(super) fn new(
        tenant: TenantId,
        account: AccountId,
        epoch: u64,
        credential: Credential,
    ) -> Self {
        Self {
            tenant,
            account,
            epoch,
            credential,
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

    /// The tenant's epoch when the credential was verified.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The credential's public parts, for the record; its `kind` is what policies see as `context.auth`.
    #[must_use]
    pub const fn credential(&self) -> &Credential {
        &self.credential
    }
}
