//! The rules of a running node: what was in force before, then the folder under watch, then the keeper. Used by `node` only. What
//! must never happen here: listeners open before it is known what is in force, or proofs that outlive the node.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{self, Receiver};
use tokio::task::JoinHandle;

use crate::config::Loaded;
use crate::control::rules::Order;
use crate::policy::{Bar, Folder, Stop, Watch};

use super::{NodeError, Shared};

/// How often the policy folder is read whatever the system's events say.
const RESCAN: Duration = Duration::from_secs(3);

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

/// Puts in force what was in force before. Where nothing is, the folder's first state is waited for; other ones are taken as they come.
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
    let keeper = rules.keeper().clone();
    // With a set in force requests are answered at once, and the folder's first state is taken like any later one.
    if shared.live.current().is_none()
        && let Some(first) = changes.recv().await
    {
        keeper.apply(first).await;
    }
    let mut tasks = rules.settle(resumed, settings.solver.clone());
    let rescan = {
        let watch = watch.clone();
        move || watch.rescan()
    };
    tasks.push(tokio::spawn(keeper.keep(changes, orders, rescan)));
    Ok(Running {
        watch,
        tasks,
        _calling_off: calling_off,
    })
}
