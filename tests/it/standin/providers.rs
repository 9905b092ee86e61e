//! The OpenID providers: what they publish, and that their tokens are signed by it.

use gatepost::standin::Provider;
use serde_json::{Value, json};

use super::Stage;
use super::verify::{is_signed, parts};

impl Stage {
    async fn published(&self, provider: &Provider) -> Value {
        let own = format!("http://{}", self.standin.address());
        let found = provider.issuer() + "/.well-known/openid-configuration";
        let about = self.get_own(found.strip_prefix(&own).unwrap()).await.json();
        assert_eq!(about["issuer"], provider.issuer());
        let keys = about["jwks_uri"].as_str().unwrap().to_owned();
        assert_eq!(keys, provider.jwks());
        self.get_own(keys.strip_prefix(&own).unwrap()).await.json()
    }
}

#[tokio::test]
async fn tokens_of_both_algorithms_verify_with_the_published_keys() {
    let stage = Stage::new().await;
    let claims = json!({"aud": "gatepost", "tid": "acme", "oid": "ann"});
    let (one, other) = (stage.standin.oidc(), stage.standin.oidc_other());
    let (own, foreign) = (stage.published(&one).await, stage.published(&other).await);
    for provider in [&one, &other] {
        for token in [provider.token(&claims), provider.token_es256(&claims)] {
            let theirs = provider.issuer() == one.issuer();
            assert_eq!(
                (is_signed(&token, &own), is_signed(&token, &foreign)),
                (theirs, !theirs)
            );
            let (_, told) = parts(&token);
            assert_eq!(
                (&told["iss"], &told["aud"]),
                (&json!(provider.issuer()), &json!("gatepost"))
            );
            assert_eq!(told["exp"], stage.now_s() + 300);
        }
    }
    assert_ne!(one.issuer(), other.issuer());
    // Keys that a reader has to pass over are there as well.
    let kinds: Vec<_> = own["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| &key["kty"])
        .collect();
    assert_eq!(kinds, ["OKP", "RSA", "RSA", "EC"]);
}

#[tokio::test]
async fn claims_and_keys_are_what_a_test_says() {
    let stage = Stage::new().await;
    let provider = stage.standin.oidc();
    let token = provider.token_with(provider.ec_key(), &json!({"exp": null}), |draft| {
        draft.header["alg"] = json!("RS256");
    });
    let (header, claims) = parts(&token);
    assert_eq!((&header["alg"], claims.get("exp")), (&json!("RS256"), None));
    let former = provider.rsa_key();
    provider.rotate();
    assert_ne!(provider.rsa_key().kid(), former.kid());
    let late = provider.token_with(former, &json!({}), |_| {});
    assert!(is_signed(&late, &stage.published(&provider).await));
    provider.retire();
    assert!(!is_signed(&late, &stage.published(&provider).await));
    assert!(is_signed(
        &provider.token(&json!({})),
        &stage.published(&provider).await
    ));
}
