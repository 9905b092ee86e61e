//! The set in force.

use std::sync::Arc;

use gatepost::clock::{TestClock, Timestamp};
use gatepost::decision::evaluate;
use gatepost::policy::{Admitted, Draft, Live, Proof, Refused, Stop, Waiver};

use super::{PERMIT, accepted};
use crate::decision::questions::ann_reads;

fn admitted(policy: &str) -> Admitted {
    let waiver = Waiver::development(true).expect("development");
    accepted(&[("a.cedar", policy)])
        .prove(&Proof::Waived(waiver), &Stop::default())
        .expect("waived")
}

const FORBID: &str = r#"@id("nothing") @reason("closed") forbid (principal, action, resource);"#;

#[test]
fn a_snapshot_keeps_the_old_rules_when_a_new_set_goes_live() {
    let live = Live::new(TestClock::at(Timestamp::from_seconds(7)).clock());
    assert!(live.current().is_none());
    live.publish(admitted(PERMIT));
    let before = live.current().expect("a set");
    live.publish(admitted(FORBID));
    let after = live.current().expect("a set");
    assert!(evaluate(&before, &ann_reads()).allows());
    assert!(!evaluate(&after, &ann_reads()).allows());
    assert_ne!(before.digest(), after.digest());
}

#[test]
fn a_refused_set_leaves_the_good_one_and_is_told_until_the_next_good_one() {
    let clock = TestClock::at(Timestamp::from_seconds(7));
    let live = Live::new(clock.clock());
    live.publish(admitted(PERMIT));
    let error = Draft::from_files([("a.txt", "")]).expect_err("no policies");
    live.refuse(Refused {
        digest: None,
        errors: Arc::new(error),
    });
    assert!(evaluate(&live.current().expect("a set"), &ann_reads()).allows());
    let status = live.status();
    assert_eq!(
        status.live.expect("a set").since,
        Timestamp::from_seconds(7)
    );
    assert_eq!(
        status.refused.expect("refused").errors.to_string(),
        ".: no policies: there is no `*.cedar` file"
    );
    live.publish(admitted(PERMIT));
    assert!(live.status().refused.is_none());
}

#[test]
fn a_snapshot_names_what_the_record_needs() {
    let live = Live::new(TestClock::at(Timestamp::from_seconds(7)).clock());
    live.publish(admitted(PERMIT));
    let snapshot = live.current().expect("a set");
    assert_eq!(snapshot.digest(), accepted(&[("a.cedar", PERMIT)]).digest());
    assert!(snapshot.schema_digest().starts_with("sha256:"));
    assert_eq!(snapshot.proof().status, "waived");
    assert_eq!(snapshot.engine(), "cedar-policy 4.14.1");
    assert_eq!(snapshot.policy_count(), 1);
}

#[test]
fn a_set_that_waits_for_its_record_is_told_kept_and_given_way_to_a_newer_one() {
    let live = Live::new(TestClock::at(Timestamp::from_seconds(7)).clock());
    live.publish(admitted(PERMIT));
    let kept = |live: &Live| (live.is_holding(), live.status().pending.is_some());
    live.hold(admitted(FORBID), "disk full".to_owned());
    let pending = live.status().pending.expect("a set that waits");
    assert_eq!(pending.digest, admitted(FORBID).snapshot().digest());
    assert_eq!(pending.why, "disk full");
    assert!(evaluate(&live.current().expect("a set"), &ann_reads()).allows());
    let again = live.take_held().expect("it was kept");
    assert_eq!(kept(&live), (false, true), "it is told while it is tried");
    live.publish(again);
    assert_eq!(kept(&live), (false, false));
    assert!(!evaluate(&live.current().expect("a set"), &ann_reads()).allows());
    live.hold(admitted(PERMIT), "disk full".to_owned());
    let error = Draft::from_files([("a.txt", "")]).expect_err("no policies");
    live.refuse(Refused {
        digest: None,
        errors: Arc::new(error),
    });
    assert_eq!(kept(&live), (false, false), "the folder is another by now");
    assert!(live.status().live.is_some());
}
