//! The supervisor: who administers which tenant's site, as Jira said just now. Born in `Supervisor::new`; nothing else lives in this
//! file. It must never be made of a credential that is for requests alone, nor be kept for a second request.

use crate::clock::Timestamp;
use crate::identity::Principal;
use crate::screen::Reply;
use crate::tenant::{AccountId, Tenant, TenantId};

/// A person whom policies let ask, and of whom Jira, asked as that person, said that they administer their own site.
///
/// It cannot be kept for a second use:
/// ```compile_fail,E0599
/// fn twice(one: gatepost::gateway::Supervisor) -> [gatepost::gateway::Supervisor; 2] {
///     [one.clone(), one]
/// }
/// ```
/// nor made by anybody who has an answer of Jira:
/// ```compile_fail,E0624
/// fn forged(reply: gatepost::screen::Reply) {
///     let _ = gatepost::gateway::Supervisor::new(reply);
/// }
/// ```
/// The twin that compiles:
/// ```
/// fn once(one: gatepost::gateway::Supervisor) -> gatepost::gateway::Supervisor {
///     one
/// }
/// ```
#[must_use]
#[derive(Debug)]
pub struct Supervisor {
    principal: Principal,
}

impl Supervisor {
    /// Whom Jira's answer is about. A key that leaked must supervise nothing, whatever led to it being asked for.
    pub(super) fn new(reply: Reply) -> Option<Self> {
        let principal = reply.into_administrator()?;
        let is_person = !principal.is_for_requests_alone();
        is_person.then_some(Self { principal })
    }

    /// The tenant whose site it is.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        self.principal.tenant()
    }

    /// Who it is.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        self.principal.account()
    }

    /// The session that the request came with, if it was one.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        Some(self.principal.hold()?.id())
    }

    /// Whether something ended it while Jira answered: the session, the installation, or a block.
    pub(super) fn is_over(&self, tenant: &Tenant, now: Timestamp) -> bool {
        tenant.epoch != self.principal.epoch()
            || !tenant.is_active()
            || self.principal.is_over(tenant, now)
            || tenant.keeps_out(self.account(), now).is_some()
    }
}
