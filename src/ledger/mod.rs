//! What was decided.

use serde::{Deserialize, Serialize};

pub mod entry;

/// `[ledger]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The name of this node in every record.
    pub node: String,
    /// How many entries may wait to become durable before requests slow down.
    pub queue_entries_max: usize,
    /// How long a request waits for a place in a full queue before it is answered 503, in milliseconds.
    pub queue_wait_ms: u64,
    /// How many entries one transaction takes at most.
    pub batch_entries_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            node: "gatepost-1".to_owned(),
            queue_entries_max: 4096,
            queue_wait_ms: 1000,
            batch_entries_max: 512,
        }
    }
}
