//! What a key set may hold, and that each refusal is there.

use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair, RsaKeyPair,
};
use serde_json::json;

use super::*;

fn rsa(size: KeySize) -> Value {
    let pair = RsaKeyPair::generate(size).unwrap();
    let numbers = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let text = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
    json!({"kty": "RSA", "kid": "k", "n": text(&numbers.n), "e": text(&numbers.e)})
}

fn ec(algorithm: &'static EcdsaSigningAlgorithm, crv: &str) -> Value {
    let pair = EcdsaKeyPair::generate(algorithm).unwrap();
    let point = &pair.public_key().as_ref()[1..];
    let (x, y) = point.split_at(point.len() / 2);
    let text = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
    json!({"kty": "EC", "crv": crv, "kid": "k", "x": text(x), "y": text(y)})
}

fn p256() -> Value {
    ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256")
}

fn set(keys: &[Value]) -> KeySet {
    KeySet::parse(json!({"keys": keys}).to_string().as_bytes()).unwrap()
}

/// What the key `k` of a set is good for.
fn good_for(keys: &[Value]) -> Option<PublicAlgorithm> {
    set(keys).key("k").map(|key| key.algorithm())
}

fn with(key: &Value, name: &str, value: impl Into<Value>) -> Value {
    let mut key = key.clone();
    key[name] = value.into();
    key
}

fn without(key: &Value, name: &str) -> Value {
    let mut key = key.clone();
    key.as_object_mut().unwrap().remove(name);
    key
}

#[test]
fn a_key_is_good_for_the_algorithm_of_its_kind() {
    let (rsa, ec) = (rsa(KeySize::Rsa2048), p256());
    assert_eq!(good_for(&[rsa]), Some(PublicAlgorithm::Rs256));
    assert_eq!(good_for(&[ec]), Some(PublicAlgorithm::Es256));
}

#[test]
fn what_a_key_says_of_its_use_is_honoured() {
    for (key, own, foreign) in [
        (rsa(KeySize::Rsa2048), "RS256", "ES256"),
        (p256(), "ES256", "RS256"),
    ] {
        for (name, value) in [
            ("use", json!("sig")),
            ("alg", json!(own)),
            ("key_ops", json!(["verify"])),
            ("key_ops", json!(["sign", "verify"])),
            ("x5c", json!(["what else a key says is not read"])),
            ("issuer", json!("https://login.example/{tenantid}/v2.0")),
        ] {
            assert!(good_for(&[with(&key, name, value.clone())]).is_some());
        }
        for (name, value) in [
            ("use", json!("enc")),
            ("use", json!("")),
            ("use", Value::Null),
            ("alg", json!(foreign)),
            ("alg", json!("HS256")),
            ("alg", json!("none")),
            ("alg", json!("PS256")),
            ("alg", json!("RSA-OAEP")),
            ("alg", json!(1)),
            ("key_ops", json!([])),
            ("key_ops", json!(["sign"])),
            ("key_ops", json!(["encrypt", "wrapKey"])),
            ("key_ops", json!("verify")),
            ("key_ops", Value::Null),
        ] {
            let told = with(&key, name, value.clone());
            assert_eq!(good_for(&[told]), None, "{name} {value}");
        }
    }
}

#[test]
fn a_key_that_is_no_public_key_of_ours_is_as_if_it_were_not_there() {
    let (rsa, ec) = (rsa(KeySize::Rsa2048), p256());
    let odd = [
        json!({"kty": "oct", "kid": "k", "k": URL_SAFE_NO_PAD.encode([7; 64])}),
        json!({"kty": "oct", "kid": "k", "alg": "HS256", "use": "sig", "k": "AA"}),
        json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": URL_SAFE_NO_PAD.encode([7; 32])}),
        self::ec(&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384"),
        self::ec(&ECDSA_P384_SHA384_FIXED_SIGNING, "P-256"),
        with(&ec, "crv", "secp256k1"),
        with(&ec, "kty", "RSA"),
        with(&ec, "y", ec["x"].clone()),
        without(&ec, "crv"),
        without(&ec, "y"),
        with(&rsa, "kty", "EC"),
        with(&rsa, "kty", "rsa"),
        with(&rsa, "e", "AQ"),
        with(&rsa, "e", "Aw"),
        with(&rsa, "n", rsa["e"].clone()),
        with(&rsa, "n", format!("{}==", rsa["n"].as_str().unwrap())),
        with(&rsa, "n", 7),
        without(&rsa, "n"),
        without(&rsa, "kty"),
        with(&rsa, "d", "AQAB"),
        with(&ec, "d", "AQAB"),
        with(&rsa, "k", "AQAB"),
    ];
    for key in odd {
        assert_eq!(good_for(std::slice::from_ref(&key)), None, "{key}");
        // The neighbour stays.
        let both = set(&[key.clone(), with(&rsa, "kid", "other")]);
        assert!(both.key("other").is_some() && both.usable() == 1, "{key}");
    }
    for entry in [json!(7), json!("k"), Value::Null, json!([])] {
        assert_eq!(
            good_for(&[entry, rsa.clone()]),
            Some(PublicAlgorithm::Rs256)
        );
    }
}

#[test]
fn a_key_without_a_name_is_never_tried() {
    let key = rsa(KeySize::Rsa2048);
    for key in [without(&key, "kid"), with(&key, "kid", 1)] {
        assert_eq!(set(&[key]).usable(), 0);
    }
}

#[test]
fn a_name_that_two_keys_have_names_none() {
    let (one, two) = (rsa(KeySize::Rsa2048), p256());
    let other = with(&two, "kid", "other");
    assert_eq!(good_for(&[one.clone(), two.clone()]), None);
    assert_eq!(good_for(&[one.clone(), one.clone()]), None);
    assert_eq!(good_for(&[one.clone(), two.clone(), one.clone()]), None);
    // The second counts, whatever it is good for.
    assert_eq!(good_for(&[with(&two, "use", "enc"), one.clone()]), None);
    assert_eq!(good_for(&[one.clone(), json!({"kid": "k"})]), None);
    let set = set(&[one.clone(), one, other]);
    assert!(set.key("other").is_some() && set.usable() == 1);
}

#[test]
fn a_set_has_one_reading_or_none() {
    let key = rsa(KeySize::Rsa2048).to_string();
    let twice = key.replacen('{', r#"{"kid":"admin","#, 1);
    for text in [
        "",
        "{}",
        "[]",
        r#"{"keys":{}}"#,
        r#"{"keys":null}"#,
        &format!("[{key}]"),
        &format!(r#"{{"keys":[{twice}]}}"#),
        &format!(r#"{{"keys":[{key}],"keys":[]}}"#),
        &format!(r#"{{"keys":[{key}]}} "#).replace(' ', "x"),
        "<html>a proxy's own page</html>",
    ] {
        let refused = KeySet::parse(text.as_bytes());
        assert!(matches!(refused, Err(KeySetError::Form(_))), "{text}");
    }
    // No keys is a set: whoever takes all of them back means it.
    assert_eq!(KeySet::parse(br#"{"keys":[]}"#).unwrap().usable(), 0);
}

#[test]
fn a_set_has_a_greatest_size() {
    let key = p256();
    let many = |count: usize| {
        let name = |number: usize| with(&key, "kid", number.to_string());
        let keys: Vec<Value> = (0..count).map(name).collect();
        KeySet::parse(json!({"keys": keys}).to_string().as_bytes())
    };
    assert_eq!(many(KEYS_MAX).unwrap().usable(), KEYS_MAX);
    let refused = many(KEYS_MAX + 1).err();
    assert_eq!(refused, Some(KeySetError::TooMany(KEYS_MAX + 1)));
}

#[test]
fn a_key_does_not_print() {
    let set = set(&[rsa(KeySize::Rsa2048)]);
    assert_eq!(format!("{set:?}"), r#"KeySet({"k": Some(RS256)})"#);
}
