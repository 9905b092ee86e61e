//! The page inside Jira in a browser: what a person does there, by keyboard, and what programs can do with it afterwards.

use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::routing::post;
use gatepost::clock::TestClock;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::world::World;

/// Where a scenario moves the clock of the world: it stands still by itself.
async fn clock(clock: TestClock) -> String {
    let advance = async move |Path(seconds): Path<u64>| {
        clock.advance(Duration::from_secs(seconds));
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/advance/{seconds}", post(advance));
    tokio::spawn(axum::serve(listener, router).into_future());
    origin
}

async fn arguments(world: &World) -> Value {
    json!({
        "standin": world.jira.oauth_server(),
        "app": world.base_url(),
        "clock": clock(world.clock.clone()).await,
    })
}

#[tokio::test]
async fn a_key_is_made_used_and_revoked_by_keyboard_alone() {
    let world = World::builder().reachable().start().await;
    let arguments = arguments(&world).await;
    let Some(played) = super::play("page_keys", &arguments).await else {
        return;
    };
    assert_eq!(played.step("used")["status"], 200);
    assert_eq!(played.step("copied")["status"], "Copied.");
    assert_eq!(played.step("done")["left"], json!([]));
    assert_eq!(played.step("kept")["focus"], "button Revoke nightly");
    assert_eq!(played.step("revoked")["status"], 401);
}

#[tokio::test]
async fn the_page_fits_and_is_legible_at_every_width_in_light_and_dark() {
    let world = World::builder().reachable().start().await;
    let arguments = arguments(&world).await;
    let Some(played) = super::play("page_looks", &arguments).await else {
        return;
    };
    let hostile = played.step("hostile");
    let name = r#"<img src=x onerror="document.title=1">"#;
    assert_eq!(hostile["shown"], name, "a name is a text");
    assert_eq!(hostile["title"], "Gatepost on acme.atlassian.net");
    assert_eq!(hostile["images"], 0);
    for step in ["plain", "full"] {
        let looks = played.steps(step);
        assert_eq!(looks.len(), 4);
        for look in looks {
            assert_eq!(look["fits"], true, "{look}");
        }
    }
}
