//! The keys of one pretended site: what Atlassian signs an install with, and the secret that it shares with the app.

use anyhow::Context as _;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gatepost::clock::Clock;
use gatepost::secret::{hex, sha256};
use serde_json::{Value, json};

/// Names the install key in its URL.
pub(crate) const KEY_ID: &str = "bench-install-key";
const CLIENT_KEY: &str = "acme-client-key";
const SHARED_SECRET: &str = "a shared secret of more than thirty-two bytes";
const ACCOUNT: &str = "557058:f58131cb-b67d-43c7-b30d-6b58d40bd077";

/// An install key of its own for every run.
pub(crate) struct Keys {
    install: KeyPair,
}

impl Keys {
    pub(crate) fn generate() -> anyhow::Result<Self> {
        let install = KeyPair::generate(KeySize::Rsa2048).context("cannot make an RSA key")?;
        Ok(Self { install })
    }

    /// The public half, as the key server answers it.
    pub(crate) fn install_key_pem(&self) -> String {
        // INVARIANT: the key was made by the same library a moment ago.
        let der = self
            .install
            .public_key()
            .as_der()
            .expect("a generated key can be written");
        let text = STANDARD.encode(der.as_ref());
        let lines: Vec<_> = text
            .as_bytes()
            .chunks(64)
            .map(String::from_utf8_lossy)
            .collect();
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            lines.join("\n")
        )
    }

    /// The token that signs a POST to `path` of the app at `audience`.
    pub(crate) fn install_token(&self, audience: &str, path: &str) -> String {
        let qsh = hex(&sha256(format!("POST&{path}&").as_bytes()));
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": KEY_ID });
        let claims = json!({ "aud": [audience], "qsh": qsh });
        let signed = unsigned(&header, claims);
        let mut signature = vec![0; self.install.public_modulus_len()];
        // INVARIANT: the buffer is as long as the modulus.
        self.install
            .sign(
                &RSA_PKCS1_SHA256,
                &rand::SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .expect("a generated key signs");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The body of the install callback.
pub(crate) fn install_body(app_key: &str) -> String {
    let body = json!({
        "key": app_key,
        "clientKey": CLIENT_KEY,
        "oauthClientId": "bench-oauth-client",
        "sharedSecret": SHARED_SECRET,
        "baseUrl": "https://acme.atlassian.net",
        "productType": "jira",
        "eventType": "installed",
        "cloudId": "11111111-1111-4111-8111-111111111111",
    });
    body.to_string()
}

/// A context token of the page, good for the longest life that is accepted.
pub(crate) fn context_token() -> String {
    let header = json!({ "alg": "HS256", "typ": "JWT" });
    let signed = unsigned(&header, json!({ "sub": ACCOUNT, "qsh": "context-qsh" }));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SHARED_SECRET.as_bytes());
    let tag = hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn unsigned(header: &Value, mut claims: Value) -> String {
    let now = Clock::system().now().seconds();
    claims["iss"] = json!(CLIENT_KEY);
    claims["iat"] = json!(now);
    claims["exp"] = json!(now + 3500);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(&claims))
}
