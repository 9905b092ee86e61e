//! What `policy check` and `policy prove` found, for a person or for a program. Both are told the same, and both end alike. Used by
//! `cli::policy` only.

use std::collections::HashSet;

use clap::ValueEnum;
use miette::Diagnostic;
use serde::Serialize;

use super::wrap::{columns, wrapped};
use crate::cli::Exit;
use crate::ledger::text::visible_json;
use crate::policy::certificate::{Certificate, GuaranteeNote};
use crate::policy::{Counterexample, Fault, Findings, PolicyError};

/// How to print what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

/// What is known of a set so far.
#[derive(Default)]
pub(super) struct Verdict {
    /// The digest of the files, once they are read.
    pub(super) policy_set: Option<String>,
    /// The digest of the schema, once it is read.
    pub(super) schema: Option<String>,
    /// How many policies there are, once all are in order.
    pub(super) policies: Option<usize>,
    /// What was proven, and the milliseconds that it took.
    pub(super) proof: Option<(Certificate, u128)>,
    /// Why the set is refused.
    pub(super) refused: Option<PolicyError>,
    /// What refuses nothing.
    pub(super) findings: Findings,
    /// Whether a finding ends the command like a fault.
    pub(super) is_strict: bool,
}

impl Verdict {
    /// How the command ends.
    pub(super) fn exit(&self) -> Exit {
        match &self.refused {
            Some(error) if error.is_unproven() => Exit::NotProven,
            Some(_) => Exit::PolicyInvalid,
            None if self.is_strict && !self.findings.found.is_empty() => Exit::PolicyInvalid,
            None => Exit::Ok,
        }
    }

    pub(super) fn print(&self, format: Format) -> anyhow::Result<()> {
        match format {
            Format::Text => self.print_text(),
            Format::Json => {
                let json = serde_json::to_string(&Told::of(self))?;
                println!("{}", visible_json(&json));
            }
        }
        Ok(())
    }

    /// The verdict on stdout; on stderr each fault with the lines that it stands in, then what refuses nothing, then the count.
    fn print_text(&self) {
        if let (Some(policies), Some(digest)) = (self.policies, &self.policy_set) {
            println!("in order: {policies} policies, {digest}");
        }
        if let Some((certificate, millis)) = &self.proof {
            print_proof(certificate, *millis);
        }
        for fault in self.faults() {
            eprintln!("{:?}", miette::Report::new(fault.clone()));
            if let Some(found) = fault.counterexample() {
                eprintln!("{}\n", wrapped(&found.to_string(), columns()));
            }
        }
        if self.faults_more() > 0 {
            eprintln!("and {} more", self.faults_more());
        }
        for finding in &self.findings.found {
            eprintln!("{:?}", miette::Report::new(finding.clone()));
        }
        for note in &self.findings.notes {
            eprintln!("note: {note}");
        }
        let warnings = count(self.findings.found.len(), "warning");
        match &self.refused {
            Some(_) => {
                let faults = count(self.faults().len() + self.faults_more(), "fault");
                eprintln!("refused: {faults} in the policy set");
            }
            None if self.exit() != Exit::Ok => eprintln!("refused by --strict: {warnings}"),
            None if self.findings.found.is_empty() => {}
            None => eprintln!("{warnings}; nothing is refused for them"),
        }
    }

    /// The faults, each once: a guarantee that is broken in two environments at the same time is found twice.
    fn faults(&self) -> Vec<&Fault> {
        let all = self.refused.iter().flat_map(PolicyError::faults);
        let mut seen = HashSet::new();
        all.filter(|fault| seen.insert((fault.to_string(), fault.advice())))
            .collect()
    }

    /// How many faults there are that are not kept.
    fn faults_more(&self) -> usize {
        let more = |error: &PolicyError| error.fault_count() - error.faults().len();
        self.refused.as_ref().map_or(0, more)
    }
}

fn print_proof(certificate: &Certificate, millis: u128) {
    for guarantee in &certificate.guarantees {
        let GuaranteeNote {
            name, kind, title, ..
        } = guarantee;
        println!("proven: {name} ({kind}), {title}");
    }
    let questions = certificate.queries.len();
    let solver = &certificate.solver.version;
    println!("{questions} questions to {solver} in {millis} ms");
}

fn count(many: usize, of: &str) -> String {
    match many {
        1 => format!("1 {of}"),
        more => format!("{more} {of}s"),
    }
}

/// The JSON object. A member, once given out, keeps its meaning.
#[derive(Serialize)]
struct Told<'a> {
    ok: bool,
    policy_set: Option<&'a str>,
    schema: Option<&'a str>,
    policies: Option<usize>,
    proof: Option<ToldProof<'a>>,
    faults: Vec<ToldFault<'a>>,
    /// How many faults there are beyond those told.
    faults_more: usize,
    notes: &'a [String],
}

#[derive(Serialize)]
struct ToldProof<'a> {
    digest: String,
    made_at: &'a str,
    engine: &'a str,
    prover: &'a str,
    solver: &'a str,
    guarantees: &'a [GuaranteeNote],
    questions: usize,
    duration_ms: u128,
}

#[derive(Serialize)]
struct ToldFault<'a> {
    severity: &'static str,
    rule: Option<&'a str>,
    file: &'a str,
    line: Option<u32>,
    column: Option<usize>,
    message: &'a str,
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counterexample: Option<&'a Counterexample>,
}

impl<'a> Told<'a> {
    fn of(verdict: &'a Verdict) -> Self {
        let faults = verdict.faults().into_iter();
        let errors = faults.map(|fault| ToldFault::of("error", None, fault));
        let findings = verdict.findings.found.iter();
        let warnings =
            findings.map(|finding| ToldFault::of("warning", Some(finding.rule), &finding.what));
        Self {
            ok: verdict.exit() == Exit::Ok,
            policy_set: verdict.policy_set.as_deref(),
            schema: verdict.schema.as_deref(),
            policies: verdict.policies,
            proof: verdict.proof.as_ref().map(ToldProof::of),
            faults: errors.chain(warnings).collect(),
            faults_more: verdict.faults_more(),
            notes: &verdict.findings.notes,
        }
    }
}

impl<'a> ToldProof<'a> {
    fn of((certificate, duration_ms): &'a (Certificate, u128)) -> Self {
        Self {
            digest: certificate.digest(),
            made_at: &certificate.made_at,
            engine: &certificate.engine,
            prover: &certificate.prover,
            solver: &certificate.solver.version,
            guarantees: &certificate.guarantees,
            questions: certificate.queries.len(),
            duration_ms: *duration_ms,
        }
    }
}

impl<'a> ToldFault<'a> {
    fn of(severity: &'static str, rule: Option<&'a str>, fault: &'a Fault) -> Self {
        Self {
            severity,
            // What breaks a guarantee is named by it.
            rule: rule.or_else(|| Some(fault.counterexample()?.guarantee.as_str())),
            file: fault.file(),
            line: fault.line(),
            column: column(fault),
            message: fault.message(),
            help: fault.advice(),
            counterexample: fault.counterexample(),
        }
    }
}

/// The column of the first place that a fault marks, from 1.
fn column(fault: &Fault) -> Option<usize> {
    let label = fault.labels()?.next()?;
    let contents = fault.source_code()?.read_span(label.inner(), 0, 0).ok()?;
    Some(contents.column() + 1)
}
