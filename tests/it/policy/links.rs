//! Links of templates become policies like any other.

use gatepost::decision::evaluate::rehearse;

use super::{accepted, faults};
use crate::decision::questions::{ann_reads, by};

const TEMPLATE: &str = r#"
@id("reader-of-project") @owner("security")
permit (principal == ?principal, action == Action::"getIssue", resource in ?resource)
when { principal.tenant == resource.tenant && context.actAs == principal };"#;

fn link(id: &str, principal: &str) -> String {
    format!(
        r#"[{{ "template_id": "reader-of-project", "link_id": "{id}",
              "args": {{ "?principal": "{principal}", "?resource": "Project::\"acme/PAY\"" }} }}]"#
    )
}

fn of(links: &str) -> String {
    faults(&[("a.cedar", TEMPLATE), ("links.json", links)])
}

#[test]
fn a_link_allows_what_its_template_says_of_its_values() {
    let set = accepted(&[
        ("a.cedar", TEMPLATE),
        (
            "links.json",
            &link("ann-reads-pay", "Account::\\\"acme/ann\\\""),
        ),
    ]);
    assert_eq!(set.policy_count(), 1);
    let verdict = rehearse(&set, &ann_reads());
    assert!(verdict.allows());
    let policy = &verdict.policies[0];
    assert_eq!(
        (policy.id.as_str(), policy.file.as_str(), policy.line),
        ("ann-reads-pay", "a.cedar", 2)
    );
    assert!(!rehearse(&set, &by("acme", "bob")).allows());
}

#[test]
fn a_template_without_links_allows_nothing() {
    let set = accepted(&[("a.cedar", TEMPLATE)]);
    assert_eq!(set.policy_count(), 0);
    assert!(!rehearse(&set, &ann_reads()).allows());
}

#[test]
fn a_template_is_validated_also_without_links() {
    let wrong = TEMPLATE.replace("principal.tenant", "principal.tenants");
    assert!(
        faults(&[("a.cedar", &wrong)]).starts_with("a.cedar:4: for policy `reader-of-project`")
    );
}

#[test]
fn each_fault_of_a_link_is_named() {
    assert_eq!(
        of(&link("ann-reads-pay", "ann")),
        "links.json: link `ann-reads-pay`: `ann` is not an entity, as in `Team::\"acme/payments\"`"
    );
    assert_eq!(
        of(&link("a b", "Account::\\\"acme/ann\\\"")),
        "links.json: link `a b`: `link_id` must be 1 to 128 letters, digits or any of `-_.:/`"
    );
    assert_eq!(
        of(&link("reader-of-project", "Account::\\\"acme/ann\\\"")),
        "links.json: link `reader-of-project`: the id is taken by a.cedar:2"
    );
    assert_eq!(
        of(&link("x", "Account::\\\"ann\\\"")),
        "a.cedar:2: `Account::\"ann\"` does not name its tenant: write `Account::\"{tenant}/…\"`"
    );
    let unknown = link("x", "Account::\\\"acme/ann\\\"").replace("reader-of-project", "writer");
    assert_eq!(
        of(&unknown),
        "links.json: link `x`: there is no template `writer`"
    );
    let slot = link("x", "Account::\\\"acme/ann\\\"").replace("?resource", "?thing");
    assert_eq!(
        of(&slot),
        "links.json: link `x`: `?thing` is not a slot; there are `?principal` and `?resource`"
    );
    let never = of(&link("x", "Team::\\\"acme/a\\\""));
    assert!(never.contains("a.cedar:2: for policy `x`"), "{never}");
    let empty = of(r#"[{ "template_id": "reader-of-project", "link_id": "x", "args": {} }]"#);
    assert!(
        empty.starts_with("links.json: link `x`: the following slots were not provided"),
        "{empty}"
    );
    assert!(of(r#"[{ "template": "x" }]"#).starts_with("links.json: unknown field `template`"));
}

#[test]
fn links_written_out_have_a_limit_together() {
    let long = "x".repeat(200_000);
    let template = format!(
        "@id(\"t\") permit (principal == ?principal, action, resource) when {{ context.auth == \"{long}\" }};"
    );
    let link = |n: usize| {
        format!(
            r#"{{"template_id":"t","link_id":"l{n}","args":{{"?principal":"Account::\"acme/u{n}\""}}}}"#
        )
    };
    let links: Vec<_> = (0..100).map(link).collect();
    let told = faults(&[
        ("a.cedar", &template),
        ("links.json", &format!("[{}]", links.join(","))),
    ]);
    assert_eq!(
        told,
        "links.json: link `l83`: written out, the links to here are larger than 16 MiB"
    );
}
