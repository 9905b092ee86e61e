//! The same signatures against key sets: what a JWK says of itself is read by the gateway, not by the test.

use gatepost::identity::PublicAlgorithm::{Es256, Rs256};
use gatepost::identity::TokenError;
use gatepost::identity::jwks::KeySet;
use gatepost::identity::jws::{Compact, Profile};
use serde_json::{Value, json};

use super::jws::{Tally, run, tally};

/// With the key that the token's `kid` names in the published set, as a provider's tokens are verified.
fn verify(keys: &Value, jws: &Value) -> Result<(), String> {
    let set = if keys["keys"].is_array() {
        keys.clone()
    } else {
        json!({"keys": [keys]})
    };
    let set = KeySet::parse(set.to_string().as_bytes()).map_err(|error| error.to_string())?;
    let token = jws.as_str().map_or_else(|| jws.to_string(), str::to_owned);
    let token = Compact::parse_as(&token, Profile::OpenId).map_err(TokenError::code)?;
    let kid = token.kid().ok_or("no kid")?;
    let key = set.key(kid).ok_or("no key")?.clone();
    let payload = token.verify_by(&key, &[Rs256, Es256]);
    payload.map(|_| ()).map_err(|error| error.code().to_owned())
}

fn vectors(test: &str, file: &str) -> Option<Tally> {
    let file = super::json(
        &format!("vectors::jwks::{test}"),
        &format!("wycheproof/{file}"),
    )?;
    Some(run(&file, verify))
}

#[test]
fn signatures() {
    if let Some(found) = vectors("signatures", "json_web_signature_test.json") {
        let stricter: [(&str, &[u64]); 3] = [
            // Secrets: published, they are nobody's.
            ("no key", &[1, 348, 352, 357, 358, 359, 376, 377]),
            // RS384, RS512, PS256, PS384, PS512, ES512.
            (
                "token_algorithm",
                &[
                    264, 265, 266, 267, 268, 269, 270, 271, 272, 273, 274, 275, 287, 288, 320, 321,
                    322, 323, 325, 326, 327, 328, 346, 347, 350, 351,
                ],
            ),
            // As for keys in PEM.
            ("token_encoding", &[372, 373]),
        ];
        assert_eq!(found, tally(365, &stricter, &[]));
    }
}

#[test]
fn cryptography() {
    if let Some(found) = vectors("cryptography", "json_web_crypto_test.json") {
        // 1 and 48 are secrets. 46 is a key with the weakness of CVE-2017-15361 (ROCA): not to make such keys is the provider's part.
        assert_eq!(found, tally(46, &[("no key", &[1, 48])], &[46]));
    }
}

#[test]
fn keys() {
    if let Some(found) = vectors("keys", "json_web_key_test.json") {
        // Secrets, of which two are HS384's and HS512's; and ROCA once more.
        let stricter: [(&str, &[u64]); 2] = [("no key", &[2, 13]), ("token_algorithm", &[14, 15])];
        assert_eq!(found, tally(21, &stricter, &[7]));
    }
}
