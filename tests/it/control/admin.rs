//! The admin plane: what is open, what wants a token, and that neither plane answers for the other.

use gatepost::control::tokens::Role;
use serde_json::{Value, json};

use crate::node::program::Ground;
use crate::node::wire;
use crate::world::World;

#[tokio::test]
async fn metrics_want_a_token_and_health_does_not() {
    let world = World::new().await;
    let at = world.node.admin_address();
    for path in ["/livez", "/readyz"] {
        assert_eq!(wire::get(at, path, None).await.status, 200, "{path}");
    }
    let tokens = &world.node.shared().opened.tokens;
    let mut good = Vec::new();
    for role in Role::ALL {
        let token = tokens
            .create(role, "test".to_owned(), "unix:0")
            .await
            .unwrap();
        good.push(String::from_utf8(token.expose().to_vec()).unwrap());
    }
    let first = &good[0];
    let wrong = [
        String::new(),
        "Bearer".to_owned(),
        "Bearer gpa_".to_owned(),
        format!("Bearer gpa_{}", "0".repeat(64)),
        format!("Bearer {}", &first[..first.len() - 1]),
        format!("Bearer {first}0"),
        format!("Bearer {}", first.to_uppercase()),
        format!("Basic {first}"),
        first.clone(),
        format!("JWT {}", world.token("acme", "ann")),
    ];
    for value in wrong {
        let refused = wire::get(at, "/metrics", Some(&value)).await;
        assert_eq!(refused.status, 401, "{value}");
        assert!(refused.header("www-authenticate").starts_with("Bearer"));
        assert!(!refused.text.contains("gatepost_"));
    }
    let none = wire::get(at, "/metrics", None).await;
    assert_eq!(none.status, 401);
    let two = format!(
        "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {first}\r\nAuthorization: Bearer {first}\r\n\r\n"
    );
    assert_eq!(wire::one(at, &two).await.status, 401);
    for token in good {
        let metrics = wire::get(at, "/metrics", Some(&format!("Bearer {token}"))).await;
        assert_eq!(metrics.status, 200);
        assert!(metrics.text.contains("gatepost_") && metrics.text.ends_with("# EOF\n"));
        assert!(
            !metrics.text.contains("acme"),
            "no tenant's name in metrics"
        );
    }
}

#[tokio::test]
async fn neither_plane_answers_for_the_other() {
    let world = World::new().await;
    let (data, admin) = (world.node.data_address(), world.node.admin_address());
    let token =
        world
            .node
            .shared()
            .opened
            .tokens
            .create(Role::Operator, "test".to_owned(), "unix:0");
    let token = token.await.unwrap();
    let bearer = format!("Bearer {}", std::str::from_utf8(token.expose()).unwrap());
    for path in [
        "/livez",
        "/readyz",
        "/metrics",
        "/audit/v1/decisions",
        "/policy/v1/",
        "/console/",
    ] {
        assert_eq!(
            wire::get(data, path, Some(&bearer)).await.status,
            404,
            "{path}"
        );
    }
    let user = format!("JWT {}", world.token("acme", "ann"));
    for path in [
        "/v1/whoami",
        "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1",
        "/sites/acme.atlassian.net/rest/api/3/issue/ACME-1",
        "/connect/atlassian-connect.json",
        "/connect/installed",
    ] {
        assert_eq!(
            wire::get(admin, path, Some(&user)).await.status,
            404,
            "{path}"
        );
    }
    assert!(world.nothing_left());
}

#[tokio::test]
async fn readiness_names_the_part_that_is_not_ready_and_why() {
    let world = World::new().await;
    let at = world.node.admin_address();
    let ready = wire::get(at, "/readyz", None).await;
    let body: Value = serde_json::from_str(&ready.text).unwrap();
    assert_eq!(
        (&body["ready"], &body["parts"]["log"]["ready"]),
        (&json!(true), &json!(true))
    );
    world.node.shared().opened.ledger.close().await;
    let not_ready = wire::get(at, "/readyz", None).await;
    assert_eq!(not_ready.status, 503);
    let body: Value = serde_json::from_str(&not_ready.text).unwrap();
    assert_eq!(
        (&body["ready"], &body["parts"]["log"]["ready"]),
        (&json!(false), &json!(false))
    );
    assert!(
        body["parts"]["log"]["why"]
            .as_str()
            .is_some_and(|why| !why.is_empty())
    );
    assert_eq!(wire::get(at, "/livez", None).await.status, 200);
}

#[tokio::test]
async fn readiness_without_policies_says_that_requests_get_503() {
    let ground = Ground::new().await;
    std::fs::write(ground.path("policies/broken.cedar"), "permit (").unwrap();
    let program = ground.serve();
    let not_ready = wire::get(program.admin, "/readyz", None).await;
    assert_eq!(not_ready.status, 503);
    let body: Value = serde_json::from_str(&not_ready.text).unwrap();
    let policies = &body["parts"]["policies"];
    assert_eq!(
        (&policies["ready"], &policies["live"]),
        (&json!(false), &Value::Null)
    );
    assert!(policies["why"].as_str().unwrap().contains("503"));
    let refused = policies["refused"]["errors"][0]["file"].as_str().unwrap();
    assert!(refused.contains("broken.cedar"), "{refused}");
    assert_eq!(body["parts"]["log"]["ready"], true);
    assert_eq!(wire::get(program.admin, "/livez", None).await.status, 200);
}
