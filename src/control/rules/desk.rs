//! Where persons turn to about the live set: what takes long is done here, beside the keeper, and what must not be interrupted is
//! ordered from it. Used by `office` and `http::policy_admin`. What must never happen here: a set is ordered whose text, certificate
//! or proof was not checked again.

use std::collections::BTreeMap;

use tokio::sync::{mpsc, oneshot};

use super::order::Activate;
use super::{Keeper, Order, RulesError};
use crate::policy::archive::{Archive, Archived, By, Pin};
use crate::policy::{
    Admitted, Draft, Live, PolicyError, Proof, Stop, Validated, Vocabulary, aside,
};
use crate::secret::VerifyingKey;

/// Orders that may wait. Each is a database transaction; who waits longer is told to by waiting.
const ORDERS_MAX: usize = 16;

/// What somebody wants in force.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// The digest, or the beginning of it.
    pub digest: String,
    /// The guarantees that are given up with it.
    pub drop_guarantees: Vec<String>,
    /// What for.
    pub reason: String,
}

/// The desk. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Rules {
    keeper: Keeper,
    proof: Proof,
    stop: Stop,
    orders: mpsc::Sender<Order>,
    is_serving: bool,
}

impl Rules {
    /// A desk, and the orders that come from it, for [`Keeper::keep`]. `stop` calls off proofs that are under way.
    #[must_use]
    pub fn new(keeper: Keeper, proof: Proof, stop: Stop) -> (Self, mpsc::Receiver<Order>) {
        let (orders, ordered) = mpsc::channel(ORDERS_MAX);
        let desk = Self {
            keeper,
            proof,
            stop,
            orders,
            is_serving: true,
        };
        (desk, ordered)
    }

    /// A desk on a file that no server holds. What is ordered is in force when one starts.
    #[must_use]
    pub fn on_file(keeper: Keeper, proof: Proof) -> Self {
        let (desk, orders) = Self::new(keeper.clone(), proof, Stop::default());
        let (_, no_changes) = mpsc::channel(1);
        tokio::spawn(keeper.keep(no_changes, orders, || {}));
        Self {
            is_serving: false,
            ..desk
        }
    }

    /// Whether requests are decided by what is in force here; otherwise it is about a file that no server holds.
    #[must_use]
    pub const fn is_serving(&self) -> bool {
        self.is_serving
    }

    /// What is in force, for those who look.
    #[must_use]
    pub fn live(&self) -> &Live {
        &self.keeper.live
    }

    /// The archive, for those who look.
    #[must_use]
    pub fn archive(&self) -> &Archive {
        &self.keeper.archive
    }

    /// Puts a set of the archive in force and pins it. It is checked again from its text: by its certificate where it has one, by a
    /// proof otherwise.
    pub async fn activate(&self, wish: Wish, by: &str) -> Result<String, RulesError> {
        if wish.reason.trim().is_empty() {
            return Err(RulesError::NoReason);
        }
        let found = self.keeper.archive.find_text(&wish.digest).await?;
        let (digest, author) = (found.digest.clone(), found.author.clone());
        let set = self.admit(found).await?;
        let (answer, answered) = oneshot::channel();
        let by = By {
            who: by.to_owned(),
            reason: Some(wish.reason),
            dropped: wish.drop_guarantees,
        };
        let order = Activate {
            set,
            author,
            by,
            answer,
        };
        self.order(Order::Activate(Box::new(order))).await?;
        answered.await.map_err(|_| RulesError::Stopping)??;
        Ok(digest)
    }

    /// Lets the folder decide again. Gives the pin that was taken away, if there was one.
    pub async fn unpin(&self, by: &str, reason: Option<String>) -> Result<Option<Pin>, RulesError> {
        let (answer, answered) = oneshot::channel();
        let by = by.to_owned();
        self.order(Order::Unpin { by, reason, answer }).await?;
        answered.await.map_err(|_| RulesError::Stopping)?
    }

    /// Says that the set in force was proven again.
    pub(super) async fn renew(&self, set: Admitted) -> Result<(), RulesError> {
        self.order(Order::Renew(Box::new(set))).await
    }

    /// The keeper, for the node that lets it act.
    #[must_use]
    pub fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    pub(super) fn proof(&self) -> &Proof {
        &self.proof
    }

    /// Admits a kept set: by its certificate, and where that does not do, by a proof made now. Blocks a thread of its own.
    pub(super) async fn admit(&self, found: Archived) -> Result<Admitted, RulesError> {
        let (proof, stop, key) = (self.proof.clone(), self.stop.clone(), self.archive().key());
        let admitted = aside(move || {
            let digest = found.digest.clone();
            let admitted =
                certified(&found, &proof, &key).map_or_else(|| prove(&found, &proof, &stop), Ok);
            admitted.map_err(|errors| RulesError::Refused { digest, errors })
        });
        // The thread is gone without an answer only when the program ends, or panicked, which the panic's own message tells.
        let admitted = admitted.map_err(|_| RulesError::Stopping)?;
        admitted.await.map_err(|_| RulesError::Stopping)?
    }

    /// Proves a kept set, whatever certificate it has.
    pub(super) async fn prove(&self, found: Archived) -> Result<Admitted, RulesError> {
        let uncertified = Archived {
            certificate: None,
            ..found
        };
        self.admit(uncertified).await
    }

    async fn order(&self, order: Order) -> Result<(), RulesError> {
        let sent = self.orders.send(order).await;
        sent.map_err(|_| RulesError::Stopping)
    }
}

/// A set as its certificate has it; nothing if it has none that does today.
fn certified(found: &Archived, proof: &Proof, key: &VerifyingKey) -> Option<Admitted> {
    let (Proof::Required(_), Some(signed)) = (proof, &found.certificate) else {
        return None;
    };
    validated(&found.files, &found.schema)
        .ok()?
        .certified(signed, key)
        .ok()
}

fn prove(found: &Archived, proof: &Proof, stop: &Stop) -> Result<Admitted, PolicyError> {
    let set = validated(&found.files, &found.schema)?;
    set.prove(proof, stop).map_err(PolicyError::from)
}

/// A kept set under this program's core schema and the extension that it was kept with.
fn validated(
    files: &BTreeMap<String, String>,
    schema: &[String],
) -> Result<Validated, PolicyError> {
    let draft = Draft::from_files(files.clone())?;
    let vocabulary = match schema.get(1) {
        Some(extension) => Vocabulary::extended("extension", extension)?,
        None => Vocabulary::core(),
    };
    Validated::check(&draft, &vocabulary)
}
