//! The proof that a set of policies keeps its guarantees: built-in ones for all sets, and a team's own. What is proven is the files
//! alone, for every request environment of the schema; what a proof takes for granted (complete entities, ids of the right tenant, one
//! request at a time) is for `decision` to keep. May be used by `policy`. What must never happen here: something other than a proof
//! counts as one: a time-out, an error, a solver that is not what it says, a counterexample that nobody confirmed.

mod always;
mod ask;
mod canary;
mod compare;
mod counterexample;
mod errs;
mod examine;
mod frame;
mod guarantee;
mod hint;
mod lints;
mod memo;
mod modular;
mod outcome;
mod plain;
mod prover;
mod replay;
mod solver;
mod stop;
mod whereabouts;

pub use counterexample::{Asked, Counterexample, Met};
pub use guarantee::{Guarantee, Kind};
pub use outcome::{Evidence, Undecided, Unproven};
pub use prover::{Bounds, METHOD, Prover, TRANSLATOR};
pub use stop::Stop;
pub use whereabouts::{SolverMissing, Whereabouts};

#[cfg(test)]
mod tests;
