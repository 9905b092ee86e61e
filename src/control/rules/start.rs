//! The start: what was in force before the end is in force again before the first request, whatever the folder says by then. Used by
//! `node`. What must never happen here: a set without a certificate that verifies for this very text, while proofs are required; or
//! a start that is worse off than the end was, in silence.

use std::path::PathBuf;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::{Keeper, Rules, record};
use crate::ledger::text::in_one_line;
use crate::policy::archive::{ArchiveError, Archived, By};
use crate::policy::certificate::{Certificate, Signed};
use crate::policy::prove::{TRANSLATOR, Whereabouts};
use crate::policy::{Admitted, Concern, Proof};

/// Who activates what was in force before.
const START: &str = "start";

/// How long the folder's verdict may take until somebody is told. A set is in force meanwhile.
const FIRST_STATE: Duration = Duration::from_secs(10);

/// What the archive gave at the start.
#[derive(Debug, Default)]
pub struct Resumed {
    /// What should be in force, as it was kept; none if nothing was, or it cannot be relied on.
    found: Option<Archived>,
}

impl Rules {
    /// Puts in force again what was in force before the end: the pinned set, or the last one that went live.
    pub async fn resume(&self) -> Resumed {
        let keeper = self.keeper();
        let found = match self.wanted().await {
            Ok(found) => found,
            Err(error) => {
                let what = format!(
                    "what was in force before the start cannot be relied on: {}",
                    in_one_line(&error)
                );
                alarm(keeper, Concern::Archive, what);
                None
            }
        };
        let Some(found) = found else {
            return Resumed::default();
        };
        // By its certificate, and where that does not do today, because schema or engine are newer, by a proof: before the folder is
        // looked at, so that what it says is compared with this set and not taken for the first one.
        match self.admit(found.clone()).await {
            Ok(set) => self.put_back(set, &found).await,
            Err(error) => {
                let what = format!(
                    "the set that was in force before the start cannot be again: {}",
                    in_one_line(&error)
                );
                alarm(keeper, Concern::Archive, what);
            }
        }
        Resumed { found: Some(found) }
    }

    /// What goes on behind once there is a set in force: it is proven again if another solver proved it, and somebody is told if the
    /// folder says nothing for long.
    #[must_use]
    pub fn settle(&self, resumed: Resumed, solver: Option<PathBuf>) -> Vec<JoinHandle<()>> {
        let keeper = self.keeper().clone();
        let missing = tokio::spawn(async move {
            tokio::time::sleep(FIRST_STATE).await;
            if let Some(what) = keeper.live.miss_folder() {
                tracing::error!(alarm = what, "somebody should look at the policies");
            }
        });
        let found = resumed.found;
        let recheck = found.map(|found| tokio::spawn(self.clone().recheck(found, solver)));
        recheck.into_iter().chain([missing]).collect()
    }

    /// What should be in force. Where proofs are waived nothing was certified, so only a pin, which is signed, is asked.
    async fn wanted(&self) -> Result<Option<Archived>, ArchiveError> {
        let keeper = self.keeper();
        let pin = match keeper.archive.pinned().await {
            Ok(pin) => pin,
            Err(error) => {
                let what = format!(
                    "{}; `gatepost policy unpin` takes it away",
                    in_one_line(&error)
                );
                alarm(keeper, Concern::Pin, what);
                None
            }
        };
        keeper.live.pin(pin.clone());
        match (pin, self.proof()) {
            (Some(pin), _) => keeper.archive.find(&pin.digest).await.map(Some),
            (None, Proof::Required(_)) => keeper.archive.last_activated().await,
            (None, Proof::Waived(_)) => Ok(None),
        }
    }

    async fn put_back(&self, set: Admitted, found: &Archived) {
        let keeper = self.keeper();
        let author = found.author.as_deref();
        let by = By {
            who: START.to_owned(),
            ..By::default()
        };
        // With the certificate that it went live with it is only noted. A new one is an activation of its own.
        let is_as_it_was =
            set.snapshot().proof().digest == found.certificate.as_ref().map(Signed::digest);
        let recorded = if is_as_it_was && found.activated.is_some() {
            let entry = record::activated(set.snapshot(), author, &by);
            keeper.record(&entry).await.map_err(ArchiveError::from)
        } else {
            keeper.record_activation(&set, author, &by).await
        };
        match recorded {
            Ok(()) => {
                keeper.live.overrule(set, found.author.clone());
                if keeper.live.status().pin.is_none() {
                    // Until the folder's first state that is in order, waits, or is the same.
                    keeper.live.await_folder();
                }
            }
            Err(error) => {
                let what = format!(
                    "the set from before the start cannot be recorded: {}",
                    in_one_line(&error)
                );
                alarm(keeper, Concern::Archive, what);
            }
        }
    }

    /// Proves the set in force again where another solver, prover or engine proved it than there is today.
    async fn recheck(self, found: Archived, solver: Option<PathBuf>) {
        let keeper = self.keeper();
        let (Proof::Required(_), Some(signed)) = (self.proof(), &found.certificate) else {
            return;
        };
        let current = keeper.live.current();
        let is_in_force = current.is_some_and(|set| set.proof().digest == Some(signed.digest()));
        let Ok(certificate) = signed.verify(&self.archive().key()) else {
            return;
        };
        if !is_in_force {
            return;
        }
        let today = tokio::task::spawn_blocking(move || Whereabouts::find(solver.as_deref()));
        let today = match today.await {
            Ok(Ok(today)) => today,
            Ok(Err(missing)) => {
                let what = format!("nothing new can be proven: {missing}");
                return alarm(keeper, Concern::Solver, what);
            }
            Err(_) => return,
        };
        if is_of(&certificate, &today) {
            return;
        }
        let then = &certificate.solver.version;
        let what =
            format!("the set in force was proven with another solver ({then}), being proven again");
        alarm(keeper, Concern::Solver, what);
        match self.prove(found).await {
            // Renewing it clears the alarm.
            Ok(set) => drop(self.renew(set).await),
            Err(error) => {
                let what = format!(
                    "the set in force was proven with {then}, and is not with {}: {}",
                    today.version,
                    in_one_line(&error)
                );
                alarm(keeper, Concern::Solver, what);
            }
        }
    }
}

fn is_of(certificate: &Certificate, today: &Whereabouts) -> bool {
    let solver = &certificate.solver;
    (&solver.version, &solver.digest) == (&today.version, &today.digest)
        && certificate.prover == TRANSLATOR
}

fn alarm(keeper: &Keeper, concern: Concern, what: String) {
    tracing::error!(alarm = what, "somebody should look at the policies");
    keeper.live.raise(concern, what);
}
