//! The page on Forge in a browser: the one of Connect with another transport, against a stand-in of Forge's bridge.

use gatepost::standin::account;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn the_page_on_forge_makes_and_ends_keys_through_the_bridge_alone() {
    let world = World::builder().reachable().start().await;
    world.past_the_start();
    assert_eq!(world.trigger("initech").await.status, 204);
    let arguments = json!({ "standin": world.jira.oauth_server(), "app": world.base_url() });
    let Some(played) = super::play("page_forge", &arguments).await else {
        return;
    };
    let opened = played.step("opened");
    assert_eq!(opened["site"], "initech.atlassian.net");
    assert_eq!(opened["account"], account("ann"));
    let base = format!("{}/sites/initech.atlassian.net", world.base_url());
    assert_eq!(opened["base"], base);
    assert_eq!(opened["leave"], false, "there is no session of the page");
    assert_eq!(played.step("made")["status"], 200);
    assert_eq!(played.step("revoked")["status"], 401);
    assert_eq!(played.step("refused")["decision"], 1);
    let calls = played.step("calls")["calls"].to_string();
    assert!(
        calls.contains("POST /v1/keys") && !calls.contains("/v1/sessions/current"),
        "{calls}"
    );
}
