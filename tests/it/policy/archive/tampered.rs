//! Whoever can write the database file can change what lies in it. Nothing that was changed is handed out.

use gatepost::policy::archive::ProofStatus;
use gatepost::policy::certificate::CertificateError;
use gatepost::secret::VaultError;

use super::*;

const OTHER_MASTER_KEY: &str = "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

#[tokio::test]
async fn a_restart_keeps_the_key() {
    let shelf = Shelf::new().await;
    let (set, signed) = shelf.live("one").await;
    let again = shelf.again(MASTER_KEY).await.unwrap();
    assert_eq!(again.key(), shelf.archive.key());
    assert!(signed.verify(&again.key()).is_ok());
    assert_eq!(
        again.find(&set.digest).await.unwrap().certificate,
        Some(signed)
    );
    assert_ne!(Shelf::new().await.archive.key(), shelf.archive.key());
    assert_eq!(shelf.count("signing_keys").await, 1);
}

#[tokio::test]
async fn a_wrong_master_key_is_an_error() {
    let shelf = Shelf::new().await;
    let opened = shelf.again(OTHER_MASTER_KEY).await;
    assert!(
        matches!(
            opened,
            Err(ArchiveError::Vault(VaultError::WrongKey { .. }))
        ),
        "{opened:?}"
    );
}

#[tokio::test]
async fn the_private_key_does_not_lie_in_the_database() {
    let shelf = Shelf::new().await;
    let private: Vec<u8> = sqlx::query_scalar("SELECT private FROM signing_keys")
        .fetch_one(shelf.parts.db.reads())
        .await
        .unwrap();
    let opened = shelf
        .parts
        .vault
        .open("gatepost", "signing_keys.private", &private)
        .unwrap();
    assert_eq!(opened.expose().len(), 32);
    assert!(!private.windows(32).any(|part| part == opened.expose()));
}

#[tokio::test]
async fn a_key_that_was_changed_is_not_used() {
    for change in [
        "public = x'00'",
        "public = randomblob(32)",
        "private = substr(private, 1, 40)",
        "private = randomblob(77)",
        "id = '0011223344556677'",
    ] {
        let shelf = Shelf::new().await;
        shelf
            .tamper(&format!("UPDATE signing_keys SET {change}"))
            .await;
        assert!(shelf.again(MASTER_KEY).await.is_err(), "{change}");
    }
}

#[tokio::test]
async fn a_lost_key_is_not_replaced_in_silence() {
    let shelf = Shelf::new().await;
    shelf
        .archive
        .keep(&set("one"), "unix:1", None)
        .await
        .unwrap();
    shelf.tamper("DELETE FROM signing_keys").await;
    let opened = shelf.again(MASTER_KEY).await;
    assert!(matches!(opened, Err(ArchiveError::KeyGone)), "{opened:?}");
}

/// A table, a change of a column of it, and what refuses that.
const CHANGES: &[(&str, &str, &str)] = &[
    (
        "policy_sets",
        "files = replace(files, 'permit', 'forbid')",
        "the text of a file",
    ),
    (
        "policy_sets",
        "files = replace(files, 'a.cedar', 'b.cedar')",
        "the text of a file",
    ),
    ("policy_sets", "files = '{}'", "the text of a file"),
    ("policy_sets", "files = 'x'", "not what was written"),
    ("policy_sets", "schema = '[]'", "the text of the schema"),
    (
        "policy_sets",
        "schema = replace(schema, 'tenant', 'tenet')",
        "the text of the schema",
    ),
    ("policy_sets", "schema_digest = 'FAKE'", "its text"),
    ("policy_sets", "digest = 'FAKE'", "its text"),
    ("policy_authors", "author = 'unix:0'", "its author"),
    ("policy_authors", "at = at + 1", "its author"),
    ("policy_authors", "signature = randomblob(64)", "its author"),
    ("policy_authors", "signature = x'00'", "its author"),
    (
        "policy_certificates",
        "text = replace(text, 'only', 'none')",
        "the certificate",
    ),
    (
        "policy_certificates",
        "text = text || ' '",
        "the certificate",
    ),
    (
        "policy_certificates",
        "signature = randomblob(64)",
        "the certificate",
    ),
    (
        "policy_certificates",
        "signature = x'00'",
        "its certificate",
    ),
    ("policy_certificates", "key_id = 'other'", "the certificate"),
    ("policy_certificates", "digest = 'FAKE'", "its certificate"),
    ("policy_activations", "number = 7", "its activation"),
    ("policy_activations", "certificate = NULL", "its activation"),
    ("policy_activations", "at = at - 1", "its activation"),
    ("policy_activations", "by = 'unix:0'", "its activation"),
    ("policy_activations", "reason = 'x'", "its activation"),
    (
        "policy_activations",
        "dropped = '[\"same-tenant\"]'",
        "its activation",
    ),
    ("policy_activations", "dropped = 'x'", "its activation"),
    (
        "policy_activations",
        "signature = randomblob(64)",
        "its activation",
    ),
];

#[tokio::test]
async fn a_change_of_any_column_is_refused_when_the_set_is_read() {
    let fake = format!("'sha256:{}'", "0".repeat(64));
    for (table, change, refusal) in CHANGES {
        let shelf = Shelf::new().await;
        let (set, _) = shelf.live("one").await;
        let change = change.replace("'FAKE'", &fake);
        shelf.tamper(&format!("UPDATE {table} SET {change}")).await;
        let last = shelf.archive.last_activated().await;
        let told = last.expect_err(&format!("{table}: {change}")).to_string();
        assert!(told.contains(refusal), "{table}: {change}: {told}");
        if !change.starts_with("digest = ") || *table != "policy_sets" {
            let found = shelf.archive.find(&set.digest).await;
            assert!(found.is_err(), "{table}: {change}");
        }
    }
}

#[tokio::test]
async fn what_was_kept_of_one_set_does_not_speak_for_another() {
    for change in [
        "UPDATE policy_certificates SET policy_set = 'TWO' WHERE policy_set = 'ONE'",
        "UPDATE policy_authors SET policy_set = 'TWO' WHERE policy_set = 'ONE'",
        "UPDATE policy_activations SET policy_set = 'TWO' WHERE policy_set = 'ONE'",
    ] {
        let shelf = Shelf::new().await;
        let (one, _) = shelf.live("one").await;
        let two = set("two");
        shelf.keep_as_of_old(&two).await;
        assert!(shelf.archive.find(&two.digest).await.is_ok());
        let change = change
            .replace("ONE", &one.digest)
            .replace("TWO", &two.digest);
        shelf.tamper(&change).await;
        let found = shelf.archive.find(&two.digest).await;
        assert!(found.is_err(), "{change}: {found:?}");
    }
}

/// A former set, proven and signed, must not be put back in force by whoever can write the file.
#[tokio::test]
async fn an_old_activation_cannot_be_put_behind_the_newest() {
    let shelf = Shelf::new().await;
    shelf.live("one").await;
    shelf.live("two").await;
    shelf
        .tamper(
            "INSERT INTO policy_activations SELECT 3, policy_set, schema_digest, certificate, at, by,
                reason, dropped, signature FROM policy_activations WHERE number = 1",
        )
        .await;
    let last = shelf.archive.last_activated().await;
    assert!(
        matches!(last, Err(ArchiveError::Damaged { .. })),
        "{last:?}"
    );
}

#[tokio::test]
async fn a_certificate_of_another_gateway_is_told_from_a_changed_one() {
    let (shelf, other) = (Shelf::new().await, Shelf::new().await);
    let (set, _) = shelf.live("one").await;
    let (_, foreign) = other.live("one").await;
    shelf
        .tamper(&format!(
            "UPDATE policy_certificates SET key_id = '{}', signature = x'{}'",
            foreign.key_id, foreign.signature
        ))
        .await;
    let Err(ArchiveError::Certificate { source, .. }) = shelf.archive.find(&set.digest).await
    else {
        panic!("it is refused");
    };
    assert!(
        matches!(source, CertificateError::OtherKey { .. }),
        "{source}"
    );
}

#[tokio::test]
async fn a_changed_pin_is_refused_and_can_be_taken_away() {
    for change in [
        "by = 'x'",
        "at = 0",
        "reason = 'x'",
        "signature = x'00'",
        "policy_set = 'x'",
    ] {
        let shelf = Shelf::new().await;
        let (set, _) = shelf.live("one").await;
        shelf
            .archive
            .pin(&set.digest, "unix:1", "calm")
            .await
            .unwrap();
        shelf
            .tamper(&format!("UPDATE policy_pin SET {change}"))
            .await;
        let pinned = shelf.archive.pinned().await;
        assert!(
            matches!(pinned, Err(ArchiveError::Damaged { .. })),
            "{change}"
        );
        assert!(
            !shelf.archive.list(1).await.unwrap()[0].is_pinned,
            "{change}"
        );
        assert!(shelf.archive.unpin("unix:1", None).await.unwrap().is_some());
        assert_eq!(shelf.archive.pinned().await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_list_names_what_was_changed_and_keeps_the_rest() {
    for change in [
        "UPDATE policy_authors SET author = 'x' WHERE policy_set = 'ONE'",
        "UPDATE policy_certificates SET text = '{}' WHERE policy_set = 'ONE'",
        "UPDATE policy_activations SET by = 'x' WHERE policy_set = 'ONE'",
    ] {
        let shelf = Shelf::new().await;
        let (one, _) = shelf.live("one").await;
        shelf.live("two").await;
        shelf.tamper(&change.replace("ONE", &one.digest)).await;
        let list = shelf.archive.list(9).await.unwrap();
        let proofs: Vec<_> = list.iter().map(|line| line.proof).collect();
        assert_eq!(
            proofs,
            [ProofStatus::Proven, ProofStatus::Damaged],
            "{change}"
        );
        assert!(list[0].is_live, "{change}");
    }
}

#[tokio::test]
async fn the_database_itself_refuses_to_change_or_remove_what_is_kept() {
    let shelf = Shelf::new().await;
    shelf.live("one").await;
    for table in [
        "policy_authors",
        "policy_certificates",
        "policy_activations",
    ] {
        for sql in [
            format!("UPDATE {table} SET signature = x'00'"),
            format!("DELETE FROM {table}"),
            format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"),
        ] {
            let error = shelf.execute(&sql).await.expect_err(&sql);
            let told = ledger::text::in_one_line(&error);
            assert!(told.contains("kept for ever"), "{sql}: {told}");
        }
    }
    for sql in ["DELETE FROM signing_keys", "DELETE FROM policy_sets"] {
        assert!(shelf.execute(sql).await.is_err(), "{sql}");
    }
}
