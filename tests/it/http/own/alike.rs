//! What a stranger can learn from refusals: nothing. Neither which sites are registered, nor which take users' own credentials, nor
//! whether anybody was asked.

use std::time::Duration;

use gatepost::standin::{Fault, Role};

use super::super::doors::{BREAK, execute};
use super::{ACME_1, told};
use crate::world::{Answer, World};

/// Acme takes credentials, globex is registered and takes none, nobody has the third.
const SITES: [&str; 3] = ["acme", "globex", "nowhere"];
/// What a refusal is kept back by, with the default wait.
const KEPT_BACK: Duration = Duration::from_millis(3250);

fn target(site: &str) -> String {
    format!("/v1/issue?site=https://{site}.atlassian.net&issue=GLOBEX-1")
}

/// All that a caller can see of an answer, but for the ids.
fn seen(answer: &Answer) -> (u16, String, Vec<(String, String)>) {
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .filter(|(name, _)| {
            !["date", "x-request-id", "x-gatepost-decision"].contains(&name.as_str())
        })
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (answer.status, answer.without_ids(), headers)
}

/// Wrong credentials of each kind: of a stranger, and of somebody who is known elsewhere.
fn wrong(world: &World) -> Vec<String> {
    let mut made_up = world.jira.api_token("ann");
    made_up.token.push('x');
    let expired = world.jira.oauth_token("ann", &["acme"]);
    world.jira.expire_token(&expired);
    vec![
        made_up.authorization(),
        world.own("api_token", "frank", &[]),
        format!("Bearer {expired}"),
        "Bearer made-up".to_owned(),
        world.own("oauth_token", "carol", &["globex"]),
    ]
}

#[tokio::test]
async fn an_unknown_site_one_that_takes_none_and_a_wrong_credential_are_answered_alike() {
    let world = World::builder()
        .settings("[limits]\nown_credentials_per_source = 1000")
        .start()
        .await;
    world.allow_own("acme", &super::BOTH).await;
    for own in wrong(&world) {
        let mut all = Vec::new();
        for site in SITES {
            let before = world.clock.paused();
            let answer = world.get_by(&target(site), &own).await;
            assert_eq!(told(&answer), (401, "unauthenticated".into()));
            // Told at the same moment, whatever was done until then.
            assert_eq!(
                world.clock.paused().checked_sub(before),
                Some(KEPT_BACK),
                "{site}"
            );
            all.push(seen(&answer));
        }
        assert_eq!(all[0], all[1], "{own}");
        assert_eq!(all[1], all[2], "{own}");
    }
    let cloud_ids = ["acme", "globex"].map(|site| world.site(site).cloud_id().to_owned());
    let mut all = Vec::new();
    for cloud in [
        &cloud_ids[0],
        &cloud_ids[1],
        "00000000-0000-4000-8000-000000000000",
    ] {
        let target = format!("/ex/jira/{cloud}/rest/api/3/issue/GLOBEX-1");
        all.push(seen(&world.get_by(&target, "Bearer made-up").await));
    }
    assert!(all[0] == all[1] && all[1] == all[2]);
}

#[tokio::test]
async fn the_budget_of_an_address_is_the_same_for_every_site_and_spent_before_anything_is_sent() {
    for site in SITES {
        let world = World::taking_own(&["acme"]).await;
        let try_one = async |number: u32| {
            let own = format!("Bearer made-up-{number}");
            world.get_by(&target(site), &own).await
        };
        for number in 0..10 {
            assert_eq!(try_one(number).await.status, 401, "{site}");
        }
        world.jira.clear_requests();
        let answer = try_one(10).await;
        assert_eq!(told(&answer), (429, "credential_limit".into()), "{site}");
        assert_eq!(answer.header("retry-after"), "3");
        assert!(
            answer.text.contains("the gateway's limit"),
            "{}",
            answer.text
        );
        assert!(world.nothing_left());
        world.clock.advance(Duration::from_secs(3));
        assert_eq!(try_one(11).await.status, 401, "{site}");
        assert_eq!(try_one(12).await.status, 429, "{site}");
        // The same wrong one again is one more try, whether or not anybody would be asked.
        world.clock.advance(Duration::from_secs(3));
        assert_eq!(try_one(11).await.status, 401, "{site}");
        assert_eq!(try_one(11).await.status, 429, "{site}");
        let log = world.decisions().await;
        let last = log.last().unwrap();
        assert_eq!(
            (&last["stage"], &last["code"]),
            (&"limit".into(), &"credential_limit".into())
        );
        assert_eq!(last["authentication_error"], "own_budget");
    }
}

#[tokio::test]
async fn a_site_sees_no_more_tries_than_it_may_and_whoever_is_known_there_goes_on() {
    let world = World::builder()
        .settings("[limits]\nown_credentials_per_source = 1000\nown_credentials_per_site = 20")
        .start()
        .await;
    world.allow_own("acme", &super::BOTH).await;
    let ann = world.own("api_token", "ann", &[]);
    assert_eq!(world.get_by(ACME_1, &ann).await.status, 200);
    let mut statuses = Vec::new();
    for number in 0..12 {
        let own = format!("Bearer made-up-{number}");
        statuses.push(world.get_by(ACME_1, &own).await.status);
    }
    assert_eq!(
        statuses,
        [401, 401, 401, 401, 401, 401, 401, 401, 401, 429, 429, 429]
    );
    // Another site has a budget of its own, and so has the same site by its other name: counting both as one would tell that it is one.
    assert_eq!(
        world.get_by(&target("globex"), "Bearer x").await.status,
        401
    );
    let cloud = world.site("acme").cloud_id().to_owned();
    let by_cloud = format!("/ex/jira/{cloud}/rest/api/3/issue/ACME-1");
    assert_eq!(world.get_by(&by_cloud, "Bearer x").await.status, 401);
    // Also once what was confirmed is no longer believed.
    world.clock.advance(Duration::from_mins(5));
    for number in 0..20 {
        let own = format!("Bearer made-up-again-{number}");
        world.get_by(ACME_1, &own).await;
    }
    assert_eq!(world.get_by(ACME_1, "Bearer x").await.status, 429);
    assert_eq!(world.get_by(ACME_1, &ann).await.status, 200);
}

#[tokio::test]
async fn a_log_that_cannot_be_written_stops_them_all_alike_and_nothing_is_sent() {
    let world = World::taking_own(&["acme"]).await;
    execute(&world, BREAK).await;
    let own = world.own("api_token", "ann", &[]);
    for site in SITES {
        let answer = world.get_by(&target(site), &own).await;
        assert_eq!(told(&answer), (503, "log_unavailable".into()), "{site}");
    }
    assert!(world.nothing_left());
    execute(&world, "DROP TRIGGER broken").await;
    assert_eq!(world.get_by(ACME_1, &own).await.status, 200);
}

#[tokio::test]
async fn troubles_of_atlassian_are_told_to_nobody_who_is_not_known() {
    for fault in [
        Fault::Status(500),
        Fault::RateLimited { retry_after_s: 7 },
        Fault::CloseConnection,
        Fault::NotJson,
        Fault::Hang,
    ] {
        let world = World::builder()
            .settings("[limits]\nown_credential_wait_ms = 300")
            .start()
            .await;
        world.allow_own("acme", &super::BOTH).await;
        world.jira.clear_requests();
        for role in [Role::Jira, Role::Api] {
            world.jira.set_fault(role, Some(fault.clone()));
        }
        for kind in super::BOTH {
            let own = world.own(kind, "ann", &["acme"]);
            let mut all = Vec::new();
            for site in SITES {
                all.push(seen(&world.get_by(&target(site), &own).await));
            }
            assert!(
                all[0] == all[1] && all[1] == all[2],
                "{fault:?} {kind}: {all:?}"
            );
            assert_eq!(all[0].0, 401, "{fault:?} {kind}");
        }
        assert!(!world.nothing_left());
    }
}
