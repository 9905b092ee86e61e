//! What goes live by itself, what waits for a person, and what a start finds.

mod persons;
mod start;

use std::path::Path;

use gatepost::control::command::Command;
use serde_json::{Value, json};

use crate::world::{World, until};

const ISSUE: &str = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";
const CLOSED: &str =
    r#"@id("closed") @code("closed") @reason("Closed.") forbid (principal, action, resource);"#;
/// Everybody reads everybody's issues. The forbid of the shipped files still keeps tenants apart.
const OPEN: &str = r#"@id("open") permit (principal, action == Action::"getIssue", resource);"#;
/// Whoever edits is on the own site.
const GUARANTEE: &str = r#"@guarantee("only") @title("Issues are edited as oneself")
    permit (principal, action, resource) when { action != Action::"editIssue" || context.actAs == principal };"#;

async fn proven() -> World {
    World::builder().proven().start().await
}

fn digest(part: &Value) -> String {
    part["digest"].as_str().expect("a digest").to_owned()
}

async fn live(world: &World) -> String {
    digest(&world.policy_status().await["live"])
}

async fn reads(world: &World) -> u16 {
    world.get(ISSUE, &world.token("acme", "ann")).await.status
}

/// Waits until this is so of the folder's state and the set in force.
async fn until_told(world: &World, what: &str, met: impl Fn(&gatepost::policy::Status) -> bool) {
    // Between two looks goes a request: a busy wait would keep the judge, which yields to everybody, from its core.
    let looking = async {
        while !met(&world.node.shared().live.status()) {
            world.admin("/livez").await;
            tokio::task::yield_now().await;
        }
    };
    let met = tokio::time::timeout(std::time::Duration::from_secs(90), looking).await;
    met.unwrap_or_else(|_| panic!("not in time: {what}"));
}

/// The records of this kind, or of this operation.
async fn records(world: &World, name: &str) -> Vec<Value> {
    let mut log = world.log().await;
    log.retain(|record| record["kind"] == name || record["operation"] == name);
    log
}

fn activate(digest: &str, drop: &[&str]) -> Command {
    Command::PolicyActivate {
        digest: digest.to_owned(),
        drop_guarantees: drop.iter().map(|&name| name.to_owned()).collect(),
        reason: "incident 42".to_owned(),
    }
}

fn write(dir: &Path, name: &str, text: &str) {
    std::fs::write(dir.join("policies").join(name), text).expect("it is written");
}

#[tokio::test]
async fn a_set_that_is_proven_goes_live_with_its_certificate_author_and_record() {
    let world = proven().await;
    world.edit_policy("30-closed.cedar", CLOSED).await;
    assert_eq!(reads(&world).await, 403);
    let told = world.policy_status().await;
    let running = &told["live"];
    assert_eq!(running["proof"]["status"], "proven", "{told}");
    let solver = running["proof"]["solver"].as_str().expect("a solver");
    assert!(solver.starts_with("cvc5 "), "{solver}");
    assert_eq!(told["alarm"], Value::Null);
    let activated = records(&world, "policy_activated").await;
    assert_eq!(activated.len(), 2);
    let last = &activated[1];
    assert_eq!(last["policy_set"], running["digest"]);
    assert_eq!(last["proof"], running["proof"]);
    assert_eq!(
        (&last["by"], &last["detail"]["author"]),
        (&json!("folder"), &running["author"])
    );
    let shown = world
        .command(Command::PolicyShow {
            digest: digest(running),
            files: true,
            certificate: true,
        })
        .await;
    assert_eq!(shown["proof"]["certificate"], running["proof"]["digest"]);
    assert_eq!(shown["files"]["30-closed.cedar"], CLOSED);
    assert_eq!(shown["activations"][0]["by"], "folder");
    let text = shown["certificate"]["text"].as_str().expect("a text");
    assert!(text.contains(running["digest"].as_str().expect("a digest")));
}

#[tokio::test]
async fn a_hole_is_refused_and_its_request_is_told_and_recorded() {
    let world = proven().await;
    // Without the separation of tenants, the permit is a hole.
    world.edit_policy("30-open.cedar", OPEN).await;
    let before = live(&world).await;
    world
        .edit_policy("00-tenant-separation.cedar", "// gone")
        .await;
    assert_eq!(live(&world).await, before);
    assert_eq!(reads(&world).await, 200);
    let refused = world.policy_status().await["refused"].clone();
    let errors = refused["errors"].as_array().expect("faults");
    let found = errors
        .iter()
        .find(|fault| fault["counterexample"]["guarantee"] == "isolation")
        .unwrap_or_else(|| panic!("{refused}"));
    assert!(found["help"].is_string() && found["message"].is_string());
    let rejected = records(&world, "policy_rejected").await;
    let detail = &rejected.last().expect("its record")["detail"];
    assert!(detail["author"].is_string(), "whose file it was: {detail}");
    let text = detail["counterexample_01"].as_str().expect("a request");
    let recorded: Value = serde_json::from_str(text).expect("JSON");
    for member in ["request", "entities", "because_of", "hint"] {
        assert!(!recorded[member].is_null(), "{member}: {recorded}");
    }
    assert_eq!(recorded, errors[0]["counterexample"]);
}

#[tokio::test]
async fn under_manual_every_set_waits_and_is_recorded_once() {
    let world = World::builder()
        .proven()
        .not_installed()
        .settings("policy.activation = \"manual\"")
        .start()
        .await;
    let told = world.policy_status().await;
    assert_eq!(
        (&told["ready"], &told["live"]),
        (&json!(false), &Value::Null)
    );
    let first = digest(&told["candidate"]);
    world.command(activate(&first, &[])).await;
    let told = world.policy_status().await;
    assert_eq!(digest(&told["live"]), first);
    assert_eq!(told["candidate"], Value::Null, "it is in force");
    world.edit_policy("30-closed.cedar", CLOSED).await;
    world.edit_policy("30-closed.cedar", "// nothing").await;
    assert_eq!(live(&world).await, first);
    let waiting = records(&world, "policy.candidate").await;
    assert_eq!(waiting.len(), 3);
    let why = waiting[0]["detail"]["why"].as_str().expect("a reason");
    assert!(why.contains("policy.activation"), "{why}");
    // Without the pin it waits for another reason; without it once more, for the same.
    for _ in 0..2 {
        world.command(Command::PolicyUnpin { reason: None }).await;
        assert_eq!(records(&world, "policy.candidate").await.len(), 4);
    }
    assert_eq!(live(&world).await, first);
}

#[tokio::test]
async fn under_narrowing_what_nobody_compared_waits() {
    let world = World::builder()
        .settings("policy.activation = \"narrowing\"")
        .start()
        .await;
    assert_eq!(reads(&world).await, 200, "the first set is live");
    let live = &world.node.shared().live;
    let (before, rules) = (live.current(), world.node.shared().rules.clone());
    let compared = before.as_ref().map(|set| set.digest().to_owned());
    let ready = |policy: &str, widens: Option<&str>| gatepost::policy::Ready {
        set: waived(policy),
        author: "unix:7".to_owned(),
        compared_with: compared.clone(),
        confined: Vec::new(),
        dropped: Vec::new(),
        widens: widens.map(str::to_owned),
    };
    // As from the watch. The folder says nothing meanwhile.
    let hand_in = async |ready| {
        let change = gatepost::policy::Change::Ready(Box::new(ready));
        rules.keeper().apply(change).await;
    };
    hand_in(ready(OPEN, Some("`open` permits more"))).await;
    let candidate = live.status().candidate.expect("a candidate");
    assert!(
        candidate.why.contains("`open` permits more"),
        "{candidate:?}"
    );
    hand_in(ready(CLOSED, None)).await;
    assert_eq!(live.status().candidate, None);
    assert_eq!(reads(&world).await, 403);
    let stale = ready(OPEN, None);
    hand_in(stale).await;
    let candidate = live.status().candidate.expect("a candidate");
    assert!(candidate.why.contains("not compared"), "{candidate:?}");
    assert_eq!(reads(&world).await, 403);
}

fn waived(policy: &str) -> gatepost::policy::Admitted {
    use gatepost::policy::{Proof, Stop, Waiver};
    let waiver = Waiver::development(true).expect("development");
    super::accepted(&[("a.cedar", policy)])
        .prove(&Proof::Waived(waiver), &Stop::default())
        .expect("waived")
}

#[tokio::test]
async fn a_fault_in_the_files_of_one_tenant_is_told_and_recorded_as_its_own() {
    let world = proven().await;
    let tenant = world.site("acme").client_key();
    let folder = world.policies().join("tenants").join(&tenant);
    std::fs::create_dir_all(&folder).expect("a folder");
    let name = format!("tenants/{tenant}/own.cedar");
    world.edit_policy(&name, "permit (").await;
    let told = world.policy_status().await;
    assert_eq!(told["refused"], Value::Null, "{told}");
    assert_eq!(told["confined"][0]["tenant"], tenant, "{told}");
    assert_eq!(told["confined"][0]["errors"][0]["file"], name);
    let rejected = records(&world, "policy_rejected").await;
    assert_eq!(rejected.len(), 1);
    assert_eq!(rejected[0]["tenant"], tenant);
    std::fs::remove_file(folder.join("own.cedar")).expect("it is there");
    world.node.rescan_policies();
    let state = &world.node.shared().live;
    until("it is mended", || state.status().confined.is_empty()).await;
}
