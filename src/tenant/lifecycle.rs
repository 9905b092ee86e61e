//! Installs and uninstalls: one state machine a tenant, one transaction an event, with its admin record inside. Called with what
//! `identity::install` has verified, and by nobody else.
//! The body of an event is not covered by its token's signature (atlassian.md 1.1), so the token is remembered with its body; and
//! events arrive out of order, so an older one never undoes a newer one. Events have whole seconds: of an install and an uninstall of
//! the same second nobody can tell which came first, and the uninstall wins. Wrong, it costs the administrator a second try; the
//! other way round it would leave a tenant open whose administrator has closed it.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::db::Connection;
use crate::ledger::Draft;
use crate::ledger::entry::{Credential, Entry, Kind};
use crate::secret::Secret;

use super::block::Shift;
use super::installation::Lapse;
use super::record::State;
use super::registry::{Changed, Tenants};
use super::store::{self, Standing};
use super::{CloudId, InstallationId, SiteUrl, TenantError, TenantId};

/// What makes a signed token recognisable, and orders events.
#[derive(Clone, Debug)]
pub struct Signed {
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// SHA-256 of the body that it came with.
    pub body_hash: [u8; 32],
    /// Unix seconds.
    pub iat: i64,
    /// Unix seconds.
    pub exp: i64,
    /// The public parts, for the record.
    pub credential: Credential,
    /// The record as far as the edge knows it: request, peer.
    pub entry: Entry,
}

/// A verified `installed` event.
#[derive(Debug)]
pub struct Install {
    /// Its token.
    pub signed: Signed,
    /// The client key.
    pub tenant: TenantId,
    /// The base URL, of the right form; checked against the suffixes here.
    pub site: SiteUrl,
    /// From the payload, or asked from the site.
    pub cloud_id: Option<CloudId>,
    /// A custom domain, for links only.
    pub display_url: Option<String>,
    /// The client id for user tokens.
    pub oauth_client_id: Option<String>,
    /// The installation of Forge's that this is as well, if the payload says one.
    pub installation: Option<InstallationId>,
    /// The new secret.
    pub secret: Secret,
}

/// A verified `uninstalled` event.
#[derive(Debug)]
pub struct Uninstall {
    /// Its token.
    pub signed: Signed,
    /// The client key.
    pub tenant: TenantId,
}

/// The greatest leeway that can be configured: until then after its `exp` a token may still be accepted, so it is remembered as long.
const LEEWAY_S_MAX: i64 = 30;

/// Refuse shorter ones: an empty or guessable secret would let anybody sign (threats: "Tokens").
const SECRET_BYTES_MIN: usize = 32;

impl Tenants {
    /// Whether a site is one that the app may be installed on.
    #[must_use]
    pub fn admits_site(&self, site: &SiteUrl) -> bool {
        site.is_under(&self.0.parts.site_suffixes)
    }

    /// Whether this token was accepted before: then nothing of its event has to be found out anew.
    pub async fn is_known(&self, token_hash: &[u8; 32]) -> Result<bool, TenantError> {
        store::knows_token(self.0.parts.db.reads(), token_hash).await
    }

    /// Carries out an install: a new tenant, a new secret, a moved site, or a site taken over by a new client key after an import.
    pub async fn install(&self, install: Install) -> Result<(), TenantError> {
        if !self.admits_site(&install.site) {
            return Err(TenantError::ForeignSite);
        }
        if install.secret.expose().len() < SECRET_BYTES_MIN {
            return Err(TenantError::ShortSecret);
        }
        let parts = &self.0.parts;
        let now = parts.clock.now();
        let sealed = parts.vault.seal(
            install.tenant.as_str(),
            store::SECRET_COLUMN,
            &install.secret,
            &parts.chance,
        );
        let (ledger, lapse) = (parts.ledger.clone(), self.0.lapse);
        self.change(move |connection| {
            Box::pin(async move {
                let (mut tenants, mut blocks) = (vec![install.tenant.clone()], Vec::new());
                let entry = if is_repeated(connection, &install.signed, now).await? {
                    repetition_entry(&install.signed, &install.tenant, "installed")
                } else {
                    require_newer(connection, &install).await?;
                    let replacing = replace_holders(connection, &install, &lapse, now);
                    let mut replaced = replacing.await?;
                    let row = row(&install, &replaced, &sealed, now);
                    store::upsert(connection, &row).await?;
                    let last = replaced.last.as_deref();
                    (replaced.blocks, blocks) =
                        hand_over(connection, last, &install.tenant, now).await?;
                    let entry = install_entry(&install, &replaced);
                    tenants.extend(replaced.tenants);
                    entry
                };
                ledger.append_in(connection, Draft::new(&entry)?).await?;
                Ok(Changed {
                    tenants,
                    blocks,
                    outcome: (),
                })
            })
        })
        .await
    }

    /// Carries out an uninstall: the secret is gone, everything that began before ends.
    pub async fn uninstall(&self, uninstall: Uninstall) -> Result<(), TenantError> {
        let ledger = self.0.parts.ledger.clone();
        let now = self.0.parts.clock.now();
        self.change(move |connection| {
            Box::pin(async move {
                let Uninstall { signed, tenant } = uninstall;
                let Some(standing) = store::standing(connection, &tenant).await? else {
                    // Refused, and remembered: the install that it ends may commit later.
                    if store::bury(connection, &tenant, signed.iat, now).await? {
                        let operation = "tenant.uninstalled_early";
                        let entry = event_entry(&signed, &tenant, operation, BTreeMap::new());
                        ledger.append_in(connection, Draft::new(&entry)?).await?;
                    }
                    return Ok(Changed {
                        tenants: Vec::new(),
                        blocks: Vec::new(),
                        outcome: Err(TenantError::NeverInstalled(tenant)),
                    });
                };
                let entry = if is_repeated(connection, &signed, now).await? {
                    repetition_entry(&signed, &tenant, "uninstalled")
                } else {
                    if signed.iat < standing.event_iat {
                        return Err(TenantError::Stale(tenant));
                    }
                    let state = State::Uninstalled;
                    store::end(connection, &tenant, state, now, signed.iat).await?;
                    event_entry(&signed, &tenant, "tenant.uninstalled", BTreeMap::new())
                };
                ledger.append_in(connection, Draft::new(&entry)?).await?;
                // A repetition is read anew as well: what could not be read the first time shows now.
                Ok(Changed {
                    tenants: vec![tenant],
                    blocks: Vec::new(),
                    outcome: Ok(()),
                })
            })
        })
        .await?
    }
}

/// Whether it is the exact repetition of an event that was carried out, to be answered like the first.
async fn is_repeated(
    connection: &mut Connection,
    signed: &Signed,
    now: Timestamp,
) -> Result<bool, TenantError> {
    let before = store::remember_token(
        connection,
        &signed.token_hash,
        &signed.body_hash,
        signed.exp.saturating_add(LEEWAY_S_MAX),
        now,
    )
    .await?;
    match before {
        Some(body) if body == signed.body_hash => Ok(true),
        Some(_) => Err(TenantError::Replayed),
        None => Ok(false),
    }
}

/// An install follows an install of the same second, and what ended the tenant only from a later one.
async fn require_newer(connection: &mut Connection, install: &Install) -> Result<(), TenantError> {
    let (id, iat) = (&install.tenant, install.signed.iat);
    let earliest = match store::standing(connection, id).await? {
        Some(standing) if standing.state == State::Installed => standing.event_iat,
        Some(standing) => standing.event_iat.saturating_add(1),
        None => match store::tombstone(connection, id).await? {
            Some(ended) => ended.saturating_add(1),
            None => return Ok(()),
        },
    };
    if iat < earliest {
        return Err(TenantError::Stale(id.clone()));
    }
    Ok(())
}

/// The tenants that had a site before.
#[derive(Default)]
struct Replaced {
    tenants: Vec<TenantId>,
    /// Why an operator had switched the site's last tenant off. Its data is the same, so its new tenant stays off.
    suspended: Option<String>,
    /// The tenant that had the site last.
    last: Option<String>,
    /// How many blocks came with the site.
    blocks: u64,
}

/// The newest verified install of a site wins; the tenant that had the site is ended in the same transaction.
async fn replace_holders(
    connection: &mut Connection,
    install: &Install,
    lapse: &Lapse,
    now: Timestamp,
) -> Result<Replaced, TenantError> {
    let cloud_id = install.cloud_id.as_ref().map(ToString::to_string);
    let host = install.site.host();
    let holders = store::holders(connection, &install.tenant, host, cloud_id.as_deref()).await?;
    let mut replaced = Replaced {
        suspended: store::suspension(connection, host).await?,
        last: store::last_on(connection, host).await?,
        ..Replaced::default()
    };
    for holder in holders {
        // The body names the cloud id without a signature: it may not take another host's tenant down.
        if holder.host != host {
            return Err(TenantError::CloudTaken);
        }
        if holder.id.is_of_forge() {
            // Nor does it end what Forge's signatures made, unless it is the same installation on the same site. Which of the two
            // came first says nothing then: at an installation both are sent at once.
            if !is_linked(install, &holder) && !holder.has_lapsed(lapse, now) {
                return Err(TenantError::SiteHeld(holder.id));
            }
        } else if install.signed.iat < holder.event_iat {
            return Err(TenantError::Stale(install.tenant.clone()));
        }
        // Dated by what replaced it, so that an install of it that was overtaken does not take the site back.
        let (id, iat) = (&holder.id, install.signed.iat);
        store::end(connection, id, State::Replaced, now, iat).await?;
        replaced.tenants.push(holder.id);
    }
    Ok(replaced)
}

/// Whether the install says that it is the holder's installation, on the holder's site.
fn is_linked(install: &Install, holder: &Standing) -> bool {
    let installation = install.installation.map(|id| id.uuid());
    let cloud_id = install.cloud_id.map(|id| id.to_string());
    installation.is_some()
        && installation == holder.installation_id
        && cloud_id.is_some()
        && cloud_id == holder.cloud_id
}

/// Who was kept out of a site stays out of it under its next tenant. Gives how many blocks that are, and those of both after it.
pub(super) async fn hand_over(
    connection: &mut Connection,
    last: Option<&str>,
    to: &TenantId,
    now: Timestamp,
) -> Result<(u64, Vec<Shift>), TenantError> {
    let Some(last) = last else {
        return Ok((0, Vec::new()));
    };
    let count = store::hand_over(connection, last, to, now).await?;
    let Some(last) = last.parse().ok().filter(|_| count > 0) else {
        return Ok((count, Vec::new()));
    };
    let mut shifts = Vec::new();
    for tenant in [last, to.clone()] {
        let blocks = store::blocks_of(connection, &tenant, now).await?;
        shifts.push(Shift::Tenant(tenant, blocks));
    }
    Ok((count, shifts))
}

fn row<'a>(
    install: &'a Install,
    replaced: &'a Replaced,
    sealed: &'a [u8],
    now: Timestamp,
) -> store::Installed<'a> {
    store::Installed {
        id: &install.tenant,
        host: install.site.host(),
        cloud_id: install.cloud_id.as_ref().map(ToString::to_string),
        display_url: install.display_url.as_deref(),
        oauth_client_id: install.oauth_client_id.as_deref(),
        sealed,
        installation_id: install.installation.map(|id| id.uuid()),
        suspended: replaced.suspended.as_deref(),
        now,
        event_iat: install.signed.iat,
    }
}

fn install_entry(install: &Install, replaced: &Replaced) -> Entry {
    let mut detail = BTreeMap::new();
    if !replaced.tenants.is_empty() {
        let names: Vec<&str> = replaced.tenants.iter().map(TenantId::as_str).collect();
        detail.insert("replaced".to_owned(), names.join(" "));
    }
    if let Some(reason) = &replaced.suspended {
        detail.insert("stays_suspended".to_owned(), reason.clone());
    }
    if replaced.blocks > 0 {
        detail.insert("stays_blocked".to_owned(), replaced.blocks.to_string());
    }
    if let Some(installation) = &install.installation {
        detail.insert("installation".to_owned(), installation.to_string());
    }
    if let Some(cloud_id) = &install.cloud_id {
        detail.insert("cloud_id".to_owned(), cloud_id.to_string());
    }
    let entry = event_entry(&install.signed, &install.tenant, "tenant.installed", detail);
    Entry {
        site: Some(install.site.host().to_owned()),
        ..entry
    }
}

fn repetition_entry(signed: &Signed, tenant: &TenantId, event: &str) -> Entry {
    let detail = BTreeMap::from([("event".to_owned(), event.to_owned())]);
    event_entry(signed, tenant, "tenant.event_repeated", detail)
}

fn event_entry(
    signed: &Signed,
    tenant: &TenantId,
    operation: &str,
    detail: BTreeMap<String, String>,
) -> Entry {
    Entry {
        kind: Kind::Admin,
        operation: Some(operation.to_owned()),
        by: Some("atlassian".to_owned()),
        tenant: Some(tenant.to_string()),
        credential: Some(signed.credential.clone()),
        detail,
        ..signed.entry.clone()
    }
}
