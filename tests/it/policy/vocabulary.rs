//! The schema: the core, an extension, another in its place.

use gatepost::clock::Clock;
use gatepost::policy::{
    CORE, Draft, Proof, ProofError, ProofMode, Settings, Stop, Validated, Vocabulary, Waiver,
};

use super::PERMIT;

fn extended(text: &str) -> Result<Vocabulary, String> {
    Vocabulary::extended("local.cedarschema", text).map_err(|error| error.to_string())
}

#[test]
fn an_extension_adds_types_and_changes_the_digest() {
    let vocabulary = extended(
        "entity Vault;\naction openVault appliesTo { principal: Account, resource: Vault };",
    )
    .expect("an extension");
    assert_ne!(vocabulary.digest(), Vocabulary::core().digest());
    let policy = "@id(\"x\") permit (principal, action == Action::\"openVault\", resource);";
    let draft = Draft::from_files([("a.cedar", policy)]).expect("files in order");
    assert!(Validated::check(&draft, &vocabulary).is_ok());
    assert!(Validated::check(&draft, &Vocabulary::core()).is_err());
}

#[test]
fn an_extension_cannot_change_the_core() {
    for (text, name) in [
        ("// ours\nentity Account { tenant: String };", "Account"),
        ("// ours\naction getIssue;", "getIssue"),
        ("// ours\ntype Circumstances = {};", "Circumstances"),
        ("// ours\nentity Group;", "Group"),
    ] {
        let error = extended(text).expect_err("it changes the core");
        assert_eq!(
            error,
            format!(
                "local.cedarschema:2: `{name}` belongs to the core schema and cannot be declared again"
            )
        );
    }
}

#[test]
fn an_extension_cannot_hide_the_core_in_a_namespace() {
    let found = extended("namespace Local { entity Account; entity Vault { owner: Account }; }");
    // Allowed or refused, the core's own entity stays what it is.
    if let Ok(vocabulary) = found {
        let draft = Draft::from_files([("a.cedar", super::super::decision::questions::SEPARATION)]);
        assert!(Validated::check(&draft.expect("files in order"), &vocabulary).is_ok());
    }
}

#[test]
fn an_extension_cannot_speak_of_groups() {
    for text in [
        "entity Vault { owners: Set<Group> };",
        "entity Vault { owner: { by: Group } };",
        "entity Vault tags Group;",
        "entity Vault in [Group];",
        "type Owner = Group; entity Vault { owner: Owner };",
        "entity Vault;\naction open appliesTo { principal: Group, resource: Vault };",
        "entity Vault;\naction open appliesTo { principal: Account, resource: [Vault, Group] };",
        "entity Vault;\naction open appliesTo { principal: Account, resource: Vault, context: { by?: Group } };",
        "namespace Local { entity Vault { owner: Group }; }",
    ] {
        let error = extended(text).expect_err(text);
        assert!(
            error.contains("an extension cannot speak of `Group`"),
            "{text}: {error}"
        );
    }
    // Words that are no type.
    for text in [
        "entity Vault { group: String, kind: Kind }; entity Kind enum [\"Group\"];",
        "@doc(\"Group\") entity Vault;",
    ] {
        extended(text).expect(text);
    }
}

#[test]
fn no_attribute_of_the_core_is_a_group() {
    // What a policy asks about groups shows in its text only because nothing else leads to one.
    let code = CORE
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    let words: Vec<&str> = code
        .flat_map(|line| line.split(|letter: char| !letter.is_alphanumeric()))
        .filter(|word| *word == "Group")
        .collect();
    assert_eq!(
        words.len(),
        2,
        "`entity Group;` and `Account in [Team, Group]`"
    );
}

#[test]
fn a_schema_that_does_not_parse_names_its_line() {
    let error = extended("entity Vault;\nentity {").expect_err("no schema");
    assert!(error.starts_with("local.cedarschema:2: "), "{error}");
    let error = extended("entity Vault { owner: Nobody };").expect_err("no such type");
    assert!(error.starts_with("local.cedarschema:1: "), "{error}");
}

fn check(vocabulary: &Vocabulary) -> Validated {
    let draft = Draft::from_files([("a.cedar", PERMIT)]).expect("files in order");
    Validated::check(&draft, vocabulary).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_schema_for_analysis_never_goes_live() {
    let waiver = Waiver::development(true).expect("development");
    let set = check(&Vocabulary::replaced("other", CORE).expect("a schema"));
    let refused = set.prove(&Proof::Waived(waiver), &Stop::default());
    assert!(matches!(refused, Err(ProofError::ForeignSchema)));
}

#[test]
fn nothing_is_admitted_unproven_outside_of_development() {
    assert_eq!(Waiver::development(false), None);
    let asked = |mode, development| {
        let prover = Settings::default().prover(Clock::system());
        Proof::asked(mode, development, prover)
    };
    assert!(matches!(asked(ProofMode::Off, false), Proof::Required(_)));
    assert!(matches!(
        asked(ProofMode::Required, true),
        Proof::Required(_)
    ));
    let waived = check(&Vocabulary::core()).prove(&asked(ProofMode::Off, true), &Stop::default());
    assert_eq!(waived.expect("waived").snapshot().proof().status, "waived");
}
