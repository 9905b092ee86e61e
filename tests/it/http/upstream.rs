//! Jira and its authorization server in every bad mood: slow, broken, redirecting, too large, too busy, and answering what was not
//! asked.

use std::time::Duration;

use gatepost::standin::{Fault, Role};
use tokio::net::TcpListener;

use super::{ACME_1, lines};
use crate::world::World;

const BOUNDS: &str = "[limits]\nupstream_body_bytes_max = 100000";

/// The status, the code, and how the request stands in the log.
async fn asked(world: &World) -> (u16, String, Vec<String>) {
    let before = world.decisions().await.len();
    let answer = world.get(ACME_1, &world.token("acme", "ann")).await;
    assert!(!answer.text.contains("Checkout"), "{}", answer.text);
    let code = answer.json()["code"].as_str().unwrap().to_owned();
    assert_eq!(answer.json()["decision_id"], answer.decision_id());
    let log = world.decisions().await;
    let ends = log[before..]
        .iter()
        .filter(|record| record["kind"] == "outcome");
    for end in ends {
        let stage = if code == "jira_limit" {
            "limit"
        } else {
            "upstream"
        };
        let failed = answer.status == 429 || answer.status >= 500;
        assert_eq!(end["stage"] == stage, failed, "{end}");
    }
    (answer.status, code, lines(&log[before..]))
}

fn outcome(status: u16, code: &str) -> (u16, String, Vec<String>) {
    let lines = [
        "allow policy allowed".to_owned(),
        format!("outcome {status} {code}"),
    ];
    (status, code.to_owned(), lines.into())
}

#[tokio::test]
async fn an_answer_that_is_none_is_a_bad_gateway() {
    let world = World::builder().settings(BOUNDS).start().await;
    let issue = |text: &str| Fault::Instead(text.to_owned());
    let faults = [
        Fault::Status(500),
        Fault::Status(503),
        Fault::Status(302),
        Fault::Status(304),
        Fault::Status(201),
        Fault::Status(204),
        Fault::Status(418),
        Fault::CloseConnection,
        Fault::NotJson,
        Fault::Truncated,
        Fault::Oversized(100_001),
        Fault::Inflating(20_000_000),
        issue(""),
        issue("null"),
        issue("[]"),
        issue(r#"{"errorMessages":[],"errors":{}}"#),
        issue(r#"{"id":"10001","key":"ACME-1"}"#),
        issue(r#"{"id":"10001","key":"ACME-1","fields":{}}"#),
        issue(r#"{"id":"10001","key":"ACME-1","fields":{"project":null}}"#),
        issue(r#"{"key":"ACME-1","fields":{"project":{"key":"ACME"}}}"#),
        issue(r#"{"id":"10001","key":"ACME-1/x","fields":{"project":{"key":"ACME"}}}"#),
        // A key of one project, a project of another: it cannot be decided.
        issue(r#"{"id":"10001","key":"ACME-1","fields":{"project":{"key":"SECRET"}}}"#),
        issue(
            r#"{"id":"10001","key":"ACME-1","key":"SECRET-7","fields":{"project":{"key":"ACME"}}}"#,
        ),
        issue(&format!(
            r#"{{"id":"10001","key":"ACME-1","fields":{{"project":{{"key":"ACME"}},"labels":{}}}}}"#,
            "[".repeat(50_000)
        )),
    ];
    for fault in faults {
        world.jira.set_fault(Role::Jira, Some(fault.clone()));
        assert_eq!(
            asked(&world).await,
            outcome(502, "jira_failed"),
            "{fault:?}"
        );
    }
    world.jira.set_fault(Role::Jira, None);
    assert_eq!(
        world.get(ACME_1, &world.token("acme", "ann")).await.status,
        200
    );
}

#[tokio::test]
async fn a_slow_jira_is_a_gateway_timeout() {
    let bounds = "[limits]\nupstream_timeout_ms = 150\nupstream_connect_timeout_ms = 100";
    let world = World::builder().settings(bounds).start().await;
    world.jira.set_fault(Role::Jira, Some(Fault::Hang));
    assert_eq!(asked(&world).await, outcome(504, "jira_slow"));
    world
        .jira
        .set_fault(Role::Jira, Some(Fault::Delay(Duration::from_mins(1))));
    assert_eq!(asked(&world).await, outcome(504, "jira_slow"));
}

#[tokio::test]
async fn a_request_ends_with_its_time_whoever_keeps_it_waiting() {
    let bounds = "[limits]\nrequest_timeout_ms = 2350\nown_credential_wait_ms = 100";
    let world = World::builder().settings(bounds).start().await;
    world.jira.set_fault(Role::Token, Some(Fault::Hang));
    assert_eq!(asked(&world).await, outcome(504, "jira_slow"));
    assert!(world.seen(Role::Jira).is_empty());
    world.jira.set_fault(Role::Token, None);
    world.jira.set_fault(Role::Jira, Some(Fault::Hang));
    assert_eq!(asked(&world).await, outcome(504, "jira_slow"));
}

#[tokio::test]
async fn a_redirect_is_never_followed_wherever_it_leads() {
    let world = World::new().await;
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = world.jira.address();
    let targets = [
        format!("http://{}/", elsewhere.local_addr().unwrap()),
        format!("http://{own}/keys/steal"),
        "https://globex.atlassian.net/rest/api/3/issue/GLOBEX-1".to_owned(),
        "/rest/api/3/issue/ACME-2".to_owned(),
    ];
    for target in targets {
        world.jira.clear_requests();
        let redirect = Some(Fault::Redirect(target.clone()));
        world.jira.set_fault(Role::Jira, redirect.clone());
        assert_eq!(asked(&world).await, outcome(502, "jira_failed"), "{target}");
        assert_eq!(world.seen(Role::Jira).len(), 1, "{target}");
        assert!(world.seen(Role::Keys).is_empty(), "{target}");
    }
    world.jira.set_fault(Role::Jira, None);
    // The token server's redirect would carry the assertion along. Another user, as Ann's token is at hand.
    let target = format!("http://{}/", elsewhere.local_addr().unwrap());
    world
        .jira
        .set_fault(Role::Token, Some(Fault::Redirect(target)));
    let answer = world.get(ACME_1, &world.token("acme", "bob")).await;
    assert_eq!(answer.status, 502, "{}", answer.text);
    // Whoever had connected would be waiting to be accepted.
    let accepted = elsewhere.accept();
    tokio::pin!(accepted);
    let none = futures_now(accepted).await;
    assert!(none, "something reached the other host");
}

/// Whether a future is still pending when it is polled once.
pub(crate) async fn futures_now<T>(
    mut future: std::pin::Pin<&mut impl Future<Output = T>>,
) -> bool {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(future.as_mut().poll(context).is_pending())
    })
    .await
}

#[tokio::test]
async fn jiras_limit_is_passed_on_as_jiras() {
    let world = World::new().await;
    for role in [Role::Token, Role::Jira] {
        world
            .jira
            .set_fault(role, Some(Fault::RateLimited { retry_after_s: 17 }));
        let answer = world.get(ACME_1, &world.token("acme", "ann")).await;
        assert_eq!(answer.status, 429, "{}", answer.text);
        assert_eq!(answer.header("retry-after"), "17");
        assert_eq!(answer.json()["code"], "jira_limit");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(
            detail.contains("Jira's limit, not the gateway's"),
            "{detail}"
        );
        assert_eq!(answer.header("ratelimit-reason"), "");
        world.jira.set_fault(role, None);
    }
    world.jira.set_fault(Role::Jira, Some(Fault::Status(429)));
    let answer = world.get(ACME_1, &world.token("acme", "ann")).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "30"));
    let log = lines(&world.decisions().await);
    let pair = ["allow policy allowed", "outcome 429 jira_limit"];
    assert_eq!(log, [pair, pair, pair].concat());
}

#[tokio::test]
async fn what_jira_refuses_for_the_user_is_not_there() {
    let world = World::new().await;
    let unknown = ACME_1.replace("ACME-1", "ACME-999");
    let answer = world.get(&unknown, &world.token("acme", "ann")).await;
    let unseen = answer.without_ids();
    for status in [403, 404, 410] {
        world
            .jira
            .set_fault(Role::Jira, Some(Fault::Status(status)));
        let answer = world.get(ACME_1, &world.token("acme", "ann")).await;
        assert_eq!(answer.status, 404, "{status}");
        assert_eq!(answer.without_ids(), unseen, "{status}");
    }
    world.jira.set_fault(Role::Jira, Some(Fault::Status(400)));
    assert_eq!(asked(&world).await, outcome(400, "jira_refused"));
}

#[tokio::test]
async fn a_broken_authorization_server_is_told_apart_from_a_refusal() {
    let world = World::new().await;
    let token = |text: &str| Fault::Instead(text.to_owned());
    let faults = [
        (Fault::Status(400), "user_token_refused"),
        (Fault::Status(401), "user_token_refused"),
        (Fault::Status(403), "user_token_refused"),
        (Fault::Status(500), "token_server_failed"),
        (Fault::Status(503), "token_server_failed"),
        (Fault::CloseConnection, "token_server_failed"),
        (Fault::NotJson, "token_server_failed"),
        (Fault::Truncated, "token_server_failed"),
        (Fault::Oversized(10_000_000), "token_server_failed"),
        (Fault::Inflating(10_000_000), "token_server_failed"),
        (token("{}"), "token_server_failed"),
        (
            token(r#"{"access_token":"","expires_in":900,"token_type":"Bearer"}"#),
            "token_server_failed",
        ),
        (
            token(r#"{"access_token":"a\r\nx: y","expires_in":900,"token_type":"Bearer"}"#),
            "token_server_failed",
        ),
        (
            token(r#"{"access_token":"a","expires_in":900,"token_type":"mac"}"#),
            "token_server_failed",
        ),
        (
            token(r#"{"access_token":"a","expires_in":-1,"token_type":"Bearer"}"#),
            "token_server_failed",
        ),
    ];
    for (fault, code) in faults {
        world.jira.set_fault(Role::Token, Some(fault.clone()));
        assert_eq!(asked(&world).await, outcome(502, code), "{fault:?}");
    }
    assert!(world.seen(Role::Jira).is_empty());
    world.jira.set_fault(Role::Token, None);
    let answer = world.get(ACME_1, &world.token("acme", "ann")).await;
    assert_eq!(
        answer.status, 200,
        "a failure is not remembered: {}",
        answer.text
    );
}
