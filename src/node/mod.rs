//! One running node: the doors put together from the configuration, its listeners, and its end in order. Used by `cli` and by tests.
//! No door may be put together in any other place, so that what tests walk through is what users get.

mod parts;
mod rules;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::JoinHandle;

use crate::clock::{Chance, Clock};
use crate::config::{ConfigError, Loaded};
use crate::control::socket::Socket;
use crate::db::{self, DbError, Held};
use crate::http::server::{Serving, bind, serve};
use crate::http::{admin, data_plane};
use crate::ledger::LedgerError;
use crate::outbound::OutboundError;
use crate::policy::archive::ArchiveError;
use crate::tenant::TenantError;

pub use parts::{Markers, Opened, Shared};

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The configuration, the master key included.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The decision log.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The registry.
    #[error(transparent)]
    Tenants(#[from] TenantError),
    /// What was kept of policy sets.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A configured server.
    #[error(transparent)]
    Destination(#[from] OutboundError),
    /// The HTTP client.
    #[error("the HTTP client cannot be made: {0}")]
    Client(String),
    /// A listener or the socket.
    #[error("cannot listen on {0}")]
    Listen(String, #[source] io::Error),
    /// The policy folder cannot be watched.
    #[error("the policy folder cannot be watched")]
    Watch(#[source] io::Error),
}

/// A node that serves.
#[derive(Debug)]
pub struct Node {
    data: SocketAddr,
    admin: SocketAddr,
    shared: Shared,
    stop: watch::Sender<bool>,
    workers: Vec<std::thread::JoinHandle<()>>,
    tasks: Vec<JoinHandle<()>>,
    rules: rules::Running,
    _held: Held,
}

impl Node {
    /// Starts to serve what `loaded` says. Returns when the listeners are open and the policy folder was read once.
    pub async fn start(loaded: &Loaded, clock: Clock, chance: Chance) -> Result<Self, NodeError> {
        let never = std::future::pending();
        let started = Self::start_unless(loaded, clock, chance, never).await?;
        // INVARIANT: only the end of `never` gives none.
        Ok(started.expect("nobody calls the start off"))
    }

    /// The same, unless `ended` comes first: the first proof may take minutes, and who ends the program does not wait for it.
    pub async fn start_unless(
        loaded: &Loaded,
        clock: Clock,
        chance: Chance,
        ended: impl Future<Output = ()>,
    ) -> Result<Option<Self>, NodeError> {
        // Held before anything is opened: a second server must neither migrate what the first one writes nor leave its `log_started`
        // in the first one's log.
        let vault = Arc::new(loaded.master_key.vault()?);
        let held = db::hold(&loaded.config.database)?;
        let opened = Opened::with(loaded, vault, Markers::Written, clock, chance).await?;
        let config = &loaded.config;
        let listeners = listeners(config.server.listen, worker_count(config.server.workers))?;
        let admin_listener = listen(config.server.admin_listen)?;
        let (data, admin) = (address(&listeners[0])?, address(&admin_listener)?);
        let socket = db::socket_path(&config.database)?;
        let socket = Socket::bind(&socket)
            .map_err(|error| NodeError::Listen(socket.display().to_string(), error))?;
        let calling_off = rules::CallingOff::default();
        let (shared, orders) = Shared::new(loaded, opened, calling_off.stop())?;
        let rules = tokio::select! {
            rules = rules::start(loaded, &shared, orders, calling_off) => rules?,
            () = ended => {
                shared.opened.ledger.close().await;
                return Ok(None);
            }
        };
        let (stop, stopped) = watch::channel(false);
        let serving = Serving {
            limits: config.limits.clone(),
            places: Arc::new(Semaphore::new(config.limits.connections_max)),
            stop: stopped,
            drain: Duration::from_millis(config.server.shutdown_ms),
        };
        let tasks = vec![
            tokio::spawn(socket.serve(shared.office())),
            start_admin(admin_listener, &shared, &serving)?,
        ];
        let workers = start_workers(listeners, &shared, &serving).await?;
        Ok(Some(Self {
            data,
            admin,
            shared,
            stop,
            workers,
            tasks,
            rules,
            _held: held,
        }))
    }

    /// Where the data plane listens.
    #[must_use]
    pub const fn data_address(&self) -> SocketAddr {
        self.data
    }

    /// Where the admin plane listens.
    #[must_use]
    pub const fn admin_address(&self) -> SocketAddr {
        self.admin
    }

    /// What the node is made of.
    #[must_use]
    pub const fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Reads the policy folder now.
    pub fn rescan_policies(&self) {
        self.rules.rescan();
    }

    /// Takes no more connections, lets open requests end, and closes the log.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let workers = self.workers;
        let joined = tokio::task::spawn_blocking(move || {
            for worker in workers {
                drop(worker.join());
            }
        });
        let _ = joined.await;
        for task in self.tasks.into_iter().chain(self.rules.into_tasks()) {
            task.abort();
            // Ended, not only told to: what it handed to the log stands before the log's last entry.
            let _ = task.await;
        }
        self.shared.opened.ledger.close().await;
    }
}

fn worker_count(configured: usize) -> usize {
    if configured > 0 {
        configured
    } else {
        std::thread::available_parallelism().map_or(1, usize::from)
    }
}

/// One listener a worker, all on one port. Port 0 means any free one, the same for all.
fn listeners(at: SocketAddr, count: usize) -> Result<Vec<std::net::TcpListener>, NodeError> {
    let first = listen(at)?;
    let at = address(&first)?;
    let mut all = vec![first];
    for _ in 1..count {
        all.push(bind(at).map_err(|error| NodeError::Listen(at.to_string(), error))?);
    }
    Ok(all)
}

/// Workers share a port, so the kernel would let a second server share it as well, and half of the requests would go there.
fn listen(at: SocketAddr) -> Result<std::net::TcpListener, NodeError> {
    let failed = |error| NodeError::Listen(at.to_string(), error);
    if at.port() != 0 {
        drop(std::net::TcpListener::bind(at).map_err(failed)?);
    }
    bind(at).map_err(failed)
}

fn address(listener: &std::net::TcpListener) -> Result<SocketAddr, NodeError> {
    listener
        .local_addr()
        .map_err(|error| NodeError::Listen("a fresh socket".to_owned(), error))
}

fn start_admin(
    listener: std::net::TcpListener,
    shared: &Shared,
    serving: &Serving,
) -> Result<JoinHandle<()>, NodeError> {
    let admin = admin::Admin {
        gateway: shared.gateway()?.0,
        tokens: shared.opened.tokens.clone(),
        rules: shared.rules.clone(),
        metrics: shared.metrics.clone(),
    };
    // Places of its own: a full data plane must not hide what is wrong with it.
    let serving = Serving {
        places: Arc::new(Semaphore::new(64)),
        ..serving.clone()
    };
    Ok(tokio::spawn(async move {
        if let Err(error) = serve(listener, admin::admin_plane(admin), serving).await {
            tracing::error!(%error, "the admin plane ended");
        }
    }))
}

/// A runtime a worker, with its own listener and its own connections to Jira: no request wakes another core.
async fn start_workers(
    listeners: Vec<std::net::TcpListener>,
    shared: &Shared,
    serving: &Serving,
) -> Result<Vec<std::thread::JoinHandle<()>>, NodeError> {
    let failed = |error| NodeError::Listen("a worker".to_owned(), error);
    let mut workers = Vec::new();
    for (index, listener) in listeners.into_iter().enumerate() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let (shared, serving) = (shared.clone(), serving.clone());
        let (started, starting) = oneshot::channel();
        let work = move || runtime.block_on(work(listener, shared, serving, started));
        workers.push(
            std::thread::Builder::new()
                .name(format!("worker-{index}"))
                .spawn(work)
                .map_err(failed)?,
        );
        // The sender is gone without a word only if the thread panicked, which the panic's own message tells.
        starting
            .await
            .map_err(|_| failed(io::Error::other("the thread ended")))??;
    }
    Ok(workers)
}

async fn work(
    listener: std::net::TcpListener,
    shared: Shared,
    serving: Serving,
    started: oneshot::Sender<Result<(), NodeError>>,
) {
    let app = match shared.app() {
        Ok(app) => app,
        Err(error) => return drop(started.send(Err(error))),
    };
    if started.send(Ok(())).is_err() {
        return;
    }
    if let Err(error) = serve(listener, data_plane(app), serving).await {
        tracing::error!(%error, "a worker of the data plane ended");
    }
}
