//! What of a policy's text counts.

use super::*;

/// The tenants of both sides, `*` for any.
fn reach(text: &str) -> String {
    let policy = Policy::parse(None, text).unwrap();
    let reach = Reach::of(&policy, &policy.to_json().unwrap());
    let text = |side| match side {
        Side::Any => "*".to_owned(),
        Side::Tenant(id) => id,
    };
    format!("{} {}", text(reach.principal), text(reach.resource))
}

fn scoped(principal: &str, resource: &str) -> String {
    reach(&format!("permit ({principal}, action, {resource});"))
}

fn when(conditions: &str) -> String {
    reach(&format!(
        "permit (principal, action, resource) {conditions};"
    ))
}

#[test]
fn a_scope_that_names_a_thing_of_a_tenant_is_about_that_tenant() {
    for scope in [
        r#"principal == Account::"a/x""#,
        r#"principal in Team::"a/x""#,
        r#"principal is Account in Team::"a/x""#,
        r#"principal in Group::"a/x""#,
        r#"principal is Account in Group::"a/x""#,
        r#"principal == Account::"a/x/y""#,
    ] {
        assert_eq!(scoped(scope, "resource"), "a *", "{scope}");
    }
    for scope in [
        r#"resource == Issue::"b/P-1""#,
        r#"resource in Project::"b/P""#,
        r#"resource is Issue in Project::"b/P""#,
        r#"resource == Site::"b/b.atlassian.net""#,
    ] {
        assert_eq!(scoped("principal", scope), "* b", "{scope}");
    }
    assert_eq!(
        scoped(
            r#"principal in Team::"a/x""#,
            r#"resource in Project::"b/P""#
        ),
        "a b"
    );
}

#[test]
fn a_scope_that_names_no_tenant_is_about_all() {
    for scope in [
        "principal",
        "principal is Account",
        r#"principal == Account::"a""#,
        r#"principal == Account::"/a""#,
        r#"principal in Elsewhere::Team::"a/x""#,
        r#"principal in Crowd::"a/x""#,
    ] {
        assert_eq!(scoped(scope, "resource is Issue"), "* *", "{scope}");
    }
}

#[test]
fn a_leading_comparison_with_a_tenant_counts() {
    for (text, want) in [
        (r#"when { principal.tenant == Tenant::"a" }"#, "a *"),
        (r#"when { Tenant::"a" == principal.tenant }"#, "a *"),
        (
            r#"when { resource.tenant == Tenant::"b" && context.auth == "x" }"#,
            "* b",
        ),
        (
            r#"when { principal.tenant == Tenant::"a" && 1 + 1 == 2 && true }"#,
            "a *",
        ),
        (
            r#"when { principal.tenant == Tenant::"a" && (resource.tenant == Tenant::"b" && true) }"#,
            "a b",
        ),
        (
            r#"when { principal.tenant == resource.tenant && principal.tenant == Tenant::"a" }"#,
            "a *",
        ),
        (
            r#"when { principal.tenant == Tenant::"a" } unless { context.auth == "x" }"#,
            "a *",
        ),
        (r#"when { principal["tenant"] == Tenant::"a" }"#, "a *"),
    ] {
        assert_eq!(when(text), want, "{text}");
    }
}

#[test]
fn what_stands_behind_something_that_could_fail_does_not_count() {
    for text in [
        r#"when { 1 + 1 == 2 && principal.tenant == Tenant::"a" }"#,
        r#"when { context.actAs.getTag("x") == "y" && principal.tenant == Tenant::"a" }"#,
        r#"unless { 1 + 1 == 3 } when { principal.tenant == Tenant::"a" }"#,
        r#"when { 1 + 1 == 2 } when { principal.tenant == Tenant::"a" }"#,
    ] {
        assert_eq!(when(text), "* *", "{text}");
    }
}

#[test]
fn what_does_not_have_to_hold_does_not_count() {
    for text in [
        r#"when { principal.tenant == Tenant::"a" || true }"#,
        r#"when { (principal.tenant == Tenant::"a" && false) || true }"#,
        r#"when { !(principal.tenant == Tenant::"a") }"#,
        r#"when { principal.tenant != Tenant::"a" }"#,
        r#"unless { principal.tenant == Tenant::"a" }"#,
        r#"when { if principal.tenant == Tenant::"a" then true else true }"#,
        r#"when { context.actAs.tenant == Tenant::"a" }"#,
        r#"when { resource.site.tenant == Tenant::"a" }"#,
        r#"when { principal.tenant == Elsewhere::Tenant::"a" }"#,
        r#"when { principal.other == Tenant::"a" }"#,
        r#"when { [Tenant::"a"].contains(principal.tenant) }"#,
        "when { principal.tenant == resource.tenant }",
        "",
    ] {
        assert_eq!(when(text), "* *", "{text}");
    }
}
