//! The one place that holds the set in force, and the folder's present state where that is not in force: refused, waiting for its
//! record, or waiting for a person. The gateway reads it for each request, `/readyz` reads its status. What must never happen here:
//! a set comes in that is not `Admitted`, a refused one takes the place of a good one, or a good one is forgotten.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;

use super::admitted::Admitted;
use super::archive::Pin;
use super::confined::Confined;
use super::error::{Fault, PolicyError};
use super::ready::{Dropped, Ready};
use super::snapshot::Snapshot;
use crate::clock::{Clock, Timestamp};
use crate::ledger::entry::Proof;

/// The set in force, if there is one yet.
#[derive(Debug)]
pub struct Live {
    current: ArcSwapOption<Snapshot>,
    state: Mutex<State>,
    clock: Clock,
}

#[derive(Debug, Default)]
struct State {
    status: Status,
    /// The folder's present state, where only a record or a person is missing.
    waiting: Option<Ready>,
    alarms: BTreeMap<Concern, String>,
    /// Whether the set in force is from before the start, and the folder has given none that is in order since.
    awaits_folder: bool,
    /// Sets that were in force and that a request may still hold.
    retired: Vec<Arc<Snapshot>>,
}

/// What is in force, and what became of the folder's present state.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// The set in force.
    pub live: Option<Running>,
    /// The folder's present state, if it was refused.
    pub refused: Option<Refused>,
    /// The folder's present state, if it is in order and only its record is missing.
    pub pending: Option<Pending>,
    /// The folder's present state, if it is in order and waits for a person.
    pub candidate: Option<Candidate>,
    /// Tenants whose own files are at fault in the folder's present state: they keep their last good ones.
    pub confined: Vec<Confined>,
    /// The set that stays in force whatever the folder says.
    pub pin: Option<Pin>,
    /// What somebody should look at although requests are answered.
    pub alarm: Option<String>,
    /// How many states of the folder were refused since the start.
    pub refusals: u64,
}

/// A set that may go live and has no record yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its digest.
    pub digest: String,
    /// Why it is not in force.
    pub why: String,
}

/// A set that may go live and waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its digest.
    pub digest: String,
    /// Who wrote it.
    pub author: String,
    /// Why it did not go live by itself.
    pub why: String,
    /// Since when it waits.
    pub since: Timestamp,
}

/// A set in force.
#[derive(Clone, Debug)]
pub struct Running {
    /// Its digest.
    pub digest: String,
    /// Who wrote it, where that is known.
    pub author: Option<String>,
    /// What is proven of it.
    pub proof: Proof,
    /// When it went live.
    pub since: Timestamp,
}

/// A refused set.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Its digest; none if it could not be read.
    pub digest: Option<String>,
    /// Who wrote it last, where that is known.
    pub author: Option<String>,
    /// Why.
    pub errors: Arc<PolicyError>,
}

/// What an alarm is about. A later one about the same takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    /// What was kept of policy sets is not what it was.
    Archive,
    /// The folder has given nothing since the start.
    Folder,
    /// The pin cannot be relied on.
    Pin,
    /// The solver is not the one that the set in force was proven with.
    Solver,
}

impl Refused {
    /// A set that does not have guarantees that the one in force has. Each comes with the command that gives it up on record.
    #[must_use]
    pub fn dropping(digest: &str, dropped: &[Dropped]) -> Option<Self> {
        let mut faults = super::error::Faults::default();
        for Dropped { name, why } in dropped {
            let message =
                format!("the guarantee `{name}` of the set that went live last is lost: {why}");
            let remedy = format!(
                "put it back as it was; or, if it is to be given up: gatepost policy activate {digest} --drop-guarantee {name} --reason '…'"
            );
            faults.push(
                Fault::of_file(format!("guarantees/{name}.cedar"), message).with_help(remedy),
            );
        }
        let errors = faults.none_or(()).err()?;
        Some(Self {
            digest: Some(digest.to_owned()),
            author: None,
            errors: Arc::new(errors.unproven()),
        })
    }
}

impl Live {
    /// Holds nothing yet: every request is stopped.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            current: ArcSwapOption::empty(),
            state: Mutex::default(),
            clock,
        }
    }

    /// Puts the folder's set in force for all requests that begin from now on.
    pub fn publish(&self, set: Admitted, author: Option<String>) {
        let mut state = self.state();
        state.settle();
        self.swap(&mut state, set, author);
    }

    /// Puts a set in force that is not the folder's: a person or the start said so. What the folder says stays shown.
    pub fn overrule(&self, set: Admitted, author: Option<String>) {
        let mut state = self.state();
        let digest = set.snapshot().digest();
        let Status {
            candidate,
            pending,
            refused,
            ..
        } = &state.status;
        let candidate = candidate.as_ref().map(|one| one.digest.as_str());
        let pending = pending.as_ref().map(|one| one.digest.as_str());
        let refused = refused.as_ref().and_then(|one| one.digest.as_deref());
        // A refused one, too: a person gave up the guarantees that it lacks.
        if [candidate, pending, refused].contains(&Some(digest)) {
            state.settle();
        }
        self.swap(&mut state, set, author);
    }

    /// Notes that the set in force is from before the start: from now on it is the folder's turn.
    pub fn await_folder(&self) {
        self.state().awaits_folder = true;
    }

    /// Raises the alarm about a folder that has given no set in order since the start; gives what it says.
    pub fn miss_folder(&self) -> Option<&'static str> {
        self.state().miss_folder()
    }

    /// Notes that the folder says what is in force.
    pub fn settle(&self) {
        self.state().settle();
    }

    /// Notes that a set was refused. What is in force stays in force.
    pub fn refuse(&self, refused: Refused) {
        let mut state = self.state();
        // What waited was made of a state that the folder is no longer in.
        state.forget();
        state.status.confined.clear();
        state.status.refused = Some(refused);
        state.status.refusals += 1;
        state.miss_folder();
    }

    /// Keeps a set that cannot be recorded now, and says why. What is in force stays in force.
    pub fn hold(&self, ready: Ready, why: String) {
        let mut state = self.state();
        state.forget();
        state.status.pending = Some(Pending {
            digest: ready.set.snapshot().digest().to_owned(),
            why,
        });
        state.waiting = Some(ready);
    }

    /// Keeps a set that waits for a person, and says why. What is in force stays in force.
    pub fn offer(&self, ready: Ready, why: String) {
        let mut state = self.state();
        state.settle();
        state.status.candidate = Some(Candidate {
            digest: ready.set.snapshot().digest().to_owned(),
            author: ready.author.clone(),
            why,
            since: self.clock.now(),
        });
        state.waiting = Some(ready);
    }

    /// Whether a set is kept because its record failed.
    #[must_use]
    pub fn is_holding(&self) -> bool {
        let state = self.state();
        state.status.pending.is_some() && state.waiting.is_some()
    }

    /// The folder's set that waits, to try again. It is told as waiting meanwhile.
    #[must_use]
    pub fn take_waiting(&self) -> Option<Ready> {
        self.state().waiting.take()
    }

    /// Forgets the set that waits if it was compared with another one than is in force now. It is told as waiting still.
    pub fn forget_stale(&self) {
        let mut state = self.state();
        let live = state.status.live.as_ref().map(|live| live.digest.clone());
        let is_stale = |ready: &Ready| ready.compared_with != live;
        if state.waiting.as_ref().is_some_and(is_stale) {
            state.waiting = None;
        }
    }

    /// Notes the tenants whose own files are at fault.
    pub fn confine(&self, confined: Vec<Confined>) {
        self.state().status.confined = confined;
    }

    /// Notes the pin, or that there is none.
    pub fn pin(&self, pin: Option<Pin>) {
        self.state().status.pin = pin;
    }

    /// Notes what somebody should look at.
    pub fn raise(&self, concern: Concern, what: String) {
        self.state().alarm(concern, Some(what));
    }

    /// Notes that it is mended.
    pub fn clear(&self, concern: Concern) {
        self.state().alarm(concern, None);
    }

    /// Whether there is an alarm about this.
    #[must_use]
    pub fn is_raised(&self, concern: Concern) -> bool {
        self.state().alarms.contains_key(&concern)
    }

    /// The set in force: take it once a request.
    #[must_use]
    pub fn current(&self) -> Option<Arc<Snapshot>> {
        self.current.load_full()
    }

    /// What is in force, and what became of the folder's present state.
    #[must_use]
    pub fn status(&self) -> Status {
        self.state().status.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state stays locked until both have changed, so that two calls at once leave status and set in agreement.
    fn swap(&self, state: &mut State, set: Admitted, author: Option<String>) {
        let snapshot = set.into_snapshot();
        state.status.live = Some(Running {
            digest: snapshot.digest().to_owned(),
            author,
            proof: snapshot.proof().clone(),
            since: self.clock.now(),
        });
        // It was about the set before.
        state.alarm(Concern::Solver, None);
        let before = self.current.swap(Some(snapshot));
        state.retired.extend(before);
        // Those that no request holds any more end here: to free ten thousand policies takes milliseconds, which no request should pay.
        state.retired.retain(|set| Arc::strong_count(set) > 1);
    }
}

impl State {
    /// The folder's present state is another one.
    fn forget(&mut self) {
        self.status.refused = None;
        self.status.pending = None;
        self.status.candidate = None;
        self.waiting = None;
    }

    /// The folder's present state is another one, and in order.
    fn settle(&mut self) {
        self.forget();
        self.awaits_folder = false;
        self.alarm(Concern::Folder, None);
    }

    fn miss_folder(&mut self) -> Option<&'static str> {
        let what =
            "the set from before the start is in force; the policy folder has given none since";
        self.awaits_folder.then(|| {
            self.alarm(Concern::Folder, Some(what.to_owned()));
            what
        })
    }

    fn alarm(&mut self, concern: Concern, what: Option<String>) {
        match what {
            Some(what) => drop(self.alarms.insert(concern, what)),
            None => drop(self.alarms.remove(&concern)),
        }
        let all: Vec<&str> = self.alarms.values().map(String::as_str).collect();
        self.status.alarm = Some(all.join("; ")).filter(|text| !text.is_empty());
    }
}
