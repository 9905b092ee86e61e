//! Pools, migrations, and the one write lane.

use serde::{Deserialize, Serialize};

/// `[database]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where the data lives: `sqlite://path`, relative to the working directory.
    pub url: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: "sqlite://data/gatepost.db".to_owned(),
        }
    }
}
