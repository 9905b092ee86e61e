//! The registry: every tenant in memory, each change durable and recorded before it shows. Sites are found here and nowhere else.
//! A site's name must never be called, only looked up; a change must never show without its record.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Mutex;

use crate::clock::{Chance, Clock, Timestamp};
use crate::db::{BoxFuture, Connection, Db, DbError};
use crate::ledger::Ledger;
use crate::secret::{Secret, Vault};

use super::block::{Blocks, SharedBlocks, Shift};
use super::directory::Directory;
use super::forge::Troubles;
use super::installation::Lapse;
use super::named::Named;
use super::record::SharedTenant;
use super::resource::Resource;
use super::thing::Thing;
use super::{CloudId, InstallationId, SiteUrl, TenantError, TenantId, store};

/// How a request names a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SiteAsked {
    /// By its URL or host.
    Site(SiteUrl),
    /// By its cloud id.
    Cloud(CloudId),
    /// Not at all: the one that the credential is bound to.
    Own,
}

impl SiteAsked {
    /// The name, if there is one.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        match self {
            Self::Site(site) => Some(site.to_string()),
            Self::Cloud(cloud) => Some(cloud.to_string()),
            Self::Own => None,
        }
    }
}

/// The site is not there for this caller.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the site is not registered")]
pub struct ResolveError;

/// What the registry is made of.
#[derive(Debug)]
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The decision log, for the record of each change.
    pub ledger: Ledger,
    /// Seals the tenants' secrets.
    pub vault: Arc<Vault>,
    /// What a site's host must end with.
    pub site_suffixes: Vec<String>,
    /// How long a tenant of Forge alone lasts that is not heard of.
    pub lapses_after: Duration,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub chance: Chance,
}

/// What a transaction did.
#[derive(Debug)]
pub(super) struct Changed<T> {
    /// To be read anew.
    pub(super) tenants: Vec<TenantId>,
    /// What is blocked differently.
    pub(super) blocks: Vec<Shift>,
    /// For whoever asked.
    pub(super) outcome: T,
}

/// The registry of tenants. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Tenants(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) parts: Parts,
    directory: ArcSwap<Directory>,
    pub(super) lapse: Lapse,
    /// Also in every tenant.
    pub(super) blocks: SharedBlocks,
    pub(super) troubles: Troubles,
    /// Readers of the database that swap the directory take turns, so that an older reading never replaces a newer one.
    refreshing: Mutex<()>,
}

impl Tenants {
    /// Opens the registry and loads every tenant. Fails if the master key is not the one that the database was made with.
    pub async fn open(parts: Parts) -> Result<Self, TenantError> {
        check_vault(&parts).await?;
        let now = parts.clock.now();
        let blocks = store::load_blocks(parts.db.reads(), now).await?;
        let blocks = Arc::new(Blocks::of(blocks));
        let lapse = Lapse {
            after: parts.lapses_after,
        };
        spare(&parts, lapse, now).await?;
        let around = store::Around::of(&parts, &blocks, lapse);
        let tenants = store::load(parts.db.reads(), &around, None, now).await?;
        let directory = Directory::of(tenants.into_iter().map(Arc::new));
        let (directory, refreshing) = (ArcSwap::from_pointee(directory), Mutex::new(()));
        Ok(Self(Arc::new(Inner {
            parts,
            directory,
            lapse,
            blocks,
            troubles: Troubles::default(),
            refreshing,
        })))
    }

    /// Looks up the site that a request named; where it named none, that of `own`, the tenant whose credential was verified.
    pub fn find(&self, asked: &SiteAsked, own: &TenantId) -> Named {
        let directory = self.0.directory.load();
        let found = match asked {
            SiteAsked::Site(site) => directory.site(site),
            SiteAsked::Cloud(cloud) => directory.cloud(cloud),
            SiteAsked::Own => directory.id(own),
        };
        Named::new(self.in_use(found).cloned())
    }

    /// The tenant whose site a request names, if anything may be done there: for a credential that can be checked at that site alone.
    /// It says nothing about who asks.
    #[must_use]
    pub fn named(&self, asked: &SiteAsked) -> Option<SharedTenant> {
        let directory = self.0.directory.load();
        let found = match asked {
            SiteAsked::Site(site) => directory.site(site),
            SiteAsked::Cloud(cloud) => directory.cloud(cloud),
            SiteAsked::Own => None,
        };
        self.in_use(found).cloned()
    }

    fn in_use<'a>(&self, found: Option<&'a SharedTenant>) -> Option<&'a SharedTenant> {
        let now = self.0.parts.clock.now();
        found.filter(|tenant| tenant.is_active(now) && tenant.is_blocked(now).is_none())
    }

    /// The thing on the site that was named.
    pub fn resolve(&self, named: Named, thing: Thing) -> Result<Resource, ResolveError> {
        let tenant = named.into_tenant().ok_or(ResolveError)?;
        Ok(Resource::new(tenant, thing))
    }

    /// The tenant with this id as it stands now, whatever its state.
    #[must_use]
    pub fn current(&self, id: &TenantId) -> Option<SharedTenant> {
        self.0.directory.load().id(id).cloned()
    }

    /// The live tenant of an installation on a site, both as a signature of Forge names them.
    #[must_use]
    pub fn of_installation(
        &self,
        installation: InstallationId,
        cloud: CloudId,
    ) -> Option<SharedTenant> {
        let directory = self.0.directory.load();
        directory.installation(installation, cloud).cloned()
    }

    /// The live tenant that has the site, by host or cloud id.
    pub(super) fn holder(&self, site: &SiteUrl, cloud: CloudId) -> Option<SharedTenant> {
        let directory = self.0.directory.load();
        let holder = directory.site(site).or_else(|| directory.cloud(&cloud));
        holder.cloned()
    }

    /// The time, as the registry sees it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.parts.clock.now()
    }

    /// All tenants, by id.
    #[must_use]
    pub fn all(&self) -> Vec<SharedTenant> {
        self.0.directory.load().all()
    }

    /// The tenant that an operator names by client key, host, URL, cloud id or installation. By a name that two have, none is meant.
    pub fn by_any_name(&self, name: &str) -> Result<SharedTenant, TenantError> {
        let directory = self.0.directory.load();
        let by_id = name.parse().ok().map(|id| directory.named(&id));
        let by_cloud = name.parse().ok().and_then(|cloud| directory.cloud(&cloud));
        let installation: Option<InstallationId> = name.parse().ok();
        let by_installation = installation.map(|known| directory.installed_as(known));
        let site = name.parse().or_else(|_| SiteUrl::from_host(name)).ok();
        let by_site = site.and_then(|site| directory.site(&site));
        let found = by_id.into_iter().chain(by_installation).flatten();
        let mut found = found.chain(by_cloud).chain(by_site);
        let first = found.next();
        let first = first.ok_or_else(|| TenantError::Unknown(name.to_owned()))?;
        if found.any(|other| other.id != first.id) {
            return Err(TenantError::Ambiguous(name.to_owned()));
        }
        Ok(first.clone())
    }

    /// Carries `work` out in one transaction and shows the tenants that it changed. A client that hangs up takes its handler's future
    /// with it, and the transaction commits nevertheless: both run in a task of their own, so that no revocation is durable and
    /// yet not in force. Blocks show with the commit itself: no reading of the database and no other tenant's change stands between a
    /// kill switch and its effect, and a new tenant does not show without the blocks that came with its site.
    pub(super) async fn change<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<TenantError> + From<DbError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<Changed<T>, E>>
            + Send
            + 'static,
    {
        let tenants = self.clone();
        let task = tokio::spawn(async move {
            let (blocks, clock) = (tenants.0.blocks.clone(), tenants.0.parts.clock.clone());
            let show = move |changed: &Changed<T>| {
                let now = clock.now();
                changed
                    .blocks
                    .iter()
                    .for_each(|shift| blocks.shift(shift, now));
            };
            let changed = tenants.0.parts.db.transact_and_show(work, show).await?;
            tenants.refresh(&changed.tenants).await?;
            Ok(changed.outcome)
        });
        task.await.unwrap_or_else(|_| Err(DbError::Stopped.into()))
    }

    /// Reads these tenants anew and shows what the database says of them.
    async fn refresh(&self, changed: &[TenantId]) -> Result<(), TenantError> {
        if changed.is_empty() {
            return Ok(());
        }
        let _turn = self.0.refreshing.lock().await;
        let parts = &self.0.parts;
        let (mut fresh, mut result) = (Vec::new(), Ok(()));
        let (reads, now) = (parts.db.reads(), parts.clock.now());
        for id in changed {
            let around = store::Around::of(parts, &self.0.blocks, self.0.lapse);
            match store::load(reads, &around, Some(id), now).await {
                Ok(tenants) => fresh.extend(tenants),
                Err(error) => result = Err(error),
            }
        }
        // A tenant whose change cannot be read is nobody until it can: what was revoked must not live on.
        let fresh = fresh.into_iter().map(Arc::new);
        let next = self.0.directory.load().with(changed, fresh);
        self.0.directory.store(Arc::new(next));
        result
    }
}

const CHECK: (&str, &str) = ("gatepost", "vault_check");

/// What nobody could hear because the gateway was down or its data is that of a backup is no silence. But whoever had been silent for too
/// long while it still listened had lapsed, and stays so.
async fn spare(parts: &Parts, lapse: Lapse, now: Timestamp) -> Result<(), TenantError> {
    let (until, last_called) = (Lapse::spares_until(now), parts.ledger.last_answered());
    let spared = parts.db.transact(move |connection| {
        Box::pin(store::forge::spare(connection, lapse, last_called, until))
    });
    spared.await
}

/// Seals a known text at the first start and opens it at every later one.
async fn check_vault(parts: &Parts) -> Result<(), TenantError> {
    let (vault, chance) = (parts.vault.clone(), parts.chance.clone());
    parts
        .db
        .transact(move |connection| {
            Box::pin(async move {
                if let Some(sealed) = store::vault_check(connection).await? {
                    vault.open(CHECK.0, CHECK.1, &sealed)?;
                    return Ok(());
                }
                let known = Secret::from("the master key is the right one".to_owned());
                let sealed = vault.seal(CHECK.0, CHECK.1, &known, &chance);
                store::set_vault_check(connection, &sealed).await
            })
        })
        .await
}
