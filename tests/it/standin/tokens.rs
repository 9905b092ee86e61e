//! The authorization server, and what its tokens open.

use serde_json::{Value, json};

use super::Stage;

fn header() -> Value {
    json!({"alg": "HS256", "typ": "JWT"})
}

#[tokio::test]
async fn an_assertion_in_order_gets_a_token_for_fifteen_minutes() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let claims = stage.assertion_claims(&acme, "ann");
    let assertion = acme.token_with(&claims, &header(), None);
    let answer = stage.exchange(&assertion, "&scope=READ%20WRITE").await;
    assert_eq!(
        (answer.status, answer.header("cache-control")),
        (200, Some("no-store"))
    );
    let body = answer.json();
    assert_eq!(
        (&body["expires_in"], &body["token_type"]),
        (&json!(900), &json!("Bearer"))
    );
    let seen = stage.standin.requests().pop().unwrap();
    assert_eq!(seen.scope.as_deref(), Some("READ WRITE"));
    assert_eq!(seen.account.as_deref(), Some("5b10a2844c20165700ede21g"));

    let token = body["access_token"].as_str().unwrap();
    stage.pass(899);
    assert_eq!(
        stage
            .get(&acme, token, "/rest/api/3/issue/ACME-1")
            .await
            .status,
        200
    );
    stage.pass(1);
    assert_eq!(
        stage
            .get(&acme, token, "/rest/api/3/issue/ACME-1")
            .await
            .status,
        401
    );
}

/// Each row spoils one thing of an assertion that is otherwise in order.
#[tokio::test]
async fn every_fault_of_an_assertion_is_refused() {
    let stage = Stage::new().await;
    let (acme, now) = (stage.acme(), stage.now_s());
    let table = [
        (
            "iss",
            json!("urn:atlassian:connect:clientid:nobody"),
            "no client",
        ),
        ("iss", json!(acme.oauth_client_id()), "no client"),
        (
            "iss",
            json!(format!(
                "urn:atlassian:connect:clientid:{}",
                stage.globex().oauth_client_id()
            )),
            "signature",
        ),
        ("iss", json!(["urn:atlassian:connect:clientid:x"]), "no JWT"),
        ("sub", json!("5b10a2844c20165700ede21g"), "no active user"),
        (
            "sub",
            json!("urn:atlassian:connect:useraccountid:"),
            "no active user",
        ),
        (
            "sub",
            json!("urn:atlassian:connect:useraccountid:5d53f3cbc6b9320d9ea5bdc2"),
            "no active user",
        ),
        ("sub", Value::Null, "no JWT"),
        ("tnt", json!("https://globex.atlassian.net"), "tnt"),
        ("tnt", json!("https://acme.atlassian.net/"), "tnt"),
        ("aud", json!("https://elsewhere.example"), "aud"),
        (
            "aud",
            json!(format!("{}/oauth2/token", stage.standin.oauth_server())),
            "aud",
        ),
        ("iat", json!(now.to_string()), "no JWT"),
        ("exp", json!((now + 60).to_string()), "no JWT"),
        ("exp", Value::Null, "no JWT"),
        ("exp", json!(now + 121), "120 s"),
        ("exp", json!(i64::MAX), "120 s"),
        ("iat", json!(i64::MIN), "120 s"),
        ("exp", json!(now), "120 s"),
        ("iat", json!(now - 60), ""),
    ];
    for (claim, value, expected) in table {
        let mut claims = stage.assertion_claims(&acme, "ann");
        claims[claim] = value.clone();
        let assertion = acme.token_with(&claims, &header(), None);
        let answer = stage.exchange(&assertion, "").await;
        let wanted = if expected.is_empty() { 200 } else { 400 };
        assert_eq!(answer.status, wanted, "{claim} {value}: {}", answer.body);
        assert!(
            answer.body.contains(expected),
            "{claim} {value}: {}",
            answer.body
        );
    }
}

#[tokio::test]
async fn an_assertion_is_for_its_minute_only() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    for (shift, expected) in [(-60, "expired"), (31, "future"), (30, ""), (-59, "")] {
        let mut claims = stage.assertion_claims(&acme, "ann");
        claims["iat"] = json!(stage.now_s() + shift);
        claims["exp"] = json!(stage.now_s() + shift + 60);
        let answer = stage
            .exchange(&acme.token_with(&claims, &header(), None), "")
            .await;
        assert_eq!(
            answer.status,
            if expected.is_empty() { 200 } else { 400 },
            "{shift}"
        );
        assert!(answer.body.contains(expected), "{shift}: {}", answer.body);
    }
}

#[tokio::test]
async fn the_header_of_an_assertion_chooses_nothing() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let claims = stage.assertion_claims(&acme, "ann");
    let headers = [
        json!({"alg": "none"}),
        json!({"alg": "HS384", "typ": "JWT"}),
        json!({"alg": "HS256", "typ": "at+jwt"}),
        json!({"alg": "HS256", "kid": "1"}),
        json!({"alg": "HS256", "crit": ["b64"]}),
        json!({"typ": "JWT"}),
    ];
    for header in headers {
        let answer = stage
            .exchange(&acme.token_with(&claims, &header, None), "")
            .await;
        assert_eq!(answer.status, 400, "{header}");
    }
    let foreign = acme.token_with(&claims, &header(), Some(b"another secret"));
    assert_eq!(stage.exchange(&foreign, "").await.status, 400);
    let bare = acme.token_with(&claims, &json!({"alg": "HS256"}), None);
    assert_eq!(stage.exchange(&bare, "").await.status, 200);
}

#[tokio::test]
async fn the_form_around_an_assertion_is_exact() {
    const KIND: &str = "application/x-www-form-urlencoded";
    let stage = Stage::new().await;
    let acme = stage.acme();
    let claims = stage.assertion_claims(&acme, "ann");
    let assertion = acme.token_with(&claims, &header(), None);
    let grant = "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer";
    let table = [
        (KIND, format!("{grant}&assertion={assertion}"), 200),
        (
            "application/x-www-form-urlencoded; charset=utf-8",
            format!("{grant}&assertion={assertion}"),
            200,
        ),
        (
            "application/json",
            format!("{grant}&assertion={assertion}"),
            400,
        ),
        ("", format!("{grant}&assertion={assertion}"), 400),
        (KIND, format!("assertion={assertion}"), 400),
        (
            KIND,
            format!("grant_type=client_credentials&assertion={assertion}"),
            400,
        ),
        (KIND, grant.to_owned(), 400),
        (
            KIND,
            format!("{grant}&assertion={assertion}&assertion={assertion}"),
            400,
        ),
        (
            KIND,
            format!("{grant}&assertion={assertion}&client_id=x"),
            400,
        ),
        (
            KIND,
            format!("{grant}&assertion={assertion}&scope=READ+WRITE"),
            200,
        ),
        (
            KIND,
            format!("{grant}&assertion={assertion}&scope=read"),
            400,
        ),
        (
            KIND,
            format!("{grant}&assertion={assertion}&scope=READ%20%20WRITE"),
            400,
        ),
        (
            KIND,
            format!("{grant}&assertion={assertion}&scope=READ,WRITE"),
            400,
        ),
        (KIND, format!("{grant}&assertion={assertion}&scope="), 400),
        (
            KIND,
            format!("{grant}&assertion={assertion}&scope=READ&scope=READ"),
            400,
        ),
    ];
    for (kind, form, expected) in table {
        let answer = stage.post_form(kind, &form).await;
        assert_eq!(answer.status, expected, "{kind} {form}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_token_of_one_site_opens_no_other() {
    let stage = Stage::new().await;
    // Carol has the same account on both sites, and both have an issue `SECRET-7` with the same id.
    let token = stage.token(&stage.acme(), "carol").await;
    let target = "/rest/api/3/issue/SECRET-7";
    assert_eq!(stage.get(&stage.acme(), &token, target).await.status, 200);
    let refused = stage.get(&stage.globex(), &token, target).await;
    assert_eq!(refused.status, 401);
    assert!(!refused.body.contains("Nightjar"));
    let seen = stage.standin.requests();
    let jira: Vec<_> = seen
        .iter()
        .skip(1)
        .map(|seen| (seen.host.as_str(), seen.status))
        .collect();
    assert_eq!(
        jira,
        [("acme.atlassian.net", 200), ("globex.atlassian.net", 401)]
    );
}

#[tokio::test]
async fn only_a_bearer_token_that_reads_opens_a_site() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let target = "/rest/api/3/issue/ACME-1";
    let context = format!("JWT {}", acme.context_token("ann"));
    for authorization in ["", "Bearer ", "Bearer x", "Basic YW5uOng=", &context] {
        let headers = [("authorization", authorization)];
        assert_eq!(
            stage.get_with(&acme, &headers, target).await.status,
            401,
            "{authorization}"
        );
    }
    let good = format!("Bearer {}", stage.token(&acme, "ann").await);
    let twice = [
        ("authorization", good.as_str()),
        ("authorization", "Bearer x"),
    ];
    assert_eq!(stage.get_with(&acme, &twice, target).await.status, 401);

    let claims = stage.assertion_claims(&acme, "ann");
    let assertion = acme.token_with(&claims, &header(), None);
    let writes = stage.exchange(&assertion, "&scope=WRITE").await.json();
    let token = writes["access_token"].as_str().unwrap();
    assert_eq!(stage.get(&acme, token, target).await.status, 403);
}

#[tokio::test]
async fn an_import_ends_the_old_client_id_and_its_tokens() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let token = stage.token(&acme, "ann").await;
    let (old_key, old_claims) = (acme.client_key(), stage.assertion_claims(&acme, "ann"));
    let old_secret = acme.shared_secret();
    acme.import();
    assert_ne!(acme.client_key(), old_key);
    let outdated = acme.token_with(&old_claims, &header(), Some(old_secret.expose()));
    let refused = stage.exchange(&outdated, "").await;
    assert_eq!(refused.status, 400);
    assert!(
        refused.body.contains("an import of the site has replaced"),
        "{}",
        refused.body
    );
    assert_eq!(
        stage.get(&acme, &token, "/rest/api/3/myself").await.status,
        401
    );
    let token = stage.token(&acme, "ann").await;
    assert_eq!(
        stage.get(&acme, &token, "/rest/api/3/myself").await.status,
        200
    );
}

#[tokio::test]
async fn rotation_uninstall_and_deactivation_end_what_was_good() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let claims = stage.assertion_claims(&acme, "ann");
    let assertion = acme.token_with(&claims, &header(), None);
    acme.rotate_secret();
    assert_eq!(stage.exchange(&assertion, "").await.status, 400);

    let token = stage.token(&acme, "ann").await;
    acme.deactivate("ann");
    assert_eq!(
        stage.get(&acme, &token, "/rest/api/3/myself").await.status,
        401
    );
    let assertion = acme.token_with(&claims, &header(), None);
    assert_eq!(stage.exchange(&assertion, "").await.status, 400);

    acme.activate("ann");
    let secret = acme.shared_secret();
    let _ = acme.uninstall("https://gatepost.example");
    assert_eq!(
        stage.get(&acme, &token, "/rest/api/3/myself").await.status,
        401
    );
    assert_eq!(stage.exchange(&assertion, "").await.status, 400);
    let _ = acme.install("https://gatepost.example");
    assert_ne!(acme.shared_secret(), secret);
    assert_eq!(stage.exchange(&assertion, "").await.status, 400);
}
