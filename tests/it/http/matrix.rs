//! Every route of the data plane by every kind of caller, against the reviewed table `tests/cases/matrix.txt`.

use std::fmt::Write as _;

use gatepost::control::command::Command;
use gatepost::http::templates;
use serde_json::{Value, json};

use crate::world::{COMPANY, NOON, World};

/// Kinds of callers, in the order of the table.
const CALLERS: [&str; 29] = [
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
    "session of the own tenant",
    "session of another tenant",
    "session after logout",
    "session, account blocked",
    "client key of the own tenant",
    "client key of another tenant",
    "revoked client key",
    "token of Forge's of the own tenant",
    "token of Forge's of another tenant",
    "token of Forge's of another app",
    "token of Forge's of a schedule",
    "api token of the own tenant",
    "api token of another tenant",
    "api token, site takes none",
    "access token of the own tenant",
    "access token for another site",
    "provider's token of the own tenant",
    "provider's token of another tenant",
    "provider's token of nobody's",
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
        | "/connect/uninstalled"
        | "/connect/page"
        | "/forge/remote/trigger"
        | "/v1/sessions"
        | "/v1/sessions/current"
        | "/v1/keys"
        | "/v1/grants"
        | "/v1/site"
        | "/v1/site/grants"
        | "/v1/site/blocks"
        | "/openapi.json"
        | "/docs" => template.to_owned(),
        "/v1/sessions/{id}" => "/v1/sessions/session_0".to_owned(),
        "/v1/keys/{id}" => "/v1/keys/key_0".to_owned(),
        "/v1/grants/{id}" => "/v1/grants/grant_0".to_owned(),
        template if template.starts_with("/v1/site/") => template.replace("{id}", "x_0"),
        "/connect/page/{edition}/{file}" => {
            format!(
                "/connect/page/{}/page.css",
                gatepost::http::connect_page::edition()
            )
        }
        "/docs/{file}" => "/docs/docs.css".to_owned(),
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
fn credential(world: &World, caller: &Caller, method: &str, target: &str) -> Option<String> {
    if let Some(own) = &caller.own {
        return Some(own.clone());
    }
    if let Some(bearer) = &caller.bearer {
        return Some(format!("Bearer {bearer}"));
    }
    let acme = world.site("acme");
    let token = match caller.name {
        "nobody" => return None,
        "garbage" => "garbage".to_owned(),
        "expired token" => expired(world),
        "context token of another tenant" => world.fresh_token("globex", "eve"),
        "request token for this request" => acme.request_token("ann", method, target),
        "request token for another request" => acme.request_token("ann", method, "/v1/other"),
        name if name.starts_with("token of Forge's") => return Some(of_forge(world, name)),
        name if name.starts_with("provider's token") => return Some(of_provider(world, name)),
        "callback signed by Atlassian" => return Some(callback(world, target).authorization),
        // A token that opens a session is spent for every other row.
        _ => world.fresh_token("acme", "ann"),
    };
    Some(format!("JWT {token}"))
}

/// A token of Forge's, whose installation acme's install is linked to.
fn of_forge(world: &World, caller: &str) -> String {
    let (acme, initech) = (world.site("acme"), world.site("initech"));
    let token = match caller {
        "token of Forge's of another tenant" => initech.invocation_token(Some("eve")),
        "token of Forge's of another app" => acme.foreign_invocation_token(Some("ann")),
        "token of Forge's of a schedule" => acme.invocation_token(None),
        _ => acme.invocation_token(Some("ann")),
    };
    format!("Bearer {token}")
}

/// A token of the provider that acme and globex share.
fn of_provider(world: &World, caller: &str) -> String {
    let token = match caller {
        "provider's token of another tenant" => world.company_token("globex-org", "eve"),
        "provider's token of nobody's" => world.company_token("nobodys-org", "ann"),
        _ => world.company_token("acme-org", "ann"),
    };
    format!("Bearer {token}")
}

fn callback(world: &World, target: &str) -> gatepost::standin::Callback {
    if target == "/connect/uninstalled" {
        world.site("acme").uninstall(world.app_url())
    } else {
        world.site("acme").install(world.app_url())
    }
}

/// Somebody who calls, with what was made for them before.
struct Caller {
    name: &'static str,
    bearer: Option<String>,
    /// A credential that Atlassian gave to a user.
    own: Option<String>,
}

/// An API token or an access token, as the caller's name says.
fn own(world: &World, caller: &str) -> Option<String> {
    let (person, site) = if caller.contains("another") {
        ("eve", "globex")
    } else {
        ("ann", "acme")
    };
    match caller.split_once(' ')? {
        ("api", _) => Some(world.own("api_token", person, &[])),
        ("access", _) => Some(world.own("oauth_token", person, &[site])),
        _ => None,
    }
}

/// A session or client key, as the caller's name says.
async fn bearer(world: &World, caller: &str) -> Option<String> {
    let (site, person) = if caller.contains("another tenant") {
        ("globex", "eve")
    } else {
        ("acme", "ann")
    };
    if caller.starts_with("session") {
        let session = world.session(site, person).await;
        match caller {
            "session after logout" => end(world, "/v1/sessions/current", &session).await,
            "session, account blocked" => world.block(Some(person), None).await,
            _ => {}
        }
        return Some(session);
    }
    if !caller.contains("client key") {
        return None;
    }
    let made = world.key(site, person, json!({})).await;
    if caller == "revoked client key" {
        let session = world.session(site, person).await;
        let target = format!("/v1/keys/{}", made["id"].as_str().unwrap());
        end(world, &target, &session).await;
    }
    Some(made["key"].as_str().unwrap().to_owned())
}

async fn end(world: &World, target: &str, session: &str) {
    let bearer = format!("Bearer {session}");
    let headers = [("authorization", bearer.as_str())];
    assert_eq!(world.send("DELETE", target, &headers).await.status, 204);
}

/// The world that a caller lives in.
async fn world_for(name: &'static str) -> (World, Caller) {
    // One caller tries more routes than one address may have credentials checked.
    let settings = format!("{COMPANY}[limits]\nown_credentials_per_source = 1000");
    let world = World::builder().settings(&settings).start().await;
    if name.starts_with("token of Forge's") {
        world.past_the_start();
        let callback = world.site("acme").install_on_forge(world.app_url());
        assert_eq!(world.deliver(&callback).await.status, 204);
        assert_eq!(world.trigger("initech").await.status, 204);
        // What the bare form asks for, as on the other sites.
        let initech = world.site("initech");
        initech.add_issue("SECRET-7", "Of initech alone");
        initech.allow("eve", "SECRET");
    }
    let (bearer, own) = (bearer(&world, name).await, own(&world, name));
    if own.is_some() && !name.ends_with("none") {
        for site in ["acme", "globex"] {
            world.allow_own(site, &crate::world::own::BOTH).await;
        }
    }
    match name {
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
    (world, Caller { name, bearer, own })
}

const WITH_BODY: [&str; 5] = [
    "/v1/keys",
    "/v1/check",
    "/v1/grants",
    "/v1/site/blocks",
    "/v1/site/grants",
];

/// A grant to somebody else, and what more the route takes.
fn grant(more: &Value) -> Value {
    let mut body = json!({"account": "else", "actions": ["read"], "for_s": 60, "reason": "a test"});
    let more = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    body
}

/// `200 allowed`, or the status and code of a refusal.
async fn answered(world: &World, caller: &Caller, method: &str, template: &str) -> String {
    let Some(target) = target(world, template) else {
        return "no case".to_owned();
    };
    let authorization = credential(world, caller, method, &target);
    let headers: Vec<(&str, &str)> = authorization
        .iter()
        .map(|value| ("authorization", value.as_str()))
        .collect();
    let is_callback = method == "POST" && target.starts_with("/connect/");
    let signed = caller.name == "callback signed by Atlassian" && is_callback;
    let body = match template {
        "/v1/keys" => json!({"name": "ci"}),
        "/v1/site/blocks" => json!({"account": "somebody"}),
        "/v1/grants" => grant(&json!({})),
        "/v1/site/grants" => grant(&json!({"act_as": "somebody"})),
        _ => json!({"site": "https://acme.atlassian.net", "issue": "ACME-1"}),
    };
    let answer = if signed {
        world.deliver(&callback(world, &target)).await
    } else if method == "POST" && WITH_BODY.contains(&template) {
        let authorization = authorization.as_deref().unwrap_or_default();
        world.send_json(method, &target, authorization, &body).await
    } else {
        world.send(method, &target, &headers).await
    };
    let (status, text) = (answer.status, answer.text);
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    // People are refused by a page, which has no code.
    let silent = if status < 400 { "allowed" } else { "a page" };
    let code = body["code"].as_str().unwrap_or(silent);
    // Whether one administers the site is Jira's to say; what else there is of it, one learns after that.
    let after_jira = ["not_site_admin", "not_on_this_site", "no_such_credential"];
    let is_asked = template.starts_with("/v1/site") && after_jira.contains(&code);
    if code != "allowed" && !is_asked {
        // Of keys nobody learns anything; and whose such a credential is, can be asked at its site alone.
        let asked = world.asked();
        let may_ask = ["nothing left", "keys were asked for"].contains(&asked)
            || caller.own.is_some() && asked == "asked whose it is";
        assert!(may_ask, "{method} {target} by {}: {asked}", caller.name);
    }
    format!("{status} {code}")
}

#[tokio::test]
async fn every_route_answers_every_caller_as_the_table_says() {
    let routes: Vec<_> = templates().collect();
    let mut rows: Vec<String> = routes
        .iter()
        .map(|(method, template)| format!("{method} {template}\n"))
        .collect();
    for name in CALLERS {
        let (world, mut caller) = world_for(name).await;
        for (row, (method, template)) in rows.iter_mut().zip(&routes) {
            world.jira.clear_requests();
            let answer = answered(&world, &caller, method, template).await;
            if answer == "204 allowed" && *method == "DELETE" {
                caller.bearer = bearer(&world, name).await;
            }
            writeln!(row, "    {name:<36}{answer}").unwrap();
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
