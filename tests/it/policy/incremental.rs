//! A workshop does again only what changed, and says what a fresh one says.

use gatepost::decision::evaluate::rehearse;
use gatepost::policy::{Draft, Validated, Vocabulary, Workshop};

use crate::decision::questions::{ACT_AS, MEMBERS, SEPARATION, by, issue};

fn draft(files: &[(&str, &str)]) -> Draft {
    Draft::from_files(files.iter().copied()).expect("files in order")
}

/// What a workshop says of a draft; a fresh one must say the same.
fn said(workshop: &mut Workshop, draft: &Draft, vocabulary: &Vocabulary) -> String {
    let told = |checked: Result<Validated, gatepost::policy::PolicyError>| match checked {
        Ok(set) => {
            let mut question = by("acme", "ann");
            question.resource = issue("acme", "PAY-1");
            format!("{} {:?}", set.policy_count(), rehearse(&set, &question))
        }
        Err(error) => error.to_string(),
    };
    let kept = told(Validated::check_in(workshop, draft, vocabulary));
    assert_eq!(kept, told(Validated::check(draft, vocabulary)));
    kept
}

const TEMPLATE: &str =
    r#"@id("t") permit (principal == ?principal, action, resource) when { WHEN };"#;
const LINKS: &str = r#"[{ "template_id": "t", "link_id": "l", "args": { "?principal": "Account::\"acme/ann\"" } }]"#;

#[test]
fn every_change_is_seen() {
    let (mut workshop, core) = (Workshop::new(), Vocabulary::core());
    let mut said = |files: &[(&str, &str)]| said(&mut workshop, &draft(files), &core);
    let of_team =
        r#"@id("x") @reason("x") forbid (principal in Team::"acme/a", action, resource);"#;
    let team = r#"[{ "uid": { "type": "Team", "id": "acme/a" } }]"#;
    let member = r#"[{ "uid": { "type": "Team", "id": "acme/a" } },
        { "uid": { "type": "Account", "id": "acme/ann" }, "parents": [{ "type": "Team", "id": "acme/a" }] }]"#;
    // The text of a policy file stays, and something else about it changes.
    assert!(said(&[("a.cedar", MEMBERS)]).contains("members-read-issues"));
    assert!(said(&[("b.cedar", MEMBERS)]).contains("b.cedar"));
    assert!(said(&[("a.cedar", MEMBERS), ("b.cedar", MEMBERS)]).contains("is taken by a.cedar"));
    assert!(said(&[("a.cedar", of_team)]).contains("is not described"));
    assert!(
        said(&[("a.cedar", of_team), ("entities.json", team)])
            .starts_with("1 Verdict { code: \"policy_denied\", denied_by: Some(Default)")
    );
    assert!(said(&[("a.cedar", of_team), ("entities.json", member)]).contains("Some(Forbid)"));
    // Links depend on their templates.
    let (open, shut) = (
        TEMPLATE.replace("WHEN", "true"),
        TEMPLATE.replace("WHEN", "context.auth == \"x\""),
    );
    assert!(said(&[("a.cedar", &open), ("links.json", LINKS)]).contains("\"allowed\""));
    assert!(said(&[("a.cedar", &shut), ("links.json", LINKS)]).contains("\"policy_denied\""));
    let ill_typed = TEMPLATE.replace("WHEN", "context.oops");
    assert!(said(&[("a.cedar", &ill_typed), ("links.json", LINKS)]).contains("oops"));
    assert!(
        said(&[
            ("a.cedar", SEPARATION),
            ("b.cedar", ACT_AS),
            ("links.json", LINKS)
        ])
        .contains("no template `t`")
    );
    assert!(said(&[("a.cedar", "permit")]).starts_with("a.cedar:1: "));
    assert!(said(&[("a.cedar", "")]).starts_with("0 "));
}

#[test]
fn another_schema_is_another_answer() {
    let (mut workshop, core) = (Workshop::new(), Vocabulary::core());
    let files = draft(&[(
        "a.cedar",
        r#"@id("x") permit (principal, action, resource) when { Plan::"free" == Plan::"free" };"#,
    )]);
    let extended = Vocabulary::extended("more", "entity Plan;").expect("a schema");
    assert!(said(&mut workshop, &files, &core).starts_with("a.cedar:1: "));
    assert!(said(&mut workshop, &files, &extended).starts_with("1 "));
    assert!(said(&mut workshop, &files, &core).starts_with("a.cedar:1: "));
}
