//! A set that was proven before needs no solver, if the certificate says all that a proof of today would.

use gatepost::clock::Chance;
use gatepost::policy::certificate::{Certificate, Signed};
use gatepost::policy::{ProofError, Stop, Validated};
use gatepost::secret::SigningKey;

use super::accepted;
use super::proven::PROVER;
use crate::decision::questions::{ACT_AS, MEMBERS, SEPARATION};

fn set() -> Validated {
    accepted(&[
        ("00.cedar", SEPARATION),
        ("10.cedar", ACT_AS),
        ("20.cedar", MEMBERS),
    ])
}

/// Whether a set is admitted by its certificate, after somebody with the key changed what that says.
fn admitted(change: impl FnOnce(&mut Certificate)) -> Result<(), ProofError> {
    let key = SigningKey::generate(&Chance::seeded(1));
    let mut certificate = set().examine(&PROVER, &Stop::default()).expect("proven");
    change(&mut certificate);
    let signed = Signed::of(&certificate, &key);
    set().certified(&signed, &key.verifying()).map(drop)
}

#[test]
fn a_certificate_of_this_very_set_admits_it() {
    admitted(|_| {}).expect("the same set");
}

#[test]
fn a_certificate_that_says_less_than_a_proof_of_today_admits_nothing() {
    let changes: [fn(&mut Certificate); 6] = [
        |it| it.policy_set.push('0'),
        |it| it.schema.push('0'),
        |it| it.engine = "cedar-policy 4.0.0".to_owned(),
        |it| it.method = 0,
        |it| drop(it.guarantees.pop()),
        |it| it.guarantees[0].digest.push('0'),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let refused = admitted(change);
        assert!(
            matches!(refused, Err(ProofError::OtherSet)),
            "{number}: {refused:?}"
        );
    }
}
