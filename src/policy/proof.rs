//! What is asked of a set before it may go live. Anybody who starts a gateway says it, from the settings. What must never happen
//! here: a waiver outside of `[development]`.

use super::ProofMode;
use super::prove::Prover;
use crate::ledger::entry;

/// How a set is to be proven. Cheap to clone; all clones of a prover remember together.
#[derive(Clone, Debug)]
pub enum Proof {
    /// It must be proven to keep its guarantees.
    Required(Prover),
    /// Nothing is proven, and every record says so.
    Waived(Waiver),
}

impl Proof {
    /// What the settings ask for. Outside of `[development]` a proof is required, whatever they say.
    #[must_use]
    pub fn asked(mode: ProofMode, development: bool, prover: Prover) -> Self {
        match (mode, Waiver::development(development)) {
            (ProofMode::Off, Some(waiver)) => Self::Waived(waiver),
            (ProofMode::Off, None) | (ProofMode::Required, _) => Self::Required(prover),
        }
    }
}

/// The operator's word, given under `[development]`, that a set may go live unproven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiver {
    _private: (),
}

impl Waiver {
    /// A waiver, if `[development]` is enabled.
    #[must_use]
    pub const fn development(enabled: bool) -> Option<Self> {
        if enabled {
            Some(Self { _private: () })
        } else {
            None
        }
    }
}

impl From<Waiver> for entry::Proof {
    fn from(_: Waiver) -> Self {
        Self {
            digest: None,
            solver: None,
            status: "waived".to_owned(),
        }
    }
}
