//! The rules of a running node: what was in force before, then the folder under watch, then the keeper. Used by `node` only. What
//! must never happen here: listeners open before it is known what is in force, or proofs that outlive the node.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{self, Receiver};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::config::Loaded;
use crate::control::rules::Order;
use crate::policy::{Bar, Folder, Stop, Watch};

use super::{NodeError, Shared};

/// How often the policy folder is read whatever the system's events say.
const RESCAN: Duration = Duration::from_secs(3);
/// How long the start waits for the folder's verdict where a set is in force already.
const FIRST_STATE: Duration = Duration::from_secs(10);

/// The folder under watch, and what goes on behind.
#[derive(Debug)]
pub(super) struct Running {
    watch: Arc<Watch>,
    tasks: Vec<JoinHandle<()>>,
    _calling_off: CallingOff,
}

impl Running {
    /// Reads the policy folder now.
    pub(super) fn rescan(&self) {
        self.watch.rescan();
    }

    /// The tasks, to end them. Proofs are called off.
    pub(super) fn into_tasks(self) -> Vec<JoinHandle<()>> {
        self.tasks
    }
}

/// Calls proofs off when it is dropped: the runtime waits for threads that are busy.
#[derive(Debug, Default)]
pub(super) struct CallingOff(Stop);

impl CallingOff {
    pub(super) fn stop(&self) -> Stop {
        self.0.clone()
    }
}

impl Drop for CallingOff {
    fn drop(&mut self) {
        self.0.ask();
    }
}

/// Puts in force what was in force before, then applies the folder's first state; its later ones as they come.
pub(super) async fn start(
    loaded: &Loaded,
    shared: &Shared,
    orders: Receiver<Order>,
    calling_off: CallingOff,
) -> Result<Running, NodeError> {
    let (settings, rules) = (&loaded.config.policy, &shared.rules);
    let resumed = rules.resume().await;
    let (sender, mut changes) = mpsc::channel(1);
    let bar = Bar {
        proof: shared.proof.clone(),
        live: shared.live.clone(),
        activation: settings.activation,
    };
    let watch = Watch::start(Folder::of(settings), bar, RESCAN, sender);
    let watch = Arc::new(watch.map_err(NodeError::Watch)?);
    let first = if shared.live.current().is_some() {
        timeout(FIRST_STATE, changes.recv()).await.ok().flatten()
    } else {
        changes.recv().await
    };
    let keeper = shared.rules.keeper().clone();
    if let Some(first) = first {
        keeper.apply(first).await;
    }
    let recheck = rules.settle(resumed, settings.solver.clone());
    let rescan = {
        let watch = watch.clone();
        move || watch.rescan()
    };
    let keeping = tokio::spawn(keeper.keep(changes, orders, rescan));
    let tasks = recheck.into_iter().chain([keeping]).collect();
    Ok(Running {
        watch,
        tasks,
        _calling_off: calling_off,
    })
}
