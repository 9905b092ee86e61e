//! The proof that a policy set may go live: it is proven, or the proof is waived under `[development]` and every record says so.
//! Born in `Validated::prove`; nothing else lives in this file.

use std::sync::Arc;

use super::proof::{Proof, ProofError};
use super::snapshot::Snapshot;
use super::validated::Validated;

/// A set that may go live. [`super::live::Live::publish`] takes it and nothing less.
///
/// It cannot be made by hand:
/// ```compile_fail,E0451
/// fn forge(snapshot: std::sync::Arc<gatepost::policy::Snapshot>) -> gatepost::policy::Admitted {
///     gatepost::policy::Admitted { snapshot }
/// }
/// ```
/// It cannot be copied:
/// ```compile_fail,E0599
/// fn twice(set: &gatepost::policy::Admitted) -> gatepost::policy::Admitted {
///     set.clone()
/// }
/// ```
/// The way that compiles:
/// ```
/// fn admit(
///     set: gatepost::policy::Validated,
///     proof: gatepost::policy::Proof,
/// ) -> Result<gatepost::policy::Admitted, gatepost::policy::ProofError> {
///     set.prove(proof)
/// }
/// ```
#[must_use = "a set is in force only once it is published"]
#[derive(Debug)]
pub struct Admitted {
    snapshot: Arc<Snapshot>,
}

impl Validated {
    /// Admits the set, if what is asked of it is proven or waived.
    pub fn prove(self, proof: Proof) -> Result<Admitted, ProofError> {
        let Proof::Waived(waiver) = proof else {
            return Err(ProofError::Unavailable);
        };
        // A schema that was swapped for analysis says nothing about what requests look like.
        if self.rules().vocabulary.is_for_analysis() {
            return Err(ProofError::ForeignSchema);
        }
        Ok(Admitted {
            snapshot: Arc::new(Snapshot::new(self.into_rules(), waiver.into())),
        })
    }
}

impl Admitted {
    /// What is admitted, for the record that is written before it goes live.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    pub(super) fn into_snapshot(self) -> Arc<Snapshot> {
        self.snapshot
    }
}
