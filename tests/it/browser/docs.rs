//! The description of the interface in a browser: legible, within reach of the keyboard's and a reader's tools, and alone with us.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn the_description_is_legible_can_be_tried_and_talks_to_nobody_else() {
    let world = World::builder().reachable().start().await;
    let arguments = json!({ "app": world.base_url() });
    let Some(played) = super::play("docs", &arguments).await else {
        return;
    };
    for step in ["read", "credentials", "tried"] {
        let looks = played.steps(step);
        assert_eq!(looks.len(), 4, "{step}");
        for look in looks {
            assert_eq!(look["fits"], true, "{look}");
        }
    }
    for tried in played.steps("tried") {
        let told = tried["told"].as_str().unwrap();
        assert!(told.contains("\"code\": \"unauthenticated\""), "{told}");
        assert_eq!(tried["elsewhere"], json!([]));
    }
}
