//! Forge's tokens by everything that can befall one and every place that it can be used for, against the reviewed table
//! `tests/cases/credentials.txt`. A token is good once, so each place has one of its own.

use std::time::Duration;

use gatepost::standin::{Fault, Key, Role, Signing, Site, TokenDraft};
use serde_json::{Value, json};

use super::fates::{self, ACME, Home, INITECH, everywhere};
use crate::world::World;

/// What befalls a token, or its tenant, in the order of the table.
const FATES: &[&str] = &[
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
    "key server limits requests",
    "key server limits requests, never read",
    "of another app",
    "of a schedule",
    "sent as JWT",
    "sent as Basic password",
    "of a site that was not heard of for too long",
    "app removed",
];

/// What befalls the tenant, before any token is made.
async fn befall(world: &World, home: Home, fate: &str) {
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
            fail(world, Fault::Status(503));
            world.clock.advance(Duration::from_mins(10));
        }
        "key server limits requests" => {
            fail(world, Fault::RateLimited { retry_after_s: 7 });
            world.clock.advance(Duration::from_mins(10));
        }
        "key server down for a day" => {
            fail(world, Fault::Status(503));
            world.clock.advance(Duration::from_hours(24));
        }
        "key server down, never read" => fail(world, Fault::Status(503)),
        "key server limits requests, never read" => {
            fail(world, Fault::RateLimited { retry_after_s: 7 });
        }
        "of a former installation" => {
            world.site("initech").install_on_forge_anew();
            world.clock.advance(Duration::from_mins(1));
        }
        "app removed" => world.site("initech").uninstall_from_forge(),
        // What is left is about the token.
        _ => drop(fates::befalls_all(world, home, fate, None).await),
    }
}

fn fail(world: &World, fault: Fault) {
    world.jira.set_fault(Role::Forge, Some(fault));
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
        let context = json!([{"name": "initech.atlassian.net", "apiBaseUrl": base}]);
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

/// The lines of one fate in a world of its own, where Forge alone knows initech.
async fn lines(fate: &str) -> String {
    let world = if fate.ends_with("never read") {
        let world = World::new().await;
        world.past_the_start();
        world
    } else {
        World::with_initech().await
    };
    let former = world.jira.forge_key();
    befall(&world, INITECH, fate).await;
    let name = format!("forge token, {fate}");
    everywhere(&world, INITECH, &name, async || {
        authorization(&world, fate, former).await
    })
    .await
}

/// The same where the installation is linked to acme, which Connect installed.
async fn lines_of_linked(fate: &str) -> String {
    let world = World::new().await;
    world.past_the_start();
    let installed = world.site("acme").install_on_forge(world.app_url());
    assert_eq!(world.deliver(&installed).await.status, 204);
    // Known, before anything befalls it.
    let known = world.site("acme").invocation_token(Some("ann"));
    assert_eq!(world.get_fit("/v1/whoami", &known).await.status, 200);
    befall(&world, ACME, fate).await;
    let name = format!("linked forge token, {fate}");
    everywhere(&world, ACME, &name, async || {
        let token = world.site("acme").invocation_token(Some("ann"));
        format!("Bearer {token}")
    })
    .await
}

#[tokio::test]
async fn a_token_of_forges_is_worth_what_the_table_says_whatever_befalls_it() {
    let mut table = Vec::new();
    for fate in fates::and_all_of_forge(FATES) {
        table.push(lines(fate).await);
    }
    fates::compare("forge token", &table);
}

#[tokio::test]
async fn a_token_of_forges_for_a_linked_tenant_is_worth_what_the_table_says() {
    let mut table = Vec::new();
    // Of the token itself the same holds.
    for fate in fates::and_all(&["fresh"]) {
        table.push(lines_of_linked(fate).await);
    }
    fates::compare("linked forge token", &table);
}
