//! Why a set that is in order is not admitted, told as faults of its files. May be used by `policy`, and by whoever shows it.

use std::sync::Arc;

use super::certificate::{
    Certificate, CertificateError, GuaranteeNote, QueryNote, SolverNote, VERSION,
};
use super::error::{Fault, Faults, PolicyError, Source};
use super::prove::{
    Counterexample, Evidence, Guarantee, METHOD, Prover, SolverMissing, Stop, TRANSLATOR,
    Undecided, Unproven,
};
use super::snapshot::ENGINE;
use super::validated::{RuleSet, Validated};
use crate::ledger::entry;
use crate::secret::{hex, sha256};

/// Why a set that is in order was not admitted.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// It does not keep a guarantee, or nobody could say whether it does.
    #[error(transparent)]
    Unproven(#[from] PolicyError),
    /// The proof was called off.
    #[error("the proof was called off")]
    CalledOff,
    /// The schema is not the core.
    #[error(
        "the set was checked against another schema than the built-in one; it can be analysed, but not go live"
    )]
    ForeignSchema,
    /// The certificate is none of this gateway.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The certificate is of another set, schema or engine.
    #[error("the certificate is of another set, another schema or another version of the engine")]
    OtherSet,
}

impl From<ProofError> for PolicyError {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Unproven(faults) => faults,
            other => Self::from(Fault::of_file(".", other.to_string())).unproven(),
        }
    }
}

impl Validated {
    /// Whether the set keeps all guarantees. Blocks, for seconds with large sets. What comes back opens nothing.
    pub fn examine(&self, prover: &Prover, stop: &Stop) -> Result<Certificate, ProofError> {
        match prover.prove(self, stop) {
            Ok(evidence) => Ok(certificate(self.rules(), evidence, prover)),
            Err(Unproven::CalledOff) => Err(ProofError::CalledOff),
            Err(unproven) => Err(told(self.rules(), &unproven).into()),
        }
    }
}

impl From<&Certificate> for entry::Proof {
    fn from(certificate: &Certificate) -> Self {
        Self {
            digest: Some(certificate.digest()),
            solver: Some(certificate.solver.version.clone()),
            status: "proven".to_owned(),
        }
    }
}

/// What a certificate of this set must say that was proven.
pub(super) fn notes(rules: &RuleSet) -> Vec<GuaranteeNote> {
    let built_in = Guarantee::built_in();
    let written = built_in.iter().chain(&rules.guarantees);
    let written = written.map(|guarantee| GuaranteeNote {
        digest: guarantee.digest(),
        kind: guarantee.kind.as_str().to_owned(),
        name: guarantee.name.clone(),
        title: guarantee.title.clone(),
    });
    let unwritten = Guarantee::unwritten().map(|(name, title)| GuaranteeNote {
        digest: format!("sha256:{}", hex(&sha256(title.as_bytes()))),
        kind: "built in".to_owned(),
        name: name.to_owned(),
        title: title.to_owned(),
    });
    written.chain(unwritten).collect()
}

fn certificate(rules: &RuleSet, evidence: Evidence, prover: &Prover) -> Certificate {
    Certificate {
        engine: ENGINE.to_owned(),
        guarantees: notes(rules),
        method: METHOD,
        made_at: prover.now().rfc3339(),
        policies: rules.policies.num_of_policies() as u64,
        policy_set: rules.draft.digest().to_owned(),
        prover: TRANSLATOR.to_owned(),
        queries: evidence.asked.into_iter().map(QueryNote::from).collect(),
        schema: rules.vocabulary.digest().to_owned(),
        solver: SolverNote {
            digest: evidence.solver.digest.clone(),
            path: evidence.solver.path().display().to_string(),
            version: evidence.solver.version,
        },
        v: VERSION,
    }
}

/// What speaks against a set, as faults of its files.
fn told(rules: &RuleSet, unproven: &Unproven) -> PolicyError {
    let mut faults = Faults::default();
    match unproven {
        Unproven::Missing(missing) => faults.push(of_solver(missing)),
        Unproven::Canary(why) => faults.push(
            Fault::of_file(".", format!("the solver is not to be trusted: {why}"))
                .with_help("install cvc5 anew (on Debian: apt-get install --reinstall cvc5), then send SIGHUP, or name another with `policy.solver`"),
        ),
        Unproven::Broken(found) => found.iter().for_each(|found| faults.push(of_counterexample(rules, found))),
        Unproven::Undecided(open) => open.iter().for_each(|open| faults.push(of_undecided(open))),
        Unproven::CalledOff => faults.push(Fault::of_file(".", "the proof was called off")),
    }
    // INVARIANT: each arm gives a fault; lists of what is broken or open are never empty.
    faults
        .none_or(())
        .expect_err("what is unproven is a fault")
        .unproven()
}

fn of_solver(missing: &SolverMissing) -> Fault {
    Fault::of_file(".", format!("nothing can be proven: {missing}"))
        .with_help("install cvc5 (on Debian: apt-get install cvc5), then send SIGHUP, or name it with `policy.solver`; until then no new set goes live")
}

fn of_counterexample(rules: &RuleSet, found: &Arc<Counterexample>) -> Fault {
    let message = format!("`{}` is not kept: {}", found.guarantee, found.what);
    let fault = match found
        .because_of
        .first()
        .and_then(|policy| rules.draft.place(policy))
    {
        Some((text, offset)) => {
            let first = &found.because_of[0];
            Fault::at(&Source::new(&first.file, text.to_owned()), offset, message)
        }
        None => Fault::of_file(".", message),
    };
    fault
        .with_help(found.hint.clone())
        .with_counterexample(found.clone())
}

fn of_undecided(open: &Undecided) -> Fault {
    let Undecided {
        guarantee,
        environment,
        why,
        file: _,
    } = open;
    let file = open.file.as_deref().unwrap_or(".");
    Fault::of_file(file, format!("`{guarantee}` could not be decided for {environment}: {why}"))
        .with_help("what cannot be decided is refused: write the rule simpler (one condition a policy, no arithmetic), or give the solver more time with `policy.query_timeout_ms` and `policy.proof_timeout_ms`")
}
