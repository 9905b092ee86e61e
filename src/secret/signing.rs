//! Signatures with a key of this gateway's own (Ed25519, RFC 8032): who holds the public key can check later, and elsewhere, what
//! was said. May be used by every module below. A private key must never print or leave except sealed, and a signature made for
//! one purpose must never pass for another.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use super::{Secret, hex, sha256};
use crate::clock::Chance;

const KEY_BYTES: usize = 32;
const SIGNATURE_BYTES: usize = 64;
/// Bytes of a public key's digest that name it.
const KEY_ID_BYTES: usize = 8;

/// What a signature is for. It is signed with the text: one key can serve several purposes, and a text that means something in two
/// of them is still signed for one only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A policy set was proven.
    Certificate,
    /// A policy set went live.
    Activation,
    /// Somebody brought a policy set.
    Authorship,
    /// A policy set stays in force whatever the folder says.
    Pin,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 4] = [
        Self::Certificate,
        Self::Activation,
        Self::Authorship,
        Self::Pin,
    ];

    /// Ends with the one NUL in it, so that no tag with a text is another tag with another text.
    const fn tag(self) -> &'static [u8] {
        match self {
            Self::Certificate => b"gatepost certificate v1\0",
            Self::Activation => b"gatepost activation v1\0",
            Self::Authorship => b"gatepost authorship v1\0",
            Self::Pin => b"gatepost pin v1\0",
        }
    }

    fn message(self, text: &[u8]) -> Vec<u8> {
        [self.tag(), text].concat()
    }
}

/// Why a key is none, or a text is not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// The bytes are no private key, or not that of the public key beside them.
    #[error("the bytes are not the private key of this public key")]
    Key,
    /// The bytes cannot be a signature.
    #[error("a signature has 64 bytes, this has {0}")]
    Length(usize),
    /// The text was changed, or signed with another key or for another purpose.
    #[error("the signature does not belong to this text, this key and this purpose")]
    Signature,
}

/// A private key. It does not print.
pub struct SigningKey {
    seed: Secret,
    pair: Ed25519KeyPair,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SigningKey({})", self.verifying().id())
    }
}

impl SigningKey {
    /// A new key.
    #[must_use]
    pub fn generate(chance: &Chance) -> Self {
        let mut seed = vec![0; KEY_BYTES];
        chance.fill(&mut seed);
        let seed = Secret::new(seed);
        // INVARIANT: every 32 bytes are a private key (RFC 8032, section 5.1.5).
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose()).expect("32 bytes are a key");
        Self { seed, pair }
    }

    /// The key with this `seed`, which must be that of the `public` key: a seed from elsewhere would sign in another name.
    pub fn restore(seed: Secret, public: &VerifyingKey) -> Result<Self, SigningError> {
        let pair = Ed25519KeyPair::from_seed_and_public_key(seed.expose(), &public.0);
        let pair = pair.map_err(|_| SigningError::Key)?;
        Ok(Self { seed, pair })
    }

    /// What the key is made from, to be sealed. Every call is a place to look at in a review.
    #[must_use]
    pub fn seed(&self) -> &Secret {
        &self.seed
    }

    /// Signs `text` for `purpose`. The same text always gets the same signature.
    #[must_use]
    pub fn sign(&self, purpose: Purpose, text: &[u8]) -> Signature {
        let mut bytes = [0; SIGNATURE_BYTES];
        bytes.copy_from_slice(self.pair.sign(&purpose.message(text)).as_ref());
        Signature(bytes)
    }

    /// The key that checks what this one signs.
    #[must_use]
    pub fn verifying(&self) -> VerifyingKey {
        let mut bytes = [0; KEY_BYTES];
        bytes.copy_from_slice(self.pair.public_key().as_ref());
        VerifyingKey(bytes)
    }
}

/// A public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyingKey([u8; KEY_BYTES]);

impl VerifyingKey {
    /// The key's 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// The key's name: the first 8 bytes of its SHA-256 in hexadecimal. It helps to find the key and proves nothing.
    #[must_use]
    pub fn id(&self) -> String {
        hex(&sha256(&self.0)[..KEY_ID_BYTES])
    }

    /// Checks that `text` was signed with this key for `purpose`.
    pub fn verify(
        &self,
        purpose: Purpose,
        text: &[u8],
        signature: &Signature,
    ) -> Result<(), SigningError> {
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(&purpose.message(text), &signature.0)
            .map_err(|_| SigningError::Signature)
    }
}

impl From<[u8; KEY_BYTES]> for VerifyingKey {
    fn from(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }
}

/// A signature. It shows as hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature([u8; SIGNATURE_BYTES]);

impl Signature {
    /// The signature's 64 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; SIGNATURE_BYTES] {
        &self.0
    }
}

impl TryFrom<&[u8]> for Signature {
    type Error = SigningError;

    fn try_from(bytes: &[u8]) -> Result<Self, SigningError> {
        let exact = bytes.try_into();
        exact
            .map(Self)
            .map_err(|_| SigningError::Length(bytes.len()))
    }
}

impl std::fmt::Display for Signature {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&hex(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u64) -> SigningKey {
        SigningKey::generate(&Chance::seeded(seed))
    }

    #[test]
    fn a_text_is_signed_for_one_key_and_one_purpose_only() {
        let signature = key(1).sign(Purpose::Certificate, b"text");
        for purpose in Purpose::ALL {
            let verified = key(1).verifying().verify(purpose, b"text", &signature);
            assert_eq!(
                verified.is_ok(),
                purpose == Purpose::Certificate,
                "{purpose:?}"
            );
        }
        let other = key(2).verifying();
        let refused = other.verify(Purpose::Certificate, b"text", &signature);
        assert_eq!(refused, Err(SigningError::Signature));
    }

    #[test]
    fn no_tag_with_a_text_is_another_tag_with_another_text() {
        for purpose in Purpose::ALL {
            let (last, rest) = purpose.tag().split_last().unwrap();
            assert_eq!((*last, rest.contains(&0)), (0, false), "{purpose:?}");
        }
    }

    #[test]
    fn every_changed_bit_of_text_and_signature_is_noticed() {
        let (key, text) = (key(1).verifying(), b"a text".to_vec());
        let signature = super::tests::key(1).sign(Purpose::Activation, &text);
        let verified = |text: &[u8], bytes: &[u8]| {
            let signature = Signature::try_from(bytes)?;
            key.verify(Purpose::Activation, text, &signature)
        };
        assert_eq!(verified(&text, signature.as_bytes()), Ok(()));
        for bit in 0..text.len() * 8 {
            let mut changed = text.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(
                verified(&changed, signature.as_bytes()).is_err(),
                "bit {bit}"
            );
        }
        for bit in 0..SIGNATURE_BYTES * 8 {
            let mut changed = signature.as_bytes().to_vec();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(verified(&text, &changed).is_err(), "bit {bit}");
        }
        let cut = verified(&text, &signature.as_bytes()[1..]);
        assert_eq!(cut, Err(SigningError::Length(63)));
    }

    #[test]
    fn a_restored_key_is_the_one_that_was_made_or_none() {
        let (one, other) = (key(1), key(2));
        let seed = || Secret::new(one.seed().expose().to_vec());
        let restored = SigningKey::restore(seed(), &one.verifying()).unwrap();
        let sign = |key: &SigningKey| key.sign(Purpose::Certificate, b"text");
        assert_eq!(sign(&restored), sign(&one));
        let refused = |seed, public| SigningKey::restore(seed, &public).unwrap_err();
        assert_eq!(refused(seed(), other.verifying()), SigningError::Key);
        let cut = Secret::new(one.seed().expose()[1..].to_vec());
        assert_eq!(refused(cut, one.verifying()), SigningError::Key);
    }

    /// RFC 8032, section 7.1, test 1: the key of the empty message.
    #[test]
    fn a_public_key_is_that_of_the_rfc() {
        let from_hex = |text: &str| -> Vec<u8> {
            let pairs = text.as_bytes().chunks(2);
            let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
            pairs.map(byte).collect()
        };
        let seed = from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let public = from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        let public = VerifyingKey::from(<[u8; 32]>::try_from(public).unwrap());
        let key = SigningKey::restore(Secret::new(seed), &public).unwrap();
        assert_eq!(key.verifying(), public);
    }

    #[test]
    fn a_private_key_does_not_print() {
        let key = key(1);
        let shown = format!("{key:?}");
        assert_eq!(shown, format!("SigningKey({})", key.verifying().id()));
        assert_eq!(key.verifying().id().len(), 16);
    }
}
