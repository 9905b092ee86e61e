//! User tokens: asked for once, for the least scope, kept for one tenant, account and installation, dropped when they are worth nothing.

use std::time::Duration;

use gatepost::standin::{Fault, Role, account};

use super::{ACME_1, lines};
use crate::world::World;

const GLOBEX_1: &str = "/v1/issue?site=https://globex.atlassian.net&issue=GLOBEX-1";

#[tokio::test]
async fn many_requests_of_one_account_ask_for_one_token() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    // Held back, so that all of them come before it is there.
    let delay = Fault::Delay(Duration::from_millis(300));
    world.jira.set_fault(Role::Token, Some(delay));
    let requests = (0..20).map(|_| world.get(ACME_1, &ann));
    for answer in join_all(requests).await {
        assert_eq!(answer, 200);
    }
    let asked = world.seen(Role::Token);
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0].scope.as_deref(), Some("READ"));
    assert_eq!(world.seen(Role::Jira).len(), 20);
    for seen in world.seen(Role::Jira) {
        assert_eq!(seen.scope.as_deref(), Some("READ"));
        assert_eq!(seen.account, Some(account("ann")));
    }
}

/// The statuses of requests that run at once.
pub(super) async fn join_all(
    requests: impl Iterator<Item = impl Future<Output = crate::world::Answer>>,
) -> Vec<u16> {
    let mut open: Vec<_> = requests.map(|request| (Box::pin(request), None)).collect();
    std::future::poll_fn(|context| {
        for (request, status) in &mut open {
            if status.is_none()
                && let std::task::Poll::Ready(answer) = request.as_mut().poll(context)
            {
                *status = Some(answer.status);
            }
        }
        match open.iter().map(|(_, status)| *status).collect() {
            Some(all) => std::task::Poll::Ready(all),
            None => std::task::Poll::Pending,
        }
    })
    .await
}

#[tokio::test]
async fn a_failed_request_for_a_token_is_asked_again_by_the_next() {
    let world = World::new().await;
    world
        .jira
        .set_fault_times(Role::Token, Fault::Status(500), 1);
    let ann = world.token("acme", "ann");
    assert_eq!(world.get(ACME_1, &ann).await.status, 502);
    assert_eq!(world.get(ACME_1, &ann).await.status, 200);
    assert_eq!(world.seen(Role::Token).len(), 2);
}

#[tokio::test]
async fn one_person_on_two_sites_has_two_tokens() {
    let world = World::new().await;
    for (site, target) in [
        ("acme", ACME_1),
        ("globex", GLOBEX_1),
        ("acme", ACME_1),
        ("globex", GLOBEX_1),
    ] {
        let answer = world.get(target, &world.token(site, "carol")).await;
        assert_eq!(answer.status, 200, "{site}: {}", answer.text);
        assert!(
            answer.text.contains(&format!("({site})")),
            "{}",
            answer.text
        );
    }
    // The stand-in answers 401 to a token of another site: one token each, and none was tried at the wrong place.
    assert_eq!(world.seen(Role::Token).len(), 2);
    let statuses: Vec<u16> = world
        .seen(Role::Jira)
        .iter()
        .map(|seen| seen.status)
        .collect();
    assert_eq!(statuses, [200; 4]);
}

#[tokio::test]
async fn two_people_of_one_site_have_two_tokens() {
    let world = World::new().await;
    for person in ["ann", "bob", "ann", "bob"] {
        let answer = world.get(ACME_1, &world.token("acme", person)).await;
        assert_eq!(answer.status, 200);
    }
    let accounts: Vec<_> = world
        .seen(Role::Jira)
        .into_iter()
        .map(|seen| seen.account)
        .collect();
    let (ann, bob) = (Some(account("ann")), Some(account("bob")));
    assert_eq!(accounts, [ann.clone(), bob.clone(), ann, bob]);
    assert_eq!(world.seen(Role::Token).len(), 2);
}

#[tokio::test]
async fn a_token_is_asked_anew_half_a_minute_before_it_ends() {
    let world = World::new().await;
    let ask = async || {
        let answer = world.get(ACME_1, &world.token("acme", "ann")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        world.seen(Role::Token).len()
    };
    assert_eq!(ask().await, 1);
    world.clock.advance(Duration::from_secs(869));
    assert_eq!(ask().await, 1);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(ask().await, 2);
}

#[tokio::test]
async fn a_token_that_jira_refuses_is_dropped_and_one_more_is_tried() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    assert_eq!(world.get(ACME_1, &ann).await.status, 200);
    world.jira.clear_requests();
    world
        .jira
        .set_fault_times(Role::Jira, Fault::Status(401), 1);
    let answer = world.get(ACME_1, &ann).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        (world.seen(Role::Token).len(), world.seen(Role::Jira).len()),
        (1, 2)
    );
    // A fresh one that is refused as well is Jira's fault, and no reason to try for ever.
    world.jira.clear_requests();
    world.jira.set_fault(Role::Jira, Some(Fault::Status(401)));
    let answer = world.get(ACME_1, &ann).await;
    assert_eq!(answer.status, 502, "{}", answer.text);
    assert_eq!(answer.json()["code"], "jira_failed");
    assert_eq!(
        (world.seen(Role::Token).len(), world.seen(Role::Jira).len()),
        (1, 2)
    );
    // That one is not kept either.
    world.jira.clear_requests();
    assert_eq!(world.get(ACME_1, &ann).await.status, 502);
    assert_eq!(
        (world.seen(Role::Token).len(), world.seen(Role::Jira).len()),
        (1, 1)
    );
    world.jira.set_fault(Role::Jira, None);
    assert_eq!(world.get(ACME_1, &ann).await.status, 200);
}

#[tokio::test]
async fn an_install_of_the_same_secret_drops_the_tokens_too() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    assert_eq!(world.get(ACME_1, &ann).await.status, 200);
    let again = world.site("acme").install(world.app_url());
    assert_eq!(world.deliver(&again).await.status, 204);
    world.jira.clear_requests();
    assert_eq!(world.get(ACME_1, &ann).await.status, 200);
    assert_eq!(world.seen(Role::Token).len(), 1);
}

#[tokio::test]
async fn an_account_that_the_site_does_not_have_gets_no_token() {
    let world = World::new().await;
    // Eve is of globex; a token that acme signs for her says nothing else than that acme's secret was at hand.
    let answer = world.get(ACME_1, &world.token("acme", "eve")).await;
    assert_eq!(answer.status, 502, "{}", answer.text);
    assert_eq!(answer.json()["code"], "user_token_refused");
    assert!(world.seen(Role::Jira).is_empty());
    let expected = ["allow policy allowed", "outcome 502 user_token_refused"];
    assert_eq!(lines(&world.decisions().await), expected);
}
