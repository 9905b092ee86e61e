//! The flag `--config`, shared by every command that works on an installation. Used by subcommands through `#[command(flatten)]`.

use std::path::{Path, PathBuf};

use crate::config::{Config, ConfigError, Environment, Loaded};

/// Read when no other file is named and it is there.
const USUAL: &str = "gatepost.toml";

/// Which configuration file to read.
#[derive(Clone, Debug, clap::Args)]
pub struct ConfigFile {
    /// The configuration file; without it `gatepost.toml` in the working directory, if there is one
    #[arg(long, value_name = "FILE", env = "GATEPOST_CONFIG")]
    config: Option<PathBuf>,
}

impl ConfigFile {
    /// The file that is read, if any.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        let usual = || Some(Path::new(USUAL)).filter(|path| path.exists());
        self.config.as_deref().or_else(usual)
    }

    /// Reads it, and the environment of this process.
    ///
    /// # Errors
    /// Every problem of the configuration.
    pub fn load(&self) -> Result<Loaded, ConfigError> {
        Config::load(self.path(), &Environment::of_process())
    }
}
