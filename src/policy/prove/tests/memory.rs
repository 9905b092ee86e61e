//! What is proven once is not asked again, and whatever bears on an answer makes it another question.

use std::time::Duration;

use super::{ACT_AS, MEMBERS, SEPARATION, go_on, prover, set_of, with};
use crate::clock::{TestClock, Timestamp};
use crate::policy::ProofError;
use crate::policy::certificate::Certificate;
use crate::policy::prove::memo::Ground;
use crate::policy::prove::prover::Prover;
use crate::policy::prove::stop::Stop;
use crate::policy::{Validated, Vocabulary};

/// How many questions were put to the solver, and how many there were.
fn asked(prover: &Prover, set: &Validated) -> (usize, usize) {
    let Certificate { queries, .. } = set.examine(prover, &go_on()).unwrap();
    let asked = queries.iter().filter(|query| !query.cached).count();
    (asked, queries.len())
}

#[test]
fn an_unchanged_set_asks_nothing_the_second_time() {
    let (prover, set) = (prover(), with(&[]));
    let (first, all) = asked(&prover, &set);
    assert!(first == all && all >= 10, "{first} of {all}");
    assert_eq!(asked(&prover, &set), (0, all));
    // Its clones remember together; another prover knows nothing.
    assert_eq!(asked(&prover.clone(), &set), (0, all));
}

#[test]
fn another_text_or_another_schema_asks_again() {
    let (prover, set) = (prover(), with(&[]));
    asked(&prover, &set);
    // A permit that the separation covers changes no question: permits are asked about as one that permits everything.
    let permit = r#"@id("p") permit (principal, action == Action::"deleteIssue", resource);"#;
    assert_eq!(asked(&prover, &with(&[("30.cedar", permit)])).0, 0);
    let separation = SEPARATION.replace("unless {", "unless { context.auth == context.auth &&");
    let files = [
        ("00.cedar", separation.as_str()),
        ("10.cedar", ACT_AS),
        ("20.cedar", MEMBERS),
    ];
    assert!(asked(&prover, &set_of(&files, &Vocabulary::core())).0 > 0);
    let files = [
        ("00.cedar", SEPARATION),
        ("10.cedar", ACT_AS),
        ("20.cedar", MEMBERS),
    ];
    let extended = Vocabulary::extended("more", "entity Badge;").unwrap();
    let (again, all) = asked(&prover, &set_of(&files, &extended));
    assert_eq!(again, all);
}

#[test]
fn every_part_of_the_ground_and_no_other_cut_of_it_is_another_key() {
    let schema = Vocabulary::core();
    let frames = crate::policy::prove::frame::Frame::all(schema.schema()).unwrap();
    let set = with(&[]);
    let policies: Vec<_> = set.rules().policies.policies().collect();
    let key = |parts: &[&str], question: &str, frame: usize, policies: &[&cedar_policy::Policy]| {
        Ground::new(parts.iter().copied()).key(question, &frames[frame], policies.iter().copied())
    };
    let usual = ["engine", "translator", "version", "digest", "schema"];
    let first = key(&usual, "q", 0, &policies);
    for index in 0..usual.len() {
        let mut other = usual;
        other[index] = "other";
        assert_ne!(key(&other, "q", 0, &policies), first, "{index}");
    }
    assert_ne!(
        key(
            &["enginetranslator", "", "version", "digest", "schema"],
            "q",
            0,
            &policies
        ),
        first
    );
    assert_ne!(key(&usual, "r", 0, &policies), first);
    assert_ne!(key(&usual, "q", 1, &policies), first);
    assert_ne!(key(&usual, "q", 0, &policies[1..]), first);
    let mut turned = policies.clone();
    turned.reverse();
    assert_eq!(key(&usual, "q", 0, &turned), first);
}

/// Two namespaces of an extension may have actions of one name: what holds of the one says nothing of the other.
#[test]
fn a_proof_for_an_action_is_none_for_its_namesake_in_a_namespace() {
    let context = "{ actAs: Account, ip: ipaddr, now: datetime, auth: String }";
    let look = format!(
        "action look appliesTo {{ principal: Account, resource: Issue, context: {context} }};"
    );
    let namespaces = format!("namespace One {{ {look} }} namespace Two {{ {look} }}");
    let extended = Vocabulary::extended("more", &namespaces).unwrap();
    for open in ["One", "Two"] {
        let hole = format!(
            "@id(\"separation\") @reason(\"no\") forbid (principal, action, resource)
            when {{ action != {open}::Action::\"look\" }} unless {{ principal.tenant == resource.tenant }};
            @id(\"all\") permit (principal, action, resource) when {{ context.actAs == principal }};"
        );
        let set = set_of(&[("a.cedar", &hole)], &extended);
        assert!(set.examine(&prover(), &go_on()).is_err(), "{open}");
    }
}

#[test]
fn a_proof_that_is_called_off_ends_and_is_none() {
    let (prover, set, stop) = (prover(), with(&[]), Stop::default());
    stop.ask();
    let ended = set.examine(&prover, &stop);
    assert!(matches!(ended, Err(ProofError::CalledOff)), "{ended:?}");
    // Nothing of it counts as proven.
    let (first, all) = asked(&prover, &set);
    assert_eq!(first, all);
    // Nor does all that was remembered make up for the word.
    let ended = set.examine(&prover, &stop);
    assert!(matches!(ended, Err(ProofError::CalledOff)), "{ended:?}");
}

#[test]
fn the_time_of_the_whole_has_an_end() {
    let clock = TestClock::at(Timestamp::from_seconds(0));
    let bounds = crate::policy::Bounds {
        // Any time at all is too much: the clock is moved between the start and the first question by nobody else.
        timeout: Duration::ZERO,
        ..super::bounds(None)
    };
    let hurried = Prover::new(bounds, clock.clock());
    let set = with(&[]);
    assert!(
        set.examine(&hurried, &go_on()).is_ok(),
        "no time has passed"
    );
    let hurried = Prover::new(
        crate::policy::Bounds {
            timeout: Duration::from_nanos(1),
            ..super::bounds(None)
        },
        crate::clock::Clock::system(),
    );
    let refused = set.examine(&hurried, &go_on()).unwrap_err().to_string();
    assert!(
        refused.contains("the whole proof took longer than 0 s"),
        "{refused}"
    );
}
