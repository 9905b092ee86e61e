//! Tests of certificates: what is signed, and what is refused.

use super::*;
use crate::clock::Chance;

fn key() -> SigningKey {
    SigningKey::generate(&Chance::seeded(1))
}

fn certificate() -> Certificate {
    let text = str::to_owned;
    Certificate {
        engine: text("cedar-policy 4.14.1"),
        guarantees: vec![GuaranteeNote {
            digest: text("sha256:01"),
            kind: text("only"),
            name: text("same-tenant"),
            title: text("Nobody crosses \"tenants\"."),
        }],
        made_at: text("2026-11-23T12:00:00.000000Z"),
        method: 1,
        policies: 7,
        policy_set: text("sha256:02"),
        prover: text("cedar-policy-symcc 0.8.1"),
        queries: vec![QueryNote {
            cached: false,
            environment: text("Account getIssue Issue"),
            guarantee: text("same-tenant"),
            key: text("03"),
            micros: 1234,
            step: text("forbids"),
            subject: text("set"),
            verdict: text("holds"),
        }],
        schema: text("sha256:04"),
        solver: SolverNote {
            digest: text("sha256:05"),
            path: text("/usr/bin/cvc5"),
            version: text("1.0.3"),
        },
        v: VERSION,
    }
}

/// A text that the gateway's own key signed, whatever it is: what is refused here is refused for the text alone.
fn signed(text: &str) -> Signed {
    Signed {
        text: text.to_owned(),
        key_id: key().verifying().id(),
        signature: key().sign(Purpose::Certificate, text.as_bytes()),
    }
}

fn refused(signed: &Signed) -> CertificateError {
    signed
        .verify(&key().verifying())
        .expect_err("it is refused")
}

#[test]
fn a_certificate_is_canonical_json_and_reads_back() {
    let text = certificate().text();
    insta::assert_snapshot!(text, @r#"{"engine":"cedar-policy 4.14.1","guarantees":[{"digest":"sha256:01","kind":"only","name":"same-tenant","title":"Nobody crosses \"tenants\"."}],"made_at":"2026-11-23T12:00:00.000000Z","method":1,"policies":7,"policy_set":"sha256:02","prover":"cedar-policy-symcc 0.8.1","queries":[{"cached":false,"environment":"Account getIssue Issue","guarantee":"same-tenant","key":"03","micros":1234,"step":"forbids","subject":"set","verdict":"holds"}],"schema":"sha256:04","solver":{"digest":"sha256:05","path":"/usr/bin/cvc5","version":"1.0.3"},"v":1}"#);
    let mut sorted: serde_json::Value = serde_json::from_str(&text).unwrap();
    sorted.sort_all_objects();
    assert_eq!(sorted.to_string(), text);
    let signed = Signed::of(&certificate(), &key());
    assert_eq!(signed.verify(&key().verifying()).unwrap(), certificate());
    assert_eq!(signed.digest(), certificate().digest());
}

#[test]
fn another_key_is_refused_also_under_the_name_of_ours() {
    let other = SigningKey::generate(&Chance::seeded(2));
    let mut foreign = Signed::of(&certificate(), &other);
    assert!(matches!(
        refused(&foreign),
        CertificateError::OtherKey { .. }
    ));
    foreign.key_id = key().verifying().id();
    assert!(matches!(refused(&foreign), CertificateError::Signature(_)));
}

#[test]
fn a_signature_for_another_purpose_is_refused() {
    let mut signed = Signed::of(&certificate(), &key());
    signed.signature = key().sign(Purpose::Activation, signed.text.as_bytes());
    assert!(matches!(refused(&signed), CertificateError::Signature(_)));
}

#[test]
fn every_changed_byte_is_refused() {
    let sound = Signed::of(&certificate(), &key());
    for at in 0..sound.text.len() {
        let mut bytes = sound.text.clone().into_bytes();
        // Still ASCII, so that it is still a text.
        bytes[at] ^= 1;
        let changed = Signed {
            text: String::from_utf8(bytes).unwrap(),
            ..sound.clone()
        };
        let error = refused(&changed);
        assert!(
            matches!(error, CertificateError::Signature(_)),
            "byte {at}: {error}"
        );
    }
}

#[test]
fn another_version_is_named_also_with_members_that_are_not_known() {
    let text = certificate().text();
    for later in [
        text.replace(r#""v":1"#, r#""v":2"#),
        text.replace(r#""v":1"#, r#""v":2,"witness":"x""#),
    ] {
        let error = refused(&signed(&later));
        assert!(matches!(error, CertificateError::Version(2)), "{error}");
    }
}

#[test]
fn an_unknown_missing_or_repeated_member_is_refused() {
    let text = certificate().text();
    for wrong in [
        text.replace(r#""policies":7"#, r#""policies":7,"policies_proven":7"#),
        text.replace(r#""cached":false"#, r#""cached":false,"checked":true"#),
        text.replace(r#""policies":7,"#, ""),
        text.replace(r#""policies":7"#, r#""policies":7,"policies":7"#),
        text.replace(r#""v":1"#, r#""v":1,"v":1"#),
        "[]".to_owned(),
        String::new(),
    ] {
        let error = refused(&signed(&wrong));
        assert!(
            matches!(error, CertificateError::Malformed(_)),
            "{wrong}: {error}"
        );
    }
}

#[test]
fn the_same_in_other_bytes_is_refused() {
    let text = certificate().text();
    let first = r#""engine":"cedar-policy 4.14.1","#;
    for same in [
        format!("{text} "),
        text.replace(r#""policies":7"#, r#""policies": 7"#),
        text.replace("same-tenant", r"same\u002dtenant"),
        format!(
            "{{{}{}}}",
            &text[1..text.len() - 1].replace(first, ""),
            r#","engine":"cedar-policy 4.14.1""#
        ),
    ] {
        let error = refused(&signed(&same));
        assert!(
            matches!(error, CertificateError::NotCanonical),
            "{same}: {error}"
        );
    }
}
