//! The corpus, asked of a second solver: another version of cvc5, built by others, behind `tests/tools/cvc5-python`. A fault of the one
//! that is used every day would show as a difference.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use gatepost::clock::Clock;
use gatepost::policy::{Bounds, ProofError, Prover, Stop, Validated, Vocabulary};

use super::super::corpus::{Expectation, cases};

/// Where `make soak` puts it.
const PLACE: &str = "target/tools/cvc5/bin/cvc5-second";

fn prover(solver: Option<&Path>) -> Prover {
    let bounds = Bounds {
        solver: solver.map(Path::to_owned),
        query_timeout: Duration::from_secs(30),
        timeout: Duration::from_mins(5),
    };
    Prover::new(bounds, Clock::system())
}

/// The guarantees that do not hold; nothing of a set that is proven.
fn verdict(prover: &Prover, set: &Validated, name: &str) -> BTreeSet<String> {
    match set.examine(prover, &Stop::default()) {
        Ok(_) => BTreeSet::new(),
        Err(ProofError::Unproven(faults)) => {
            let shown = faults.faults().iter().map(|fault| {
                let found = fault.counterexample();
                found
                    .unwrap_or_else(|| panic!("{name}: {fault}"))
                    .guarantee
                    .clone()
            });
            shown.collect()
        }
        Err(other) => panic!("{name}: {other}"),
    }
}

#[test]
#[ignore = "needs a second solver, which `make soak` installs"]
fn a_second_solver_says_the_same_of_every_case() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(PLACE);
    if !place.exists() {
        eprintln!("skipped: a_second_solver_says_the_same_of_every_case: there is no {PLACE}");
        return;
    }
    let (usual, second) = (prover(None), prover(Some(&place)));
    let mut asked = 0;
    for case in cases("holes").iter().chain(&cases("sound")) {
        if matches!(case.expectation, Expectation::RefusedBecause(_)) {
            continue;
        }
        let set = case.checked(&Vocabulary::core()).expect("in order");
        let name = &case.name;
        assert_eq!(
            verdict(&usual, &set, name),
            verdict(&second, &set, name),
            "{name}"
        );
        asked += 1;
    }
    assert!(asked >= 120, "{asked}");
}
