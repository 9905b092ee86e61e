//! Tokens with one thing wrong each. Everything else about them is right, the signature included.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatepost::standin::account;
use serde_json::{Value, json};

use crate::world::{NOON, World};

pub(super) fn claims(world: &World) -> Value {
    let now = NOON.seconds();
    json!({
        "iss": world.site("acme").client_key(), "sub": account("ann"), "iat": now, "exp": now + 900,
        "qsh": "context-qsh", "context": {},
    })
}

pub(super) fn header() -> Value {
    json!({"typ": "JWT", "alg": "HS256"})
}

/// The object with one member changed; a null takes it out.
pub(super) fn with(mut object: Value, name: &str, value: Value) -> Value {
    let members = object.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    object
}

/// Signed with the site's own secret over exactly these texts.
fn signed(world: &World, header: &str, claims: &str) -> String {
    let secret = world.site("acme").shared_secret();
    let text = [header, claims]
        .map(|part| URL_SAFE_NO_PAD.encode(part))
        .join(".");
    let key = jsonwebtoken::EncodingKey::from_secret(secret.expose());
    let algorithm = jsonwebtoken::Algorithm::HS256;
    let signature = jsonwebtoken::crypto::sign(text.as_bytes(), &key, algorithm).unwrap();
    format!("{text}.{signature}")
}

/// A token with one claim changed; a null takes it out.
fn claim(world: &World, name: &str, value: Value) -> String {
    let claims = with(claims(world), name, value);
    world.site("acme").token_with(&claims, &header(), None)
}

/// A token with one claim that is null.
fn null(world: &World, name: &str) -> String {
    let mut claims = claims(world);
    claims[name] = Value::Null;
    world.site("acme").token_with(&claims, &header(), None)
}

/// A token with one member of its header changed; a null takes it out.
fn head(world: &World, name: &str, value: Value) -> String {
    let header = with(header(), name, value);
    world.site("acme").token_with(&claims(world), &header, None)
}

/// Each token that must be refused, and the cause that the log is to name.
pub(super) fn refused(world: &World) -> Vec<Case> {
    [headers(world), people(world), times(world), forms(world)].concat()
}

type Case = (String, &'static str);

/// The algorithm is the key's, and the header brings no rule and no key along.
fn headers(world: &World) -> Vec<Case> {
    let head = |name: &str, value: Value| head(world, name, value);
    let payload = URL_SAFE_NO_PAD.encode(claims(world).to_string());
    let text = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"HS384"}"#);
    let text = format!("{text}.{payload}");
    let secret = world.site("acme").shared_secret();
    let key = jsonwebtoken::EncodingKey::from_secret(secret.expose());
    let algorithm = jsonwebtoken::Algorithm::HS384;
    let signature = jsonwebtoken::crypto::sign(text.as_bytes(), &key, algorithm).unwrap();
    let by_hs384 = format!("{text}.{signature}");
    vec![
        // The algorithm is the key's, not the header's.
        (head("alg", json!("none")), "token_algorithm"),
        (head("alg", json!("NONE")), "token_algorithm"),
        (head("alg", json!("HS384")), "token_algorithm"),
        (head("alg", json!("HS512")), "token_algorithm"),
        (head("alg", json!("hs256")), "token_algorithm"),
        (head("alg", json!("RS256")), "token_algorithm"),
        (head("alg", json!("ES256")), "token_algorithm"),
        (head("alg", Value::Null), "token_header"),
        (by_hs384, "token_algorithm"),
        (
            format!(
                "{}.{payload}.",
                URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#)
            ),
            "token_algorithm",
        ),
        // Nothing in the header brings a rule or a key along.
        (head("crit", json!(["exp"])), "token_header"),
        (head("crit", json!([])), "token_header"),
        (head("b64", json!(false)), "token_header"),
        (head("zip", json!("DEF")), "token_header"),
        (head("jku", json!("https://evil.example/")), "token_header"),
        (
            head("jwk", json!({"kty": "oct", "k": "AA"})),
            "token_header",
        ),
        (head("x5u", json!("https://evil.example/")), "token_header"),
        (head("typ", json!("at+jwt")), "token_type"),
        (head("typ", json!("dpop+jwt")), "token_type"),
        (head("kid", json!("../../secret")), "token_key_id"),
    ]
}

/// Who issued it, for whom, and for what.
fn people(world: &World) -> Vec<Case> {
    let claim = |name: &str, value: Value| claim(world, name, value);
    let null = |name: &str| null(world, name);
    let site = world.site("acme");
    vec![
        // Who issued it.
        (claim("iss", Value::Null), "token_claims"),
        (claim("iss", json!([site.client_key()])), "token_claims"),
        (claim("iss", json!("")), "token_issuer"),
        (claim("iss", json!("nobody")), "unknown_issuer"),
        (claim("iss", json!("../../etc")), "unknown_issuer"),
        (
            claim("iss", json!(world.site("globex").client_key())),
            "token_signature",
        ),
        // For whom.
        (claim("sub", Value::Null), "no_user"),
        (null("sub"), "no_user"),
        (claim("sub", json!("")), "token_subject"),
        (claim("sub", json!(5)), "token_claims"),
        (claim("sub", json!([account("ann")])), "token_claims"),
        (claim("sub", json!("a b")), "no_user"),
        (claim("sub", json!("ann@acme.example")), "no_user"),
        // For what.
        (claim("qsh", Value::Null), "qsh_mismatch"),
        (null("qsh"), "token_claims"),
        (claim("qsh", json!("")), "qsh_mismatch"),
        (claim("qsh", json!("CONTEXT-QSH")), "qsh_mismatch"),
        (claim("qsh", json!(["context-qsh"])), "token_claims"),
        (claim("qsh", json!("0".repeat(64))), "qsh_mismatch"),
        (claim("aud", json!(5)), "token_claims"),
        (claim("aud", Value::from(vec![Value::Null])), "token_claims"),
    ]
}

/// When it is good.
fn times(world: &World) -> Vec<Case> {
    let claim = |name: &str, value: Value| claim(world, name, value);
    let null = |name: &str| null(world, name);
    let (site, now) = (world.site("acme"), NOON.seconds());
    vec![
        // When.
        (claim("exp", Value::Null), "token_claims"),
        (null("exp"), "token_claims"),
        (claim("exp", json!((now + 900).to_string())), "token_claims"),
        (claim("exp", json!(1_795_435_900.5)), "token_claims"),
        (claim("exp", json!(-1)), "token_claims"),
        (claim("exp", json!({})), "token_claims"),
        (claim("exp", json!(0)), "token_reversed"),
        (claim("exp", json!(now)), "token_reversed"),
        (claim("exp", json!(9_999_999_999_i64)), "token_long_lived"),
        (claim("exp", json!(now + 3601)), "token_long_lived"),
        (claim("iat", Value::Null), "token_claims"),
        (claim("iat", json!("1")), "token_claims"),
        (claim("iat", json!(now + 31)), "token_from_future"),
        (claim("iat", json!(now - 3000)), "token_long_lived"),
        (claim("nbf", json!(now + 31)), "token_not_yet"),
        (claim("nbf", json!(now + 900)), "token_never_valid"),
        (claim("nbf", json!("soon")), "token_claims"),
        (null("nbf"), "token_claims"),
        (
            site.token_with(
                &with(
                    with(claims(world), "iat", json!(now - 930)),
                    "exp",
                    json!(now - 30),
                ),
                &header(),
                None,
            ),
            "token_expired",
        ),
    ]
}

/// The signature, and the form of the whole.
fn forms(world: &World) -> Vec<Case> {
    let site = world.site("acme");
    let good = site.token_with(&claims(world), &header(), None);
    let (text, signature) = good.rsplit_once('.').unwrap();
    let (first, second) = text.split_once('.').unwrap();
    let mut flipped = signature.to_owned();
    let other = if flipped.starts_with('A') { "B" } else { "A" };
    flipped.replace_range(..1, other);
    let twice = claims(world)
        .to_string()
        .replacen('{', r#"{"sub":"5b10","#, 1);
    vec![
        // The signature, and the form.
        (format!("{text}.{flipped}"), "token_signature"),
        (format!("{text}."), "token_signature"),
        (
            site.token_with(&claims(world), &header(), Some(b"")),
            "token_signature",
        ),
        (
            site.token_with(
                &claims(world),
                &header(),
                Some(site.client_key().as_bytes()),
            ),
            "token_signature",
        ),
        (text.to_owned(), "token_segments"),
        (format!("{good}.{signature}"), "token_segments"),
        (format!("{first}=.{second}.{signature}"), "token_encoding"),
        (format!("{good}="), "token_encoding"),
        (
            format!("{first}.{}.{signature}", "A".repeat(9000)),
            "token_too_long",
        ),
        (signed(world, &header().to_string(), &twice), "token_claims"),
        (
            signed(
                world,
                r#"{"alg":"HS256","alg":"HS256"}"#,
                &claims(world).to_string(),
            ),
            "token_header",
        ),
        (signed(world, &header().to_string(), "[]"), "token_claims"),
        (String::new(), "scheme_not_accepted"),
        ("..".to_owned(), "token_header"),
    ]
}
