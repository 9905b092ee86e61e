//! The keys that verify tokens, each good for one algorithm. Used by the token verifiers.
//! A key must never choose by what a token says, and never print: the type decides between HS256, RS256 and ES256, so a public key
//! cannot be taken for an HMAC secret.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{self, PublicKeyComponents};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use jsonwebtoken::{AlgorithmFamily, DecodingKey, DecodingKeyKind};
use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// The secret of one tenant, for HS256 alone.
#[derive(Clone)]
pub struct HmacKey(pub(super) DecodingKey);

/// A public key, for RS256 alone.
#[derive(Clone)]
pub struct RsaKey(pub(super) DecodingKey);

/// A point on P-256, for ES256 alone.
#[derive(Clone)]
pub struct EcKey(pub(super) DecodingKey);

/// A public key of a set, of one kind or the other.
#[derive(Clone)]
pub enum PublicKey {
    /// Good for RS256.
    Rsa(RsaKey),
    /// Good for ES256.
    Ec(EcKey),
}

/// What tokens may be signed with whose keys are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PublicAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

/// Why a key is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Shorter than the hash (RFC 7518, section 3.2). jsonwebtoken takes an empty secret without complaint.
    #[error("a secret of {0} bytes is too short; HS256 needs at least 32")]
    ShortSecret(usize),
    /// Longer than any key is.
    #[error("a key of {0} bytes is too long; a PEM file has at most 8192")]
    LongPem(usize),
    /// Not `-----BEGIN PUBLIC KEY-----`, or not an RSA key inside.
    #[error("not an RSA public key in PEM (`-----BEGIN PUBLIC KEY-----`)")]
    Form,
    /// A modulus outside of 2048 to 8192 bits (RFC 7518, section 3.3).
    #[error("an RSA key of {0} bits; RS256 needs 2048 to 8192")]
    Size(usize),
    /// With an exponent of 1 every message is its own signature; small ones have a long record of forgeries, large ones make each
    /// verification as dear as a signature, and an even one is none.
    #[error("an RSA key with an exponent below 65537, above 33 bits, or even")]
    Exponent,
    /// Numbers that make no RSA key.
    #[error("numbers that make no RSA key")]
    Numbers,
    /// Not two coordinates of 32 bytes, or not those of a point on the curve (RFC 7518, section 6.2.1).
    #[error("no point on P-256")]
    Point,
}

const SECRET_BYTES_MIN: usize = 32;
const PEM_BYTES_MAX: usize = 8192;
const MODULUS_BITS_MIN: usize = 2048;
const MODULUS_BITS_MAX: usize = 8192;
/// A coordinate on P-256, never shortened.
const COORDINATE_BYTES: usize = 32;
/// 65537 is the smallest odd number of 17 bits (FIPS 186-5, section 5.1).
const EXPONENT_BITS_MIN: usize = 17;
/// What AWS-LC takes itself.
const EXPONENT_BITS_MAX: usize = 33;

impl HmacKey {
    /// The key of a shared secret, whose bytes are taken as they are.
    pub fn new(secret: &Secret) -> Result<Self, KeyError> {
        let bytes = secret.expose();
        if bytes.len() < SECRET_BYTES_MIN {
            return Err(KeyError::ShortSecret(bytes.len()));
        }
        Ok(Self(DecodingKey::from_secret(bytes)))
    }
}

impl RsaKey {
    /// The key of a PEM file as Atlassian's key servers answer it: one SPKI public key and nothing else.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        if pem.len() > PEM_BYTES_MAX {
            return Err(KeyError::LongPem(pem.len()));
        }
        let text = std::str::from_utf8(pem).map_err(|_| KeyError::Form)?.trim();
        // jsonwebtoken also takes private keys and certificates, and uses the first bit string that it finds in them.
        if !text.starts_with("-----BEGIN PUBLIC KEY-----")
            || text.matches("-----BEGIN").count() != 1
        {
            return Err(KeyError::Form);
        }
        let key = DecodingKey::from_rsa_pem(text.as_bytes()).map_err(|_| KeyError::Form)?;
        let DecodingKeyKind::SecretOrDer(der) = key.kind() else {
            return Err(KeyError::Form);
        };
        if key.family() != AlgorithmFamily::Rsa {
            return Err(KeyError::Form);
        }
        let numbers = rsa::PublicKey::from_der(der).map_err(|_| KeyError::Form)?;
        check_strength(&PublicKeyComponents::from(&numbers))?;
        Ok(Self(key))
    }

    /// The key of these big-endian numbers, as a JWK has them (RFC 7518, section 6.3.1).
    pub fn from_numbers(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        let numbers = PublicKeyComponents {
            n: modulus.to_vec(),
            e: exponent.to_vec(),
        };
        check_strength(&numbers)?;
        // Building it is what looks at the numbers: the library's key of components takes any.
        let _built: PublicKeyX509Der<'_> = numbers.as_der().map_err(|_| KeyError::Numbers)?;
        let key = DecodingKey::from_rsa_raw_components(modulus, exponent);
        Ok(Self(key))
    }
}

impl EcKey {
    /// The key at these coordinates, as a JWK has them.
    pub fn from_coordinates(x: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        if x.len() != COORDINATE_BYTES || y.len() != COORDINATE_BYTES {
            return Err(KeyError::Point);
        }
        // Uncompressed (SEC 1, section 2.3.3): the one form that is made here.
        let point = [&[4], x, y].concat();
        // Building it is what looks for the point on the curve.
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).map_err(|_| KeyError::Point)?;
        Ok(Self(DecodingKey::from_ec_der(&point)))
    }
}

impl PublicKey {
    /// What it is good for.
    #[must_use]
    pub const fn algorithm(&self) -> PublicAlgorithm {
        match self {
            Self::Rsa(_) => PublicAlgorithm::Rs256,
            Self::Ec(_) => PublicAlgorithm::Es256,
        }
    }
}

impl PublicAlgorithm {
    /// Its name in a header and in a JWK.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

fn check_strength(numbers: &PublicKeyComponents<Vec<u8>>) -> Result<(), KeyError> {
    let bits = bit_length(&numbers.n);
    if !(MODULUS_BITS_MIN..=MODULUS_BITS_MAX).contains(&bits) {
        return Err(KeyError::Size(bits));
    }
    let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
    let exponent = EXPONENT_BITS_MIN..=EXPONENT_BITS_MAX;
    if !exponent.contains(&bit_length(&numbers.e)) || !is_odd(&numbers.e) {
        return Err(KeyError::Exponent);
    }
    if !is_odd(&numbers.n) {
        return Err(KeyError::Numbers);
    }
    Ok(())
}

fn bit_length(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let first = number
        .get(zeros)
        .map_or(8, |byte| byte.leading_zeros() as usize);
    ((number.len() - zeros) * 8).saturating_sub(first)
}

impl std::fmt::Debug for HmacKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("HmacKey")
    }
}

impl std::fmt::Debug for RsaKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RsaKey")
    }
}

impl std::fmt::Debug for EcKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("EcKey")
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.algorithm().as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    /// Odd and of exactly so many bits; whether it has two prime factors is not what is looked at.
    fn key(bits: usize, exponent: &[u8]) -> Result<RsaKey, KeyError> {
        let mut modulus = vec![0xff; bits / 8];
        modulus[0] = 0xc0;
        let numbers = PublicKeyComponents {
            n: modulus,
            e: exponent.to_vec(),
        };
        let der: PublicKeyX509Der<'_> = numbers.as_der().unwrap();
        let text = STANDARD.encode(der.as_ref());
        RsaKey::from_pem(
            format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n").as_bytes(),
        )
    }

    #[test]
    fn a_weak_public_key_is_refused_when_it_is_loaded() {
        let f4: &[u8] = &[1, 0, 1];
        assert!(key(2048, f4).is_ok() && key(4096, f4).is_ok());
        assert_eq!(key(1024, f4).err(), Some(KeyError::Size(1024)));
        assert_eq!(key(2040, f4).err(), Some(KeyError::Size(2040)));
        assert_eq!(key(2048, &[3]).err(), Some(KeyError::Exponent));
        assert_eq!(
            RsaKey::from_pem(&[b'-'; 8193]).err(),
            Some(KeyError::LongPem(8193))
        );
    }

    #[test]
    fn a_weak_modulus_is_refused_in_numbers_as_well() {
        let odd = |bits: usize| {
            let mut modulus = vec![0xff; bits / 8];
            modulus[0] = 0xc0;
            modulus
        };
        let key = |modulus: &[u8], exponent: &[u8]| RsaKey::from_numbers(modulus, exponent).err();
        let f4: &[u8] = &[1, 0, 1];
        assert_eq!(key(&odd(2048), f4), None);
        assert_eq!(key(&odd(1024), f4), Some(KeyError::Size(1024)));
        assert_eq!(key(&odd(16384), f4), Some(KeyError::Size(16384)));
        assert_eq!(key(&odd(2048), &[1]), Some(KeyError::Exponent));
        assert_eq!(key(&odd(2048), &[1, 0, 0]), Some(KeyError::Exponent));
        assert_eq!(key(&odd(2048), &[0xff; 5]), Some(KeyError::Exponent));
        let even = [&odd(2048)[..255], &[0xfe]].concat();
        assert_eq!(key(&even, f4), Some(KeyError::Numbers));
        assert_eq!(key(&[], &[]), Some(KeyError::Size(0)));
    }

    #[test]
    fn a_point_has_two_whole_coordinates_and_is_on_the_curve() {
        use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let key = |x: &[u8], y: &[u8]| EcKey::from_coordinates(x, y).err();
        assert_eq!(key(x, y), None);
        let shifted = y[0].wrapping_add(1);
        for (x, y) in [
            (&x[1..], y),
            (x, &[&[0], y].concat()),
            (x, &[&[shifted], &y[1..]].concat()),
            (&[0; 32], &[0; 32]),
            (&[], &[]),
        ] {
            assert_eq!(key(x, y), Some(KeyError::Point));
        }
    }

    #[test]
    fn bits_are_counted_from_the_first_that_is_set() {
        let cases: [(&[u8], usize); 6] = [
            (&[], 0),
            (&[0], 0),
            (&[1], 1),
            (&[0, 0x80], 8),
            (&[1, 0], 9),
            (&[1, 0, 1], 17),
        ];
        for (number, bits) in cases {
            assert_eq!(bit_length(number), bits, "{number:?}");
        }
    }
}
