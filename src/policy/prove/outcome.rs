//! What a proof comes to. May be used by `policy` and by whoever shows it. Data only.

use std::sync::Arc;

use super::ask::Asked;
use super::counterexample::Counterexample;
use super::guarantee::Guarantee;
use super::whereabouts::{SolverMissing, Whereabouts};

/// A set keeps every guarantee, and this is what shows it.
#[derive(Debug)]
pub struct Evidence {
    /// The solver.
    pub solver: Whereabouts,
    /// The guarantees, the built-in ones first.
    pub guarantees: Vec<Guarantee>,
    /// The questions that were answered.
    pub(in super::super) asked: Vec<Asked>,
}

/// A set is not shown to keep every guarantee.
#[derive(Clone, Debug)]
pub enum Unproven {
    /// There is no solver.
    Missing(Arc<SolverMissing>),
    /// The solver is not to be trusted.
    Canary(String),
    /// It does not keep these.
    Broken(Vec<Arc<Counterexample>>),
    /// These could not be decided, which is a no.
    Undecided(Vec<Undecided>),
    /// Nobody waits for it any more.
    CalledOff,
}

/// A guarantee that could not be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// Its name.
    pub guarantee: String,
    /// Where.
    pub environment: String,
    /// Why.
    pub why: String,
}
