//! A question is put to the part of a set that can touch it. On sets and questions made by chance, that part says what the whole
//! set says, word for word: also when policies fail, also between two tenants, also for a tenant that nobody has.

use std::net::IpAddr;

use gatepost::decision::evaluate::{rehearse, rehearse_whole};
use gatepost::decision::{Action, Circumstances, Groups, InGroups, Principal, Question};
use gatepost::ledger::entry::Effect;
use gatepost::tenant::GroupId;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::accepted;
use crate::decision::groups::{LEAVERS, STAFF};
use crate::decision::questions::{NOON, issue, site};

/// Tenants that policies name.
const TENANTS: [&str; 3] = ["a", "b", "c"];
/// Tenants of questions: policies name no `d`.
const ASKING: [&str; 4] = ["a", "b", "c", "d"];

const ENTITIES: &str = r#"[
  { "uid": { "type": "Team", "id": "a/red" } }, { "uid": { "type": "Team", "id": "b/red" } }, { "uid": { "type": "Team", "id": "c/red" } },
  { "uid": { "type": "Team", "id": "a/blue" }, "parents": [{ "type": "Team", "id": "a/red" }] },
  { "uid": { "type": "Team", "id": "b/blue" }, "parents": [{ "type": "Team", "id": "b/red" }] },
  { "uid": { "type": "Team", "id": "c/blue" } },
  { "uid": { "type": "Account", "id": "a/ann" }, "parents": [{ "type": "Team", "id": "a/blue" }] },
  { "uid": { "type": "Account", "id": "b/ann" }, "parents": [{ "type": "Team", "id": "b/blue" }] },
  { "uid": { "type": "Account", "id": "b/bob" }, "parents": [{ "type": "Team", "id": "b/red" }] },
  { "uid": { "type": "Account", "id": "c/bob" }, "parents": [{ "type": "Team", "id": "c/blue" }] }
]"#;

/// Each with `T` for a tenant.
const PRINCIPALS: [&str; 8] = [
    "principal",
    "principal",
    "principal is Account",
    r#"principal == Account::"T/ann""#,
    r#"principal in Team::"T/red""#,
    r#"principal is Account in Team::"T/blue""#,
    r#"principal in Account::"T/bob""#,
    r#"principal in Group::"T/276f955c-63d7-42c8-9520-92d01dca0625""#,
];

const RESOURCES: [&str; 8] = [
    "resource",
    "resource",
    "resource is Issue",
    r#"resource == Issue::"T/PAY-1""#,
    r#"resource in Project::"T/PAY""#,
    r#"resource is Issue in Project::"T/OPS""#,
    r#"resource == Site::"T/T.atlassian.net""#,
    r#"resource in Issue::"T/OPS-2""#,
];

/// Each with `T` and `U` for tenants, and `FAILS` for what fails where `context.auth` is `x`.
const CONDITIONS: [&str; 24] = [
    "",
    "",
    "when { FAILS }",
    r#"when { principal.tenant == Tenant::"T" }"#,
    r#"when { Tenant::"T" == resource.tenant }"#,
    r#"when { principal.tenant == Tenant::"T" && FAILS }"#,
    r#"when { FAILS && principal.tenant == Tenant::"T" }"#,
    r#"when { FAILS && resource.tenant == Tenant::"T" }"#,
    r#"when { resource.tenant == Tenant::"T" && principal.tenant == Tenant::"U" && FAILS }"#,
    r#"when { principal.tenant == resource.tenant && principal.tenant == Tenant::"T" && FAILS }"#,
    r#"when { principal.tenant == Tenant::"T" || resource.tenant == Tenant::"U" }"#,
    r#"when { principal.tenant == Tenant::"T" || FAILS }"#,
    r#"when { !(principal.tenant == Tenant::"T") }"#,
    r#"unless { principal.tenant == Tenant::"T" }"#,
    r#"unless { FAILS } when { principal.tenant == Tenant::"T" }"#,
    r#"when { FAILS } when { resource.tenant == Tenant::"T" }"#,
    r#"when { principal.tenant == Tenant::"T" } when { FAILS }"#,
    r#"when { if principal.tenant == Tenant::"T" then FAILS else context.auth == "y" }"#,
    r#"when { principal in Team::"T/red" && FAILS }"#,
    r#"when { context.actAs.tenant == Tenant::"T" && resource.tenant == Tenant::"U" }"#,
    r#"when { context.actAs in Team::"T/blue" } unless { principal.mayActAs.contains(context.actAs) }"#,
    r#"unless { principal in Group::"T/276f955c-63d7-42c8-9520-92d01dca0625" }"#,
    r#"when { context.actAs in Group::"T/6e87dc72-4f1f-421f-9382-2fee8b652487" && FAILS }"#,
    r#"when { principal.tenant == Tenant::"T" && context.actAs in Group::"U/276f955c-63d7-42c8-9520-92d01dca0625" }"#,
];

const FAILS: &str = r#"9223372036854775807 + (if context.auth == "x" then 1 else 0) > 0"#;

/// A text with tenants in place of `T` and `U`.
fn named(text: &str, one: &str, other: &str) -> String {
    let mut text = text.to_owned();
    for (letter, tenant) in [("T", one), ("U", other)] {
        for (before, after) in [("\"", "\""), ("\"", "/"), ("/", ".")] {
            text = text.replace(
                &format!("{before}{letter}{after}"),
                &format!("{before}{tenant}{after}"),
            );
        }
    }
    text
}

/// A policy without its id.
fn policy() -> impl Strategy<Value = String> {
    let tenant = || select(&TENANTS[..]);
    let principal = (select(&PRINCIPALS[..]), tenant());
    let resource = (select(&RESOURCES[..]), tenant());
    let when = (select(&CONDITIONS[..]), tenant(), tenant());
    (any::<bool>(), principal, resource, when).prop_map(|(forbids, principal, resource, when)| {
        let effect = if forbids {
            r#"@reason("no") forbid"#
        } else {
            "permit"
        };
        let (principal, resource) = (
            named(principal.0, principal.1, ""),
            named(resource.0, resource.1, ""),
        );
        let when = named(when.0, when.1, when.2).replace("FAILS", FAILS);
        format!("{effect} ({principal}, action, {resource}) {when};\n")
    })
}

/// Nothing, too little, and as a rule all that there is to know.
fn groups() -> impl Strategy<Value = Option<Groups>> {
    let id = |group: &str| group.parse::<GroupId>().expect("the id of a group");
    let all = vec![id(STAFF), id(LEAVERS)];
    let of = prop::collection::btree_map(
        select(&["ann", "bob"][..]).prop_map(str::to_owned),
        subsequence(all.clone(), 0..=2),
        0..=2,
    );
    let asked = prop_oneof![3 => Just(all.clone()), 1 => subsequence(all, 0..=2)];
    prop_oneof![
        1 => Just(None),
        1 => Just(Some(Groups::Unknown)),
        6 => (asked, of).prop_map(|(asked, of)| Some(Groups::Known(InGroups { asked, of }))),
    ]
}

fn question() -> impl Strategy<Value = Question> {
    let account = || select(&["ann", "bob"][..]);
    let tenant = || select(&ASKING[..]);
    let thing = (tenant(), select(&["PAY-1", "OPS-2", "PAY-3", ""][..]));
    let who = (tenant(), account(), account(), any::<bool>());
    let how = (select(&Action::ALL[..]), select(&["x", "y"][..]));
    (who, thing, how, groups()).prop_map(
        |((tenant, account, act_as, granted), (owner, key), (action, auth), groups)| {
            let is_site = !action.is_about_issue();
            Question {
                action,
                context: Circumstances {
                    act_as: act_as.to_owned(),
                    auth: auth.to_owned(),
                    ip: IpAddr::from([192, 0, 2, 7]),
                    now: NOON,
                },
                groups,
                principal: Principal {
                    account: account.to_owned(),
                    may_act_as: granted.then(|| act_as.to_owned()).into_iter().collect(),
                    tenant: tenant.to_owned(),
                },
                resource: if is_site {
                    site(owner)
                } else {
                    issue(owner, if key.is_empty() { "PAY-9" } else { key })
                },
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_part_says_what_the_whole_says(
        policies in prop::collection::vec(policy(), 1..14),
        questions in prop::collection::vec(question(), 40),
    ) {
        let numbered = policies.iter().enumerate();
        let named = numbered.map(|(number, policy)| format!("@id(\"p{number}\") {policy}"));
        let text = named.collect::<Vec<_>>().concat();
        let set = accepted(&[("a.cedar", &text), ("entities.json", ENTITIES)]);
        for question in questions {
            let said = rehearse(&set, &question);
            prop_assert_eq!(&said, &rehearse_whole(&set, &question), "{:?}\n{}", question, text);
            // Where it is said without groups, it would be said whatever Jira says of them.
            let unasked = Question { groups: None, ..question.clone() };
            let without = rehearse(&set, &unasked);
            if without.code != "groups_unknown" {
                prop_assert_eq!(said, without, "{:?}\n{}", question, text);
            }
        }
    }
}

#[test]
fn a_denial_names_the_forbids_of_every_part() {
    let rules = r#"
        @id("shared") @reason("shared") forbid (principal, action, resource);
        @id("from") @reason("from") forbid (principal in Team::"a/red", action, resource);
        @id("to") @reason("to") forbid (principal, action, resource in Project::"b/PAY");
        @id("both") @reason("both") forbid (principal == Account::"a/ann", action, resource in Project::"b/PAY");
        @id("permit") permit (principal, action, resource == Issue::"b/PAY-1");
        @id("not") @reason("not") forbid (principal == Account::"c/bob", action, resource);"#;
    let set = accepted(&[("a.cedar", rules), ("entities.json", ENTITIES)]);
    let mut question = crate::decision::questions::by("a", "ann");
    question.resource = issue("b", "PAY-1");
    let verdict = rehearse(&set, &question);
    let ids: Vec<_> = verdict
        .policies
        .iter()
        .map(|policy| policy.id.as_str())
        .collect();
    assert_eq!(verdict.effect, Effect::Deny);
    assert_eq!(ids, ["both", "from", "shared", "to"]);
    assert_eq!(verdict, rehearse_whole(&set, &question));
}
