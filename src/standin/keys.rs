//! The RSA keys behind signed installs: one that the key server publishes, one that it does not.
//! For this folder only. A private key never leaves this file.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::secret::{hex, sha256};

/// An RSA key with its name at the key server.
pub(super) struct InstallKey {
    pair: KeyPair,
    der: Vec<u8>,
}

// Made once a process, not once a stand-in: generating 2048 bits takes up to half a second, and a test has many stand-ins.
static PUBLISHED: LazyLock<InstallKey> = LazyLock::new(InstallKey::generate);
static UNPUBLISHED: LazyLock<InstallKey> = LazyLock::new(InstallKey::generate);

impl InstallKey {
    pub(super) fn published() -> &'static Self {
        &PUBLISHED
    }

    pub(super) fn unpublished() -> &'static Self {
        &UNPUBLISHED
    }

    fn generate() -> Self {
        // INVARIANT: AWS-LC aborts without randomness; a key that it made has a public half that it can write.
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("RSA keys can be generated");
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("RSA keys have DER");
        let der = der.as_ref().to_vec();
        Self { pair, der }
    }

    /// The name: a digest of the public key, since a name means one key for ever, also across restarts.
    pub(super) fn kid(&self) -> String {
        hex(&sha256(&self.der)[..16])
    }

    /// The public key as `SubjectPublicKeyInfo` in base64 (RFC 5280, 4.1).
    pub(super) fn public_base64(&self) -> String {
        STANDARD.encode(&self.der)
    }

    /// The public key as PEM, lines of 64 characters (RFC 7468, 13).
    pub(super) fn pem(&self) -> String {
        let text = self.public_base64();
        // INVARIANT: base64 is ASCII, so every cut is at a character.
        let lines = text
            .as_bytes()
            .chunks(64)
            .map(|line| std::str::from_utf8(line).expect("base64 is ASCII"));
        let body = lines.collect::<Vec<_>>().join("\n");
        format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
    }

    /// RS256 over `text`.
    pub(super) fn sign(&self, text: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        // INVARIANT: the buffer is as long as the modulus, the one thing that can be wrong here.
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                text,
                &mut signature,
            )
            .expect("RSA signs");
        signature
    }
}
