//! What was decided: the decision log. `append` gives a `Receipt` once an entry is on the disk; without one nothing is let through.
//! Used by every module below that decides or changes something. It must never hold tokens, secrets, cookies or issue text, never
//! answer before the commit, never leave a gap, and never drop an entry in silence.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::clock::{Chance, Clock, Timestamp};
use crate::db::{Connection, Db, DbError};

mod collector;
pub mod encoding;
pub mod entry;
pub mod read;
mod receipt;
mod store;
pub mod text;

use collector::{Collector, Message, Report};
pub use encoding::Draft;
use encoding::Place;
use entry::{Entry, Kind};
pub use receipt::Receipt;

/// `[ledger]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The name of this node in every record.
    pub node: String,
    /// How many entries may wait to become durable before requests slow down.
    pub queue_entries_max: usize,
    /// How long a request waits for a place in a full queue before it is answered 503, in milliseconds.
    pub queue_wait_ms: u64,
    /// How many entries one transaction takes at most.
    pub batch_entries_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            node: "gatepost-1".to_owned(),
            queue_entries_max: 4096,
            queue_wait_ms: 1000,
            batch_entries_max: 512,
        }
    }
}

/// Why an entry is not in the log.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// More than an entry may be.
    #[error("an entry of {bytes} bytes is too large for the decision log")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// It is no JSON.
    #[error("an entry cannot be encoded")]
    Encode(#[source] serde_json::Error),
    /// No place in the queue became free in time.
    #[error("the queue of the decision log is full")]
    Full,
    /// Its transaction failed; nothing of it is in the log.
    #[error("the decision log cannot be written")]
    Write(#[source] Arc<DbError>),
    /// The log takes no more entries.
    #[error("the decision log is closed")]
    Closed,
}

impl From<DbError> for LedgerError {
    fn from(error: DbError) -> Self {
        Self::Write(Arc::new(error))
    }
}

/// How the log is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Why the last batch failed; none if it did not.
    pub failure: Option<String>,
    /// Entries that wait.
    pub queued: usize,
    /// Entries that may wait.
    pub queue_entries_max: usize,
    /// Entries written since the start.
    pub entries: u64,
    /// Transactions that wrote them.
    pub batches: u64,
    /// Transactions that failed.
    pub batches_failed: u64,
    /// Outcomes that a long failure made us drop.
    pub entries_lost: u64,
}

/// A policy set as it was brought or went live, which records name by its digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySet {
    /// The digest of its files.
    pub digest: String,
    /// The digest of its schema.
    pub schema_digest: String,
    /// The texts of its schema: the core, and an extension if there is one.
    pub schema: Vec<String>,
    /// Its files: path and text.
    pub files: BTreeMap<String, String>,
}

/// The decision log. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ledger {
    queue: mpsc::Sender<Message>,
    queue_wait: Duration,
    writer: Writer,
    report: Arc<Report>,
    ended: watch::Receiver<bool>,
    last_answered: Option<Timestamp>,
}

/// What makes a draft a record.
#[derive(Clone, Debug)]
struct Writer {
    place: Place,
    clock: Clock,
    chance: Chance,
}

impl Ledger {
    /// Opens the log in `db`, gives it an id at first use, and records that this node began to write.
    pub async fn open(
        db: Db,
        settings: &Settings,
        clock: Clock,
        chance: Chance,
    ) -> Result<Self, LedgerError> {
        let started = vec![marker(Kind::LogStarted)?];
        Self::begin(db, settings, clock, chance, started).await
    }

    /// Opens the log in `db` and records nothing of it: for a command that only reads what is beside the log. It is not closed.
    pub async fn open_quiet(
        db: Db,
        settings: &Settings,
        clock: Clock,
        chance: Chance,
    ) -> Result<Self, LedgerError> {
        Self::begin(db, settings, clock, chance, Vec::new()).await
    }

    async fn begin(
        db: Db,
        settings: &Settings,
        clock: Clock,
        chance: Chance,
        started: Vec<Draft>,
    ) -> Result<Self, LedgerError> {
        let node = settings.node.clone();
        let (writer, last_answered) = db
            .transact(move |connection| {
                Box::pin(async move {
                    let fresh = chance.uuid(clock.now()).to_string();
                    let log_id = store::log_id(connection, &fresh).await?;
                    let place = Place::new(&log_id, &node)?;
                    let writer = Writer {
                        place,
                        clock,
                        chance,
                    };
                    let last_answered = store::last_answered(connection).await?;
                    store::append(connection, &writer, &started).await?;
                    Ok::<_, LedgerError>((writer, last_answered))
                })
            })
            .await?;
        Ok(Self::start(db, settings, writer, last_answered))
    }

    fn start(
        db: Db,
        settings: &Settings,
        writer: Writer,
        last_answered: Option<Timestamp>,
    ) -> Self {
        let (queue, messages) = mpsc::channel(settings.queue_entries_max.max(1));
        let (ending, ended) = watch::channel(false);
        let report = Arc::new(Report::default());
        let collector = Collector {
            db,
            writer: writer.clone(),
            queue: messages,
            report: report.clone(),
            batch_entries_max: settings.batch_entries_max.max(1),
            carried_entries_max: settings.queue_entries_max,
            waited: 0,
        };
        tokio::spawn(collector.run(ending));
        Self {
            queue,
            queue_wait: Duration::from_millis(settings.queue_wait_ms),
            writer,
            report,
            ended,
            last_answered,
        }
    }

    /// When somebody was last answered before this process, whoever it was and whatever the answer; none if nobody ever was.
    #[must_use]
    pub const fn last_answered(&self) -> Option<Timestamp> {
        self.last_answered
    }

    /// Makes `draft` durable. Returns after the commit of its batch. An entry that got a place in the queue is written also if the
    /// caller goes away.
    pub async fn append(&self, draft: Draft) -> Result<Receipt, LedgerError> {
        let digest = draft.digest();
        let (waiter, place) = oneshot::channel();
        self.send(Message::Entry(draft, Some(waiter))).await?;
        match place.await {
            Ok(Ok(seq)) => Ok(Receipt::new(digest, seq)),
            Ok(Err(error)) => Err(LedgerError::Write(error)),
            Err(_) => Err(LedgerError::Closed),
        }
    }

    /// Hands in `draft` without waiting for the disk: for outcomes, whose loss in a crash reads as "unknown". Waits for a place in
    /// the queue as long as it takes.
    pub async fn note(&self, draft: Draft) -> Result<(), LedgerError> {
        let message = Message::Entry(draft, None);
        let sent = self.queue.send(message).await;
        sent.map_err(|_| LedgerError::Closed)
    }

    /// Appends `draft` inside the caller's own transaction on the write lane, and returns its place: a change and its record stand or
    /// fall together. No receipt: nothing is durable before that transaction commits.
    pub async fn append_in(
        &self,
        connection: &mut Connection,
        draft: Draft,
    ) -> Result<u64, LedgerError> {
        Ok(store::append(connection, &self.writer, &[draft]).await?)
    }

    /// Keeps the text of `set` inside the caller's own transaction, unless it is kept already: what is said of a set and its text
    /// stand or fall together.
    pub async fn keep_set_in(
        &self,
        connection: &mut Connection,
        set: &PolicySet,
    ) -> Result<(), LedgerError> {
        Ok(store::keep_set(connection, set, self.writer.clock.now()).await?)
    }

    /// Writes what is queued and that this node ended; later entries are refused. Returns when it is done.
    pub async fn close(&self) {
        if let Ok(stopped) = marker(Kind::LogStopped) {
            // Already closed: then only its end is waited for.
            let _ = self.queue.send(Message::Close(stopped)).await;
        }
        let _ = self.ended.clone().wait_for(|ended| *ended).await;
    }

    /// How the log is doing.
    #[must_use]
    pub fn health(&self) -> Health {
        let report = &self.report;
        let closed = || {
            self.queue
                .is_closed()
                .then(|| LedgerError::Closed.to_string())
        };
        Health {
            failure: report.failure().or_else(closed),
            queued: self.queue.max_capacity() - self.queue.capacity(),
            queue_entries_max: self.queue.max_capacity(),
            entries: report.entries.load(Ordering::Relaxed),
            batches: report.batches.load(Ordering::Relaxed),
            batches_failed: report.batches_failed.load(Ordering::Relaxed),
            entries_lost: report.entries_lost.load(Ordering::Relaxed),
        }
    }

    async fn send(&self, message: Message) -> Result<(), LedgerError> {
        let message = match self.queue.try_send(message) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Closed(_)) => return Err(LedgerError::Closed),
            Err(TrySendError::Full(message)) => message,
        };
        match timeout(self.queue_wait, self.queue.send(message)).await {
            Ok(sent) => sent.map_err(|_| LedgerError::Closed),
            Err(_) => Err(LedgerError::Full),
        }
    }
}

fn marker(kind: Kind) -> Result<Draft, LedgerError> {
    let version = ("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    Draft::new(&Entry {
        kind,
        detail: [version].into(),
        ..Entry::default()
    })
}
