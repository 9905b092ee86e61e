//! The set in force.

use std::sync::Arc;

use gatepost::clock::{TestClock, Timestamp};
use gatepost::decision::evaluate;
use gatepost::policy::{
    Admitted, Concern, Draft, Dropped, Live, Proof, Ready, Refused, Stop, Waiver,
};

use super::{PERMIT, accepted};
use crate::decision::questions::ann_reads;

fn admitted(policy: &str) -> Admitted {
    let waiver = Waiver::development(true).expect("development");
    accepted(&[("a.cedar", policy)])
        .prove(&Proof::Waived(waiver), &Stop::default())
        .expect("waived")
}

fn ready(policy: &str) -> Ready {
    Ready {
        set: admitted(policy),
        author: "unix:7".to_owned(),
        compared_with: None,
        confined: Vec::new(),
        dropped: Vec::new(),
        widens: None,
    }
}

const FORBID: &str = r#"@id("nothing") @reason("closed") forbid (principal, action, resource);"#;

#[test]
fn a_snapshot_keeps_the_old_rules_when_a_new_set_goes_live() {
    let live = Live::new(TestClock::at(Timestamp::from_seconds(7)).clock());
    assert!(live.current().is_none());
    live.publish(admitted(PERMIT), None);
    let before = live.current().expect("a set");
    live.publish(admitted(FORBID), None);
    let after = live.current().expect("a set");
    assert!(evaluate(&before, &ann_reads()).allows());
    assert!(!evaluate(&after, &ann_reads()).allows());
    assert_ne!(before.digest(), after.digest());
}

#[test]
fn a_refused_set_leaves_the_good_one_and_is_told_until_the_next_good_one() {
    let clock = TestClock::at(Timestamp::from_seconds(7));
    let live = Live::new(clock.clock());
    live.publish(admitted(PERMIT), None);
    let error = Draft::from_files([("a.txt", "")]).expect_err("no policies");
    live.refuse(Refused {
        author: None,
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
    live.publish(admitted(PERMIT), None);
    assert!(live.status().refused.is_none());
}

#[test]
fn a_snapshot_names_what_the_record_needs() {
    let live = Live::new(TestClock::at(Timestamp::from_seconds(7)).clock());
    live.publish(admitted(PERMIT), None);
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
    live.publish(admitted(PERMIT), None);
    let kept = |live: &Live| (live.is_holding(), live.status().pending.is_some());
    live.hold(ready(FORBID), "disk full".to_owned());
    let pending = live.status().pending.expect("a set that waits");
    assert_eq!(pending.digest, admitted(FORBID).snapshot().digest());
    assert_eq!(pending.why, "disk full");
    assert!(evaluate(&live.current().expect("a set"), &ann_reads()).allows());
    let again = live.take_waiting().expect("it was kept");
    assert_eq!(kept(&live), (false, true), "it is told while it is tried");
    live.publish(again.set, Some(again.author));
    assert_eq!(
        live.status().live.expect("a set").author.as_deref(),
        Some("unix:7")
    );
    assert_eq!(kept(&live), (false, false));
    assert!(!evaluate(&live.current().expect("a set"), &ann_reads()).allows());
    live.hold(ready(PERMIT), "disk full".to_owned());
    let error = Draft::from_files([("a.txt", "")]).expect_err("no policies");
    live.refuse(Refused {
        author: None,
        digest: None,
        errors: Arc::new(error),
    });
    assert_eq!(kept(&live), (false, false), "the folder is another by now");
    assert!(live.status().live.is_some());
}

#[test]
fn a_candidate_is_told_until_the_folder_says_something_else_or_it_is_put_in_force() {
    let live = Live::new(TestClock::at(Timestamp::from_seconds(7)).clock());
    live.publish(admitted(PERMIT), None);
    live.offer(ready(FORBID), "manual".to_owned());
    let candidate = live.status().candidate.expect("a candidate");
    assert_eq!(candidate.digest, admitted(FORBID).snapshot().digest());
    assert_eq!((&*candidate.author, &*candidate.why), ("unix:7", "manual"));
    assert!(!live.is_holding(), "no record is missing");
    assert!(evaluate(&live.current().expect("a set"), &ann_reads()).allows());
    // Another set, by a person: the folder says what it said.
    live.overrule(admitted(&format!("{PERMIT} // same")), None);
    assert_eq!(live.status().candidate, Some(candidate));
    live.overrule(admitted(FORBID), None);
    assert_eq!(live.status().candidate, None);
    assert!(live.take_waiting().is_none());
    live.offer(ready(PERMIT), "manual".to_owned());
    live.settle();
    assert_eq!(live.status().candidate, None);
}

#[test]
fn alarms_are_told_together_and_each_goes_with_its_cause() {
    let live = Live::new(TestClock::at(Timestamp::from_seconds(7)).clock());
    live.raise(Concern::Archive, "changed".to_owned());
    live.raise(Concern::Folder, "broken".to_owned());
    live.raise(Concern::Solver, "another".to_owned());
    let told = || live.status().alarm.expect("an alarm");
    assert_eq!(told(), "changed; broken; another");
    live.publish(admitted(PERMIT), None);
    assert_eq!(told(), "changed", "the folder mends no database");
    live.clear(Concern::Archive);
    assert_eq!(live.status().alarm, None);
}

#[test]
fn a_lost_guarantee_is_told_with_the_command_that_gives_it_up() {
    let lost = [Dropped {
        name: "payroll".to_owned(),
        why: "it is gone".to_owned(),
    }];
    let refused = Refused::dropping("sha256:01", &lost).expect("a refusal");
    let fault = &refused.errors.faults()[0];
    assert_eq!(
        fault.to_string(),
        "guarantees/payroll.cedar: the guarantee `payroll` of the set that went live last is lost: it is gone"
    );
    let remedy = fault.advice().expect("a remedy");
    assert!(
        remedy.contains("gatepost policy activate sha256:01 --drop-guarantee payroll --reason"),
        "{remedy}"
    );
    assert!(Refused::dropping("sha256:01", &[]).is_none());
}

#[test]
fn what_was_compared_with_another_set_than_is_in_force_is_not_taken_again() {
    let live = Live::new(TestClock::at(Timestamp::from_seconds(7)).clock());
    live.publish(admitted(PERMIT), None);
    live.offer(ready(FORBID), "pinned".to_owned());
    live.forget_stale();
    assert!(
        live.take_waiting().is_none(),
        "it was compared with nothing"
    );
    let in_force = live.current().map(|set| set.digest().to_owned());
    let fresh = Ready {
        compared_with: in_force,
        ..ready(FORBID)
    };
    live.offer(fresh, "pinned".to_owned());
    live.forget_stale();
    assert!(live.take_waiting().is_some());
}
