//! Guarantees are not lost from one set to the next.

use super::{PROVER, go_on, prover, with};
use crate::policy::prove::prover::{Bounds, Prover};
use crate::policy::prove::stop::Stop;

const NO_DELETING: &str = r#"@guarantee("never") @title("x") permit (principal, action == Action::"deleteIssue", resource);"#;
const NO_WRITING: &str =
    r#"@guarantee("never") @title("x") permit (principal, action in Action::"write", resource);"#;

/// What the step from one guarantee to another loses.
fn lost_by(prover: &Prover, before: &str, after: &str, stop: &Stop) -> String {
    let old = with(&[("guarantees/g.cedar", before)]);
    let new = match after {
        "" => with(&[]),
        after => with(&[("guarantees/g.cedar", after)]),
    };
    let dropped = prover.dropped(old.rules(), new.rules(), stop);
    let lines = dropped.iter().map(|it| format!("{}: {}", it.name, it.why));
    lines.collect::<Vec<_>>().join("\n")
}

fn lost(before: &str, after: &str) -> String {
    lost_by(&PROVER, before, after, &go_on())
}

#[test]
fn a_guarantee_that_is_gone_or_of_another_kind_is_lost() {
    assert_eq!(lost(NO_DELETING, NO_DELETING), "");
    assert_eq!(lost(NO_DELETING, ""), "g: it is gone");
    let only = NO_DELETING.replace("never", "only");
    assert_eq!(lost(NO_DELETING, &only), "g: it was `never` and is `only`");
}

#[test]
fn what_must_never_be_may_become_more_and_not_less() {
    assert_eq!(lost(NO_DELETING, NO_WRITING), "");
    assert_eq!(
        lost(NO_WRITING, NO_DELETING),
        "g: it says less than before for editIssue(Account, Issue)"
    );
    // The same in other words, and with another title.
    let split = r#"@guarantee("never") @title("y") permit (principal, action == Action::"editIssue", resource);
        @guarantee("never") permit (principal, action == Action::"deleteIssue", resource);"#;
    assert_eq!(lost(NO_WRITING, split), "");
    assert_eq!(lost(split, NO_WRITING), "");
    let evenings = NO_DELETING.replace(
        "resource);",
        "resource) when { context.now.toTime() > duration(\"19h\") };",
    );
    assert_eq!(
        lost(NO_DELETING, &evenings),
        "g: it says less than before for deleteIssue(Account, Issue)"
    );
}

#[test]
fn what_alone_may_be_may_become_less_and_not_more() {
    let of = |word: &str, condition: &str| {
        format!(
            "@guarantee(\"{word}\") @title(\"x\") permit (principal, action, resource) when {{ {condition} }};"
        )
    };
    let (wide, narrow) = (
        "principal.tenant == resource.tenant",
        "principal.tenant == resource.tenant && context.actAs == principal",
    );
    assert_eq!(lost(&of("only", wide), &of("only", narrow)), "");
    assert!(lost(&of("only", narrow), &of("only", wide)).starts_with("g: it says less"));
    assert_eq!(lost(&of("always", narrow), &of("always", wide)), "");
    assert!(lost(&of("always", wide), &of("always", narrow)).starts_with("g: it says less"));
}

#[test]
fn what_cannot_be_decided_is_lost() {
    let stop = Stop::default();
    stop.ask();
    let told = lost_by(&prover(), NO_DELETING, NO_WRITING, &stop);
    assert!(told.contains("could not be decided"), "{told}");
    let nowhere = Prover::new(
        Bounds {
            solver: Some("/nowhere/cvc5".into()),
            ..super::bounds(None)
        },
        crate::clock::Clock::system(),
    );
    let told = lost_by(&nowhere, NO_DELETING, NO_WRITING, &go_on());
    assert!(
        told.contains("could not be decided: there is no solver"),
        "{told}"
    );
}
