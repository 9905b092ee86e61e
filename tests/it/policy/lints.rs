//! What looks like a mistake and refuses nothing: what is found, and what is not.

use std::path::{Path, PathBuf};
use std::time::Duration;

use gatepost::clock::Clock;
use gatepost::policy::{
    Bounds, CORE, Draft, Finding, Findings, Prover, Stop, Validated, Vocabulary,
};

use super::accepted;

fn prover(solver: Option<&str>) -> Prover {
    let bounds = Bounds {
        solver: solver.map(PathBuf::from),
        query_timeout: Duration::from_secs(20),
        timeout: Duration::from_mins(2),
    };
    Prover::new(bounds, Clock::system())
}

fn look(files: &[(&str, &str)]) -> Findings {
    accepted(files).look(&prover(None), &Stop::default())
}

/// Each finding in a line: `rule file:line: message`.
fn lines(found: &[Finding]) -> Vec<String> {
    let lines = found.iter().map(|it| format!("{} {it}", it.rule));
    lines.collect()
}

/// What the solver finds in one file.
fn looked(policies: &str) -> Vec<String> {
    let findings = look(&[("a.cedar", policies)]);
    assert_eq!(findings.notes, [""; 0]);
    lines(&findings.sorted().found)
}

/// What the texts alone show.
fn read(files: &[(&str, &str)]) -> Vec<String> {
    let draft = Draft::from_files(files.iter().copied()).expect("files in order");
    lines(&draft.findings())
}

fn help(files: &[(&str, &str)]) -> Vec<String> {
    let draft = Draft::from_files(files.iter().copied()).expect("files in order");
    let found = draft.findings();
    let help = found.iter().map(|it| it.what.advice().unwrap_or_default());
    help.map(str::to_owned).collect()
}

#[test]
fn conditions_that_contradict_each_other_never_match() {
    let found = looked(
        r#"@id("one") permit (principal, action == Action::"getIssue", resource)
           when { resource.key like "PAY-*" && resource.key like "OPS-*" };
           @id("two") permit (principal, action == Action::"editIssue", resource)
           when { resource.key like "PAY-*" && resource.key like "*-1" };"#,
    );
    assert_eq!(
        found,
        ["never-matches a.cedar:1: `one` matches no request that there can be"]
    );
}

#[test]
fn a_policy_that_matches_in_one_environment_only_does_match() {
    let found = looked(
        r#"@id("one") permit (principal, action, resource)
           when { resource is Site && resource.host == "acme.atlassian.net" };"#,
    );
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_permit_within_another_is_shadowed() {
    let found = looked(
        r#"@id("members") permit (principal, action == Action::"getIssue", resource)
           when { principal.tenant == resource.tenant };
           @id("ann") permit (principal == Account::"acme/ann", action == Action::"getIssue", resource)
           when { principal.tenant == resource.tenant };
           @id("bob") permit (principal == Account::"acme/bob", action == Action::"editIssue", resource)
           when { principal.tenant == resource.tenant };"#,
    );
    assert_eq!(
        found,
        ["shadowed a.cedar:3: `ann` adds nothing: `members` permits all of it"]
    );
}

#[test]
fn a_permit_that_a_forbid_takes_away_is_shadowed() {
    let found = looked(
        r#"@id("sep") @reason("no") forbid (principal, action, resource)
           unless { principal.tenant == resource.tenant };
           @id("across") permit (principal, action == Action::"getIssue", resource)
           when { principal.tenant != resource.tenant };
           @id("all") permit (principal, action == Action::"getIssue", resource);"#,
    );
    assert_eq!(
        found,
        ["shadowed a.cedar:3: `across` allows nothing: `sep` forbids all of it"]
    );
}

#[test]
fn of_two_that_say_the_same_one_is_shadowed() {
    let found = looked(
        r#"@id("one") permit (principal, action, resource) when { principal.tenant == resource.tenant };
           @id("two") permit (principal, action, resource) when { resource.tenant == principal.tenant };"#,
    );
    assert_eq!(found.len(), 1, "{found:?}");
}

/// The caller is told the reason of the first.
#[test]
fn a_narrow_forbid_before_a_wide_one_gives_its_own_reason_and_behind_it_none() {
    let narrow = r#"@id("narrow") @reason("the vault is closed")
        forbid (principal, action == Action::"deleteIssue", resource) unless { principal.tenant == resource.tenant };"#;
    let wide = r#"@id("wide") @reason("no")
        forbid (principal, action, resource) unless { principal.tenant == resource.tenant };"#;
    assert_eq!(looked(&format!("{narrow}\n{wide}")), [""; 0]);
    assert_eq!(
        looked(&format!("{wide}\n{narrow}")),
        ["shadowed a.cedar:3: `narrow` adds nothing: `wide` forbids all of it"]
    );
    let same = narrow.replace("the vault is closed", "no");
    assert_eq!(
        looked(&format!("{same}\n{wide}")),
        ["shadowed a.cedar:1: `narrow` adds nothing: `wide` forbids all of it"]
    );
}

#[test]
fn links_of_a_template_are_looked_at_like_policies() {
    let policies = r#"@id("any") permit (principal in ?principal, action == Action::"getIssue", resource)
        when { principal.tenant == resource.tenant };
        @id("all") permit (principal, action == Action::"getIssue", resource)
        when { principal.tenant == resource.tenant };"#;
    let findings = look(&[
        ("a.cedar", policies),
        (
            "entities.json",
            r#"[{"uid":{"type":"Team","id":"acme/t"}}]"#,
        ),
        (
            "links.json",
            r#"[{"template_id":"any","link_id":"l","args":{"?principal":"Team::\"acme/t\""}}]"#,
        ),
    ]);
    assert_eq!(
        lines(&findings.found),
        ["shadowed a.cedar:1: `l` adds nothing: `all` permits all of it"]
    );
}

/// A lint that finds something in what is shipped would be noise from the first day.
#[test]
fn the_shipped_rules_are_silent_also_with_the_examples_switched_on() {
    let shipped = Draft::read(Path::new("policies")).expect("the shipped folder");
    let mut files = shipped.files().clone();
    let set = Validated::check(&shipped, &Vocabulary::core()).expect("a set in order");
    let findings = set.look(&prover(None), &Stop::default());
    assert_eq!((lines(&findings.found), findings.notes), (vec![], vec![]));
    let examples = files.get_mut("90-examples.cedar").expect("the examples");
    *examples = examples
        .lines()
        .map(|line| line.strip_prefix("// ").unwrap_or(line).to_owned() + "\n")
        .collect();
    let teams = ["staff", "payments", "admins"]
        .map(|name| format!(r#"{{"uid":{{"type":"Team","id":"acme/{name}"}}}}"#));
    files.insert("entities.json".to_owned(), format!("[{}]", teams.join(",")));
    let draft = Draft::from_files(files).expect("files in order");
    assert_eq!(lines(&draft.findings()), [""; 0]);
    let set =
        Validated::check(&draft, &Vocabulary::core()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(set.policy_count(), 14);
    let findings = set.look(&prover(None), &Stop::default());
    assert_eq!((lines(&findings.found), findings.notes), (vec![], vec![]));
}

#[test]
fn what_was_not_looked_at_is_said() {
    let set = accepted(&[("a.cedar", super::PERMIT)]);
    let without = set.look(&prover(Some("/no/cvc5")), &Stop::default());
    assert_eq!(lines(&without.found), [""; 0]);
    assert_eq!(without.notes.len(), 1);
    assert!(
        without.notes[0].starts_with("not looked at: `never-matches` and `shadowed`: they need the solver cvc5 (on Debian: apt-get install cvc5)"),
        "{without:?}"
    );
    let stop = Stop::default();
    stop.ask();
    let called_off = set.look(&prover(None), &stop);
    assert_eq!(
        called_off.notes,
        ["not looked at: `never-matches` and `shadowed`: it was called off"]
    );
}

/// With fields that Jira has to be asked for, as the core does not have them.
fn fetched(policy: &str) -> Vec<String> {
    let issue = "/// `PAY-17`\n  key: String,\n";
    assert!(CORE.contains(issue));
    let schema = CORE.replace(issue, "key: String, fields: IssueFields,")
        + "entity IssueFields { status: String, securityLevel?: String };";
    let vocabulary =
        Vocabulary::replaced("other", &schema).unwrap_or_else(|error| panic!("{error}"));
    let text = format!(
        "@id(\"x\") permit (principal, action == Action::\"getIssue\", resource)\n{policy};"
    );
    let draft = Draft::from_files([("a.cedar", text)]).expect("files in order");
    let set = Validated::check(&draft, &vocabulary).unwrap_or_else(|error| panic!("{error}"));
    lines(&set.findings())
}

#[test]
fn what_is_fetched_comes_behind_what_is_known() {
    let open = "resource.fields.status == \"open\"";
    let own = "context.actAs == principal";
    let refused = format!(
        "unknown-before-known a.cedar:1: `{open}` has to be fetched, and comes before `{own}`, which does not"
    );
    assert_eq!(
        fetched(&format!("when {{ {open} && {own} }}")),
        [refused.as_str()]
    );
    assert_eq!(
        fetched(&format!("when {{ {open} || {own} }}")),
        [refused.as_str()]
    );
    assert_eq!(
        fetched(&format!("when {{ {open} }} unless {{ {own} }}")),
        [refused.as_str()]
    );
    assert_eq!(
        fetched(&format!("when {{ true && ({open} && {own}) && {own} }}")),
        [refused.as_str()]
    );
    // Who is in a group is asked of Jira, too, and only where what stands before it is true.
    let group = "principal in Group::\"acme/276f955c-63d7-42c8-9520-92d01dca0625\"";
    let told = fetched(&format!("when {{ {group} && {own} }}"));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("comes before"), "{told:?}");
    for fine in [
        format!("when {{ {own} && {group} }}"),
        format!("when {{ {own} }} unless {{ {group} }}"),
        format!("when {{ {own} && {open} }}"),
        format!("when {{ {own} }} when {{ {open} }}"),
        "when { resource.fields has securityLevel && resource.fields.securityLevel == \"x\" }"
            .to_owned(),
        format!("when {{ {own} && context.auth == \"x\" }}"),
    ] {
        assert_eq!(fetched(&fine), [""; 0], "{fine}");
    }
}

#[test]
fn a_group_in_a_group_and_an_action_in_two_are_found() {
    let found = |text: &str| {
        let vocabulary = Vocabulary::extended("local.cedarschema", text);
        lines(
            &vocabulary
                .unwrap_or_else(|error| panic!("{error}"))
                .findings("local.cedarschema"),
        )
    };
    assert_eq!(
        found(
            "// ours\naction ours in [read];\naction look in [ours] appliesTo { principal: Account, resource: Issue };"
        ),
        [
            "group-in-group local.cedarschema:2: the group `ours` lies in the group `read`: what may be done of `read` includes all of `ours`"
        ]
    );
    assert_eq!(
        found("action look in [read, write] appliesTo { principal: Account, resource: Issue };"),
        [
            "group-in-group local.cedarschema:1: the action `look` lies in `read` and in `write`: who may do the one may do the other"
        ]
    );
    assert_eq!(
        found(
            "action ours;\naction look in [read, ours] appliesTo { principal: Account, resource: Issue };"
        ),
        [""; 0]
    );
    let regrouped = CORE.replace(
        "action read, write, admin;",
        "action read, admin;\naction write in [read];",
    );
    let vocabulary = Vocabulary::replaced("other", &regrouped).expect("a schema");
    // The group alone, and none of the actions in it.
    assert_eq!(vocabulary.findings("other").len(), 1);
    assert_eq!(lines(&Vocabulary::core().findings("core")), [""; 0]);
}

#[test]
fn an_annotation_that_nobody_reads_is_found_also_where_the_set_is_refused() {
    let text = "@id(\"x\")\n@reson(\"no\")\nforbid (principal, action, resource);";
    assert_eq!(
        read(&[("a.cedar", text)]),
        ["unknown-annotation a.cedar:2: nothing reads `@reson`"]
    );
    assert_eq!(help(&[("a.cedar", text)]), ["did you mean `@reason`?"]);
    let other = "@id(\"x\") @ticket(\"1\") permit (principal == ?principal, action, resource);";
    assert_eq!(
        help(&[("a.cedar", other)]),
        ["known are `@id`, `@reason`, `@code`, `@owner`, `@guarantee`, `@title`"]
    );
    let known = "@id(\"x\") @reason(\"a\") @code(\"c\") @owner(\"o\") permit (principal, action, resource);";
    assert_eq!(read(&[("a.cedar", known)]), [""; 0]);
}

const GUARANTEE: &str =
    "@id(\"g\") @guarantee(\"only\") @title(\"all of it\") permit (principal, action, resource);";

#[test]
fn a_guarantee_that_is_a_policy_in_force_is_found() {
    assert_eq!(
        read(&[
            ("a.cedar", super::PERMIT),
            ("guarantee/own.cedar", GUARANTEE)
        ]),
        [
            "stray-guarantee guarantee/own.cedar:1: a guarantee outside of the folder `guarantees` is a policy in force",
            "misnamed-folder guarantee/: the name of this folder means nothing: its files are policies for all",
        ]
    );
    assert_eq!(
        read(&[
            ("a.cedar", super::PERMIT),
            ("guarantees/own.cedar", GUARANTEE)
        ]),
        [""; 0]
    );
}

#[test]
fn a_folder_named_almost_like_one_that_means_something_is_found() {
    for (folder, meant) in [
        ("guarantee", "guarantees"),
        ("tenant", "tenants"),
        ("Tenants", "tenants"),
        ("test", "tests"),
    ] {
        let path = format!("{folder}/a.cedar");
        assert_eq!(
            help(&[(&path, super::PERMIT)]),
            [format!("did you mean `{meant}`?")]
        );
    }
    assert_eq!(read(&[("teams/a.cedar", super::PERMIT)]), [""; 0]);
    assert_eq!(
        read(&[("a.cedar", super::PERMIT), ("tenants/acme/a.cedar", "")]),
        [""; 0]
    );
}

#[test]
fn a_name_that_is_missing_brings_the_nearest_one_that_is_there() {
    let advised = |files: &[(&str, &str)]| {
        let draft = Draft::from_files(files.iter().copied()).expect("files in order");
        let error = Validated::check(&draft, &Vocabulary::core()).expect_err("a fault");
        let before = error.to_string();
        let error = draft.advise(error);
        assert_eq!(error.to_string(), before);
        error.faults()[0].advice().unwrap_or_default().to_owned()
    };
    let entities = (
        "entities.json",
        r#"[{"uid":{"type":"Team","id":"acme/payments"}}]"#,
    );
    let team =
        |name: &str| format!(r#"@id("x") permit (principal in Team::"{name}", action, resource);"#);
    assert_eq!(
        advised(&[("a.cedar", &team("acme/paymnts")), entities]),
        "did you mean `Team::\"acme/payments\"`?"
    );
    assert_eq!(advised(&[("a.cedar", &team("acme/staff")), entities]), "");
    let template = r#"@id("readers") permit (principal in ?principal, action, resource);"#;
    let link = |name: &str| format!(r#"[{{"template_id":"{name}","link_id":"l","args":{{}}}}]"#);
    assert_eq!(
        advised(&[("a.cedar", template), ("links.json", &link("reader"))]),
        "did you mean `readers`?"
    );
    assert_eq!(
        advised(&[("a.cedar", template), ("links.json", &link("writers"))]),
        ""
    );
}
