//! Tests of the write lane and of the database file.

use std::os::unix::fs::PermissionsExt as _;

use sqlx::{query, query_scalar, raw_sql};
use tempfile::TempDir;

use super::*;

fn settings(folder: &TempDir) -> Settings {
    let path = folder.path().join("new").join("gatepost.db");
    Settings {
        url: format!("sqlite://{}", path.display()),
    }
}

async fn fresh() -> (Db, TempDir) {
    let folder = tempfile::tempdir().expect("a fresh folder");
    let db = Db::open(&settings(&folder)).await.expect("it opens");
    db.transact(|connection| {
        Box::pin(async move {
            raw_sql("CREATE TABLE things (name TEXT NOT NULL)")
                .execute(connection)
                .await?;
            Ok::<_, DbError>(())
        })
    })
    .await
    .expect("a table can be made");
    (db, folder)
}

/// Adds `name`, and then ends as `end` says.
async fn add(db: &Db, name: &'static str, end: fn() -> Result<(), DbError>) -> Result<(), DbError> {
    db.transact(move |connection| {
        Box::pin(async move {
            query("INSERT INTO things VALUES (?1)")
                .bind(name)
                .execute(connection)
                .await?;
            end()
        })
    })
    .await
}

async fn names(db: &Db) -> Vec<String> {
    query_scalar("SELECT name FROM things ORDER BY rowid")
        .fetch_all(db.reads())
        .await
        .expect("it can be read")
}

#[tokio::test]
async fn folder_and_files_are_for_the_owner_alone() {
    let (_db, folder) = fresh().await;
    let held = hold(&settings(&folder)).unwrap();
    let mode = |name: &str| {
        let metadata = std::fs::metadata(folder.path().join(name)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode("new"), 0o700);
    for name in ["", "-wal", "-shm", ".lock"] {
        assert_eq!(mode(&format!("new/gatepost.db{name}")), 0o600, "{name}");
    }
    drop(held);
}

#[tokio::test]
async fn every_commit_is_synced() {
    let (db, _folder) = fresh().await;
    let pragmas = db.transact(|connection| {
        Box::pin(async move {
            let synchronous: i64 = query_scalar("PRAGMA synchronous")
                .fetch_one(&mut *connection)
                .await?;
            let journal: String = query_scalar("PRAGMA journal_mode")
                .fetch_one(&mut *connection)
                .await?;
            let foreign_keys: i64 = query_scalar("PRAGMA foreign_keys")
                .fetch_one(connection)
                .await?;
            Ok::<_, DbError>((synchronous, journal, foreign_keys))
        })
    });
    // 2 is FULL.
    assert_eq!(pragmas.await.unwrap(), (2, "wal".to_owned(), 1));
}

#[tokio::test]
async fn work_that_fails_leaves_nothing() {
    let (db, _folder) = fresh().await;
    let failed = add(&db, "lost", || Err(DbError::Short)).await;
    assert!(matches!(failed, Err(DbError::Short)));
    add(&db, "kept", || Ok(())).await.unwrap();
    assert_eq!(names(&db).await, ["kept"]);
}

#[tokio::test]
async fn work_that_panics_leaves_nothing_and_the_lane_goes_on() {
    let (db, _folder) = fresh().await;
    let failed = add(&db, "lost", || panic!("a broken invariant")).await;
    assert!(matches!(failed, Err(DbError::Stopped)));
    add(&db, "kept", || Ok(())).await.unwrap();
    assert_eq!(names(&db).await, ["kept"]);
}

/// `SQLite` rolls back by itself when a disk is full; then its rollback and sqlx's count of open transactions disagree.
#[tokio::test]
async fn a_connection_in_doubt_is_made_anew() {
    let (db, _folder) = fresh().await;
    let failed = db.transact(|connection| {
        Box::pin(async move {
            raw_sql("INSERT INTO things VALUES ('lost'); ROLLBACK")
                .execute(connection)
                .await?;
            Err::<(), _>(DbError::Short)
        })
    });
    assert!(failed.await.is_err());
    add(&db, "kept", || Ok(())).await.unwrap();
    assert_eq!(names(&db).await, ["kept"]);
}

/// Otherwise what it read first could be changed by another process before it writes.
#[tokio::test]
async fn a_transaction_keeps_other_writers_out_from_its_start() {
    let (db, folder) = fresh().await;
    let path = file_path(&settings(&folder)).unwrap();
    let locked_out = db.transact(move |_| {
        Box::pin(async move {
            let impatient = writing(&path).busy_timeout(Duration::ZERO);
            let mut other = impatient.connect().await?;
            let begun = raw_sql("BEGIN IMMEDIATE").execute(&mut other).await;
            Ok::<_, DbError>(begun.is_err())
        })
    });
    assert!(locked_out.await.unwrap());
}

#[tokio::test]
async fn a_transaction_runs_to_its_end_when_its_caller_goes_away() {
    let (db, _folder) = fresh().await;
    let (go, gone) = tokio::sync::oneshot::channel::<()>();
    let (begun, beginning) = tokio::sync::oneshot::channel::<()>();
    let caller = tokio::spawn({
        let db = db.clone();
        async move {
            db.transact(move |connection| {
                Box::pin(async move {
                    let _ = begun.send(());
                    let _ = gone.await;
                    raw_sql("INSERT INTO things VALUES ('kept')")
                        .execute(connection)
                        .await?;
                    Ok::<_, DbError>(())
                })
            })
            .await
        }
    });
    beginning.await.unwrap();
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    go.send(()).unwrap();
    add(&db, "next", || Ok(())).await.unwrap();
    assert_eq!(names(&db).await, ["kept", "next"]);
}

#[tokio::test]
async fn readers_cannot_write() {
    let (db, _folder) = fresh().await;
    let written = raw_sql("DELETE FROM things").execute(db.reads()).await;
    let error = written.unwrap_err().to_string();
    assert!(error.contains("readonly"), "{error}");
}

#[tokio::test]
async fn a_second_holder_is_told_that_the_database_is_in_use() {
    let (_db, folder) = fresh().await;
    let settings = settings(&folder);
    let held = hold(&settings).unwrap();
    assert!(matches!(hold(&settings), Err(DbError::InUse(_))));
    drop(held);
    assert!(hold(&settings).is_ok());
}

#[test]
fn holding_a_database_does_not_make_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&folder);
    let _held = hold(&settings).unwrap();
    assert!(!file_path(&settings).unwrap().exists());
}

#[tokio::test]
async fn a_newer_database_is_left_alone() {
    let (db, folder) = fresh().await;
    db.transact(|connection| {
        Box::pin(async move {
            let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                         VALUES (9000, 'later', true, x'00', 0)";
            raw_sql(newer).execute(connection).await?;
            Ok::<_, DbError>(())
        })
    })
    .await
    .unwrap();
    let settings = settings(&folder);
    let refused = |result: Result<(), DbError>| {
        assert!(
            matches!(result, Err(DbError::Newer { found: 9000, .. })),
            "{result:?}"
        );
    };
    refused(Db::open(&settings).await.map(drop));
    refused(open_for_reading(&settings).await.map(drop));
}

#[tokio::test]
async fn reading_what_is_not_there_says_so_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let missing = open_for_reading(&settings(&folder)).await;
    assert!(matches!(missing, Err(DbError::Missing(_))));
    assert!(!folder.path().join("new").exists());
}

#[test]
fn addresses_that_mean_no_file_are_refused_without_repeating_a_password() {
    let path = |url: &str| {
        file_path(&Settings {
            url: url.to_owned(),
        })
    };
    assert_eq!(path("sqlite:///var/g.db").unwrap(), Path::new("/var/g.db"));
    assert_eq!(path("sqlite://data/g.db").unwrap(), Path::new("data/g.db"));
    for url in [
        "",
        "g.db",
        "sqlite:g.db",
        "sqlite://",
        "sqlite://:memory:",
        "sqlite://g.db?mode=rwc",
    ] {
        assert!(matches!(path(url), Err(DbError::Url(_))), "{url}");
    }
    for url in [
        "postgres://user:secret@host/db",
        "mysql://user:secret@host/db",
    ] {
        let error = path(url).unwrap_err().to_string();
        assert!(
            error.contains("use `sqlite://") && !error.contains("secret"),
            "{error}"
        );
    }
    let settings = Settings::default();
    assert_eq!(
        socket_path(&settings).unwrap(),
        Path::new("data/gatepost.db.sock")
    );
}
