//! Compact JWTs, written and read by hand: header and claims of any shape, so that an attack can be told from a request by
//! nothing but the fault that is meant. For this folder only; the gateway verifies with other code.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::keys::Key;

/// What the signature of a token is made with. It does not change the header, which may then lie.
#[derive(Clone, Debug)]
pub enum Signing {
    /// The key that the key server publishes: RS256.
    InstallKey,
    /// An RSA key that nobody publishes.
    OtherKey,
    /// This key: RS256 or ES256.
    Key(Key),
    /// HMAC-SHA-256 with these bytes.
    Hs256(Vec<u8>),
    /// An empty signature.
    None,
}

/// A token before it is signed, for tests that bend it.
#[derive(Clone, Debug)]
pub struct TokenDraft {
    /// The header.
    pub header: Value,
    /// The claims.
    pub claims: Value,
    /// What signs. Does not change `alg` and `kid` in the header.
    pub signing: Signing,
}

impl TokenDraft {
    /// A token that `key` signs in order.
    pub(super) fn new(key: Key, claims: Value) -> Self {
        Self {
            header: json!({"alg": key.algorithm(), "typ": "JWT", "kid": key.kid()}),
            claims,
            signing: Signing::Key(key),
        }
    }

    /// Lays `over` on the claims: members of objects one by one, and a null takes its member away.
    pub fn merge(&mut self, over: &Value) {
        merge(&mut self.claims, over);
    }

    /// The token, after `change`.
    pub(super) fn sign(mut self, change: impl FnOnce(&mut Self)) -> String {
        change(&mut self);
        compact(&self.header, &self.claims, &self.signing)
    }
}

fn merge(under: &mut Value, over: &Value) {
    let (Value::Object(members), Value::Object(changes)) = (&mut *under, over) else {
        *under = over.clone();
        return;
    };
    for (name, change) in changes {
        if change.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name.as_str()).or_insert(Value::Null), change);
        }
    }
}

/// Signs `header.claims`.
pub(super) fn compact(header: &Value, claims: &Value, signing: &Signing) -> String {
    let mut token = [header, claims]
        .map(|part| URL_SAFE_NO_PAD.encode(part.to_string()))
        .join(".");
    let signature = match signing {
        Signing::InstallKey => Key::published().sign(token.as_bytes()),
        Signing::OtherKey => Key::unpublished().sign(token.as_bytes()),
        Signing::Key(key) => key.sign(token.as_bytes()),
        Signing::Hs256(secret) => hs256(secret, token.as_bytes()).as_ref().to_vec(),
        Signing::None => Vec::new(),
    };
    token.push('.');
    token.push_str(&URL_SAFE_NO_PAD.encode(signature));
    token
}

fn hs256(secret: &[u8], text: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), text)
}

/// Whether `token` is signed with `secret`.
pub(super) fn is_signed(token: &str, secret: &[u8]) -> bool {
    let Some((text, signature)) = token.rsplit_once('.') else {
        return false;
    };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
        return false;
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::verify(&key, text.as_bytes(), &signature).is_ok()
}

/// Header and claims of a token of exactly three parts, unverified. A member given twice is refused by the types.
pub(super) fn parts<H: DeserializeOwned, C: DeserializeOwned>(token: &str) -> Option<(H, C)> {
    let mut parts = token.split('.');
    let (header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Some((part(header)?, part(claims)?))
}

fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_and_verified_as_it_was_signed() {
        let secret = b"a secret of thirty-two bytes....";
        let signing = Signing::Hs256(secret.to_vec());
        let token = compact(&json!({"alg": "HS256"}), &json!({"iss": "x"}), &signing);
        let (header, claims): (Value, Value) = parts(&token).unwrap();
        assert_eq!(
            (header, claims),
            (json!({"alg": "HS256"}), json!({"iss": "x"}))
        );
        assert!(is_signed(&token, secret));
        assert!(!is_signed(&token, b"another"));
        assert!(!is_signed(&format!("{token}A"), secret));
        assert!(parts::<Value, Value>(&format!("{token}.")).is_none());
    }

    #[test]
    fn claims_are_laid_over_each_other_member_by_member() {
        let mut claims = json!({"iss": "a", "app": {"id": "b", "name": "c"}, "aud": ["d"]});
        let over = json!({"iss": null, "app": {"id": "e"}, "aud": "f", "nonce": {"g": 1}});
        merge(&mut claims, &over);
        let expected = json!({"app": {"id": "e", "name": "c"}, "aud": "f", "nonce": {"g": 1}});
        assert_eq!(claims, expected);
    }
}
