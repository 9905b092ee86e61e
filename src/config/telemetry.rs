//! `[telemetry]`: what operators read on the terminal. Used by `cli`, which starts the subscriber.

use serde::{Deserialize, Serialize};

/// `[telemetry]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How lines are written.
    pub log_format: LogFormat,
    /// Which lines are written: a level, or levels by module as in `info,gatepost::policy=debug`.
    pub log_filter: String,
}

/// `telemetry.log_format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            log_format: LogFormat::Text,
            log_filter: "info".to_owned(),
        }
    }
}
