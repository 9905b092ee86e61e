//! A site that Forge alone knows is renamed, and somebody else's has its host: no credential goes there any more.

use std::time::Duration;

use gatepost::standin::{Fault, Role};

use super::sent;
use crate::world::{World, until};

const TENANT_INFO: &str = "/_edge/tenant_info";
const MYSELF: &str = "/rest/api/3/myself";
const ISSUE: &str = "/rest/api/3/issue/INITECH-1";
const INITECH_1: &str = "/v1/issue?site=https://initech.atlassian.net&issue=INITECH-1";

/// A world where initech, which Forge alone knows, takes users' API tokens.
async fn initech() -> World {
    let world = World::with_initech().await;
    world.allow_own("initech", &["api_token"]).await;
    world
}

fn at_site(path: &str) -> (Role, String) {
    (Role::Jira, path.to_owned())
}

fn at_api(world: &World, path: &str) -> (Role, String) {
    let cloud = world.site("initech").cloud_id().to_owned();
    (Role::Api, format!("/ex/jira/{cloud}{path}"))
}

/// All that is asked where the host is not the site's: the host for its cloud id, and then the API host.
fn past_the_host(world: &World) -> [(Role, String); 3] {
    [
        at_site(TENANT_INFO),
        at_api(world, MYSELF),
        at_api(world, ISSUE),
    ]
}

async fn cause(world: &World) -> String {
    let log = world.decisions().await;
    let cause = &log.last().unwrap()["authentication_error"];
    cause.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_host_of_a_tenant_of_forge_alone_says_whose_it_is_before_a_token_goes_there() {
    let world = initech().await;
    let own = world.own("api_token", "ann", &[]);
    let answer = world.get_by(INITECH_1, &own).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let expected = [at_site(TENANT_INFO), at_site(MYSELF), at_site(ISSUE)];
    assert_eq!(sent(&world), expected);
    let asked = &world.jira.requests()[0];
    assert_eq!(asked.authorization_kind, None, "{asked:?}");
}

#[tokio::test]
async fn a_token_goes_to_the_api_host_once_somebody_else_has_the_host() {
    let world = initech().await;
    world.site("initech").lose_host();
    let own = world.own("api_token", "ann", &[]);
    let answer = world.get_by(INITECH_1, &own).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(sent(&world), past_the_host(&world));
}

#[tokio::test]
async fn where_a_token_was_good_before_is_asked_again_once_it_is_no_longer_believed() {
    let world = initech().await;
    let own = world.own("api_token", "ann", &[]);
    assert_eq!(world.get_by(INITECH_1, &own).await.status, 200);
    world.site("initech").lose_host();
    world.jira.clear_requests();
    world.clock.advance(Duration::from_mins(10));
    let answer = world.get_by(INITECH_1, &own).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(sent(&world), past_the_host(&world));
}

#[tokio::test]
async fn a_former_host_that_redirects_or_is_nobodys_sees_no_token() {
    let renamed = "https://globex.atlassian.net/_edge/tenant_info".to_owned();
    for fault in [
        Fault::Redirect(renamed),
        Fault::Status(404),
        Fault::Status(410),
    ] {
        let world = initech().await;
        let own = world.own("api_token", "ann", &[]);
        world.jira.set_fault(Role::Jira, Some(fault.clone()));
        let answer = world.get_by(INITECH_1, &own).await;
        assert_eq!(answer.status, 200, "{fault:?}: {}", answer.text);
        assert_eq!(sent(&world), past_the_host(&world), "{fault:?}");
    }
}

#[tokio::test]
async fn what_ends_while_the_host_is_asked_keeps_the_token_back() {
    for is_blocked in [true, false] {
        let world = initech().await;
        let own = world.own("api_token", "ann", &[]);
        world.jira.set_fault(Role::Jira, Some(Fault::Hold));
        let changed = async {
            until("the host is asked", || !world.nothing_left()).await;
            if is_blocked {
                let host = world.site("initech").host().to_owned();
                world.block(None, Some(&host)).await;
            } else {
                world.allow_own("initech", &[]).await;
            }
            world.jira.set_fault(Role::Jira, None);
        };
        let (answer, ()) = tokio::join!(world.get_by(INITECH_1, &own), changed);
        assert_eq!(answer.status, 401, "{}", answer.text);
        assert_eq!(sent(&world), [at_site(TENANT_INFO)]);
        assert_eq!(cause(&world).await, "own_outlived");
    }
}

#[tokio::test]
async fn a_host_that_does_not_say_whose_it_is_sees_no_token() {
    let world = initech().await;
    for (fault, expected) in [
        (Fault::Status(500), "own_broken"),
        (Fault::RateLimited { retry_after_s: 1 }, "own_limited"),
        (Fault::CloseConnection, "own_broken"),
        (Fault::NotJson, "own_broken"),
        (Fault::Instead("{}".to_owned()), "own_broken"),
        (
            Fault::Instead(r#"{"cloudId":"initech"}"#.to_owned()),
            "own_broken",
        ),
    ] {
        let own = world.own("api_token", "ann", &[]);
        world.jira.set_fault(Role::Jira, Some(fault.clone()));
        world.jira.clear_requests();
        assert_eq!(world.get_by(INITECH_1, &own).await.status, 401, "{fault:?}");
        assert_eq!(sent(&world), [at_site(TENANT_INFO)], "{fault:?}");
        assert_eq!(cause(&world).await, expected, "{fault:?}");
    }
}
