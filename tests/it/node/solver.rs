//! A server without a solver, and one that gets it later.

use std::os::unix::fs::symlink;

use serde_json::Value;

use super::program::{Ground, Program};
use super::wire;

async fn policies(program: &Program) -> Value {
    let ready = wire::get(program.admin, "/readyz", None).await;
    let body: Value = serde_json::from_str(&ready.text).unwrap();
    body["parts"]["policies"].clone()
}

async fn until(program: &Program, met: impl Fn(&Value) -> bool) -> Value {
    let looking = async {
        loop {
            let found = policies(program).await;
            if met(&found) {
                return found;
            }
        }
    };
    let found = tokio::time::timeout(std::time::Duration::from_secs(30), looking).await;
    found.expect("in time")
}

#[tokio::test]
async fn without_a_solver_nothing_goes_live_until_there_is_one_and_a_hangup_tells() {
    let ground = Ground::new().await;
    let (solver, config) = (ground.path("solver"), ground.path("gatepost.toml"));
    let text = std::fs::read_to_string(&config).unwrap();
    let required = format!(
        "policy.proof = \"required\"\npolicy.solver = \"{}\"",
        solver.display()
    );
    std::fs::write(&config, text.replace("policy.proof = \"off\"", &required)).unwrap();
    let program = ground.serve();
    let refused = until(&program, |found| found["refused"].is_object()).await;
    assert_eq!(refused["ready"], false, "{refused}");
    let fault = refused["refused"]["errors"][0].to_string();
    assert!(
        fault.contains("nothing can be proven") && fault.contains("SIGHUP"),
        "{fault}"
    );
    symlink("/usr/bin/cvc5", &solver).unwrap();
    program.hang_up();
    let live = until(&program, |found| found["live"].is_object()).await;
    assert_eq!(live["live"]["proof"]["status"], "proven", "{live}");
    program.kill();
}

/// Answers to its name, and to nothing else.
fn hanging(at: &std::path::Path, mark: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let script = format!("#!/bin/sh\n: > {}\nexec /bin/sleep 600\n", mark.display());
    std::fs::write(at, script).unwrap();
    std::fs::set_permissions(at, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn require_proof(ground: &Ground) {
    let config = ground.path("gatepost.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let required = format!(
        "policy.proof = \"required\"\npolicy.solver = \"{}\"",
        ground.path("solver").display()
    );
    std::fs::write(&config, text.replace("policy.proof = \"off\"", &required)).unwrap();
}

#[tokio::test]
async fn a_start_that_waits_for_its_first_proof_ends_on_a_signal() {
    let ground = Ground::new().await;
    require_proof(&ground);
    let mark = ground.path("asked");
    hanging(&ground.path("solver"), &mark);
    let mut child = ground
        .command(&["serve"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    crate::world::until("the solver is asked", || mark.exists()).await;
    let process = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    // A proof may take two minutes, and a query ten seconds.
    let ended = std::cell::Cell::new(None);
    let asking = std::cell::RefCell::new(&mut child);
    crate::world::until("it ends", || {
        ended.set(asking.borrow_mut().try_wait().unwrap());
        ended.get().is_some()
    })
    .await;
    assert_eq!(ended.get().and_then(|status| status.code()), Some(0));
    let last = ground.log().pop().unwrap();
    assert_ne!(last["kind"], "log_started", "its log was closed: {last}");
}

#[tokio::test]
async fn with_a_set_from_before_requests_are_answered_while_the_folder_is_judged() {
    let ground = Ground::new().await;
    require_proof(&ground);
    let solver = ground.path("solver");
    symlink("/usr/bin/cvc5", &solver).unwrap();
    let program = ground.serve();
    let before = until(&program, |found| found["live"].is_object()).await;
    program.terminate();
    assert!(program.ended().await.success());
    std::fs::remove_file(&solver).unwrap();
    hanging(&solver, &ground.path("asked"));
    std::fs::write(
        ground.path("policies/30-closed.cedar"),
        r#"@id("closed") @code("closed") @reason("Closed.") forbid (principal, action, resource);"#,
    )
    .unwrap();
    let started = gatepost::clock::Clock::system().stopwatch();
    let program = ground.serve();
    assert!(started.elapsed().as_secs() < 9, "it waited for the folder");
    let told = until(&program, |found| found["live"].is_object()).await;
    assert_eq!(told["live"]["digest"], before["live"]["digest"], "{told}");
    let told = program.told();
    assert!(!told.contains("policies are not proven"), "{told}");
    program.kill();
}
