//! What a look-up is about: one credential at one site, and what is written down of it before anybody is asked. Used by this folder.

use crate::ledger::entry::{Credential, Entry, Kind};
use crate::ledger::{Draft, LedgerError};
use crate::tenant::SharedTenant;

use super::brought::Brought;
use super::public_parts;

/// The word for it in the record.
const ACTION: &str = "verifyCredential";

/// One credential at one site.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) tenant: SharedTenant,
    pub(super) brought: Brought,
    /// Its name in records.
    pub(super) id: String,
    pub(super) request_id: String,
    draft: Draft,
}

impl Subject {
    /// `request` is the record of the request that it came with.
    pub(super) fn new(
        tenant: SharedTenant,
        brought: Brought,
        id: String,
        request: Entry,
    ) -> Result<Self, LedgerError> {
        let credential = public_parts(brought.kind(), Some(id.clone()));
        let request_id = request.request_id.clone().unwrap_or_default();
        let draft = Draft::new(&entry(&tenant, credential, request))?;
        Ok(Self {
            tenant,
            brought,
            id,
            request_id,
            draft,
        })
    }

    pub(super) fn draft(&self) -> Draft {
        self.draft.clone()
    }

    pub(super) fn digest(&self) -> [u8; 32] {
        self.draft.digest()
    }
}

/// Who asks is not known yet, and what for does not matter: what stands there is where the request came from, and what is looked up.
fn entry(tenant: &SharedTenant, credential: Credential, request: Entry) -> Entry {
    Entry {
        kind: Kind::Lookup,
        action: Some(ACTION.to_owned()),
        credential: Some(credential),
        site: Some(tenant.site.host().to_owned()),
        tenant_of_resource: Some(tenant.id.to_string()),
        account: None,
        act_as: None,
        resource: None,
        tenant: None,
        tenant_basis: None,
        ..request
    }
}
