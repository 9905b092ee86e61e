//! Whether the prover can be trusted: each kind of guarantee, each way in which a solver can be wrong, and by chance.

mod counterexamples;
mod folders;
mod guarantees;
mod property;
mod second;
mod solver;

use gatepost::policy::{Counterexample, PolicyError, ProofError, Stop, Validated};

use super::accepted;
use super::proven::PROVER;
use crate::decision::questions::{ACT_AS, MEMBERS, SEPARATION};

/// The shipped files, without the examples, which say nothing.
const SHIPPED: [(&str, &str); 3] = [
    ("00.cedar", SEPARATION),
    ("10.cedar", ACT_AS),
    ("20.cedar", MEMBERS),
];

/// The shipped set and some files more.
fn with(more: &[(&str, &str)]) -> Validated {
    accepted(&[&SHIPPED, more].concat())
}

/// What speaks against a set.
fn against(set: &Validated) -> Option<PolicyError> {
    match set.examine(&PROVER, &Stop::default()) {
        Ok(_) => None,
        Err(ProofError::Unproven(faults)) => Some(faults),
        Err(other) => panic!("{other}"),
    }
}

/// The requests that a refusal shows; nothing if the set is proven.
fn shown(set: &Validated) -> Vec<Counterexample> {
    let found = against(set);
    let faults = found.iter().flat_map(PolicyError::faults);
    let one = |fault: &gatepost::policy::Fault| {
        let found = fault.counterexample();
        found.unwrap_or_else(|| panic!("{fault}")).clone()
    };
    faults.map(one).collect()
}

/// The guarantees that a set does not keep, with the policies that break them.
fn broken(set: &Validated) -> String {
    let line = |found: &Counterexample| {
        let ids = found.because_of.iter().map(|policy| policy.id.as_str());
        format!("{}: {}", found.guarantee, ids.collect::<Vec<_>>().join(" "))
    };
    shown(set).iter().map(line).collect::<Vec<_>>().join("\n")
}
