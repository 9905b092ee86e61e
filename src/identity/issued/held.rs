//! What a principal of an issued credential holds on to: the credential, so that it can be asked again whether it was ended while the
//! request was under way. Nothing else lives in this file.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::identity::bounds::Bounds;
use crate::ledger::entry::Credential;
use crate::tenant::{AccountId, KeyId, Tenant, TenantId};

use super::ends::Ends;
use super::standing::Standing;
use super::text::Kind;

/// A credential in use.
#[derive(Clone)]
pub struct Hold {
    standing: Arc<Standing>,
    ends: Arc<Ends>,
}

impl std::fmt::Debug for Hold {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Hold({})", self.standing.id)
    }
}

impl Hold {
    pub(super) fn new(standing: Arc<Standing>, ends: Arc<Ends>) -> Self {
        Self { standing, ends }
    }

    pub(super) fn standing(&self) -> &Arc<Standing> {
        &self.standing
    }

    /// Whether it was ended by now.
    pub(super) fn has_ended(&self, now: Timestamp) -> bool {
        self.standing.was_ended || self.ends.has_ended(&self.standing.id, now)
    }

    /// Whether it is worth nothing any more: ended, or its key blocked. The tenant's epoch and its accounts' blocks are asked by
    /// whoever hands a credential out, for every kind.
    #[must_use]
    pub fn is_over(&self, tenant: &Tenant, now: Timestamp) -> bool {
        let blocked = |key: KeyId| tenant.keeps_key_out(&key, now).is_some();
        self.has_ended(now) || self.standing.key_id().is_some_and(blocked)
    }

    /// The id, which is no secret: `session_…`, `key_…`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.standing.id
    }

    /// Whether it is a session: bound to its own site and account, whatever policies would allow.
    #[must_use]
    pub fn is_session(&self) -> bool {
        self.standing.kind == Kind::Session
    }

    /// The keyed hash of the nonce of the page that opened the session.
    pub(super) fn page(&self) -> Option<&[u8; 32]> {
        self.standing.page.as_ref()
    }

    /// What it is narrowed to.
    #[must_use]
    pub fn bounds(&self) -> &Bounds {
        &self.standing.bounds
    }

    /// Whose it is.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.standing.tenant
    }

    /// Whose it is.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        &self.standing.account
    }

    /// The public parts, for the record.
    #[must_use]
    pub fn credential(&self) -> Credential {
        self.standing.credential()
    }
}
