//! What a refusal shows is read back as a stranger would read it, and evaluated by Cedar without any of our own code: it must be what
//! it is said to be.

use std::collections::BTreeMap;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicyId, PolicySet, Request,
    Response, RestrictedExpression,
};
use gatepost::policy::Counterexample;
use gatepost::policy::prove::Met;

use super::super::corpus::{Case, Expectation, cases};
use super::{against, shown, with};

/// The policies of some files under the names that their authors gave them.
pub(crate) fn policies<'f>(files: impl IntoIterator<Item = (&'f str, &'f str)>) -> PolicySet {
    let mut all = PolicySet::new();
    for (path, text) in files {
        let is_cedar = std::path::Path::new(path)
            .extension()
            .is_some_and(|ext| ext == "cedar");
        if !is_cedar || path.starts_with("guarantees/") {
            continue;
        }
        let set: PolicySet = text.parse().expect("policies");
        for policy in set.policies() {
            let id = PolicyId::new(policy.annotation("id").expect("an id"));
            all.add(policy.new_id(id)).expect("another id");
        }
    }
    all
}

fn uid(text: &str) -> EntityUid {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn values(
    record: &BTreeMap<String, String>,
) -> impl Iterator<Item = (String, RestrictedExpression)> {
    record.iter().map(|(name, text)| {
        let value = text.parse();
        (
            name.clone(),
            value.unwrap_or_else(|error| panic!("{text}: {error}")),
        )
    })
}

/// What Cedar says to a request as it is shown.
fn said(found: &Counterexample, policies: &PolicySet) -> Response {
    let asked = &found.request;
    let context = Context::from_pairs(values(&asked.context)).expect("a context");
    let request = Request::new(
        uid(&asked.principal),
        uid(&asked.action),
        uid(&asked.resource),
        context,
        None,
    );
    let met = found.entities.iter().map(|met| {
        let parents = met
            .parents
            .iter()
            .map(|parent| uid(parent))
            .collect::<Vec<_>>();
        let entity = uid(&met.entity);
        Entity::new_with_tags(entity, values(&met.attributes), parents, values(&met.tags))
            .expect("an entity")
    });
    // What an action lies in, the schema says.
    let schema: cedar_policy::Schema = gatepost::policy::CORE.parse().expect("a schema");
    let actions = schema.action_entities().expect("actions").into_iter();
    let entities = Entities::from_entities(met.chain(actions), None).expect("entities");
    Authorizer::new().is_authorized(&request.expect("a request"), policies, &entities)
}

fn met<'c>(found: &'c Counterexample, entity: &str) -> &'c Met {
    let mut all = found.entities.iter();
    all.find(|met| met.entity == entity)
        .unwrap_or_else(|| panic!("{entity} is not shown: {found}"))
}

/// Whether what is shown is what it is said to be.
pub(crate) fn assert_confirmed(found: &Counterexample, policies: &PolicySet) {
    let response = said(found, policies);
    let (principal, resource) = (
        met(found, &found.request.principal),
        met(found, &found.request.resource),
    );
    let reasons: Vec<String> = sorted(response.diagnostics().reason().map(ToString::to_string));
    let because_of = sorted(found.because_of.iter().map(|policy| policy.id.clone()));
    match found.guarantee.as_str() {
        "isolation" => {
            assert_eq!(response.decision(), Decision::Allow, "{found}");
            assert_ne!(
                principal.attributes["tenant"], resource.attributes["tenant"],
                "{found}"
            );
            assert_eq!(reasons, because_of, "{found}");
        }
        "act-as" => {
            assert_eq!(response.decision(), Decision::Allow, "{found}");
            let act_as = &found.request.context["actAs"];
            assert_ne!(act_as, &found.request.principal, "{found}");
            let may = &principal.attributes["mayActAs"];
            assert!(!may.contains(act_as.as_str()), "{found}");
            assert_eq!(reasons, because_of, "{found}");
        }
        "never-errs" => {
            let errors = response.diagnostics().errors().map(|error| match error {
                cedar_policy::AuthorizationError::PolicyEvaluationError(error) => {
                    error.policy_id().to_string()
                }
            });
            assert!(errors.into_iter().any(|id| [id] == *because_of), "{found}");
        }
        other => panic!("{other}: {found}"),
    }
}

fn sorted(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<_> = texts.collect();
    texts.sort();
    texts
}

fn is_linked(case: &Case) -> bool {
    case.files.iter().any(|(path, _)| path == "links.json")
}

/// How many of every `step`-th hole are shown and confirmed.
fn confirmed(step: usize) -> usize {
    let mut confirmed = 0;
    let core = gatepost::policy::Vocabulary::core();
    let holes = cases("holes").into_iter().filter(|case| {
        // Links would have to be written out by our own code, which is to be doubted here.
        matches!(case.expectation, Expectation::RefusedBy(_)) && !is_linked(case)
    });
    for case in holes.step_by(step) {
        let files = case.files.iter();
        let policies = policies(files.map(|(path, text)| (path.as_str(), text.as_str())));
        for found in shown(&case.checked(&core).expect("in order")) {
            assert_confirmed(&found, &policies);
            assert!(found.hint.len() > 20 && found.title.len() > 20, "{found}");
            confirmed += 1;
        }
    }
    confirmed
}

#[test]
fn what_is_shown_of_a_hole_is_confirmed_by_cedar_itself() {
    assert!(confirmed(6) >= 14);
}

#[test]
#[ignore = "proves every hole once more: `make soak`"]
fn what_is_shown_of_every_hole_is_confirmed_by_cedar_itself() {
    assert!(confirmed(1) >= 80);
}

/// Names as they look in real life, whatever the solver called them.
#[test]
fn whoever_is_in_it_has_a_name_that_can_be_read() {
    let open = r#"@id("open") permit (principal, action, resource) when { context.auth like "*x*" || context.actAs in Team::"acme/red" };"#;
    let entities = r#"[{ "uid": { "type": "Team", "id": "acme/red" } }]"#;
    let set = super::accepted(&[("a.cedar", open), ("entities.json", entities)]);
    let found = shown(&set);
    assert_eq!(found.len(), 2);
    for found in &found {
        let names = found.entities.iter().map(|met| met.entity.as_str());
        for name in names.chain([found.request.principal.as_str(), &found.request.resource]) {
            let (kind, id) = name.split_once("::").expect("a kind");
            let id = id.trim_matches('"');
            let tenant = |id: &str| ["acme", "globex", "initech"].contains(&id);
            let (first, rest) = id.split_once('/').unwrap_or((id, ""));
            let is_serial = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
            let is_readable = match kind {
                "Tenant" => tenant(id),
                "Account" | "Site" | "Project" | "Issue" => {
                    tenant(first) && rest.chars().all(is_serial)
                }
                "Team" => id == "acme/red",
                _ => false,
            };
            assert!(is_readable, "{name} in {found}");
        }
    }
}

#[test]
fn the_same_set_is_told_in_the_same_words_each_time() {
    let open = r#"@id("open") permit (principal, action, resource) when { context.actAs == principal };
        @id("beside") permit (principal, action == Action::"getIssue", resource);"#;
    let told = || {
        let prover = gatepost::policy::Settings::default().prover(gatepost::clock::Clock::system());
        let set = super::accepted(&[("a.cedar", open)]);
        let refused = set.examine(&prover, &gatepost::policy::Stop::default());
        let Err(gatepost::policy::ProofError::Unproven(faults)) = refused else {
            panic!("{refused:?}")
        };
        let found: Vec<_> = faults
            .faults()
            .iter()
            .map(|fault| fault.counterexample().cloned())
            .collect();
        serde_json::to_string_pretty(&found).expect("JSON")
    };
    let first = told();
    for _ in 0..3 {
        assert_eq!(told(), first);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "what is told is long")]
fn a_refusal_is_told_as_json_and_to_people() {
    let open = r#"@id("readers") @owner("x") permit (principal, action == Action::"getIssue", resource)
        when { principal.tenant == resource.site.tenant && context.actAs == principal };"#;
    let set = super::accepted(&[("30-readers.cedar", open)]);
    let [found] = &shown(&set)[..] else {
        panic!("one counterexample")
    };
    insta::assert_snapshot!(serde_json::to_string_pretty(found).expect("JSON"), @r##"
    {
      "because_of": [
        {
          "file": "30-readers.cedar",
          "id": "readers",
          "line": 1
        }
      ],
      "entities": [
        {
          "attributes": {
            "mayActAs": "[]",
            "tenant": "Tenant::\"acme\""
          },
          "entity": "Account::\"acme/ann\"",
          "parents": [],
          "tags": {}
        },
        {
          "attributes": {
            "key": "\"\"",
            "project": "Project::\"acme/PAY\"",
            "site": "Site::\"acme/acme.atlassian.net\"",
            "tenant": "Tenant::\"globex\""
          },
          "entity": "Issue::\"globex/PAY-1\"",
          "parents": [],
          "tags": {}
        },
        {
          "attributes": {},
          "entity": "Tenant::\"acme\"",
          "parents": [],
          "tags": {}
        },
        {
          "attributes": {
            "key": "\"\"",
            "site": "Site::\"acme/acme.atlassian.net\"",
            "tenant": "Tenant::\"acme\""
          },
          "entity": "Project::\"acme/PAY\"",
          "parents": [],
          "tags": {}
        },
        {
          "attributes": {
            "host": "\"\"",
            "tenant": "Tenant::\"acme\""
          },
          "entity": "Site::\"acme/acme.atlassian.net\"",
          "parents": [],
          "tags": {}
        },
        {
          "attributes": {},
          "entity": "Tenant::\"globex\"",
          "parents": [],
          "tags": {}
        }
      ],
      "environment": "getIssue(Account, Issue)",
      "guarantee": "isolation",
      "hint": "the shipped rule `tenant-separation` (00-tenant-separation.cedar) is not in the set: put it back, or add `principal.tenant == resource.tenant` to the `when` of `readers`",
      "request": {
        "action": "Action::\"getIssue\"",
        "context": {
          "actAs": "Account::\"acme/ann\"",
          "auth": "\"\"",
          "ip": "ip(\"0.0.0.0/32\")",
          "now": "datetime(\"1970-01-01\").offset(duration(\"0ms\"))"
        },
        "principal": "Account::\"acme/ann\"",
        "resource": "Issue::\"globex/PAY-1\""
      },
      "title": "an account reaches only what is its own tenant's",
      "what": "an account of one tenant reaches a thing of another"
    }
    "##);
    insta::assert_snapshot!(found.to_string(), @r##"
    guarantee  isolation: an account reaches only what is its own tenant's
    principal  Account::"acme/ann"
    action     Action::"getIssue"
    resource   Issue::"globex/PAY-1"
    context    actAs: Account::"acme/ann"
               auth: ""
               ip: ip("0.0.0.0/32")
               now: datetime("1970-01-01").offset(duration("0ms"))
    entities   Account::"acme/ann" { mayActAs: [], tenant: Tenant::"acme" }
               Issue::"globex/PAY-1" { key: "", project: Project::"acme/PAY", site: Site::"acme/acme.atlassian.net", tenant: Tenant::"globex" }
               Tenant::"acme"
               Project::"acme/PAY" { key: "", site: Site::"acme/acme.atlassian.net", tenant: Tenant::"acme" }
               Site::"acme/acme.atlassian.net" { host: "", tenant: Tenant::"acme" }
               Tenant::"globex"
    policies   `readers` in 30-readers.cedar:1
    "##);
    insta::assert_snapshot!(against(&set).expect("refused").to_string(), @r##"30-readers.cedar:1: `isolation` is not kept: an account of one tenant reaches a thing of another"##);
}

#[test]
fn the_hint_tells_whether_a_shipped_rule_is_missing_or_was_edited() {
    let open = (
        "30.cedar",
        r#"@id("open") permit (principal, action, resource) when { context.actAs == principal };"#,
    );
    let hint = |files: &[(&str, &str)]| shown(&super::accepted(files))[0].hint.clone();
    assert!(hint(&[open]).starts_with("the shipped rule `tenant-separation` (00-tenant-separation.cedar) is not in the set: put it back"));
    let edited = super::SEPARATION.replace("unless {", "when { context.auth != \"x\" } unless {");
    assert!(
        hint(&[open, ("00.cedar", &edited)])
            .starts_with("the rule `tenant-separation` is not as it was shipped")
    );
    let errs = r#"@id("late") @reason("no") forbid (principal, action, resource) when { context.now.offset(duration("1d")) > context.now };"#;
    let found = shown(&with(&[("30.cedar", errs)]));
    assert!(
        found[0].hint.contains("overflow in `late`"),
        "{}",
        found[0].hint
    );
}
