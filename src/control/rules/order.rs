//! What persons order about the live set. The keeper carries orders out between the folder's changes, one after the other, so that
//! what an order was checked against is still so when it takes effect. Used by `rules` only. What must never happen here: an order
//! without a name on record, a set put in force without a reason.

use tokio::sync::oneshot;

use super::before::Before;
use super::{Keeper, RulesError, Standing, ratchet};
use crate::policy::archive::{By, Pin};
use crate::policy::{Admitted, Concern};

/// An order, with where its answer goes.
#[derive(Debug)]
pub enum Order {
    /// Puts a set in force, and pins it.
    Activate(Box<Activate>),
    /// Lets the folder decide again.
    Unpin {
        /// Who wants it.
        by: String,
        /// What for.
        reason: Option<String>,
        /// The pin that was taken away.
        answer: oneshot::Sender<Result<Option<Pin>, RulesError>>,
    },
    /// The set in force, proven again.
    Renew(Box<Admitted>),
}

/// The order to put a set in force. Its proof was made or checked before, because that takes long.
#[derive(Debug)]
pub struct Activate {
    /// The set.
    pub(super) set: Admitted,
    /// Who wrote it.
    pub(super) author: Option<String>,
    /// Who wants it, what for, and which guarantees are given up with it.
    pub(super) by: By,
    pub(super) answer: oneshot::Sender<Result<(), RulesError>>,
}

impl Keeper {
    /// Carries `order` out. Whoever has gone meanwhile gets no answer.
    pub(super) async fn carry_out(&self, order: Order, rescan: impl Fn()) {
        match order {
            Order::Activate(order) => {
                let Activate {
                    set,
                    author,
                    by,
                    answer,
                } = *order;
                let _ = answer.send(self.activate(set, author, by).await);
            }
            Order::Unpin { by, reason, answer } => {
                let done = self.unpin(&by, reason.as_deref()).await;
                let is_done = done.is_ok();
                let _ = answer.send(done);
                if is_done {
                    rescan();
                }
            }
            Order::Renew(set) => self.prove_anew(*set).await,
        }
    }

    /// Pinned first: a start in between puts the pinned set in force, and not the folder's.
    async fn activate(
        &self,
        set: Admitted,
        author: Option<String>,
        by: By,
    ) -> Result<(), RulesError> {
        let text = set.snapshot().text();
        let (before, lost) = self.before(&text).await?;
        if let Before::Unreadable(why) = &before {
            tracing::warn!(
                why,
                policy.set = text.digest,
                by = by.who,
                "nobody can say which guarantees this set gives up"
            );
        }
        ratchet::given_up(&lost, &by.dropped)?;
        let brought_by = author.as_deref().unwrap_or(&by.who);
        let kept = self.archive.keep(&text, brought_by, set.certificate());
        kept.await?;
        let reason = by.reason.as_deref().unwrap_or_default();
        let pin = self.archive.pin(&text.digest, &by.who, reason).await?;
        tracing::info!(
            policy.set = pin.digest,
            by = pin.by,
            "a policy set is pinned: what the folder says waits"
        );
        self.live.clear(Concern::Pin);
        self.live.pin(Some(pin));
        self.record_activation(&set, author.as_deref(), &by).await?;
        self.live.overrule(set, author);
        Ok(())
    }

    async fn unpin(&self, by: &str, reason: Option<&str>) -> Result<Option<Pin>, RulesError> {
        let pin = self.archive.unpin(by, reason).await?;
        if let Some(pin) = &pin {
            tracing::info!(
                policy.set = pin.digest,
                by,
                "the pin is taken away: the folder decides again"
            );
        }
        self.live.clear(Concern::Pin);
        self.live.pin(None);
        // What was put together beside another set is not taken: a tenant's last good files may be others by now. The folder is judged
        // again in any case.
        self.live.forget_stale();
        self.try_again().await;
        Ok(pin)
    }

    /// Only where that set is in force still, and the folder's proof of it was not first.
    async fn prove_anew(&self, set: Admitted) {
        if self.standing(&set) == Standing::ProvenAnew {
            self.renew(set).await;
        }
    }
}
