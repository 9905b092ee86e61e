//! Forge's tokens, rule by rule: what is good, what is refused, what the log says of it, and that nothing leaves for what is refused.

use std::time::Duration;

use gatepost::standin::{Fault, Role, Signing, account};
use serde_json::{Value, json};

use crate::world::{Answer, World};

const WHOAMI: &str = "/v1/whoami";

/// Why the log says that this answer's token was refused.
async fn cause(world: &World, answer: &Answer) -> String {
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert_eq!(answer.json()["code"], "unauthenticated");
    let log = world.log().await;
    let id = answer.decision_id();
    let record = log.iter().find(|record| record["decision_id"] == id);
    record.unwrap()["authentication_error"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// A world in which Forge's keys are read and acme is linked.
async fn world() -> World {
    let world = World::new().await;
    world.past_the_start();
    let acme = world.site("acme");
    let installed = world.deliver(&acme.install_on_forge(world.app_url())).await;
    assert_eq!(installed.status, 204, "{}", installed.text);
    let ready = world
        .get_fit(WHOAMI, &acme.invocation_token(Some("ann")))
        .await;
    assert_eq!(ready.status, 200, "{}", ready.text);
    world.jira.clear_requests();
    world
}

#[tokio::test]
async fn a_token_says_installation_and_user() {
    let world = World::with_initech().await;
    let initech = world.site("initech");
    let token = initech.invocation_token(Some("ann"));
    let who = world.get_fit(WHOAMI, &token).await.json();
    let id = initech.installation_id();
    let uuid = id.rsplit('/').next().unwrap();
    assert_eq!(who["tenant"], format!("forge-{uuid}"));
    assert_eq!(who["tenant_basis"], "verified");
    assert_eq!(who["site"], initech.base_url());
    assert_eq!(who["cloud_id"], initech.cloud_id());
    assert_eq!(who["account"], account("ann"));
    assert_eq!(who["credential"]["kind"], "forge_invocation");
    let log = world.log().await;
    let record = log.iter().rfind(|record| record["kind"] == "decision");
    let record = record.unwrap();
    assert_eq!(record["credential"]["issuer"], "forge/invocation-token");
    assert_eq!(record["tenant_basis"], "verified");
    assert!(!record.to_string().contains(&token));
}

#[tokio::test]
async fn a_token_is_good_once() {
    let world = world().await;
    let acme = world.site("acme");
    let token = acme.invocation_token(Some("ann"));
    assert_eq!(world.get_fit(WHOAMI, &token).await.status, 200);
    // All workers remember it: each connection may meet another one.
    for _ in 0..8 {
        let again = world.get_fit(WHOAMI, &token).await;
        assert_eq!(cause(&world, &again).await, "token_replayed");
    }
    // The name is what is remembered, not the text.
    let jti = json!({"jti": "the same"});
    let token = || acme.invocation_token_with(Some("ann"), |draft| draft.merge(&jti));
    assert_eq!(world.get_fit(WHOAMI, &token()).await.status, 200);
    world.clock.advance(Duration::from_secs(1));
    let again = world.get_fit(WHOAMI, &token()).await;
    assert_eq!(cause(&world, &again).await, "token_replayed");
    assert!(world.nothing_left());
}

#[tokio::test]
async fn what_is_bent_is_refused_and_asks_nobody() {
    let world = world().await;
    let acme = world.site("acme");
    let other_cloud = world.site("globex").cloud_id().to_owned();
    let api = |rest: &str| format!("https://api.atlassian.com{rest}");
    let cases: Vec<(Value, &str)> = vec![
        (json!({"exp": null}), "token_claims"),
        (json!({"iat": null}), "token_claims"),
        (json!({"nbf": null}), "token_claims"),
        (json!({"jti": null}), "token_claims"),
        (json!({"app": {"installationId": null}}), "token_claims"),
        (json!({"app": {"apiBaseUrl": null}}), "token_claims"),
        (json!({"app": {"installationId": "x"}}), "token_claim"),
        (
            json!({"app": {"apiBaseUrl": format!("https://evil.example/ex/jira/{}", acme.cloud_id())}}),
            "token_claim",
        ),
        (
            json!({"app": {"apiBaseUrl": api(&format!("/ex/confluence/{}", acme.cloud_id()))}}),
            "token_claim",
        ),
        (json!({"context": {"cloudId": other_cloud}}), "token_claim"),
        (
            json!({"aud": "ari:cloud:ecosystem::app/0d6ed3ee-5ee9-4f9c-9b25-7a4c3f3a7f10"}),
            "wrong_audience",
        ),
        (
            json!({"aud": [world.jira.forge_app_id(), "another"]}),
            "wrong_audience",
        ),
        (json!({"principal": null}), "no_user"),
    ];
    for (over, told) in cases {
        let token = acme.invocation_token_with(Some("ann"), |draft| draft.merge(&over));
        let answer = world.get_fit(WHOAMI, &token).await;
        assert_eq!(cause(&world, &answer).await, told, "{over}");
    }
    assert!(world.nothing_left());
}

#[tokio::test]
async fn what_is_not_signed_by_forge_for_this_app_is_refused() {
    let world = world().await;
    let acme = world.site("acme");
    let foreign = acme.foreign_invocation_token(Some("ann"));
    let answer = world.get_fit(WHOAMI, &foreign).await;
    assert_eq!(cause(&world, &answer).await, "wrong_audience");
    let mut cases = vec![];
    for (alg, signing, told) in [
        ("RS256", Signing::OtherKey, "token_signature"),
        ("RS256", Signing::None, "token_signature"),
        ("none", Signing::None, "token_algorithm"),
        (
            "HS256",
            Signing::Hs256(b"secret".to_vec()),
            "token_algorithm",
        ),
        ("ES256", Signing::OtherKey, "token_algorithm"),
        ("RS512", Signing::OtherKey, "token_algorithm"),
    ] {
        let token = acme.invocation_token_with(Some("ann"), |draft| {
            draft.header["alg"] = alg.into();
            draft.signing = signing;
        });
        cases.push((token, told));
    }
    for header in ["jku", "crit", "x5c", "jwk"] {
        let token = acme.invocation_token_with(Some("ann"), |draft| {
            draft.header[header] = "x".into();
        });
        cases.push((token, "token_header"));
    }
    let nameless = acme.invocation_token_with(Some("ann"), |draft| {
        drop(draft.header.as_object_mut().unwrap().remove("kid"));
    });
    cases.push((nameless, "no_key_id"));
    for (token, told) in cases {
        let answer = world.get_fit(WHOAMI, &token).await;
        assert_eq!(cause(&world, &answer).await, told);
    }
    assert!(world.nothing_left());
}

#[tokio::test]
async fn clocks_may_differ_by_five_seconds() {
    let world = world().await;
    let acme = world.site("acme");
    let shifted = |by: i64| {
        acme.invocation_token_with(Some("ann"), |draft| {
            for claim in ["iat", "nbf", "exp"] {
                draft.claims[claim] = (draft.claims[claim].as_i64().unwrap() + by).into();
            }
        })
    };
    world.clock.advance(Duration::from_mins(1));
    for (by, told) in [
        (5, ""),
        (6, "token_from_future"),
        (-29, ""),
        (-30, "token_expired"),
    ] {
        let answer = world.get_fit(WHOAMI, &shifted(by)).await;
        if told.is_empty() {
            assert_eq!(answer.status, 200, "{by} {}", answer.text);
        } else {
            assert_eq!(cause(&world, &answer).await, told, "{by}");
        }
    }
    let long = json!({"exp": world.clock.clock().now().seconds() + 121});
    let long = acme.invocation_token_with(Some("ann"), |draft| draft.merge(&long));
    let answer = world.get_fit(WHOAMI, &long).await;
    assert_eq!(cause(&world, &answer).await, "token_long_lived");
}

#[tokio::test]
async fn what_was_issued_before_the_start_is_not_good_after_it() {
    let world = World::new().await;
    let acme = world.site("acme");
    let installed = world.deliver(&acme.install_on_forge(world.app_url())).await;
    assert_eq!(installed.status, 204, "{}", installed.text);
    // Up to the leeway: Forge's clock may be ahead of ours, and the token as old as the process before.
    for _ in 0..=5 {
        let token = acme.invocation_token(Some("ann"));
        let answer = world.get_fit(WHOAMI, &token).await;
        assert_eq!(cause(&world, &answer).await, "token_before_start");
        world.clock.advance(Duration::from_secs(1));
    }
    let token = acme.invocation_token(Some("ann"));
    assert_eq!(world.get_fit(WHOAMI, &token).await.status, 200);
}

#[tokio::test]
async fn a_rotated_key_is_learnt_and_a_retired_one_is_forgotten() {
    let world = world().await;
    let acme = world.site("acme");
    let old = world.jira.forge_key();
    world.jira.rotate_forge_key();
    world.clock.advance(Duration::from_secs(31));
    let token = acme.invocation_token(Some("ann"));
    assert_eq!(world.get_fit(WHOAMI, &token).await.status, 200);
    assert_eq!(world.seen(Role::Forge).len(), 1);
    let by_old = || {
        acme.invocation_token_with(Some("ann"), |draft| {
            draft.header["kid"] = old.kid().into();
            draft.signing = Signing::Key(old);
        })
    };
    assert_eq!(world.get_fit(WHOAMI, &by_old()).await.status, 200);
    world.jira.retire_forge_keys();
    world.clock.advance(Duration::from_mins(10));
    let answer = world.get_fit(WHOAMI, &by_old()).await;
    assert_eq!(cause(&world, &answer).await, "unknown_key");
}

#[tokio::test]
async fn a_key_server_that_is_down_ends_nothing_that_is_known() {
    let world = World::new().await;
    world.past_the_start();
    let acme = world.site("acme");
    let installed = world.deliver(&acme.install_on_forge(world.app_url())).await;
    assert_eq!(installed.status, 204, "{}", installed.text);
    world.jira.set_fault(Role::Forge, Some(Fault::Status(503)));
    let first = world
        .get_fit(WHOAMI, &acme.invocation_token(Some("ann")))
        .await;
    assert_eq!(first.status, 503, "{}", first.text);
    assert_eq!(first.json()["code"], "forge_unavailable");
    assert_eq!(first.header("retry-after"), "2");
    world.jira.set_fault(Role::Forge, None);
    world.clock.advance(Duration::from_secs(31));
    let token = acme.invocation_token(Some("ann"));
    assert_eq!(world.get_fit(WHOAMI, &token).await.status, 200);
    world.jira.set_fault(Role::Forge, Some(Fault::Status(503)));
    world.clock.advance(Duration::from_hours(1));
    let token = acme.invocation_token(Some("ann"));
    assert_eq!(world.get_fit(WHOAMI, &token).await.status, 200);
}

#[tokio::test]
async fn made_up_keys_cost_one_fetch_an_interval() {
    let world = world().await;
    let acme = world.site("acme");
    world.clock.advance(Duration::from_secs(31));
    for number in 0..50 {
        let token = acme.invocation_token_with(Some("ann"), |draft| {
            draft.header["kid"] = format!("made-up-{number}").into();
        });
        let answer = world.get_fit(WHOAMI, &token).await;
        assert_eq!(answer.status, 401, "{}", answer.text);
    }
    assert_eq!(world.seen(Role::Forge).len(), 1);
}

#[tokio::test]
async fn without_an_app_no_token_of_forge_is_good() {
    let world = World::builder()
        .without("atlassian.forge_app_id")
        .start()
        .await;
    world.past_the_start();
    let token = world.site("acme").invocation_token(Some("ann"));
    let answer = world.get_fit(WHOAMI, &token).await;
    assert_eq!(cause(&world, &answer).await, "scheme_not_accepted");
    let trigger = world.trigger("initech").await;
    assert_eq!(cause(&world, &trigger).await, "scheme_not_accepted");
    assert!(world.nothing_left());
}

#[tokio::test]
async fn a_token_of_one_kind_is_none_of_another() {
    let world = world().await;
    let acme = world.site("acme");
    let fit = acme.invocation_token(Some("ann"));
    // As a Connect token it has no `qsh`, and nobody of that name has a secret.
    let as_jwt = world.get(WHOAMI, &fit).await;
    assert_eq!(cause(&world, &as_jwt).await, "token_algorithm");
    let pair = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(format!("ann@example.com:{fit}"))
    };
    let basic = format!("Basic {pair}");
    let as_basic = world.get_with(WHOAMI, &[("authorization", &basic)]).await;
    assert_eq!(as_basic.status, 401);
    // A Connect token as Bearer says another issuer, and a token for the app or a user none that anybody accepts.
    for bearer in [
        acme.context_token("ann"),
        acme.system_token(),
        acme.user_token("ann"),
    ] {
        let answer = world.get_fit(WHOAMI, &bearer).await;
        assert_eq!(answer.status, 401, "{}", answer.text);
    }
    let callback = acme.install(world.app_url());
    let bearer = callback.authorization.replace("JWT ", "Bearer ");
    let answer = world.get_with(WHOAMI, &[("authorization", &bearer)]).await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert!(world.nothing_left());
    // It was not used by any of these.
    assert_eq!(world.get_fit(WHOAMI, &fit).await.status, 200);
}

#[tokio::test]
async fn what_forge_sends_beside_its_token_stands_beside_no_other() {
    let world = world().await;
    let acme = world.site("acme");
    let session = world.session("acme", "ann").await;
    let (system, user) = (acme.system_token(), acme.user_token("ann"));
    let others = [
        String::new(),
        format!("JWT {}", acme.context_token("ann")),
        format!("Bearer {session}"),
        "Bearer opaque".to_owned(),
        "Basic YTpi".to_owned(),
    ];
    for other in &others {
        for header in [
            ("x-forge-oauth-user", user.as_str()),
            ("x-forge-oauth-system", system.as_str()),
        ] {
            let mut headers = vec![header];
            if !other.is_empty() {
                headers.push(("authorization", other));
            }
            let answer = world.get_with(WHOAMI, &headers).await;
            assert_eq!(answer.status, 400, "{other} {}", answer.text);
            assert_eq!(answer.json()["code"], "several_credentials");
        }
    }
    assert!(world.nothing_left());
}
