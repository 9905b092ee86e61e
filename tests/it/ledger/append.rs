use std::collections::BTreeSet;

use gatepost::clock::Clock;
use gatepost::ledger::entry::{Entry, Kind};
use gatepost::ledger::{LedgerError, Settings, encoding};
use sqlx::Row as _;

use super::log::{BREAK, Log, MEND, draft, entry};

#[tokio::test]
async fn two_hundred_callers_at_once_leave_no_gap() {
    let log = Log::new().await;
    let callers = (0..200).map(|number| {
        let (ledger, draft) = (log.ledger.clone(), draft(&number.to_string()));
        tokio::spawn(async move {
            let digest = draft.digest();
            let receipt = ledger.append(draft).await.unwrap();
            assert_eq!(receipt.digest(), digest);
            receipt.seq()
        })
    });
    let mut places = BTreeSet::new();
    for caller in callers.collect::<Vec<_>>() {
        places.insert(caller.await.unwrap());
    }
    // 1 is the entry of the start.
    assert_eq!(places, (2..=201).collect());
    assert_eq!(log.kinds().await.len(), 201);
    assert!(
        log.ledger.health().batches < 200,
        "entries share transactions"
    );
}

#[tokio::test]
async fn the_end_of_a_request_is_written_with_the_beginning_of_the_next() {
    let log = Log::new().await;
    for number in 0..20 {
        log.ledger
            .note(draft(&format!("end {number}")))
            .await
            .unwrap();
        // The collector has taken it before the next is there.
        tokio::task::yield_now().await;
        let _ = log.ledger.append(draft(&number.to_string())).await.unwrap();
    }
    assert_eq!(log.kinds().await.len(), 41);
    let batches = log.ledger.health().batches;
    assert!(batches < 40, "{batches} transactions for 20 pairs");
}

#[tokio::test]
async fn every_leaf_recomputes_from_body_and_salt() {
    let log = Log::new().await;
    for number in 0..20 {
        let _ = log.ledger.append(draft(&number.to_string())).await.unwrap();
    }
    let rows = sqlx::query(
        "SELECT body, salt, commitment, leaf FROM ledger_entries JOIN ledger_leaves USING (seq)",
    );
    let rows = rows.fetch_all(log.db.reads()).await.unwrap();
    assert_eq!(rows.len(), 21);
    let mut salts = BTreeSet::new();
    for row in rows {
        let salt: Vec<u8> = row.get("salt");
        let salt = salt.try_into().unwrap();
        let commitment = encoding::commitment(&salt, row.get("body"));
        assert_eq!(commitment.as_slice(), row.get::<&[u8], _>("commitment"));
        assert_eq!(
            encoding::leaf(&commitment).as_slice(),
            row.get::<&[u8], _>("leaf")
        );
        salts.insert(salt);
    }
    assert_eq!(salts.len(), 21, "each record has its own salt");
}

#[tokio::test]
async fn a_failed_write_is_told_to_each_caller_of_the_batch_and_leaves_nothing() {
    let log = Log::new().await;
    log.execute(BREAK).await;
    let lane = log.occupy().await;
    log.occupy_collector().await;
    let callers: Vec<_> = ["a", "b", "poison", "c"]
        .map(|request| {
            let ledger = log.ledger.clone();
            tokio::spawn(async move { ledger.append(draft(request)).await })
        })
        .into();
    log.queued(4).await;
    lane.send(()).unwrap();
    for caller in callers {
        let failed = caller.await.unwrap();
        assert!(matches!(failed, Err(LedgerError::Write(_))), "{failed:?}");
    }
    let health = log.ledger.health();
    assert!(health.failure.unwrap().contains("disk I/O error"));
    assert_eq!(log.kinds().await.len(), 2, "one transaction: all or none");
    log.execute(MEND).await;
    assert_eq!(log.ledger.append(draft("d")).await.unwrap().seq(), 3);
    assert_eq!(log.ledger.health().failure, None);
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_the_log_recovers() {
    let log = Log::new().await;
    // SQLite keeps at least what is there: no page more.
    log.execute("PRAGMA max_page_count = 1").await;
    let large = || {
        entry(Entry {
            reason: Some("x".repeat(60_000)),
            ..Entry::default()
        })
    };
    let failed = log.ledger.append(large()).await;
    assert!(matches!(failed, Err(LedgerError::Write(_))), "{failed:?}");
    let failure = log.ledger.health().failure.unwrap();
    assert!(failure.contains("full"), "{failure}");
    log.execute("PRAGMA max_page_count = 1000000").await;
    assert_eq!(log.ledger.append(large()).await.unwrap().seq(), 2);
    let orphans = "SELECT seq FROM ledger_leaves WHERE seq NOT IN (SELECT seq FROM ledger_entries)";
    assert!(log.column(orphans).await.is_empty());
}

#[tokio::test]
async fn an_outcome_outlives_a_log_that_fails_for_a_while() {
    let log = Log::new().await;
    log.execute(BREAK).await;
    log.ledger.note(draft("poison")).await.unwrap();
    while log.ledger.health().failure.is_none() {
        tokio::task::yield_now().await;
    }
    log.execute(MEND).await;
    assert_eq!(log.ledger.append(draft("next")).await.unwrap().seq(), 3);
    let requests = log
        .column("SELECT coalesce(request_id, '') FROM ledger_entries ORDER BY seq")
        .await;
    assert_eq!(requests, ["", "poison", "next"]);
    assert_eq!(log.ledger.health().entries_lost, 0);
}

#[tokio::test]
async fn a_full_queue_refuses_after_the_wait() {
    let settings = Settings {
        queue_entries_max: 1,
        queue_wait_ms: 20,
        ..Settings::default()
    };
    let log = Log::with(settings, Clock::system()).await;
    let lane = log.occupy().await;
    log.occupy_collector().await;
    log.ledger.note(draft("second")).await.unwrap();
    let refused = log.ledger.append(draft("third")).await;
    assert!(matches!(refused, Err(LedgerError::Full)), "{refused:?}");
    lane.send(()).unwrap();
    log.queued(0).await;
    assert_eq!(log.ledger.append(draft("fourth")).await.unwrap().seq(), 4);
}

#[tokio::test]
async fn a_change_and_its_record_stand_or_fall_together() {
    let log = Log::new().await;
    log.execute("CREATE TABLE changes (name TEXT)").await;
    for stands in [false, true] {
        let ledger = log.ledger.clone();
        let done: Result<u64, LedgerError> = log
            .db
            .transact(move |connection| {
                Box::pin(async move {
                    let changed = sqlx::raw_sql("INSERT INTO changes VALUES ('a')");
                    changed.execute(&mut *connection).await.unwrap();
                    let seq = ledger.append_in(connection, draft("change")).await?;
                    stands.then_some(seq).ok_or(LedgerError::Full)
                })
            })
            .await;
        assert_eq!(done.ok(), stands.then_some(2));
        let changes = log.column("SELECT name FROM changes").await.len();
        assert_eq!(
            (changes, log.kinds().await.len()),
            (usize::from(stands), 1 + usize::from(stands))
        );
    }
}

#[tokio::test]
async fn two_processes_on_one_file_share_one_sequence() {
    let log = Log::new().await;
    let (_db, other) = log.again().await;
    let mut callers = Vec::new();
    for number in 0..50 {
        for ledger in [&log.ledger, &other] {
            let (ledger, draft) = (ledger.clone(), draft(&number.to_string()));
            callers.push(tokio::spawn(async move {
                ledger.append(draft).await.unwrap().seq()
            }));
        }
    }
    let mut places = BTreeSet::new();
    for caller in callers {
        places.insert(caller.await.unwrap());
    }
    assert_eq!(places, (3..=102).collect());
    assert_eq!(
        log.column("SELECT DISTINCT body ->> '$.place.log_id' FROM ledger_entries")
            .await
            .len(),
        1
    );
}

#[tokio::test]
async fn closing_writes_what_is_queued_and_then_refuses() {
    let log = Log::new().await;
    let lane = log.occupy().await;
    for number in 0..5 {
        log.ledger.note(draft(&number.to_string())).await.unwrap();
    }
    let closing = tokio::spawn({
        let ledger = log.ledger.clone();
        async move { ledger.close().await }
    });
    lane.send(()).unwrap();
    closing.await.unwrap();
    log.ledger.close().await;
    let kinds = log.kinds().await;
    assert_eq!((kinds.len(), kinds[6].as_str()), (7, "log_stopped"));
    assert!(matches!(
        log.ledger.note(draft("late")).await,
        Err(LedgerError::Closed)
    ));
    assert!(log.ledger.health().failure.is_some());
}

#[tokio::test]
async fn a_log_that_is_opened_again_goes_on_counting() {
    let log = Log::new().await;
    assert_eq!(log.ledger.append(draft("a")).await.unwrap().seq(), 2);
    log.ledger.close().await;
    assert!(matches!(
        log.ledger.append(draft("b")).await,
        Err(LedgerError::Closed)
    ));
    let (_, again) = log.again().await;
    assert_eq!(again.append(draft("c")).await.unwrap().seq(), 5);
    let kinds = log.kinds().await;
    let expected = [
        Kind::LogStarted,
        Kind::Decision,
        Kind::LogStopped,
        Kind::LogStarted,
        Kind::Decision,
    ];
    assert_eq!(kinds, expected.map(Kind::as_str));
}
