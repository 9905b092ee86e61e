//! What a user of a Forge app gets: with the token beside the request, with a session, with a key; and what is sent where for it.

use std::time::Duration;

use gatepost::control::command::Command;
use gatepost::standin::{Fault, Role, account};
use serde_json::{Value, json};

use crate::world::{Answer, World};

const ISSUE: &str = "/rest/api/3/issue/INITECH-1";
const WHOAMI: &str = "/v1/whoami";
const HOUR: Duration = Duration::from_hours(1);

async fn exchange(world: &World, target: &str, body: &Value) -> Answer {
    let token = world.site("initech").invocation_token(Some("ann"));
    world
        .send_json("POST", target, &format!("Bearer {token}"), body)
        .await
}

async fn show(world: &World) -> Value {
    let tenant = "initech.atlassian.net".to_owned();
    world.command(Command::TenantShow { tenant }).await["forge"].clone()
}

fn kinds(world: &World) -> Vec<(Role, Option<&'static str>)> {
    let seen = world.jira.requests();
    seen.iter()
        .map(|seen| (seen.role, seen.credential))
        .collect()
}

/// Headers of an invocation by one person, beside which is another's token.
fn with_token_of(world: &World, person: &str, other: &str) -> Vec<(String, String)> {
    let initech = world.site("initech");
    let mut headers = initech.forge_headers(Some(person));
    headers.retain(|(name, _)| name != "x-forge-oauth-user");
    headers.push(("x-forge-oauth-user".to_owned(), initech.user_token(other)));
    headers
}

/// What was asked at the API host below the site, without queries.
fn at_api_host(world: &World) -> Vec<String> {
    let base = format!("/ex/jira/{}", world.site("initech").cloud_id());
    let seen = world.seen(Role::Api).into_iter();
    seen.map(|seen| {
        let path = seen.target.split('?').next().unwrap();
        path.strip_prefix(&base).unwrap().to_owned()
    })
    .collect()
}

const MYSELF: &str = "/rest/api/3/myself";

#[tokio::test]
async fn the_token_beside_the_request_reads_as_its_user() {
    let world = World::with_initech().await;
    let mut headers = world.site("initech").forge_headers(Some("ann"));
    let answer = world.invoke("GET", ISSUE, &headers).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let own = (Role::Api, Some("forge_user_token"));
    assert_eq!(kinds(&world), [own, own]);
    // Whose it is, is asked once.
    assert_eq!(at_api_host(&world), [MYSELF, ISSUE]);
    let seen = world.seen(Role::Api);
    assert_eq!(seen[1].account.as_deref(), Some(account("ann").as_str()));
    let fresh = world.site("initech").invocation_token(Some("ann"));
    headers[0].1 = format!("Bearer {fresh}");
    let again = world.invoke("GET", ISSUE, &headers).await;
    assert_eq!(again.status, 200, "{}", again.text);
    assert_eq!(at_api_host(&world), [MYSELF, ISSUE, ISSUE]);
}

#[tokio::test]
async fn a_token_of_somebody_else_beside_the_request_reads_and_supervises_nothing() {
    let world = World::with_initech().await;
    // Of an administrator, and the other way round; asked twice, since the second time it is known whose it is.
    let headers = with_token_of(&world, "ann", "carol");
    for target in [ISSUE, "/v1/site", ISSUE] {
        let mut headers = headers.clone();
        let fresh = world.site("initech").invocation_token(Some("ann"));
        headers[0].1 = format!("Bearer {fresh}");
        let answer = world.invoke("GET", target, &headers).await;
        assert_eq!(answer.status, 401, "{target}: {}", answer.text);
        assert_eq!(answer.json()["code"], "unauthenticated");
    }
    assert_eq!(at_api_host(&world), [MYSELF]);
    let outcome = world.decisions().await.pop().unwrap();
    assert_eq!(outcome["stage"], "upstream", "{outcome}");
    assert_eq!(outcome["detail"]["cause"], "foreign_user_token");
    let carols = with_token_of(&world, "carol", "ann");
    assert_eq!(world.invoke("GET", "/v1/site", &carols).await.status, 401);
    // With her own, or none, Carol supervises.
    let own = world.site("initech").forge_headers(Some("carol"));
    let answer = world.invoke("GET", "/v1/site", &own).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn a_token_beside_the_request_of_which_jira_does_not_say_whose_it_is_is_not_used() {
    let world = World::with_initech().await;
    let myself = |body: &str| {
        let ann = account("ann");
        Fault::Instead(format!(r#"{{"accountId":"{ann}"{body}}}"#))
    };
    for (fault, status) in [
        (myself(r#","accountType":"atlassian","active":false"#), 401),
        (myself(r#","accountType":"atlassian""#), 401),
        (myself(r#","active":true"#), 401),
        (Fault::Status(401), 502),
        (Fault::FailedLogin, 502),
        (Fault::Status(403), 404),
        (Fault::Status(500), 502),
        (Fault::RateLimited { retry_after_s: 7 }, 429),
        (Fault::NotJson, 401),
        (Fault::CloseConnection, 502),
    ] {
        world.jira.clear_requests();
        world.jira.set_fault_times(Role::Api, fault.clone(), 1);
        let headers = world.site("initech").forge_headers(Some("ann"));
        let answer = world.invoke("GET", ISSUE, &headers).await;
        assert_eq!(answer.status, status, "{fault:?}: {}", answer.text);
        assert_eq!(at_api_host(&world), [MYSELF], "{fault:?}");
    }
}

#[tokio::test]
async fn without_it_the_app_asks_for_one() {
    let world = World::with_initech().await;
    let token = || world.site("initech").invocation_token(Some("ann"));
    for _ in 0..2 {
        let answer = world.get_fit(ISSUE, &token()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    // Asked once, used twice; nothing goes to the site's own host.
    let graph = (Role::Graph, Some("forge_system_token"));
    let api = (Role::Api, Some("forge_user_token"));
    assert_eq!(kinds(&world), [graph, api, api]);
}

#[tokio::test]
async fn sessions_and_keys_come_from_a_token_of_forges() {
    let world = World::with_initech().await;
    let opened = exchange(&world, "/v1/sessions", &json!({})).await;
    assert_eq!(opened.status, 201, "{}", opened.text);
    let session = opened.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(world.get_as(ISSUE, &session).await.status, 200);
    let made = exchange(&world, "/v1/keys", &json!({"name": "ci"})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let key = made.json()["key"].as_str().unwrap().to_owned();
    assert_eq!(world.get_as(ISSUE, &key).await.status, 200);
    // One's own are seen and ended with such a token as well.
    let token = || world.site("initech").invocation_token(Some("ann"));
    let keys = world.get_fit("/v1/keys", &token()).await;
    assert_eq!(keys.status, 200, "{}", keys.text);
    let id = keys.json()["keys"][0]["id"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {}", token());
    let revoked = world
        .send(
            "DELETE",
            &format!("/v1/keys/{id}"),
            &[("authorization", &bearer)],
        )
        .await;
    assert_eq!(revoked.status, 204, "{}", revoked.text);
    assert_eq!(world.get_as(WHOAMI, &key).await.status, 401);
    let session_list = world.get_fit("/v1/sessions", &token()).await;
    assert_eq!(session_list.json()["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_token_makes_one_key_or_one_session() {
    let world = World::with_initech().await;
    let token = world.site("initech").invocation_token(Some("ann"));
    let bearer = format!("Bearer {token}");
    let body = json!({"name": "ci"});
    let made = world.send_json("POST", "/v1/keys", &bearer, &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    for target in ["/v1/keys", "/v1/sessions"] {
        let again = world.send_json("POST", target, &bearer, &body).await;
        assert_eq!(again.status, 401, "{target} {}", again.text);
    }
    // Jira's page is opened with Jira's own token alone.
    let token = world.site("initech").invocation_token(Some("ann"));
    let page = world.get_fit("/connect/page", &token).await;
    assert_eq!(page.status, 401, "{}", page.text);
}

#[tokio::test]
async fn a_stale_token_for_the_app_has_a_code_of_its_own() {
    let world = World::with_initech().await;
    let key = world.forge_key("initech", "ann").await;
    assert_eq!(show(&world).await["system_token"], "good");
    let metrics = world.metrics().await;
    assert!(
        metrics.contains("gatepost_forge_system_tokens_stale 0"),
        "{metrics}"
    );
    assert!(
        metrics.contains("gatepost_forge_system_tokens_end_seconds 14400"),
        "{metrics}"
    );
    world.clock.advance(HOUR * 4);
    world.jira.clear_requests();
    let answer = world.get_as(ISSUE, &key).await;
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert_eq!(answer.json()["code"], "forge_token_stale");
    assert_eq!(answer.header("retry-after"), "300");
    assert!(world.nothing_left());
    assert_eq!(show(&world).await["system_token"], "stale");
    assert!(
        world
            .metrics()
            .await
            .contains("gatepost_forge_system_tokens_stale 1")
    );
    assert_eq!(
        world.admin("/readyz").await.json()["parts"]["forge"]["stale"],
        1
    );
    // With the user's own token beside the request nothing is missing.
    let headers = world.site("initech").forge_headers(Some("ann"));
    assert_eq!(world.invoke("GET", ISSUE, &headers).await.status, 200);
    assert_eq!(world.trigger("initech").await.status, 204);
    assert_eq!(world.get_as(ISSUE, &key).await.status, 200);
}

#[tokio::test]
async fn what_atlassian_refuses_is_told_and_shown() {
    let world = World::with_initech().await;
    let key = world.forge_key("initech", "ann").await;
    let initech = world.site("initech");
    initech.set_out_of_reach("ann", true);
    let answer = world.get_as(ISSUE, &key).await;
    assert_eq!(answer.status, 502, "{}", answer.text);
    assert_eq!(answer.json()["code"], "user_token_refused");
    assert_eq!(show(&world).await["refused"], Value::Null);
    initech.set_out_of_reach("ann", false);
    world
        .jira
        .set_fault(Role::Graph, Some(Fault::RateLimited { retry_after_s: 7 }));
    let answer = world.get_as(ISSUE, &key).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "7"));
    world.jira.set_fault(Role::Graph, None);
    // Nobody tells that the app was removed: Atlassian refuses what it asks.
    initech.uninstall_from_forge();
    let answer = world.get_as(ISSUE, &key).await;
    assert_eq!(answer.status, 502, "{}", answer.text);
    assert_eq!(show(&world).await["refused"]["status"], 401);
}

#[tokio::test]
async fn a_users_token_that_was_ended_is_asked_for_anew_once() {
    let world = World::with_initech().await;
    let key = world.forge_key("initech", "ann").await;
    assert_eq!(world.get_as(ISSUE, &key).await.status, 200);
    world.jira.clear_requests();
    world.jira.set_fault_times(Role::Api, Fault::Status(401), 1);
    assert_eq!(world.get_as(ISSUE, &key).await.status, 200);
    let roles: Vec<Role> = kinds(&world).into_iter().map(|(role, _)| role).collect();
    assert_eq!(roles, [Role::Api, Role::Graph, Role::Api]);
}

#[tokio::test]
async fn a_linked_tenant_keeps_the_grant_of_connect() {
    let world = World::new().await;
    world.past_the_start();
    let acme = world.site("acme");
    let installed = world.deliver(&acme.install_on_forge(world.app_url())).await;
    assert_eq!(installed.status, 204, "{}", installed.text);
    world.jira.clear_requests();
    let issue = "/rest/api/3/issue/ACME-1";
    let answer = world
        .get_fit(issue, &acme.invocation_token(Some("ann")))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let roles: Vec<Role> = kinds(&world)
        .into_iter()
        .map(|(role, _)| role)
        .filter(|role| *role != Role::Forge)
        .collect();
    assert_eq!(roles, [Role::Token, Role::Jira]);
    // With the user's token beside the request, at the API host.
    world.jira.clear_requests();
    let answer = world
        .invoke("GET", issue, &acme.forge_headers(Some("ann")))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let own = (Role::Api, Some("forge_user_token"));
    assert_eq!(kinds(&world), [own, own]);
}

#[tokio::test]
async fn a_suspension_under_way_gives_nothing() {
    let world = World::with_initech().await;
    let key = world.forge_key("initech", "ann").await;
    world.jira.set_fault(Role::Graph, Some(Fault::Hold));
    let (answer, ()) = tokio::join!(world.get_as(ISSUE, &key), async {
        crate::world::until("the token is asked for", || {
            !world.seen(Role::Graph).is_empty()
        })
        .await;
        let (tenant, reason) = ("initech.atlassian.net".to_owned(), "a test".to_owned());
        world
            .command(Command::TenantSuspend { tenant, reason })
            .await;
        world.jira.set_fault(Role::Graph, None);
    });
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert!(world.seen(Role::Api).is_empty());
}

#[tokio::test]
async fn an_account_of_another_site_reads_nothing_here() {
    let world = World::with_initech().await;
    let acme = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";
    let token = world.site("initech").invocation_token(Some("ann"));
    let foreign = world.get_fit(acme, &token).await;
    let unknown = acme.replace("acme.atlassian", "nowhere.atlassian");
    let token = world.site("initech").invocation_token(Some("ann"));
    let unknown = world.get_fit(&unknown, &token).await;
    assert_eq!((foreign.status, unknown.status), (404, 404));
    assert_eq!(foreign.without_ids(), unknown.without_ids());
    assert!(world.nothing_left());
}

#[tokio::test]
async fn a_page_on_forge_is_told_status_and_refusal_in_a_body() {
    let world = World::with_initech().await;
    let initech = world.site("initech");
    let asked = async |method: &str, target: &str| {
        let mut headers = initech.forge_headers(Some("ann"));
        headers.push(("x-gatepost-answer".to_owned(), "whole".to_owned()));
        world.invoke(method, target, &headers).await
    };
    let good = asked("GET", WHOAMI).await;
    assert_eq!(good.status, 200);
    assert_eq!(good.json()["status"], 200);
    assert_eq!(good.json()["told"]["account"], account("ann"));
    let refused = asked("GET", "/rest/api/3/issue/INITECH-99").await;
    assert_eq!(
        (refused.status, &refused.json()["status"]),
        (200, &json!(404))
    );
    assert_eq!(refused.json()["told"]["decision_id"], refused.decision_id());
    let ended = asked(
        "DELETE",
        "/v1/keys/key_0192d3a0-0000-7000-8000-00000000abcd",
    )
    .await;
    assert_eq!(ended.json()["status"], 404);
    let log = world.log().await;
    let outcome = log.iter().rfind(|record| {
        record["kind"] == "outcome" && record["decision_id"] == refused.decision_id()
    });
    assert_eq!(outcome.unwrap()["outcome"]["status"], 404);
    // Nobody else is.
    let headers = [("x-gatepost-answer", "whole")];
    assert_eq!(world.send("GET", WHOAMI, &headers).await.status, 401);
}
