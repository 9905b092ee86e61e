//! What a proof comes to. May be used by `policy` and by whoever shows it. Data only.

use std::sync::Arc;

use super::ask::Asked;
use super::counterexample::Counterexample;
use super::whereabouts::{SolverMissing, Whereabouts};

/// A set keeps every guarantee, and this is what shows it.
#[derive(Debug)]
pub struct Evidence {
    /// The solver.
    pub solver: Whereabouts,
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
    /// The file of the policy that it is about, if it is about one.
    pub file: Option<String>,
    /// Why.
    pub why: String,
}
