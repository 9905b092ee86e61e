//! What is asked of a set before it may go live. Anybody who starts a gateway says it, from the settings. What must never happen
//! here: a waiver outside of `[development]`.

use super::ProofMode;
use crate::ledger::entry;

/// How a set is to be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It must be proven to keep tenants apart. This version cannot, and admits nothing.
    Required,
    /// Nothing is proven, and every record says so.
    Waived(Waiver),
}

impl Proof {
    /// What the settings ask for. Outside of `[development]` a proof is required, whatever they say.
    #[must_use]
    pub fn asked(mode: ProofMode, development: bool) -> Self {
        match mode {
            ProofMode::Required => Self::Required,
            ProofMode::Off => Waiver::development(development).map_or(Self::Required, Self::Waived),
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
            status: "waived".to_owned(),
        }
    }
}

/// Why a set that is in order was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// There is no prover.
    #[error(
        "this version cannot prove policies; `policy.proof` can only be `\"off\"`, under `[development]`"
    )]
    Unavailable,
    /// The schema is not the core.
    #[error(
        "the set was checked against another schema than the built-in one; it can be analysed, but not go live"
    )]
    ForeignSchema,
}
