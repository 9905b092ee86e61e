//! Groups of Jira users as policies name them: by their ids, of their own tenant, so many and no more.

use super::faults;

const ID: &str = "276f955c-63d7-42c8-9520-92d01dca0625";

fn of(group: &str) -> String {
    let policy = format!(
        r#"@id("x") @reason("no") forbid (principal in Group::"{group}", action, resource);"#
    );
    faults(&[("a.cedar", &policy)])
}

#[test]
fn a_group_is_named_by_its_id_and_never_by_its_name() {
    assert_eq!(of(&format!("acme/{ID}")), "");
    for name in [
        "jira-administrators",
        "276f955c63d742c8952092d01dca0625",
        "{276f955c-63d7-42c8-9520-92d01dca0625}",
        // As it would never come from Jira: nobody would be in it.
        "276F955C-63D7-42C8-9520-92D01DCA0625",
        "276f955c-63d7-42c8-9520-92d01dca0625/x",
    ] {
        let told = format!(
            "a.cedar:1: `Group::\"acme/{name}\"`: a group is named by its id, as in `Group::\"{{tenant}}/{ID}\"`, and never by its name"
        );
        assert_eq!(of(&format!("acme/{name}")), told);
    }
    assert_eq!(
        of(ID),
        format!(
            "a.cedar:1: `Group::\"{ID}\"` does not name its tenant: write `Group::\"{{tenant}}/…\"`"
        )
    );
}

#[test]
fn a_link_names_groups_as_policies_do() {
    let template = r#"@id("t") @reason("no") forbid (principal in ?principal, action, resource);"#;
    let link = |group: &str| {
        let links = format!(
            r#"[{{ "template_id": "t", "link_id": "l", "args": {{ "?principal": "Group::\"acme/{group}\"" }} }}]"#
        );
        faults(&[("a.cedar", template), ("links.json", &links)])
    };
    assert_eq!(link(ID), "");
    assert!(
        link("staff").contains("and never by its name"),
        "{}",
        link("staff")
    );
}

#[test]
fn a_tenants_folder_names_no_group_of_another_tenant() {
    let policy = |group: &str| {
        format!(
            r#"@id("x") @reason("no") forbid (principal, action, resource)
               when {{ principal.tenant == Tenant::"acme" && context.actAs in Group::"{group}/{ID}" }};"#
        )
    };
    assert_eq!(faults(&[("tenants/acme/a.cedar", &policy("acme"))]), "");
    assert_eq!(
        faults(&[("tenants/acme/a.cedar", &policy("globex"))]),
        format!(
            "tenants/acme/a.cedar:1: `Group::\"globex/{ID}\"` is a group of another tenant: no account of `acme` is in it"
        )
    );
    // What all share may speak of all tenants.
    assert_eq!(faults(&[("a.cedar", &policy("globex"))]), "");
}

/// Policies that name so many groups of acme, from the number `from` on.
fn many(from: usize, count: usize) -> String {
    let policy = |number: usize| {
        format!(
            "@id(\"g{number}\") permit (principal in Group::\"acme/00000000-0000-4000-8000-{number:012}\", action, resource);\n"
        )
    };
    (from..from + count).map(policy).collect()
}

#[test]
fn so_many_groups_of_a_tenant_are_named_and_no_more() {
    assert_eq!(faults(&[("a.cedar", &many(0, 256))]), "");
    let other = many(0, 256)
        .replace("acme/", "globex/")
        .replace("@id(\"g", "@id(\"h");
    assert_eq!(
        faults(&[("a.cedar", &many(0, 256)), ("b.cedar", &other)]),
        ""
    );
    let again = many(0, 256).replace("@id(\"g", "@id(\"h");
    assert_eq!(
        faults(&[("a.cedar", &many(0, 256)), ("b.cedar", &again)]),
        ""
    );
    assert_eq!(
        faults(&[("a.cedar", &many(0, 258))]),
        "a.cedar:257: with this policy more than 256 groups of `acme` are named"
    );
    // Whoever comes later is to blame, and a tenant for its own.
    let own = many(900, 1).replace("principal in", "principal is Account in");
    assert_eq!(
        faults(&[("tenants/acme/a.cedar", &own), ("z.cedar", &many(0, 256))]),
        "tenants/acme/a.cedar:1: with this policy more than 256 groups of `acme` are named"
    );
}

#[test]
fn no_policy_says_of_itself_that_groups_are_unknown() {
    let policy =
        r#"@id("x") @code("groups_unknown") @reason("no") forbid (principal, action, resource);"#;
    let told = faults(&[("a.cedar", policy)]);
    assert!(told.contains("no code of Gatepost's own"), "{told}");
}
