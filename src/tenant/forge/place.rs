//! Where the site of a tenant is that Forge alone knows. A site can be renamed, and its host given to the next customer; Forge tells
//! nobody, but signs in each token of a page where the site is. Used by `forge` and the verifier of its tokens.
//! The newest signature wins, for the tenant and for the host. Whoever loses its host keeps everything but that, and is found by its
//! cloud id; it must never be left with a host that is another's, to which its users' own credentials would be sent. What Connect
//! installed is never taken: its host comes with its own events.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::db::Connection;
use crate::ledger::Draft;
use crate::ledger::entry::{Entry, Kind};
use crate::tenant::record::{State, Tenant};
use crate::tenant::registry::{Changed, Tenants};
use crate::tenant::store::{self, Standing};
use crate::tenant::{SharedTenant, SiteUrl, TenantError, TenantId};

use super::{Heard, entry, present};

impl Heard {
    /// Whether what this token says of `site` counts more than that by which `holder` has the host: it is signed, and later.
    pub(super) fn outweighs(&self, site: &SiteUrl, holder: &TenantId, said_at: i64) -> bool {
        self.site.as_ref() == Some(site) && holder.is_of_forge() && self.iat > said_at
    }
}

/// Whether the holder of the host is on another site and has to give the host up to this token.
pub(super) fn yields(heard: &Heard, site: &SiteUrl, holder: &Tenant) -> bool {
    let forge = holder.forge.as_ref();
    holder.cloud_id != Some(heard.cloud)
        && forge.is_some_and(|forge| heard.outweighs(site, &holder.id, forge.said_at))
}

/// Whether the holder is a tenant of Forge's on another site than the token's.
pub(super) fn is_elsewhere(heard: &Heard, holder: &Standing) -> bool {
    holder.id.is_of_forge() && holder.cloud_id != Some(heard.cloud.to_string())
}

impl Tenants {
    /// The tenant of a token's installation, after its host is what the token says, if it says something new.
    pub async fn follow(
        &self,
        tenant: SharedTenant,
        heard: &Heard,
    ) -> Result<SharedTenant, TenantError> {
        let Some(site) = self.news(&tenant, heard) else {
            return Ok(tenant);
        };
        let (heard, site) = (heard.clone(), site.clone());
        let (installation, cloud) = (heard.installation, heard.cloud);
        let (ledger, now) = (self.0.parts.ledger.clone(), self.now());
        self.change(move |connection| {
            Box::pin(async move {
                let moved = relocate(connection, &heard, &site, now).await?;
                let mut tenants = Vec::new();
                for (id, entry) in moved {
                    ledger.append_in(connection, Draft::new(&entry)?).await?;
                    tenants.push(id);
                }
                Ok::<_, TenantError>(Changed {
                    tenants,
                    blocks: Vec::new(),
                    outcome: (),
                })
            })
        })
        .await?;
        self.of_installation(installation, cloud)
            .ok_or_else(|| TenantError::NeverInstalled(installation.tenant_id()))
    }

    /// The site that a token says and the tenant does not have. Asked before the write lane, which a token that changes nothing must not
    /// keep from others.
    fn news<'a>(&self, tenant: &Tenant, heard: &'a Heard) -> Option<&'a SiteUrl> {
        let site = heard.site.as_ref().filter(|site| self.admits_site(site))?;
        let forge = tenant.forge.as_ref()?;
        if !tenant.id.is_of_forge() || tenant.site == *site || heard.iat <= forge.said_at {
            return None;
        }
        let mut holders = self.holders(site, heard.cloud).into_iter();
        let is_held = holders.any(|holder| holder.site == *site && !yields(heard, site, &holder));
        (!is_held || !tenant.site.is_nowhere()).then_some(site)
    }
}

/// Brings the tenant to the site, away from whoever has its host. Gives who changed, with the record of each.
async fn relocate(
    connection: &mut Connection,
    heard: &Heard,
    site: &SiteUrl,
    now: Timestamp,
) -> Result<Vec<(TenantId, Entry)>, TenantError> {
    let id = heard.installation.tenant_id();
    let known = store::standing(connection, &id).await?;
    let is_here = |known: &Standing| {
        known.state == State::Installed && known.cloud_id == Some(heard.cloud.to_string())
    };
    // Another request may have been faster, or a newer one.
    let Some(known) = known
        .filter(|known| is_here(known) && known.host != site.host() && heard.iat > known.event_iat)
    else {
        return Ok(Vec::new());
    };
    let mut changed = Vec::new();
    for holder in store::holders(connection, &id, site.host(), None).await? {
        if !heard.outweighs(site, &holder.id, holder.event_iat) {
            // It is not where it was, and where it is cannot be believed: Connect's word and Forge's contradict each other.
            tracing::warn!(tenant.id = %id, site = site.host(), holder = %holder.id, "a site's host is another tenant's");
            let entry = lose(connection, &known, heard, now).await?;
            return Ok(vec![(id, entry)]);
        }
        let entry = lose(connection, &holder, heard, now).await?;
        changed.push((holder.id, entry));
    }
    store::forge::move_to(connection, &id, site, heard.iat, now).await?;
    let told = [
        ("former_site", Some(known.host)),
        ("cloud_id", known.cloud_id),
    ];
    let entry = Entry {
        site: Some(site.host().to_owned()),
        ..entry(heard, &id, "tenant.moved", present(told))
    };
    changed.push((id, entry));
    Ok(changed)
}

/// Takes a tenant's host. Who has it then is not in its record: that is another customer.
pub(super) async fn lose(
    connection: &mut Connection,
    loser: &Standing,
    heard: &Heard,
    now: Timestamp,
) -> Result<Entry, TenantError> {
    let id = &loser.id;
    let spoiled = || TenantError::Spoiled(id.to_string(), "cloud_id");
    let cloud = loser.cloud_id.as_ref().and_then(|text| text.parse().ok());
    let nowhere = SiteUrl::nowhere(cloud.ok_or_else(spoiled)?);
    store::forge::move_to(connection, id, &nowhere, heard.iat, now).await?;
    let detail = BTreeMap::from([("former_site".to_owned(), loser.host.clone())]);
    Ok(Entry {
        kind: Kind::Admin,
        operation: Some("tenant.site_lost".to_owned()),
        by: Some("atlassian".to_owned()),
        tenant: Some(id.to_string()),
        request_id: heard.entry.request_id.clone(),
        detail,
        ..Entry::default()
    })
}
