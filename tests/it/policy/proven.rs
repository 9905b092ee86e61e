//! The prover on the corpus: every hole is found and shown, nothing sound is refused.

use std::sync::LazyLock;
use std::thread;

use gatepost::clock::Clock;
use gatepost::policy::{PolicyError, ProofError, Prover, Settings, Stop, Vocabulary};

use super::corpus::{Case, Expectation, Guarantee, cases};

/// One for all tests: what is proven once is not proven again.
/// A busy machine gets more time than a server gives: what is shown here is the verdict.
pub(crate) static PROVER: LazyLock<Prover> = LazyLock::new(|| {
    let settings = Settings {
        query_timeout_ms: 120_000,
        proof_timeout_ms: 600_000,
        ..Settings::default()
    };
    settings.prover(Clock::system())
});

/// What speaks against a set.
fn verdict(case: &Case) -> Result<(), PolicyError> {
    let set = case.checked(&Vocabulary::core())?;
    match set.examine(&PROVER, &Stop::default()) {
        Ok(_) => Ok(()),
        Err(ProofError::Unproven(faults)) => Err(faults),
        Err(other) => panic!("{}: {other}", case.name),
    }
}

/// What is not as expected.
fn wrong(case: &Case) -> Option<String> {
    let verdict = verdict(case);
    let is_right = match (&case.expectation, &verdict) {
        (Expectation::Proven, verdict) => verdict.is_ok(),
        (Expectation::RefusedBecause(words), Err(faults)) => faults.to_string().contains(words),
        (Expectation::RefusedBy(guarantees), Err(faults)) => {
            faults.is_unproven() && broken(faults) == names(guarantees)
        }
        (Expectation::RefusedBecause(_) | Expectation::RefusedBy(_), Ok(())) => false,
    };
    let told = verdict.map_or_else(|faults| faults.to_string(), |()| "proven".to_owned());
    (!is_right).then(|| format!("{}: expected {:?}, {told}", case.name, case.expectation))
}

/// The guarantees that faults are about; each fault has a request that shows it.
fn broken(faults: &PolicyError) -> Vec<String> {
    let shown = faults.faults().iter().map(|fault| {
        let found = fault.counterexample();
        found.map_or_else(|| fault.to_string(), |found| found.guarantee.clone())
    });
    let mut names: Vec<String> = shown.collect();
    names.sort();
    names.dedup();
    names
}

fn names(guarantees: &[Guarantee]) -> Vec<String> {
    let mut names: Vec<String> = guarantees
        .iter()
        .map(|guarantee| match guarantee {
            Guarantee::Isolation => "isolation".to_owned(),
            Guarantee::ActAs => "act-as".to_owned(),
            Guarantee::NeverErrs => "never-errs".to_owned(),
        })
        .collect();
    names.sort();
    names
}

fn as_expected(folder: &str) {
    let cases = cases(folder);
    let (even, odd): (Vec<_>, Vec<_>) = cases.iter().enumerate().partition(|(at, _)| at % 2 == 0);
    let look = |part: Vec<(usize, &Case)>| -> Vec<String> {
        part.into_iter()
            .filter_map(|(_, case)| wrong(case))
            .collect()
    };
    let found = thread::scope(|scope| {
        let other = scope.spawn(|| look(odd));
        let mut found = look(even);
        found.extend(other.join().expect("a thread"));
        found
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_hole_is_found_and_shown() {
    as_expected("holes");
}

#[test]
fn nothing_sound_is_refused() {
    as_expected("sound");
}
