use std::time::Duration;

use gatepost::clock::{TestClock, Timestamp};
use gatepost::ledger::Settings;
use gatepost::ledger::entry::{Effect, Entry, Kind, Outcome, Resource};
use gatepost::ledger::read::{Filter, Reader, Record};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::log::{Log, draft, entry};

const START: Timestamp = Timestamp::from_seconds(1_795_000_000);

fn decision(id: &str, tenant: &str, effect: Effect) -> Entry {
    let some = |text: &str| Some(text.to_owned());
    Entry {
        account: some("alice"),
        action: some("getIssue"),
        code: some(match effect {
            Effect::Allow => "allowed",
            Effect::Deny => "issue_not_visible",
        }),
        decision_id: some(id),
        effect: Some(effect),
        replay: RawValue::from_string(r#"{"entities":["secret shape"]}"#.to_owned()).ok(),
        request_id: Some(format!("req-{id}")),
        resource: Some(Resource {
            id: format!("{}-1", tenant.to_uppercase()),
            project: None,
            r#type: "issue".to_owned(),
        }),
        site: Some(format!("{tenant}.atlassian.net")),
        tenant: some(tenant),
        ..Entry::default()
    }
}

/// Places: 1 start, 2 d1 allowed in acme, 3 d2 denied in acme, 4 d3 allowed in globex, 5 outcome of d1; one second apart.
async fn log() -> (Log, Reader) {
    let hand = TestClock::at(START);
    let log = Log::with(Settings::default(), hand.clock()).await;
    let outcome = Entry {
        kind: Kind::Outcome,
        decision_id: Some("d1".to_owned()),
        outcome: Some(Outcome {
            status: 200,
            ..Outcome::default()
        }),
        request_id: Some("req-d1".to_owned()),
        ..Entry::default()
    };
    for record in [
        decision("d1", "acme", Effect::Allow),
        decision("d2", "acme", Effect::Deny),
        decision("d3", "globex", Effect::Allow),
        outcome,
    ] {
        hand.advance(Duration::from_secs(1));
        let _ = log
            .ledger
            .append(entry(record))
            .await
            .expect("it is written");
    }
    let reader = Reader::open(&log.settings).await.expect("it opens");
    (log, reader)
}

fn places(records: &[Record]) -> Vec<u64> {
    records.iter().map(Record::seq).collect()
}

#[tokio::test]
async fn each_filter_lets_through_what_matches_it_and_nothing_else() {
    let (_log, reader) = log().await;
    let some = |text: &str| Some(text.to_owned());
    let after = |seconds| Some(START.plus(Duration::from_secs(seconds)));
    let such = |set: &dyn Fn(&mut Filter)| {
        let mut filter = Filter::default();
        set(&mut filter);
        filter
    };
    let cases: [(Filter, &[u64]); 19] = [
        (such(&|_| ()), &[1, 2, 3, 4, 5]),
        (such(&|f| f.tenant = some("acme")), &[2, 3]),
        (such(&|f| f.tenant_id = some("acme")), &[2, 3]),
        (such(&|f| f.account = some("alice")), &[2, 3, 4]),
        (such(&|f| f.effect = some("deny")), &[3]),
        (such(&|f| f.action = some("getIssue")), &[2, 3, 4]),
        (such(&|f| f.site = some("globex.atlassian.net")), &[4]),
        (such(&|f| f.issue = some("ACME-1")), &[2, 3]),
        (such(&|f| f.code = some("allowed")), &[2, 4]),
        (such(&|f| f.kind = some("outcome")), &[5]),
        (such(&|f| f.decision = some("d1")), &[2, 5]),
        (such(&|f| f.request = some("req-d2")), &[3]),
        (such(&|f| f.since = after(2)), &[3, 4, 5]),
        (such(&|f| f.until = after(2)), &[1, 2]),
        (such(&|f| (f.since, f.until) = (after(2), after(3))), &[3]),
        (such(&|f| f.since = after(99)), &[]),
        (
            such(&|f| (f.tenant, f.effect) = (some("acme"), some("allow"))),
            &[2],
        ),
        (such(&|f| f.tenant = some("acme' OR 1=1 --")), &[]),
        (
            such(&|f| (f.after_seq, f.before_seq, f.newest_first) = (Some(2), Some(5), true)),
            &[4, 3],
        ),
    ];
    for (filter, expected) in cases {
        let page = reader.page(&filter, 100).await.unwrap();
        assert_eq!(places(&page.records), expected, "{filter:?}");
        assert_eq!(page.next, None);
    }
}

#[tokio::test]
async fn pages_in_both_directions_miss_nothing_and_repeat_nothing() {
    let (_log, reader) = log().await;
    for newest_first in [false, true] {
        let mut filter = Filter {
            newest_first,
            ..Filter::default()
        };
        let mut seen = Vec::new();
        loop {
            let page = reader.page(&filter, 2).await.unwrap();
            seen.extend(places(&page.records));
            match page.next {
                Some(next) if newest_first => filter.before_seq = Some(next),
                Some(next) => filter.after_seq = Some(next),
                None => break,
            }
        }
        let mut expected = vec![1, 2, 3, 4, 5];
        if newest_first {
            expected.reverse();
        }
        assert_eq!(seen, expected);
    }
}

#[tokio::test]
async fn a_record_is_one_flat_object_and_its_replay_is_masked() {
    let (_log, reader) = log().await;
    let record = reader.find("3").await.unwrap().remove(0);
    let json: Value = serde_json::from_str(&record.json()).unwrap();
    assert_eq!(json["seq"], 3);
    assert_eq!(json["time"], "2026-11-18T11:06:42.000000Z");
    assert_eq!(json["kind"], "decision");
    assert_eq!(json["node"], "gatepost-1");
    assert_eq!(json["resource"]["id"], "ACME-1");
    assert_eq!(json["replay"], json!({"masked": true}));
    assert!(!record.json().contains("secret shape"));
}

#[tokio::test]
async fn an_allowed_request_without_an_outcome_says_that_it_is_unknown() {
    let (_log, reader) = log().await;
    let all = reader.page(&Filter::default(), 9).await.unwrap().records;
    let outcomes: Vec<_> = all.iter().map(|record| record.member("outcome")).collect();
    let unknown = json!("unknown");
    assert_eq!(outcomes[..4], [None, None, None, Some(&unknown)]);
    assert_eq!(outcomes[4].unwrap()["status"], 200);
}

#[tokio::test]
async fn a_place_a_decision_and_a_request_lead_to_the_same_records() {
    let (_log, reader) = log().await;
    for id in ["2", "5", "d1", "req-d1"] {
        assert_eq!(places(&reader.find(id).await.unwrap()), [2, 5], "{id}");
    }
    assert_eq!(places(&reader.find("1").await.unwrap()), [1]);
    for id in ["0", "6", "18446744073709551615", "", "nothing"] {
        assert!(reader.find(id).await.unwrap().is_empty(), "{id}");
    }
}

#[tokio::test]
async fn no_text_of_a_record_can_move_the_cursor_or_turn_a_line() {
    let log = Log::new().await;
    let foreign = "\u{1b}[2J\r\n\u{9b}\u{202e}\u{7f}";
    let _ = log.ledger.append(draft(foreign)).await.unwrap();
    let record = Reader::of(&log.db).find("2").await.unwrap().remove(0);
    let line = record.json();
    assert!(
        line.is_ascii() && !line.contains(char::is_control),
        "{line:?}"
    );
    let json: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(json["request_id"], foreign, "the value is the same");
}

#[tokio::test]
async fn an_erased_body_leaves_its_place() {
    let (log, reader) = log().await;
    log.execute("UPDATE ledger_entries SET body = NULL, salt = NULL WHERE seq = 3")
        .await;
    let records = reader.page(&Filter::default(), 9).await.unwrap().records;
    assert_eq!(places(&records), [1, 2, 3, 4, 5]);
    assert_eq!(records[2].json(), r#"{"erased":true,"seq":3}"#);
    assert!(reader.find("d2").await.unwrap().is_empty());
}
