//! Tests that pin version 1 of the encoding.

use serde_json::Value;
use serde_json::value::RawValue;

use super::*;
use crate::ledger::entry::{
    Basis, Batch, Credential, DeniedBy, Effect, Kind, Outcome, PolicyRef, Proof, Resource, Spent,
    Stage, TenantBasis,
};
use crate::secret::hex;

/// Every member is set, and named, so that a new one does not compile before it is here.
fn full() -> Entry {
    let some = |text: &str| Some(text.to_owned());
    Entry {
        account: some("alice"),
        act_as: some("bob"),
        act_as_basis: Some(Basis::Delegated),
        action: some("getIssue"),
        authentication_error: some("expired"),
        batch: Some(Batch {
            id: "b".to_owned(),
            index: 3,
        }),
        by: some("unix:0"),
        code: some("allowed"),
        credential: Some(credential()),
        cross_tenant: Some(false),
        decision_id: some("d"),
        denied_by: Some(DeniedBy::Forbid),
        detail: [("b", "2"), ("a", "1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        effect: Some(Effect::Allow),
        engine: some("cedar"),
        evaluation_errors: vec!["one".to_owned()],
        forwarded_for: some("192.0.2.1"),
        kind: Kind::Decision,
        method: some("GET"),
        operation: some("grant.created"),
        outcome: Some(outcome()),
        peer: some("127.0.0.1:1"),
        policies: vec![PolicyRef {
            file: "f".to_owned(),
            id: "i".to_owned(),
            line: 1,
        }],
        policy_set: some("p"),
        proof: Some(Proof {
            digest: None,
            solver: None,
            status: "waived".to_owned(),
        }),
        reason: some("tab\t quote\" ü \u{1}"),
        replay: RawValue::from_string(r#"{"a":1,"b":[2]}"#.to_owned()).ok(),
        request_id: some("r"),
        resource: Some(Resource {
            id: "ACME-1".to_owned(),
            project: some("ACME"),
            r#type: "issue".to_owned(),
        }),
        route: some("/v1/issue"),
        schema: some("s"),
        site: some("acme.atlassian.net"),
        site_asked: some("acme.atlassian.net"),
        stage: Some(Stage::Policy),
        tenant: some("acme"),
        tenant_basis: Some(TenantBasis::Verified),
        tenant_claimed: some("globex"),
        tenant_of_resource: some("acme"),
        told_code: some("issue_not_visible"),
        told_status: Some(404),
        trace_id: some("t"),
        user_agent: some("curl"),
    }
}

fn credential() -> Credential {
    let some = |text: &str| Some(text.to_owned());
    Credential {
        exp: Some(2),
        iat: Some(1),
        issuer: some("acme"),
        jti: some("j"),
        key_id: some("k"),
        kind: "connect_context".to_owned(),
    }
}

fn outcome() -> Outcome {
    let some = |text: &str| Some(text.to_owned());
    Outcome {
        atlassian_trace_id: some("t"),
        bytes: 4,
        cache_hits: vec!["token".to_owned()],
        status: 200,
        us: Spent {
            append: 1,
            decide: 2,
            resolve: 3,
            upstream: 4,
            verify: 5,
        },
        upstream_status: Some(200),
        withheld_fields: vec!["parent".to_owned()],
    }
}

/// The same value with every object's members sorted; the order in memory is the order of insertion.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().collect();
            members.sort_by(|(one, _), (two, _)| one.cmp(two));
            let members = members
                .into_iter()
                .map(|(name, value)| (name, sorted(value)));
            Value::Object(members.collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(sorted).collect()),
        other => other,
    }
}

fn body(entry: &Entry) -> String {
    let place = Place::new("log", "node \"1\"").unwrap();
    let mut body = String::new();
    let time = time(Timestamp::from_micros(1_795_000_000_123_456));
    place.body(&mut body, &Draft::new(entry).unwrap(), 7, &time);
    body
}

#[test]
fn the_members_of_a_body_are_sorted_at_every_level_without_white_space() {
    let body = body(&full());
    let value: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        value["entry"].as_object().unwrap().len(),
        42,
        "every member is written"
    );
    assert_eq!(serde_json::to_string(&sorted(value)).unwrap(), body);
}

/// If this fails, every log in the world stops verifying: make a version 2 instead.
#[test]
fn version_1_of_the_encoding_stays_as_it_is() {
    let entry = Entry {
        account: Some("a\u{7f}\u{8}\u{1}/ü\"\\".to_owned()),
        ..Entry::default()
    };
    let body = body(&entry);
    assert_eq!(
        body,
        "{\"entry\":{\"account\":\"a\u{7f}\\b\\u0001/ü\\\"\\\\\",\"kind\":\"decision\"},\"place\":{\"log_id\":\"log\",\"node\":\"node \\\"1\\\"\",\"seq\":7,\"time\":\"2026-11-18T11:06:40.123456Z\",\"v\":1}}"
    );
    // Both values were computed with another SHA-256.
    let commitment = commitment(&[7; SALT_BYTES], &body);
    assert_eq!(
        hex(&commitment),
        "cd8b510f343479e0a14425c5a1978dd4de38c31bb5fd1891c26bb763bdd2c120"
    );
    assert_eq!(
        hex(&leaf(&commitment)),
        "777f2fea7b6983954ccde157d4db48c08f24ed3efa6399be4b51468ac09a3b3b"
    );
}

#[test]
fn an_entry_reads_back_as_it_was_written() {
    let draft = Draft::new(&full()).unwrap();
    let again: Entry = serde_json::from_str(&draft.entry).unwrap();
    assert_eq!(Draft::new(&again).unwrap().digest(), draft.digest());
}

#[test]
fn an_entry_beyond_the_bound_is_refused() {
    let entry = |bytes| Entry {
        reason: Some("x".repeat(bytes)),
        ..Entry::default()
    };
    let frame = r#"{"kind":"decision","reason":""}"#.len();
    assert!(Draft::new(&entry(ENTRY_BYTES_MAX - frame)).is_ok());
    let refused = Draft::new(&entry(ENTRY_BYTES_MAX - frame + 1));
    assert!(
        matches!(refused, Err(LedgerError::TooLarge { bytes }) if bytes == ENTRY_BYTES_MAX + 1)
    );
}
