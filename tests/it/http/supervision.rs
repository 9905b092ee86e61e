//! What the administrators of a site see and end: only they, only of their own site, and nothing that Jira has not confirmed just now.

use gatepost::standin::{Fault, Role, account};
use serde_json::{Value, json};

use super::names;
use super::resource::code;
use crate::world::{Answer, World};

const SITE: &str = "/v1/site";
const OWN: &str = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";

/// The overview of acme, as Carol sees it.
async fn overview(world: &World) -> Value {
    let answer = world.get(SITE, &world.fresh_token("acme", "carol")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn an_administrator_sees_what_there_is_of_the_whole_own_site() {
    let world = World::new().await;
    let session = world.session("acme", "ann").await;
    let key = world.key("acme", "bob", json!({"name": "nightly"})).await;
    world.session("globex", "eve").await;
    world.key("globex", "frank", json!({})).await;
    world
        .command(super::act_as_grant("acme.atlassian.net", "ann", "bob"))
        .await;
    world
        .command(super::act_as_grant("globex.atlassian.net", "eve", "frank"))
        .await;
    world
        .get_as(
            "/v1/issue?site=https://acme.atlassian.net&issue=SECRET-7&act_as=x",
            &session,
        )
        .await;
    world.jira.clear_requests();
    let seen = overview(&world).await;
    assert_eq!(
        world.jira_saw(),
        ["/rest/api/3/mypermissions?permissions=ADMINISTER"]
    );
    assert_eq!(seen["site"], "https://acme.atlassian.net");
    assert_eq!(seen["tenant"], world.site("acme").client_key());
    let of = |list: &str| -> Vec<&str> {
        let list = seen[list].as_array().unwrap().iter();
        list.map(|one| one["account"].as_str().unwrap()).collect()
    };
    assert_eq!(of("sessions"), [account("ann")]);
    assert_eq!(of("keys"), [account("bob")]);
    assert_eq!(seen["keys"][0]["id"], key["id"]);
    assert_eq!(of("grants"), [account("ann")]);
    assert_eq!(of("denials"), [account("ann")]);
    assert_eq!(seen["denials"][0]["code"], "request_rewritten");
    for secret in [
        session.as_str(),
        key["key"].as_str().unwrap(),
        &account("eve"),
        "globex",
    ] {
        assert!(!seen.to_string().contains(secret), "{seen}");
    }
}
