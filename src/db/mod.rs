//! Pools, migrations, and the one write lane. Every module that keeps data uses it, from its `store.rs`.
//! What must never happen here: a write outside of the lane, or a commit that says "done" before the disk has it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

mod file;
mod lane;
mod migrations;

pub use file::{Held, file_path, hold, socket_path};
pub use lane::BoxFuture;

/// Connections that read and cannot write.
pub type Pool = sqlx::SqlitePool;

/// The connection that a transaction runs on.
pub type Connection = sqlx::SqliteConnection;

/// How long another process may hold the file before a statement gives up.
const BUSY_WAIT: Duration = Duration::from_secs(5);
const READERS_MAX: u32 = 4;
/// For lists and searches, which may take long: no credential's look-up waits behind them.
const LISTERS_MAX: u32 = 2;

/// `[database]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where the data lives: `sqlite://path`, relative to the working directory.
    pub url: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: "sqlite://data/gatepost.db".to_owned(),
        }
    }
}

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Not an address of a database.
    #[error("`{0}` is not the address of a database; write `sqlite://path/to/gatepost.db`")]
    Url(String),
    /// Planned, not built.
    #[error("`postgres://…` is not supported yet; use `sqlite://path/to/gatepost.db`")]
    Postgres,
    /// Neither built nor planned.
    #[error("databases of type `{0}` are not supported; use `sqlite://path/to/gatepost.db`")]
    Scheme(String),
    /// A file beside the database, or itself, cannot be made or opened.
    #[error("cannot open `{}`", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is nothing to read.
    #[error(
        "there is no database at `{}`; name the right one with `--database-url`, or start `gatepost serve` once to make it",
        .0.display()
    )]
    Missing(PathBuf),
    /// Another process holds it.
    #[error("the database `{}` is in use by a running gatepost", .0.display())]
    InUse(PathBuf),
    /// A later release wrote it.
    #[error(
        "the database has schema version {found}, this gatepost knows {known}; use the newer gatepost that wrote it"
    )]
    Newer {
        /// In the database.
        found: i64,
        /// In this binary.
        known: i64,
    },
    /// A migration failed; the database is as it was.
    #[error("the database cannot be brought to this version")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// `SQLite` reported an error.
    #[error("the database failed")]
    Sql(#[from] sqlx::Error),
    /// A statement wrote fewer rows than it was given.
    #[error("the database wrote fewer rows than it was given")]
    Short,
    /// The write lane is gone, or the work on it panicked.
    #[error("the database stopped before the transaction was done")]
    Stopped,
}

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    reads: Pool,
    lists: Pool,
    lane: lane::Lane,
}

impl Db {
    /// Opens the database for reading and writing, by whoever holds it ([`hold`]); makes it where it is missing and brings it to this binary's version.
    pub async fn open(settings: &Settings) -> Result<Self, DbError> {
        let path = file::file_path(settings)?;
        file::create(&path)?;
        let options = writing(&path);
        let mut connection = options.connect().await?;
        migrations::run(&mut connection).await?;
        Ok(Self(Arc::new(Inner {
            reads: readers(&path, READERS_MAX),
            lists: readers(&path, LISTERS_MAX),
            lane: lane::Lane::start(options, connection),
        })))
    }

    /// Connections for reading. They see what was committed when their statement began.
    #[must_use]
    pub fn reads(&self) -> &Pool {
        &self.0.reads
    }

    /// The same, for lists and searches that people ask for: they wait for each other, and nothing else waits for them.
    #[must_use]
    pub fn lists(&self) -> &Pool {
        &self.0.lists
    }

    /// Runs `work` in one transaction on the writing connection: commits if it gives `Ok`, rolls back otherwise.
    /// Returns when the commit is on the disk. The transaction runs to its end also if the caller goes away.
    pub async fn transact<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    {
        self.transact_and_show(work, |_| {}).await
    }

    /// The same, and after the commit `show`, before the next transaction begins: what all can see changes in the order of the
    /// commits, whoever waits for them.
    pub async fn transact_and_show<T, E, F, S>(&self, work: F, show: S) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        S: FnOnce(&T) + Send + 'static,
    {
        self.0.lane.transact(work, show).await
    }
}

/// Opens an existing database for reading only, also while a server writes it.
pub async fn open_for_reading(settings: &Settings) -> Result<Pool, DbError> {
    let path = file::file_path(settings)?;
    if !path.is_file() {
        return Err(DbError::Missing(path));
    }
    let pool = readers(&path, READERS_MAX);
    let mut connection = pool.acquire().await?;
    migrations::refuse_newer(&mut connection).await?;
    if migrations::version(&mut connection).await?.is_none() {
        return Err(DbError::Missing(path));
    }
    Ok(pool)
}

fn writing(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // With NORMAL a power loss drops the last commits, after their requests were answered. https://sqlite.org/pragma.html#pragma_synchronous
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_WAIT)
        .disable_statement_logging()
}

fn readers(path: &Path, most: u32) -> Pool {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(BUSY_WAIT)
        .disable_statement_logging();
    SqlitePoolOptions::new()
        .max_connections(most)
        // A file does not hang up: asking each connection whether it is alive costs a thread switch a query.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(options)
}

#[cfg(test)]
mod tests;
