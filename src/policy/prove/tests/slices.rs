//! By proof, not by samples: for the requests of one tenant about the things of another, or its own, its slice says what the whole set
//! says. What the registry keeps (an id begins with its tenant, and what it lies in, too) no policy can say, and so no proof knows it;
//! it is given to both sides as what is taken for granted, in the words of the policies' own scopes.

use std::collections::BTreeSet;

use cedar_policy::{EntityUid, Policy, PolicyId, PolicySet};
use proptest::prelude::*;
use proptest::sample::select;

use super::{PROVER, go_on, set_of};
use crate::policy::names;
use crate::policy::prove::ask::Asker;
use crate::policy::prove::frame::Frame;
use crate::policy::prove::guarantee::{Guarantee, Kind};
use crate::policy::{Draft, Validated, Vocabulary};

/// Where a slice does not allow what the whole allows for questions from one tenant to another.
fn differs(set: &Validated, slice: &[&Policy], from: &str, to: &str) -> Option<String> {
    let rules = set.rules();
    let whole: Vec<&Policy> = rules.policies.policies().collect();
    let taken = [whole.as_slice(), slice].concat();
    let granted = granted(&taken, from, to);
    let schema = rules.vocabulary.schema();
    let solver = PROVER.solver().unwrap();
    let session = PROVER.session(&solver, rules.vocabulary.digest(), &go_on());
    let mut asker = Asker::new(schema, PROVER.start(&solver, &go_on()), session).unwrap();
    for frame in Frame::all(schema).unwrap() {
        let here = |policies: &[&Policy]| -> PolicySet {
            let here = policies.iter().filter(|policy| frame.admits(policy));
            let given = granted.iter().filter(|forbid| frame.admits(forbid));
            PolicySet::from_policies(here.copied().chain(given).cloned()).unwrap()
        };
        let (whole, slice) = (here(&whole), here(slice));
        if whole.num_of_policies() == slice.num_of_policies() {
            // The same policies: a slice has none that the set has not.
            let ids = |set: &PolicySet| -> BTreeSet<String> {
                set.policies()
                    .map(|policy| policy.id().to_string())
                    .collect()
            };
            assert!(ids(&whole) == ids(&slice));
            continue;
        }
        for (one, other) in [(&whole, &slice), (&slice, &whole)] {
            let within = Guarantee::described("slice", Kind::Only, other.clone());
            let policies: Vec<&Policy> = one.policies().collect();
            let found = asker.keeps(&within, &policies, &frame, "slice").unwrap();
            if let Some(env) = found {
                return Some(format!("{}: {env}", frame.name));
            }
        }
    }
    None
}

/// What the registry keeps, as forbids of everything else: who asks is of `from`, the thing is of `to`, and nobody is, or lies in,
/// anything of another tenant.
fn granted(policies: &[&Policy], from: &str, to: &str) -> Vec<Policy> {
    let uids: BTreeSet<EntityUid> = policies
        .iter()
        .flat_map(|policy| policy.entity_literals())
        .collect();
    let mut forbids = vec![
        format!(
            "forbid (principal, action, resource) unless {{ principal.tenant == Tenant::\"{from}\" }};"
        ),
        format!(
            "forbid (principal, action, resource) unless {{ resource.tenant == Tenant::\"{to}\" }};"
        ),
    ];
    for uid in &uids {
        let whose = names::tenant_of(uid.id().unescaped());
        let is_foreign = |tenant: &str| whose.is_some_and(|whose| whose != tenant);
        match uid.type_name().to_string().as_str() {
            "Account" | "Group" | "Team" if is_foreign(from) => {
                forbids.push(format!("forbid (principal in {uid}, action, resource);"));
            }
            "Site" | "Project" | "Issue" if is_foreign(to) => {
                forbids.push(format!("forbid (principal, action, resource in {uid});"));
            }
            _ => {}
        }
    }
    let named = forbids.iter().enumerate();
    named
        .map(|(at, text)| {
            Policy::parse(Some(PolicyId::new(format!("granted {at}"))), text).unwrap()
        })
        .collect()
}

/// Who asks, and whose thing it is.
const PAIRS: [(&str, &str); 5] = [
    ("acme", "acme"),
    ("acme", "globex"),
    ("globex", "acme"),
    ("globex", "globex"),
    ("nobody", "acme"),
];

fn assert_agree(name: &str, set: &Validated) {
    for (from, to) in PAIRS {
        let slice = set.rules().slices.policies(from, to);
        let found = differs(set, &slice, from, to);
        assert!(found.is_none(), "{name}, {from} to {to}: {found:?}");
    }
}

/// The files of a case of the corpus, as `tests/it/policy/corpus.rs` reads them.
fn files(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for section in text.split("\n--- ").skip(1) {
        let (title, text) = section.split_once('\n').unwrap_or((section, ""));
        if title.trim_end() == "base" {
            for name in [
                "00-tenant-separation.cedar",
                "10-act-as.cedar",
                "20-members.cedar",
                "30-site-admins.cedar",
            ] {
                let text = std::fs::read_to_string(format!("policies/{name}")).unwrap();
                found.push((name.to_owned(), text));
            }
        } else if let Some(name) = title.strip_prefix("without ") {
            found.retain(|(known, _)| known != name.trim_end());
        } else {
            found.retain(|(known, _)| known != title);
            found.push((title.to_owned(), format!("{text}\n")));
        }
    }
    found
}

#[test]
fn a_slice_of_a_sound_set_is_proven_to_say_what_the_whole_says() {
    let mut tried = 0;
    for entry in std::fs::read_dir("tests/cases/sound").unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        // Only a set whose policies name tenants is cut.
        if !text.contains("acme") {
            continue;
        }
        let draft = Draft::from_files(files(&text)).unwrap();
        let set = Validated::check(&draft, &Vocabulary::core()).unwrap();
        assert_agree(&path.display().to_string(), &set);
        tried += 1;
    }
    assert!(tried >= 20, "{tried}");
}

/// Each with `T` and `U` for tenants.
const SCOPES: [&str; 8] = [
    "principal, action, resource",
    "principal in Team::\"T/red\", action, resource",
    "principal in Group::\"T/276f955c-63d7-42c8-9520-92d01dca0625\", action, resource",
    "principal == Account::\"T/ann\", action, resource in Project::\"U/PAY\"",
    "principal, action in Action::\"read\", resource in Project::\"T/PAY\"",
    "principal is Account in Team::\"T/blue\", action, resource is Issue in Project::\"T/PAY\"",
    "principal, action, resource == Site::\"T/T.atlassian.net\"",
    "principal, action == Action::\"getIssue\", resource == Issue::\"U/PAY-1\"",
];
const CONDITIONS: [&str; 9] = [
    "",
    "when { principal.tenant == Tenant::\"T\" }",
    "when { Tenant::\"T\" == resource.tenant && context.auth == \"x\" }",
    "when { principal.tenant == resource.tenant && principal.tenant == Tenant::\"T\" && context.ip.isLoopback() }",
    "when { principal.tenant == Tenant::\"T\" || resource.tenant == Tenant::\"U\" }",
    "unless { principal.tenant == Tenant::\"T\" }",
    "when { context.auth == \"y\" } when { principal.tenant == Tenant::\"U\" }",
    "when { principal in Team::\"T/red\" && resource.tenant == Tenant::\"U\" }",
    "when { principal in Group::\"T/276f955c-63d7-42c8-9520-92d01dca0625\" }",
];

fn policy() -> impl Strategy<Value = String> {
    let tenant = || select(&["acme", "globex"][..]);
    let parts = (
        select(&SCOPES[..]),
        select(&CONDITIONS[..]),
        tenant(),
        tenant(),
    );
    (any::<bool>(), parts).prop_map(|(forbids, (scope, condition, one, other))| {
        let effect = if forbids {
            "@reason(\"no\") forbid"
        } else {
            "permit"
        };
        let text = format!("{effect} ({scope}) {condition};\n");
        let text = text
            .replace("\"T\"", &format!("\"{one}\""))
            .replace("\"U\"", &format!("\"{other}\""));
        text.replace("\"T/T", &format!("\"{one}/{one}"))
            .replace("\"T/", &format!("\"{one}/"))
            .replace("\"U/", &format!("\"{other}/"))
    })
}

const TEAMS: &str = r#"[
  { "uid": { "type": "Team", "id": "acme/red" } }, { "uid": { "type": "Team", "id": "acme/blue" } },
  { "uid": { "type": "Team", "id": "globex/red" } }, { "uid": { "type": "Team", "id": "globex/blue" } }
]"#;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn a_slice_of_any_set_is_proven_to_say_what_the_whole_says(policies in prop::collection::vec(policy(), 2..8)) {
        let numbered = policies.iter().enumerate();
        let text = numbered.map(|(number, policy)| format!("@id(\"p{number}\") {policy}")).collect::<Vec<_>>().concat();
        let set = set_of(&[("a.cedar", &text), ("entities.json", TEAMS)], &Vocabulary::core());
        assert_agree(&text, &set);
    }
}

#[test]
fn a_slice_that_leaves_a_policy_out_is_found() {
    let text = r#"@id("a") permit (principal, action, resource) when { principal.tenant == Tenant::"acme" };
        @id("b") @reason("no") forbid (principal in Team::"acme/red", action, resource);"#;
    let set = set_of(
        &[("a.cedar", text), ("entities.json", TEAMS)],
        &Vocabulary::core(),
    );
    assert_agree(text, &set);
    let rules = set.rules();
    let slice = rules.slices.policies("acme", "acme");
    assert_eq!(slice.len(), 2);
    for missing in 0..2 {
        let mut slice = slice.clone();
        slice.remove(missing);
        assert!(differs(&set, &slice, "acme", "acme").is_some(), "{missing}");
        // Where the policy cannot touch the question, nothing is missing.
        assert!(
            differs(&set, &slice, "globex", "acme").is_none(),
            "{missing}"
        );
    }
    // What is taken for granted is not the answer: the slice of another tenant is no slice of this one.
    assert!(
        differs(
            &set,
            &rules.slices.policies("globex", "acme"),
            "acme",
            "acme"
        )
        .is_some()
    );
}
