//! `gatepost policy check` and `prove` through the program: which folder and schema they read, what they print and how they end.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{gatepost, text};

const UNKNOWN: &str = r#"@id("team") permit (principal, action, resource)
    when { principal.tenant == resource.tenant && principal has badge };"#;
const PLAIN: &str = r#"@id("own") permit (principal, action, resource)
    when { principal.tenant == resource.tenant };"#;
const CONFIG: &str =
    "[policy]\nproof = \"off\"\ndirectory = \"rules\"\n[development]\nenabled = true\n";

fn check(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let args = [&["policy", "check"], args].concat();
    let mut command = gatepost(folder, &args);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    (
        output.status.code(),
        text(&output.stdout) + &text(&output.stderr),
    )
}

#[test]
fn the_folder_is_the_one_that_a_server_would_read_unless_a_flag_names_another() {
    let ground = tempfile::tempdir().unwrap();
    let at = ground.path();
    for (folder, policy) in [("policies", PLAIN), ("rules", UNKNOWN), ("spare", PLAIN)] {
        fs::create_dir(at.join(folder)).unwrap();
        fs::write(at.join(folder).join("a.cedar"), policy).unwrap();
    }
    // No configuration file at all, and none of what a server needs.
    let (code, told) = check(at, &[], &[]);
    assert_eq!(code, Some(0), "{told}");
    let from_environment = [("GATEPOST_POLICY_DIRECTORY", "rules")];
    assert_eq!(check(at, &[], &from_environment).0, Some(3));
    fs::write(at.join("gatepost.toml"), CONFIG).unwrap();
    let (code, told) = check(at, &[], &[]);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("badge"), "{told}");
    fs::rename(at.join("gatepost.toml"), at.join("other.toml")).unwrap();
    assert_eq!(check(at, &["--config", "other.toml"], &[]).0, Some(3));
    let spare = ["--config", "other.toml", "--policies", "spare"];
    assert_eq!(check(at, &spare, &[]).0, Some(0));
    let (code, told) = check(at, &["--config", "none.toml"], &[]);
    assert_eq!(code, Some(2), "{told}");
}

#[test]
fn the_extension_is_the_one_that_a_server_would_read_unless_a_flag_names_another() {
    let ground = tempfile::tempdir().unwrap();
    let at = ground.path();
    fs::create_dir(at.join("rules")).unwrap();
    fs::write(at.join("rules/a.cedar"), PLAIN).unwrap();
    fs::write(at.join("good.cedarschema"), "entity Badge;").unwrap();
    fs::write(at.join("bad.cedarschema"), "entity").unwrap();
    let line = "directory = \"rules\"\nextension = \"bad.cedarschema\"";
    let config = CONFIG.replace("directory = \"rules\"", line);
    fs::write(at.join("gatepost.toml"), config).unwrap();
    let (code, told) = check(at, &[], &[]);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("bad.cedarschema"), "{told}");
    let good = ["--extension", "good.cedarschema"];
    let (code, told) = check(at, &good, &[]);
    assert_eq!(code, Some(0), "{told}");
    let both = ["--extension", "good.cedarschema", "--schema", "x"];
    assert_eq!(check(at, &both, &[]).0, Some(2));
}

/// Ends a run of `policy` with arguments, with what is on stdout as JSON.
fn told(folder: &Path, args: &[&str]) -> (Option<i32>, Value) {
    let args = [&["policy"], args, &["--format", "json"]].concat();
    let output = gatepost(folder, &args).output().unwrap();
    assert_eq!(text(&output.stderr), "");
    let stdout = text(&output.stdout);
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    (output.status.code(), serde_json::from_str(&stdout).unwrap())
}

fn with_policy(policy: &str) -> TempDir {
    let ground = tempfile::tempdir().unwrap();
    fs::create_dir(ground.path().join("policies")).unwrap();
    fs::write(ground.path().join("policies/a.cedar"), policy).unwrap();
    ground
}

const SEPARATED: &str = r#"@id("own") permit (principal, action == Action::"getIssue", resource)
when { principal.tenant == resource.tenant && context.actAs == principal };"#;
const SHADOWED: &str = r#"@id("ann") permit (principal == Account::"acme/ann", action == Action::"getIssue", resource)
when { principal.tenant == resource.tenant && context.actAs == principal };"#;

#[test]
fn a_warning_refuses_nothing_unless_it_is_to_be_strict() {
    let ground = with_policy(&format!("{SEPARATED}\n{SHADOWED}"));
    let (code, shown) = check(ground.path(), &[], &[]);
    assert_eq!(code, Some(0), "{shown}");
    assert!(
        shown.starts_with("in order: 2 policies, sha256:"),
        "{shown}"
    );
    assert!(
        shown.contains("`ann` adds nothing: `own` permits all of it"),
        "{shown}"
    );
    assert!(
        shown.ends_with("1 warning; nothing is refused for them\n"),
        "{shown}"
    );
    let (code, shown) = check(ground.path(), &["--strict"], &[]);
    assert_eq!(code, Some(3), "{shown}");
    assert!(
        shown.ends_with("refused by --strict: 1 warning\n"),
        "{shown}"
    );
    let ground = with_policy(SEPARATED);
    let (code, shown) = check(ground.path(), &["--strict"], &[]);
    assert_eq!((code, shown.lines().count()), (Some(0), 1), "{shown}");
}

#[test]
fn without_a_solver_it_is_said_what_was_not_looked_at() {
    let ground = with_policy(SHADOWED);
    let nowhere = [("GATEPOST_POLICY_SOLVER", "/no/cvc5")];
    let (code, shown) = check(ground.path(), &["--strict"], &nowhere);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("\nnote: not looked at: "), "{shown}");
    assert!(shown.contains("apt-get install cvc5"), "{shown}");
}

#[test]
fn a_program_is_told_in_json_what_a_person_is_told() {
    let ground = with_policy(&format!("{SEPARATED}\n{SHADOWED}"));
    let (code, told_loosely) = told(ground.path(), &["check"]);
    assert_eq!((code, &told_loosely["ok"]), (Some(0), &json!(true)));
    let (code, told) = told(ground.path(), &["check", "--strict"]);
    assert_eq!((code, &told["ok"]), (Some(3), &json!(false)));
    assert_eq!(told["faults"], told_loosely["faults"]);
    assert_eq!(told["policies"], 2);
    assert!(told["policy_set"].as_str().unwrap().starts_with("sha256:"));
    assert!(told["schema"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!((&told["proof"], &told["notes"]), (&Value::Null, &json!([])));
    let expected = json!([{
        "severity": "warning", "rule": "shadowed", "file": "a.cedar", "line": 3, "column": 1,
        "message": "`ann` adds nothing: `own` permits all of it",
        "help": "remove it, or mend the one that is not what was meant",
    }]);
    assert_eq!(told["faults"], expected);
}

#[test]
fn a_fault_in_json_has_its_place_and_its_help() {
    let ground =
        with_policy("@id(\"x\")\npermit (principal, action == Action::\"getIsue\", resource);");
    let (code, told) = told(ground.path(), &["check"]);
    assert_eq!((code, &told["ok"]), (Some(3), &json!(false)));
    let expected = json!([{
        "severity": "error", "rule": null, "file": "a.cedar", "line": 2, "column": 30,
        "message": "for policy `x`, unrecognized action `Action::\"getIsue\"`",
        "help": "did you mean `Action::\"getIssue\"`?",
    }]);
    assert_eq!(told["faults"], expected);
    assert_eq!(
        (&told["policies"], &told["proof"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn a_folder_that_cannot_be_read_is_a_fault_in_json() {
    let ground = tempfile::tempdir().unwrap();
    let (code, told) = told(ground.path(), &["check", "--policies", "none"]);
    assert_eq!((code, &told["policy_set"]), (Some(3), &Value::Null));
    assert_eq!(told["faults"][0]["file"], "none");
}

#[test]
fn a_proof_in_json_says_what_was_proven_and_a_hole_comes_with_its_counterexample() {
    let ground = with_policy(SEPARATED);
    let (code, proven) = told(ground.path(), &["prove"]);
    assert_eq!((code, &proven["ok"]), (Some(0), &json!(true)), "{proven}");
    let names = proven["proof"]["guarantees"].as_array().unwrap().iter();
    let names: Vec<_> = names.map(|it| it["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"isolation"), "{proven}");
    assert!(proven["proof"]["questions"].as_u64().unwrap() > 0);
    let ground = with_policy(
        r#"@id("x") permit (principal, action == Action::"getIssue", resource) when { context.actAs == principal };"#,
    );
    let (code, told) = told(ground.path(), &["prove"]);
    assert_eq!((code, &told["ok"]), (Some(5), &json!(false)), "{told}");
    assert_eq!(
        (&told["proof"], &told["policies"]),
        (&Value::Null, &json!(1))
    );
    let fault = &told["faults"][0];
    assert_eq!(
        (&fault["severity"], &fault["rule"]),
        (&json!("error"), &json!("isolation"))
    );
    assert_eq!(fault["counterexample"]["because_of"][0]["id"], "x");
    assert_eq!(
        fault["counterexample"]["request"]["action"],
        "Action::\"getIssue\""
    );
}

#[test]
fn what_breaks_a_guarantee_is_shown_once_and_no_line_is_wider_than_the_terminal() {
    let ground = with_policy(r#"@id("x") permit (principal, action, resource);"#);
    let output = gatepost(ground.path(), &["policy", "prove"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(5));
    let shown = text(&output.stderr);
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let hints = words.matches("is not in the set: put it back").count();
    assert_eq!((hints, shown.matches("  × ").count()), (2, 2), "{shown}");
    let wide: Vec<_> = shown
        .lines()
        .filter(|line| line.chars().count() > 80)
        .collect();
    assert_eq!(wide, [""; 0]);
}
