//! Which host is asked for which credential, and which account comes of what it answers.

use std::time::Duration;

use gatepost::standin::{Fault, Role, account};
use serde_json::json;
use tokio::net::TcpListener;

use super::{ACME_1, GLOBEX_1, sent};
use crate::http::upstream::futures_now;
use crate::world::World;

const MYSELF: &str = "/rest/api/3/myself";
const ISSUE: &str = "/rest/api/3/issue/ACME-1";
const RESOURCES: &str = "/oauth/token/accessible-resources";

fn at_api(world: &World, path: &str) -> (Role, String) {
    let cloud = world.site("acme").cloud_id().to_owned();
    (Role::Api, format!("/ex/jira/{cloud}{path}"))
}

fn at_site(path: &str) -> (Role, String) {
    (Role::Jira, path.to_owned())
}

#[tokio::test]
async fn a_token_without_scopes_goes_to_the_site_alone() {
    let world = World::taking_own(&["acme"]).await;
    let own = world.own("api_token", "ann", &[]);
    assert_eq!(world.get_by(ACME_1, &own).await.status, 200);
    assert_eq!(sent(&world), [at_site(MYSELF), at_site(ISSUE)]);
}

#[tokio::test]
async fn a_token_with_scopes_is_tried_once_at_the_api_host_and_remembered_to_be_good_there() {
    let world = World::taking_own(&["acme"]).await;
    let own = world.jira.scoped_api_token("ann").authorization();
    assert_eq!(world.get_by(ACME_1, &own).await.status, 200);
    let expected = [
        at_site(MYSELF),
        at_api(&world, MYSELF),
        at_api(&world, ISSUE),
    ];
    assert_eq!(sent(&world), expected);
    world.jira.clear_requests();
    world.clock.advance(Duration::from_mins(10));
    assert_eq!(world.get_by(ACME_1, &own).await.status, 200);
    assert_eq!(
        sent(&world),
        [at_api(&world, MYSELF), at_api(&world, ISSUE)]
    );
}

#[tokio::test]
async fn a_service_account_goes_to_the_api_host_alone() {
    let world = World::taking_own(&["acme"]).await;
    let bot = world.site("acme").service_account("bot");
    let answer = world.get_by(ACME_1, &bot.authorization()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        sent(&world),
        [at_api(&world, MYSELF), at_api(&world, ISSUE)]
    );
    let log = world.decisions().await;
    assert_eq!(log[0]["account"], bot.account);
    // It is nobody elsewhere.
    world.allow_own("globex", &super::BOTH).await;
    let answer = world.get_by(GLOBEX_1, &bot.authorization()).await;
    assert_eq!(answer.status, 401, "{}", answer.text);
}

#[tokio::test]
async fn an_access_token_says_first_which_sites_it_covers() {
    let world = World::taking_own(&["acme"]).await;
    let own = world.own("oauth_token", "carol", &["acme", "globex"]);
    assert_eq!(world.get_by(ACME_1, &own).await.status, 200);
    let resources = (Role::Api, RESOURCES.to_owned());
    let expected = [
        resources.clone(),
        at_api(&world, MYSELF),
        at_api(&world, ISSUE),
    ];
    assert_eq!(sent(&world), expected);
    // Carol is a user of acme. The token is not for acme.
    world.jira.clear_requests();
    let own = world.own("oauth_token", "carol", &["globex"]);
    assert_eq!(world.get_by(ACME_1, &own).await.status, 401);
    assert_eq!(sent(&world), [resources]);
    let log = world.decisions().await;
    assert_eq!(
        log.last().unwrap()["authentication_error"],
        "own_other_site"
    );
}

#[tokio::test]
async fn a_list_that_does_not_say_it_in_one_way_covers_nothing() {
    let world = World::taking_own(&["acme"]).await;
    let cloud = world.site("acme").cloud_id().to_owned();
    for (number, list) in [
        json!([]).to_string(),
        json!({"id": cloud}).to_string(),
        json!([{"id": format!("{cloud}0")}]).to_string(),
        json!([{"url": "https://acme.atlassian.net"}]).to_string(),
        format!(r#"[{{"id":"{cloud}","id":"x"}}]"#),
    ]
    .into_iter()
    .enumerate()
    {
        let own = format!("Bearer token-{number}");
        world.jira.clear_requests();
        world
            .jira
            .set_fault(Role::Api, Some(Fault::Instead(list.clone())));
        assert_eq!(world.get_by(ACME_1, &own).await.status, 401, "{list}");
        assert_eq!(sent(&world).len(), 1, "{list}");
    }
}

#[tokio::test]
async fn whoever_is_no_active_user_of_the_site_is_nobody() {
    let world = World::taking_own(&["acme"]).await;
    for (body, cause) in [
        (
            json!({"accountId": account("ann"), "accountType": "atlassian", "active": false}),
            "own_inactive",
        ),
        (
            json!({"accountId": account("ann"), "accountType": "customer", "active": true}),
            "own_no_user",
        ),
        (
            json!({"accountId": account("ann"), "accountType": "atlassian"}),
            "own_broken",
        ),
        (
            json!({"accountId": "a b", "accountType": "atlassian", "active": true}),
            "own_broken",
        ),
    ] {
        let own = world.own("api_token", "ann", &[]);
        let instead = Fault::Instead(body.to_string());
        world.jira.set_fault(Role::Jira, Some(instead));
        world.jira.clear_requests();
        assert_eq!(world.get_by(ACME_1, &own).await.status, 401, "{body}");
        assert_eq!(sent(&world), [at_site(MYSELF)], "{body}");
        let log = world.decisions().await;
        assert_eq!(log.last().unwrap()["authentication_error"], cause, "{body}");
    }
    world.jira.set_fault(Role::Jira, None);
    world.site("acme").deactivate("bob");
    for kind in super::BOTH {
        let own = world.own(kind, "bob", &["acme"]);
        assert_eq!(world.get_by(ACME_1, &own).await.status, 401, "{kind}");
    }
}

#[tokio::test]
async fn a_login_that_wants_a_captcha_is_not_good_and_not_tried_elsewhere() {
    let world = World::taking_own(&["acme"]).await;
    let own = world.own("api_token", "ann", &[]);
    world.jira.set_fault(Role::Jira, Some(Fault::Captcha));
    assert_eq!(world.get_by(ACME_1, &own).await.status, 401);
    assert_eq!(sent(&world), [at_site(MYSELF)]);
    let log = world.decisions().await;
    assert_eq!(log.last().unwrap()["authentication_error"], "own_captcha");
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_a_credential() {
    let world = World::taking_own(&["acme"]).await;
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (there, own) = (elsewhere.local_addr().unwrap(), world.jira.address());
    let targets = [
        format!("http://{there}/"),
        format!("http://{own}/keys/steal"),
        "https://globex.atlassian.net/rest/api/3/myself".to_owned(),
    ];
    for target in targets {
        for role in [Role::Jira, Role::Api] {
            let redirect = Some(Fault::Redirect(target.clone()));
            world.jira.set_fault(role, redirect);
        }
        for kind in super::BOTH {
            world.jira.clear_requests();
            let own = world.own(kind, "ann", &["acme"]);
            let answer = world.get_by(ACME_1, &own).await;
            assert_eq!(answer.status, 401, "{kind} {target}");
            assert_eq!(sent(&world).len(), 1, "{kind} {target}");
        }
    }
    // Whoever had connected would be waiting to be accepted.
    let accepted = elsewhere.accept();
    tokio::pin!(accepted);
    assert!(
        futures_now(accepted).await,
        "something reached the other host"
    );
}
