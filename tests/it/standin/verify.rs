//! Tokens read and verified by a set of JSON Web Keys, as a stranger would.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Header and claims of a token, unverified.
pub(super) fn parts(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| {
        let text = URL_SAFE_NO_PAD.decode(part).unwrap();
        serde_json::from_slice(&text).unwrap()
    });
    (parts.next().unwrap(), parts.next().unwrap())
}

/// Whether a token is signed by the key that it names, with the algorithm that the key is for.
pub(super) fn is_signed(token: &str, set: &Value) -> bool {
    let (header, _) = parts(token);
    let keys = set["keys"].as_array().unwrap();
    let Some(key) = keys.iter().find(|key| key["kid"] == header["kid"]) else {
        return false;
    };
    let number = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap());
    let number = |name: &str| number(name).unwrap();
    let (text, signature) = token.rsplit_once('.').unwrap();
    let (text, signature) = (text.as_bytes(), URL_SAFE_NO_PAD.decode(signature).unwrap());
    assert_eq!(header["alg"], key["alg"]);
    if key["kty"] == "RSA" {
        let (n, e) = (number("n"), number("e"));
        let public = RsaPublicKeyComponents { n, e };
        let verified = public.verify(&RSA_PKCS1_2048_8192_SHA256, text, &signature);
        return verified.is_ok();
    }
    let point = [vec![4], number("x"), number("y")].concat();
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    public.verify(text, &signature).is_ok()
}
