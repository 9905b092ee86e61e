//! Folders of tenants, where the text of a policy does not show that it is inert outside: then a proof does.

use std::sync::Arc;
use std::time::Duration;

use gatepost::clock::Clock;
use gatepost::policy::{Activation, Bar, Change, Folder, Live, Proof, Settings, Watch};

use super::{SHIPPED, against, broken, with};
use crate::decision::questions::{ACT_AS, MEMBERS};

/// What is found of a policy in the folder of acme.
fn found(policy: &str) -> String {
    broken(&with(&[("tenants/acme/a.cedar", policy)]))
}

#[test]
fn a_policy_whose_text_does_not_show_it_is_proven_inert() {
    for policy in [
        r#"@id("a") @reason("no") forbid (principal, action, resource) when { context.auth == "x" } when { principal.tenant == Tenant::"acme" };"#,
        r#"@id("a") @reason("no") forbid (principal, action, resource) when { if principal.tenant == Tenant::"acme" then context.auth == "x" else false };"#,
        r#"@id("a") @reason("no") forbid (principal, action == Action::"getIssue", resource) when { [Tenant::"acme"].contains(principal.tenant) };"#,
    ] {
        let set = with(&[("tenants/acme/a.cedar", policy)]);
        assert_eq!(set.inert_obligations().len(), 1, "{policy}");
        assert_eq!(broken(&set), "", "{policy}");
    }
}

#[test]
fn a_policy_that_is_about_others_too_is_refused_in_its_own_file() {
    for policy in [
        r#"@id("a") @reason("no") forbid (principal, action, resource);"#,
        r#"@id("a") @reason("no") forbid (principal, action, resource) unless { principal.tenant == Tenant::"acme" };"#,
        r#"@id("a") @reason("no") forbid (principal, action, resource) when { principal.tenant == Tenant::"acme" || context.auth == "x" };"#,
        r#"@id("a") @reason("no") forbid (principal, action, resource) when { context.actAs.tenant == Tenant::"acme" };"#,
        // Behind the separation nobody else gets anything by it, but it is not inert: it is about everybody.
        r#"@id("a") permit (principal, action == Action::"administerSite", resource) when { principal.tenant == resource.tenant && context.actAs == principal };"#,
    ] {
        assert_eq!(found(policy), "tenant-folder: a", "{policy}");
        let set = with(&[("tenants/acme/a.cedar", policy)]);
        let faults = against(&set).expect("refused");
        let [fault] = faults.faults() else {
            panic!("{faults}")
        };
        assert_eq!(
            (fault.file(), fault.line()),
            ("tenants/acme/a.cedar", Some(1))
        );
    }
}

#[test]
fn a_policy_that_fails_for_others_is_no_more_inert_than_one_that_matches() {
    let fails = r#"@id("a") @reason("no") forbid (principal, action, resource)
        when { context.now.offset(duration("1h")) > context.now } when { principal.tenant == Tenant::"acme" };"#;
    assert_eq!(found(fails), "never-errs: a");
}

/// What the judge makes of files, with a solver that has so long for a question: the policies of the set, and the tenants that keep
/// their earlier files or are closed, each with its first fault.
async fn judged(
    files: &[(&str, &str)],
    query_timeout_ms: u64,
) -> Result<(usize, Vec<String>), String> {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let place = folder.path().join(path);
        std::fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
        std::fs::write(place, text).expect("a file");
    }
    let settings = Settings {
        query_timeout_ms,
        proof_timeout_ms: 600_000,
        ..Settings::default()
    };
    let bar = Bar {
        proof: Proof::Required(settings.prover(Clock::system())),
        live: Arc::new(Live::new(Clock::system())),
        activation: Activation::Auto,
    };
    let (sender, mut changes) = tokio::sync::mpsc::channel(8);
    let _watch = Watch::start(
        Folder::new(folder.path()),
        bar,
        Duration::from_hours(1),
        sender,
    );
    match changes.recv().await.expect("a verdict") {
        Change::Ready(ready) => {
            let confined = ready
                .confined
                .iter()
                .map(|it| format!("{}: {}", it.tenant, it.errors));
            Ok((ready.set.snapshot().policy_count(), confined.collect()))
        }
        Change::Rejected(refused) => Err(refused.errors.to_string()),
        Change::Unchanged(_) => panic!("nothing was in force"),
    }
}

const WIDE: (&str, &str) = (
    "tenants/acme/a.cedar",
    r#"@id("a") @reason("no") forbid (principal, action, resource) when { context.auth == "x" };"#,
);

#[tokio::test]
async fn what_a_proof_finds_in_one_folder_is_that_tenants_alone() {
    let (policies, confined) = judged(&[&SHIPPED[..], &[WIDE]].concat(), 60_000)
        .await
        .expect("the rest goes on");
    assert_eq!(policies, 5);
    assert_eq!(
        confined,
        ["acme: tenants/acme/a.cedar:1: `tenant-folder` is not kept: `a` is about others, too"]
    );
}

#[tokio::test]
async fn what_a_proof_finds_in_a_shared_file_is_everybodys() {
    let hole = (
        "30.cedar",
        r#"@id("h") permit (principal, action, resource);"#,
    );
    let files = [("10.cedar", ACT_AS), ("20.cedar", MEMBERS), WIDE, hole];
    let refused = judged(&files, 60_000)
        .await
        .expect_err("a hole that all share");
    assert!(
        refused.contains("30.cedar:1: `isolation` is not kept"),
        "{refused}"
    );
}

#[tokio::test]
async fn what_cannot_be_decided_in_one_folder_holds_up_nobody_else() {
    let hard = r#"@id("a") @reason("no") forbid (principal, action, resource)
        when { principal.tenant == Tenant::"acme" && context.now.toTime().toMilliseconds() * context.now.toTime().toMilliseconds() * 1000 > 5 };"#;
    let files = [&SHIPPED[..], &[("tenants/acme/a.cedar", hard)]].concat();
    let (policies, confined) = judged(&files, 1500).await.expect("the rest goes on");
    assert_eq!(policies, 5);
    assert!(
        confined[0].starts_with("acme: tenants/acme/a.cedar: `never-errs a` could not be decided"),
        "{confined:?}"
    );
}
