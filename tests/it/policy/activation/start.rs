//! What a start finds: a broken folder, no solver, another solver, an archive that somebody changed.

use gatepost::policy::certificate::Certificate;

use super::*;

/// Runs `sql` on the file while no server holds it, without the triggers that stop accidents.
async fn tamper(dir: &Path, sql: &str) {
    use sqlx::Connection as _;
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(dir.join("gatepost.db"))
        .foreign_keys(false);
    let mut connection = sqlx::SqliteConnection::connect_with(&options)
        .await
        .expect("it connects");
    let triggers: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
            .fetch_all(&mut connection)
            .await
            .expect("the triggers");
    let dropped: Vec<String> = triggers
        .iter()
        .map(|name| format!("DROP TRIGGER {name};"))
        .collect();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("{}{sql}", dropped.concat())))
        .execute(&mut connection)
        .await
        .expect("it runs");
    connection.close().await.expect("it closes");
}

async fn count(world: &World, table: &str) -> i64 {
    let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(count)
        .fetch_one(world.node.shared().opened.db.reads())
        .await
        .expect("it can be counted")
}

async fn alarm(world: &World) -> String {
    let told = world.policy_status().await["alarm"].clone();
    told.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_broken_folder_at_the_start_leaves_the_last_set_in_force_with_an_alarm() {
    let world = proven().await;
    let before = live(&world).await;
    let world = world
        .restart("", async |dir| write(dir, "30-broken.cedar", "permit ("))
        .await;
    assert_eq!(live(&world).await, before);
    assert_eq!(reads(&world).await, 200);
    until_told(&world, "it is refused", |told| told.refused.is_some()).await;
    assert!(
        alarm(&world)
            .await
            .contains("the policy folder has given none")
    );
    assert!(world.metrics().await.contains("gatepost_policy_alarm 1\n"));
    assert!(world.policy_status().await["refused"].is_object());
    let last = records(&world, "policy_activated").await.pop();
    let last = last.expect("a record");
    assert_eq!(
        (&last["by"], &last["policy_set"]),
        (&json!("start"), &json!(before))
    );
    std::fs::remove_file(world.policies().join("30-broken.cedar")).expect("it is there");
    world.node.rescan_policies();
    until_told(&world, "the folder is read", |told| told.refused.is_none()).await;
    assert_eq!(alarm(&world).await, "");
    assert!(world.metrics().await.contains("gatepost_policy_alarm 0\n"));
    // The folder says what is in force: neither activated nor kept a second time.
    assert_eq!(records(&world, "policy_activated").await.len(), 2);
    assert_eq!(count(&world, "policy_activations").await, 1);
    assert_eq!(count(&world, "policy_certificates").await, 1);
}

#[tokio::test]
async fn without_a_solver_the_last_set_stays_and_a_first_start_answers_nothing() {
    let world = proven().await;
    let before = live(&world).await;
    let nowhere = "policy.solver = \"/nowhere\"";
    let world = world.restart(nowhere, async |_| ()).await;
    assert_eq!(live(&world).await, before);
    assert_eq!(reads(&world).await, 200);
    // That is the solver's fault, and not that of a folder that says what is in force.
    until_told(&world, "somebody is told", |told| told.alarm.is_some()).await;
    let what = alarm(&world).await;
    assert!(what.contains("nothing new can be proven"), "{what}");
    assert!(!what.contains("folder"), "{what}");
    world.node.rescan_policies();
    write(world.dir.path(), "30-closed.cedar", CLOSED);
    until_told(&world, "a change is refused", |told| told.refused.is_some()).await;
    let refused = world.policy_status().await["refused"].clone();
    assert_ne!(refused["digest"], json!(before), "{refused}");
    let message = refused["errors"][0]["message"].as_str().expect("a message");
    assert!(message.contains("there is no solver"), "{message}");
    std::fs::remove_file(world.policies().join("30-closed.cedar")).expect("it is there");
    until_told(&world, "it is as before", |told| told.refused.is_none()).await;
    assert_eq!(live(&world).await, before);
    let fresh = World::builder()
        .proven()
        .not_installed()
        .settings(nowhere)
        .start()
        .await;
    let ready = fresh.admin("/readyz").await;
    assert_eq!(ready.status, 503, "{}", ready.text);
}

#[tokio::test]
async fn a_changed_archive_is_not_used_and_told() {
    for sql in [
        "UPDATE policy_sets SET files = replace(files, 'forbid', 'permit')",
        "UPDATE policy_certificates SET signature = zeroblob(64)",
        "UPDATE policy_activations SET by = 'somebody'",
        "DELETE FROM policy_sets",
    ] {
        let world = proven().await;
        let before = live(&world).await;
        let world = world
            .restart("", async |dir| {
                tamper(dir, sql).await;
                write(dir, "30-broken.cedar", "permit (");
            })
            .await;
        let told = world.policy_status().await;
        assert_eq!(told["live"], Value::Null, "{sql}");
        let what = alarm(&world).await;
        assert!(what.contains("cannot be relied on"), "{sql}: {what}");
        assert_eq!(reads(&world).await, 503, "{sql}");
        std::fs::remove_file(world.policies().join("30-broken.cedar")).expect("it is there");
        world.node.rescan_policies();
        let state = &world.node.shared().live;
        until("the folder is in order", || {
            state.status().refused.is_none()
        })
        .await;
        let told = world.policy_status().await;
        if sql.starts_with("DELETE") {
            // The folder gives back the very text that the signed activation names.
            assert_eq!(live(&world).await, before, "{sql}");
            continue;
        }
        assert_eq!(told["live"], Value::Null, "{sql}");
        if !sql.contains("replace(files") {
            let why = told["candidate"]["why"].as_str().unwrap_or_default();
            assert!(why.contains("cannot be relied on"), "{sql}: {told}");
            // Whoever looked at it says so.
            world.command(activate(&before, &[])).await;
            assert_eq!(live(&world).await, before, "{sql}");
        }
        let what = alarm(&world).await;
        assert!(
            what.contains("cannot be relied on"),
            "the folder mends no database: {what}"
        );
    }
}

#[tokio::test]
async fn a_changed_pin_lets_nothing_of_the_folder_live_until_it_is_taken_away() {
    let world = proven().await;
    let first = live(&world).await;
    world.command(activate(&first, &[])).await;
    let world = world
        .restart("", async |dir| {
            tamper(dir, "UPDATE policy_pin SET reason = 'changed'").await;
            write(dir, "30-closed.cedar", CLOSED);
        })
        .await;
    assert_eq!(live(&world).await, first);
    assert!(alarm(&world).await.contains("its pin"));
    until_told(&world, "the folder waits", |told| told.candidate.is_some()).await;
    assert!(world.policy_status().await["candidate"].is_object());
    world.command(Command::PolicyUnpin { reason: None }).await;
    assert_eq!(reads(&world).await, 403);
    assert_eq!(alarm(&world).await, "");
}

/// Notes that the set in force went live with another certificate than it has.
async fn went_live_before(world: &World, change: impl FnOnce(&mut Certificate)) {
    let opened = world.node.shared().opened.clone();
    let found = opened.archive.find(&live(world).await).await;
    let found = found.expect("it was kept");
    let signed = found.certificate.clone().expect("a certificate");
    let mut older = signed.verify(&opened.archive.key()).expect("it verifies");
    change(&mut older);
    let set = gatepost::ledger::PolicySet {
        digest: found.digest.clone(),
        schema_digest: found.schema_digest.clone(),
        schema: found.schema.clone(),
        files: found.files.clone(),
    };
    let kept = opened.archive.keep(&set, "unix:1", Some(&older)).await;
    let older = kept.expect("it is kept").expect("it is signed");
    let record = gatepost::ledger::Draft::new(&gatepost::ledger::entry::Entry::default());
    let by = gatepost::policy::archive::By {
        who: "unix:1".to_owned(),
        ..Default::default()
    };
    let activated = opened
        .archive
        .activate(record.expect("a record"), &set, Some(&older), &by);
    activated.await.expect("it is activated");
}

/// A world with a guarantee of the team's, whose sets go live by themselves if they are narrower.
async fn narrowing() -> World {
    let world = World::builder()
        .proven()
        .settings("policy.activation = \"narrowing\"")
        .start()
        .await;
    let folder = world.policies().join("guarantees");
    std::fs::create_dir_all(&folder).expect("a folder");
    world
        .edit_policy("guarantees/payroll.cedar", GUARANTEE)
        .await;
    let status = world.node.shared().live.status();
    assert!(status.candidate.is_none() && status.refused.is_none());
    world
}

fn without_guarantee(dir: &Path) {
    let guarantee = dir.join("policies/guarantees/payroll.cedar");
    std::fs::remove_file(guarantee).expect("it is there");
}

#[tokio::test]
async fn a_damaged_activation_sheds_neither_the_ratchet_nor_narrowing() {
    let world = narrowing().await;
    let before = live(&world).await;
    let world = world
        .restart("", async |dir| {
            let newest = "UPDATE policy_activations SET by = by || 'x'
                WHERE number = (SELECT max(number) FROM policy_activations)";
            tamper(dir, newest).await;
            without_guarantee(dir);
            write(dir, "30-open.cedar", OPEN);
        })
        .await;
    let told = world.policy_status().await;
    assert_eq!(told["live"], Value::Null, "{told}");
    let why = told["candidate"]["why"].as_str().expect("it waits");
    assert!(why.contains("its activation"), "{why}");
    let list = world.command(Command::PolicyList {}).await;
    let mut states = list
        .as_array()
        .expect("a list")
        .iter()
        .map(|set| &set["state"]);
    assert!(
        states.all(|state| state == ""),
        "nothing is in force: {list}"
    );
    world.command(activate(&before, &[])).await;
    assert_eq!(live(&world).await, before);
}

#[tokio::test]
async fn a_set_that_was_certified_for_an_older_engine_is_proven_before_the_folder_is_looked_at() {
    let world = narrowing().await;
    let before = live(&world).await;
    went_live_before(&world, |certificate| {
        certificate.engine = "0.0.1".to_owned();
    })
    .await;
    let world = world
        .restart("", async |dir| write(dir, "30-open.cedar", OPEN))
        .await;
    assert_eq!(live(&world).await, before);
    until_told(&world, "the folder waits", |told| told.candidate.is_some()).await;
    let why = world.node.shared().live.status().candidate;
    let why = why.expect("it waits").why;
    assert!(why.contains("may allow more"), "{why}");
}

#[tokio::test]
async fn a_start_without_proofs_sheds_neither_the_ratchet_nor_narrowing() {
    let world = narrowing().await;
    let unproven = |dir: &Path| {
        let config = dir.join("gatepost.toml");
        let text = std::fs::read_to_string(&config).expect("a configuration");
        let text = text.replace("policy.proof = \"required\"", "policy.proof = \"off\"");
        std::fs::write(&config, text).expect("it is written");
    };
    let world = world
        .restart("", async |dir| {
            unproven(dir);
            write(dir, "30-open.cedar", OPEN);
        })
        .await;
    let told = world.policy_status().await;
    let why = told["candidate"]["why"].as_str().unwrap_or_default();
    assert!(why.contains("went live last"), "{told}");
    let world = world.restart("", async |dir| without_guarantee(dir)).await;
    let told = world.policy_status().await;
    assert_eq!(told["live"], Value::Null, "{told}");
    let message = told["refused"]["errors"][0]["message"].to_string();
    assert!(message.contains("the guarantee `payroll`"), "{told}");
    let digest = digest(&told["refused"]);
    world.command(activate(&digest, &["payroll"])).await;
    assert_eq!(live(&world).await, digest);
    let told = world.policy_status().await;
    assert_eq!(told["refused"], Value::Null, "it is in force");
}

#[tokio::test]
async fn a_set_that_another_solver_proved_is_in_force_and_proven_again_behind() {
    let world = proven().await;
    let before = live(&world).await;
    went_live_before(&world, |certificate| {
        certificate.solver.version = "cvc5 0.0.1".to_owned();
    })
    .await;
    // The folder gives nothing: what is proven again is what was kept.
    let world = world
        .restart("", async |dir| write(dir, "30-broken.cedar", "permit ("))
        .await;
    assert_eq!(live(&world).await, before);
    until_told(&world, "it is proven again", |told| {
        let running = told.live.as_ref().expect("a set");
        running.proof.solver.as_deref() != Some("cvc5 0.0.1")
    })
    .await;
    until_told(&world, "the folder is read", |told| told.refused.is_some()).await;
    let told = world.policy_status().await;
    assert_eq!(told["live"]["digest"], before);
    assert!(
        told["refused"].is_object(),
        "what the folder says stays told"
    );
    assert!(!alarm(&world).await.contains("another solver"), "{told}");
    let last = records(&world, "policy_activated").await.pop();
    let reason = last.expect("a record")["detail"]["reason"].clone();
    assert!(
        reason
            .as_str()
            .expect("a reason")
            .starts_with("proven again with cvc5")
    );
}
