//! Forge's tokens by everything that can befall one and every place that it can be used for, against the reviewed table
//! `tests/cases/credentials.txt`. A token is good once, so each place has one of its own.

use std::fmt::Write as _;
use std::time::Duration;

use gatepost::control::command::Command;
use gatepost::standin::account;
use gatepost::tenant::block::Target;
use gatepost::tenant::operations::NewBlock;
use serde_json::Value;

use crate::world::{Answer, World};

const INITECH: &str = "initech.atlassian.net";

/// What befalls a token, or its tenant, in the order of the table.
const FATES: [&str; 19] = [
    "fresh",
    "used before",
    "a second before its end",
    "at its end",
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
async fn authorization(world: &World, fate: &str) -> String {
    let initech = world.site("initech");
    let token = match fate {
        "of another app" => initech.foreign_invocation_token(Some("ann")),
        "of a schedule" => initech.invocation_token(None),
        _ => initech.invocation_token(Some("ann")),
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

async fn lines(fate: &str) -> String {
    let world = World::with_initech().await;
    befall(&world, fate).await;
    let mut told = Vec::new();
    for (place, site, as_bob) in PLACES {
        let authorization = authorization(&world, fate).await;
        world.jira.clear_requests();
        let mut target = format!("/v1/issue?site=https://{site}");
        if as_bob {
            write!(target, "&act_as={}", account("bob")).unwrap();
        }
        let headers = [("authorization", authorization.as_str())];
        let answer = world.get_with(&target, &headers).await;
        let sent = if world.seen(gatepost::standin::Role::Api).is_empty() {
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
    format!("{} {told:<19}{said:<40}{sent}", answer.status)
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
