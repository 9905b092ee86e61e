//! Client keys: made by a fresh token, narrowed by their bounds, ended by whoever may.

use std::time::Duration;

use base64::Engine as _;
use gatepost::standin::account;
use serde_json::{Value, json};

use crate::world::World;

const OWN: &str = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";
const FOREIGN: &str = "/v1/issue?site=https://globex.atlassian.net&issue=GLOBEX-1";

fn basic(user: &str, password: &str) -> String {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!("Basic {pair}")
}

#[tokio::test]
async fn a_key_reads_by_bearer_and_by_basic_and_is_on_record() {
    let world = World::new().await;
    let made = world.key("acme", "ann", json!({})).await;
    let key = made["key"].as_str().unwrap();
    assert_eq!(world.get_as(OWN, key).await.status, 200);
    for user in ["", "ann@example.com", "a:b"] {
        // The password begins behind the first colon: a user name has none.
        let expected = if user.contains(':') { 401 } else { 200 };
        let header = basic(user, key);
        let answer = world.get_with(OWN, &[("authorization", &header)]).await;
        assert_eq!(answer.status, expected, "{user}");
    }
    let log = world.log().await;
    let created = log
        .iter()
        .find(|entry| entry["operation"] == "key.created")
        .unwrap();
    assert_eq!(created["detail"]["key"], made["id"]);
    let decided = log
        .iter()
        .find(|entry| entry["action"] == "getIssue")
        .unwrap();
    assert_eq!(decided["credential"]["kind"], "client_key");
    assert_eq!(decided["credential"]["key_id"], made["id"]);
    let everything = serde_json::to_string(&log).unwrap();
    assert!(!everything.contains(&key[3..20]), "a key is in the log");
    let listed = world
        .get_as("/v1/keys", &world.session("acme", "ann").await)
        .await;
    assert!(!listed.text.contains(&key[3..20]));
    assert_eq!(listed.json()["keys"][0]["state"], "active");
    let (session, mut used) = (world.session("acme", "ann").await, json!(null));
    for _ in 0..500 {
        used = world.get_as("/v1/keys", &session).await.json()["keys"][0]["last_used_at"].clone();
        if !used.is_null() {
            break;
        }
    }
    assert_eq!(
        used, "2026-11-23T12:00:00.000000Z",
        "the first use is noted, if not at once"
    );
}

#[tokio::test]
async fn a_session_as_basic_password_is_nothing() {
    let world = World::new().await;
    let session = world.session("acme", "ann").await;
    let header = basic("ann", &session);
    assert_eq!(
        world
            .get_with(OWN, &[("authorization", &header)])
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn an_unknown_bearer_is_refused_and_sent_nowhere() {
    let world = World::new().await;
    world.jira.clear_requests();
    for bearer in [
        "",
        "x",
        "gp_",
        "gps_zz",
        "ghp_0123456789",
        "eyJhbGciOiJub25lIn0.e30.",
    ] {
        assert_eq!(world.get_as(OWN, bearer).await.status, 401, "{bearer}");
    }
    assert!(world.nothing_left());
}

#[tokio::test]
async fn a_key_is_made_with_a_token_of_the_last_minute_used_once() {
    let world = World::new().await;
    let token = format!("JWT {}", world.fresh_token("acme", "ann"));
    let make = async || {
        world
            .send_json("POST", "/v1/keys", &token, &json!({"name": "ci"}))
            .await
            .status
    };
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(make().await, 401, "too old");
    let token = format!("JWT {}", world.fresh_token("acme", "ann"));
    let make = async || {
        world
            .send_json("POST", "/v1/keys", &token, &json!({"name": "ci"}))
            .await
            .status
    };
    world.clock.advance(Duration::from_mins(1));
    assert_eq!((make().await, make().await), (201, 401));
    let open = world
        .send("POST", "/v1/sessions", &[("authorization", &token)])
        .await;
    assert_eq!(open.status, 401, "it is spent for everything");
}

#[tokio::test]
async fn neither_a_session_nor_a_key_makes_keys() {
    let world = World::new().await;
    let session = world.session("acme", "ann").await;
    let key = world.key("acme", "ann", json!({})).await;
    for bearer in [session.as_str(), key["key"].as_str().unwrap()] {
        let header = format!("Bearer {bearer}");
        let answer = world
            .send_json("POST", "/v1/keys", &header, &json!({"name": "x"}))
            .await;
        assert_eq!(answer.status, 401);
        let hint = answer.json()["hint"].clone();
        assert!(
            hint.as_str()
                .unwrap()
                .starts_with("This route takes `Authorization: JWT`"),
            "{hint}"
        );
        let opened = world
            .send("POST", "/v1/sessions", &[("authorization", &header)])
            .await;
        assert_eq!((opened.status, &opened.json()["hint"]), (401, &hint));
    }
    let listed = world.get_as("/v1/keys", key["key"].as_str().unwrap()).await;
    assert_eq!(
        (listed.status, listed.json()["code"].as_str()),
        (403, Some("key_cannot_manage"))
    );
}

#[tokio::test]
async fn each_bound_of_a_key_narrows_it() {
    let world = World::new().await;
    let cases = [
        (
            json!({"sites": ["https://acme.atlassian.net"], "actions": ["read"], "networks": ["127.0.0.0/8"]}),
            200,
            "allowed",
        ),
        (json!({"actions": ["getIssue"]}), 200, "allowed"),
        (json!({"actions": ["write"]}), 403, "key_action"),
        (json!({"networks": ["192.0.2.0/24"]}), 403, "key_network"),
    ];
    for (bounds, status, code) in cases {
        let made = world.key("acme", "ann", bounds.clone()).await;
        let answer = world.get_as(OWN, made["key"].as_str().unwrap()).await;
        assert_eq!(answer.status, status, "{bounds}");
        if status != 200 {
            assert_eq!(answer.json()["code"], code);
        }
        let foreign = world.get_as(FOREIGN, made["key"].as_str().unwrap()).await;
        // From the wrong network a key is told so before anybody looks what it is for.
        let told = if code == "key_network" {
            (403, Some(code))
        } else {
            (404, Some("issue_not_visible"))
        };
        assert_eq!(
            (foreign.status, foreign.json()["code"].as_str()),
            told,
            "{bounds}"
        );
    }
}

#[tokio::test]
async fn from_outside_its_networks_a_key_opens_nothing_and_none_of_it_is_used() {
    let world = World::new().await;
    let bounds = json!({"networks": ["192.0.2.0/24"], "rate_per_minute": 1});
    let made = world.key("acme", "ann", bounds).await;
    world.jira.clear_requests();
    // More than its rate: it is never the rate that refuses.
    for target in [
        OWN,
        FOREIGN,
        "/v1/whoami",
        "/oauth/token/accessible-resources",
        "/v1/keys",
    ] {
        let refused = world.get_as(target, made["key"].as_str().unwrap()).await;
        let told = (refused.status, refused.json()["code"].clone());
        assert_eq!(told, (403, json!("key_network")), "{target}");
        assert!(!refused.text.contains(&account("ann")), "{}", refused.text);
    }
    assert!(world.nothing_left());
    for record in world.decisions().await {
        assert_eq!(record["credential"]["key_id"], made["id"]);
        assert_eq!(
            (&record["code"], &record["account"]),
            (&json!("key_network"), &json!(account("ann")))
        );
    }
    let session = world.session("acme", "ann").await;
    let listed = world.get_as("/v1/keys", &session).await.json();
    assert_eq!(listed["keys"][0]["last_used_at"], Value::Null);
}

#[tokio::test]
async fn a_key_that_makes_no_sense_is_not_made() {
    let world = World::new().await;
    for (body, part) in [
        (json!({"name": ""}), "`name`"),
        (json!({"name": "a\nb"}), "`name`"),
        (json!({"name": "yek\u{202e}"}), "`name`"),
        (
            json!({"sites": ["https://globex.atlassian.net"]}),
            "`sites`",
        ),
        (
            json!({"sites": ["https://nowhere.atlassian.net"]}),
            "`sites`",
        ),
        (
            json!({"actions": ["read", "fly"]}),
            "`actions`: `fly`: no action; there are getIssue, findIssue,",
        ),
        (
            json!({"networks": ["192.0.2.7", "192.0.2.0/33"]}),
            "`networks`: `192.0.2.0/33`: no network such as 192.0.2.0/24 and no address such as 192.0.2.7",
        ),
        (json!({"sites": ["acme"]}), "`sites`: `acme`: "),
        (json!({"act_as": "a b"}), "`act_as`: `a b`: "),
        (json!({"replaces": "mine"}), "`replaces`: `mine`: "),
        (json!({"act_as": account("bob")}), "`act_as`"),
        (json!({"rate_per_minute": 0}), "`rate_per_minute`"),
        (json!({"expires_in_days": 366}), "365 days"),
        (
            json!({"expires_at": "2020-01-01T00:00:00Z"}),
            "`expires_at`",
        ),
        (json!({"expires_at": "soon"}), "`expires_at`"),
        (
            json!({"expires_in_days": 1, "expires_at": "2026-12-24T00:00:00Z"}),
            "exclude",
        ),
        (json!({"colour": "red"}), "colour"),
        (json!({"overlap_s": 1}), "`replaces`"),
        (
            json!({"replaces": "key_0192d3a0-0000-7000-8000-00000000abcd", "actions": ["read"]}),
            "`replaces`",
        ),
    ] {
        let answer = world.try_key("acme", "ann", body.clone()).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.text.contains(part), "{body}: {}", answer.text);
        assert!(
            !answer.text.contains("column") || part == "colour",
            "{}",
            answer.text
        );
    }
    let single = world
        .key("acme", "bob", json!({"networks": ["192.0.2.7"]}))
        .await;
    assert_eq!(
        single["networks"],
        json!(["192.0.2.7/32"]),
        "as on the command line"
    );
    let listed = world
        .get_as("/v1/keys", &world.session("acme", "ann").await)
        .await;
    assert_eq!(listed.json()["keys"], json!([]));
}

#[tokio::test]
async fn a_key_with_an_account_acts_as_it_under_its_grant_and_as_nobody_else() {
    let world = World::new().await;
    world.edit_policy("50-delegates.cedar", "@id(\"delegates\") permit (principal, action, resource) when { principal.tenant == resource.tenant };").await;
    let grant = world
        .command(super::act_as_grant("acme.atlassian.net", "ann", "bob"))
        .await;
    let made = world
        .key("acme", "ann", json!({"act_as": account("bob")}))
        .await;
    let key = made["key"].as_str().unwrap();
    assert_eq!(world.get_as(OWN, key).await.status, 200);
    let log = world.decisions().await;
    let decided = log
        .iter()
        .find(|entry| entry["action"] == "getIssue")
        .unwrap();
    assert_eq!(
        (&decided["act_as"], decided["act_as_basis"].as_str()),
        (&json!(account("bob")), Some("delegated"))
    );
    let as_ann = world
        .get_as(&format!("{OWN}&act_as={}", account("ann")), key)
        .await;
    assert_eq!(
        (as_ann.status, as_ann.json()["code"].as_str()),
        (403, Some("key_act_as"))
    );
    let grant = grant["id"].as_str().unwrap().to_owned();
    world
        .command(gatepost::control::command::Command::GrantRevoke { grant })
        .await;
    assert_eq!(
        world.get_as(OWN, key).await.status,
        403,
        "the grant is gone, and the key stays"
    );
}

#[tokio::test]
async fn a_key_has_its_own_pace() {
    let world = World::new().await;
    let made = world
        .key("acme", "ann", json!({"rate_per_minute": 2}))
        .await;
    let key = made["key"].as_str().unwrap();
    for expected in [200, 200, 429] {
        let answer = world.get_as(OWN, key).await;
        assert_eq!(answer.status, expected);
        if expected == 429 {
            assert_eq!(
                (answer.json()["code"].as_str(), answer.header("retry-after")),
                (Some("key_limit"), "30")
            );
        }
    }
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(world.get_as(OWN, key).await.status, 200);
    let log = world.decisions().await;
    let limited = log
        .iter()
        .find(|entry| entry["code"] == "key_limit")
        .unwrap();
    assert_eq!(limited["account"], account("ann"));
    assert_eq!(limited["stage"], "limit");
    let other = world.key("acme", "ann", json!({})).await;
    assert_eq!(
        world
            .get_as(OWN, other["key"].as_str().unwrap())
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_rotation_leaves_both_keys_good_for_the_overlap() {
    let world = World::new().await;
    let old = world
        .key(
            "acme",
            "ann",
            json!({"name": "ci", "actions": ["read"], "expires_in_days": 30}),
        )
        .await;
    let new = world
        .key(
            "acme",
            "ann",
            json!({"replaces": old["id"], "overlap_s": 3600}),
        )
        .await;
    assert_eq!(
        (&new["name"], &new["actions"], &new["replaces"]),
        (&old["name"], &old["actions"], &old["id"])
    );
    let (old, new) = (old["key"].as_str().unwrap(), new["key"].as_str().unwrap());
    world.clock.advance(Duration::from_secs(3599));
    assert_eq!(
        (
            world.get_as(OWN, old).await.status,
            world.get_as(OWN, new).await.status
        ),
        (200, 200)
    );
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(
        (
            world.get_as(OWN, old).await.status,
            world.get_as(OWN, new).await.status
        ),
        (401, 200)
    );
}

#[tokio::test]
async fn a_successor_lasts_as_long_as_its_key_was_made_for_whatever_was_rotated_before() {
    let world = World::new().await;
    let old = world
        .key("acme", "ann", json!({"expires_in_days": 30}))
        .await;
    for _ in 0..2 {
        let again = json!({"replaces": old["id"], "overlap_s": 3600});
        let new = world.key("acme", "ann", again).await;
        assert_eq!(new["expires_at"], old["expires_at"]);
    }
    // The operator shortens what keys may last.
    let settings = "limits.key_lifetime_days_max = 7";
    let world = world.restart(settings, async |_| {}).await;
    let new = world
        .key("acme", "ann", json!({"replaces": old["id"]}))
        .await;
    assert_eq!(new["expires_at"], "2026-11-30T12:00:00.000000Z");
}

#[tokio::test]
async fn whoever_has_as_many_keys_as_there_may_be_rotates_them_and_makes_no_more() {
    let world = World::new().await;
    let mut keys = Vec::new();
    for _ in 0..100 {
        keys.push(world.key("acme", "ann", json!({})).await["id"].clone());
    }
    let told = async |body: Value| {
        let answer = world.try_key("acme", "ann", body).await;
        (answer.status, answer.json()["code"].clone())
    };
    let (made, full) = ((201, Value::Null), (409, json!("too_many_credentials")));
    assert_eq!(told(json!({})).await, full);
    for key in &keys {
        assert_eq!(told(json!({"replaces": key})).await, made);
    }
    assert_eq!(
        told(json!({"replaces": keys[0]})).await,
        full,
        "a second successor"
    );
    assert_eq!(told(json!({})).await, full);
    world.clock.advance(Duration::from_hours(24));
    assert_eq!(told(json!({})).await, full, "the successors are a hundred");
}

#[tokio::test]
async fn nobody_rotates_or_revokes_the_keys_of_others() {
    let world = World::new().await;
    let made = world.key("acme", "ann", json!({})).await;
    let stolen = world
        .try_key("acme", "bob", json!({"replaces": made["id"]}))
        .await;
    assert_eq!(stolen.status, 404);
    let session = format!("Bearer {}", world.session("acme", "bob").await);
    let target = format!("/v1/keys/{}", made["id"].as_str().unwrap());
    assert_eq!(
        world
            .send("DELETE", &target, &[("authorization", &session)])
            .await
            .status,
        404
    );
    assert_eq!(
        world
            .get_as(OWN, made["key"].as_str().unwrap())
            .await
            .status,
        200
    );
    let session = format!("Bearer {}", world.session("acme", "ann").await);
    assert_eq!(
        world
            .send("DELETE", &target, &[("authorization", &session)])
            .await
            .status,
        204
    );
    assert_eq!(
        world
            .get_as(OWN, made["key"].as_str().unwrap())
            .await
            .status,
        401
    );
    assert_eq!(
        world
            .send("DELETE", &target, &[("authorization", &session)])
            .await
            .status,
        404
    );
    let again = world
        .try_key("acme", "ann", json!({"replaces": made["id"]}))
        .await;
    assert_eq!(again.status, 404, "a revoked key has no successor");
}
