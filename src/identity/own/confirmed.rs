//! What Atlassian said of a credential, as it is kept. Data, no proof: a principal is made of it anew at every use, after all that may
//! have ended it was asked. Used by this folder; `Means` holds on to it, so that a refusal of Jira's reaches the next use.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::ledger::entry::Credential;
use crate::tenant::own::OwnKind;
use crate::tenant::{AccountId, Tenant, TenantId};

use super::{is_within, public_parts, still_takes};

/// Whose credential it is, and where it was good.
#[derive(Debug)]
pub(in crate::identity) struct Confirmed {
    tenant: TenantId,
    epoch: u64,
    kind: OwnKind,
    account: AccountId,
    credential: Arc<Credential>,
    at_api_host: bool,
    at: Timestamp,
    /// Whether Jira refused it since.
    refused: AtomicBool,
}

impl Confirmed {
    pub(super) fn new(
        (tenant, epoch): (TenantId, u64),
        (kind, id): (OwnKind, String),
        (account, at_api_host): (AccountId, bool),
        at: Timestamp,
    ) -> Self {
        Self {
            tenant,
            epoch,
            kind,
            account,
            credential: Arc::new(public_parts(kind, Some(id))),
            at_api_host,
            at,
            refused: AtomicBool::new(false),
        }
    }

    /// Whether it need not be asked about again.
    pub(super) fn is_believed(&self, span: Duration, now: Timestamp) -> bool {
        is_within(span, self.at, now)
    }

    /// Whether the tenant is what it was, and takes such a credential still.
    pub(super) fn is_of(&self, tenant: &Tenant, now: Timestamp) -> bool {
        still_takes(tenant, self.epoch, self.kind, now) && !self.is_refused()
    }

    /// Jira does not take it any more: nobody believes it from now on.
    pub(in crate::identity) fn refuse(&self) {
        self.refused.store(true, Ordering::Release);
    }

    pub(in crate::identity) fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Acquire)
    }

    pub(super) const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    pub(super) const fn account(&self) -> &AccountId {
        &self.account
    }

    /// Its public parts.
    pub(super) const fn credential(&self) -> &Arc<Credential> {
        &self.credential
    }

    pub(super) const fn at_api_host(&self) -> bool {
        self.at_api_host
    }
}
