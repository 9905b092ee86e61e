//! What a token may look like, and that each refusal is there.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RsaKeyPair};
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::EncodingKey;

use super::*;
use crate::identity::keys::KeyError;
use crate::secret::Secret;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
const CLAIMS: &str = r#"{"iss":"acme","sub":"5b10","iat":1000,"exp":1900,"qsh":"context-qsh"}"#;

fn secret(letter: &str) -> Secret {
    Secret::from(letter.repeat(32))
}

fn key(letter: &str) -> HmacKey {
    HmacKey::new(&secret(letter)).unwrap()
}

/// A token whose HMAC is right, whatever its header and claims say.
fn token(header: &str, claims: &str) -> String {
    signed(&format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    ))
}

fn signed(input: &str) -> String {
    let key = EncodingKey::from_secret(secret("a").expose());
    let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{input}.{signature}")
}

fn verify(token: &str) -> Result<Claims, TokenError> {
    Unverified::parse(token)?.verify_hs256(&key("a"))
}

#[test]
fn a_good_token_gives_its_claims() {
    let claims = verify(&token(HEADER, CLAIMS)).unwrap();
    assert_eq!(
        (
            claims.iss.as_str(),
            claims.sub.as_deref(),
            claims.iat,
            claims.exp
        ),
        ("acme", Some("5b10"), 1000, 1900)
    );
    assert!(verify(&token(r#"{"alg":"HS256"}"#, CLAIMS)).is_ok());
    assert!(
        verify(&token(
            r#"{"alg":"HS256","typ":"jwt","kid":"k-1_2"}"#,
            CLAIMS
        ))
        .is_ok()
    );
}

#[test]
fn an_unverified_token_tells_issuer_and_key_name() {
    let text = token(r#"{"alg":"HS256","kid":"k1"}"#, CLAIMS);
    let unverified = Unverified::parse(&text).unwrap();
    assert_eq!(
        (unverified.issuer_unverified(), unverified.kid()),
        ("acme", Some("k1"))
    );
}

#[test]
fn the_header_has_no_member_but_alg_typ_and_kid() {
    for member in [
        r#""crit":["x"]"#,
        r#""crit":[]"#,
        r#""b64":false"#,
        r#""b64":true"#,
        r#""zip":"DEF""#,
        r#""jku":"https://evil.example""#,
        r#""jwk":{}"#,
        r#""x5u":"https://evil.example""#,
        r#""x5c":[]"#,
        r#""cty":"JWT""#,
        r#""foo":1"#,
        r#""ALG":"none""#,
        r#""alg":"HS256""#,
        r#""\u0061lg":"none""#,
        r#""typ":null"#,
        r#""kid":null"#,
        r#""typ":1"#,
        r#""kid":{"$ne":1}"#,
    ] {
        let header = format!(r#"{{"alg":"HS256",{member}}}"#);
        assert!(
            matches!(verify(&token(&header, CLAIMS)), Err(TokenError::Header(_))),
            "{header}"
        );
    }
    for header in [
        "{}",
        "[]",
        "",
        "null",
        r#"{"typ":"JWT"}"#,
        r#"{"alg":null}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":"HS256"}{}"#,
    ] {
        assert!(
            matches!(verify(&token(header, CLAIMS)), Err(TokenError::Header(_))),
            "{header}"
        );
    }
}

#[test]
fn the_type_is_jwt_or_not_there() {
    for typ in [
        "",
        "JOSE",
        "at+jwt",
        "application/jwt",
        "JWT ",
        "JW\u{ff34}",
    ] {
        let header = format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#);
        assert_eq!(
            verify(&token(&header, CLAIMS)),
            Err(TokenError::Type),
            "{typ}"
        );
    }
}

#[test]
fn a_key_name_is_fit_for_a_url() {
    let with_kid = |kid: &str| {
        verify(&token(
            &format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#),
            CLAIMS,
        ))
    };
    for kid in [
        "",
        "../x",
        "a/b",
        "a.b",
        "a%2Fb",
        "a?b",
        "a#b",
        "a b",
        "a\\n",
        "\u{e9}",
        "a@b",
        &"k".repeat(129),
    ] {
        assert_eq!(with_kid(kid), Err(TokenError::KeyId), "{kid}");
    }
    assert!(with_kid(&"k".repeat(128)).is_ok());
}

#[test]
fn the_algorithm_is_that_of_the_key() {
    for alg in [
        "none", "None", "NONE", "", "hs256", "HS384", "HS512", "RS384", "PS256", "ES256", "EdDSA",
        "HS256 ",
    ] {
        let header = format!(r#"{{"alg":"{alg}"}}"#);
        assert_eq!(
            verify(&token(&header, CLAIMS)),
            Err(TokenError::Algorithm),
            "{alg}"
        );
    }
    // A well-formed header of the other kind gets no further either.
    assert_eq!(
        verify(&token(r#"{"alg":"RS256"}"#, CLAIMS)),
        Err(TokenError::Algorithm)
    );
}

#[test]
fn a_token_has_three_segments() {
    let good = token(HEADER, CLAIMS);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    for text in [
        "",
        ".",
        signed,
        header,
        &format!("{good}."),
        &format!(".{good}"),
        &format!("{good}.x"),
        &format!("{header}..{claims}.{signature}"),
    ] {
        assert_eq!(verify(text), Err(TokenError::Segments), "{text}");
    }
    assert!(matches!(verify(".."), Err(TokenError::Header(_))));
    assert_eq!(verify(&format!("{signed}.")), Err(TokenError::Signature));
}

#[test]
fn a_token_has_one_spelling() {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let good = token(HEADER, CLAIMS);
    let (input, signature) = good.rsplit_once('.').unwrap();
    let (header, claims) = input.split_once('.').unwrap();
    let spellings = [
        format!("{header}=.{claims}.{signature}"),
        format!("{header}.{claims}=.{signature}"),
        format!("{header}.{claims}.{signature}="),
        format!(" {good}"),
        format!("{good} "),
        format!("{header}.{claims}\n.{signature}"),
        format!(
            "{header}.{claims}.{}",
            signature.replacen(|character: char| character.is_ascii_alphanumeric(), "+", 1)
        ),
        format!("{header}.{claims}.{signature}AA"),
    ];
    for text in &spellings {
        assert!(matches!(verify(text), Err(TokenError::Encoding)), "{text}");
    }
    // The last character of 32 bytes holds two bits that nobody reads: with them set it would be the same signature, spelled anew.
    let last = signature.chars().last().unwrap();
    let twin = ALPHABET
        .chars()
        .nth(ALPHABET.find(last).unwrap() + 1)
        .unwrap();
    assert_eq!(
        verify(&format!("{}{twin}", &good[..good.len() - 1])),
        Err(TokenError::Encoding)
    );
}

#[test]
fn every_changed_byte_is_noticed() {
    let good = token(HEADER, CLAIMS);
    for at in 0..good.len() {
        let mut changed = good.clone().into_bytes();
        changed[at] = if changed[at] == b'x' { b'y' } else { b'x' };
        assert!(
            verify(std::str::from_utf8(&changed).unwrap()).is_err(),
            "byte {at}"
        );
    }
}

#[test]
fn another_tenants_secret_does_not_verify() {
    let good = token(HEADER, CLAIMS);
    let outcome = Unverified::parse(&good).unwrap().verify_hs256(&key("b"));
    assert_eq!(outcome, Err(TokenError::Signature));
}

#[test]
fn an_unknown_issuer_is_refused_whatever_it_signed_with() {
    let good = token(HEADER, CLAIMS);
    assert_eq!(
        Unverified::parse(&good).unwrap().dummy_verify(),
        TokenError::UnknownIssuer
    );
    let input = good.rsplit_once('.').unwrap().0;
    let zeros = EncodingKey::from_secret(&[0; 64]);
    let forged = jsonwebtoken::crypto::sign(input.as_bytes(), &zeros, Algorithm::HS256).unwrap();
    let forged = format!("{input}.{forged}");
    assert_eq!(
        Unverified::parse(&forged).unwrap().dummy_verify(),
        TokenError::UnknownIssuer
    );
}

#[test]
fn a_token_has_a_longest_length() {
    let padded = |bytes: usize| {
        token(
            HEADER,
            &format!(
                r#"{{"iss":"a","iat":1,"exp":2,"x":"{}"}}"#,
                "x".repeat(bytes)
            ),
        )
    };
    let room = (TOKEN_BYTES_MAX - padded(0).len()) / 4 * 3;
    assert!(verify(&padded(room - 3)).is_ok());
    assert!(matches!(
        verify(&padded(room + 6)),
        Err(TokenError::TooLong(_))
    ));
}

#[test]
fn neither_errors_nor_keys_show_content() {
    let texts = [
        token(r#"{"alg":"s3cret"}"#, CLAIMS),
        token(HEADER, r#"{"iss":"s3cret","iat":"s3cret"}"#),
        token(HEADER, "s3cret"),
    ];
    for text in &texts {
        let error = Unverified::parse(text).err().unwrap();
        assert!(!format!("{error} {error:?} {}", error.code()).contains("s3cret"));
    }
    assert_eq!(format!("{:?}", key("a")), "HmacKey");
}

#[test]
fn a_short_secret_is_no_key() {
    let new = |bytes: usize| HmacKey::new(&Secret::new(vec![b'a'; bytes])).err();
    assert_eq!(
        (new(0), new(31), new(32)),
        (
            Some(KeyError::ShortSecret(0)),
            Some(KeyError::ShortSecret(31)),
            None
        )
    );
}

fn pem(label: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        STANDARD.encode(der)
    )
}

#[test]
fn an_rsa_token_verifies_with_its_key_alone() {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let public = pem("PUBLIC KEY", spki.as_ref());
    let key = RsaKey::from_pem(public.as_bytes()).unwrap();

    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT","kid":"k1"}"#),
        URL_SAFE_NO_PAD.encode(CLAIMS)
    );
    let mut signature = vec![0; pair.public_modulus_len()];
    let chance = aws_lc_rs::rand::SystemRandom::new();
    pair.sign(
        &aws_lc_rs::signature::RSA_PKCS1_SHA256,
        &chance,
        input.as_bytes(),
        &mut signature,
    )
    .unwrap();
    let good = format!("{input}.{}", URL_SAFE_NO_PAD.encode(&signature));
    assert_eq!(
        Unverified::parse(&good)
            .unwrap()
            .verify_rs256(&key)
            .unwrap()
            .iss,
        "acme"
    );

    let changed = good.replacen(
        &URL_SAFE_NO_PAD.encode(CLAIMS),
        &URL_SAFE_NO_PAD.encode(CLAIMS.replace("acme", "evil")),
        1,
    );
    assert_eq!(
        Unverified::parse(&changed).unwrap().verify_rs256(&key),
        Err(TokenError::Signature)
    );

    // The classic confusion: HS256 with the public key as the secret, shown to the verifier of that key.
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(HEADER),
        URL_SAFE_NO_PAD.encode(CLAIMS)
    );
    let confused = EncodingKey::from_secret(public.as_bytes());
    let confused =
        jsonwebtoken::crypto::sign(input.as_bytes(), &confused, Algorithm::HS256).unwrap();
    let confused = format!("{input}.{confused}");
    assert_eq!(
        Unverified::parse(&confused).unwrap().verify_rs256(&key),
        Err(TokenError::Algorithm)
    );

    // The same bytes under other labels, or with company, are not what a key server answers.
    let twice = public.repeat(2);
    let label = |label| pem(label, spki.as_ref());
    for text in [
        label("RSA PUBLIC KEY"),
        label("CERTIFICATE"),
        label("PRIVATE KEY"),
        twice,
        format!("x{public}"),
        String::new(),
        "x".repeat(9000),
    ] {
        assert!(RsaKey::from_pem(text.as_bytes()).is_err(), "{text}");
    }
}

/// A pair for ES256, and the key that verifies.
fn curve() -> (aws_lc_rs::signature::EcdsaKeyPair, EcKey) {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let key = EcKey::from_coordinates(x, y).unwrap();
    (pair, key)
}

fn unsigned(header: &str) -> String {
    let (header, claims) = (
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(CLAIMS),
    );
    format!("{header}.{claims}")
}

#[test]
fn an_es256_token_verifies_with_its_key_alone() {
    let (pair, key) = curve();
    let (_, other) = curve();
    let input = unsigned(r#"{"alg":"ES256","typ":"JWT","kid":"k1"}"#);
    let chance = aws_lc_rs::rand::SystemRandom::new();
    let signature = pair.sign(&chance, input.as_bytes()).unwrap();
    let token = |signature: &[u8]| format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature));
    let verify = |token: &str, key: &EcKey| Compact::parse(token)?.verify_es256(key);
    let good = token(signature.as_ref());
    assert_eq!(verify(&good, &key).unwrap(), CLAIMS.as_bytes());
    assert_eq!(verify(&good, &other), Err(TokenError::Signature));

    let (r, s) = signature.as_ref().split_at(32);
    let zeros = [0; 32];
    // ASN.1 (the form of X.509) around the same numbers, and numbers that are none.
    let integer = |number: &[u8]| [&[2, 33, 0], number].concat();
    let der = [&[0x30, 70][..], &integer(r), &integer(s)].concat();
    for wrong in [
        &der[..],
        &[s, r].concat(),
        &[r, s, &[0]].concat(),
        &[&[0], r, s].concat(),
        &[&zeros[..], r, &zeros[..], s].concat(),
        &[r, &s[..31]].concat(),
        &[zeros, zeros].concat(),
        r,
        &[],
    ] {
        assert_eq!(verify(&token(wrong), &key), Err(TokenError::Signature));
    }
}

#[test]
fn key_and_verifier_decide_the_algorithm_and_the_header_none() {
    let accepted = [PublicAlgorithm::Rs256, PublicAlgorithm::Es256];
    let (pair, key) = curve();
    let chance = aws_lc_rs::rand::SystemRandom::new();
    let key = PublicKey::Ec(key);
    let sign = |alg: &str| {
        let input = unsigned(&format!(r#"{{"alg":"{alg}"}}"#));
        let signature = pair.sign(&chance, input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    };
    let verify = |token: &str, accepted: &[PublicAlgorithm]| {
        Compact::parse_as(token, Profile::OpenId)?.verify_by(&key, accepted)
    };
    assert!(verify(&sign("ES256"), &accepted).is_ok());
    assert!(verify(&sign("ES256"), &accepted[1..]).is_ok());
    for (alg, accepted) in [
        // The key's own algorithm, which the verifier does not take.
        ("ES256", &accepted[..1]),
        ("ES256", &[]),
        // Another than the key's, by the header.
        ("RS256", &accepted),
        ("HS256", &accepted),
        ("ES384", &accepted),
        ("none", &accepted),
    ] {
        let outcome = verify(&sign(alg), accepted);
        assert_eq!(outcome, Err(TokenError::Algorithm), "{alg}");
    }
    let token = sign("ES256");
    let token = Compact::parse_as(&token, Profile::OpenId).unwrap();
    assert_eq!(token.require(&accepted[1..]), Ok(()));
    let refused = token.require(&accepted[..1]);
    assert_eq!(refused, Err(TokenError::Algorithm));
}

#[test]
fn a_profile_adds_what_its_issuer_sends_and_nothing_else() {
    use Profile::{Connect, Forge, OpenId};
    let parse = |header: &str, profile: Profile| {
        let token = signed(&unsigned(header));
        Compact::parse_as(&token, profile).map(|_| ()).err()
    };
    let thumbprints = r#"{"alg":"RS256","typ":"JWT","kid":"k","x5t":"k","x5t#S256":"k"}"#;
    for (header, fitting) in [
        (
            r#"{"alg":"RS256","typ":"JWT","kid":"k"}"#,
            &[Connect, Forge, OpenId][..],
        ),
        (thumbprints, &[OpenId]),
        (r#"{"alg":"RS256","typ":"at+jwt","kid":"k"}"#, &[OpenId]),
        (r#"{"alg":"RS256","typ":"application/at+JWT"}"#, &[OpenId]),
        (
            r#"{"alg":"RS256","kid":"forge/invocation-token/1"}"#,
            &[Forge, OpenId],
        ),
        (r#"{"alg":"RS256","kid":"a+b=c"}"#, &[Forge, OpenId]),
        (r#"{"alg":"RS256","kid":""}"#, &[]),
        (r#"{"alg":"RS256","kid":"a b"}"#, &[]),
        (r#"{"alg":"RS256","kid":"a\nb"}"#, &[]),
        (r#"{"alg":"RS256","typ":"dpop+jwt"}"#, &[]),
        (r#"{"alg":"RS256","typ":"logout+jwt"}"#, &[]),
        (r#"{"alg":"RS256","x5t":"k","x5t":"l"}"#, &[]),
        (r#"{"alg":"RS256","x5u":"https://evil.example"}"#, &[]),
        (r#"{"alg":"RS256","x5c":[]}"#, &[]),
        (r#"{"alg":"RS256","jku":"https://evil.example"}"#, &[]),
        (r#"{"alg":"RS256","jwk":{}}"#, &[]),
        (r#"{"alg":"RS256","crit":["x5t"],"x5t":"k"}"#, &[]),
        (r#"{"alg":"RS256","nonce":"n"}"#, &[]),
    ] {
        for profile in [Connect, Forge, OpenId] {
            let refused = parse(header, profile);
            let fits = fitting.contains(&profile);
            assert_eq!(refused.is_none(), fits, "{header} {profile:?} {refused:?}");
        }
    }
}
