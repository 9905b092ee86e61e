//! Whether a new set allows only what the old one allows.

use super::{ACT_AS, MEMBERS, PROVER, SEPARATION, go_on, prover, set_of, with};
use crate::policy::memo::Workshop;
use crate::policy::prove::stop::Stop;
use crate::policy::{ByTenant, Draft, Validated, Vocabulary};

const READ_IN_OFFICE: &str = r#"@id("more") permit (principal, action == Action::"deleteIssue", resource)
    when { principal.tenant == resource.tenant && context.actAs == principal && context.ip.isInRange(ip("192.0.2.0/24")) };"#;
const NO_NIGHTS: &str = r#"@id("nights") @reason("no") forbid (principal, action, resource)
    when { context.now.toTime() < duration("6h") };"#;

/// Why the new set is not known to be narrower; empty if it is.
fn why(old: &[(&str, &str)], new: &[(&str, &str)]) -> String {
    let (old, new) = (with(old), with(new));
    let told = PROVER.widens(old.rules(), new.rules(), &go_on());
    told.unwrap_or_default()
}

#[test]
fn a_permit_less_and_a_forbid_more_is_narrower() {
    let (permit, forbid) = (("30.cedar", READ_IN_OFFICE), ("40.cedar", NO_NIGHTS));
    assert_eq!(why(&[permit], &[]), "");
    assert_eq!(why(&[], &[forbid]), "");
    assert_eq!(why(&[permit], &[forbid]), "");
    assert_eq!(why(&[permit, forbid], &[permit, forbid]), "");
}

#[test]
fn a_permit_more_and_a_forbid_less_is_wider() {
    let (permit, forbid) = (("30.cedar", READ_IN_OFFICE), ("40.cedar", NO_NIGHTS));
    assert_eq!(
        why(&[], &[permit]),
        "`more` permits something in deleteIssue(Account, Issue), where nothing was"
    );
    let told = why(&[forbid], &[]);
    assert!(
        told.starts_with("`nights` does not forbid any more what it did, in "),
        "{told}"
    );
}

#[test]
fn a_permit_is_compared_by_what_it_permits() {
    let wide = READ_IN_OFFICE.replace("/24", "/16");
    let said_otherwise = READ_IN_OFFICE.replace("@id(\"more\")", "@id(\"renamed\") @owner(\"x\")");
    let (narrow, wide) = (("30.cedar", READ_IN_OFFICE), ("30.cedar", wide.as_str()));
    assert_eq!(why(&[wide], &[narrow]), "");
    assert_eq!(
        why(&[narrow], &[wide]),
        "`more` or a permit beside it permits more than before in deleteIssue(Account, Issue)"
    );
    assert_eq!(why(&[narrow], &[("31.cedar", &said_otherwise)]), "");
    // What the new permit adds, a new forbid takes away.
    let outside = r#"@id("outside") @reason("no") forbid (principal, action == Action::"deleteIssue", resource)
        unless { context.ip.isInRange(ip("192.0.2.0/24")) };"#;
    assert_eq!(why(&[narrow], &[wide, ("40.cedar", outside)]), "");
}

#[test]
fn a_forbid_may_go_where_another_covers_it() {
    let (nights, longer) = (
        NO_NIGHTS,
        NO_NIGHTS.replace("6h", "7h").replace("nights", "early"),
    );
    let (nights, longer) = (("40.cedar", nights), ("41.cedar", longer.as_str()));
    assert_eq!(why(&[nights], &[longer]), "");
    assert_ne!(why(&[longer], &[nights]), "");
    // Or where nothing permits it: nobody administers anything here.
    let closed = r#"@id("closed") @reason("no") forbid (principal, action == Action::"administerSite", resource);"#;
    assert_eq!(why(&[("40.cedar", closed)], &[]), "");
}

#[test]
fn other_facts_and_other_schemas_are_not_for_a_proof_to_judge() {
    let entities = (
        "entities.json",
        r#"[{ "uid": { "type": "Team", "id": "acme/a" } }]"#,
    );
    assert!(why(&[], &[entities]).starts_with("entities.json is another"));
    let files = [
        ("00.cedar", SEPARATION),
        ("10.cedar", ACT_AS),
        ("20.cedar", MEMBERS),
    ];
    let other = Vocabulary::extended("more", "entity Badge;").unwrap();
    let (old, new) = (set_of(&files, &Vocabulary::core()), set_of(&files, &other));
    let told = PROVER.widens(old.rules(), new.rules(), &go_on());
    assert_eq!(told.as_deref(), Some("the schema is another"));
}

#[test]
fn what_was_called_off_is_not_known_to_be_narrower() {
    let stop = Stop::default();
    stop.ask();
    let (old, new) = (with(&[]), with(&[("30.cedar", READ_IN_OFFICE)]));
    let told = prover().widens(old.rules(), new.rules(), &stop).unwrap();
    assert!(told.contains("could not be decided"), "{told}");
}

#[test]
fn a_closed_tenant_that_opens_again_is_wider_though_no_policy_permits_more() {
    let shared = [
        ("00.cedar", SEPARATION),
        ("10.cedar", ACT_AS),
        ("20.cedar", MEMBERS),
    ];
    let broken = [&shared[..], &[("tenants/acme/a.cedar", "permit (")]].concat();
    let draft = Draft::from_files(broken).unwrap();
    let core = Vocabulary::core();
    let checked =
        Validated::check_confined(&mut Workshop::new(), &draft, &core, None, ByTenant::new());
    let (closed, confined) = checked.unwrap();
    assert!(confined[0].is_closed);
    let (open, stop) = (set_of(&shared, &core), go_on());
    let widens = |old: &Validated, new: &Validated| PROVER.widens(old.rules(), new.rules(), &stop);
    assert_eq!(
        widens(&closed, &open).as_deref(),
        Some("`acme` was closed and is open again")
    );
    assert_eq!(widens(&open, &closed), None);
    assert_eq!(widens(&closed, &closed), None);
}
