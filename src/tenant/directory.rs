//! All tenants, found by id, host and cloud id: one immutable value, swapped whole. Used by `Tenants` only.
//! A host or cloud id must never find two tenants: only the live installation of a site is indexed.

use std::collections::HashMap;

use super::record::{SharedTenant, State};
use super::{CloudId, SiteUrl, TenantId};

/// The registry at one moment.
#[expect(
    clippy::struct_field_names,
    reason = "each field is an index, named by what it finds by"
)]
#[derive(Clone, Debug, Default)]
pub(super) struct Directory {
    by_id: HashMap<TenantId, SharedTenant>,
    by_site: HashMap<SiteUrl, SharedTenant>,
    by_cloud: HashMap<CloudId, SharedTenant>,
}

impl Directory {
    /// The registry of these tenants.
    pub(super) fn of(tenants: impl IntoIterator<Item = SharedTenant>) -> Self {
        let mut directory = Self::default();
        for tenant in tenants {
            directory.put(tenant);
        }
        directory
    }

    /// This registry with `fresh` in place of what it said of `changed`.
    pub(super) fn with(
        &self,
        changed: &[TenantId],
        fresh: impl Iterator<Item = SharedTenant>,
    ) -> Self {
        let mut directory = self.clone();
        for id in changed {
            directory.remove(id);
        }
        for tenant in fresh {
            directory.put(tenant);
        }
        directory
    }

    pub(super) fn id(&self, id: &TenantId) -> Option<&SharedTenant> {
        self.by_id.get(id)
    }

    pub(super) fn site(&self, site: &SiteUrl) -> Option<&SharedTenant> {
        self.by_site.get(site)
    }

    pub(super) fn cloud(&self, cloud: &CloudId) -> Option<&SharedTenant> {
        self.by_cloud.get(cloud)
    }

    /// All, by id.
    pub(super) fn all(&self) -> Vec<SharedTenant> {
        let mut tenants: Vec<SharedTenant> = self.by_id.values().cloned().collect();
        tenants.sort_by(|one, other| one.id.as_str().cmp(other.id.as_str()));
        tenants
    }

    fn put(&mut self, tenant: SharedTenant) {
        if tenant.state == State::Installed {
            self.by_site.insert(tenant.site.clone(), tenant.clone());
            if let Some(cloud) = &tenant.cloud_id {
                self.by_cloud.insert(*cloud, tenant.clone());
            }
        }
        self.by_id.insert(tenant.id.clone(), tenant);
    }

    fn remove(&mut self, id: &TenantId) {
        self.by_id.remove(id);
        self.by_site.retain(|_, tenant| tenant.id != *id);
        self.by_cloud.retain(|_, tenant| tenant.id != *id);
    }
}
