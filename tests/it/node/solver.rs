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
