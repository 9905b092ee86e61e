//! `gatepost grant create --for`: a grant that ends by itself, said as people say it.

use gatepost::clock::{Clock, Timestamp};
use serde_json::Value;

use crate::node::program::Ground;

const HOUR_US: i64 = 3_600_000_000;

#[tokio::test]
async fn a_grant_for_a_span_ends_that_long_from_now() {
    let ground = Ground::new().await;
    let program = ground.serve();
    ground.install(&program).await;
    let (ann, bob) = (
        gatepost::standin::account("ann"),
        gatepost::standin::account("bob"),
    );
    let create = |more: &[&str]| {
        let usual = [
            "grant",
            "create",
            "--tenant",
            "acme.atlassian.net",
            "--account",
            &ann,
            "--act-as",
            &bob,
            "--actions",
            "read",
            "--reason",
            "case 8",
        ];
        ground.run(&[&usual, more].concat()).status.code()
    };
    for wrong in [
        &["--for", "2h", "--until", "2099-01-01T00:00:00Z"][..],
        &["--for", "soon"],
        &["--for", "0h"],
        &["--for=-1h"],
    ] {
        assert_eq!(create(wrong), Some(2), "{wrong:?}");
    }
    let before = Clock::system().now().micros();
    assert_eq!(create(&["--for", "2h"]), Some(0));
    let after = Clock::system().now().micros();
    let listed = ground.done(&["grant", "list", "--format", "json"]);
    let grant: Value = serde_json::from_str(listed.trim()).unwrap();
    let until = Timestamp::parse_rfc3339(grant["until"].as_str().unwrap()).unwrap();
    let span = (until.micros() - after)..=(until.micros() - before);
    assert!(span.contains(&(2 * HOUR_US)), "{grant}");
}
