//! Signed callbacks and the tokens of pages: verified here with a library that the stand-in does not use.

use gatepost::standin::{Callback, Signing, account};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

use super::Stage;

const APP: &str = "https://gatepost.example/base";

fn validation(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    // The test's clock stands still, the library's does not.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

fn token(callback: &Callback) -> &str {
    callback.authorization.strip_prefix("JWT ").unwrap()
}

async fn verified(stage: &Stage, callback: &Callback) -> Option<Value> {
    let kid = decode_header(token(callback)).unwrap().kid.unwrap();
    let pem = stage.get_own(&format!("/keys/{kid}")).await;
    let key = DecodingKey::from_rsa_pem(pem.body.as_bytes()).unwrap();
    let data = decode::<Value>(token(callback), &key, &validation(Algorithm::RS256));
    data.ok().map(|data| data.claims)
}

#[tokio::test]
async fn an_install_is_signed_by_the_published_key() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let callback = acme.install(APP);
    let claims = verified(&stage, &callback).await.unwrap();
    assert_eq!(callback.path, "/connect/installed");
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&json!(acme.client_key()), &json!([APP]))
    );
    assert_eq!(claims["exp"], json!(stage.now_s() + 180));
    // SHA-256 of `POST&/connect/installed&`.
    let qsh = "72c0a77bd4d709a202e9b2561ed003fdb400318f7a1cfabe47576d1e1d5b5dd7";
    assert_eq!(claims["qsh"], json!(qsh));
    let body: Value = serde_json::from_str(&callback.body).unwrap();
    let secret = String::from_utf8(acme.shared_secret().expose().to_vec()).unwrap();
    assert_eq!(body["sharedSecret"], json!(secret));
    let expected = [
        ("key", "com.example.gatepost"),
        ("clientKey", &acme.client_key()),
        ("oauthClientId", &acme.oauth_client_id()),
        ("baseUrl", "https://acme.atlassian.net"),
        ("eventType", "installed"),
        ("productType", "jira"),
        ("cloudId", acme.cloud_id()),
    ];
    for (member, value) in expected {
        assert_eq!(body[member], json!(value), "{member}");
    }
    // Within one second, and yet another token: a replay is told by its bytes.
    assert_ne!(acme.install(APP).authorization, callback.authorization);
}

#[tokio::test]
async fn an_uninstall_is_signed_and_carries_no_secret() {
    let stage = Stage::new().await;
    let callback = stage.acme().uninstall(APP);
    assert_eq!(callback.path, "/connect/uninstalled");
    assert!(verified(&stage, &callback).await.is_some());
    let body: Value = serde_json::from_str(&callback.body).unwrap();
    assert_eq!(
        (body.get("sharedSecret"), &body["eventType"]),
        (None, &json!("uninstalled"))
    );
}

#[tokio::test]
async fn a_callback_bends_as_told() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let stranger = acme.install_with(APP, |draft| draft.signing = Signing::OtherKey);
    assert_eq!(verified(&stage, &stranger).await, None);
    let unsigned = acme.install_with(APP, |draft| draft.signing = Signing::None);
    assert!(unsigned.authorization.ends_with('.'));
    let bent = acme.install_with(APP, |draft| {
        draft.claims["qsh"] = json!("context-qsh");
        draft.payload["baseUrl"] = json!("https://evil.example");
    });
    assert_eq!(
        verified(&stage, &bent).await.unwrap()["qsh"],
        json!("context-qsh")
    );
    assert!(bent.body.contains("evil.example"));
    let confused = acme.install_with(APP, |draft| {
        draft.header = json!({"alg": "HS256", "typ": "JWT"});
        draft.signing = Signing::Hs256(stage.standin.install_key_pem().into_bytes());
    });
    let key = DecodingKey::from_secret(stage.standin.install_key_pem().as_bytes());
    assert!(decode::<Value>(token(&confused), &key, &validation(Algorithm::HS256)).is_ok());
}

#[tokio::test]
async fn the_key_server_knows_one_name() {
    let stage = Stage::new().await;
    for kid in ["unknown", "..", "%2e%2e"] {
        assert_eq!(
            stage.get_own(&format!("/keys/{kid}")).await.status,
            404,
            "{kid}"
        );
    }
    let pem = stage.standin.install_key_pem();
    assert!(
        pem.starts_with("-----BEGIN PUBLIC KEY-----\n")
            && pem.ends_with("-----END PUBLIC KEY-----\n")
    );
    assert!(pem.lines().all(|line| line.len() <= 64));
}

#[tokio::test]
async fn pages_get_context_tokens_and_requests_tokens_of_their_own() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let secret = acme.shared_secret();
    let key = DecodingKey::from_secret(secret.expose());
    let read = |token: &str| {
        let data = decode::<Value>(token, &key, &validation(Algorithm::HS256));
        data.unwrap().claims
    };
    let context = read(&acme.context_token("ann"));
    assert_eq!(
        (&context["sub"], &context["qsh"]),
        (&json!(account("ann")), &json!("context-qsh"))
    );
    assert_eq!(context["exp"], json!(stage.now_s() + 900));
    let one = read(&acme.request_token("ann", "GET", "/v1/whoami?b=2&a=1"));
    let same = read(&acme.request_token("ann", "get", "/v1/whoami/?a=1&b=2&jwt=x"));
    let other = read(&acme.request_token("ann", "POST", "/v1/whoami?b=2&a=1"));
    assert_eq!(one["qsh"], same["qsh"]);
    assert_ne!(one["qsh"], other["qsh"]);
    let own = acme.token_with(&json!({"iss": "x"}), &json!({"alg": "HS256"}), Some(b"s"));
    assert!(decode_header(&own).is_ok());
}
