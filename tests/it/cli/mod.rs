//! The program as it is started: what it prints where, and how it ends.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like tests: the lint knows only functions marked `#[test]`"
)]

mod demo;
mod grant;
mod key;
mod log;
mod policies;
mod policy;
mod shape;
mod standin;

use std::path::Path;
use std::process::{Command, Output};

/// A run of the program in `folder`, with nothing of this process's environment that speaks of Gatepost.
pub(crate) fn gatepost(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatepost"));
    command.args(args).current_dir(folder).env_clear();
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn run(args: &[&str], file: Option<&str>) -> Output {
    let folder = tempfile::tempdir().unwrap();
    if let Some(content) = file {
        std::fs::write(folder.path().join("gatepost.toml"), content).unwrap();
    }
    gatepost(folder.path(), args).output().unwrap()
}

#[test]
fn a_generated_key_stands_alone_on_stdout_and_can_be_used() {
    let output = run(&["secret", "generate"], None);
    assert_eq!(output.status.code(), Some(0));
    let key = text(&output.stdout);
    assert_eq!(key.len(), 65);
    assert!(key.trim_end().bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert!(text(&output.stderr).contains("GATEPOST_MASTER_KEY"));
    assert!(!text(&output.stderr).contains(key.trim_end()));
    let checked = gatepost(Path::new("."), &["config", "check", "--print"])
        .env("GATEPOST_MASTER_KEY", key.trim_end())
        .env("GATEPOST_POLICY_PROOF", "off")
        .env("GATEPOST_DEVELOPMENT_ENABLED", "true")
        .output()
        .unwrap();
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stderr));
    assert!(text(&checked.stdout).contains("# master key: set from GATEPOST_MASTER_KEY"));
    assert!(!text(&checked.stdout).contains(key.trim_end()));
}

#[test]
fn two_generated_keys_differ() {
    let keys = [(); 2].map(|()| run(&["secret", "generate"], None).stdout);
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn a_wrong_configuration_ends_with_2_and_names_the_line() {
    let output = run(&["config", "check"], Some("[server]\nlistn = 1\n"));
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stdout), "");
    let told = text(&output.stderr);
    assert!(
        told.starts_with("error: the configuration cannot be used\n"),
        "{told}"
    );
    assert!(
        told.contains("gatepost.toml:2:1: unknown key `listn` in [server]; did you mean `listen`?"),
        "{told}"
    );
}

#[test]
fn a_right_configuration_ends_with_0_and_prints_when_asked() {
    let file = "[policy]\nproof = \"off\"\n[development]\nenabled = true\n";
    let output = run(&["config", "check"], Some(file));
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), "");
    assert!(text(&output.stderr).contains("gatepost.toml: the configuration is in order"));
    let printed = text(&run(&["config", "check", "--print"], Some(file)).stdout);
    assert!(
        printed
            .lines()
            .any(|line| line.starts_with("proof = \"off\"") && line.ends_with("# gatepost.toml:2"))
    );
}

#[test]
fn wrong_flags_end_with_2() {
    for args in [
        &["config", "check", "--prnt"][..],
        &["secrets"],
        &[],
        &["config"],
    ] {
        assert_eq!(run(args, None).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn a_file_that_was_named_must_be_there_but_the_usual_one_need_not() {
    let output = run(&["config", "check", "--config", "other.toml"], None);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("other.toml: cannot be read"));
}

#[test]
fn a_server_without_a_configuration_is_told_first_where_it_was_looked_for() {
    let output = run(&["serve"], None);
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stderr);
    let first = told.lines().next().unwrap();
    assert!(first.contains("no gatepost.toml here"), "{told}");
    assert!(first.contains("`--config`"), "{told}");
    assert!(told.contains("server.public_url"), "{told}");
    let output = run(&["serve"], Some("[server]\nlistn = 1\n"));
    assert!(!text(&output.stderr).contains("no gatepost.toml"));
}
