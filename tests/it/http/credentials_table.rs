//! Sessions and client keys by everything that can befall one and every place that it can be used for, against the part of
//! `tests/cases/credentials.txt` that is about them.

use std::time::Duration;

use gatepost::secret::{hex, sha256};
use serde_json::{Value, json};

use super::fates::{self, ACME, everywhere};
use crate::world::{Answer, World};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Session,
    Key,
}
use Kind::{Key, Session};

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Session => "session",
            Key => "key",
        }
    }
}

/// What befalls a session or a key, in the order of the table.
const FATES: &[&str] = &[
    "fresh",
    "unused for 14:59 minutes",
    "unused for 15 minutes",
    "a second before its end",
    "at its end",
    "ended by its owner",
    "its token exchanged again",
    "one digit changed",
    "one digit changed, checksum mended",
    "with the other kind's prefix",
    "with the other kind's prefix, checksum mended",
    "cut by a digit",
    "in upper case",
    "with a space behind its prefix",
    "sent as JWT",
    "sent as Basic password",
];

/// What befalls a key besides.
const OF_KEYS: [&str; 6] = [
    "key blocked",
    "key blocked, block lifted",
    "rotated, in the overlap",
    "rotated, after the overlap",
    "successor in the overlap",
    "successor after the overlap",
];

/// A credential of Ann's on acme.
struct Held {
    kind: Kind,
    text: String,
    id: String,
    /// The token that it was exchanged for.
    token: String,
    /// How it is sent.
    scheme: &'static str,
}

async fn hold(world: &World, kind: Kind) -> Held {
    let token = format!("JWT {}", world.fresh_token("acme", "ann"));
    let (target, body, member) = match kind {
        Session => ("/v1/sessions", Value::Null, "token"),
        Key => (
            "/v1/keys",
            json!({"name": "ci", "expires_in_days": 1}),
            "key",
        ),
    };
    let made = exchange(world, target, &token, &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    Held {
        kind,
        text: made[member].as_str().unwrap().to_owned(),
        id: made["id"].as_str().unwrap().to_owned(),
        token,
        scheme: "Bearer ",
    }
}

async fn exchange(world: &World, target: &str, token: &str, body: &Value) -> Answer {
    if body.is_null() {
        return world
            .send("POST", target, &[("authorization", token)])
            .await;
    }
    world.send_json("POST", target, token, body).await
}

impl Held {
    fn prefix(&self) -> &'static str {
        match self.kind {
            Session => "gps_",
            Key => "gp_",
        }
    }

    fn other_prefix(&self) -> &'static str {
        match self.kind {
            Session => "gp_",
            Key => "gps_",
        }
    }

    fn digits(&self) -> &str {
        &self.text[self.prefix().len()..]
    }

    fn with_one_digit_changed(&self) -> String {
        let (head, last) = self.text.split_at(self.text.len() - 10);
        let digit = if last.starts_with('0') { "1" } else { "0" };
        format!("{head}{digit}{}", &last[1..])
    }
}

/// The text with the checksum that belongs to the rest of it.
fn mended(text: &str) -> String {
    let body = &text[..text.len() - 8];
    format!("{body}{}", hex(&sha256(body.as_bytes())[..4]))
}

/// Carries out what is told of the credential. Each fate has a world of its own.
async fn befall(world: &World, fate: &str, held: &mut Held) {
    let tick = || world.clock.advance(Duration::from_secs(1));
    match fate {
        "fresh" => {}
        "unused for 14:59 minutes" => world.clock.advance(Duration::from_secs(899)),
        "unused for 15 minutes" => world.clock.advance(Duration::from_mins(15)),
        "a second before its end" => live_until_a_second_before_the_end(world, held).await,
        "at its end" => {
            live_until_a_second_before_the_end(world, held).await;
            tick();
        }
        "ended by its owner" => end(world, held).await,
        "its token exchanged again" => held.text = again(world, held).await,
        "sent as JWT" => held.scheme = "JWT ",
        "sent as Basic password" => {
            use base64::Engine as _;
            let pair = format!("ann@example.com:{}", held.text);
            held.text = base64::engine::general_purpose::STANDARD.encode(pair);
            held.scheme = "Basic ";
        }
        _ if fates::befalls_all(world, ACME, fate, Some(&held.id)).await => {}
        _ if fate.starts_with("rotated") || fate.starts_with("successor") => {
            let successor = rotate(world, held).await;
            if fate.ends_with("after the overlap") {
                world.clock.advance(HOUR);
            }
            if fate.starts_with("successor") {
                held.text = successor;
            }
        }
        _ => held.text = tampered(fate, held),
    }
}

fn tampered(fate: &str, held: &Held) -> String {
    let (prefix, digits) = (held.prefix(), held.digits());
    let renamed = format!("{}{digits}", held.other_prefix());
    match fate {
        "one digit changed" => held.with_one_digit_changed(),
        "one digit changed, checksum mended" => mended(&held.with_one_digit_changed()),
        "with the other kind's prefix" => renamed,
        "with the other kind's prefix, checksum mended" => mended(&renamed),
        "cut by a digit" => held.text[..held.text.len() - 1].to_owned(),
        "in upper case" => format!("{prefix}{}", digits.to_uppercase()),
        "with a space behind its prefix" => format!("{prefix} {digits}"),
        _ => panic!("nothing is known of `{fate}`"),
    }
}

async fn live_until_a_second_before_the_end(world: &World, held: &Held) {
    let (rounds, pause) = match held.kind {
        Session => (8 * 6, Duration::from_mins(10)),
        Key => (1, DAY),
    };
    for _ in 1..rounds {
        world.clock.advance(pause);
        assert_eq!(world.get_as("/v1/whoami", &held.text).await.status, 200);
    }
    world
        .clock
        .advance(pause.checked_sub(Duration::from_secs(1)).unwrap());
}

async fn end(world: &World, held: &Held) {
    let (target, bearer) = match held.kind {
        Session => ("/v1/sessions/current".to_owned(), held.text.clone()),
        Key => (
            format!("/v1/keys/{}", held.id),
            world.session("acme", "ann").await,
        ),
    };
    let bearer = format!("Bearer {bearer}");
    let ended = world
        .send("DELETE", &target, &[("authorization", &bearer)])
        .await;
    assert_eq!(ended.status, 204, "{}", ended.text);
}

/// Ends the credential and tries to get another one for the same token, of either kind.
async fn again(world: &World, held: &Held) -> String {
    end(world, held).await;
    for (target, body) in [
        ("/v1/sessions", Value::Null),
        ("/v1/keys", json!({"name": "ci"})),
    ] {
        let answer = exchange(world, target, &held.token, &body).await;
        assert_eq!(answer.status, 401, "{target}");
        assert!(!answer.text.contains("gp"), "{}", answer.text);
    }
    held.text.clone()
}

async fn rotate(world: &World, held: &Held) -> String {
    let rotation = json!({"replaces": held.id, "overlap_s": HOUR.as_secs()});
    let made = world.key("acme", "ann", rotation).await;
    made["key"].as_str().unwrap().to_owned()
}

/// The lines of one fate in a world of its own.
async fn lines(fate: &str, kind: Kind) -> String {
    let world = World::new().await;
    let mut held = hold(&world, kind).await;
    // In the cache before anything befalls it.
    assert_eq!(world.get_as("/v1/whoami", &held.text).await.status, 200);
    befall(&world, fate, &mut held).await;
    let authorization = format!("{}{}", held.scheme, held.text);
    let name = format!("{}, {fate}", kind.name());
    everywhere(&world, ACME, &name, async || authorization.clone()).await
}

#[tokio::test]
async fn a_session_is_worth_what_the_table_says_whatever_befalls_it() {
    compare(Session).await;
}

#[tokio::test]
async fn a_client_key_is_worth_what_the_table_says_whatever_befalls_it() {
    compare(Key).await;
}

async fn compare(kind: Kind) {
    let mut fates = fates::and_all(FATES);
    if kind == Key {
        fates.extend(OF_KEYS);
    }
    let mut table = Vec::new();
    for fate in fates {
        table.push(lines(fate, kind).await);
    }
    fates::compare(kind.name(), &table);
}
