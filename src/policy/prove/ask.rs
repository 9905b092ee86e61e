//! One question to the solver: do these policies keep to that guarantee in this environment? May be used by `prove` only. What must
//! never happen here: an error, a time-out or an `unknown` is taken for a yes.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cedar_policy::{Policy, PolicySet, Schema};
use cedar_policy_symcc::err::Error;
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicy, CompiledPolicySet, Env};

use super::super::certificate::QueryNote;
use super::frame::Frame;
use super::guarantee::{Guarantee, Kind};
use super::memo::{Ground, Key, Memo};
use super::solver::Cvc5;
use super::stop::Stop;
use crate::clock::{Clock, Stopwatch};
use crate::ledger::text::in_one_line;

/// The answer to a question: nothing, or a request with entities that breaks what was to be shown.
pub(super) type Answer = Result<Option<Env>, String>;

/// A question that was answered, for the certificate.
#[derive(Clone, Debug)]
pub(in super::super) struct Asked {
    pub(super) key: Key,
    pub(super) guarantee: String,
    pub(super) environment: String,
    pub(super) step: &'static str,
    pub(super) subject: String,
    /// How long it took; nothing where it was proven before.
    pub(super) micros: Option<u64>,
}

impl From<Asked> for QueryNote {
    fn from(asked: Asked) -> Self {
        Self {
            cached: asked.micros.is_none(),
            environment: asked.environment,
            guarantee: asked.guarantee,
            key: asked.key.hex(),
            micros: asked.micros.unwrap_or(0),
            step: asked.step.to_owned(),
            subject: asked.subject,
            verdict: "holds".to_owned(),
        }
    }
}

/// What all askers of one proof share.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) ground: Ground,
    pub(super) memo: Memo,
    pub(super) clock: Clock,
    pub(super) stopwatch: Stopwatch,
    pub(super) timeout: Duration,
    pub(super) stop: Stop,
}

/// Asks; owns one solver.
pub(super) struct Asker<'a> {
    schema: &'a Schema,
    compiler: CedarSymCompiler<Cvc5>,
    session: Session,
    /// What was proven.
    pub(super) asked: Vec<Asked>,
}

impl<'a> Asker<'a> {
    pub(super) fn new(schema: &'a Schema, solver: Cvc5, session: Session) -> Result<Self, String> {
        let compiler = CedarSymCompiler::new(solver).map_err(|error| error.to_string())?;
        Ok(Self {
            schema,
            compiler,
            session,
            asked: Vec::new(),
        })
    }

    pub(super) fn schema(&self) -> &'a Schema {
        self.schema
    }

    pub(super) fn memo(&self) -> &Memo {
        &self.session.memo
    }

    pub(super) fn key(&self, question: &str, frame: &Frame, policies: &[&Policy]) -> Key {
        self.session
            .ground
            .key(question, frame, policies.iter().copied())
    }

    /// `only`: what `policies` allow lies inside of `guarantee`. `never`: nothing does. `always`: all of it is allowed.
    pub(super) fn keeps(
        &mut self,
        guarantee: &Guarantee,
        policies: &[&Policy],
        frame: &Frame,
        subject: &str,
    ) -> Answer {
        let question = format!("{} {}", guarantee.kind.as_str(), guarantee.digest());
        let key = self.key(&question, frame, policies);
        let ask = |asker: &mut Self| {
            let set = PolicySet::from_policies(policies.iter().map(|&policy| policy.clone()))
                .map_err(|error| error.to_string())?;
            let set = asker.compiled_set(&set, frame)?;
            let described = asker.compiled_set(guarantee.policies(), frame)?;
            let compiler = &mut asker.compiler;
            let answer = match guarantee.kind {
                Kind::Only => {
                    at_once(compiler.check_implies_with_counterexample_opt(&set, &described))
                }
                Kind::Never => {
                    at_once(compiler.check_disjoint_with_counterexample_opt(&set, &described))
                }
                Kind::Always => {
                    at_once(compiler.check_implies_with_counterexample_opt(&described, &set))
                }
            };
            answer.map_err(|error| told(&error))
        };
        self.once(
            key,
            (&guarantee.name, guarantee.kind.as_str()),
            frame,
            subject,
            ask,
        )
    }

    /// Notes that so many permits keep to a guarantee by what they say.
    pub(super) fn by_text(&mut self, guarantee: &Guarantee, frame: &Frame, permits: usize) {
        if permits > 0 {
            self.asked.push(Asked {
                key: self.key("by text", frame, &[]),
                guarantee: guarantee.name.clone(),
                environment: frame.name.clone(),
                step: "by text",
                subject: format!("{permits} permits"),
                micros: Some(0),
            });
        }
    }

    /// Whether a policy can fail on valid input.
    pub(super) fn never_errs(&mut self, name: &str, policy: &Policy, frame: &Frame) -> Answer {
        let key = self.key("never errs", frame, &[policy]);
        let ask = |asker: &mut Self| {
            let compiled = asker.compiled(policy, frame)?;
            let asked = asker
                .compiler
                .check_never_errors_with_counterexample_opt(&compiled);
            at_once(asked).map_err(|error| told(&error))
        };
        self.once(key, (name, "never errs"), frame, policy.id().as_ref(), ask)
    }

    /// Whether `policy` matches only what `other` matches, whatever their effects.
    pub(super) fn matches_within(
        &mut self,
        name: &str,
        policy: &Policy,
        other: &Policy,
        frame: &Frame,
    ) -> Answer {
        let question = format!("matches within {other}");
        let key = self.key(&question, frame, &[policy]);
        let ask = |asker: &mut Self| {
            let (one, two) = (
                asker.compiled(policy, frame)?,
                asker.compiled(other, frame)?,
            );
            let asked = asker
                .compiler
                .check_matches_implies_with_counterexample_opt(&one, &two);
            at_once(asked).map_err(|error| told(&error))
        };
        self.once(
            key,
            (name, "matches within"),
            frame,
            policy.id().as_ref(),
            ask,
        )
    }

    /// Whether there is a request that `policy` matches.
    pub(super) fn can_match(&mut self, policy: &Policy, frame: &Frame) -> Answer {
        let key = self.key("never matches", frame, &[policy]);
        let ask = |asker: &mut Self| {
            let compiled = asker.compiled(policy, frame)?;
            let asked = asker
                .compiler
                .check_never_matches_with_counterexample_opt(&compiled);
            at_once(asked).map_err(|error| told(&error))
        };
        self.once(
            key,
            ("matches", "never matches"),
            frame,
            policy.id().as_ref(),
            ask,
        )
    }

    /// Asks what was not proven before. The time of the whole is looked at before each question; one question has a limit of its own.
    fn once(
        &mut self,
        key: Key,
        (guarantee, step): (&str, &'static str),
        frame: &Frame,
        subject: &str,
        ask: impl FnOnce(&mut Self) -> Answer,
    ) -> Answer {
        let mut note = Asked {
            key,
            guarantee: guarantee.to_owned(),
            environment: frame.name.clone(),
            step,
            subject: subject.to_owned(),
            micros: None,
        };
        if !self.session.memo.is_proven(key) {
            if self.session.stop.is_asked() {
                return Err("it was called off".to_owned());
            }
            if self.session.stopwatch.elapsed() > self.session.timeout {
                let seconds = self.session.timeout.as_secs();
                return Err(format!("the whole proof took longer than {seconds} s"));
            }
            let took = self.session.clock.stopwatch();
            let answer = ask(self)?;
            if answer.is_some() {
                return Ok(answer);
            }
            self.session.memo.proven(key);
            note.micros = Some(took.elapsed_us());
        }
        self.asked.push(note);
        Ok(None)
    }

    fn compiled_set(&self, set: &PolicySet, frame: &Frame) -> Result<CompiledPolicySet, String> {
        CompiledPolicySet::compile(set, &frame.env, self.schema).map_err(|error| told(&error))
    }

    fn compiled(&self, policy: &Policy, frame: &Frame) -> Result<CompiledPolicy, String> {
        CompiledPolicy::compile(policy, &frame.env, self.schema).map_err(|error| told(&error))
    }
}

/// The prover's functions are async for solvers behind a network. Ours answers before its function returns, so one poll is all.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        // INVARIANT: the script is a `Vec` and the solver waits by blocking; neither is ever pending.
        Poll::Pending => unreachable!("a solver that blocks is never pending"),
    }
}

fn told(error: &Error) -> String {
    match error {
        Error::SolverUnknown => "the solver could not decide it within its limits".to_owned(),
        error => in_one_line(error),
    }
}
