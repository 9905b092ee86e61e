//! Atlassian's troubles, as whoever is known hears of them: whose limit it is, and when to come again.

use std::time::Duration;

use gatepost::standin::{Fault, Role};
use serde_json::json;

use super::{ACME_1, told};
use crate::world::World;
use crate::world::own::BOTH;

/// Somebody whose credential was good, and is no longer believed without a look.
async fn known(world: &World, kind: &str) -> String {
    let own = world.own(kind, "ann", &["acme"]);
    assert_eq!(world.get_by(ACME_1, &own).await.status, 200, "{kind}");
    world.clock.advance(Duration::from_mins(5));
    own
}

#[tokio::test]
async fn whoever_is_known_hears_of_limits_and_failures_of_atlassian() {
    for (fault, expected, cause) in [
        (
            Fault::RateLimited { retry_after_s: 7 },
            (429, "atlassian_limit"),
            "own_limited",
        ),
        (Fault::Status(500), (502, "atlassian_failed"), "own_broken"),
        (
            Fault::CloseConnection,
            (502, "atlassian_failed"),
            "own_broken",
        ),
        (Fault::NotJson, (502, "atlassian_failed"), "own_broken"),
        (
            Fault::Oversized(1024 * 1024),
            (502, "atlassian_failed"),
            "own_broken",
        ),
    ] {
        for kind in BOTH {
            let world = World::taking_own(&["acme"]).await;
            let own = known(&world, kind).await;
            for role in [Role::Jira, Role::Api] {
                world.jira.set_fault(role, Some(fault.clone()));
            }
            let answer = world.get_by(ACME_1, &own).await;
            assert_eq!(
                told(&answer),
                (expected.0, expected.1.into()),
                "{fault:?} {kind}"
            );
            if expected.0 == 429 {
                assert_eq!(answer.header("retry-after"), "7");
                assert!(answer.text.contains("Atlassian's limit"), "{}", answer.text);
            }
            let log = world.decisions().await;
            let last = log.last().unwrap();
            assert_eq!(last["authentication_error"], cause, "{fault:?} {kind}");
            assert_eq!(last["code"], expected.1, "{fault:?} {kind}");
            // Left alone for a while, and good again afterwards.
            for role in [Role::Jira, Role::Api] {
                world.jira.set_fault(role, None);
            }
            world.jira.clear_requests();
            assert_eq!(world.get_by(ACME_1, &own).await.status, expected.0);
            assert!(world.nothing_left());
            world.clock.advance(Duration::from_secs(7));
            assert_eq!(
                world.get_by(ACME_1, &own).await.status,
                200,
                "{fault:?} {kind}"
            );
        }
    }
}

#[tokio::test]
async fn whoever_is_known_hears_that_atlassian_is_slow() {
    let world = World::taking_own(&["acme"]).await;
    let own = known(&world, "api_token").await;
    world.jira.set_fault(Role::Jira, Some(Fault::Hang));
    let answer = world.get_by(ACME_1, &own).await;
    assert_eq!(told(&answer), (504, "atlassian_slow".into()));
}

#[tokio::test]
async fn a_first_look_up_that_takes_too_long_is_of_use_to_the_next_request() {
    let world = World::builder()
        .settings("[limits]\nown_credential_wait_ms = 200")
        .start()
        .await;
    world.allow_own("acme", &BOTH).await;
    world.jira.clear_requests();
    world.jira.set_fault(Role::Jira, Some(Fault::Hold));
    let own = world.own("api_token", "ann", &[]);
    assert_eq!(world.get_by(ACME_1, &own).await.status, 401);
    world.jira.set_fault(Role::Jira, None);
    let answer = world.get_by(ACME_1, &own).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(world.lookups().await.len(), 1);
}

/// Waits until it is known here, by a route that asks nobody.
async fn becomes_known(world: &World, own: &str) {
    let body = json!({"site": "https://acme.atlassian.net", "issue": "ACME-1"});
    let known = async {
        while world
            .send_json("POST", "/v1/check", own, &body)
            .await
            .status
            != 200
        {}
    };
    let known = tokio::time::timeout(Duration::from_secs(20), known).await;
    known.expect("what the look-up found is kept");
}

#[tokio::test]
async fn what_a_look_up_finds_is_kept_though_nobody_waits_for_it_any_more() {
    for kind in BOTH {
        let world = World::builder()
            .settings("[limits]\nown_credential_wait_ms = 200")
            .settings("own_credentials_per_source = 10000\nown_credentials_per_site = 100000")
            .start()
            .await;
        world.allow_own("acme", &BOTH).await;
        world.jira.clear_requests();
        for role in [Role::Jira, Role::Api] {
            world.jira.set_fault(role, Some(Fault::Hold));
        }
        let own = world.own(kind, "ann", &["acme"]);
        assert_eq!(world.get_by(ACME_1, &own).await.status, 401, "{kind}");
        for role in [Role::Jira, Role::Api] {
            world.jira.set_fault(role, None);
        }
        becomes_known(&world, &own).await;
        let answer = world.get_by(ACME_1, &own).await;
        assert_eq!(answer.status, 200, "{kind}: {}", answer.text);
        assert_eq!(world.lookups().await.len(), 1, "{kind}");
    }
}
