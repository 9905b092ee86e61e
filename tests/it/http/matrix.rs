//! Every route of the data plane by every kind of caller, against the reviewed table `tests/cases/matrix.txt`.

use std::fmt::Write as _;

use gatepost::control::command::Command;
use gatepost::http::templates;
use serde_json::{Value, json};

use crate::world::{NOON, World};

/// Kinds of callers, in the order of the table.
const CALLERS: [&str; 10] = [
    "nobody",
    "garbage",
    "expired token",
    "context token of the own tenant",
    "context token of another tenant",
    "request token for this request",
    "request token for another request",
    "context token, tenant suspended",
    "context token, tenant uninstalled",
    "callback signed by Atlassian",
];

/// A request for acme that the route is there for. A route without one has no row, which fails the test.
fn target(world: &World, template: &str) -> Option<String> {
    let cloud = world.site("acme").cloud_id().to_owned();
    Some(match template {
        "/ex/jira/{cloudId}/rest/api/{version}/issue/{issue}" => {
            format!("/ex/jira/{cloud}/rest/api/3/issue/ACME-1")
        }
        "/sites/{host}/rest/api/{version}/issue/{issue}" => {
            "/sites/acme.atlassian.net/rest/api/3/issue/ACME-1".to_owned()
        }
        "/v1/issue" => "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1".to_owned(),
        "/rest/api/{version}/issue/{issue}" => "/rest/api/3/issue/SECRET-7".to_owned(),
        template if template.contains("/rest/api/{version}/") => template
            .replace("{cloudId}", &cloud)
            .replace("{host}", "acme.atlassian.net")
            .replace("{version}", "3"),
        "/v1/whoami"
        | "/v1/check"
        | "/oauth/token/accessible-resources"
        | "/connect/atlassian-connect.json"
        | "/connect/installed"
        | "/connect/uninstalled" => template.to_owned(),
        _ => return None,
    })
}

fn expired(world: &World) -> String {
    let iat = NOON.seconds() - 1000;
    let claims = json!({
        "iss": world.site("acme").client_key(), "sub": gatepost::standin::account("ann"),
        "iat": iat, "exp": iat + 900, "qsh": "context-qsh",
    });
    let header = json!({"typ": "JWT", "alg": "HS256"});
    world.site("acme").token_with(&claims, &header, None)
}

/// The `Authorization` header of a caller, if it has one.
fn credential(world: &World, caller: &str, method: &str, target: &str) -> Option<String> {
    let acme = world.site("acme");
    let token = match caller {
        "nobody" => return None,
        "garbage" => "garbage".to_owned(),
        "expired token" => expired(world),
        "context token of another tenant" => world.token("globex", "eve"),
        "request token for this request" => acme.request_token("ann", method, target),
        "request token for another request" => acme.request_token("ann", method, "/v1/other"),
        "callback signed by Atlassian" => return Some(callback(world, target).authorization),
        _ => world.token("acme", "ann"),
    };
    Some(format!("JWT {token}"))
}

fn callback(world: &World, target: &str) -> gatepost::standin::Callback {
    if target == "/connect/uninstalled" {
        world.site("acme").uninstall(world.app_url())
    } else {
        world.site("acme").install(world.app_url())
    }
}

/// The world that a caller lives in.
async fn world_for(caller: &str) -> World {
    let world = World::new().await;
    match caller {
        "context token, tenant suspended" => {
            let (tenant, reason) = ("acme.atlassian.net".to_owned(), "a test".to_owned());
            world
                .command(Command::TenantSuspend { tenant, reason })
                .await;
        }
        "context token, tenant uninstalled" => {
            let callback = world.site("acme").uninstall(world.app_url());
            assert_eq!(world.deliver(&callback).await.status, 204);
        }
        _ => {}
    }
    world.jira.clear_requests();
    world
}

/// `200 allowed`, or the status and code of a refusal.
async fn answered(world: &World, caller: &str, method: &str, template: &str) -> String {
    let Some(target) = target(world, template) else {
        return "no case".to_owned();
    };
    let authorization = credential(world, caller, method, &target);
    let headers: Vec<(&str, &str)> = authorization
        .iter()
        .map(|value| ("authorization", value.as_str()))
        .collect();
    let signed = caller == "callback signed by Atlassian"
        && method == "POST"
        && target.starts_with("/connect/");
    let (status, text) = if signed {
        let answer = world.deliver(&callback(world, &target)).await;
        (answer.status, answer.text)
    } else if template == "/v1/check" {
        let body = r#"{"site":"https://acme.atlassian.net","issue":"ACME-1"}"#;
        check(world, authorization.as_deref(), body).await
    } else {
        let answer = world.send(method, &target, &headers).await;
        (answer.status, answer.text)
    };
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    let code = body["code"].as_str().unwrap_or("allowed");
    if code != "allowed" {
        assert!(world.jira_saw().is_empty(), "{method} {target} by {caller}");
    }
    format!("{status} {code}")
}

/// A check with this body: the status and the text of the answer.
async fn check(world: &World, authorization: Option<&str>, body: &str) -> (u16, String) {
    let credential = authorization.map(|value| format!("authorization: {value}\r\n"));
    let request = format!(
        "POST /v1/check HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n{}content-length: {}\r\n\r\n{body}",
        credential.unwrap_or_default(),
        body.len(),
    );
    let (status, answer) = super::wire::raw(world, request.as_bytes()).await;
    let text = answer
        .split_once("\r\n\r\n")
        .map(|(_, text)| text.to_owned());
    (status, text.unwrap_or_default())
}

#[tokio::test]
async fn every_route_answers_every_caller_as_the_table_says() {
    let routes: Vec<_> = templates().collect();
    let mut rows: Vec<String> = routes
        .iter()
        .map(|(method, template)| format!("{method} {template}\n"))
        .collect();
    for caller in CALLERS {
        let world = world_for(caller).await;
        for (row, (method, template)) in rows.iter_mut().zip(&routes) {
            world.jira.clear_requests();
            let answer = answered(&world, caller, method, template).await;
            writeln!(row, "    {caller:<36}{answer}").unwrap();
        }
    }
    let table = rows.join("\n");
    assert!(
        !table.contains("no case"),
        "a route has no case in this file:\n{table}"
    );
    let reviewed = include_str!("../../cases/matrix.txt");
    assert!(table == reviewed, "the table is now:\n{table}");
}
