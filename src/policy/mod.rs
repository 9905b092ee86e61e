//! The rules. A set of files goes from `Draft` (read) to `Validated` (in order) to `Admitted` (may go live), and `Live` takes
//! nothing less; what is live is a `Snapshot`. May be used by `decision` and everything below it. What must never happen here: a
//! set that is wrong in any part takes effect in another.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Clock;

mod admitted;
pub mod archive;
mod bearing;
mod blame;
pub mod certificate;
mod confined;
mod draft;
mod entities;
mod error;
mod folder;
mod inert;
mod judge;
mod limits;
mod links;
mod lint;
mod live;
mod memo;
pub(crate) mod names;
mod parsed;
mod proof;
pub mod prove;
mod reach;
mod ready;
mod refused;
mod rule;
mod schema;
mod slices;
mod snapshot;
mod store;
mod union;
mod validated;
mod watch;

pub use admitted::Admitted;
pub use blame::ByTenant;
pub use confined::Confined;
pub use draft::{Draft, ENTRIES_MAX, FILE_BYTES_MAX, SET_BYTES_MAX};
pub use entities::Memberships;
pub use error::{Fault, PolicyError};
pub use folder::{Folder, schema_text};
pub use inert::Obligation;
pub use judge::{Bar, aside};
pub(crate) use lint::nearest;
pub use lint::{Finding, Findings};
pub use live::{Candidate, Concern, Live, Pending, Refused, Running, Status};
pub use memo::Workshop;
pub use proof::{Proof, Waiver};
pub use prove::{Bounds, Counterexample, Prover, Stop};
pub use ready::{Dropped, Ready, Unchanged};
pub use refused::ProofError;
pub use rule::Rule;
pub use schema::{CORE, Vocabulary};
pub(crate) use slices::{Late, Parts};
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
    /// The solver that proofs are made with; without it `cvc5` in the usual places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub solver: Option<PathBuf>,
    /// Milliseconds that the solver may take for one question.
    pub query_timeout_ms: u64,
    /// Milliseconds that a whole proof may take.
    pub proof_timeout_ms: u64,
    /// What happens with a changed set that is proven.
    pub activation: Activation,
    /// Whether Jira is asked in which groups an account is. If not, what policies with groups bear on is denied.
    pub jira_groups: bool,
    /// How old Jira's answer may be, in seconds: somebody who left a group counts as in it for so long.
    pub jira_groups_age_s_max: u64,
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
    /// It goes live at once.
    Auto,
    /// It goes live if it is proven to allow nothing that the one in force denies; otherwise it waits for `policy activate`.
    Narrowing,
    /// It waits for `policy activate`.
    Manual,
}

impl Settings {
    /// The prover that these settings describe. It remembers nothing yet: make one, and clone it.
    #[must_use]
    pub fn prover(&self, clock: Clock) -> Prover {
        let bounds = Bounds {
            solver: self.solver.clone(),
            query_timeout: Duration::from_millis(self.query_timeout_ms),
            timeout: Duration::from_millis(self.proof_timeout_ms),
        };
        Prover::new(bounds, clock)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            directory: PathBuf::from("policies"),
            extension: None,
            proof: ProofMode::Required,
            solver: None,
            query_timeout_ms: 10_000,
            proof_timeout_ms: 120_000,
            activation: Activation::Auto,
            jira_groups: false,
            jira_groups_age_s_max: 300,
        }
    }
}
