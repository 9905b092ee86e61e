//! Forge's tokens by everything that can befall one and every place that it can be used for, against the reviewed table
//! `tests/cases/credentials.txt`. A token is good once, so each place has one of its own.

use std::fmt::Write as _;
use std::time::Duration;

use gatepost::control::command::Command;
use gatepost::standin::{Fault, Key, Role, Signing, Site, TokenDraft, account};
use gatepost::tenant::block::Target;
use gatepost::tenant::operations::NewBlock;
use serde_json::{Value, json};

use crate::world::{Answer, World};

const INITECH: &str = "initech.atlassian.net";

/// What befalls a token, or its tenant, in the order of the table.
const FATES: [&str; 40] = [
    "fresh",
    "used before",
    "a second before its end",
    "at its end",
    "by a clock five seconds ahead",
    "by a clock further ahead",
    "not valid yet",
    "with another account written into it",
    "one letter changed in its signature",
    "signed by a key that nobody publishes",
    "HS256 with the public key",
    "unsigned",
    "naming no key",
    "naming an unknown key",
    "bringing its key along",
    "with another site's cloud id",
    "with another site's installation, of which the cloud id is not",
    "of an installation that nobody knows",
    "of a former installation",
    "keys rotated",
    "signed by a retired key",
    "signed by the next key, too early",
    "key server down",
    "key server down for a day",
    "key server down, never read",
    "of another app",
    "of a schedule",
    "sent as JWT",
    "sent as Basic password",
    "of a site that was not heard of for too long",
    "app removed",
    "tenant suspended",
    "tenant suspended and resumed",
    "account blocked on its site",
    "account blocked on its site, block over",
    "account blocked everywhere",
    "account blocked everywhere, block lifted",
    "account blocked on another site",
    "tenant blocked",
    "tenant blocked, block over",
];

const PLACES: [(&str, &str, bool); 4] = [
    ("own site", "initech.atlassian.net&issue=INITECH-1", false),
    ("other site", "acme.atlassian.net&issue=ACME-1", false),
    ("unknown site", "nowhere.atlassian.net&issue=ACME-1", false),
    (
        "other account",
        "initech.atlassian.net&issue=INITECH-1",
        true,
    ),
];

/// What befalls the tenant, before any token is made.
async fn befall(world: &World, fate: &str) {
    match fate {
        "of a site that was not heard of for too long" => {
            world.clock.advance(Duration::from_hours(7));
        }
        "keys rotated" | "signed by the next key, too early" => {
            world.jira.rotate_forge_key();
            // A token that names a key which nobody knew has the set read again, at most once in 30 seconds.
            let wait = if fate.ends_with("early") { 29 } else { 30 };
            world.clock.advance(Duration::from_secs(wait));
        }
        "signed by a retired key" => {
            world.jira.rotate_forge_key();
            world.jira.retire_forge_keys();
            // As long as a set is fresh.
            world.clock.advance(Duration::from_mins(10));
        }
        "key server down" => {
            fail(world);
            world.clock.advance(Duration::from_mins(10));
        }
        "key server down for a day" => {
            fail(world);
            world.clock.advance(Duration::from_hours(24));
        }
        "key server down, never read" => fail(world),
        "of a former installation" => {
            world.site("initech").install_on_forge_anew();
            world.clock.advance(Duration::from_mins(1));
        }
        "app removed" => world.site("initech").uninstall_from_forge(),
        _ if fate.starts_with("tenant suspended") => {
            let (tenant, reason) = (INITECH.to_owned(), "a test".to_owned());
            world
                .command(Command::TenantSuspend { tenant, reason })
                .await;
            if fate.ends_with("resumed") {
                let tenant = INITECH.to_owned();
                world.command(Command::TenantResume { tenant }).await;
            }
        }
        _ if fate.contains("blocked") => block(world, fate).await,
        _ => {}
    }
}

fn fail(world: &World) {
    let fault = Fault::Status(503);
    world.jira.set_fault(Role::Forge, Some(fault));
}

async fn block(world: &World, fate: &str) {
    let tenants = &world.node.shared().opened.tenants;
    let initech = tenants.by_any_name(INITECH).unwrap().id.clone();
    let ann = || account("ann").parse().unwrap();
    let (whom, rest) = fate.split_once(',').unwrap_or((fate, ""));
    let target = match whom {
        "account blocked on its site" => Target::AccountOn(ann(), initech),
        "account blocked on another site" => {
            Target::AccountOn(ann(), world.site("acme").client_key().parse().unwrap())
        }
        "account blocked everywhere" => Target::Account(ann()),
        _ => Target::Tenant(initech),
    };
    let (span, reason) = (Some(Duration::from_mins(5)), None);
    let new = NewBlock {
        target: target.clone(),
        span,
        reason,
    };
    tenants.block(new, "unix:0").await.unwrap();
    match rest {
        " block over" => world.clock.advance(Duration::from_mins(5)),
        " block lifted" => drop(tenants.unblock(target, "unix:0").await.unwrap()),
        _ => {}
    }
}

/// The `Authorization` of a token that this befell.
async fn authorization(world: &World, fate: &str, former: Key) -> String {
    let initech = world.site("initech");
    let token = match fate {
        "of another app" => initech.foreign_invocation_token(Some("ann")),
        "of a schedule" => initech.invocation_token(None),
        _ => bent(world, fate, former).unwrap_or_else(|| initech.invocation_token(Some("ann"))),
    };
    match fate {
        "used before" => assert_eq!(world.get_as("/v1/whoami", &token).await.status, 200),
        // Beyond the leeway.
        "a second before its end" => world.clock.advance(Duration::from_secs(29)),
        "at its end" => world.clock.advance(Duration::from_secs(30)),
        "sent as JWT" => return format!("JWT {token}"),
        "sent as Basic password" => {
            use base64::Engine as _;
            let pair = format!("ann@example.com:{token}");
            let pair = base64::engine::general_purpose::STANDARD.encode(pair);
            return format!("Basic {pair}");
        }
        _ => {}
    }
    format!("Bearer {token}")
}

/// A token as the fate has it, if it is about what the token says.
fn bent(world: &World, fate: &str, former: Key) -> Option<String> {
    let (initech, acme) = (world.site("initech"), world.site("acme"));
    let draft = |change: &dyn Fn(&mut TokenDraft)| {
        initech.invocation_token_with(Some("ann"), |draft| change(draft))
    };
    let said = |changes: Value| draft(&|draft| draft.merge(&changes));
    let now = world.clock.clock().now().seconds();
    let moved = |by: i64| said(json!({"iat": now + by, "nbf": now + by, "exp": now + by + 25}));
    let base = |site: &Site| format!("https://api.atlassian.com/ex/jira/{}", site.cloud_id());
    let installed = |installation: String, base: String| {
        let context = json!([{"name": INITECH, "apiBaseUrl": base}]);
        said(json!({"app": {
            "installationId": installation, "apiBaseUrl": base,
            "installation": {"id": installation, "contexts": context},
        }}))
    };
    Some(match fate {
        "by a clock five seconds ahead" => moved(5),
        "by a clock further ahead" => moved(6),
        "not valid yet" => said(json!({"nbf": now + 6})),
        "with another account written into it" => {
            let (bob, ann) = (
                initech.invocation_token(Some("bob")),
                initech.invocation_token(Some("ann")),
            );
            let (signed, _) = bob.rsplit_once('.').unwrap();
            let (_, signature) = ann.rsplit_once('.').unwrap();
            format!("{signed}.{signature}")
        }
        "one letter changed in its signature" => {
            let good = draft(&|_| {});
            let (signed, signature) = good.rsplit_once('.').unwrap();
            let letter = if signature.starts_with('A') { "B" } else { "A" };
            format!("{signed}.{letter}{}", &signature[1..])
        }
        "signed by a key that nobody publishes" => {
            draft(&|draft| draft.signing = Signing::OtherKey)
        }
        "signed by a retired key" => draft(&|draft| {
            draft.header["kid"] = json!(former.kid());
            draft.signing = Signing::Key(former);
        }),
        "HS256 with the public key" => draft(&|draft| {
            draft.header["alg"] = json!("HS256");
            draft.signing = Signing::Hs256(world.jira.forge_key().pem().into_bytes());
        }),
        "unsigned" => draft(&|draft| {
            draft.header["alg"] = json!("none");
            draft.signing = Signing::None;
        }),
        "naming no key" => draft(&|draft| {
            draft.header.as_object_mut().unwrap().remove("kid");
        }),
        "naming an unknown key" => draft(&|draft| draft.header["kid"] = json!("made-up")),
        "bringing its key along" => {
            draft(&|draft| draft.header["jwk"] = world.jira.forge_key().jwk())
        }
        "with another site's cloud id" => installed(initech.installation_id(), base(&acme)),
        "with another site's installation, of which the cloud id is not" => {
            installed(acme.installation_id(), base(&initech))
        }
        "of an installation that nobody knows" => {
            let unknown = "ari:cloud:ecosystem::installation/5f1d7a0e-4f7b-4c68-9f0a-1c0ff3b4f4d0";
            installed(unknown.to_owned(), base(&initech))
        }
        _ => return None,
    })
}

async fn lines(fate: &str) -> String {
    let world = if fate.ends_with("never read") {
        let world = World::new().await;
        world.past_the_start();
        world
    } else {
        World::with_initech().await
    };
    let former = world.jira.forge_key();
    befall(&world, fate).await;
    let mut told = Vec::new();
    for (place, site, as_bob) in PLACES {
        let authorization = authorization(&world, fate, former).await;
        world.jira.clear_requests();
        let mut target = format!("/v1/issue?site=https://{site}");
        if as_bob {
            write!(target, "&act_as={}", account("bob")).unwrap();
        }
        let headers = [("authorization", authorization.as_str())];
        let answer = world.get_with(&target, &headers).await;
        let sent = if world.seen(Role::Api).is_empty() {
            "nothing left"
        } else {
            "Jira was asked"
        };
        told.push((place, line(&world, &answer, sent).await));
    }
    if told.iter().all(|(_, line)| *line == told[0].1) {
        return format!("    {:<15}{}", "anywhere", told[0].1);
    }
    let line = |(place, line): &(&str, String)| format!("    {place:<15}{line}");
    told.iter().map(line).collect::<Vec<_>>().join("\n")
}

async fn line(world: &World, answer: &Answer, sent: &str) -> String {
    let body: Value = serde_json::from_str(&answer.text).unwrap();
    let told = body["code"].as_str().unwrap_or("allowed");
    let log = world.decisions().await;
    let record = log
        .iter()
        .find(|record| record["decision_id"] == answer.decision_id());
    let code = record.unwrap()["code"].as_str().unwrap();
    let said = match record.unwrap()["authentication_error"].as_str() {
        Some(cause) => format!("{code}: {cause}"),
        None => code.to_owned(),
    };
    format!("{} {told:<19}{said:<42}{sent}", answer.status)
}

#[tokio::test]
async fn a_token_of_forges_is_worth_what_the_table_says_whatever_befalls_it() {
    let mut table = Vec::new();
    for fate in FATES {
        table.push(format!("forge token, {fate}\n{}", lines(fate).await));
    }
    let reviewed = include_str!("../../cases/credentials.txt").trim_end();
    let of_kind = |part: &&str| part.starts_with("forge token");
    let expected: Vec<&str> = reviewed.split("\n\n").filter(of_kind).collect();
    let now = table.join("\n\n");
    assert!(table == expected, "the table is now:\n{now}");
}
