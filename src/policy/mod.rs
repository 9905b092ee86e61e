//! The rules. A set of files goes from `Draft` (read) to `Validated` (in order) to `Admitted` (may go live), and `Live` takes
//! nothing less; what is live is a `Snapshot`. May be used by `decision` and everything below it. What must never happen here: a
//! set that is wrong in any part takes effect in another.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

mod admitted;
pub mod archive;
pub mod certificate;
mod draft;
mod entities;
mod error;
mod folder;
mod links;
mod lint;
mod live;
pub(crate) mod names;
mod parsed;
mod proof;
pub mod prove;
mod rule;
mod schema;
mod snapshot;
mod store;
mod validated;
mod watch;

pub use admitted::Admitted;
pub use draft::{Draft, ENTRIES_MAX, FILE_BYTES_MAX, SET_BYTES_MAX};
pub use entities::Memberships;
pub use error::{Fault, PolicyError};
pub use folder::{Folder, schema_text};
pub use live::{Live, Pending, Refused, Running, Status};
pub use proof::{Proof, ProofError, Waiver};
pub use rule::Rule;
pub use schema::{CORE, Vocabulary};
pub use snapshot::{ENGINE, Snapshot};
pub(crate) use validated::RuleSet;
pub use validated::Validated;
pub use watch::{Change, Watch};

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
