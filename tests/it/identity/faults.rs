//! What cannot be read is worth nothing, and what was read too early does not stay.

use gatepost::db::DbError;
use serde_json::json;

use crate::world::World;

const OWN: &str = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";

/// Carries one statement out, past every check.
async fn sql(world: &World, statement: &'static str) {
    let db = &world.node.shared().opened.db;
    let done = db.transact(move |connection| {
        Box::pin(async move {
            sqlx::raw_sql(statement).execute(connection).await?;
            Ok::<_, DbError>(())
        })
    });
    done.await.unwrap();
}

#[tokio::test]
async fn a_key_whose_row_cannot_be_read_opens_nothing() {
    for damage in [
        "UPDATE client_keys SET bounds = '{\"projects\":[\"PAY\"]}'",
        "UPDATE client_keys SET bounds = ''",
        "UPDATE client_keys SET bounds = '{\"networks\":[\"everywhere\"]}'",
        "UPDATE client_keys SET rate_per_minute = -1",
        "UPDATE client_keys SET epoch = -1",
        "UPDATE client_keys SET account = 'a b'",
    ] {
        let world = World::new().await;
        let made = world.key("acme", "ann", json!({"actions": ["read"]})).await;
        sql(&world, damage).await;
        world.jira.clear_requests();
        let answer = world.get_as(OWN, made["key"].as_str().unwrap()).await;
        assert_eq!(answer.status, 503, "{damage}: {}", answer.text);
        assert!(world.nothing_left(), "{damage}");
        let log = world.decisions().await;
        assert_eq!(log[0]["code"], "credential_lookup_failed", "{damage}");
    }
}

#[tokio::test]
async fn a_database_that_fails_a_look_up_lets_nothing_leave() {
    let world = World::new().await;
    let session = world.session("acme", "ann").await;
    let made = world.key("acme", "ann", json!({})).await;
    sql(
        &world,
        "ALTER TABLE sessions RENAME TO s; ALTER TABLE client_keys RENAME TO k",
    )
    .await;
    world.jira.clear_requests();
    for credential in [session.as_str(), made["key"].as_str().unwrap()] {
        let answer = world.get_as(OWN, credential).await;
        assert_eq!(answer.status, 503, "{}", answer.text);
    }
    assert!(world.nothing_left());
    sql(
        &world,
        "ALTER TABLE s RENAME TO sessions; ALTER TABLE k RENAME TO client_keys",
    )
    .await;
    let again = world.get_as(OWN, &session).await;
    assert_eq!(again.status, 200, "a failure is not kept");
}

#[tokio::test]
async fn a_key_that_was_rotated_keeps_its_pace_through_the_overlap() {
    let world = World::new().await;
    let old = world
        .key("acme", "ann", json!({"rate_per_minute": 2}))
        .await;
    let rotation = json!({"replaces": old["id"], "overlap_s": 3600});
    world.key("acme", "ann", rotation).await;
    let mut answers = Vec::new();
    for _ in 0..4 {
        let answer = world.get_as(OWN, old["key"].as_str().unwrap()).await;
        answers.push(answer.status);
    }
    assert_eq!(answers, [200, 200, 429, 429]);
}

#[tokio::test]
async fn after_a_change_that_failed_no_credential_is_believed_from_memory() {
    let world = World::new().await;
    let session = world.session("acme", "ann").await;
    let key = world.key("acme", "ann", json!({})).await;
    let text = key["key"].as_str().unwrap();
    assert_eq!(world.get_as(OWN, text).await.status, 200);
    let broken = "CREATE TRIGGER broken BEFORE INSERT ON ledger_entries
        BEGIN SELECT raise(ABORT, 'a broken disk'); END";
    sql(&world, broken).await;
    let target = format!("/v1/keys/{}", key["id"].as_str().unwrap());
    let bearer = format!("Bearer {session}");
    let headers = [("authorization", bearer.as_str())];
    let failed = world.send("DELETE", &target, &headers).await;
    assert_eq!(failed.status, 503, "{}", failed.text);
    // As if the commit had stood, and only its answer had been lost.
    sql(
        &world,
        "DROP TRIGGER broken; UPDATE client_keys SET revoked_at = made_at",
    )
    .await;
    assert_eq!(world.get_as(OWN, text).await.status, 401);
}
