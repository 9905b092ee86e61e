//! Context tokens of one pretended tenant.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatepost::clock::Clock;
use serde_json::{Value, json};

pub(crate) const CLIENT_KEY: &str = "acme-client-key";
pub(crate) const SHARED_SECRET: &str = "a shared secret of more than thirty-two bytes";

/// A context token of an account. Two of different numbers are different tokens.
pub(crate) fn context_token(account: &str, number: u32) -> String {
    let now = Clock::system().now().seconds();
    let claims = json!({
        "iss": CLIENT_KEY, "sub": account, "iat": now, "exp": now + 900, "qsh": "context-qsh", "jti": number.to_string(),
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!(
        "{}.{}",
        part(&json!({ "alg": "HS256", "typ": "JWT" })),
        part(&claims)
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, SHARED_SECRET.as_bytes());
    let tag = hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}
