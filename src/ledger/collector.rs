//! The collector: one task that takes what waits in the queue and makes it durable, a batch a transaction. While one batch is being
//! synced the next piles up by itself; under load it lingers for a moment, idle it does not. It must never answer before the commit,
//! nor drop an entry in silence.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};

use super::encoding::Draft;
use super::text::in_one_line;
use super::{Writer, store};
use crate::db::{Db, DbError};

/// How soon a log that failed is tried again when no request does it.
const RETRY: Duration = Duration::from_secs(1);
/// How long a batch is held open for those that are expected. What a batch costs beside its entries is about what ten entries cost.
const LINGER: Duration = Duration::from_millis(1);
/// So many waiters of one batch are load: then fewer, larger batches matter more than a millisecond.
const LOADED: usize = 8;

/// What goes through the queue.
pub(super) enum Message {
    /// An entry, and who waits for its place in the log.
    Entry(Draft, Option<Waiter>),
    /// Write what is queued, and this as the last entry.
    Close(Draft),
}

pub(super) type Waiter = oneshot::Sender<Result<u64, Arc<DbError>>>;

/// What the collector tells about itself.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) failure: Mutex<Option<String>>,
    pub(super) entries: AtomicU64,
    pub(super) batches: AtomicU64,
    pub(super) batches_failed: AtomicU64,
    pub(super) entries_lost: AtomicU64,
}

pub(super) struct Collector {
    pub(super) db: Db,
    pub(super) writer: Writer,
    pub(super) queue: mpsc::Receiver<Message>,
    pub(super) report: Arc<Report>,
    pub(super) batch_entries_max: usize,
    pub(super) carried_entries_max: usize,
    /// How many waited for the last batch: as many are likely to come again.
    pub(super) waited: usize,
}

#[derive(Default)]
struct Batch {
    drafts: Vec<Draft>,
    waiters: Vec<Option<Waiter>>,
    last: Option<Draft>,
}

impl Collector {
    /// Runs until the log is closed or its last handle is gone; `ended` then says so.
    pub(super) async fn run(mut self, ended: watch::Sender<bool>) {
        let mut batch = Batch::default();
        while self.collect(&mut batch).await {
            batch = self.write(batch).await;
        }
        if let Some(last) = batch.last.take() {
            batch.push(last, None);
        }
        if !batch.drafts.is_empty() {
            let lost = self.write(batch).await.drafts.len();
            self.lose(lost);
        }
        ended.send_replace(true);
    }

    /// Adds what waits to `batch`; false when nothing will come any more.
    async fn collect(&mut self, batch: &mut Batch) -> bool {
        let mut taken = Vec::with_capacity(self.batch_entries_max);
        let receive = self.queue.recv_many(&mut taken, self.batch_entries_max);
        let count = if batch.drafts.is_empty() && self.report.failure().is_none() {
            receive.await
        } else {
            // Nobody may come to ask while we say that we are not ready: try again unasked.
            match timeout(RETRY, receive).await {
                Ok(count) => count,
                Err(_) => return true,
            }
        };
        self.take(taken, batch);
        if count > 0 {
            self.linger(batch).await;
        }
        count > 0
    }

    /// Holds `batch` open for a moment where that costs nobody anything, or under load. A client that is alone never waits here.
    async fn linger(&mut self, batch: &mut Batch) {
        if batch.waiting() == 0 && batch.last.is_none() {
            // Nobody is in a hurry for the end of a request: it goes with the beginning of the next, if there is one.
            let mut taken = Vec::new();
            let room = self.batch_entries_max.saturating_sub(batch.drafts.len());
            // What times out has received nothing.
            let _ = timeout(LINGER, self.queue.recv_many(&mut taken, room)).await;
            self.take(taken, batch);
        }
        if self.waited >= LOADED && batch.waiting() < self.waited && batch.last.is_none() {
            // Not by receiving: each entry would wake this task, and that costs more than the entry.
            sleep(LINGER).await;
            self.take_what_waits(batch);
        }
        self.waited = batch.waiting();
    }

    fn take_what_waits(&mut self, batch: &mut Batch) {
        let room = self.batch_entries_max.saturating_sub(batch.drafts.len());
        let queue = &mut self.queue;
        let taken = std::iter::from_fn(|| queue.try_recv().ok());
        let taken = taken.take(room).collect();
        self.take(taken, batch);
    }

    fn take(&mut self, messages: Vec<Message>, batch: &mut Batch) {
        for message in messages {
            match message {
                Message::Entry(draft, waiter) => batch.push(draft, waiter),
                Message::Close(last) => {
                    batch.last.get_or_insert(last);
                    self.queue.close();
                }
            }
        }
    }

    /// Writes `batch` in one transaction and wakes who waits. Gives back what is still to be written.
    async fn write(&self, batch: Batch) -> Batch {
        let (writer, drafts) = (self.writer.clone(), batch.drafts.clone());
        let written = self
            .db
            .transact(move |connection| {
                Box::pin(async move { store::append(connection, &writer, &drafts).await })
            })
            .await;
        match written {
            Ok(first) => self.wrote(batch, first),
            Err(error) => self.failed(batch, &Arc::new(error)),
        }
    }

    fn wrote(&self, batch: Batch, first: u64) -> Batch {
        let count = u64::try_from(batch.drafts.len()).unwrap_or(u64::MAX);
        self.report.batches.fetch_add(1, Ordering::Relaxed);
        self.report.entries.fetch_add(count, Ordering::Relaxed);
        self.report.tell(None);
        for (seq, waiter) in (first..).zip(batch.waiters) {
            // A caller that went away has its record all the same.
            let _ = waiter.map(|waiter| waiter.send(Ok(seq)));
        }
        Batch {
            last: batch.last,
            ..Batch::default()
        }
    }

    /// Who waits is told, and its entry is gone: nothing was let through for it. An entry that nobody waits for is carried over.
    fn failed(&self, batch: Batch, error: &Arc<DbError>) -> Batch {
        self.report.batches_failed.fetch_add(1, Ordering::Relaxed);
        let reason = in_one_line(&**error);
        tracing::error!(%reason, entries = batch.drafts.len(), "the decision log cannot be written");
        self.report.tell(Some(reason));
        let mut carried = Batch {
            last: batch.last,
            ..Batch::default()
        };
        for (draft, waiter) in batch.drafts.into_iter().zip(batch.waiters) {
            match waiter {
                Some(waiter) => drop(waiter.send(Err(error.clone()))),
                None => carried.push(draft, None),
            }
        }
        let excess = carried
            .drafts
            .len()
            .saturating_sub(self.carried_entries_max);
        carried.drafts.drain(..excess);
        carried.waiters.drain(..excess);
        self.lose(excess);
        carried
    }

    fn lose(&self, entries: usize) {
        if entries > 0 {
            tracing::error!(
                entries,
                "entries of ended requests are lost: their outcome is unknown"
            );
            let entries = u64::try_from(entries).unwrap_or(u64::MAX);
            self.report
                .entries_lost
                .fetch_add(entries, Ordering::Relaxed);
        }
    }
}

impl Batch {
    fn waiting(&self) -> usize {
        self.waiters.iter().flatten().count()
    }

    fn push(&mut self, draft: Draft, waiter: Option<Waiter>) {
        self.drafts.push(draft);
        self.waiters.push(waiter);
    }
}

impl Report {
    pub(super) fn failure(&self) -> Option<String> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn tell(&self, failure: Option<String>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }
}
