//! The archive: what is kept of policy sets, for ever, and what happens to whoever changes it.

mod kept;
mod tampered;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gatepost::clock::{Chance, TestClock};
use gatepost::db::{self, Db, DbError};
use gatepost::ledger::entry::{Entry, Kind};
use gatepost::ledger::read::{Filter, Reader};
use gatepost::ledger::{self, Ledger, PolicySet};
use gatepost::policy::archive::{Archive, ArchiveError, By, Parts};
use gatepost::policy::certificate::{
    Certificate, GuaranteeNote, QueryNote, Signed, SolverNote, VERSION,
};
use gatepost::policy::{CORE, Draft, Vocabulary};
use gatepost::secret::{Secret, Vault};
use serde_json::Value;
use tempfile::TempDir;

use crate::world::{MASTER_KEY, NOON};

/// An archive in a fresh folder.
struct Shelf {
    archive: Archive,
    parts: Parts,
    clock: TestClock,
    settings: db::Settings,
    _folder: TempDir,
}

impl Shelf {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a fresh folder");
        let url = format!("sqlite://{}/gatepost.db", folder.path().display());
        let (settings, clock) = (db::Settings { url }, TestClock::at(NOON));
        let parts = parts(&settings, &clock, MASTER_KEY).await;
        Self {
            archive: Archive::open(parts.clone()).await.expect("it opens"),
            parts,
            clock,
            settings,
            _folder: folder,
        }
    }

    /// What opens the archive after a restart, under this master key.
    async fn again(&self, master: &str) -> Result<Archive, ArchiveError> {
        Archive::open(parts(&self.settings, &self.clock, master).await).await
    }

    /// Runs `sql` on the writing connection.
    async fn execute(&self, sql: &str) -> Result<(), DbError> {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        let done = self.parts.db.transact(move |connection| {
            Box::pin(async move {
                sqlx::raw_sql(sql).execute(connection).await?;
                Ok(())
            })
        });
        done.await
    }

    /// Changes what the database would not change, as whoever can write its file may: on a connection of its own, without triggers
    /// and without checks of what belongs to what.
    async fn tamper(&self, sql: &str) {
        use sqlx::Connection as _;
        let path = db::file_path(&self.settings).expect("a path");
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(false);
        let mut connection = sqlx::SqliteConnection::connect_with(&options)
            .await
            .expect("it connects");
        let triggers: Vec<String> =
            sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
                .fetch_all(&mut connection)
                .await
                .expect("the triggers");
        let dropped: Vec<_> = triggers
            .iter()
            .map(|name| format!("DROP TRIGGER {name};"))
            .collect();
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("{}{sql}", dropped.concat())))
            .execute(&mut connection)
            .await
            .expect(sql);
        connection.close().await.expect("it closes");
    }

    async fn count(&self, table: &str) -> i64 {
        let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        sqlx::query_scalar(count)
            .fetch_one(self.parts.db.reads())
            .await
            .expect("it can be counted")
    }

    /// How many rows each table has that speaks of sets.
    async fn counts(&self) -> [i64; 5] {
        [
            self.count("policy_sets").await,
            self.count("policy_authors").await,
            self.count("policy_certificates").await,
            self.count("policy_activations").await,
            self.count("policy_pin").await,
        ]
    }

    /// Every record but those of the log itself.
    async fn records(&self) -> Vec<Value> {
        let page = Reader::of(&self.parts.db)
            .page(&Filter::default(), 1000)
            .await;
        let records = page.expect("the log can be read").records;
        let json = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        let all = records.iter().map(|record| json(&record.json()));
        all.filter(|record| record["kind"] != "log_started")
            .collect()
    }

    /// Keeps a set with its certificate.
    async fn prove(&self, set: &PolicySet, author: &str) -> Signed {
        let certificate = certificate(set);
        let kept = self.archive.keep(set, author, Some(&certificate)).await;
        kept.expect("it is kept").expect("it is signed")
    }

    /// Keeps a set with its certificate, and activates it.
    async fn live(&self, name: &str) -> (PolicySet, Signed) {
        self.clock.advance(Duration::from_secs(1));
        let set = set(name);
        let signed = self.prove(&set, "unix:1000").await;
        self.activate(&set, Some(&signed), &by("unix:7"))
            .await
            .expect("it is activated");
        (set, signed)
    }

    /// Keeps the text alone with a record, as was done before there was an archive.
    async fn keep_as_of_old(&self, set: &PolicySet) {
        let record = ledger::Draft::new(&Entry::default()).expect("a record");
        let (ledger, set) = (self.parts.ledger.clone(), set.clone());
        let kept: Result<(), ledger::LedgerError> = self
            .parts
            .db
            .transact(move |connection| {
                Box::pin(async move {
                    ledger.keep_set_in(connection, &set).await?;
                    ledger.append_in(connection, record).await?;
                    Ok(())
                })
            })
            .await;
        kept.expect("it is kept");
    }

    async fn activate(
        &self,
        set: &PolicySet,
        signed: Option<&Signed>,
        by: &By,
    ) -> Result<(), ArchiveError> {
        let entry = Entry {
            kind: Kind::PolicyActivated,
            policy_set: Some(set.digest.clone()),
            ..Entry::default()
        };
        let record = ledger::Draft::new(&entry).expect("a record");
        self.archive.activate(record, set, signed, by).await
    }
}

async fn parts(settings: &db::Settings, clock: &TestClock, master: &str) -> Parts {
    let db = Db::open(settings).await.expect("the database opens");
    let chance = Chance::system();
    let log = ledger::Settings::default();
    let ledger = Ledger::open(db.clone(), &log, clock.clock(), chance.clone()).await;
    let vault = Vault::new(&Secret::from(master.to_owned())).expect("a master key");
    Parts {
        db,
        ledger: ledger.expect("the log opens"),
        vault: Arc::new(vault),
        clock: clock.clock(),
        chance,
    }
}

/// A set that differs from others by its name.
fn set(name: &str) -> PolicySet {
    let policy = format!(r#"@id("{name}") permit (principal, action, resource);"#);
    let files = BTreeMap::from([
        ("a.cedar".to_owned(), policy),
        ("entities.json".to_owned(), "[]".to_owned()),
    ]);
    let draft = Draft::from_files(files.clone()).expect("a draft");
    PolicySet {
        digest: draft.digest().to_owned(),
        schema_digest: Vocabulary::core().digest().to_owned(),
        schema: vec![CORE.to_owned()],
        files,
    }
}

fn certificate(set: &PolicySet) -> Certificate {
    let text = str::to_owned;
    Certificate {
        engine: text("cedar-policy 4.14.1"),
        guarantees: vec![GuaranteeNote {
            digest: text("sha256:01"),
            kind: text("only"),
            name: text("same-tenant"),
            title: text("Nobody crosses tenants."),
        }],
        made_at: text("2026-11-23T12:00:00.000000Z"),
        method: 1,
        policies: 1,
        policy_set: set.digest.clone(),
        prover: text("cedar-policy-symcc 0.8.1"),
        queries: vec![QueryNote {
            cached: false,
            environment: text("Account getIssue Issue"),
            guarantee: text("same-tenant"),
            key: text("03"),
            micros: 1234,
            step: text("forbids"),
            subject: text("set"),
            verdict: text("holds"),
        }],
        schema: set.schema_digest.clone(),
        solver: SolverNote {
            digest: text("sha256:05"),
            path: text("/usr/bin/cvc5"),
            version: text("1.0.3"),
        },
        v: VERSION,
    }
}

fn by(who: &str) -> By {
    By {
        who: who.to_owned(),
        ..By::default()
    }
}
