//! Judges one state of the folder after the other, on a thread of its own: checking and proving ten thousand policies keeps a core
//! busy for seconds. May be used by `watch` only. What must never happen here: the verdict on an older state comes after that on a
//! newer one. A state that is no longer the folder's is not judged to its end.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::sync::mpsc::Sender;

use super::Activation;
use super::blame::{Blame, ByTenant};
use super::confined::Confined;
use super::draft::Draft;
use super::error::{Fault, PolicyError};
use super::live::{Concern, Live, Refused};
use super::memo::Workshop;
use super::proof::Proof;
use super::prove::Stop;
use super::ready::{Ready, Unchanged};
use super::refused::ProofError;
use super::schema::Vocabulary;
use super::snapshot::Snapshot;
use super::validated::Validated;
use super::watch::Change;

/// Policies are trees, and what walks through them calls itself: how deep they may be is limited where they are read, with a wide margin.
const STACK_BYTES: usize = 64 * 1024 * 1024;
/// How many times a set is put together anew because a proof found a tenant's folder at fault.
const ROUNDS_MAX: usize = 32;

/// What a state is judged by.
#[derive(Clone, Debug)]
pub struct Bar {
    /// What is asked of a set.
    pub proof: Proof,
    /// The set in force, which a new one is compared with.
    pub live: Arc<Live>,
    /// Whether it matters if a new set allows more.
    pub activation: Activation,
}

/// What a folder was found to hold.
#[derive(Debug)]
pub(super) enum Found {
    /// Files that could be read.
    Files {
        draft: Draft,
        vocabulary: Vocabulary,
        author: String,
    },
    /// What could not.
    Fault(Option<String>, PolicyError),
}

/// The thread that judges. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Judge(Arc<Desk>);

#[derive(Debug, Default)]
struct Desk {
    slot: Mutex<Slot>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct Slot {
    next: Option<Found>,
    running: Stop,
    is_over: bool,
}

impl Desk {
    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next state and the word that calls it off; nothing at the end.
    fn take(&self) -> Option<(Found, Stop)> {
        let mut slot = self.slot();
        loop {
            if slot.is_over {
                return None;
            }
            if let Some(found) = slot.next.take() {
                slot.running = Stop::default();
                return Some((found, slot.running.clone()));
            }
            slot = self
                .filled
                .wait(slot)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Judge {
    pub(super) fn start(bar: Bar, changes: Sender<Change>) -> std::io::Result<Self> {
        let desk = Arc::new(Desk::default());
        let judging = Judging {
            bar,
            workshop: Workshop::new(),
        };
        let ours = desk.clone();
        thread::Builder::new()
            .name("policy-judge".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || judging.run(&ours, &changes))?;
        Ok(Self(desk))
    }

    /// Puts a state before the judge, and calls off whatever is on the desk.
    pub(super) fn hand(&self, found: Found) {
        let mut slot = self.0.slot();
        slot.running.ask();
        slot.next = Some(found);
        self.0.filled.notify_one();
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        let mut slot = self.0.slot();
        slot.is_over = true;
        slot.running.ask();
        self.0.filled.notify_one();
    }
}

struct Judging {
    bar: Bar,
    workshop: Workshop,
}

impl Judging {
    fn run(mut self, desk: &Desk, changes: &Sender<Change>) {
        yield_to_requests();
        while let Some((found, stop)) = desk.take() {
            let judged = catch_unwind(AssertUnwindSafe(|| self.judge(found, &stop)));
            let change = judged.unwrap_or_else(|_| {
                // What was being put together is not to be trusted any more.
                self.workshop = Workshop::new();
                failed()
            });
            // What was called off is followed by what replaced it.
            if stop.is_asked() {
                continue;
            }
            if changes.blocking_send(change).is_err() {
                return;
            }
        }
    }

    fn judge(&mut self, found: Found, stop: &Stop) -> Change {
        let (draft, vocabulary, author) = match found {
            Found::Files {
                draft,
                vocabulary,
                author,
            } => (draft, vocabulary, author),
            Found::Fault(digest, error) => return rejected(digest, None, error),
        };
        let live = self.bar.live.current();
        match self.admit(&draft, &vocabulary, live.as_deref(), stop) {
            Ok(Change::Ready(ready)) => Change::Ready(Box::new(Ready { author, ..*ready })),
            Ok(Change::Unchanged(same)) => Change::Unchanged(Unchanged { author, ..same }),
            Ok(refused @ Change::Rejected(_)) => refused,
            Err(error) => rejected(Some(draft.digest().to_owned()), Some(author), error),
        }
    }

    /// Proves the set. What a proof finds wrong in the folder of one tenant is that tenant's fault alone, as what reading finds.
    fn admit(
        &mut self,
        draft: &Draft,
        vocabulary: &Vocabulary,
        live: Option<&Snapshot>,
        stop: &Stop,
    ) -> Result<Change, PolicyError> {
        let last_good = live.map(|live| live.rules().draft());
        let mut blamed = ByTenant::new();
        for _ in 0..ROUNDS_MAX {
            let (set, confined) = Validated::check_confined(
                &mut self.workshop,
                draft,
                vocabulary,
                last_good,
                blamed.clone(),
            )?;
            let in_force = live.filter(|live| self.is_as_proven(live, &set));
            if let Some(live) = in_force
                && !self.bar.live.is_raised(Concern::Solver)
            {
                return Ok(unchanged(live, confined));
            }
            let found = match (self.compared(set, live, stop), in_force) {
                (Ok(ready), _) => return Ok(Change::Ready(Box::new(Ready { confined, ..ready }))),
                // That says something of the set in force, or of the solver, and nothing new of the folder.
                (Err(error), Some(live)) => {
                    if !stop.is_asked() {
                        let what = format!(
                            "the set in force is not proven with the solver that there is now: {error}"
                        );
                        tracing::error!(what, "an alarm about the set in force");
                        self.bar.live.raise(Concern::Solver, what);
                    }
                    return Ok(unchanged(live, confined));
                }
                (Err(error), None) => PolicyError::from(error),
            };
            blamed = blame_more(&confined, found)?;
        }
        Err(Fault::of_file(
            "tenants",
            format!("after {ROUNDS_MAX} rounds there are still folders at fault"),
        )
        .with_help("mend those that are told of each tenant, then save again")
        .into())
    }

    /// Whether `set` is the one in force, and that one is proven: nothing about it waits for a proof then.
    fn is_as_proven(&self, live: &Snapshot, set: &Validated) -> bool {
        let rules = set.rules();
        let digests = (rules.draft.digest(), rules.vocabulary.digest());
        matches!(self.bar.proof, Proof::Required(_))
            && live.proof().digest.is_some()
            && (live.digest(), live.schema_digest()) == digests
    }

    fn compared(
        &self,
        set: Validated,
        live: Option<&Snapshot>,
        stop: &Stop,
    ) -> Result<Ready, ProofError> {
        let Bar {
            proof, activation, ..
        } = &self.bar;
        let (mut dropped, mut widens) = (Vec::new(), None);
        if let (Proof::Required(prover), Some(live)) = (proof, live) {
            dropped = prover.dropped(live.rules(), set.rules(), stop);
            if *activation == Activation::Narrowing {
                widens = prover.widens(live.rules(), set.rules(), stop);
            }
        } else if let Some(live) = live {
            dropped = set.rules().lost_by_name(live.rules());
            widens = Some("nothing is proven here".to_owned());
        }
        Ok(Ready {
            set: set.prove(proof, stop)?,
            author: String::new(),
            compared_with: live.map(|live| live.digest().to_owned()),
            confined: Vec::new(),
            dropped,
            widens,
        })
    }
}

/// The tenants at fault so far, and those that `found` adds. It is the whole set's fault if one of them is at fault again, because its
/// earlier files are in the set then, or if the fault lies in a file that all share.
fn blame_more(confined: &[Confined], found: PolicyError) -> Result<ByTenant, PolicyError> {
    let mut blame = Blame::default();
    for fault in found.faults() {
        blame.push(fault.clone());
    }
    let (shared, tenants) = blame.apart();
    let is_again = |it: &Confined| tenants.contains_key(&it.tenant);
    if shared.is_err() || tenants.is_empty() || confined.iter().any(is_again) {
        return Err(found);
    }
    let before: BTreeMap<_, _> = confined
        .iter()
        .map(|it| (it.tenant.clone(), it.errors.clone()))
        .collect();
    let unproven = tenants
        .into_iter()
        .map(|(tenant, errors)| (tenant, errors.unproven()));
    Ok(before.into_iter().chain(unproven).collect())
}

/// A fault of this program, which must not silence the judge: what comes next is judged again.
fn failed() -> Change {
    let fault = Fault::of_file(".", "judging the folder failed, by a fault of this program");
    let fault = fault
        .with_help("what it says is in the program's log; undo the last change, and report it");
    rejected(None, None, PolicyError::from(fault).unproven())
}

/// Does `work` on a thread of its own, at low priority and with room to walk through policies. Nothing comes back if it panics.
pub fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<tokio::sync::oneshot::Receiver<T>> {
    let (done, waiting) = tokio::sync::oneshot::channel();
    let run = move || {
        yield_to_requests();
        let _ = done.send(work());
    };
    let thread = thread::Builder::new().name("policy-aside".to_owned());
    thread.stack_size(STACK_BYTES).spawn(run)?;
    Ok(waiting)
}

/// Requests go first: what this thread does may take a little longer. Where the system does not grant it, nothing is lost but that.
pub(super) fn yield_to_requests() {
    // On Linux the priority is the calling thread's alone.
    let _ = rustix::process::setpriority_process(None, 19);
}

fn unchanged(live: &Snapshot, confined: Vec<Confined>) -> Change {
    Change::Unchanged(Unchanged {
        digest: live.digest().to_owned(),
        author: String::new(),
        confined,
    })
}

fn rejected(digest: Option<String>, author: Option<String>, error: PolicyError) -> Change {
    let errors = Arc::new(error);
    Change::Rejected(Refused {
        digest,
        author,
        errors,
    })
}
