//! What becomes of a set, case by case.

use super::*;
use crate::clock::Clock;
use crate::policy::{Admitted, Draft, Proof, ProofMode, Settings, Stop, Validated, Vocabulary};

fn set() -> Admitted {
    let policy = r#"@id("all") permit (principal, action, resource);"#;
    let draft = Draft::from_files([("a.cedar", policy)]).unwrap();
    let set = Validated::check(&draft, &Vocabulary::core()).unwrap();
    // Only the step to the set matters here, not its proof.
    let prover = Settings::default().prover(Clock::system());
    let waived = Proof::asked(ProofMode::Off, true, prover);
    set.prove(&waived, &Stop::default()).unwrap()
}

fn ready(compared_with: Option<&str>, widens: Option<&str>, dropped: &[&str]) -> Ready {
    Ready {
        set: set(),
        author: "unix:7".to_owned(),
        compared_with: compared_with.map(str::to_owned),
        confined: Vec::new(),
        dropped: lost(dropped),
        widens: widens.map(str::to_owned),
    }
}

fn lost(names: &[&str]) -> Vec<Dropped> {
    let one = |name: &&str| Dropped {
        name: (*name).to_owned(),
        why: "it is gone".to_owned(),
    };
    names.iter().map(one).collect()
}

fn in_force(digest: &str) -> Before {
    Before::InForce(digest.to_owned())
}

fn course(activation: Activation, before: Option<&str>, ready: &Ready) -> String {
    course_after(activation, &before.map_or(Before::Nothing, in_force), ready)
}

fn course_after(activation: Activation, before: &Before, ready: &Ready) -> String {
    let ground = Ground {
        activation,
        before,
        pinned: None,
    };
    match ground.course(ready, Vec::new()) {
        Course::Live => "live".to_owned(),
        Course::Wait(why) => why,
        Course::Refuse(_) => "refused".to_owned(),
    }
}

#[test]
fn narrowing_lets_live_only_what_was_compared_with_the_set_in_force_and_allows_no_more() {
    use Activation::Narrowing;
    let narrower = ready(Some("now"), None, &[]);
    assert_eq!(course(Narrowing, Some("now"), &narrower), "live");
    let stale = course(Narrowing, Some("another"), &narrower);
    assert_eq!(stale, "it was not compared with the set in force");
    let wider = course(
        Narrowing,
        Some("now"),
        &ready(Some("now"), Some("`x`"), &[]),
    );
    assert_eq!(wider, "it may allow more than the set in force: `x`");
    assert_eq!(course(Narrowing, None, &ready(None, None, &[])), "live");
    let uncompared = course(Narrowing, Some("now"), &ready(None, None, &[]));
    assert_eq!(uncompared, stale);
}

#[test]
fn manual_lets_everything_wait_and_auto_nothing() {
    let wider = ready(Some("now"), Some("`x`"), &[]);
    assert_eq!(course(Activation::Auto, Some("now"), &wider), "live");
    for before in [Some("now"), None] {
        let why = course(Activation::Manual, before, &wider);
        assert!(why.contains("policy.activation"), "{why}");
    }
}

#[test]
fn a_pin_holds_back_whatever_the_settings_say() {
    for activation in [Activation::Auto, Activation::Narrowing, Activation::Manual] {
        let ground = Ground {
            activation,
            before: &in_force("now"),
            pinned: Some("pinned"),
        };
        let course = ground.course(&ready(Some("now"), None, &[]), Vec::new());
        assert_eq!(course, Course::Wait("pinned".to_owned()));
    }
}

#[test]
fn a_lost_guarantee_refuses_whatever_else_is_so() {
    for pinned in [None, Some("pinned")] {
        let ground = Ground {
            activation: Activation::Auto,
            before: &in_force("now"),
            pinned,
        };
        let told = ground.course(&ready(Some("now"), None, &["payroll"]), Vec::new());
        assert_eq!(told, Course::Refuse(lost(&["payroll"])));
        // Compared with another set, what it was said to lose or keep says nothing: the texts do.
        let stale = ready(Some("before"), None, &["payroll"]);
        let by_text = ground.course(&stale, lost(&["night"]));
        assert_eq!(by_text, Course::Refuse(lost(&["night"])));
        let kept = ground.course(&stale, Vec::new());
        assert!(!matches!(kept, Course::Refuse(_)), "{kept:?}");
    }
}

#[test]
fn with_nothing_in_force_only_the_first_set_and_the_last_one_again_go_live_under_narrowing() {
    let new = ready(None, None, &[]);
    for is_same in [true, false] {
        let kept = Before::Kept { is_same };
        assert_eq!(course_after(Activation::Auto, &kept, &new), "live");
        let told = course_after(Activation::Narrowing, &kept, &new);
        assert_eq!(told == "live", is_same, "{told}");
    }
}

#[test]
fn after_a_set_that_cannot_be_read_everything_waits() {
    let before = Before::Unreadable("its text is gone".to_owned());
    for activation in [Activation::Auto, Activation::Narrowing] {
        let told = course_after(activation, &before, &ready(None, None, &[]));
        assert!(told.contains("its text is gone"), "{told}");
    }
}
