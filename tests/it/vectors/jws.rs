//! Wycheproof's JSON Web Signatures against the verifier of tokens.

use gatepost::identity::jws::Compact;
use serde_json::Value;

use super::jwk::{self, Key};

/// Judges a signature by a key or a set of keys.
type Verify = fn(&Value, &Value) -> Result<(), String>;

/// What one file gave: how many vectors agree, and each that does not.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Tally {
    agree: usize,
    /// Valid, yet refused: the error and the vectors.
    stricter: Vec<(String, Vec<u64>)>,
    /// Invalid, yet accepted.
    laxer: Vec<u64>,
}

pub(super) fn run(file: &Value, verify: Verify) -> Tally {
    let mut tally = Tally::default();
    for group in file["testGroups"].as_array().expect("groups") {
        let keys = if group["public"].is_object() {
            &group["public"]
        } else {
            &group["private"]
        };
        for test in group["tests"].as_array().expect("tests") {
            if test["jwe"].is_null() {
                judge(&mut tally, test, verify(keys, &test["jws"]));
            }
        }
    }
    tally
}

fn judge(tally: &mut Tally, test: &Value, outcome: Result<(), String>) {
    let id = test["tcId"].as_u64().expect("an id");
    match (test["result"].as_str().expect("a result"), outcome) {
        ("valid", Ok(())) | ("invalid", Err(_)) => tally.agree += 1,
        ("invalid", Ok(())) => tally.laxer.push(id),
        ("valid", Err(why)) => match tally.stricter.iter_mut().find(|known| known.0 == why) {
            Some(known) => known.1.push(id),
            None => tally.stricter.push((why, vec![id])),
        },
        (other, _) => panic!("result `{other}`"),
    }
}

/// With the key that the token's `kid` names in a set, or with the only one there is.
fn verify(keys: &Value, jws: &Value) -> Result<(), String> {
    let token = jws.as_str().map_or_else(|| jws.to_string(), str::to_owned);
    let token = Compact::parse(&token).map_err(|error| error.code().to_owned())?;
    let jwk = match keys["keys"].as_array() {
        Some(set) => set
            .iter()
            .find(|key| key["kid"].as_str() == token.kid())
            .unwrap_or(&set[0]),
        None => keys,
    };
    let outcome = match jwk::key(jwk).map_err(|error| error.to_string())? {
        Key::Hmac(key) => token.verify_hs256(&key),
        Key::Rsa(key) => token.verify_rs256(&key),
    };
    outcome.map(|_| ()).map_err(|error| error.code().to_owned())
}

pub(super) fn tally(agree: usize, stricter: &[(&str, &[u64])], laxer: &[u64]) -> Tally {
    let stricter = stricter
        .iter()
        .map(|(why, ids)| ((*why).to_owned(), ids.to_vec()))
        .collect();
    Tally {
        agree,
        stricter,
        laxer: laxer.to_vec(),
    }
}

#[test]
fn signatures() {
    let Some(file) = super::json(
        "vectors::jws::signatures",
        "wycheproof/json_web_signature_test.json",
    ) else {
        return;
    };
    let stricter: [(&str, &[u64]); 3] = [
        // ES256, RS384, RS512, PS256, PS384, PS512: Connect signs with HS256 and RS256 alone.
        (
            "token_algorithm",
            &[
                18, 264, 265, 266, 267, 268, 269, 270, 271, 272, 273, 274, 275, 287, 288, 320, 321,
                322, 323, 325, 326, 327, 328, 378,
            ],
        ),
        // A key named by an e-mail address: the name goes into a URL, and `@` and `.` are not for it.
        ("token_key_id", &[345, 346, 347, 349, 350, 351]),
        // A `?` inside of a segment, which some decoders skip: RFC 7515, section 2, knows no such thing.
        ("token_encoding", &[372, 373]),
    ];
    let laxer = [
        // A good RS256 signature by a key whose JWK says PS512, encryption, or nothing of signing. Our keys are PEM and have no such
        // members: what a key is for is said by the server that it comes from.
        332, 353, 355,
        // Meant to have bad padding, but letter for letter the valid vector 357, which is asserted below.
        367, 370,
    ];
    assert_eq!(run(&file, verify), tally(364, &stricter, &laxer));

    let groups = file["testGroups"].as_array().expect("groups");
    let tests = || {
        groups
            .iter()
            .flat_map(|group| group["tests"].as_array().expect("tests"))
    };
    let jws = |id: u64| {
        tests()
            .find(|test| test["tcId"] == id)
            .map(|test| &test["jws"])
    };
    assert!(jws(357).is_some() && jws(357) == jws(367) && jws(357) == jws(370));
}

#[test]
fn cryptography() {
    let Some(file) = super::json(
        "vectors::jws::cryptography",
        "wycheproof/json_web_crypto_test.json",
    ) else {
        return;
    };
    let laxer = [
        // A key with the weakness of CVE-2017-15361 (ROCA). A signature by it is still one; not to make such keys is the signer's part.
        46,
        // A set of a secret and a public key. We have no sets: a secret is HS256's and a public key RS256's by type.
        47,
    ];
    // 18 is ES256. The encrypted tokens of this file are not counted; nobody sends us any.
    assert_eq!(
        run(&file, verify),
        tally(46, &[("token_algorithm", &[18])], &laxer)
    );
}

#[test]
fn keys() {
    let Some(file) = super::json("vectors::jws::keys", "wycheproof/json_web_key_test.json") else {
        return;
    };
    let laxer = [
        // Sets: of two kinds of key, and with one name twice. We have none; a name leads to one PEM.
        1, 4, // ROCA, as above.
        7,
        // A JWK that is meant for encryption, by `use` or `alg`. Our keys have no such members.
        6, 25, 26,
    ];
    let mut found = run(&file, verify);
    found
        .laxer
        .sort_unstable_by_key(|id| laxer.iter().position(|known| known == id));
    // 14 and 15 are HS384 and HS512.
    assert_eq!(found, tally(18, &[("token_algorithm", &[14, 15])], &laxer));
}
