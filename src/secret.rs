//! Bytes that do not print, and the vault that seals them at rest. May be used by every module.
//! A secret must never reach a log, an error, a metric or a debugger's formatter: nothing here implements `Display` or a `Debug`
//! that shows content.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{constant_time, digest, hmac};
use zeroize::Zeroizing;

use crate::clock::Chance;

mod signing;

pub use signing::{Purpose, Signature, SigningError, SigningKey, VerifyingKey};

/// Secret bytes: compared in constant time, wiped when the last that shares them is dropped, never printed. A clone shares them: the
/// fewer copies are in memory the fewer are left there, and wiping one takes longer than to find it in a cache.
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<Vec<u8>>>);

impl Secret {
    /// Takes the bytes over.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Zeroizing::new(bytes)))
    }

    /// The bytes themselves. Every call is a place to look at in a review.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text.into_bytes())
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for Secret {}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[secret]")
    }
}

/// SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

/// `bytes` in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let pairs = bytes.iter().flat_map(|byte| {
        [
            DIGITS[usize::from(byte >> 4)],
            DIGITS[usize::from(byte & 15)],
        ]
    });
    pairs.map(char::from).collect()
}

/// Why something could not be unsealed or a master key not be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum VaultError {
    /// The master key is not 32 bytes in hexadecimal.
    #[error(
        "the master key is not 64 hexadecimal digits; make one with `gatepost secret generate`"
    )]
    Malformed,
    /// The ciphertext names another master key.
    #[error(
        "sealed with master key `{sealed}`, but the configured one is `{configured}`; configure the key that this database was made with"
    )]
    WrongKey {
        /// The id in the ciphertext.
        sealed: String,
        /// The id of the configured key.
        configured: String,
    },
    /// The ciphertext was changed, cut, or belongs to another tenant or column.
    #[error("a sealed value does not open: it was changed or belongs elsewhere")]
    Tampered,
}

const VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 12;

/// Seals secrets for the database: AES-256-GCM, the key's id in the ciphertext, tenant and column as associated data.
///
/// Layout of a sealed value: version (1 byte), key id (4), nonce (12), ciphertext with tag. Nonces are random: at 2^32 values under
/// one key the chance of a collision is 2^-32 (NIST SP 800-38D, 8.3), far beyond what installs write.
pub struct Vault {
    key: LessSafeKey,
    id: [u8; KEY_ID_BYTES],
    tokens: hmac::Key,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Vault({})", self.key_id())
    }
}

impl Vault {
    /// The vault of a master key, given as 64 hexadecimal digits.
    pub fn new(master: &Secret) -> Result<Self, VaultError> {
        let bytes = unhex(master.expose()).ok_or(VaultError::Malformed)?;
        let unbound =
            UnboundKey::new(&AES_256_GCM, bytes.as_slice()).map_err(|_| VaultError::Malformed)?;
        // Separate keys for separate purposes, derived by HMAC: an id that is stored must not help to guess the key.
        let root = hmac::Key::new(hmac::HMAC_SHA256, bytes.as_slice());
        let mut id = [0; KEY_ID_BYTES];
        id.copy_from_slice(
            &hmac::sign(&root, b"gatepost master key id v1").as_ref()[..KEY_ID_BYTES],
        );
        let tokens = hmac::sign(&root, b"gatepost token hash v1");
        Ok(Self {
            key: LessSafeKey::new(unbound),
            id,
            tokens: hmac::Key::new(hmac::HMAC_SHA256, tokens.as_ref()),
        })
    }

    /// A new master key: 64 hexadecimal digits.
    #[must_use]
    pub fn generate(chance: &Chance) -> Secret {
        Secret::from(hex(&*Zeroizing::new(chance.bytes::<32>())))
    }

    /// The public name of the master key: eight hexadecimal digits.
    #[must_use]
    pub fn key_id(&self) -> String {
        hex(&self.id)
    }

    /// Seals `secret` for this `tenant` and `column`; it opens for no other.
    #[must_use]
    pub fn seal(&self, tenant: &str, column: &str, secret: &Secret, chance: &Chance) -> Vec<u8> {
        let nonce = chance.bytes::<NONCE_BYTES>();
        let mut sealed = secret.expose().to_vec();
        let aad = Aad::from(associated(tenant, column));
        // INVARIANT: AES-GCM fails for inputs above 64 GiB only; a shared secret has at most 128 characters.
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .expect("a secret is far shorter than the cipher's limit");
        [&[VERSION][..], &self.id, &nonce, &sealed].concat()
    }

    /// Opens what [`Vault::seal`] made for the same `tenant` and `column`.
    pub fn open(&self, tenant: &str, column: &str, sealed: &[u8]) -> Result<Secret, VaultError> {
        let (&version, rest) = sealed.split_first().ok_or(VaultError::Tampered)?;
        let (id, rest) = rest
            .split_at_checked(KEY_ID_BYTES)
            .ok_or(VaultError::Tampered)?;
        let (nonce, body) = rest
            .split_at_checked(NONCE_BYTES)
            .ok_or(VaultError::Tampered)?;
        if version != VERSION {
            return Err(VaultError::Tampered);
        }
        if id != self.id {
            return Err(VaultError::WrongKey {
                sealed: hex(id),
                configured: self.key_id(),
            });
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::Tampered)?;
        let mut body = Zeroizing::new(body.to_vec());
        let aad = Aad::from(associated(tenant, column));
        let plain = self
            .key
            .open_in_place(nonce, aad, &mut body)
            .map_err(|_| VaultError::Tampered)?;
        Ok(Secret::new(plain.to_vec()))
    }

    /// The keyed hash under which a token is stored and looked up: a stolen database alone cannot test guesses.
    #[must_use]
    pub fn token_hash(&self, token: &Secret) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(hmac::sign(&self.tokens, token.expose()).as_ref());
        hash
    }
}

impl Vault {
    /// The keyed hash of `parts`, for this purpose alone: what is only looked up is kept by it, and never itself.
    #[must_use]
    pub fn keyed_hash(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.tokens);
        // Each with its length before, so that no two lists give the same bytes. No token that `token_hash` is asked about begins so.
        for part in [purpose.as_bytes()].iter().chain(parts) {
            context.update(&(part.len() as u64).to_le_bytes());
            context.update(part);
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(context.sign().as_ref());
        hash
    }
}

/// Length-prefixed, so that no two pairs give the same bytes.
fn associated(tenant: &str, column: &str) -> Vec<u8> {
    format!(
        "gatepost sealed v1|{}:{tenant}|{}:{column}",
        tenant.len(),
        column.len()
    )
    .into_bytes()
}

fn unhex(text: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let digit = |at: usize| {
            char::from(pair[at])
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        };
        *byte = digit(0)? << 4 | digit(1)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(seed: u64) -> Vault {
        Vault::new(&Vault::generate(&Chance::seeded(seed))).expect("a generated key is well formed")
    }

    #[test]
    fn a_sealed_secret_opens_in_its_own_place_only() {
        let (vault, chance) = (vault(1), Chance::seeded(9));
        let secret = Secret::from("s3cret".to_owned());
        let sealed = vault.seal("acme", "shared_secret", &secret, &chance);
        assert_eq!(vault.open("acme", "shared_secret", &sealed), Ok(secret));
        assert_eq!(
            vault.open("globex", "shared_secret", &sealed),
            Err(VaultError::Tampered)
        );
        assert_eq!(
            vault.open("acme", "other", &sealed),
            Err(VaultError::Tampered)
        );
        assert!(!sealed.windows(6).any(|window| window == b"s3cret"));
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let (vault, chance) = (vault(1), Chance::seeded(9));
        let sealed = vault.seal("acme", "c", &Secret::from("x".to_owned()), &chance);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(vault.open("acme", "c", &changed).is_err(), "byte {at}");
            assert!(
                vault.open("acme", "c", &sealed[..at]).is_err(),
                "cut at {at}"
            );
        }
    }

    #[test]
    fn another_master_key_is_named_not_guessed() {
        let sealed = vault(1).seal(
            "acme",
            "c",
            &Secret::from("x".to_owned()),
            &Chance::seeded(9),
        );
        assert!(matches!(
            vault(2).open("acme", "c", &sealed),
            Err(VaultError::WrongKey { .. })
        ));
    }

    #[test]
    fn a_keyed_hash_is_of_one_purpose_and_one_list_of_parts() {
        let (one, other) = (vault(1), vault(2));
        let hash = one.keyed_hash("a", &[b"bc", b"d"]);
        assert_eq!(hash, one.keyed_hash("a", &[b"bc", b"d"]));
        assert_ne!(hash, other.keyed_hash("a", &[b"bc", b"d"]));
        for (purpose, parts) in [
            ("ab", [&b"c"[..], b"d"]),
            ("a", [b"b", b"cd"]),
            ("a", [b"d", b"bc"]),
        ] {
            assert_ne!(hash, one.keyed_hash(purpose, &parts));
        }
    }

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(
            format!("{:?}", Secret::from("s3cret".to_owned())),
            "[secret]"
        );
        assert!(Vault::new(&Secret::from("zz".repeat(32))).is_err());
    }
}
