//! By chance: sets made of what people write. Whatever is admitted lets nobody across and nobody act as another, under requests that
//! are tried with the values at the ends of their ranges; whatever is refused comes with a request that Cedar itself confirms; and for
//! such sets there is always an answer.

use std::net::IpAddr;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request,
    RestrictedExpression,
};
use gatepost::decision::evaluate::{rehearse, rehearse_whole};
use gatepost::decision::{Action, Circumstances, Groups, InGroups, Principal, Question, Thing};
use gatepost::policy::{Draft, Stop, Validated, Vocabulary};
use gatepost::tenant::GroupId;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::super::proven::PROVER;
use super::counterexamples::{assert_confirmed, policies};
use super::{ACT_AS, SEPARATION};
use crate::decision::groups::{LEAVERS, STAFF};

const PRINCIPALS: [&str; 6] = [
    "principal",
    "principal",
    "principal",
    "principal is Account",
    "principal in Team::\"acme/red\"",
    "principal == Account::\"globex/bob\"",
];
const ACTIONS: [&str; 6] = [
    "action",
    "action",
    "action in Action::\"read\"",
    "action == Action::\"getIssue\"",
    "action in [Action::\"editIssue\", Action::\"deleteIssue\"]",
    "action in Action::\"admin\"",
];
const RESOURCES: [&str; 6] = [
    "resource",
    "resource",
    "resource",
    "resource is Issue",
    "resource in Project::\"acme/PAY\"",
    "resource == Site::\"globex/globex.atlassian.net\"",
];
/// Those that keep tenants and accounts apart stand first and several times, or next to nothing would be sound.
const ATOMS: [&str; 37] = [
    "principal.tenant == resource.tenant",
    "principal.tenant == resource.tenant",
    "principal.tenant == resource.tenant",
    "context.actAs == principal",
    "context.actAs == principal",
    "principal.mayActAs.contains(context.actAs)",
    "context.actAs.tenant == principal.tenant",
    "context.actAs.tenant == resource.tenant",
    "principal.mayActAs.isEmpty()",
    "resource has site && principal.tenant == resource.site.tenant",
    "resource has project && resource.project.tenant == resource.tenant",
    "resource.tenant == Tenant::\"acme\"",
    "principal.tenant == Tenant::\"acme\"",
    "principal.tenant == Tenant::\"globex\"",
    "[Tenant::\"acme\", Tenant::\"globex\"].contains(resource.tenant)",
    "principal in Team::\"acme/red\"",
    "principal in [Team::\"acme/red\", Team::\"globex/red\"]",
    "context.actAs in Team::\"globex/red\"",
    "principal in Group::\"acme/276f955c-63d7-42c8-9520-92d01dca0625\"",
    "context.actAs in Group::\"globex/6e87dc72-4f1f-421f-9382-2fee8b652487\"",
    "principal.hasTag(\"role\") && principal.getTag(\"role\") == \"admin\"",
    "context.actAs.hasTag(\"role\") && context.actAs.getTag(\"role\") like \"a*\"",
    "context.ip.isIpv4()",
    "context.ip.isIpv6()",
    "context.ip.isLoopback()",
    "context.ip.isMulticast()",
    "context.ip.isInRange(ip(\"10.0.0.0/8\"))",
    "context.ip.isInRange(ip(\"0.0.0.0/1\"))",
    "context.ip.isInRange(ip(\"128.0.0.0/1\"))",
    "context.ip.isInRange(ip(\"2001:db8::/32\"))",
    "context.now < datetime(\"2026-11-23\")",
    "context.now >= datetime(\"1970-01-01T00:00:00Z\")",
    "context.now.toTime() < duration(\"7h\")",
    "context.auth == \"connect_request\"",
    "context.auth like \"connect_*\"",
    "resource has host && resource.host like \"*.atlassian.net\"",
    "action in Action::\"write\"",
];

const ENTITIES: &str = r#"[
  { "uid": { "type": "Team", "id": "acme/red" } }, { "uid": { "type": "Team", "id": "globex/red" } },
  { "uid": { "type": "Account", "id": "acme/ann" }, "parents": [{ "type": "Team", "id": "acme/red" }], "tags": { "role": "admin" } },
  { "uid": { "type": "Account", "id": "globex/bob" }, "parents": [{ "type": "Team", "id": "globex/red" }] },
  { "uid": { "type": "Account", "id": "globex/ann" }, "tags": { "role": "about" } }
]"#;

fn condition() -> impl Strategy<Value = String> {
    let atom = select(&ATOMS[..]).prop_map(|atom| format!("({atom})"));
    atom.prop_recursive(3, 8, 3, |inner| {
        let two = || (inner.clone(), inner.clone());
        prop_oneof![
            3 => two().prop_map(|(one, two)| format!("({one} && {two})")),
            2 => two().prop_map(|(one, two)| format!("({one} || {two})")),
            1 => inner.clone().prop_map(|one| format!("!{one}")),
            1 => (inner.clone(), two()).prop_map(|(one, (two, three))| format!("(if {one} then {two} else {three})")),
        ]
    })
}

/// A policy without its id.
fn policy() -> impl Strategy<Value = String> {
    let scope = (
        select(&PRINCIPALS[..]),
        select(&ACTIONS[..]),
        select(&RESOURCES[..]),
    );
    let effect = prop_oneof![
        3 => Just(("permit", "when")),
        1 => Just(("@reason(\"no\") forbid", "when")),
        2 => Just(("@reason(\"no\") forbid", "unless")),
    ];
    (effect, scope, condition()).prop_map(|((effect, clause), (who, what, which), condition)| {
        format!("{effect} ({who}, {what}, {which}) {clause} {{ {condition} }};")
    })
}

/// Some policies, beside the shipped forbids or not.
fn files() -> impl Strategy<Value = Vec<(String, String)>> {
    let shipped = vec![("00.cedar", SEPARATION), ("10.cedar", ACT_AS)];
    let shipped = prop_oneof![
        2 => Just(shipped.clone()),
        1 => subsequence(shipped, 0..=2),
    ];
    (shipped, prop::collection::vec(policy(), 1..6)).prop_map(|(shipped, policies)| {
        let named = policies.into_iter().enumerate();
        let own = named.map(|(number, policy)| {
            (
                format!("{}.cedar", 30 + number),
                format!("@id(\"p{number}\") {policy}"),
            )
        });
        let shipped = shipped
            .into_iter()
            .map(|(name, text)| (name.to_owned(), text.to_owned()));
        let mut files: Vec<_> = shipped
            .chain(own.filter(|(_, text)| is_in_order(text)))
            .collect();
        files.push(("entities.json".to_owned(), ENTITIES.to_owned()));
        files
    })
}

/// What can never match is refused before any proof; by chance that is not rare.
fn is_in_order(policy: &str) -> bool {
    let draft = Draft::from_files([("a.cedar", policy), ("entities.json", ENTITIES)]);
    draft
        .and_then(|draft| Validated::check(&draft, &Vocabulary::core()))
        .is_ok()
}

/// Nothing if there is no policy left, or two of them do not go together.
fn checked(files: &[(String, String)]) -> Option<Validated> {
    let draft = Draft::from_files(files.iter().cloned()).ok()?;
    Validated::check(&draft, &Vocabulary::core()).ok()
}

fn address() -> impl Strategy<Value = IpAddr> {
    let ends = [
        "0.0.0.0",
        "255.255.255.255",
        "127.0.0.1",
        "10.255.255.255",
        "224.0.0.1",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "2001:db8::1",
        "ff02::1",
    ];
    let ends = ends.map(|text| text.parse::<IpAddr>().expect("an address"));
    prop_oneof![
        Just(ends.to_vec()).prop_flat_map(select),
        any::<u32>().prop_map(|bits| IpAddr::from(bits.to_be_bytes()))
    ]
}

fn moment() -> impl Strategy<Value = i64> {
    prop_oneof![
        select(
            &[
                i64::MIN,
                i64::MAX,
                -1,
                0,
                1,
                1_795_435_200_000_000,
                1_795_391_999_999_999
            ][..]
        ),
        any::<i64>(),
    ]
}

fn question() -> impl Strategy<Value = Question> {
    let tenant = || select(&["acme", "globex", "initech"][..]);
    let account = || select(&["ann", "bob", "eve"][..]);
    let who = (
        tenant(),
        account(),
        account(),
        subsequence(vec!["ann", "bob", "eve"], 0..=2),
    );
    let what = (
        select(&Action::ALL[..]),
        tenant(),
        select(&["PAY-1", "OPS-2"][..]),
    );
    let how = (
        address(),
        moment(),
        select(&["connect_request", "connect_context", ""][..]),
    );
    (who, what, how, (groups(), groups())).prop_map(
        |((from, account, act_as, may), (action, to, key), (ip, now, auth), (mine, others))| {
            let host = format!("{to}.atlassian.net");
            let resource = match action {
                action if action.is_about_issue() => Thing::Issue {
                    host,
                    key: key.to_owned(),
                    project: key[..3].to_owned(),
                    tenant: to.to_owned(),
                },
                _ => Thing::Site {
                    host,
                    tenant: to.to_owned(),
                },
            };
            Question {
                action,
                context: Circumstances {
                    act_as: act_as.to_owned(),
                    auth: auth.to_owned(),
                    ip,
                    now,
                },
                groups: Some(known([(account, mine), (act_as, others)])),
                principal: Principal {
                    account: account.to_owned(),
                    may_act_as: may.into_iter().map(str::to_owned).collect(),
                    tenant: from.to_owned(),
                },
                resource,
            }
        },
    )
}

/// What accounts may lie in.
const PARENTS: [&str; 4] = [
    "Team::\"acme/red\"",
    "Team::\"globex/red\"",
    "Group::\"acme/276f955c-63d7-42c8-9520-92d01dca0625\"",
    "Group::\"globex/6e87dc72-4f1f-421f-9382-2fee8b652487\"",
];

/// Who is in which groups, all that there is to know.
fn groups() -> impl Strategy<Value = Vec<GroupId>> {
    let id = |group: &str| group.parse::<GroupId>().expect("the id of a group");
    subsequence(vec![id(STAFF), id(LEAVERS)], 0..=2)
}

fn known(accounts: [(&str, Vec<GroupId>); 2]) -> Groups {
    let of = accounts.map(|(account, groups)| (account.to_owned(), groups));
    let asked = [STAFF, LEAVERS].map(|group| group.parse().expect("the id of a group"));
    Groups::Known(InGroups {
        asked: asked.into(),
        of: of.into(),
    })
}

/// A request that no registry would make: accounts in foreign teams, issues of one tenant on another's site, whole networks for an
/// address. The proof is about these, too.
#[derive(Clone, Debug)]
struct Raw {
    tenants: [&'static str; 5],
    parents: Vec<&'static str>,
    may: Vec<&'static str>,
    act_as: &'static str,
    account: &'static str,
    action: &'static str,
    ip: &'static str,
    now: String,
    auth: &'static str,
    tag: Option<&'static str>,
}

fn raw() -> impl Strategy<Value = Raw> {
    let tenant = || select(&["acme", "globex", "initech"][..]);
    let accounts = vec!["acme/ann", "globex/bob", "globex/ann"];
    let ips = [
        "0.0.0.0/0",
        "10.0.0.0/7",
        "10.0.0.0/8",
        "128.0.0.0/1",
        "127.0.0.0/8",
        "::/0",
        "::1",
        "2001:db8::/31",
        "0.0.0.0",
    ];
    let nows = prop_oneof![select(&[i64::MIN, i64::MAX, 0, -1, 1][..]), any::<i64>(),];
    let who = (
        select(accounts.clone()),
        select(accounts.clone()),
        subsequence(accounts, 0..=3),
        subsequence(PARENTS.to_vec(), 0..=4),
    );
    let tenants = [tenant(), tenant(), tenant(), tenant(), tenant()];
    let how = (
        select(
            &[
                "getIssue",
                "editIssue",
                "deleteIssue",
                "findIssue",
                "getServerInfo",
                "getMyself",
                "listFields",
                "administerSite",
                "superviseSite",
            ][..],
        ),
        select(ips.to_vec()),
        nows,
        select(&["connect_request", "connect_", "x"][..]),
        select(&[None, Some("admin"), Some("a")][..]),
    );
    (who, tenants, how).prop_map(
        |((account, act_as, may, parents), tenants, (action, ip, now, auth, tag))| Raw {
            tenants,
            parents,
            may,
            act_as,
            account,
            action,
            ip,
            now: format!("datetime(\"1970-01-01\").offset(duration(\"{now}ms\"))"),
            auth,
            tag,
        },
    )
}

impl Raw {
    /// What Cedar says: whether it is allowed, and whether a policy failed.
    #[expect(
        clippy::too_many_lines,
        reason = "a request with all its entities, from top to bottom"
    )]
    fn said(&self, set: &PolicySet) -> (bool, bool) {
        let value = |text: &str| text.parse::<RestrictedExpression>().expect("a value");
        let uid = |text: &str| text.parse::<EntityUid>().expect("an id");
        let tenant = |at: usize| value(&format!("Tenant::\"{}\"", self.tenants[at]));
        let list = |of: &[&str]| {
            of.iter()
                .map(|id| format!("Account::\"{id}\""))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let account = |id: &str, at: usize| {
            let attributes = [
                ("tenant".to_owned(), tenant(at)),
                (
                    "mayActAs".to_owned(),
                    value(&format!("[{}]", list(&self.may))),
                ),
            ];
            let parents = self.parents.iter().map(|parent| uid(parent));
            let tags = self
                .tag
                .map(|tag| ("role".to_owned(), value(&format!("\"{tag}\""))));
            Entity::new_with_tags(
                uid(&format!("Account::\"{id}\"")),
                attributes,
                parents,
                tags,
            )
            .expect("an account")
        };
        let thing =
            |id: &str, attributes: Vec<(&str, RestrictedExpression)>, parents: Vec<EntityUid>| {
                let attributes = attributes
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value));
                Entity::new_with_tags(uid(id), attributes, parents, []).expect("a thing")
            };
        let (site, project, issue) = (
            "Site::\"globex/globex.atlassian.net\"",
            "Project::\"acme/PAY\"",
            "Issue::\"acme/PAY-1\"",
        );
        let mut entities = vec![
            account(self.account, 0),
            thing(
                site,
                vec![
                    ("tenant", tenant(2)),
                    ("host", value("\"globex.atlassian.net\"")),
                ],
                vec![],
            ),
            thing(
                project,
                vec![
                    ("tenant", tenant(3)),
                    ("site", value(site)),
                    ("key", value("\"PAY\"")),
                ],
                vec![],
            ),
            thing(
                issue,
                vec![
                    ("tenant", tenant(4)),
                    ("site", value(site)),
                    ("project", value(project)),
                    ("key", value("\"PAY-1\"")),
                ],
                vec![uid(project)],
            ),
        ];
        if self.act_as != self.account {
            entities.push(account(self.act_as, 1));
        }
        let schema: cedar_policy::Schema = gatepost::policy::CORE.parse().expect("a schema");
        entities.extend(schema.action_entities().expect("actions"));
        let context = [
            ("actAs", list(&[self.act_as])),
            ("ip", format!("ip(\"{}\")", self.ip)),
            ("now", self.now.clone()),
            ("auth", format!("\"{}\"", self.auth)),
        ];
        let context =
            Context::from_pairs(context.map(|(name, text)| (name.to_owned(), value(&text))))
                .expect("a context");
        let request = Request::new(
            uid(&format!("Account::\"{}\"", self.account)),
            uid(&format!("Action::\"{}\"", self.action)),
            uid(if self.is_about_a_site() { site } else { issue }),
            context,
            // Only a request that the schema knows is one that the proof speaks of.
            Some(&schema),
        );
        let entities = Entities::from_entities(entities, Some(&schema)).expect("entities");
        let response =
            Authorizer::new().is_authorized(&request.expect("a request"), set, &entities);
        (
            response.decision() == Decision::Allow,
            response.diagnostics().errors().next().is_some(),
        )
    }

    fn is_about_a_site(&self) -> bool {
        !["getIssue", "editIssue", "deleteIssue"].contains(&self.action)
    }

    fn is_within_the_guarantees(&self) -> bool {
        let thing = self.tenants[if self.is_about_a_site() { 2 } else { 4 }];
        let acts_well = self.act_as == self.account || self.may.contains(&self.act_as);
        self.tenants[0] == thing && acts_well
    }
}

/// As many as are wanted by `PROPTEST_CASES`, within reason: a case is up to a hundred proofs and takes a quarter of a second.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    let cases = if usual.cases == 256 {
        32
    } else {
        usual.cases.min(4_000)
    };
    ProptestConfig {
        cases,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..usual
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_admitted_keeps_everybody_apart_and_what_is_refused_does_not(
        files in files(),
        questions in prop::collection::vec(question(), 60),
        raws in prop::collection::vec(raw(), 60),
    ) {
        let Some(set) = checked(&files) else {
            return Ok(());
        };
        let texts = policies(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        match set.examine(&PROVER, &Stop::default()) {
            Ok(_) => {
                for question in &questions {
                    let allowed = rehearse_whole(&set, question).allows();
                    prop_assert_eq!(allowed, rehearse(&set, question).allows());
                    let (me, other) = (&question.principal.account, &question.context.act_as);
                    let acts_well = me == other || question.principal.may_act_as.contains(other);
                    let is_own = question.principal.tenant == question.resource.tenant();
                    prop_assert!(!allowed || (is_own && acts_well), "{:?}", question);
                }
                for raw in &raws {
                    let (allowed, failed) = raw.said(&texts);
                    prop_assert!(!failed && (!allowed || raw.is_within_the_guarantees()), "{:?}", raw);
                }
            }
            Err(gatepost::policy::ProofError::Unproven(faults)) => {
                for fault in faults.faults() {
                    let found = fault.counterexample();
                    prop_assert!(found.is_some(), "undecided: {}", fault);
                    assert_confirmed(found.expect("a counterexample"), &texts);
                }
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}

/// Both ends of the property are met: a grammar that made sound sets only, or none, would show nothing.
#[test]
fn chance_makes_sets_of_both_kinds() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut sound, mut holed) = (0, 0);
    for _ in 0..16 {
        let files = files().new_tree(&mut runner).expect("a set").current();
        let Some(set) = checked(&files) else {
            continue;
        };
        let count = if set.examine(&PROVER, &Stop::default()).is_ok() {
            &mut sound
        } else {
            &mut holed
        };
        *count += 1;
    }
    assert!(
        sound >= 3 && holed >= 3,
        "{sound} sound, {holed} with holes"
    );
}
