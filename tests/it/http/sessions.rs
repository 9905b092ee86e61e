//! Sessions: opened once a token, bound to site and account, ended by time and by everything that ends trust.

use std::time::Duration;

use gatepost::standin::account;
use serde_json::json;

use crate::world::World;

const OWN: &str = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";
const FOREIGN: &str = "/v1/issue?site=https://globex.atlassian.net&issue=GLOBEX-1";

#[tokio::test]
async fn a_session_reads_what_its_user_reads_and_is_on_record() {
    let world = World::new().await;
    let session = world.session("acme", "ann").await;
    let answer = world.get_as(OWN, &session).await;
    assert_eq!(
        (answer.status, answer.json()["key"].as_str()),
        (200, Some("ACME-1"))
    );
    let log = world.log().await;
    let opened = log
        .iter()
        .find(|entry| entry["operation"] == "session.opened")
        .unwrap();
    assert_eq!(
        opened["detail"]["session"]
            .as_str()
            .unwrap()
            .split('_')
            .next(),
        Some("session")
    );
    assert_eq!(opened["by"], format!("account:{}", account("ann")));
    let decided = log
        .iter()
        .find(|entry| entry["action"] == "getIssue")
        .unwrap();
    assert_eq!(decided["credential"]["kind"], "session");
    assert_eq!(decided["credential"]["key_id"], opened["detail"]["session"]);
    let everything = serde_json::to_string(&log).unwrap();
    assert!(
        !everything.contains(&session) && !everything.contains(&session[4..20]),
        "a session is in the log"
    );
}

#[tokio::test]
async fn a_context_token_is_exchanged_once() {
    let world = World::new().await;
    let token = format!("JWT {}", world.token("acme", "ann"));
    let open = async || {
        world
            .send("POST", "/v1/sessions", &[("authorization", &token)])
            .await
            .status
    };
    assert_eq!((open().await, open().await), (201, 401));
    let log = world.decisions().await;
    let refused = log.iter().find(|entry| entry["code"] == "token_replayed");
    assert!(refused.is_some(), "{log:#?}");
}

#[tokio::test]
async fn a_request_token_opens_no_session() {
    let world = World::new().await;
    let token = world
        .site("acme")
        .request_token("ann", "POST", "/v1/sessions");
    let headers = [("authorization", format!("JWT {token}"))];
    let headers = headers
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    assert_eq!(
        world.send("POST", "/v1/sessions", &headers).await.status,
        401
    );
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_at_its_absolute_end() {
    let world = World::new().await;
    let session = world.session("acme", "ann").await;
    let read = async || world.get_as(OWN, &session).await.status;
    world.clock.advance(Duration::from_secs(899));
    assert_eq!(read().await, 200);
    world.clock.advance(Duration::from_mins(15));
    assert_eq!(read().await, 401);
    assert_eq!(read().await, 401, "a refused use is no use");

    let session = world.session("acme", "ann").await;
    for _ in 0..(8 * 6 - 1) {
        world.clock.advance(Duration::from_mins(10));
        assert_eq!(world.get_as(OWN, &session).await.status, 200);
    }
    world.clock.advance(Duration::from_mins(10));
    assert_eq!(world.get_as(OWN, &session).await.status, 401);
}

#[tokio::test]
async fn a_request_that_was_rewritten_is_refused_and_recorded_as_such() {
    let world = World::new().await;
    let session = world.session("acme", "ann").await;
    world.jira.clear_requests();
    let unknown = "/v1/issue?site=https://nowhere.atlassian.net&issue=GLOBEX-1";
    let acting = format!("{OWN}&act_as={}", account("bob"));
    let (foreign, unknown) = (
        world.get_as(FOREIGN, &session).await,
        world.get_as(unknown, &session).await,
    );
    assert_eq!((foreign.status, unknown.status), (404, 404));
    assert_eq!(foreign.without_ids(), unknown.without_ids());
    let acting = world.get_as(&acting, &session).await;
    assert_eq!(
        (acting.status, acting.json()["code"].as_str()),
        (403, Some("request_rewritten"))
    );
    let log = world.decisions().await;
    let codes: Vec<&str> = log
        .iter()
        .map(|entry| entry["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["request_rewritten"; 3]);
    assert_eq!(log[0]["cross_tenant"], true);
    assert_eq!(log[2]["denied_by"], "credential");
    assert!(world.nothing_left());
}

#[tokio::test]
async fn a_grant_does_not_let_a_session_act_as_another() {
    let world = World::new().await;
    world.edit_policy("50-delegates.cedar", "@id(\"delegates\") permit (principal, action, resource) when { principal.tenant == resource.tenant };").await;
    world
        .command(super::act_as_grant("acme.atlassian.net", "ann", "bob"))
        .await;
    let acting = format!("{OWN}&act_as={}", account("bob"));
    let token = world.token("acme", "ann");
    assert_eq!(world.get(&acting, &token).await.status, 200);
    let session = world.session("acme", "ann").await;
    assert_eq!(world.get_as(&acting, &session).await.status, 403);
}

#[tokio::test]
async fn logout_ends_a_session_for_good() {
    let world = World::new().await;
    let (one, other) = (
        world.session("acme", "ann").await,
        world.session("acme", "ann").await,
    );
    let bearer = format!("Bearer {one}");
    let logout = world
        .send(
            "DELETE",
            "/v1/sessions/current",
            &[("authorization", &bearer)],
        )
        .await;
    assert_eq!(logout.status, 204);
    assert_eq!(world.get_as(OWN, &one).await.status, 401);
    assert_eq!(world.get_as(OWN, &other).await.status, 200);
    let listed = world.get_as("/v1/sessions", &other).await.json();
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(listed["sessions"][0]["current"], true);
}

#[tokio::test]
async fn nobody_sees_or_ends_the_sessions_of_others() {
    let world = World::new().await;
    let (ann, bob) = (
        world.session("acme", "ann").await,
        world.session("acme", "bob").await,
    );
    let listed = world.get_as("/v1/sessions", &bob).await.json();
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 1);
    let ids = world.get_as("/v1/sessions", &ann).await.json();
    let id = ids["sessions"][0]["id"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {bob}");
    let ended = world
        .send(
            "DELETE",
            &format!("/v1/sessions/{id}"),
            &[("authorization", &bearer)],
        )
        .await;
    assert_eq!(ended.status, 404);
    assert_eq!(world.get_as(OWN, &ann).await.status, 200);
}

#[tokio::test]
async fn what_other_pages_send_through_a_browser_is_refused() {
    let world = World::new().await;
    let token = format!("JWT {}", world.fresh_token("acme", "ann"));
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let headers = [("authorization", token.as_str()), (name, value)];
        let answer = world.send("POST", "/v1/sessions", &headers).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (403, Some("other_origin")),
            "{name}: {value}"
        );
    }
    let own = [
        ("authorization", token.as_str()),
        ("origin", "http://127.0.0.1:8080"),
        ("sec-fetch-site", "same-origin"),
    ];
    assert_eq!(world.send("POST", "/v1/sessions", &own).await.status, 201);
}

#[tokio::test]
async fn an_account_has_a_bounded_number_of_sessions() {
    let world = World::new().await;
    for _ in 0..100 {
        world.session("acme", "ann").await;
    }
    let token = format!("JWT {}", world.fresh_token("acme", "ann"));
    let answer = world
        .send("POST", "/v1/sessions", &[("authorization", &token)])
        .await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (409, Some("too_many_credentials"))
    );
    world.session("acme", "bob").await;
    world.clock.advance(Duration::from_mins(15));
    world.session("acme", "ann").await;
}

#[tokio::test]
async fn a_session_outlives_a_restart_and_not_a_block() {
    let world = World::new().await;
    let session = world.session("acme", "ann").await;
    let world = world.restart("", async |_| {}).await;
    assert_eq!(world.get_as(OWN, &session).await.status, 200);
    let on = gatepost::control::command::BlockedName {
        account: Some(account("ann")),
        ..Default::default()
    };
    let block = gatepost::control::command::Command::Block {
        on: on.clone(),
        span_us: Some(1_000_000),
        reason: None,
    };
    world.command(block).await;
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(
        world.get_as(OWN, &session).await.status,
        401,
        "a block that is over has ended it all the same"
    );
    let fresh = world.session("acme", "ann").await;
    assert_eq!(world.get_as(OWN, &fresh).await.status, 200);
    let read = json!(world.get_as("/v1/whoami", &fresh).await.json()["credential"]["kind"]);
    assert_eq!(read, "session");
}

#[tokio::test]
async fn sessions_that_a_new_secret_ended_hide_none_that_is_open() {
    let world = World::new().await;
    let session = world.session("acme", "ann").await;
    let ended = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
        INSERT INTO sessions (hash, id, tenant, epoch, account, made_at, last_used_at, ends_at)
        SELECT randomblob(32), 'session_' || i, tenant, 0, account, made_at, last_used_at, ends_at + 1 FROM n, sessions";
    super::doors::execute(&world, ended).await;
    let listed = world.get_as("/v1/sessions", &session).await.json();
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&listed["sessions"][0]["current"], &listed["truncated"]),
        (&true.into(), &false.into())
    );
}
