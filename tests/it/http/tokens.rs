//! Tokens with one thing wrong each, through the real listener: one body for all of them, and nothing sent.

use gatepost::standin::account;
use serde_json::{Value, json};

use super::ACME_1;
use super::refused::{claims, header, refused, with};
use crate::world::{NOON, World};

#[tokio::test]
async fn every_wrong_token_gets_the_same_answer_and_its_own_cause_in_the_log() {
    let world = World::new().await;
    let missing = world.send("GET", ACME_1, &[]).await;
    assert_eq!(missing.status, 401);
    assert_eq!(
        missing.header("www-authenticate"),
        "Bearer realm=\"gatepost\", Basic realm=\"gatepost\", JWT realm=\"gatepost\""
    );
    let all = refused(&world);
    for (token, cause) in &all {
        let answer = world.get(ACME_1, token).await;
        assert_eq!(answer.status, 401, "{cause}: {token}: {}", answer.text);
        assert_eq!(answer.without_ids(), missing.without_ids(), "{cause}");
        assert_eq!(names(&answer.headers), names(&missing.headers), "{cause}");
        assert!(token.len() < 20 || !answer.text.contains(token.as_str()));
    }
    assert!(world.nothing_left());
    let log = world.decisions().await;
    assert_eq!(log[0]["authentication_error"], "no_credential");
    for (record, (token, cause)) in log[1..].iter().zip(&all) {
        assert_eq!(record["authentication_error"], *cause, "{token}");
        assert_eq!(record["stage"], "authenticate");
        assert_eq!(
            record["tenant"],
            Value::Null,
            "an unverified claim is no tenant"
        );
    }
    assert_eq!(log.len(), all.len() + 1);
    let text = serde_json::to_string(&log).unwrap();
    for (token, _) in all.iter().filter(|(token, _)| token.len() > 40) {
        assert!(!text.contains(token.as_str()), "no token in the log");
    }
}

fn names(headers: &http::HeaderMap) -> Vec<&str> {
    headers.keys().map(http::HeaderName::as_str).collect()
}

#[tokio::test]
async fn other_schemes_get_the_same_answer() {
    let world = World::new().await;
    let token = world.token("acme", "ann");
    let missing = world.send("GET", ACME_1, &[]).await.without_ids();
    let schemes = [
        format!("Bearer {token}"),
        format!("Basic {token}"),
        format!("JWT{token}"),
        format!("JWT  {token}"),
        format!("JWT {token} "),
        format!("JWT {token},JWT {token}"),
        format!("JWT\t{token}"),
        format!("\"JWT\" {token}"),
        token.clone(),
        "JWT".to_owned(),
        "Basic YTpi".to_owned(),
        String::new(),
    ];
    for scheme in &schemes {
        let answer = world.get_with(ACME_1, &[("authorization", scheme)]).await;
        // Space at the end of a value is no part of it (RFC 9110, section 5.5).
        let expected = if scheme.ends_with(' ') { 200 } else { 401 };
        assert_eq!(answer.status, expected, "{scheme}: {}", answer.text);
        if expected == 401 {
            assert_eq!(answer.without_ids(), missing, "{scheme}");
        }
    }
    let lower = format!("jwt {token}");
    let answer = world.get_with(ACME_1, &[("authorization", &lower)]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn a_token_is_good_to_the_second_with_thirty_of_leeway() {
    let world = World::new().await;
    let (site, now) = (world.site("acme"), NOON.seconds());
    let token = |iat: i64, exp: i64| {
        let claims = with(with(claims(&world), "iat", json!(iat)), "exp", json!(exp));
        site.token_with(&claims, &header(), None)
    };
    let cases = [
        (token(now - 900, now - 29), 200),
        (token(now - 900, now - 30), 401),
        (token(now + 30, now + 900), 200),
        (token(now + 31, now + 900), 401),
        (token(now - 1, now + 3599), 200),
        (token(now - 1, now + 3600), 401),
    ];
    for (token, status) in &cases {
        let answer = world.get(ACME_1, token).await;
        assert_eq!(answer.status, *status, "{}", answer.text);
    }
}

#[tokio::test]
async fn what_the_token_says_beside_its_claims_changes_nothing() {
    let world = World::new().await;
    let site = world.site("acme");
    let bend = |name: &str, value: Value| {
        site.token_with(&with(claims(&world), name, value), &header(), None)
    };
    let globex = world.site("globex").client_key();
    let tokens = [
        bend("context", json!({"user": {"accountId": account("bob")}})),
        bend("aud", json!([globex])),
        bend("aud", json!(globex)),
        bend("accountId", json!(account("bob"))),
        bend("tenant", json!(globex)),
    ];
    for token in &tokens {
        let answer = world.get("/v1/whoami", token).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json()["account"], account("ann"));
        assert_eq!(answer.json()["tenant"], site.client_key());
    }
}

#[tokio::test]
async fn a_request_token_opens_the_request_that_it_was_made_for_and_no_other() {
    let world = World::new().await;
    let site = world.site("acme");
    let token = site.request_token("ann", "GET", ACME_1);
    let answer = world.get(ACME_1, &token).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let log = world.decisions().await;
    assert_eq!(log[0]["credential"]["kind"], "connect_request");
    world.jira.clear_requests();
    let path = "/v1/issue";
    let query = "issue=ACME-1&site=https://acme.atlassian.net";
    // The order of parameters and the way they are encoded are no part of a request's meaning, nor of its hash.
    let same = format!("{path}?{query}");
    assert_eq!(world.get(&same, &token).await.status, 200);
    let same = ACME_1.replace(':', "%3A");
    assert_eq!(world.get(&same, &token).await.status, 200);
    world.jira.clear_requests();
    let others = [
        ACME_1.replace("ACME-1", "ACME-2"),
        ACME_1.replace("ACME-1", "acme-1"),
        format!("{ACME_1}&fields=summary"),
        format!("{ACME_1}&act_as={}", account("ann")),
        ACME_1.replace("acme.", "globex."),
        "/v1/whoami".to_owned(),
    ];
    for other in &others {
        assert_eq!(world.get(other, &token).await.status, 401, "{other}");
    }
    let posted = site.request_token("ann", "POST", ACME_1);
    assert_eq!(world.get(ACME_1, &posted).await.status, 401);
    assert!(world.nothing_left());
}

#[tokio::test]
async fn the_base_path_is_no_part_of_the_hash_and_cut_off_at_a_segments_end() {
    let world = World::builder().base_path("/gate").start().await;
    let site = world.site("acme");
    let token = site.request_token("ann", "GET", ACME_1);
    let answer = world.get(ACME_1, &token).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    world.jira.clear_requests();
    let whole = site.request_token("ann", "GET", &format!("/gate{ACME_1}"));
    assert_eq!(world.get(ACME_1, &whole).await.status, 401);
    // Outside of the base there is nothing.
    let context = format!(
        "connection: close\r\nauthorization: JWT {}\r\n",
        world.token("acme", "ann")
    );
    for target in [
        ACME_1.to_owned(),
        format!("/gateway{ACME_1}"),
        format!("/GATE{ACME_1}"),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\nhost: gate\r\n{context}\r\n");
        assert_eq!(
            super::wire::raw(&world, request.as_bytes()).await.0,
            404,
            "{target}"
        );
    }
    assert!(world.nothing_left());
}

#[tokio::test]
async fn a_context_token_opens_no_lifecycle_route() {
    let world = World::new().await;
    let site = world.site("acme");
    let callback = site.install(world.app_url());
    let own = format!("JWT {}", world.token("acme", "ann"));
    let bound = site.request_token("ann", "POST", "/connect/installed");
    for authorization in [own, format!("JWT {bound}")] {
        let forged = gatepost::standin::Callback {
            authorization,
            ..callback.clone()
        };
        let answer = world.deliver(&forged).await;
        assert_eq!(answer.status, 401, "{}", answer.text);
    }
    assert!(world.nothing_left(), "no key is fetched for HS256");
}

#[tokio::test]
async fn a_lifecycle_callback_has_one_credential_too() {
    let world = World::new().await;
    let site = world.site("acme");
    let mut callback = site.install(world.app_url());
    callback.path = format!("{}?jwt={}", callback.path, world.token("acme", "ann"));
    let answer = world.deliver(&callback).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    assert_eq!(answer.json()["code"], "several_credentials");
    assert!(world.nothing_left());
}
