//! The keeper of the live policy set: every change of the folder and every order of a person is recorded, then takes effect, in that
//! order and one after the other. Used by `node`, `http::admin` and `cli`. A set must never be in force before its record, nor one
//! that is not kept in the archive; a refused one is loud: on the terminal, at /readyz and in the log. Nor may a good one be lost
//! because the log failed for a while: it is kept and tried again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::ledger::entry::Entry;
use crate::ledger::{Draft, Ledger, LedgerError};
use crate::policy::archive::{Archive, ArchiveError, By};
use crate::policy::{
    Activation, Admitted, Change, Concern, Confined, Live, PolicyError, Ready, Refused,
};

mod before;
mod course;
mod desk;
mod order;
mod ratchet;
mod record;
mod start;

use course::{Course, Ground};
pub use desk::{Rules, Wish};
pub use order::Order;
pub use ratchet::Names;
pub use start::Resumed;

/// How soon a set that could not be recorded is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// Who activates what the folder says.
const FOLDER: &str = "folder";

/// Why the rules are not as somebody wants them.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// The archive does not have the set, or could not be read or written.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The record cannot be made.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The set is not in order, or not proven.
    #[error("policy set `{digest}` cannot go live: {errors}")]
    Refused {
        /// Its digest.
        digest: String,
        /// Why.
        errors: PolicyError,
    },
    /// Guarantees of the set that went live last are not in the new one.
    #[error(
        "the set that went live last has guarantees that this one does not have word for word: {0}; to give them up, name each with `--drop-guarantee`"
    )]
    Loses(Names),
    /// A guarantee is to be given up that is kept.
    #[error("`{name}` would not be lost with this set; what would be lost: {lost}")]
    NotLost {
        /// What was named.
        name: String,
        /// What is lost.
        lost: Names,
    },
    /// No reason was given.
    #[error("an activation needs a reason")]
    NoReason,
    /// The node ends.
    #[error("the server is stopping")]
    Stopping,
}

/// Keeps the live set. Cheap to clone, but only [`Keeper::keep`] and the start may let it act: one after the other.
#[derive(Clone, Debug)]
pub struct Keeper {
    /// The set in force.
    pub live: Arc<Live>,
    /// Where sets are kept.
    pub archive: Archive,
    /// The log.
    pub ledger: Ledger,
    /// `policy.activation`.
    pub activation: Activation,
}

impl Keeper {
    /// Takes changes and orders until both end. `rescan` has the folder read at once.
    pub async fn keep(
        self,
        mut changes: mpsc::Receiver<Change>,
        mut orders: mpsc::Receiver<Order>,
        rescan: impl Fn(),
    ) {
        loop {
            tokio::select! {
                Some(order) = orders.recv() => self.carry_out(order, &rescan).await,
                // Another set went live since it was judged.
                Some(change) = changes.recv() => if self.is_stale(&change) { rescan() } else { self.apply(change).await },
                // The folder is not handed on a second time while it stays as it is.
                () = tokio::time::sleep(RETRY), if self.live.is_holding() => self.try_again().await,
                else => return,
            }
        }
    }

    /// Records one change, then lets it take effect.
    pub async fn apply(&self, change: Change) {
        match change {
            Change::Ready(ready) => self.take(*ready).await,
            Change::Rejected(refused) => self.reject(refused).await,
            Change::Unchanged(same) => {
                let author = if same.author.is_empty() {
                    FOLDER
                } else {
                    &same.author
                };
                self.confine(&same.digest, author, same.confined.clone())
                    .await;
                self.settle();
            }
        }
    }

    fn is_stale(&self, change: &Change) -> bool {
        let Change::Unchanged(same) = change else {
            return false;
        };
        let current = self.live.current();
        current.is_none_or(|current| current.digest() != same.digest)
    }

    /// Notes that the folder says what is in force.
    fn settle(&self) {
        let status = self.live.status();
        if status.refused.is_some() || status.candidate.is_some() {
            tracing::info!("the policy folder says again what is in force");
        }
        self.live.settle();
    }

    /// Decides anew about the folder's set that waits.
    async fn try_again(&self) {
        if let Some(ready) = self.live.take_waiting() {
            self.take(ready).await;
        }
    }

    async fn take(&self, mut ready: Ready) {
        if ready.author.is_empty() {
            FOLDER.clone_into(&mut ready.author);
        }
        let digest = ready.set.snapshot().digest();
        self.confine(digest, &ready.author, ready.confined.clone())
            .await;
        match self.standing(&ready.set) {
            Standing::InForce => return self.settle(),
            Standing::ProvenAnew => {
                self.settle();
                return self.renew(ready.set).await;
            }
            Standing::Other => {}
        }
        if let Err(error) = self.keep_text(&ready).await {
            return self.hold(ready, &error);
        }
        let (before, lost) = match self.before(&ready.set.snapshot().text()).await {
            Ok(found) => found,
            Err(error) => return self.hold(ready, &error),
        };
        let pinned = self.pinned();
        let ground = Ground {
            activation: self.activation,
            before: &before,
            pinned: pinned.as_deref(),
        };
        match ground.course(&ready, lost) {
            Course::Live => self.publish(ready).await,
            Course::Wait(why) => self.offer(ready, why).await,
            Course::Refuse(dropped) => {
                if let Some(refused) = Refused::dropping(ready.set.snapshot().digest(), &dropped) {
                    let author = Some(ready.author);
                    self.reject(Refused { author, ..refused }).await;
                }
            }
        }
    }

    /// Tenants whose own files are at fault are told, though the set goes on without these files. A state that comes again, because
    /// its record failed, is told once.
    async fn confine(&self, digest: &str, author: &str, now: Vec<Confined>) {
        let told = |confined: &[Confined]| -> Vec<String> {
            confined
                .iter()
                .map(|one| format!("{} {}", one.tenant, one.errors))
                .collect()
        };
        let before = told(&self.live.status().confined);
        for one in &now {
            if before.contains(&format!("{} {}", one.tenant, one.errors)) {
                continue;
            }
            let report = record::report(&one.errors);
            let kept = record::kept(one);
            tracing::error!(
                tenant.id = one.tenant,
                closed = one.is_closed,
                "the files of a tenant are at fault; {kept}\n{report}"
            );
            if let Err(error) = self.record(&record::confined(digest, one, author)).await {
                tracing::error!(%error, "the refusal of a tenant's files could not be recorded");
            }
        }
        self.live.confine(now);
    }

    /// Kept before anything is decided: what is refused or waits can be looked at, and activated by a person.
    async fn keep_text(&self, ready: &Ready) -> Result<(), ArchiveError> {
        let (text, author) = (ready.set.snapshot().text(), &ready.author);
        let kept = self.archive.keep(&text, author, ready.set.certificate());
        kept.await.map(drop)
    }

    /// Why nothing of the folder goes live, if a set is pinned.
    fn pinned(&self) -> Option<String> {
        if let Some(pin) = self.live.status().pin {
            return Some(format!(
                "`{}` is pinned by {} ({}); `gatepost policy unpin` lets the folder decide again",
                pin.digest, pin.by, pin.reason
            ));
        }
        // Whoever changed the pin in the database must not thereby let a set go live that somebody wanted to wait.
        let is_damaged = self.live.is_raised(Concern::Pin);
        is_damaged.then(|| "a set is pinned, and the pin cannot be relied on; `gatepost policy unpin` takes it away".to_owned())
    }

    fn standing(&self, set: &Admitted) -> Standing {
        let new = set.snapshot();
        let Some(current) = self.live.current() else {
            return Standing::Other;
        };
        if (current.digest(), current.schema_digest()) != (new.digest(), new.schema_digest()) {
            return Standing::Other;
        }
        let by = |proof: &crate::ledger::entry::Proof| (proof.status.clone(), proof.solver.clone());
        let is_alarming = self.live.is_raised(Concern::Solver);
        if by(current.proof()) == by(new.proof()) && !is_alarming {
            Standing::InForce
        } else {
            Standing::ProvenAnew
        }
    }

    async fn publish(&self, ready: Ready) {
        let by = By {
            who: FOLDER.to_owned(),
            ..By::default()
        };
        match self
            .record_activation(&ready.set, Some(&ready.author), &by)
            .await
        {
            Ok(()) => self.live.publish(ready.set, Some(ready.author)),
            // Without its record it does not go live.
            Err(error) => self.hold(ready, &error),
        }
    }

    /// The set in force was proven again: the same rules, another proof.
    async fn renew(&self, set: Admitted) {
        let author = self.live.status().live.and_then(|running| running.author);
        let solver = set.snapshot().proof().solver.clone();
        let by = By {
            who: FOLDER.to_owned(),
            reason: Some(format!("proven again with {}", solver.unwrap_or_default())),
            dropped: Vec::new(),
        };
        match self.record_activation(&set, author.as_deref(), &by).await {
            Ok(()) => self.live.overrule(set, author),
            Err(error) => {
                let what = format!(
                    "the set in force was proven again, but that cannot be recorded: {error}"
                );
                self.live.raise(Concern::Solver, what);
            }
        }
    }

    /// Writes the record, the activation and the certificate in one transaction.
    async fn record_activation(
        &self,
        set: &Admitted,
        author: Option<&str>,
        by: &By,
    ) -> Result<(), ArchiveError> {
        let snapshot = set.snapshot();
        let text = snapshot.text();
        let brought_by = author.unwrap_or(&by.who);
        let kept = self.archive.keep(&text, brought_by, set.certificate());
        let signed = kept.await?;
        let record = Draft::new(&record::activated(snapshot, author, by))?;
        let activated = self.archive.activate(record, &text, signed.as_ref(), by);
        activated.await?;
        tracing::info!(
            policy.set = snapshot.digest(),
            by = by.who,
            policies = snapshot.policy_count(),
            "a policy set went live"
        );
        Ok(())
    }

    fn hold(&self, ready: Ready, error: &ArchiveError) {
        let why = crate::ledger::text::in_one_line(error);
        tracing::error!(
            error = why,
            policy.set = ready.set.snapshot().digest(),
            "a policy set cannot be recorded; it is tried again each second"
        );
        let why =
            format!("its activation cannot be recorded: {why}; it is tried again each second");
        self.live.hold(ready, why);
    }

    async fn offer(&self, ready: Ready, why: String) {
        let before = self.live.status().candidate;
        let digest = ready.set.snapshot().digest();
        let is_told = before.is_some_and(|told| told.digest == digest && told.why == why);
        if !is_told {
            let entry = record::candidate(&ready, &why);
            if let Err(error) = self.record(&entry).await {
                return self.hold(ready, &error.into());
            }
            tracing::warn!(
                policy.set = digest,
                why,
                "a policy set waits for `gatepost policy activate`"
            );
        }
        self.live.offer(ready, why);
    }

    async fn reject(&self, refused: Refused) {
        let entry = record::rejected(&refused);
        let report = record::report(&refused.errors);
        let still = match self.live.current() {
            Some(_) => "the last good set stays in force",
            None => "nothing is in force, and every request is stopped",
        };
        tracing::error!("the policy folder was refused; {still}\n{report}");
        self.live.refuse(refused);
        if let Err(error) = self.record(&entry).await {
            tracing::error!(%error, "the refusal of a policy set could not be recorded");
        }
    }

    async fn record(&self, entry: &Entry) -> Result<(), LedgerError> {
        let _receipt = self.ledger.append(Draft::new(entry)?).await?;
        Ok(())
    }
}

/// How a set stands to the one in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It is the same, proven alike.
    InForce,
    /// It is the same, and its proof is another.
    ProvenAnew,
    /// It is another, or there is none.
    Other,
}
