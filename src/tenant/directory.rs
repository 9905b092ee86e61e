//! All tenants, found by id, host and cloud id: one immutable value, swapped whole. Used by `Tenants` only.
//! A host or cloud id must never find two tenants: only the live installation of a site is indexed.

use std::collections::HashMap;

use super::record::{SharedTenant, State};
use super::{CloudId, InstallationId, SiteUrl, TenantId};

/// The registry at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory {
    ids: HashMap<TenantId, SharedTenant>,
    sites: HashMap<SiteUrl, SharedTenant>,
    clouds: HashMap<CloudId, SharedTenant>,
    /// With the site: what an unsigned body says of an installation is worth nothing for another site's.
    installations: HashMap<(InstallationId, CloudId), SharedTenant>,
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
        self.ids.get(id)
    }

    pub(super) fn site(&self, site: &SiteUrl) -> Option<&SharedTenant> {
        self.sites.get(site)
    }

    pub(super) fn cloud(&self, cloud: &CloudId) -> Option<&SharedTenant> {
        self.clouds.get(cloud)
    }

    pub(super) fn installation(
        &self,
        installation: InstallationId,
        cloud: CloudId,
    ) -> Option<&SharedTenant> {
        self.installations.get(&(installation, cloud))
    }

    /// Whom an operator means by an id. One of Forge's may be of a tenant that a Connect tenant is linked to by now: a kill switch
    /// must fall on that one.
    pub(super) fn named(&self, id: &TenantId) -> Vec<&SharedTenant> {
        match id.installation() {
            Some(installation) => self.installed_as(installation),
            None => self.id(id).into_iter().collect(),
        }
    }

    /// The live tenant that is this installation, or else the one that ended as it. Where Forge itself made a tenant of it, its site is
    /// signed, and what another site's Connect install says of the installation names nobody; where it did not, all who say so are.
    pub(super) fn installed_as(&self, installation: InstallationId) -> Vec<&SharedTenant> {
        let Some(own) = self.id(&installation.tenant_id()) else {
            let all = self.installations.iter();
            let claimed = all.filter(|((known, _), _)| *known == installation);
            return claimed.map(|(_, tenant)| tenant).collect();
        };
        let cloud = own.cloud_id;
        let live = cloud.and_then(|cloud| self.installation(installation, cloud));
        vec![live.unwrap_or(own)]
    }

    /// All, by id.
    pub(super) fn all(&self) -> Vec<SharedTenant> {
        let mut tenants: Vec<SharedTenant> = self.ids.values().cloned().collect();
        tenants.sort_by(|one, other| one.id.as_str().cmp(other.id.as_str()));
        tenants
    }

    fn put(&mut self, tenant: SharedTenant) {
        if tenant.state == State::Installed {
            self.sites.insert(tenant.site.clone(), tenant.clone());
            if let Some(cloud) = &tenant.cloud_id {
                self.clouds.insert(*cloud, tenant.clone());
            }
            if let (Some(forge), Some(cloud)) = (&tenant.forge, tenant.cloud_id) {
                let name = (forge.installation, cloud);
                self.installations.insert(name, tenant.clone());
            }
        }
        self.ids.insert(tenant.id.clone(), tenant);
    }

    fn remove(&mut self, id: &TenantId) {
        self.ids.remove(id);
        self.sites.retain(|_, tenant| tenant.id != *id);
        self.clouds.retain(|_, tenant| tenant.id != *id);
        self.installations.retain(|_, tenant| tenant.id != *id);
    }
}
