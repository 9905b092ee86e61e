//! A registered site and the thing on it. Born in `Tenants::resolve`, aimed anew within its own tenant by [`Resource::aim`];
//! nothing else lives in this file. It must never change its tenant.

use super::record::{SharedTenant, Tenant};
use super::thing::Thing;

/// A thing on a registered site, with the tenant that owns it.
#[must_use]
#[derive(Debug)]
pub struct Resource {
    tenant: SharedTenant,
    thing: Thing,
}

impl Resource {
    pub(super) fn new(tenant: SharedTenant, thing: Thing) -> Self {
        Self { tenant, thing }
    }

    /// The owner.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// The thing.
    #[must_use]
    pub const fn thing(&self) -> &Thing {
        &self.thing
    }

    /// The same tenant's `thing` instead: what Jira answered is another issue than the one that was named.
    pub fn aim(self, thing: Thing) -> Self {
        Self {
            tenant: self.tenant,
            thing,
        }
    }
}
