//! Each door before the last one broken: what the caller is told, what the log says, and that nothing reached Atlassian.

use std::time::Duration;

use gatepost::db::DbError;
use gatepost::standin::{Fault, Role};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{ACME_1, lines};
use crate::world::{World, until};

pub(super) async fn execute(world: &World, statement: &'static str) {
    let db = &world.node.shared().opened.db;
    db.transact(move |connection| {
        Box::pin(async move {
            sqlx::query(statement).execute(&mut *connection).await?;
            Ok::<_, DbError>(())
        })
    })
    .await
    .unwrap();
}

/// Keeps the write lane busy until it is released.
pub(super) fn hold_lane(world: &World) -> (oneshot::Sender<()>, JoinHandle<Result<(), DbError>>) {
    let (release, held) = oneshot::channel::<()>();
    let db = world.node.shared().opened.db.clone();
    let lane = tokio::spawn(async move {
        db.transact(|_| {
            Box::pin(async move {
                let _ = held.await;
                Ok::<_, DbError>(())
            })
        })
        .await
    });
    (release, lane)
}

pub(super) const BREAK: &str = "CREATE TRIGGER broken BEFORE INSERT ON ledger_entries BEGIN SELECT raise(ABORT, 'broken'); END";

#[tokio::test]
async fn an_answer_whose_decision_cannot_be_recorded_stays_here() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    world.jira.set_fault(Role::Jira, Some(Fault::Hold));
    let by_id = "/v1/issue?site=https://acme.atlassian.net&issue=10001&fields=summary";
    let asked = world.get(by_id, &ann);
    let broken = async {
        until("Jira is asked", || world.jira_saw().len() == 1).await;
        execute(&world, BREAK).await;
        world.jira.set_fault(Role::Jira, None);
    };
    let (answer, ()) = tokio::join!(asked, broken);
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert_eq!(answer.json()["code"], "log_unavailable");
    assert!(!answer.text.contains("Checkout"), "{}", answer.text);
    execute(&world, "DROP TRIGGER broken").await;
    assert_eq!(lines(&world.decisions().await)[0], "allow policy allowed");
}

#[tokio::test]
async fn a_log_that_cannot_be_written_stops_every_request() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    execute(&world, BREAK).await;
    let foreign = "/v1/issue?site=https://globex.atlassian.net&issue=GLOBEX-1";
    let targets = [
        ACME_1,
        foreign,
        "/v1/issue?site=https://nobody.atlassian.net&issue=XY-1",
        "/v1/whoami",
        "/v1/issue",
        "/nowhere",
    ];
    for target in targets {
        let answer = world.get(target, &ann).await;
        assert_eq!(answer.status, 503, "{target}: {}", answer.text);
        assert_eq!(answer.json()["code"], "log_unavailable", "{target}");
        assert_eq!(answer.header("retry-after"), "2");
    }
    let unauthenticated = world.get(ACME_1, "x").await;
    assert_eq!(unauthenticated.status, 503, "{}", unauthenticated.text);
    assert!(world.nothing_left());
    assert_eq!(world.admin("/readyz").await.status, 503);
    execute(&world, "DROP TRIGGER broken").await;
    assert!(world.decisions().await.is_empty());
    assert_eq!(world.get(ACME_1, &ann).await.status, 200);
    assert_eq!(world.admin("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_full_queue_of_the_log_is_told_and_nothing_is_sent() {
    // Long enough for the collector to take the first entry on a busy machine: nobody would be in the queue otherwise.
    let settings = "[ledger]\nqueue_entries_max = 1\nbatch_entries_max = 1\nqueue_wait_ms = 1000";
    let world = World::builder().settings(settings).start().await;
    let ledger = world.node.shared().opened.ledger.clone();
    // The write lane is busy: one entry waits with the collector, one in the queue.
    let (release, lane) = hold_lane(&world);
    let ann = world.token("acme", "ann");
    // Whichever comes when queue and collector are taken is told at once; the others wait for the lane.
    let asked = async {
        tokio::join!(
            world.get(ACME_1, &ann),
            world.get(ACME_1, &ann),
            world.get(ACME_1, &ann),
            world.get(ACME_1, &ann),
        )
    };
    let freed = async {
        until("the queue is full", || ledger.health().queued == 1).await;
        let refused = world.get(ACME_1, &ann).await;
        assert!(world.nothing_left());
        release.send(()).unwrap();
        refused
    };
    let (answers, refused) = tokio::join!(asked, freed);
    lane.await.unwrap().unwrap();
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert_eq!(refused.json()["code"], "log_full");
    assert_eq!(refused.header("retry-after"), "2");
    let statuses = [&answers.0, &answers.1, &answers.2, &answers.3].map(|answer| answer.status);
    let served = statuses.iter().filter(|status| **status == 200).count();
    let full = statuses.iter().filter(|status| **status == 503).count();
    assert_eq!((served, full), (2, 2), "{statuses:?}");
    // Who was told 503 is not in the log, and nothing was sent for it.
    let log = world.decisions().await;
    let allowed = log.iter().filter(|record| record["effect"] == "allow");
    assert_eq!(allowed.count(), 2, "{:?}", lines(&log));
    assert_eq!(world.jira_saw().len(), 2);
}

#[tokio::test]
async fn a_log_that_hangs_ends_the_request_in_its_time_and_nothing_is_sent() {
    let settings = "[limits]\nrequest_timeout_ms = 2350\nown_credential_wait_ms = 100";
    let world = World::builder().settings(settings).start().await;
    let (release, lane) = hold_lane(&world);
    let ann = world.token("acme", "ann");
    let foreign = "/v1/issue?site=https://globex.atlassian.net&issue=GLOBEX-1";
    let unknown = "/v1/issue?site=https://nobody.atlassian.net&issue=XY-1";
    let ask = async |target: &str| {
        let answer = world.get(target, &ann).await;
        assert_eq!(answer.status, 503, "{target}: {}", answer.text);
        assert_eq!(answer.json()["code"], "log_unavailable", "{target}");
    };
    tokio::join!(
        ask(ACME_1),
        ask(foreign),
        ask(unknown),
        ask("/v1/whoami"),
        ask("/nowhere"),
    );
    release.send(()).unwrap();
    lane.await.unwrap().unwrap();
    // What came into the log too late is there, and says of nothing that it was done.
    let log = world.decisions().await;
    let mut known = lines(&log);
    known.sort();
    let expected = [
        "allow authenticate allowed",
        "allow policy allowed",
        "deny parse unknown_route",
        "deny policy policy_denied",
        "deny resolve site_unknown",
    ];
    assert_eq!(known, expected);
    let is_allowed = |record: &&Value| record["stage"] == "policy" && record["effect"] == "allow";
    assert_eq!(log.iter().find(is_allowed).unwrap()["outcome"], "unknown");
    assert!(world.nothing_left());
    assert_eq!(world.get(ACME_1, &ann).await.status, 200);
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_an_outcome() {
    let world = World::new().await;
    world.jira.set_fault(Role::Jira, Some(Fault::Hang));
    let mut stream = TcpStream::connect(world.node.data_address()).await.unwrap();
    let head = format!("GET {ACME_1} HTTP/1.1\r\nhost: gate\r\n");
    let authorization = format!("authorization: JWT {}\r\n\r\n", world.token("acme", "ann"));
    let request = head + &authorization;
    stream.write_all(request.as_bytes()).await.unwrap();
    until("Jira is asked", || !world.jira_saw().is_empty()).await;
    assert_eq!(lines(&world.decisions().await), ["allow policy allowed"]);
    drop(stream);
    let mut log = Vec::new();
    let ended = async {
        while log.len() < 2 {
            log = world.decisions().await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(20), ended).await;
    assert!(in_time.is_ok(), "no outcome");
    let expected = ["allow policy allowed", "outcome 0 client_gone"];
    assert_eq!(lines(&log), expected);
    assert_eq!(log[0]["decision_id"], log[1]["decision_id"]);
    assert!(log[0]["outcome"].is_null(), "it is known how it ended");
}

#[tokio::test]
async fn a_stop_before_the_ruling_says_what_was_asked_for_and_what_was_told() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    let site = "/v1/issue?site=HTTPS%3A%2F%2FNobody.Atlassian.Net";
    let path = "/sites/ACME.atlassian.net/rest/api/3/issue";
    let cases = [
        (format!("{site}&issue=xy-1"), &ann[..], "getIssue", "XY-1"),
        (format!("{site}&issue=10001"), &ann, "findIssue", "10001"),
        (format!("{site}&issue=XY-1"), "x", "getIssue", "XY-1"),
        (
            format!("{site}&issue=XY-1&fields=*all"),
            &ann,
            "getIssue",
            "XY-1",
        ),
        (
            format!("{site}&nonsense=1&issue=XY-1"),
            &ann,
            "getIssue",
            "XY-1",
        ),
        (
            format!("{path}/acme-1?fields=%ff"),
            &ann,
            "getIssue",
            "ACME-1",
        ),
        (
            format!("{path}/acme-1?expand=changelog"),
            &ann,
            "getIssue",
            "ACME-1",
        ),
    ];
    for (target, token, action, id) in &cases {
        let _stopped = world.get(target, token).await;
        let log = world.decisions().await;
        let record = log.last().unwrap();
        assert_eq!(record["action"], *action, "{target}");
        assert_eq!(record["resource"]["id"], *id, "{target}");
        let written = record["site_asked"].as_str().unwrap();
        assert!(
            ["HTTPS://Nobody.Atlassian.Net", "ACME.atlassian.net"].contains(&written),
            "{written}"
        );
    }
    let malformed = world
        .get(&format!("{path}/nothing?fields=summary"), &ann)
        .await;
    assert_eq!(malformed.status, 400);
    let foreign = "/v1/issue?site=https://globex.atlassian.net&issue=GLOBEX-1";
    assert_eq!(world.get(foreign, &ann).await.status, 404);
    let log = world.decisions().await;
    let told = |record: &Value| (record["told_code"].clone(), record["told_status"].clone());
    let unseen = (json!("issue_not_visible"), json!(404));
    assert_eq!(told(&log[0]), unseen, "an unknown site");
    assert_eq!(
        told(&log[2]),
        (Value::Null, Value::Null),
        "what `code` says"
    );
    let [.., malformed, foreign] = &log[..] else {
        panic!("two records at least")
    };
    assert_eq!(malformed["site_asked"], "ACME.atlassian.net");
    assert!(malformed["action"].is_null() && malformed["resource"].is_null());
    assert_eq!(foreign["code"], "policy_denied");
    assert_eq!(told(foreign), unseen, "a foreign site");
    assert!(world.nothing_left());
}

#[tokio::test]
async fn without_a_policy_set_nothing_is_served() {
    let broken = World::builder().policy("15-broken.cedar", "permit (");
    let world = broken.start().await;
    let answer = world.get(ACME_1, &world.token("acme", "ann")).await;
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert_eq!(answer.json()["code"], "no_policies");
    assert_eq!(answer.header("retry-after"), "2");
    // Nor does it tell which sites there are.
    for site in ["globex", "nobody"] {
        let target = ACME_1.replace("acme", site);
        let other = world.get(&target, &world.token("acme", "ann")).await;
        assert_eq!(other.status, 503, "{}", other.text);
        assert_eq!(other.without_ids(), answer.without_ids(), "{site}");
    }
    assert!(world.nothing_left());
    let log = world.decisions().await;
    assert_eq!(lines(&log), ["deny policy no_policies"; 3]);
    assert_eq!(log[0]["decision_id"], answer.decision_id());
    let ready = world.admin("/readyz").await;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json()["parts"]["policies"]["ready"], false);
}

#[tokio::test]
async fn a_policy_that_errs_is_a_denial_and_says_so_in_the_log() {
    let errs = r#"@id("errs") @reason("This never shows.") forbid (principal, action, resource)
        when { (if context.ip.isLoopback() then 1 else 0) + 9223372036854775807 < 0 };"#;
    let world = World::builder().policy("30-errs.cedar", errs).start().await;
    let ready = world.admin("/readyz").await;
    assert_eq!(ready.status, 200, "{}", ready.text);
    let answer = world.get(ACME_1, &world.token("acme", "ann")).await;
    assert_eq!(answer.status, 403, "{}", answer.text);
    assert_eq!(answer.json()["code"], "policy_error");
    assert!(world.nothing_left());
    let log = world.decisions().await;
    assert_eq!(lines(&log), ["deny policy policy_error"]);
    assert_eq!(log[0]["denied_by"], "error");
    assert_eq!(log[0]["policies"][0]["id"], "errs");
    let errors = log[0]["evaluation_errors"].as_array().unwrap();
    assert!(
        errors[0].as_str().unwrap().contains("overflow"),
        "{errors:?}"
    );
    assert!(
        !answer.text.contains("overflow"),
        "causes are for the record"
    );
}

#[tokio::test]
async fn an_unknown_site_and_a_wrong_credential_end_before_the_policies() {
    let world = World::new().await;
    let unknown = "/v1/issue?site=https://nobody.atlassian.net&issue=ACME-1";
    let answer = world.get(unknown, &world.token("acme", "ann")).await;
    assert_eq!(answer.status, 404, "{}", answer.text);
    let wrong = world.get(ACME_1, "not.a.token").await;
    assert_eq!(wrong.status, 401, "{}", wrong.text);
    assert!(world.nothing_left());
    let log = world.decisions().await;
    let expected = [
        "deny resolve site_unknown",
        "deny authenticate unauthenticated",
    ];
    assert_eq!(lines(&log), expected);
    assert_eq!(log[0]["site_asked"], "https://nobody.atlassian.net");
    assert_eq!(log[0]["tenant"], world.site("acme").client_key());
    assert_eq!(log[1]["authentication_error"], "token_encoding");
}

/// No proof is asked for here: a set that forgets the separation goes live, and the comparison beside the policies is what is left.
#[tokio::test]
async fn a_policy_set_that_mixes_tenants_is_stopped_beside_the_policies() {
    let open = r#"@id("everybody-everything") permit (principal, action, resource);"#;
    let world = World::builder()
        .policy("00-tenant-separation.cedar", open)
        .start()
        .await;
    let foreign = "/v1/issue?site=https://globex.atlassian.net&issue=GLOBEX-1";
    let answer = world.get(foreign, &world.token("acme", "ann")).await;
    assert_eq!(answer.status, 404, "{}", answer.text);
    assert!(world.nothing_left());
    let log = world.decisions().await;
    // The first record says so: whoever reads the log never finds such a thing allowed.
    assert_eq!(lines(&log), ["deny policy tenant_breach"]);
    assert_eq!(log[0]["cross_tenant"], true);
    assert_eq!(log[0]["policies"][0]["id"], "everybody-everything");
    assert_eq!(log[0]["decision_id"], answer.decision_id());
    let alarm = "gatepost_tenant_breaches_total 1\n";
    assert!(world.metrics().await.contains(alarm), "an operator is told");
}
