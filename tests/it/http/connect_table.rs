//! Connect's context tokens by everything that can befall one and every place that it can be used for, against the part of
//! `tests/cases/credentials.txt` that is about them. What is wrong with a token itself stands in `refused`.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatepost::standin::account;
use serde_json::{Value, json};

use super::fates::{self, ACME, everywhere};
use super::refused::{claims, header, with};
use crate::world::{NOON, World};

/// What befalls a token, in the order of the table.
const FATES: &[&str] = &[
    "fresh",
    "exchanged for a session",
    "a second before its end",
    "at its end",
    "by a clock half a minute ahead",
    "by a clock further ahead",
    "not valid yet",
    "with another account written into it",
    "signed with another site's secret",
    "sent as Bearer",
    "sent as Basic password",
];

/// The lines of one fate in a world of its own.
async fn lines(fate: &str) -> String {
    let world = World::new().await;
    let token = world.fresh_token("acme", "ann");
    let authorization = befall(&world, fate, token).await;
    let name = format!("context token, {fate}");
    everywhere(&world, ACME, &name, async || authorization.clone()).await
}

/// Carries it out; gives the header that is sent then.
async fn befall(world: &World, fate: &str, token: String) -> String {
    let pass = |seconds| world.clock.advance(Duration::from_secs(seconds));
    let jwt = format!("JWT {token}");
    match fate {
        "fresh" => {}
        "exchanged for a session" => {
            let headers = [("authorization", jwt.as_str())];
            let opened = world.send("POST", "/v1/sessions", &headers).await;
            assert_eq!(opened.status, 201, "{}", opened.text);
        }
        // It lives for a quarter of an hour, and clocks may differ by 30 seconds.
        "a second before its end" => pass(929),
        "at its end" => pass(930),
        "sent as Bearer" => return format!("Bearer {token}"),
        "sent as Basic password" => {
            let pair = STANDARD.encode(format!("ann@example.com:{token}"));
            return format!("Basic {pair}");
        }
        _ if fates::befalls_all(world, ACME, fate, None).await => {}
        _ => return format!("JWT {}", bent(world, fate)),
    }
    jwt
}

fn bent(world: &World, fate: &str) -> String {
    let acme = world.site("acme");
    let now = NOON.seconds();
    let signed = |claims: &Value| acme.token_with(claims, &header(), None);
    let issued = |at: i64| {
        let claims = with(claims(world), "iat", json!(at));
        signed(&with(claims, "exp", json!(at + 900)))
    };
    match fate {
        "by a clock half a minute ahead" => issued(now + 30),
        "by a clock further ahead" => issued(now + 31),
        "not valid yet" => signed(&with(claims(world), "nbf", json!(now + 31))),
        "with another account written into it" => {
            let bob = signed(&with(claims(world), "sub", json!(account("bob"))));
            let (said, _) = bob.rsplit_once('.').unwrap();
            let ann = signed(&claims(world));
            let (_, signature) = ann.rsplit_once('.').unwrap();
            format!("{said}.{signature}")
        }
        "signed with another site's secret" => {
            let secret = world.site("globex").shared_secret();
            acme.token_with(&claims(world), &header(), Some(secret.expose()))
        }
        _ => panic!("nothing is known of `{fate}`"),
    }
}

#[tokio::test]
async fn a_context_token_is_worth_what_the_table_says_whatever_befalls_it() {
    let mut table = Vec::new();
    for fate in fates::and_all(FATES) {
        table.push(lines(fate).await);
    }
    fates::compare("context token", &table);
}
