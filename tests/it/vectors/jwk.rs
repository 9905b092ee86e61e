//! Keys of the vectors, turned into what our verifiers take: bytes of a secret, or PEM.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gatepost::identity::{HmacKey, KeyError, RsaKey};
use gatepost::secret::Secret;
use serde_json::Value;

pub(super) enum Key {
    Hmac(HmacKey),
    Rsa(RsaKey),
}

/// A key of RFC 7517, read as carelessly as can be: what it says of its use is not ours to see.
pub(super) fn key(jwk: &Value) -> Result<Key, KeyError> {
    match jwk["kty"].as_str() {
        Some("oct") => HmacKey::new(&Secret::new(bytes(&jwk["k"]))).map(Key::Hmac),
        Some("RSA") if jwk["n"].is_string() => {
            RsaKey::from_pem(pem(&bytes(&jwk["n"]), &bytes(&jwk["e"])).as_bytes()).map(Key::Rsa)
        }
        // Elliptic curves: what an attacker would try is their public bytes as an HMAC secret.
        _ => {
            HmacKey::new(&Secret::new([bytes(&jwk["x"]), bytes(&jwk["y"])].concat())).map(Key::Hmac)
        }
    }
}

fn bytes(member: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD
        .decode(member.as_str().unwrap_or_default())
        .expect("a key's number is base64url")
}

/// `SubjectPublicKeyInfo` (RFC 5280, section 4.1) around an RSA key (RFC 8017, appendix A.1.1).
pub(super) fn pem(modulus: &[u8], exponent: &[u8]) -> String {
    const RSA_ENCRYPTION: [u8; 15] = [
        0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0,
    ];
    let key = tagged(0x30, &[integer(modulus), integer(exponent)].concat());
    let bits = tagged(3, &[&[0], key.as_slice()].concat());
    let der = tagged(0x30, &[&RSA_ENCRYPTION, bits.as_slice()].concat());
    format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(der)
    )
}

fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = &number[zeros..];
    let sign: &[u8] = if number.first().is_none_or(|byte| *byte >= 128) {
        &[0]
    } else {
        &[]
    };
    tagged(2, &[sign, number].concat())
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len())
        .expect("a key is short")
        .to_be_bytes();
    let length: &[u8] = match length {
        [0, short] if short < 128 => &[short],
        [0, middle] => &[0x81, middle],
        [high, low] => &[0x82, high, low],
    };
    [&[tag], length, content].concat()
}
