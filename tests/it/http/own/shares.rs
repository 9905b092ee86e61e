//! What one tenant and one account may take of look-ups, so that others have theirs.

use std::time::Duration;

use base64::Engine as _;
use gatepost::standin::{Fault, Role};

use super::super::user_tokens::join_all;
use super::{ACME_1, GLOBEX_1, told};
use crate::world::World;
use crate::world::own::BOTH;

/// Somebody's address with a token that Atlassian gave to nobody.
fn made_up(number: usize) -> String {
    let pair = format!("ann@acme.example:made-up-{number}");
    let pair = base64::engine::general_purpose::STANDARD.encode(pair);
    format!("Basic {pair}")
}

#[tokio::test]
async fn a_site_that_does_not_answer_leaves_turns_to_the_users_of_others() {
    let world = World::builder()
        .settings("[limits]\nown_credential_wait_ms = 1000")
        .settings("own_credentials_per_source = 10000\nown_credentials_per_site = 100000")
        .start()
        .await;
    for site in ["acme", "globex"] {
        world.allow_own(site, &BOTH).await;
    }
    world.jira.clear_requests();
    world.jira.set_fault(Role::Jira, Some(Fault::Hold));
    let owns: Vec<String> = (0..70).map(made_up).collect();
    let statuses = join_all(owns.iter().map(|own| world.get_by(ACME_1, own))).await;
    assert_eq!(statuses, [401; 70]);
    // Nobody waits for them any more, and they go on.
    assert_eq!(world.seen(Role::Jira).len(), 8);
    let carol = world.own("oauth_token", "carol", &["globex"]);
    let answer = world.get_by(GLOBEX_1, &carol).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn with_many_credentials_an_account_is_looked_up_no_faster_than_it_may_be() {
    let world = World::builder()
        .settings("[limits]\nown_credentials_per_source = 10000")
        .start()
        .await;
    world.allow_own("acme", &BOTH).await;
    let owns: Vec<String> = (0..31)
        .map(|_| world.own("api_token", "ann", &[]))
        .collect();
    for own in &owns {
        assert_eq!(world.get_by(ACME_1, own).await.status, 200);
    }
    let bob = world.own("api_token", "bob", &[]);
    assert_eq!(world.get_by(ACME_1, &bob).await.status, 200);
    // All are known and have to be asked about again.
    world.clock.advance(Duration::from_mins(5));
    for own in &owns[..30] {
        assert_eq!(world.get_by(ACME_1, own).await.status, 200);
    }
    world.jira.clear_requests();
    let lookups = world.lookups().await.len();
    let answer = world.get_by(ACME_1, &owns[30]).await;
    assert_eq!(told(&answer), (429, "credential_limit".into()));
    assert_eq!(answer.header("retry-after"), "1");
    assert!(world.nothing_left());
    assert_eq!(world.lookups().await.len(), lookups);
    // What is believed goes on, and so does everybody else.
    assert_eq!(world.get_by(ACME_1, &owns[0]).await.status, 200);
    assert_eq!(world.get_by(ACME_1, &bob).await.status, 200);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.get_by(ACME_1, &owns[30]).await.status, 200);
}
