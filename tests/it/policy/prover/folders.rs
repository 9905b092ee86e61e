//! Folders of tenants, where the text of a policy does not show that it is inert outside: then a proof does.

use super::{against, broken, with};

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
