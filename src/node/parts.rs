//! What a node is made of: what is opened from the disk, what all workers share, and what each worker has of its own.

mod doors;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;

use crate::clock::{Chance, Clock};
use crate::config::Loaded;
use crate::control::office::Office;
use crate::control::rules::{Keeper, Order, Rules};
use crate::control::tokens::AdminTokens;
use crate::db::Db;
use crate::gateway::{Gateway, Turns};
use crate::http::connect_page::{Around, FramedBy};
use crate::http::metrics::Metrics;
use crate::http::{App, Parts};
use crate::identity::Window;
use crate::identity::install::{About, Callbacks};
use crate::identity::issued::{self, Issued};
use crate::identity::oidc::Providers;
use crate::identity::verify::Verifiers;
use crate::ledger::Ledger;
use crate::ledger::read::Reader;
use crate::outbound::{ApiHost, Bounds, KeyServer, Outbound, Resolutions, TokenServer};
use crate::policy::archive::{self, Archive};
use crate::policy::{Live, Proof, Stop};
use crate::screen::Screen;
use crate::tenant::{Tenants, registry};
use crate::upstream::{self, Jira};

use super::NodeError;

use doors::{asking, forge, lapses_after, lifetimes, own_credentials};

/// What is opened from the disk: enough to carry out commands on the file.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The database.
    pub db: Db,
    /// The decision log.
    pub ledger: Ledger,
    /// The registry.
    pub tenants: Tenants,
    /// Tokens of the admin side.
    pub tokens: AdminTokens,
    /// Sessions and client keys.
    pub issued: Issued,
    /// Policy sets that were kept.
    pub archive: Archive,
    clock: Clock,
    chance: Chance,
}

/// Whether the log says that this process began to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Markers {
    /// As it does of whoever changes something.
    Written,
    /// Not of whoever only reads.
    LeftOut,
}

impl Opened {
    /// Where commands are carried out on the file, which no server holds.
    #[must_use]
    pub fn office(&self, loaded: &Loaded) -> Office {
        let live = Arc::new(Live::new(self.clock.clone()));
        Office {
            tenants: self.tenants.clone(),
            issued: self.issued.clone(),
            tokens: self.tokens.clone(),
            rules: Rules::on_file(self.keeper(loaded, live), self.proof(loaded)),
        }
    }

    fn keeper(&self, loaded: &Loaded, live: Arc<Live>) -> Keeper {
        Keeper {
            live,
            archive: self.archive.clone(),
            ledger: self.ledger.clone(),
            activation: loaded.config.policy.activation,
        }
    }

    fn proof(&self, loaded: &Loaded) -> Proof {
        let config = &loaded.config;
        let prover = config.policy.prover(self.clock.clone());
        Proof::asked(config.policy.proof, config.development.enabled, prover)
    }

    /// Opens database, log and registry, which the caller holds. A wrong master key is an error here.
    pub async fn open(
        loaded: &Loaded,
        markers: Markers,
        clock: Clock,
        chance: Chance,
    ) -> Result<Self, NodeError> {
        let vault = Arc::new(loaded.master_key.vault()?);
        Self::with(loaded, vault, markers, clock, chance).await
    }

    pub(super) async fn with(
        loaded: &Loaded,
        vault: Arc<crate::secret::Vault>,
        markers: Markers,
        clock: Clock,
        chance: Chance,
    ) -> Result<Self, NodeError> {
        let config = &loaded.config;
        let db = Db::open(&config.database).await?;
        let parts = (db.clone(), &config.ledger, clock.clone(), chance.clone());
        let ledger = match markers {
            Markers::Written => Ledger::open(parts.0, parts.1, parts.2, parts.3).await?,
            Markers::LeftOut => Ledger::open_quiet(parts.0, parts.1, parts.2, parts.3).await?,
        };
        let tenants = Tenants::open(registry::Parts {
            db: db.clone(),
            ledger: ledger.clone(),
            vault: vault.clone(),
            site_suffixes: config.atlassian.site_suffixes.clone(),
            lapses_after: lapses_after(config.limits.forge_missed_triggers_max),
            clock: clock.clone(),
            chance: chance.clone(),
        })
        .await?;
        let archive = Archive::open(archive::Parts {
            db: db.clone(),
            ledger: ledger.clone(),
            vault: vault.clone(),
            clock: clock.clone(),
            chance: chance.clone(),
        })
        .await?;
        let issued = Issued::new(issued::Parts {
            db: db.clone(),
            ledger: ledger.clone(),
            tenants: tenants.clone(),
            vault: vault.clone(),
            lifetimes: lifetimes(&config.limits),
            clock: clock.clone(),
            chance: chance.clone(),
        });
        let tokens = AdminTokens {
            db: db.clone(),
            ledger: ledger.clone(),
            vault,
            clock: clock.clone(),
            chance: chance.clone(),
        };
        Ok(Self {
            db,
            ledger,
            tenants,
            tokens,
            issued,
            archive,
            clock,
            chance,
        })
    }
}

/// What all workers share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shared {
    /// What came from the disk.
    pub opened: Opened,
    /// The policy set in force.
    pub live: Arc<Live>,
    /// Where persons turn to about it.
    pub rules: Rules,
    /// Counters.
    pub metrics: Arc<Metrics>,
    pub(super) proof: Proof,
    overviews: Turns,
    verifiers: Verifiers,
    callbacks: Callbacks,
    upstream: upstream::Shared,
    about: About,
    config: Arc<crate::config::Config>,
}

impl Shared {
    /// The orders are for the keeper of the rules; `stop` calls off proofs that persons wait for.
    pub(super) fn new(
        loaded: &Loaded,
        opened: Opened,
        stop: Stop,
    ) -> Result<(Self, Receiver<Order>), NodeError> {
        let config = &loaded.config;
        let atlassian = config.atlassian_in_force();
        let window = Window {
            leeway_s: config.limits.token_leeway_s,
            lifetime_s_max: config.limits.token_lifetime_s_max,
        };
        let base_path = config.base_path().to_owned();
        let about = About {
            key: atlassian.app_key.clone(),
            base_url: config.server.public_url.trim_end_matches('/').to_owned(),
            base_path: base_path.clone(),
        };
        let servers: Result<Vec<KeyServer>, _> = atlassian
            .install_key_servers
            .iter()
            .map(|base| KeyServer::new(base))
            .collect();
        let (clock, tenants) = (opened.clock.clone(), opened.tenants.clone());
        let live = Arc::new(Live::new(clock.clone()));
        let (keeper, proof) = (opened.keeper(loaded, live.clone()), opened.proof(loaded));
        let (rules, orders) = Rules::new(keeper, proof.clone(), stop);
        let providers = Providers::new(
            &config.oidc,
            window.leeway_s,
            tenants.clone(),
            clock.clone(),
        )?;
        let shared = Self {
            live,
            rules,
            proof,
            overviews: Turns::default(),
            metrics: Arc::default(),
            verifiers: Verifiers::new(
                tenants.clone(),
                opened.issued.clone(),
                window,
                base_path,
                clock.clone(),
            )
            .with_forge(forge(config, &opened)?)
            .taking(providers)
            .taking_own(own_credentials(loaded, &opened)?),
            callbacks: Callbacks::new(
                about.clone(),
                tenants.clone(),
                servers?,
                window,
                clock.clone(),
            ),
            upstream: asking(
                config,
                upstream::Shared::new(
                    tenants,
                    TokenServer::new(&atlassian.oauth_server)?,
                    ApiHost::new(&atlassian.api_base)?,
                    clock,
                ),
            ),
            about,
            config: Arc::new(config.clone()),
            opened,
        };
        Ok((shared, orders))
    }

    /// Where commands are carried out while this node runs.
    #[must_use]
    pub fn office(&self) -> Office {
        Office {
            tenants: self.opened.tenants.clone(),
            issued: self.opened.issued.clone(),
            tokens: self.opened.tokens.clone(),
            rules: self.rules.clone(),
        }
    }

    /// A worker's app, with connections of its own: call it on the worker's runtime.
    pub fn app(&self) -> Result<App, NodeError> {
        let (gateway, outbound) = self.gateway()?;
        Ok(App::new(Parts {
            gateway,
            callbacks: self.callbacks.clone(),
            outbound,
            about: self.about.clone(),
            limits: self.config.limits.clone(),
            trusted_proxies: self.config.server.trusted_proxies.clone(),
            metrics: self.metrics.clone(),
            around_page: self.around_page(),
        }))
    }

    fn around_page(&self) -> Around {
        let config = self.config.clone();
        Around {
            script: self.config.page_script().to_owned(),
            framed_by: FramedBy::new(move |host| config.framing_origins(host)),
        }
    }

    /// A worker's doors, and its connections: call it on the worker's runtime.
    pub fn gateway(&self) -> Result<(Gateway, Outbound), NodeError> {
        let limits = &self.config.limits;
        let bounds = Bounds {
            connect_timeout: Duration::from_millis(limits.upstream_connect_timeout_ms),
            site_timeout: Duration::from_millis(limits.upstream_timeout_ms),
            site_body_bytes_max: limits.upstream_body_bytes_max,
        };
        let resolve: Resolutions = self
            .config
            .development
            .resolve
            .clone()
            .into_iter()
            .collect();
        let outbound =
            Outbound::new(bounds, resolve).map_err(|error| NodeError::Client(error.to_string()))?;
        let Opened {
            db,
            ledger,
            tenants,
            issued,
            clock,
            chance,
            ..
        } = self.opened.clone();
        let jira = Jira::new(self.upstream.clone(), outbound.clone());
        let gateway = Gateway {
            verifiers: self.verifiers.clone(),
            issued,
            tenants,
            policies: self.live.clone(),
            screen: Screen::new(ledger.clone(), jira.clone(), clock.clone(), chance.clone()),
            ledger,
            records: Reader::of(&db),
            overviews: self.overviews.clone(),
            jira,
            outbound: outbound.clone(),
            clock,
            chance,
            request_timeout: Duration::from_millis(limits.request_timeout_ms),
        };
        Ok((gateway, outbound))
    }
}
