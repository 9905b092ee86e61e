//! The prover: from a validated set to evidence or to what speaks against it. It blocks and takes seconds, so it runs on a thread of
//! its own, never on one that serves requests. What must never happen here: a set counts as proven that was not asked about in every
//! environment, for every guarantee.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cedar_policy::{Policy, Schema};

use super::super::judge::yield_to_requests;
use super::super::schema::Vocabulary;
use super::super::snapshot::ENGINE;
use super::super::validated::Validated;
use super::ask::{Asked, Asker, Session};
use super::canary;
use super::examine::{Case, Job, Judged};
use super::frame::Frame;
use super::guarantee::Guarantee;
use super::memo::{Ground, Memo};
use super::outcome::{Evidence, Undecided, Unproven};
use super::solver::Cvc5;
use super::stop::Stop;
use super::whereabouts::Whereabouts;
use crate::clock::{Clock, Timestamp};

/// The translator of policies for the solver; its version is pinned.
pub const TRANSLATOR: &str = "cedar-policy-symcc 0.8.1";
/// The revision of this module's own way of proving. Raise it with every mend of what counts as a proof: what was proven by an earlier
/// one is proven again before anything rests on it.
pub const METHOD: u32 = 1;
/// The stack of a thread that proves: policies are trees, and what walks through them calls itself.
const STACK_BYTES: usize = 64 * 1024 * 1024;
/// More solvers at once take more memory and do not make a proof of a few questions faster.
const THREADS_MAX: usize = 4;

/// What bounds a proof.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Where the solver lies; without it the usual places are looked at.
    pub solver: Option<PathBuf>,
    /// The time for one question.
    pub query_timeout: Duration,
    /// The time for a whole proof.
    pub timeout: Duration,
}

/// Proves sets, and remembers what it proved. Cheap to clone; all clones remember together.
#[derive(Clone, Debug)]
pub struct Prover {
    bounds: Bounds,
    clock: Clock,
    memo: Memo,
    place: Arc<Mutex<Option<Whereabouts>>>,
}

impl Prover {
    /// A prover that remembers nothing yet.
    #[must_use]
    pub fn new(bounds: Bounds, clock: Clock) -> Self {
        Self {
            bounds,
            clock,
            memo: Memo::default(),
            place: Arc::default(),
        }
    }

    /// The time.
    pub(in super::super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether everything that is asked of a set holds, in every environment of its schema.
    pub(in super::super) fn prove(
        &self,
        set: &Validated,
        stop: &Stop,
    ) -> Result<Evidence, Unproven> {
        let rules = set.rules();
        let solver = self
            .solver()
            .map_err(|missing| Unproven::Missing(Arc::new(missing)))?;
        self.listen_to_canaries(&solver, stop)?;
        let guarantees: Vec<Guarantee> = Guarantee::built_in()
            .into_iter()
            .chain(rules.guarantees.iter().cloned())
            .collect();
        let session = self.session(&solver, rules.vocabulary.digest(), stop);
        let undecided = |why: String| {
            Unproven::Undecided(vec![Undecided {
                guarantee: "every guarantee".to_owned(),
                environment: "every environment".to_owned(),
                file: None,
                why,
            }])
        };
        let frames = Frame::all(rules.vocabulary.schema()).map_err(undecided)?;
        let mut policies: Vec<&Policy> = rules.policies.policies().collect();
        policies.sort_by_key(|policy| policy.id());
        let case = Case::new(set, &guarantees, &frames, &policies);
        let (asked, judged) = self.work(&case, rules.vocabulary.schema(), &solver, &session)?;
        if stop.is_asked() {
            return Err(Unproven::CalledOff);
        }
        let (mut broken, mut open, mut told) = (Vec::new(), Vec::new(), HashSet::new());
        for judged in judged {
            match judged {
                Judged::Holds => {}
                Judged::Broken(name, found) => {
                    if told.insert(name) {
                        broken.push(Arc::new(*found));
                    }
                }
                Judged::Undecided(why) => open.push(why),
            }
        }
        broken.sort_by_key(|found: &Arc<_>| case.rank(&found.guarantee));
        if !broken.is_empty() {
            return Err(Unproven::Broken(broken));
        }
        if !open.is_empty() {
            return Err(Unproven::Undecided(open));
        }
        Ok(Evidence { solver, asked })
    }

    /// Finds the solver, or sees that it is still the one that was found.
    pub(in super::super) fn solver(&self) -> Result<Whereabouts, super::SolverMissing> {
        let mut known = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = known.as_ref().filter(|place| place.is_unchanged()) {
            return Ok(place.clone());
        }
        let found = Whereabouts::find(self.bounds.solver.as_deref())?;
        *known = Some(found.clone());
        Ok(found)
    }

    pub(super) fn listen_to_canaries(
        &self,
        solver: &Whereabouts,
        stop: &Stop,
    ) -> Result<(), Unproven> {
        let schema = Vocabulary::core();
        // A memory of its own: canaries sing each time.
        let session = Session {
            memo: Memo::default(),
            ..self.session(solver, canary::SCHEMA, stop)
        };
        let asker = Asker::new(schema.schema(), self.start(solver, stop), session);
        asker
            .and_then(|mut asker| canary::sing(&mut asker))
            .map_err(|why| {
                if stop.is_asked() {
                    Unproven::CalledOff
                } else {
                    Unproven::Canary(why)
                }
            })
    }

    pub(super) fn start(&self, solver: &Whereabouts, stop: &Stop) -> Cvc5 {
        Cvc5::new(solver.clone(), self.bounds.query_timeout, stop.clone())
    }

    pub(super) fn session(&self, solver: &Whereabouts, schema: &str, stop: &Stop) -> Session {
        let method = METHOD.to_string();
        let parts = [
            &method,
            ENGINE,
            TRANSLATOR,
            &solver.version,
            &solver.digest,
            schema,
        ];
        Session {
            ground: Ground::new(parts),
            memo: self.memo.clone(),
            clock: self.clock.clone(),
            stopwatch: self.clock.stopwatch(),
            timeout: self.bounds.timeout,
            stop: stop.clone(),
        }
    }

    /// Some threads, each with a solver of its own, take one job after the other.
    fn work<'c>(
        &self,
        case: &Case<'c>,
        schema: &'c Schema,
        solver: &Whereabouts,
        session: &Session,
    ) -> Result<(Vec<Asked>, Vec<Judged>), Unproven> {
        let jobs: Vec<Job<'c>> = case.jobs();
        let next = AtomicUsize::new(0);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.min(THREADS_MAX).min(jobs.len()).max(1);
        let thread = || {
            yield_to_requests();
            let mut asker = Asker::new(schema, self.start(solver, &session.stop), session.clone())?;
            let mut judged = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(job) = jobs.get(at) else { break };
                judged.push((at, case.judge(&mut asker, job)));
            }
            Ok((asker.asked, judged))
        };
        let done: Vec<Result<_, String>> = std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| started(scope, thread)).collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err("a thread of the prover failed".to_owned()))
            };
            running.into_iter().map(join).collect()
        });
        let (mut asked, mut judged) = (Vec::new(), Vec::new());
        for part in done {
            let (more_asked, more_judged) = part.map_err(Unproven::Canary)?;
            asked.extend(more_asked);
            judged.extend(more_judged);
        }
        asked.sort_by(|one: &Asked, two| {
            (&one.guarantee, &one.environment, &one.subject).cmp(&(
                &two.guarantee,
                &two.environment,
                &two.subject,
            ))
        });
        // As if one thread had done them all.
        judged.sort_by_key(|(at, _)| *at);
        Ok((
            asked,
            judged.into_iter().map(|(_, judged)| judged).collect(),
        ))
    }
}

/// A thread with room to walk through policies.
fn started<'scope, T: Send + 'scope>(
    scope: &'scope std::thread::Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> std::thread::ScopedJoinHandle<'scope, T> {
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    // INVARIANT: a thread is refused only where the system has no memory left for it; `judge` tells that and goes on.
    thread.spawn_scoped(scope, work).expect("a thread")
}
