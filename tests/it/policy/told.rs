//! What operators are told: counters that count, at `/metrics`, and what is wrong, at `/readyz`.

use gatepost::control::tokens::Role;

use crate::node::wire;
use crate::world::World;

async fn metrics(world: &World) -> String {
    let tokens = &world.node.shared().opened.tokens;
    let made = tokens.create(Role::Auditor, "test".to_owned(), "unix:0");
    let token = made.await.expect("a token");
    let bearer = format!("Bearer {}", String::from_utf8_lossy(token.expose()));
    let answer = wire::get(world.node.admin_address(), "/metrics", Some(&bearer)).await;
    assert_eq!(answer.status, 200);
    answer.text
}

fn value(metrics: &str, name: &str) -> u64 {
    let mut lines = metrics.lines();
    let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let text = line.unwrap_or_else(|| panic!("`{name}` is not in\n{metrics}"));
    text.parse().expect("a count")
}

#[tokio::test]
async fn what_only_grows_is_a_counter_and_refused_sets_are_counted() {
    let world = World::new().await;
    let before = metrics(&world).await;
    for name in [
        "requests",
        "log_entries",
        "log_entries_lost",
        "log_batches",
        "log_batches_failed",
        "policy_refusals",
    ] {
        assert!(
            before.contains(&format!("# TYPE gatepost_{name} counter\n")),
            "{name}: {before}"
        );
    }
    assert_eq!(value(&before, "gatepost_log_entries_lost_total"), 0);
    assert_eq!(value(&before, "gatepost_policy_refusals_total"), 0);
    world.edit_policy("30-broken.cedar", "permit (").await;
    world.edit_policy("30-broken.cedar", "forbid (").await;
    world.edit_policy("30-broken.cedar", "").await;
    let after = metrics(&world).await;
    assert_eq!(value(&after, "gatepost_policy_refusals_total"), 2);
    let entries = |text: &str| value(text, "gatepost_log_entries_total");
    assert!(entries(&after) > entries(&before));
    let ready = world.admin("/readyz").await.json();
    assert_eq!(ready["parts"]["log"]["entries_lost"], 0, "{ready}");
}
