//! Compact JWTs, written and read by hand: header and claims of any shape, so that an attack can be told from a request by
//! nothing but the fault that is meant. For this folder only; the gateway verifies with other code.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::keys::InstallKey;

/// What the signature of a token is made with. It does not change the header, which may then lie.
#[derive(Clone, Debug)]
pub enum Signing {
    /// The key that the key server publishes: RS256.
    InstallKey,
    /// An RSA key that no key server knows.
    OtherKey,
    /// HMAC-SHA-256 with these bytes.
    Hs256(Vec<u8>),
    /// An empty signature.
    None,
}

/// Signs `header.claims`.
pub(super) fn compact(header: &Value, claims: &Value, signing: &Signing) -> String {
    let mut token = [header, claims]
        .map(|part| URL_SAFE_NO_PAD.encode(part.to_string()))
        .join(".");
    let signature = match signing {
        Signing::InstallKey => InstallKey::published().sign(token.as_bytes()),
        Signing::OtherKey => InstallKey::unpublished().sign(token.as_bytes()),
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
    use serde_json::json;

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
}
