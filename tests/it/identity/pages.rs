//! The nonce of a page: good for the account that it was given to, for as long as a session lasts, and as it was written.

use std::time::Duration;

use gatepost::standin::account;

use crate::world::World;

/// The nonce of a page that this person on this site has open.
fn nonce(world: &World, site: &str, person: &str) -> String {
    let tenant = world.site(site).client_key().parse().unwrap();
    let issued = &world.node.shared().opened.issued;
    issued.page_nonce(&tenant, &account(person).parse().unwrap())
}

/// The status of Ann's attempt to open a session from the page with this nonce, and why it failed, as the log has it.
async fn open(world: &World, nonce: &str) -> (u16, String) {
    let token = format!("JWT {}", world.fresh_token("acme", "ann"));
    let headers = [
        ("authorization", token.as_str()),
        ("x-gatepost-page", nonce),
    ];
    let answer = world.send("POST", "/v1/sessions", &headers).await;
    let log = world.log().await;
    let is_of = |record: &&serde_json::Value| record["decision_id"] == answer.decision_id();
    let record = log.iter().find(is_of).unwrap();
    (answer.status, record["code"].as_str().unwrap().to_owned())
}

fn opened() -> (u16, String) {
    (201, "allowed".to_owned())
}

/// A caller is told no more than of any bad credential.
fn refused() -> (u16, String) {
    (401, "page_nonce".to_owned())
}

#[tokio::test]
async fn a_nonce_opens_sessions_for_its_own_account_alone() {
    let world = World::new().await;
    let own = nonce(&world, "acme", "ann");
    assert_eq!(open(&world, &own).await, opened());
    for (site, person) in [("acme", "bob"), ("globex", "ann")] {
        let others = nonce(&world, site, person);
        assert_eq!(open(&world, &others).await, refused(), "{site} {person}");
    }
}

#[tokio::test]
async fn a_nonce_that_was_changed_anywhere_is_none() {
    let world = World::new().await;
    let good = nonce(&world, "acme", "ann");
    let (made, mac) = good.rsplit_once('_').unwrap();
    let (head, seconds) = made.rsplit_once('_').unwrap();
    let later = seconds.parse::<i64>().unwrap() + 1;
    let wrong = [
        String::new(),
        "gpn_".to_owned(),
        made.to_owned(),
        format!("{made}_"),
        format!("{made}_{}", mac.to_uppercase()),
        format!("{made}_{}", &mac[..mac.len() - 1]),
        format!("{made}_{mac}0"),
        format!("{head}_{later}_{mac}"),
        format!("{head}_+{seconds}_{mac}"),
        format!("{}_{seconds}_{mac}", head.replace("gpn_", "gpn_0")),
    ];
    for nonce in wrong {
        assert_eq!(open(&world, &nonce).await, refused(), "`{nonce}`");
    }
}

#[tokio::test]
async fn a_nonce_lasts_as_long_as_a_session() {
    let world = World::new().await;
    let nonce = nonce(&world, "acme", "ann");
    let almost = Duration::from_hours(8).checked_sub(Duration::from_secs(1));
    world.clock.advance(almost.unwrap());
    assert_eq!(open(&world, &nonce).await, opened());
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(open(&world, &nonce).await, refused());
}

#[tokio::test]
async fn a_session_is_not_kept_open_by_requests_without_its_page() {
    let world = World::new().await;
    let nonce = nonce(&world, "acme", "ann");
    let token = format!("JWT {}", world.fresh_token("acme", "ann"));
    let headers = [
        ("authorization", token.as_str()),
        ("x-gatepost-page", nonce.as_str()),
    ];
    let made = world.send("POST", "/v1/sessions", &headers).await.json();
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    let list = async |nonce: Option<&str>| {
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(nonce.map(|nonce| ("x-gatepost-page", nonce)));
        world.get_with("/v1/keys", &headers).await.status
    };
    let minutes = Duration::from_mins;
    world.clock.advance(minutes(10));
    assert_eq!(list(Some(&nonce)).await, 200, "a use");
    world.clock.advance(minutes(10));
    assert_eq!(list(None).await, 401, "none");
    world.clock.advance(minutes(5));
    assert_eq!(list(Some(&nonce)).await, 401, "idle for 15 minutes");
}
