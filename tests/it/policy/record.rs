//! The record of a set: no set is in force without one, no good set is lost for want of one, and its text can be read back.

use gatepost::db::DbError;
use gatepost::ledger::read::Reader;
use serde_json::Value;

use crate::world::{World, until};

const ISSUE: &str = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";
const CLOSED: &str =
    r#"@id("closed") @code("closed") @reason("Closed.") forbid (principal, action, resource);"#;
const BREAK: &str = "CREATE TRIGGER broken BEFORE INSERT ON ledger_entries
    WHEN NEW.body LIKE '%policy_activated%' BEGIN SELECT raise(ABORT, 'disk full'); END";
const MEND: &str = "DROP TRIGGER broken";

async fn execute(world: &World, sql: &'static str) {
    let db = world.node.shared().opened.db.clone();
    let done: Result<(), DbError> = db
        .transact(move |connection| {
            Box::pin(async move {
                sqlx::raw_sql(sql).execute(connection).await?;
                Ok(())
            })
        })
        .await;
    done.expect("the statement runs");
}

async fn kept_sets(world: &World) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM policy_sets")
        .fetch_one(world.node.shared().opened.db.reads())
        .await
        .expect("the table can be read")
}

async fn activated_sets(world: &World) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM policy_activations")
        .fetch_one(world.node.shared().opened.db.reads())
        .await
        .expect("the table can be read")
}

/// Writes a policy file; gives back when the set waits for its record.
async fn edit_in_vain(world: &World, text: &str) -> String {
    let pending = || {
        let pending = world.node.shared().live.status().pending;
        pending.map(|pending| pending.digest)
    };
    let before = pending();
    std::fs::write(world.policies().join("30-closed.cedar"), text).expect("it is written");
    world.node.rescan_policies();
    until("the set waits", || {
        pending().is_some() && pending() != before
    })
    .await;
    pending().expect("a set that waits")
}

#[tokio::test]
async fn a_good_edit_outlives_a_log_that_fails_for_a_while() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    let policies = |answer: crate::world::Answer| answer.json()["parts"]["policies"].clone();
    let before = policies(world.admin("/readyz").await);
    execute(&world, BREAK).await;
    let first = edit_in_vain(&world, "// nothing yet").await;
    // A newer state of the folder takes the place of the one that waits.
    let digest = edit_in_vain(&world, CLOSED).await;
    assert_ne!(first, digest);
    assert_eq!(world.get(ISSUE, &ann).await.status, 200, "the old set");
    let ready = world.admin("/readyz").await;
    assert_eq!(ready.status, 200, "{}", ready.text);
    let told = policies(ready);
    assert_eq!(told["live"], before["live"]);
    assert_eq!(told["pending"]["digest"], digest);
    let why = told["pending"]["why"].as_str().expect("a reason");
    assert!(why.contains("cannot be recorded"), "{why}");
    let live = &world.node.shared().live;
    assert_eq!(activated_sets(&world).await, 1, "none without its record");
    execute(&world, MEND).await;
    until("the set is in force", || {
        live.status()
            .live
            .is_some_and(|running| running.digest == digest)
    })
    .await;
    assert_eq!(
        policies(world.admin("/readyz").await)["pending"],
        Value::Null
    );
    assert_eq!(world.get(ISSUE, &ann).await.status, 403);
    let log = world.log().await;
    let last = log
        .iter()
        .rfind(|record| record["kind"] == "policy_activated");
    assert_eq!(last.expect("its record")["policy_set"], digest);
}

#[tokio::test]
async fn the_text_behind_a_decision_is_kept_once() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    assert_eq!(world.get(ISSUE, &ann).await.status, 200);
    let status = world.node.shared().live.status();
    let first = status.live.map(|running| running.digest);
    // Away from the first set and back to it: three activations, two texts.
    world.edit_policy("30-closed.cedar", CLOSED).await;
    std::fs::remove_file(world.policies().join("30-closed.cedar")).expect("it is there");
    world.node.rescan_policies();
    let live = &world.node.shared().live;
    until("the first set is back", || {
        live.status().live.map(|running| running.digest) == first
    })
    .await;
    assert_eq!(kept_sets(&world).await, 2);
    let decision = world.decisions().await.remove(0);
    let name = |member: &str| decision[member].as_str().expect("a digest").to_owned();
    let (digest, schema) = (name("policy_set"), name("schema"));
    let reader = Reader::of(&world.node.shared().opened.db);
    let read = reader.policy_set(&digest, &schema).await;
    let set = read.expect("it can be read").expect("it is there");
    assert_eq!(set.schema, [gatepost::policy::CORE]);
    for (path, text) in &set.files {
        assert_eq!(*text, shipped(&world, path), "{path}");
    }
    assert!(set.files.contains_key("entities.json"));
    let again = gatepost::policy::Draft::from_files(set.files).expect("a set");
    assert_eq!(again.digest(), digest);
    let unknown = reader.policy_set("sha256:00", &schema).await;
    assert_eq!(unknown.expect("it can be read"), None);
    assert_eq!(activations(&world).await, 3);
}

async fn activations(world: &World) -> usize {
    let log = world.log().await;
    log.iter()
        .filter(|record| record["kind"] == "policy_activated")
        .count()
}

fn shipped(world: &World, path: &str) -> String {
    std::fs::read_to_string(world.policies().join(path)).expect("a shipped file")
}
