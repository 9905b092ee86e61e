//! The proof that a policy set may go live: it is proven, or was and is certified, or the proof is waived under `[development]` and
//! every record says so. Born in `Validated::prove` and `Validated::certified`; nothing else lives in this file.

use std::sync::Arc;

use super::certificate::{Certificate, Signed};
use super::proof::Proof;
use super::prove::{METHOD, Stop};
use super::refused::{ProofError, notes};
use super::snapshot::Snapshot;
use super::validated::Validated;
use crate::secret::VerifyingKey;

/// A set that may go live. [`super::live::Live::publish`] takes it and nothing less.
///
/// It cannot be made by hand:
/// ```compile_fail,E0451
/// fn forge(snapshot: std::sync::Arc<gatepost::policy::Snapshot>) -> gatepost::policy::Admitted {
///     gatepost::policy::Admitted { snapshot, certificate: None }
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
///     proof: &gatepost::policy::Proof,
/// ) -> Result<gatepost::policy::Admitted, gatepost::policy::ProofError> {
///     set.prove(proof, &gatepost::policy::Stop::default())
/// }
/// ```
#[must_use = "a set is in force only once it is published"]
#[derive(Debug)]
pub struct Admitted {
    snapshot: Arc<Snapshot>,
    certificate: Option<Certificate>,
}

impl Validated {
    /// Admits the set, if what is asked of it is proven or waived. A proof blocks, for seconds with large sets.
    pub fn prove(self, proof: &Proof, stop: &Stop) -> Result<Admitted, ProofError> {
        // A schema that was swapped for analysis says nothing about what requests look like.
        if self.rules().vocabulary.is_for_analysis() {
            return Err(ProofError::ForeignSchema);
        }
        let certificate = match proof {
            Proof::Waived(waiver) => {
                self.refuse_unshown()?;
                let snapshot = Snapshot::new(self.into_rules(), (*waiver).into());
                return Ok(Admitted {
                    snapshot: Arc::new(snapshot),
                    certificate: None,
                });
            }
            Proof::Required(prover) => self.examine(prover, stop)?,
        };
        Ok(self.with(certificate))
    }

    /// Admits a set that was proven before, if this gateway signed for this very set. The solver is not asked again.
    pub fn certified(self, signed: &Signed, key: &VerifyingKey) -> Result<Admitted, ProofError> {
        let certificate = signed.verify(key)?;
        let rules = self.rules();
        let is_of_this = certificate.policy_set == rules.draft.digest()
            && certificate.schema == rules.vocabulary.digest()
            && certificate.engine == super::ENGINE
            && certificate.method == METHOD
            && certificate.guarantees == notes(rules)
            && !rules.vocabulary.is_for_analysis();
        if is_of_this {
            Ok(self.with(certificate))
        } else {
            Err(ProofError::OtherSet)
        }
    }

    /// Without a proof, the text of a policy in a tenant's folder must show that it is inert outside.
    fn refuse_unshown(&self) -> Result<(), ProofError> {
        let first = self.inert_unshown().into_values().next();
        first.map_or(Ok(()), |errors| Err(errors.into()))
    }

    fn with(self, certificate: Certificate) -> Admitted {
        Admitted {
            snapshot: Arc::new(Snapshot::new(self.into_rules(), (&certificate).into())),
            certificate: Some(certificate),
        }
    }
}

impl Admitted {
    /// What is admitted, for the record that is written before it goes live.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// What was proven of it; nothing where the proof was waived.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    pub(super) fn into_snapshot(self) -> Arc<Snapshot> {
        self.snapshot
    }
}
