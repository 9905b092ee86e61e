//! The keys that verify tokens, each good for one algorithm. Used by the token verifiers.
//! A key must never choose by what a token says, and never print: the type decides between HS256 and RS256, so a public key cannot
//! be taken for an HMAC secret.

use aws_lc_rs::rsa::{PublicKey, PublicKeyComponents};
use jsonwebtoken::{AlgorithmFamily, DecodingKey, DecodingKeyKind};

use crate::secret::Secret;

/// The secret of one tenant, for HS256 alone.
#[derive(Clone)]
pub struct HmacKey(pub(super) DecodingKey);

/// A public key, for RS256 alone.
#[derive(Clone)]
pub struct RsaKey(pub(super) DecodingKey);

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
    /// With an exponent of 1 every message is its own signature; small ones have a long record of forgeries.
    #[error("an RSA key with an exponent below 65537")]
    Exponent,
}

const SECRET_BYTES_MIN: usize = 32;
const PEM_BYTES_MAX: usize = 8192;
const MODULUS_BITS_MIN: usize = 2048;
const MODULUS_BITS_MAX: usize = 8192;
/// 65537 is the smallest odd number of three bytes above 65536 (FIPS 186-5, section 5.1); an even exponent is no RSA key.
const EXPONENT_BYTES_MIN: usize = 3;

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
        check_strength(der)?;
        Ok(Self(key))
    }
}

fn check_strength(der: &[u8]) -> Result<(), KeyError> {
    let key = PublicKey::from_der(der).map_err(|_| KeyError::Form)?;
    let numbers = PublicKeyComponents::<Vec<u8>>::from(&key);
    let bits = bit_length(&numbers.n);
    if !(MODULUS_BITS_MIN..=MODULUS_BITS_MAX).contains(&bits) {
        return Err(KeyError::Size(bits));
    }
    if bit_length(&numbers.e).div_ceil(8) < EXPONENT_BYTES_MIN {
        return Err(KeyError::Exponent);
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

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
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
