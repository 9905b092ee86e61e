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

/// Status and code of Ann's attempt to open a session from the page with this nonce.
async fn open(world: &World, nonce: &str) -> (u16, String) {
    let token = format!("JWT {}", world.fresh_token("acme", "ann"));
    let headers = [
        ("authorization", token.as_str()),
        ("x-gatepost-page", nonce),
    ];
    let answer = world.send("POST", "/v1/sessions", &headers).await;
    let code = answer.json()["code"]
        .as_str()
        .unwrap_or("opened")
        .to_owned();
    (answer.status, code)
}

#[tokio::test]
async fn a_nonce_opens_sessions_for_its_own_account_alone() {
    let world = World::new().await;
    assert_eq!(
        open(&world, &nonce(&world, "acme", "ann")).await,
        (201, "opened".to_owned())
    );
    for (site, person) in [("acme", "bob"), ("globex", "ann")] {
        let (status, code) = open(&world, &nonce(&world, site, person)).await;
        assert_eq!(
            (status, code.as_str()),
            (403, "page_nonce"),
            "{site} {person}"
        );
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
        let (status, code) = open(&world, &nonce).await;
        assert_eq!((status, code.as_str()), (403, "page_nonce"), "`{nonce}`");
    }
}

#[tokio::test]
async fn a_nonce_lasts_as_long_as_a_session() {
    let world = World::new().await;
    let nonce = nonce(&world, "acme", "ann");
    let almost = Duration::from_hours(8).checked_sub(Duration::from_secs(1));
    world.clock.advance(almost.unwrap());
    assert_eq!(open(&world, &nonce).await.0, 201);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(open(&world, &nonce).await.0, 403);
}
