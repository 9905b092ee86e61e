//! The description of the interface in a browser: legible, within reach of the keyboard's and a reader's tools, and alone with us.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn the_description_is_legible_can_be_tried_and_talks_to_nobody_else() {
    let world = World::builder().reachable().start().await;
    for (scheme, width) in [("light", 1280), ("dark", 320)] {
        let arguments = json!({ "app": world.base_url(), "colorScheme": scheme, "width": width });
        let Some(played) = super::play("docs", &arguments).await else {
            return;
        };
        for step in ["read", "credentials", "tried"] {
            assert_eq!(played.step(step)["fits"], true, "{step} {scheme} {width}");
        }
        let tried = played.step("tried");
        let told = tried["told"].as_str().unwrap();
        assert!(told.contains("\"code\": \"unauthenticated\""), "{told}");
        assert_eq!(tried["elsewhere"], json!([]));
    }
}
