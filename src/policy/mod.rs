//! The rules.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// `[policy]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The folder of the policy files.
    pub directory: PathBuf,
    /// A schema that adds types and attributes to the core schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<PathBuf>,
    /// Whether a set must be proven to keep tenants apart before it goes live.
    pub proof: ProofMode,
    /// What happens with a changed set that is in order.
    pub activation: Activation,
}

/// `policy.proof`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProofMode {
    /// Only a proven set goes live.
    Required,
    /// Under `[development]` only: goes live unproven, and every record says so.
    Off,
}

/// `policy.activation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// A set that is in order goes live at once.
    Auto,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            directory: PathBuf::from("policies"),
            extension: None,
            proof: ProofMode::Required,
            activation: Activation::Auto,
        }
    }
}
