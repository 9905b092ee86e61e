//! `gatepost policy check`.

use std::fs;
use std::process::ExitCode;

use clap::Parser;
use gatepost::cli::policy::{Args, run};
use tempfile::TempDir;

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    args: Args,
}

fn check(more: &[&str]) -> ExitCode {
    let words = ["policy", "check"].iter().chain(more);
    run(Program::try_parse_from(words).expect("arguments").args).expect("no other error")
}

#[test]
fn a_set_in_order_ends_with_0_and_a_refused_one_with_3() {
    assert_eq!(check(&["--policies", "policies"]), ExitCode::SUCCESS);
    let folder = TempDir::new().expect("a folder");
    let place = folder.path().to_str().expect("a path");
    assert_eq!(check(&["--policies", place]), ExitCode::from(3));
    fs::write(
        folder.path().join("a.cedar"),
        "permit (principal, action, resource);",
    )
    .expect("a file");
    assert_eq!(check(&["--policies", place]), ExitCode::from(3));
}

#[test]
fn a_schema_given_takes_the_place_of_the_core() {
    let core = "schemas/gatepost.cedarschema";
    assert_eq!(
        check(&["--policies", "policies", "--schema", core]),
        ExitCode::SUCCESS
    );
    let folder = TempDir::new().expect("a folder");
    let other = folder.path().join("other.cedarschema");
    fs::write(
        &other,
        "entity User; action look appliesTo { principal: User, resource: User };",
    )
    .expect("a file");
    assert_eq!(
        check(&[
            "--policies",
            "policies",
            "--schema",
            other.to_str().expect("a path")
        ]),
        ExitCode::from(3)
    );
    assert_eq!(
        check(&["--policies", "policies", "--schema", "missing"]),
        ExitCode::from(3)
    );
}

#[test]
fn a_fault_in_an_endless_line_is_told_without_the_line() {
    let folder = TempDir::new().expect("a folder");
    let text = format!("{}permit(", " ".repeat(66_000));
    fs::write(folder.path().join("a.cedar"), text).expect("a file");
    let place = folder.path().to_str().expect("a path");
    assert_eq!(check(&["--policies", place]), ExitCode::from(3));
}

#[test]
fn what_is_too_deep_is_told_and_ends_nobody() {
    let folder = TempDir::new().expect("a folder");
    let (open, close) = ("(".repeat(100_000), ")".repeat(100_000));
    let text =
        format!("@id(\"x\") permit (principal, action, resource) when {{ {open}true{close} }};");
    fs::write(folder.path().join("a.cedar"), text).expect("a file");
    let place = folder.path().to_str().expect("a path");
    assert_eq!(check(&["--policies", place]), ExitCode::from(3));
}
