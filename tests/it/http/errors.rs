//! What callers are told in error: the same members on every path, and nothing that tells one refusal from another.

use serde_json::json;

use super::{ACME_1, names};
use crate::world::{Answer, World};

const MEMBERS: [&str; 9] = [
    "code",
    "decision_id",
    "detail",
    "errorMessages",
    "errors",
    "hint",
    "status",
    "title",
    "type",
];

fn check(answer: &Answer, what: &str) {
    let body = answer.json();
    assert_eq!(names(&body), MEMBERS, "{what}");
    assert_eq!(body["status"], answer.status, "{what}");
    assert_eq!(body["decision_id"], answer.decision_id(), "{what}");
    let (detail, id) = (body["detail"].as_str().unwrap(), answer.decision_id());
    assert_eq!(
        body["errorMessages"],
        json!([format!("{detail} (decision {id})")]),
        "{what}"
    );
    assert_eq!(body["errors"], json!({}), "{what}");
    let urn = format!("urn:gatepost:problem:{}", body["code"].as_str().unwrap());
    assert_eq!(body["type"], urn, "{what}");
    assert!(detail.ends_with('.'), "{what}: {detail}");
    assert_eq!(
        answer.header("content-type"),
        "application/json;charset=UTF-8",
        "{what}"
    );
}

fn check_stamps(answer: &Answer, what: &str) {
    assert_eq!(answer.decision_id().len(), 36, "{what}");
    assert_eq!(answer.header("x-request-id").len(), 36, "{what}");
    assert_ne!(
        answer.decision_id(),
        answer.header("x-request-id"),
        "{what}"
    );
    assert_eq!(answer.header("cache-control"), "no-store", "{what}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
}

#[tokio::test]
async fn every_answer_carries_its_ids_and_is_in_the_log_under_them() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    let targets = [
        (ACME_1, 200),
        ("/v1/whoami", 200),
        ("/connect/atlassian-connect.json", 200),
        ("/nowhere", 404),
        ("/rest/api/3/issue/ACME-1", 200),
        ("/v1/issue", 400),
        (
            "/v1/issue?site=https://globex.atlassian.net&issue=GLOBEX-1",
            404,
        ),
        ("/sites/acme.atlassian.net/rest/api/3/issue/ACME-999", 404),
        ("/connect/installed", 404),
        ("/ex/jira/rest/api/3/issue/ACME-1", 400),
        ("/sites/acme.atlassian.net/rest/api/3/issue/%ff", 400),
    ];
    for (target, status) in targets {
        let answer = world.get(target, &ann).await;
        assert_eq!(answer.status, status, "{target}: {}", answer.text);
        check_stamps(&answer, target);
        if status >= 400 {
            check(&answer, target);
        }
        let log = world.decisions().await;
        let found = log
            .iter()
            .find(|record| record["decision_id"] == answer.decision_id());
        let record = found.unwrap_or_else(|| panic!("no record: {target}"));
        assert_eq!(
            record["request_id"],
            answer.header("x-request-id"),
            "{target}"
        );
    }
    let refused = world.get(ACME_1, "x").await;
    check_stamps(&refused, "401");
    check(&refused, "401");
    let callback = world.send("POST", "/connect/installed", &[]).await;
    assert_eq!(callback.status, 401, "{}", callback.text);
    check_stamps(&callback, "callback");
    check(&callback, "callback");
}

#[tokio::test]
async fn what_is_foreign_unknown_or_unseen_is_told_alike() {
    let world = World::new().await;
    let bob = world.token("acme", "bob");
    let (acme, globex) = (world.site("acme"), world.site("globex"));
    let targets = [
        "/v1/issue?site=https://globex.atlassian.net&issue=GLOBEX-1".to_owned(),
        "/v1/issue?site=https://globex.atlassian.net&issue=GLOBEX-999".to_owned(),
        "/v1/issue?site=https://globex.atlassian.net&issue=10001".to_owned(),
        "/v1/issue?site=https://nobody.atlassian.net&issue=GLOBEX-1".to_owned(),
        "/v1/issue?site=https://acme.atlassian.net&issue=ACME-999".to_owned(),
        "/v1/issue?site=https://acme.atlassian.net&issue=SECRET-7".to_owned(),
        "/v1/issue?site=https://acme.atlassian.net&issue=10107".to_owned(),
        "/sites/globex.atlassian.net/rest/api/3/issue/GLOBEX-1".to_owned(),
        "/sites/acme.atlassian.net/rest/api/2/issue/SECRET-7".to_owned(),
        format!("/ex/jira/{}/rest/api/3/issue/GLOBEX-1", globex.cloud_id()),
        format!("/ex/jira/{}/rest/api/3/issue/SECRET-7", acme.cloud_id()),
        "/ex/jira/00000000-0000-4000-8000-000000000000/rest/api/3/issue/XY-1".to_owned(),
    ];
    let mut told = Vec::new();
    for target in &targets {
        let answer = world.get(target, &bob).await;
        assert_eq!(answer.status, 404, "{target}: {}", answer.text);
        check(&answer, target);
        let sentence = "Issue does not exist or you do not have permission to see it.";
        assert_eq!(answer.json()["detail"], sentence);
        let mut headers: Vec<_> = answer
            .headers
            .iter()
            .filter(|(name, _)| {
                !["date", "x-request-id", "x-gatepost-decision"].contains(&name.as_str())
            })
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        headers.sort();
        told.push((answer.without_ids(), headers));
    }
    for (target, one) in targets.iter().zip(&told) {
        assert_eq!(one, &told[0], "{target}");
    }
}

#[tokio::test]
async fn a_problem_document_is_for_those_who_ask_for_it() {
    let world = World::new().await;
    for accept in [
        "application/problem+json",
        "application/json, application/problem+json;q=0.9",
    ] {
        let answer = world.get_with("/nowhere", &[("accept", accept)]).await;
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{accept}"
        );
        let body = answer.json();
        let members = [
            "code",
            "decision_id",
            "detail",
            "hint",
            "status",
            "title",
            "type",
        ];
        assert_eq!(names(&body), members);
        check_stamps(&answer, accept);
    }
    for accept in [
        "*/*",
        "application/json",
        "text/html",
        "application/problem+xml",
    ] {
        let answer = world.get_with("/nowhere", &[("accept", accept)]).await;
        check(&answer, accept);
    }
}

#[tokio::test]
async fn a_refusal_by_policy_tells_reason_and_code_and_no_policy() {
    let rule = r#"@id("internal-rule-name") @code("friday") @reason("Nobody reads on Fridays.") @owner("ops")
        forbid (principal, action, resource);"#;
    let world = World::builder()
        .policy("30-friday.cedar", rule)
        .start()
        .await;
    let answer = world.get(ACME_1, &world.token("acme", "ann")).await;
    assert_eq!(answer.status, 403, "{}", answer.text);
    check(&answer, "403");
    assert_eq!(answer.json()["detail"], "Nobody reads on Fridays.");
    assert_eq!(answer.json()["code"], "friday");
    for inside in [
        "internal-rule-name",
        "30-friday",
        "ops",
        "members-read",
        "sha256",
    ] {
        assert!(!answer.text.contains(inside), "{}", answer.text);
    }
    assert!(world.nothing_left());
    let log = world.decisions().await;
    assert_eq!(log[0]["policies"][0]["id"], "internal-rule-name");
    assert_eq!(
        (&log[0]["code"], &log[0]["effect"]),
        (&"friday".into(), &"deny".into())
    );
}

#[tokio::test]
async fn too_large_a_body_is_refused_before_it_is_read_whole() {
    let world = World::builder()
        .settings("[limits]\nbody_bytes_max = 100")
        .not_installed()
        .start()
        .await;
    let callback = gatepost::standin::Callback {
        body: "x".repeat(101),
        ..world.site("acme").install(world.app_url())
    };
    let answer = world.deliver(&callback).await;
    assert_eq!(answer.status, 413, "{}", answer.text);
    check(&answer, "413");
}
