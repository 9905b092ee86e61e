//! Installations that Forge tells of: registered by their first token, kept alive by triggers. Called with what `identity::forge` has
//! verified, and by nobody else.
//! Installation and site are those that the token's signature names. A site that another live tenant has is not taken over: that an
//! installation and a Connect tenant are one is said by a verified install alone, never by a token that somebody presents. What can be
//! taken is a host, by a later signature, from a tenant of another site (`place`).

mod place;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use crate::clock::Timestamp;
use crate::db::Connection;
use crate::ledger::Draft;
use crate::ledger::entry::{Credential, Entry, Kind};
use crate::secret::Secret;

use super::block::Shift;
use super::installation::Lapse;
use super::lifecycle::hand_over;
use super::record::State;
use super::registry::{Changed, Tenants};
use super::store::{
    self,
    forge::{Brought, Registered},
};
use super::{CloudId, InstallationId, SharedTenant, SiteUrl, TenantError, TenantId};

/// What a verified token of Forge says of its installation.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The installation.
    pub installation: InstallationId,
    /// The site.
    pub cloud: CloudId,
    /// Where that is, if the token says it.
    pub site: Option<SiteUrl>,
    /// When the token was issued, in Unix seconds.
    pub iat: i64,
    /// Its public parts, for the record.
    pub credential: Credential,
    /// The record as far as the edge knows it: request, peer.
    pub entry: Entry,
}

/// A token that acts as the app, as a trigger brings one.
#[derive(Debug)]
pub struct SystemToken {
    /// The token.
    pub secret: Secret,
    /// Until when it is good.
    pub ends_at: Timestamp,
}

/// Tokens that were on their way when their installation ended live no longer than this.
const LATE_S: i64 = 180;

impl Tenants {
    /// Registers the installation on `site`: a tenant that Forge alone knows. Gives the tenant that it is by then.
    pub async fn register(&self, heard: Heard, site: SiteUrl) -> Result<SharedTenant, TenantError> {
        if !self.admits_site(&site) {
            return Err(TenantError::ForeignSite);
        }
        let (installation, cloud) = (heard.installation, heard.cloud);
        let now = self.0.parts.clock.now();
        // Before the write lane: whoever cannot be registered must not keep others waiting with each of their tokens.
        if self.of_installation(installation, cloud).is_none() {
            let mut holders = self.holders(&site, cloud).into_iter();
            let held = holders
                .find(|holder| !holder.has_lapsed(now) && !place::yields(&heard, &site, holder));
            if let Some(holder) = held {
                return Err(TenantError::SiteHeld(holder.id.clone()));
            }
        }
        let (ledger, lapse) = (self.0.parts.ledger.clone(), self.0.lapse);
        self.change(move |connection| {
            Box::pin(async move {
                let admitted = admit(connection, &heard, &site, &lapse, now).await?;
                for entry in &admitted.entries {
                    ledger.append_in(connection, Draft::new(entry)?).await?;
                }
                // Read anew in any case: what could not be read the first time shows now.
                Ok::<_, TenantError>(Changed {
                    tenants: admitted.tenants,
                    blocks: admitted.blocks,
                    outcome: (),
                })
            })
        })
        .await?;
        self.of_installation(installation, cloud)
            .ok_or_else(|| TenantError::NeverInstalled(installation.tenant_id()))
    }

    /// Keeps what a trigger brought for a live tenant, suspended or not. From then on it is not lapsed. Of two tokens the one that lasts
    /// longer is kept, unless Atlassian refused what was asked with the former.
    pub async fn hear(
        &self,
        tenant: &TenantId,
        heard: &Heard,
        token: Option<SystemToken>,
    ) -> Result<(), TenantError> {
        let parts = &self.0.parts;
        let (now, ledger, id) = (parts.clock.now(), parts.ledger.clone(), tenant.clone());
        let column = store::SYSTEM_TOKEN_COLUMN;
        let in_any_case = self.trouble(tenant).is_some();
        let token = token.map(|token| Brought {
            sealed: parts
                .vault
                .seal(id.as_str(), column, &token.secret, &parts.chance),
            ends_at: token.ends_at,
            in_any_case,
        });
        let heard = heard.clone();
        self.change(move |connection| {
            Box::pin(async move {
                let token = token.as_ref();
                let kept = store::forge::hear(connection, &id, token, now).await?;
                let kept = kept.ok_or_else(|| TenantError::NeverInstalled(id.clone()))?;
                let entry = heard_entry(&id, &heard, kept.filter(|_| token.is_some()));
                ledger.append_in(connection, Draft::new(&entry)?).await?;
                Ok::<_, TenantError>(Changed {
                    tenants: vec![id],
                    blocks: Vec::new(),
                    outcome: (),
                })
            })
        })
        .await?;
        self.0.troubles.forget(tenant);
        Ok(())
    }

    /// Writes down that Atlassian refused what the app asked for a tenant with a token that is not over: the app may be gone there.
    pub fn note_trouble(&self, tenant: &TenantId, status: u16) {
        self.0.troubles.note(tenant, (self.now(), status));
    }

    /// When Atlassian last refused so, and with which status; nothing since the last trigger.
    #[must_use]
    pub fn trouble(&self, tenant: &TenantId) -> Option<(Timestamp, u16)> {
        self.0.troubles.of(tenant)
    }

    /// What is to be watched of the tenants that Forge alone knows.
    #[must_use]
    pub fn forge_figures(&self) -> Figures {
        let now = self.now();
        let mut figures = Figures::default();
        for tenant in self.all() {
            let alone = tenant.forge.as_ref().filter(|_| tenant.secret.is_none());
            let Some(forge) = alone.filter(|_| tenant.state == State::Installed) else {
                continue;
            };
            if forge.has_lapsed(now) {
                figures.lapsed += 1;
                continue;
            }
            figures.live += 1;
            if forge.system_token(now).is_none() {
                figures.stale += 1;
            } else {
                let soonest = figures.soonest_end.into_iter();
                figures.soonest_end = soonest.chain(forge.system_token_ends_at).min();
            }
        }
        figures
    }
}

/// What is to be watched of the tenants that Forge alone knows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Those that have not lapsed.
    pub live: usize,
    /// Of these, those for whose users nothing can be asked: no token for the app is good.
    pub stale: usize,
    /// When the first of the good tokens ends.
    pub soonest_end: Option<Timestamp>,
    /// Those that were not heard of for too long.
    pub lapsed: usize,
}

type Trouble = (Timestamp, u16);

/// One line a tenant, in memory: the next trigger says more than the last failure.
#[derive(Debug, Default)]
pub(super) struct Troubles(Mutex<HashMap<TenantId, Trouble>>);

impl Troubles {
    fn note(&self, tenant: &TenantId, trouble: Trouble) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.insert(tenant.clone(), trouble);
    }

    fn forget(&self, tenant: &TenantId) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.remove(tenant);
    }

    fn of(&self, tenant: &TenantId) -> Option<Trouble> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.get(tenant).copied()
    }
}

/// What became of a first token.
#[derive(Default)]
struct Admitted {
    /// Whoever changed, or did a moment ago.
    tenants: Vec<TenantId>,
    blocks: Vec<Shift>,
    /// Of what changed, if anything did.
    entries: Vec<Entry>,
}

async fn admit(
    connection: &mut Connection,
    heard: &Heard,
    site: &SiteUrl,
    lapse: &Lapse,
    now: Timestamp,
) -> Result<Admitted, TenantError> {
    let (id, cloud) = (heard.installation.tenant_id(), heard.cloud.to_string());
    for known in store::forge::of_installation(connection, heard.installation).await? {
        let is_here = known.cloud_id.as_deref() == Some(&cloud);
        if known.state == State::Installed && is_here {
            // Another request was faster, or an install linked it.
            return Ok(Admitted {
                tenants: vec![known.id],
                ..Admitted::default()
            });
        }
        // Its own row is on another site, or ended later than this token was issued.
        if known.state == State::Installed && known.id == id
            || heard.iat <= known.event_iat.saturating_add(LATE_S)
                && known.state != State::Installed
        {
            return Err(TenantError::Stale(known.id));
        }
    }
    let before = store::forge::predecessor(connection, site.host(), &cloud).await?;
    let (last, suspended) = before.map(|before| (before.id, before.suspended)).unzip();
    let suspended = suspended.flatten();
    let (mut replaced, mut moved, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    for holder in store::holders(connection, &id, site.host(), Some(&cloud)).await? {
        let has_lapsed = holder.has_lapsed(lapse, now);
        if place::is_elsewhere(heard, &holder)
            && (has_lapsed || heard.outweighs(site, &holder.id, holder.event_iat))
        {
            entries.push(place::lose(connection, &holder, heard, now).await?);
            moved.push(holder.id);
        } else if has_lapsed {
            store::end(connection, &holder.id, State::Replaced, now, heard.iat).await?;
            replaced.push(holder.id);
        } else {
            return Err(TenantError::SiteHeld(holder.id));
        }
    }
    let row = Registered {
        id: &id,
        installation: heard.installation,
        host: site.host(),
        cloud_id: cloud,
        suspended: suspended.as_deref(),
        now,
        event_iat: heard.iat,
    };
    store::forge::register(connection, &row).await?;
    let (count, blocks) = hand_over(connection, last.as_deref(), &id, now).await?;
    entries.push(registered_entry(heard, site, &replaced, suspended, count));
    let mut tenants = vec![id];
    tenants.extend(replaced.into_iter().chain(moved));
    Ok(Admitted {
        tenants,
        blocks,
        entries,
    })
}

fn registered_entry(
    heard: &Heard,
    site: &SiteUrl,
    replaced: &[TenantId],
    suspended: Option<String>,
    blocks: u64,
) -> Entry {
    let replaced: Vec<&str> = replaced.iter().map(TenantId::as_str).collect();
    let told = [
        ("cloud_id", Some(heard.cloud.to_string())),
        ("installation", Some(heard.installation.to_string())),
        (
            "replaced",
            Some(replaced.join(" ")).filter(|names| !names.is_empty()),
        ),
        ("stays_suspended", suspended),
        ("stays_blocked", (blocks > 0).then(|| blocks.to_string())),
    ];
    let tenant = heard.installation.tenant_id();
    Entry {
        site: Some(site.host().to_owned()),
        ..entry(heard, &tenant, "tenant.installed", present(told))
    }
}

fn heard_entry(tenant: &TenantId, heard: &Heard, kept_until: Option<Timestamp>) -> Entry {
    let told = [
        ("installation", Some(heard.installation.to_string())),
        ("system_token_until", kept_until.map(Timestamp::rfc3339)),
    ];
    entry(heard, tenant, "tenant.heard", present(told))
}

fn present<const N: usize>(told: [(&str, Option<String>); N]) -> BTreeMap<String, String> {
    let told = told.into_iter();
    told.filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

fn entry(
    heard: &Heard,
    tenant: &TenantId,
    operation: &str,
    detail: BTreeMap<String, String>,
) -> Entry {
    Entry {
        kind: Kind::Admin,
        operation: Some(operation.to_owned()),
        by: Some("atlassian".to_owned()),
        tenant: Some(tenant.to_string()),
        credential: Some(heard.credential.clone()),
        detail,
        ..heard.entry.clone()
    }
}
