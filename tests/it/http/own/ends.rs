//! What ends a credential of a user's own: Jira's refusal at once, and what operators do also for a request that is held at Jira.

use gatepost::control::command::Command;
use gatepost::standin::{Fault, Role};

use super::{ACME_1, sent, told};
use crate::world::own::BOTH;
use crate::world::{Answer, World, until};

const ACME: &str = "acme.atlassian.net";

#[tokio::test]
async fn a_token_that_was_taken_back_ends_with_the_first_refusal_of_jira() {
    let world = World::taking_own(&["acme"]).await;
    let api = world.jira.api_token("ann");
    let oauth = world.jira.oauth_token("ann", &["acme"]);
    let owns = [api.authorization(), format!("Bearer {oauth}")];
    for own in &owns {
        assert_eq!(world.get_by(ACME_1, own).await.status, 200);
    }
    world.jira.revoke_api_token(&api);
    world.jira.expire_token(&oauth);
    for own in &owns {
        world.jira.clear_requests();
        let answer = world.get_by(ACME_1, own).await;
        assert_eq!(told(&answer), (401, "unauthenticated".into()));
        // Only the request itself: it was believed until then.
        assert_eq!(sent(&world).len(), 1);
        world.jira.clear_requests();
        let answer = world.get_by(ACME_1, own).await;
        assert_eq!(told(&answer), (401, "unauthenticated".into()));
        let asked = sent(&world);
        assert!(
            asked.iter().all(|(_, path)| !path.contains("/issue/")),
            "{asked:?}"
        );
        assert!(!asked.is_empty());
    }
    let outcomes = world.decisions().await;
    let refused: Vec<_> = outcomes
        .iter()
        .filter(|record| record["outcome"]["upstream_status"] == 401)
        .collect();
    assert_eq!(refused.len(), 2);
}

#[tokio::test]
async fn a_refused_login_that_looks_like_a_missing_issue_is_a_refusal() {
    let world = World::taking_own(&["acme"]).await;
    for (fault, status) in [(Fault::FailedLogin, 404), (Fault::Captcha, 403)] {
        let api = world.jira.api_token("ann");
        let own = api.authorization();
        assert_eq!(world.get_by(ACME_1, &own).await.status, 200);
        world.jira.set_fault_times(Role::Jira, fault.clone(), 1);
        world.jira.revoke_api_token(&api);
        for _ in 0..2 {
            let answer = world.get_by(ACME_1, &own).await;
            assert_eq!(
                told(&answer),
                (401, "unauthenticated".into()),
                "{fault:?} {}",
                answer.text
            );
        }
        let log = world.decisions().await;
        let refused = log
            .iter()
            .filter(|record| record["outcome"]["upstream_status"] == status);
        assert_eq!(refused.count(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_refusal_of_jira_that_was_none_of_the_tokens_fault_costs_one_look_up() {
    let world = World::taking_own(&["acme"]).await;
    let own = world.own("api_token", "ann", &[]);
    assert_eq!(world.get_by(ACME_1, &own).await.status, 200);
    world
        .jira
        .set_fault_times(Role::Jira, Fault::Status(401), 1);
    assert_eq!(world.get_by(ACME_1, &own).await.status, 401);
    assert_eq!(world.get_by(ACME_1, &own).await.status, 200);
    assert_eq!(world.lookups().await.len(), 2);
}

/// The answer to a request that was held at Jira while something changed.
async fn meanwhile(world: &World, own: &str, role: Role, change: impl Future) -> Answer {
    assert_eq!(world.get_by(ACME_1, own).await.status, 200);
    world.jira.clear_requests();
    world.jira.set_fault(role, Some(Fault::Hold));
    let changed = async {
        until("the request is held", || !world.seen(role).is_empty()).await;
        change.await;
        world.jira.set_fault(role, None);
    };
    let (answer, ()) = tokio::join!(world.get_by(ACME_1, own), changed);
    answer
}

#[tokio::test]
async fn what_ends_it_reaches_requests_under_way_and_the_next() {
    for (kind, role) in [("api_token", Role::Jira), ("oauth_token", Role::Api)] {
        for ended in [
            "opted out",
            "account",
            "account here",
            "tenant",
            "suspended",
            "uninstalled",
            "nothing",
        ] {
            let world = World::taking_own(&["acme"]).await;
            let own = world.own(kind, "ann", &["acme"]);
            let change = async {
                match ended {
                    "opted out" => world.allow_own("acme", &[]).await,
                    "account" => world.block(Some("ann"), None).await,
                    "account here" => world.block(Some("ann"), Some(ACME)).await,
                    "tenant" => world.block(None, Some(ACME)).await,
                    "suspended" => {
                        let (tenant, reason) = (ACME.to_owned(), "a test".to_owned());
                        world
                            .command(Command::TenantSuspend { tenant, reason })
                            .await;
                    }
                    "uninstalled" => {
                        let callback = world.site("acme").uninstall(world.app_url());
                        assert_eq!(world.deliver(&callback).await.status, 204);
                    }
                    _ => world.block(Some("bob"), None).await,
                }
            };
            let expected = if ended == "nothing" { 200 } else { 401 };
            let answer = meanwhile(&world, &own, role, change).await;
            assert_eq!(answer.status, expected, "{kind} {ended}: {}", answer.text);
            world.jira.clear_requests();
            let answer = world.get_by(ACME_1, &own).await;
            assert_eq!(answer.status, expected, "{kind} {ended}: {}", answer.text);
            assert_eq!(world.nothing_left(), expected == 401, "{kind} {ended}");
        }
    }
}

#[tokio::test]
async fn what_an_operator_says_is_shown_and_on_record() {
    let world = World::new().await;
    let tenant = ACME.to_owned();
    let show = async || {
        world
            .command(Command::TenantShow {
                tenant: ACME.to_owned(),
            })
            .await
    };
    assert_eq!(show().await["own_credentials"], serde_json::json!([]));
    let allow = vec!["oauth_token".to_owned(), "api_token".to_owned()];
    world
        .command(Command::TenantCredentials { tenant, allow })
        .await;
    assert_eq!(show().await["own_credentials"], serde_json::json!(BOTH));
    world.allow_own("acme", &[]).await;
    let log = world.log().await;
    let said: Vec<_> = log
        .iter()
        .filter(|record| record["operation"] == "tenant.own_credentials")
        .map(|record| record["detail"]["own_credentials"].as_str().unwrap())
        .collect();
    assert_eq!(said, ["api_token oauth_token", "none"]);
    let (tenant, allow) = (ACME.to_owned(), vec!["password".to_owned()]);
    let refused = world.command_in_vain(Command::TenantCredentials { tenant, allow });
    assert!(refused.await.contains("api_token and oauth_token"));
    // What is said of an app that is not there would wait for whoever installs it.
    let callback = world.site("acme").uninstall(world.app_url());
    assert_eq!(world.deliver(&callback).await.status, 204);
    let (tenant, allow) = (
        world.site("acme").client_key(),
        vec!["api_token".to_owned()],
    );
    let refused = world.command_in_vain(Command::TenantCredentials { tenant, allow });
    assert!(refused.await.contains("not installed"));
}
