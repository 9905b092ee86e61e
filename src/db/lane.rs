//! The write lane: one task owns the one writing connection and runs the transactions of everybody, in order.
//! `SQLite` has one writer at a time; a queue in front of it is fair and bounded, where its own busy loop is neither.
//! A transaction must never be left open here: after any doubt the connection is thrown away and made anew.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::{mpsc, oneshot};

use super::{Connection, DbError};

/// A future on the heap, for work that borrows the connection.
pub type BoxFuture<'c, T> = Pin<Box<dyn Future<Output = T> + Send + 'c>>;

/// Transactions that may wait; whoever comes then waits for a place.
const WAITING_MAX: usize = 64;

/// Whether the connection may be used again.
enum Connected {
    Sound,
    Doubtful,
}

type Job =
    Box<dyn for<'c> FnOnce(Result<&'c mut Connection, DbError>) -> BoxFuture<'c, Connected> + Send>;

/// The end of the lane at which work is handed in. Ends with its last clone.
#[derive(Clone, Debug)]
pub(super) struct Lane(mpsc::Sender<Job>);

impl Lane {
    pub(super) fn start(options: SqliteConnectOptions, connection: Connection) -> Self {
        let (sender, jobs) = mpsc::channel(WAITING_MAX);
        tokio::spawn(run(options, connection, jobs));
        Self(sender)
    }

    pub(super) async fn transact<T, E, F, S>(&self, work: F, show: S) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        S: FnOnce(&T) + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            Box::pin(async move {
                let (result, connected) = match connection {
                    Ok(connection) => transaction(connection, work).await,
                    Err(error) => (Err(E::from(error)), Connected::Doubtful),
                };
                if let Ok(done) = &result {
                    show(done);
                }
                // Whoever asked may be gone; the transaction stands.
                let _ = answer.send(result);
                connected
            })
        });
        let stopped = |_| E::from(DbError::Stopped);
        self.0
            .send(job)
            .await
            .map_err(|_| E::from(DbError::Stopped))?;
        answered.await.map_err(stopped)?
    }
}

async fn run(options: SqliteConnectOptions, connection: Connection, mut jobs: mpsc::Receiver<Job>) {
    let mut current = Some(connection);
    while let Some(job) = jobs.recv().await {
        let connected = match reconnected(&mut current, &options).await {
            Ok(connection) => unwound(job(Ok(connection))).await,
            Err(error) => unwound(job(Err(error))).await,
        };
        if matches!(connected, Connected::Doubtful) {
            // Closing the connection rolls back whatever is open on it.
            current = None;
        }
    }
    if let Some(connection) = current {
        let _ = connection.close().await;
    }
}

async fn reconnected<'c>(
    current: &'c mut Option<Connection>,
    options: &SqliteConnectOptions,
) -> Result<&'c mut Connection, DbError> {
    let connection = match current.take() {
        Some(connection) => connection,
        None => options.connect().await?,
    };
    Ok(current.insert(connection))
}

/// Work that panics must not take the lane with it: it would stop every later request.
async fn unwound(mut job: BoxFuture<'_, Connected>) -> Connected {
    poll_fn(move |context| {
        catch_unwind(AssertUnwindSafe(|| job.as_mut().poll(context))).unwrap_or_else(|_| {
            tracing::error!("work on the database panicked; its transaction is rolled back");
            Poll::Ready(Connected::Doubtful)
        })
    })
    .await
}

async fn transaction<T, E, F>(connection: &mut Connection, work: F) -> (Result<T, E>, Connected)
where
    E: From<DbError>,
    F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<T, E>>,
{
    let mut transaction = match connection.begin_with("BEGIN IMMEDIATE").await {
        Ok(transaction) => transaction,
        Err(error) => return (Err(DbError::from(error).into()), Connected::Doubtful),
    };
    match work(&mut transaction).await {
        Ok(done) => match transaction.commit().await {
            Ok(()) => (Ok(done), Connected::Sound),
            Err(error) => (Err(DbError::from(error).into()), Connected::Doubtful),
        },
        // A full disk makes SQLite roll back by itself; then this second rollback fails, and the connection goes.
        Err(error) => match transaction.rollback().await {
            Ok(()) => (Err(error), Connected::Sound),
            Err(_) => (Err(error), Connected::Doubtful),
        },
    }
}
