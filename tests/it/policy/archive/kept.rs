//! What is kept can be read back, and is kept whole or not at all.

use gatepost::clock::Timestamp;
use gatepost::policy::archive::{Activated, Archived, Pin, ProofStatus};

use super::*;

fn seconds(after: u64) -> Timestamp {
    NOON.plus(Duration::from_secs(after))
}

#[tokio::test]
async fn what_was_kept_is_read_back_with_author_certificate_and_activation() {
    let shelf = Shelf::new().await;
    let set = set("one");
    let signed = shelf.prove(&set, "token:t1").await;
    let mut expected = Archived {
        digest: set.digest.clone(),
        schema_digest: set.schema_digest.clone(),
        schema: set.schema.clone(),
        files: set.files.clone(),
        author: Some("token:t1".to_owned()),
        kept_at: NOON,
        certificate: Some(signed.clone()),
        activated: None,
    };
    assert_eq!(shelf.archive.find(&set.digest).await.unwrap(), expected);
    assert_eq!(shelf.archive.last_activated().await.unwrap(), None);
    let read = signed.verify(&shelf.archive.key()).unwrap();
    assert_eq!(read, certificate(&set));
    shelf.clock.advance(Duration::from_secs(5));
    let by = By {
        who: "unix:7".to_owned(),
        reason: Some("incident 12".to_owned()),
        dropped: vec!["payroll".to_owned(), "a \"b\"".to_owned()],
    };
    shelf.activate(&set, Some(&signed), &by).await.unwrap();
    expected.activated = Some(Activated {
        number: 1,
        certificate: Some(signed.digest()),
        at: seconds(5),
        by: by.who,
        reason: by.reason,
        dropped: by.dropped,
    });
    assert_eq!(shelf.archive.find(&set.digest).await.unwrap(), expected);
    let last = shelf.archive.last_activated().await.unwrap();
    assert_eq!(last, Some(expected));
}

#[tokio::test]
async fn keeping_and_activating_again_adds_only_what_is_new() {
    let shelf = Shelf::new().await;
    let (set, signed) = shelf.live("one").await;
    shelf.clock.advance(Duration::from_secs(9));
    assert_eq!(shelf.prove(&set, "unix:9").await, signed);
    assert_eq!(shelf.counts().await, [1, 1, 1, 1, 0]);
    let found = shelf.archive.find(&set.digest).await.unwrap();
    assert_eq!(found.author.as_deref(), Some("unix:1000"), "the first one");
    assert_eq!(found.kept_at, seconds(1));
    // Proven again, by another solver: one more certificate. What went live went live with the old one.
    let mut newer = certificate(&set);
    newer.solver.version = "1.3.0".to_owned();
    let kept = shelf.archive.keep(&set, "unix:9", Some(&newer)).await;
    let newer = kept.unwrap();
    let found = shelf.archive.find(&set.digest).await.unwrap();
    assert_eq!(found.certificate, newer);
    let last = shelf.archive.last_activated().await.unwrap().unwrap();
    assert_eq!(last.certificate, Some(signed));
    assert_eq!(shelf.counts().await, [1, 1, 2, 1, 0]);
}

#[tokio::test]
async fn a_set_that_was_not_kept_is_kept_when_it_is_activated() {
    let shelf = Shelf::new().await;
    let set = set("one");
    shelf.activate(&set, None, &by("folder")).await.unwrap();
    let last = shelf.archive.last_activated().await.unwrap().unwrap();
    assert_eq!(last.author.as_deref(), Some("folder"));
    assert_eq!((last.certificate, last.files), (None, set.files));
    assert_eq!(shelf.counts().await, [1, 1, 0, 1, 0]);
}

#[tokio::test]
async fn a_certificate_that_is_not_kept_is_kept_with_the_activation() {
    let shelf = Shelf::new().await;
    let set = set("one");
    let signed = shelf.prove(&set, "unix:1").await;
    shelf.tamper("DELETE FROM policy_certificates").await;
    let activated = shelf.activate(&set, Some(&signed), &by("unix:7")).await;
    activated.unwrap();
    let last = shelf.archive.last_activated().await.unwrap().unwrap();
    assert_eq!(last.certificate, Some(signed));
}

#[tokio::test]
async fn an_activation_stands_with_its_record_or_not_at_all() {
    let shelf = Shelf::new().await;
    let (first, _) = shelf.live("one").await;
    let set = set("two");
    let signed = shelf.prove(&set, "unix:1").await;
    let before = shelf.counts().await;
    for broken in ["ledger_entries", "policy_activations"] {
        shelf
            .execute(&format!(
                "CREATE TRIGGER broken BEFORE INSERT ON {broken} BEGIN SELECT raise(ABORT, 'disk full'); END"
            ))
            .await
            .unwrap();
        let failed = shelf.activate(&set, Some(&signed), &by("unix:7")).await;
        assert!(failed.is_err(), "{broken}");
        assert_eq!(shelf.counts().await, before, "{broken}");
        assert_eq!(shelf.records().await.len(), 1, "{broken}");
        shelf.execute("DROP TRIGGER broken").await.unwrap();
    }
    let last = shelf.archive.last_activated().await.unwrap().unwrap();
    assert_eq!(last.digest, first.digest);
    shelf.activate(&set, None, &by("unix:7")).await.unwrap();
    let last = shelf.archive.last_activated().await.unwrap().unwrap();
    assert_eq!(last.digest, set.digest);
    let records = shelf.records().await;
    let sets: Vec<_> = records.iter().map(|record| &record["policy_set"]).collect();
    assert_eq!(sets, [&first.digest, &set.digest]);
}

#[tokio::test]
async fn a_certificate_of_another_set_schema_or_key_is_not_taken() {
    let shelf = Shelf::new().await;
    let (set, other) = (set("one"), set("two"));
    let mut schema = certificate(&set);
    schema.schema = "sha256:00".to_owned();
    for wrong in [certificate(&other), schema] {
        let kept = shelf.archive.keep(&set, "unix:1", Some(&wrong)).await;
        assert!(matches!(kept, Err(ArchiveError::Foreign(_))), "{kept:?}");
    }
    let elsewhere = Shelf::new().await;
    let (_, foreign) = elsewhere.live("one").await;
    let activated = shelf.activate(&set, Some(&foreign), &by("unix:1")).await;
    assert!(
        matches!(activated, Err(ArchiveError::Certificate { .. })),
        "{activated:?}"
    );
    assert_eq!(shelf.counts().await, [0; 5]);
}

#[tokio::test]
async fn a_set_whose_text_has_another_digest_is_not_taken() {
    let shelf = Shelf::new().await;
    let mut file = set("one");
    file.files.insert("b.cedar".to_owned(), String::new());
    let mut schema = set("one");
    schema.schema.push("entity Extra;".to_owned());
    for wrong in [file, schema] {
        let kept = shelf.archive.keep(&wrong, "unix:1", None).await;
        assert!(
            matches!(kept, Err(ArchiveError::Damaged { .. })),
            "{kept:?}"
        );
        let activated = shelf.activate(&wrong, None, &by("unix:1")).await;
        assert!(activated.is_err());
    }
    assert_eq!(shelf.counts().await, [0; 5]);
}

#[tokio::test]
async fn a_set_is_found_by_eight_digits_if_they_are_its_own() {
    let shelf = Shelf::new().await;
    let digits = |digest: &str, count: usize| digest["sha256:".len()..][..count].to_owned();
    let one = set("one");
    shelf.archive.keep(&one, "unix:1", None).await.unwrap();
    for name in [
        one.digest.clone(),
        one.digest[..15].to_owned(),
        digits(&one.digest, 8),
        digits(&one.digest, 64),
    ] {
        assert_eq!(shelf.archive.find(&name).await.unwrap().digest, one.digest);
    }
    for name in ["", "sha256:", "%", "________", &digits(&one.digest, 7)] {
        let found = shelf.archive.find(name).await;
        assert!(matches!(found, Err(ArchiveError::Name(_))), "{name}");
    }
    let absent = shelf.archive.find("00000000").await;
    assert!(matches!(absent, Err(ArchiveError::Unknown(_))));
    // Another set whose digest begins like this one: its text does not matter, the name must not decide.
    let alike = format!("{}{}", &one.digest[..15], "0".repeat(56));
    let copy = format!(
        "INSERT INTO policy_sets SELECT '{alike}', schema_digest, schema, files, 0 FROM policy_sets"
    );
    shelf.execute(&copy).await.unwrap();
    let found = shelf.archive.find(&one.digest[..15]).await;
    assert!(
        matches!(found, Err(ArchiveError::Ambiguous(_))),
        "{found:?}"
    );
    assert_eq!(
        shelf.archive.find(&one.digest).await.unwrap().digest,
        one.digest
    );
}

#[tokio::test]
async fn a_list_says_of_each_set_what_it_is_newest_first() {
    let shelf = Shelf::new().await;
    let (one, _) = shelf.live("one").await;
    let (two, _) = shelf.live("two").await;
    shelf.clock.advance(Duration::from_secs(1));
    let three = set("three");
    shelf.archive.keep(&three, "unix:3", None).await.unwrap();
    shelf.clock.advance(Duration::from_secs(1));
    let four = set("four");
    shelf.activate(&four, None, &by("unix:4")).await.unwrap();
    shelf
        .archive
        .pin(&two.digest, "unix:5", "why")
        .await
        .unwrap();
    let list = shelf.archive.list(9).await.unwrap();
    let lines: Vec<_> = list
        .iter()
        .map(|line| {
            let author = line.author.as_deref().unwrap();
            let at = line.activated.as_ref().map(|activated| activated.at);
            let flags = (line.is_live, line.is_pinned);
            (
                &line.digest,
                author,
                line.kept_at,
                line.proof.as_str(),
                at,
                flags,
            )
        })
        .collect();
    let (yes, no) = (true, false);
    let at = seconds;
    assert_eq!(
        lines,
        [
            (
                &four.digest,
                "unix:4",
                at(4),
                "waived",
                Some(at(4)),
                (yes, no)
            ),
            (&three.digest, "unix:3", at(3), "unproven", None, (no, no)),
            (
                &two.digest,
                "unix:1000",
                at(2),
                "proven",
                Some(at(2)),
                (no, yes)
            ),
            (
                &one.digest,
                "unix:1000",
                at(1),
                "proven",
                Some(at(1)),
                (no, no)
            ),
        ]
    );
    assert_eq!(shelf.archive.list(2).await.unwrap(), list[..2]);
    assert_eq!(list[0].proof, ProofStatus::Waived);
}

#[tokio::test]
async fn a_set_that_went_live_before_there_was_an_archive_is_found_without_an_author() {
    let shelf = Shelf::new().await;
    let set = set("one");
    shelf.keep_as_of_old(&set).await;
    let found = shelf.archive.find(&set.digest).await.unwrap();
    assert_eq!((found.author, found.kept_at), (None, NOON));
    assert_eq!(found.files, set.files);
}

#[tokio::test]
async fn a_pin_is_set_replaced_and_taken_away_on_record() {
    let shelf = Shelf::new().await;
    let ((one, _), (two, _)) = (shelf.live("one").await, shelf.live("two").await);
    assert_eq!(shelf.archive.pinned().await.unwrap(), None);
    assert_eq!(shelf.archive.unpin("unix:1", None).await.unwrap(), None);
    let short = &one.digest[..20];
    shelf.archive.pin(short, "unix:1", "calm").await.unwrap();
    let pin = shelf.archive.pin(&two.digest, "token:t", "rollback").await;
    let expected = Pin {
        digest: two.digest.clone(),
        by: "token:t".to_owned(),
        at: seconds(2),
        reason: "rollback".to_owned(),
    };
    assert_eq!(pin.unwrap(), expected);
    assert_eq!(
        shelf.archive.pinned().await.unwrap(),
        Some(expected.clone())
    );
    let again = shelf.again(MASTER_KEY).await.unwrap();
    assert_eq!(again.pinned().await.unwrap(), Some(expected.clone()));
    assert_eq!(again.unpin("unix:2", None).await.unwrap(), Some(expected));
    assert_eq!(shelf.archive.pinned().await.unwrap(), None);
    let unknown = shelf.archive.pin("0000000000", "unix:1", "").await;
    assert!(matches!(unknown, Err(ArchiveError::Unknown(_))));
    let records = shelf.records().await;
    let told: Vec<_> = records
        .iter()
        .filter(|record| record["kind"] == "admin")
        .map(|record| {
            let word = |name: &str| record[name].as_str().unwrap().to_owned();
            let reason = record["detail"]["reason"].as_str().unwrap().to_owned();
            [word("operation"), word("by"), word("policy_set"), reason]
        })
        .collect();
    let line = |operation: &str, by: &str, digest: &str, reason: &str| {
        [operation, by, digest, reason].map(str::to_owned)
    };
    assert_eq!(
        told,
        [
            line("policy.pinned", "unix:1", &one.digest, "calm"),
            line("policy.pinned", "token:t", &two.digest, "rollback"),
            line("policy.unpinned", "unix:2", &two.digest, "rollback"),
        ]
    );
}

#[tokio::test]
async fn a_pin_stands_with_its_record_or_not_at_all() {
    let shelf = Shelf::new().await;
    let (set, _) = shelf.live("one").await;
    let broken = "CREATE TRIGGER broken BEFORE INSERT ON ledger_entries
        BEGIN SELECT raise(ABORT, 'disk full'); END";
    shelf.execute(broken).await.unwrap();
    assert!(shelf.archive.pin(&set.digest, "unix:1", "").await.is_err());
    assert_eq!(shelf.archive.pinned().await.unwrap(), None);
    shelf.execute("DROP TRIGGER broken").await.unwrap();
    shelf.archive.pin(&set.digest, "unix:1", "").await.unwrap();
    shelf.execute(broken).await.unwrap();
    assert!(shelf.archive.unpin("unix:1", None).await.is_err());
    assert!(shelf.archive.pinned().await.unwrap().is_some());
}
