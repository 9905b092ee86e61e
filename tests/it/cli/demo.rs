//! `gatepost demo --once`: the story holds under the shipped policies, and says so when it does not.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal};

use super::{gatepost, text};

#[test]
fn the_story_ends_with_0_when_every_step_did_what_it_says() {
    let output = gatepost(Path::new("."), &["demo", "--once"])
        .output()
        .unwrap();
    let told = text(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{told}\n{}",
        text(&output.stderr)
    );
    assert_eq!(
        told.lines().filter(|line| line.starts_with("ok  ")).count(),
        8,
        "{told}"
    );
    // The scene with the hole shows a request that nobody should be able to make.
    for part in [
        "`isolation` is not kept",
        "principal  Account::",
        "partners-read-issues",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains('\u{1b}'), "colour is for terminals");
}

#[test]
fn a_step_that_does_something_else_is_told_and_ends_with_1() {
    let policies = tempfile::tempdir().unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    // Members may do nothing: the first step is denied.
    for file in [
        "00-tenant-separation.cedar",
        "10-act-as.cedar",
        "entities.json",
    ] {
        std::fs::copy(shipped.join(file), policies.path().join(file)).unwrap();
    }
    let output = gatepost(Path::new("."), &["demo", "--once", "--policies"])
        .arg(policies.path())
        .output()
        .unwrap();
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("FAILED  Ann reads her own site's issue: 200\n    it was 403: "),
        "{told}"
    );
}

#[test]
fn the_demo_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let output = gatepost(Path::new("."), &["demo", "--once"])
        .env("TMPDIR", temporary.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
}

/// The story stays up until it is interrupted, so that what it prints can be pasted meanwhile.
#[test]
fn the_command_of_the_last_step_works_when_it_is_pasted() {
    let mut demo = gatepost(Path::new("."), &["demo"]);
    let temporary = tempfile::tempdir().unwrap();
    demo.env("TMPDIR", temporary.path());
    let mut demo = demo.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let mut next = |wanted: &str| {
        let line = lines.by_ref().map_while(Result::ok);
        line.map(|line| line.trim().to_owned())
            .find(|line| line.contains(wanted))
    };
    let (query, ready) = (next(" log query "), next("/readyz"));
    let pasted = query.map(|line| shell(&line));
    rustix::process::kill_process(Pid::from_child(&demo), Signal::INT).unwrap();
    demo.wait().unwrap();
    let (held, told) = pasted.expect("a command to paste");
    assert!(held && told.contains("frozen"), "{told}");
    assert!(ready.is_some_and(|line| line.starts_with("curl -s http://127.0.0.1:")));
}

/// Whether `line` succeeds in a shell that knows nothing of this machine's path to the program, and what it prints.
fn shell(line: &str) -> (bool, String) {
    let mut shell = Command::new("/bin/sh");
    let output = shell.args(["-c", line]).env_clear().output().unwrap();
    (
        output.status.success(),
        text(&output.stdout) + &text(&output.stderr),
    )
}
