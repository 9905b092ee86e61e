//! A log in a fresh folder, and the ways to break it.

use gatepost::clock::{Chance, Clock};
use gatepost::db::{self, Db, DbError};
use gatepost::ledger::entry::Entry;
use gatepost::ledger::{Draft, Ledger, Settings};
use tempfile::TempDir;
use tokio::sync::oneshot;

pub(super) struct Log {
    pub(super) db: Db,
    pub(super) ledger: Ledger,
    pub(super) settings: db::Settings,
    folder: TempDir,
}

impl Log {
    pub(super) async fn new() -> Self {
        Self::with(Settings::default(), Clock::system()).await
    }

    pub(super) async fn with(settings: Settings, clock: Clock) -> Self {
        let folder = tempfile::tempdir().expect("a fresh folder");
        let url = format!("sqlite://{}/gatepost.db", folder.path().display());
        let database = db::Settings { url };
        let (db, ledger) = open(&database, &settings, clock).await;
        Self {
            db,
            ledger,
            settings: database,
            folder,
        }
    }

    /// A second pair of handles on the same file.
    pub(super) async fn again(&self) -> (Db, Ledger) {
        assert!(self.folder.path().exists());
        open(&self.settings, &Settings::default(), Clock::system()).await
    }

    /// One column of every record, in the order of the log.
    pub(super) async fn column(&self, select: &'static str) -> Vec<String> {
        sqlx::query_scalar(select)
            .fetch_all(self.db.reads())
            .await
            .expect("the log can be read")
    }

    pub(super) async fn kinds(&self) -> Vec<String> {
        self.column("SELECT kind FROM ledger_entries ORDER BY seq")
            .await
    }

    /// Runs `sql` on the writing connection.
    pub(super) async fn execute(&self, sql: &'static str) {
        let done: Result<(), DbError> = self
            .db
            .transact(move |connection| {
                Box::pin(async move {
                    sqlx::raw_sql(sql).execute(connection).await?;
                    Ok(())
                })
            })
            .await;
        done.expect("the statement runs");
    }

    /// Keeps the write lane busy until the returned end is used or dropped.
    pub(super) async fn occupy(&self) -> oneshot::Sender<()> {
        let (go, gone) = oneshot::channel();
        let (begun, beginning) = oneshot::channel();
        let db = self.db.clone();
        tokio::spawn(async move {
            db.transact(move |_| {
                Box::pin(async move {
                    let _ = begun.send(());
                    let _ = gone.await;
                    Ok::<_, DbError>(())
                })
            })
            .await
        });
        beginning.await.expect("the lane runs");
        go
    }

    /// Hands in an entry that the collector takes alone, and waits until it has. The caller goes away: an entry that nobody ever
    /// waited for would be held open for the next.
    pub(super) async fn occupy_collector(&self) {
        tokio::select! {
            biased;
            written = self.ledger.append(draft("first")) => panic!("the lane is free: {written:?}"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(self.ledger.health().queued, 1);
        self.queued(0).await;
    }

    pub(super) async fn queued(&self, entries: usize) {
        while self.ledger.health().queued != entries {
            tokio::task::yield_now().await;
        }
    }
}

async fn open(database: &db::Settings, settings: &Settings, clock: Clock) -> (Db, Ledger) {
    let db = Db::open(database).await.expect("it opens");
    let ledger = Ledger::open(db.clone(), settings, clock, Chance::seeded(1)).await;
    (db, ledger.expect("the log opens"))
}

pub(super) fn draft(request: &str) -> Draft {
    entry(Entry {
        request_id: Some(request.to_owned()),
        ..Entry::default()
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "reads better where it is called"
)]
pub(super) fn entry(entry: Entry) -> Draft {
    Draft::new(&entry).expect("it is small")
}

/// Lets every write of an entry that contains `poison` fail, as a broken disk would.
pub(super) const BREAK: &str = "
    CREATE TRIGGER broken BEFORE INSERT ON ledger_entries WHEN NEW.body LIKE '%poison%'
    BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END";
pub(super) const MEND: &str = "DROP TRIGGER broken";
