//! Composes each module's settings, parsed once: one TOML file, every key also from the environment, every problem told at once.
//! Used by `cli`, which hands the parts to the modules that own them. The only place that reads the environment.
//! Must never happen here: a guess. An unknown key, a wrong type or an impossible combination is an error with its remedy, because
//! a misspelled limit that silently keeps its default is a hole that nobody sees.

mod check;
mod development;
mod environment;
mod error;
mod given;
mod list;
mod master_key;
mod print;
mod section;
mod telemetry;

use std::collections::BTreeMap;
use std::path::Path;

pub use development::Settings as Development;
pub use environment::Environment;
pub use error::{ConfigError, Place, Problem};
pub use given::Origin;
pub use master_key::MasterKey;
pub use telemetry::{LogFormat, Settings as Telemetry};

use crate::identity::oidc;
use crate::{db, http, ledger, policy, tenant};
use error::Problems;
use given::{Given, Origins, Source};

/// Everything that can be configured, checked. Paths in it are relative to the working directory.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `[server]`.
    pub server: http::Settings,
    /// `[database]`.
    pub database: db::Settings,
    /// `[atlassian]`, as written; see [`Config::atlassian_in_force`].
    pub atlassian: tenant::Settings,
    /// `[policy]`.
    pub policy: policy::Settings,
    /// `[ledger]`.
    pub ledger: ledger::Settings,
    /// `[limits]`.
    pub limits: http::Limits,
    /// `[telemetry]`.
    pub telemetry: Telemetry,
    /// `[development]`.
    pub development: Development,
    /// Each `[[oidc]]`.
    pub oidc: Vec<oidc::Settings>,
}

/// A configuration, where each value came from, and the master key.
#[derive(Debug)]
pub struct Loaded {
    /// The effective values.
    pub config: Config,
    /// The key that seals tenants' secrets. Not part of [`Config`], so that nothing that prints a configuration can print it.
    pub master_key: MasterKey,
    origins: Origins,
    /// Of the keys of each `[[oidc]]`.
    oidc_origins: Vec<BTreeMap<&'static str, Origin>>,
}

impl Config {
    /// Reads the file at `path`, if one is named, and the environment, which wins.
    ///
    /// # Errors
    /// All problems that can be found, each with its place and remedy.
    pub fn load(path: Option<&Path>, environment: &Environment) -> Result<Loaded, ConfigError> {
        let mut problems = Problems::default();
        let source = path.and_then(|path| Source::read(path, &mut problems));
        let mut given = Given::default();
        if let Some(source) = &source {
            given.read_file(source, &mut problems);
        }
        given.read_environment(environment, &mut problems);
        let config = Self {
            server: section::build("server", &given, &mut problems),
            database: section::build("database", &given, &mut problems),
            atlassian: section::build("atlassian", &given, &mut problems),
            policy: section::build("policy", &given, &mut problems),
            ledger: section::build("ledger", &given, &mut problems),
            limits: section::build("limits", &given, &mut problems),
            telemetry: section::build("telemetry", &given, &mut problems),
            development: section::build("development", &given, &mut problems),
            oidc: list::build(&given, &mut problems),
        };
        check::combinations(&config, &given, &mut problems);
        let master_key = MasterKey::read(environment, &mut problems);
        problems.finish()?;
        Ok(Loaded {
            config,
            master_key,
            origins: given.origins(),
            oidc_origins: given.list.iter().map(list::Entry::origins).collect(),
        })
    }

    /// The path of the public URL, which requests carry before every route: empty or `/path`, never with a slash at the end.
    #[must_use]
    pub fn base_path(&self) -> &str {
        let url = &self.server.public_url;
        let after_scheme = url.find("://").map_or(0, |at| at + 3);
        url[after_scheme..]
            .find('/')
            .map_or("", |at| &url[after_scheme + at..])
    }

    /// `[atlassian]` with what `[development]` puts in its place.
    #[must_use]
    pub fn atlassian_in_force(&self) -> tenant::Settings {
        let mut settings = self.atlassian.clone();
        if let Some(server) = &self.development.install_key_server {
            settings.install_key_servers = vec![server.clone()];
        }
        if let Some(server) = &self.development.oauth_server {
            settings.oauth_server.clone_from(server);
        }
        if let Some(base) = &self.development.api_base {
            settings.api_base.clone_from(base);
        }
        if let Some(keys) = &self.development.forge_jwks {
            settings.forge_jwks.clone_from(keys);
        }
        settings
    }
}

impl Loaded {
    /// Where the value of `section.key` came from.
    #[must_use]
    pub fn origin(&self, section: &str, key: &str) -> Origin {
        let mut origins = self.origins.iter();
        let found = origins.find(|(name, _)| **name == (section, key));
        found.map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    /// Where the value of a key of the `[[oidc]]` at `index` came from.
    #[must_use]
    pub fn origin_of_provider(&self, index: usize, key: &str) -> Origin {
        let origins = self.oidc_origins.get(index);
        let found = origins.and_then(|origins| origins.get(key));
        found.cloned().unwrap_or(Origin::Default)
    }

    /// The effective values as TOML, each with its origin in a comment. Contains no secret.
    #[must_use]
    pub fn print(&self) -> String {
        print::effective(self)
    }
}
