//! Folders of tenants: what lies in one has no effect outside of it, and a fault in it is that tenant's alone.

use gatepost::decision::evaluate::{rehearse, rehearse_whole};
use gatepost::policy::{ByTenant, Confined, Draft, Validated, Vocabulary, Workshop};

use super::{accepted, faults};
use crate::decision::questions::{ACT_AS, MEMBERS, SEPARATION, by, issue, says};

const SHARED: [(&str, &str); 3] = [
    ("00.cedar", SEPARATION),
    ("10.cedar", ACT_AS),
    ("20.cedar", MEMBERS),
];

/// Ann of acme must not read; in the folder of acme.
const CLOSED_TO_ANN: &str = r#"@id("no-ann") @reason("not you") forbid (principal == Account::"acme/ann", action, resource);"#;
const CLOSED_TO_BOB: &str = r#"@id("no-bob") @reason("not you") forbid (principal == Account::"acme/bob", action, resource);"#;
const GLOBEX: &str =
    r#"@id("globex") @reason("no") forbid (principal == Account::"globex/eve", action, resource);"#;
const BROKEN: &str = "permit (principal";

fn draft(more: &[(&str, &str)]) -> Draft {
    Draft::from_files(SHARED.iter().chain(more).copied()).expect("files in order")
}

type Composed = Result<(Validated, Vec<Confined>), String>;

fn compose(draft: &Draft, last_good: Option<&Draft>, blamed: ByTenant) -> Composed {
    let (mut workshop, core) = (Workshop::new(), Vocabulary::core());
    let composed = Validated::check_confined(&mut workshop, draft, &core, last_good, blamed);
    composed.map_err(|error| error.to_string())
}

fn confined(draft: &Draft, last_good: Option<&Draft>) -> (Validated, String) {
    let (set, confined) = compose(draft, last_good, ByTenant::new()).expect("a set");
    let line = |it: &Confined| {
        let how = if it.is_closed { "closed" } else { "kept" };
        format!("{} {how}: {}", it.tenant, it.errors)
    };
    (
        set,
        confined.iter().map(line).collect::<Vec<_>>().join("\n"),
    )
}

/// What the set says to reading: of acme's ann and bob, and of globex' ann and eve.
fn said(set: &Validated) -> [String; 4] {
    let people = [
        ("acme", "ann"),
        ("acme", "bob"),
        ("globex", "ann"),
        ("globex", "eve"),
    ];
    people.map(|(tenant, account)| {
        let mut question = by(tenant, account);
        question.resource = issue(tenant, "PAY-1");
        let verdict = rehearse(set, &question);
        assert_eq!(verdict, rehearse_whole(set, &question));
        if verdict.errors.is_empty() {
            says(set, &question)
        } else {
            verdict.errors.join(" ")
        }
    })
}

const READS: &str = "allowed: members-read-issues";
const ACME_IS_CLOSED: &str = "tenant `acme` is closed: its policy files are at fault, and no earlier ones of it are in order";

#[test]
fn policies_of_a_tenant_are_part_of_the_set() {
    let set = Validated::check(
        &draft(&[("tenants/acme/a.cedar", CLOSED_TO_ANN)]),
        &Vocabulary::core(),
    );
    let set = set.expect("in order");
    assert_eq!(said(&set), ["policy_denied: no-ann", READS, READS, READS]);
    assert!(set.inert_obligations().is_empty() && set.inert_unshown().is_empty());
}

#[test]
fn an_id_that_is_taken_twice_is_a_fault_of_the_tenants_file() {
    let late = r#"@id("x") permit (principal, action, resource);"#;
    let early = r#"@id("x") permit (principal == Account::"acme/ann", action, resource);"#;
    assert_eq!(
        faults(&[("zz.cedar", late), ("tenants/acme/a.cedar", early)]),
        "tenants/acme/a.cedar:1: the id `x` is taken by zz.cedar:1"
    );
}

#[test]
fn a_policy_whose_text_does_not_show_that_it_is_inert_is_to_be_proven() {
    let files = draft(&[(
        "tenants/acme/a.cedar",
        r#"@id("late") permit (principal, action, resource)
           when { context.auth == "x" && principal.tenant == Tenant::"acme" };"#,
    )]);
    let set = Validated::check(&files, &Vocabulary::core()).expect("in order");
    let obligations: Vec<_> = set
        .inert_obligations()
        .iter()
        .map(|(id, tenant)| format!("{id} {tenant}"))
        .collect();
    assert_eq!(obligations, ["late acme"]);
    let unshown = set.inert_unshown();
    let error = unshown.get("acme").expect("it is acme's");
    assert_eq!(
        error.to_string(),
        "tenants/acme/a.cedar:1: the text of `late` does not show that it is about accounts of `acme` only"
    );
    assert_eq!(
        miette::Diagnostic::help(&error.faults()[0])
            .expect("advice")
            .to_string(),
        "put `principal.tenant == Tenant::\"acme\"` first in its `when`"
    );
    // Somebody who cannot prove it puts the blame on acme, and everybody else gets the new rules.
    let (set, confined) = compose(&files, None, unshown).expect("a set");
    assert!(confined[0].is_closed && set.inert_obligations().is_empty());
}

#[test]
fn a_policy_about_another_tenant_is_refused() {
    assert_eq!(
        faults(&[("00.cedar", SEPARATION), ("tenants/acme/a.cedar", GLOBEX)]),
        "tenants/acme/a.cedar:1: this policy is about accounts of `globex`, but it lies in the folder of `acme`"
    );
}

#[test]
fn a_template_does_not_lie_in_the_folder_of_a_tenant() {
    let template = r#"@id("t") permit (principal == ?principal, action, resource)
        when { principal.tenant == Tenant::"acme" };"#;
    assert_eq!(
        faults(&[("00.cedar", SEPARATION), ("tenants/acme/a.cedar", template)]),
        "tenants/acme/a.cedar:1: a template cannot lie in the folder of a tenant"
    );
}

#[test]
fn a_tenant_at_fault_keeps_its_last_good_files_and_others_get_the_new_ones() {
    let good = draft(&[
        ("tenants/acme/a.cedar", CLOSED_TO_ANN),
        ("tenants/acme/b.cedar", CLOSED_TO_BOB),
    ]);
    // Syntax, type, lint, a team that nobody described, an id that is taken: each is acme's own.
    for (fault, told) in [
        (BROKEN, "unexpected end of input"),
        (
            r#"@id("n") permit (principal == Account::"acme/ann", action == Action::"getIsue", resource);"#,
            "unrecognized action",
        ),
        (
            r#"@id("n") permit (principal == Account::"ann", action, resource);"#,
            "does not name its tenant",
        ),
        (
            r#"@id("n") permit (principal in Team::"acme/typo", action, resource);"#,
            "is not described",
        ),
        (
            r#"@id("members-read-issues") permit (principal == Account::"acme/ann", action, resource);"#,
            "is taken by 20.cedar:",
        ),
    ] {
        let new = draft(&[
            ("tenants/acme/a.cedar", fault),
            ("tenants/globex/g.cedar", GLOBEX),
        ]);
        let (set, confined) = confined(&new, Some(&good));
        assert!(
            confined.starts_with("acme kept: tenants/acme/a.cedar:1: "),
            "{confined}"
        );
        assert!(confined.contains(told), "{confined}");
        assert_eq!(
            said(&set),
            [
                "policy_denied: no-ann",
                "policy_denied: no-bob",
                READS,
                "policy_denied: globex"
            ]
        );
    }
}

#[test]
fn the_digest_is_that_of_the_files_that_it_is_made_of() {
    let good = draft(&[("tenants/acme/a.cedar", CLOSED_TO_ANN)]);
    let new = draft(&[
        ("tenants/acme/a.cedar", BROKEN),
        ("tenants/globex/g.cedar", GLOBEX),
    ]);
    let (set, _) = confined(&new, Some(&good));
    let made_of = draft(&[
        ("tenants/acme/a.cedar", CLOSED_TO_ANN),
        ("tenants/globex/g.cedar", GLOBEX),
    ]);
    assert_eq!(set.draft(), &made_of);
    assert_eq!(set.digest(), made_of.digest());
}

#[test]
fn a_tenant_without_good_files_is_closed_and_nobody_else() {
    let new = draft(&[
        ("tenants/acme/a.cedar", BROKEN),
        ("tenants/acme/b.cedar", CLOSED_TO_BOB),
    ]);
    for last_good in [None, Some(&draft(&[]))] {
        let (set, confined) = confined(&new, last_good);
        assert!(confined.starts_with("acme closed: "), "{confined}");
        assert_eq!(said(&set), [ACME_IS_CLOSED, ACME_IS_CLOSED, READS, READS]);
        // Closed is a part of the files: the set says the same when the log replays it, and is not taken for the one without acme.
        let again = Draft::from_files(set.draft().files().clone()).expect("files in order");
        let replayed = Validated::check(&again, &Vocabulary::core()).expect("in order");
        assert_eq!(said(&replayed), said(&set));
        assert_ne!(set.digest(), draft(&[]).digest());
        // Closed is not good: the next state of the folder finds acme closed until its files are in order.
        let (set, _) = self::confined(&new, Some(&again));
        assert_eq!(said(&set)[0], ACME_IS_CLOSED);
        let (set, confined) = self::confined(
            &draft(&[("tenants/acme/a.cedar", CLOSED_TO_ANN)]),
            Some(&again),
        );
        assert_eq!(
            (confined.as_str(), said(&set)[0].as_str()),
            ("", "policy_denied: no-ann")
        );
    }
}

#[test]
fn several_tenants_at_fault_are_confined_together() {
    let good = draft(&[("tenants/acme/a.cedar", CLOSED_TO_ANN)]);
    let new = draft(&[
        ("tenants/acme/a.cedar", BROKEN),
        ("tenants/globex/g.cedar", CLOSED_TO_BOB),
    ]);
    let (set, confined) = confined(&new, Some(&good));
    let lines: Vec<_> = confined
        .lines()
        .map(|line| line.split(": ").next().unwrap_or_default())
        .collect();
    assert_eq!(lines, ["acme kept", "globex closed"]);
    assert_eq!(said(&set)[..2], ["policy_denied: no-ann", READS]);
    assert!(said(&set)[2].starts_with("tenant `globex` is closed"));
}

#[test]
fn a_tenant_cannot_put_another_at_fault_by_taking_its_id() {
    let good = draft(&[("tenants/globex/g.cedar", GLOBEX)]);
    let takes = CLOSED_TO_ANN.replace("no-ann", "globex");
    // `acme` is read before `globex`, also where globex is at fault for another reason.
    for globex in [GLOBEX, BROKEN] {
        let new = draft(&[
            ("tenants/acme/a.cedar", &takes),
            ("tenants/globex/g.cedar", globex),
        ]);
        let (set, confined) = confined(&new, Some(&good));
        assert!(
            confined.contains("acme closed: tenants/acme/a.cedar:1: the id `globex` is taken by tenants/globex/g.cedar:1"),
            "{confined}"
        );
        assert_eq!(said(&set)[2..], [READS, "policy_denied: globex"]);
    }
}

#[test]
fn a_fault_that_all_share_refuses_the_set() {
    let good = draft(&[("tenants/acme/a.cedar", CLOSED_TO_ANN)]);
    let broken = draft(&[("tenants/acme/a.cedar", BROKEN), ("30.cedar", BROKEN)]);
    let error = compose(&broken, Some(&good), ByTenant::new()).expect_err("refused");
    assert!(
        error.starts_with("30.cedar:1: ") && !error.contains("tenants/"),
        "{error}"
    );
    // acme's files have not changed and were good: what changed is what all share.
    let taken = r#"@id("no-ann") permit (principal, action, resource);"#;
    let taking = draft(&[("tenants/acme/a.cedar", CLOSED_TO_ANN), ("30.cedar", taken)]);
    assert_eq!(
        compose(&taking, Some(&good), ByTenant::new()).expect_err("refused"),
        "tenants/acme/a.cedar:1: the id `no-ann` is taken by 30.cedar:1"
    );
}

#[test]
fn a_tenants_folder_that_is_gone_is_no_fault() {
    let good = draft(&[("tenants/acme/a.cedar", CLOSED_TO_ANN)]);
    let (set, confined) = confined(&draft(&[]), Some(&good));
    assert_eq!((confined.as_str(), said(&set)[0].as_str()), ("", READS));
    assert_eq!(said(&accepted(&SHARED)), said(&set));
}

#[test]
fn nobody_closes_a_tenant_by_a_file() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let acme = folder.path().join("tenants/acme");
    std::fs::create_dir_all(&acme).expect("a folder");
    std::fs::write(folder.path().join("20.cedar"), MEMBERS).expect("a file");
    std::fs::write(acme.join("closed"), "").expect("a file");
    let read = Draft::read(folder.path()).expect("files in order");
    assert_eq!(read.files().keys().collect::<Vec<_>>(), ["20.cedar"]);
}

#[test]
fn what_all_share_goes_live_also_where_a_tenant_fits_no_longer() {
    let good = draft(&[("tenants/acme/a.cedar", CLOSED_TO_ANN)]);
    let urgent = r#"@id("no-ann") @reason("now") forbid (principal == Account::"globex/eve", action, resource);"#;
    let new = draft(&[("tenants/acme/a.cedar", BROKEN), ("30.cedar", urgent)]);
    let (set, confined) = confined(&new, Some(&good));
    assert!(confined.starts_with("acme closed: "), "{confined}");
    assert_eq!(
        said(&set),
        [
            ACME_IS_CLOSED,
            ACME_IS_CLOSED,
            READS,
            "policy_denied: no-ann"
        ]
    );
}
