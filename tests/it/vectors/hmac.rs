//! Wycheproof's HMAC-SHA-256 against the primitive that the verifier of tokens uses, with keys of every length.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde_json::Value;

fn unhex(member: &Value) -> Vec<u8> {
    let text = member.as_str().expect("hexadecimal");
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("two digits");
    (0..text.len()).step_by(2).map(byte).collect()
}

#[test]
fn hmac_sha256() {
    let Some(file) = super::json(
        "vectors::hmac::hmac_sha256",
        "wycheproof/hmac_sha256_test.json",
    ) else {
        return;
    };
    let (mut agree, mut truncated) = (0, 0);
    for group in file["testGroups"].as_array().expect("groups") {
        for test in group["tests"].as_array().expect("tests") {
            let (key, tag) = (
                DecodingKey::from_secret(&unhex(&test["key"])),
                unhex(&test["tag"]),
            );
            let accepted = crypto::verify(
                &URL_SAFE_NO_PAD.encode(&tag),
                &unhex(&test["msg"]),
                &key,
                Algorithm::HS256,
            )
            .expect("the tag is base64url");
            let valid = test["result"] == "valid";
            if accepted == valid {
                agree += 1;
            } else {
                // The one disagreement: a tag cut to 128 bits is a valid HMAC-SHA-256-128, but no HS256 (RFC 7518, section 3.2).
                assert!(valid && tag.len() == 16, "{}", test["tcId"]);
                truncated += 1;
            }
        }
    }
    assert_eq!((agree, truncated), (141, 33));
}
