//! The key pairs of all who sign here: signed installs, Forge, the OpenID providers. For this folder; [`Key`] names one for tests
//! that choose what signs. A private key never leaves this file.

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::secret::{hex, sha256};

/// How many keys a signer has before it comes back to its first.
const RING: usize = 4;

/// A key pair with its name.
#[derive(Clone, Copy)]
pub struct Key(&'static Pair);

enum Pair {
    Rsa(rsa::KeyPair),
    Ec(EcdsaKeyPair),
}

type Lazy = LazyLock<Pair>;

// Made once a process, not once a stand-in: generating 2048 bits takes up to half a second, and a test has many stand-ins.
static PUBLISHED: Lazy = LazyLock::new(Pair::rsa);
static UNPUBLISHED: Lazy = LazyLock::new(Pair::rsa);
static FORGE: [Lazy; RING] = [const { LazyLock::new(Pair::rsa) }; RING];
static PROVIDERS_RSA: [[Lazy; RING]; 2] = [const { [const { LazyLock::new(Pair::rsa) }; RING] }; 2];
static PROVIDERS_EC: [[Lazy; RING]; 2] = [const { [const { LazyLock::new(Pair::ec) }; RING] }; 2];

impl Pair {
    fn rsa() -> Self {
        // INVARIANT: AWS-LC aborts without randomness.
        let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048);
        Self::Rsa(pair.expect("RSA keys can be generated"))
    }

    fn ec() -> Self {
        // INVARIANT: AWS-LC aborts without randomness.
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        Self::Ec(pair.expect("keys on P-256 can be generated"))
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Key({})", self.kid())
    }
}

impl Key {
    /// The key of signed installs that the key server publishes.
    pub(super) fn published() -> Self {
        Self(&PUBLISHED)
    }

    /// A key that nobody publishes.
    pub(super) fn unpublished() -> Self {
        Self(&UNPUBLISHED)
    }

    /// The public key as `SubjectPublicKeyInfo` (RFC 5280, 4.1).
    fn der(self) -> Vec<u8> {
        // INVARIANT: a key that AWS-LC made has a public half that it can write.
        let der: PublicKeyX509Der<'_> = match self.0 {
            Pair::Rsa(pair) => pair.public_key().as_der().expect("RSA keys have DER"),
            Pair::Ec(pair) => pair.public_key().as_der().expect("EC keys have DER"),
        };
        der.as_ref().to_vec()
    }

    /// The name: a digest of the public key, since a name means one key for ever, also across restarts.
    #[must_use]
    pub fn kid(self) -> String {
        hex(&sha256(&self.der())[..16])
    }

    /// What it signs with: `RS256` or `ES256`.
    #[must_use]
    pub fn algorithm(self) -> &'static str {
        match self.0 {
            Pair::Rsa(_) => "RS256",
            Pair::Ec(_) => "ES256",
        }
    }

    /// The public key as DER in base64.
    pub(super) fn public_base64(self) -> String {
        STANDARD.encode(self.der())
    }

    /// The public key as PEM, lines of 64 characters (RFC 7468, 13).
    #[must_use]
    pub fn pem(self) -> String {
        let text = self.public_base64();
        // INVARIANT: base64 is ASCII, so every cut is at a character.
        let lines = text
            .as_bytes()
            .chunks(64)
            .map(|line| std::str::from_utf8(line).expect("base64 is ASCII"));
        let body = lines.collect::<Vec<_>>().join("\n");
        format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
    }

    /// The public key as a JSON Web Key (RFC 7517; RFC 7518, 6.2 and 6.3).
    #[must_use]
    pub fn jwk(self) -> Value {
        let mut jwk = match self.0 {
            Pair::Rsa(pair) => {
                let [modulus, exponent] = rsa_numbers(pair.public_key().as_ref());
                json!({"kty": "RSA", "n": modulus, "e": exponent})
            }
            Pair::Ec(pair) => {
                // INVARIANT: an uncompressed point of P-256 is 4, x, y (SEC 1, 2.3.3).
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                let [x, y] = [x, y].map(|half| URL_SAFE_NO_PAD.encode(half));
                json!({"kty": "EC", "crv": "P-256", "x": x, "y": y})
            }
        };
        jwk["kid"] = self.kid().into();
        jwk["alg"] = self.algorithm().into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// RS256 or ES256 over `text`.
    pub(super) fn sign(self, text: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self.0 {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                // INVARIANT: the buffer is as long as the modulus, the one thing that can be wrong here.
                pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature)
                    .expect("RSA signs");
                signature
            }
            Pair::Ec(pair) => {
                // INVARIANT: AWS-LC aborts without randomness.
                let signature = pair.sign(&random, text).expect("ECDSA signs");
                signature.as_ref().to_vec()
            }
        }
    }
}

/// Modulus and exponent in base64url, read from `RSAPublicKey` (RFC 8017, A.1.1): 4 bytes of a sequence, 4 of a number's head and
/// the zero that keeps it positive, 256 of the modulus, 2 of a head, 3 of the exponent.
fn rsa_numbers(der: &[u8]) -> [String; 2] {
    // INVARIANT: every key here has 2048 bits and the exponent 65537, so the lengths never differ.
    assert_eq!(der.len(), 270, "an RSA key of 2048 bits");
    [&der[9..265], &der[267..]].map(|number| URL_SAFE_NO_PAD.encode(number))
}

/// The keys of one signer, one after the other: the newest signs, older ones stay published until they are retired.
pub(super) struct Ring {
    keys: &'static [Lazy; RING],
    published: Mutex<Vec<usize>>,
}

impl Ring {
    fn new(keys: &'static [Lazy; RING]) -> Self {
        let published = Mutex::new(vec![0]);
        Self { keys, published }
    }

    pub(super) fn forge() -> Self {
        Self::new(&FORGE)
    }

    pub(super) fn provider_rsa(number: usize) -> Self {
        Self::new(&PROVIDERS_RSA[number])
    }

    pub(super) fn provider_ec(number: usize) -> Self {
        Self::new(&PROVIDERS_EC[number])
    }

    /// The next key signs; if `retires`, those before it are published no more.
    pub(super) fn turn(&self, retires: bool) {
        self.rotate();
        if retires {
            self.retire();
        }
    }

    fn order(&self) -> MutexGuard<'_, Vec<usize>> {
        self.published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The key that signs.
    pub(super) fn current(&self) -> Key {
        // INVARIANT: `new` publishes one, and nothing takes the last.
        let current = *self.order().last().expect("one key at least");
        Key(&self.keys[current])
    }

    /// What verifies, newest last.
    pub(super) fn published(&self) -> Vec<Key> {
        let order = self.order();
        order.iter().map(|at| Key(&self.keys[*at])).collect()
    }

    /// The next key signs; those before it stay published.
    pub(super) fn rotate(&self) {
        let mut order = self.order();
        let next = order.last().map_or(0, |current| (current + 1) % RING);
        order.retain(|at| *at != next);
        order.push(next);
    }

    /// Nothing but the key that signs stays published.
    pub(super) fn retire(&self) {
        let mut order = self.order();
        let current = order.len() - 1;
        order.drain(..current);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_turns_and_publishes_what_was_not_retired() {
        let ring = Ring::provider_ec(0);
        let first = ring.current().kid();
        ring.rotate();
        let second = ring.current().kid();
        let kids =
            |ring: &Ring| -> Vec<_> { ring.published().iter().map(|key| key.kid()).collect() };
        assert_eq!(kids(&ring), [first.clone(), second.clone()]);
        ring.retire();
        assert_eq!(kids(&ring).concat(), second);
        for _ in 0..RING {
            ring.rotate();
        }
        assert_eq!(ring.current().kid(), second);
        assert_eq!(ring.published().len(), RING);
        assert!(kids(&ring).contains(&first));
    }
}
