//! `gatepost policy list`, `show`, `activate` and `unpin` through the program, on the file and beside a running server.

use serde_json::Value;

use crate::node::program::Ground;

const CLOSED: &str = r#"@id("closed") @reason("Closed.") forbid (principal, action, resource);"#;
const HOLE: &str = r#"@id("open") permit (principal, action, resource);"#;

/// A ground where only a proven set goes live.
async fn proven() -> Ground {
    let ground = Ground::new().await;
    configure(
        &ground,
        "policy.proof = \"off\"",
        "policy.proof = \"required\"",
    );
    ground
}

fn configure(ground: &Ground, from: &str, to: &str) {
    let path = ground.path("gatepost.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace(from, to)).unwrap();
}

fn list(ground: &Ground) -> Vec<Value> {
    let lines = ground.done(&["policy", "list", "--format", "json"]);
    let read = |line| serde_json::from_str(line).unwrap();
    lines.lines().map(read).collect()
}

/// How the program ends, and what it says on stderr.
fn ends(ground: &Ground, args: &[&str]) -> (Option<i32>, String) {
    let output = ground.run(args);
    assert_eq!(output.stdout, b"", "{args:?}");
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

async fn stopped(program: crate::node::program::Program) {
    program.terminate();
    assert_eq!(program.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_set_is_listed_shown_activated_and_unpinned_with_and_without_a_server() {
    let ground = proven().await;
    let program = ground.serve();
    let listed = list(&ground);
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (&listed[0]["state"], &listed[0]["proof"]),
        (&"live".into(), &"proven".into())
    );
    let digest = listed[0]["digest"].as_str().unwrap().to_owned();
    let short = &digest["sha256:".len()..][..8];
    let shown: Value =
        serde_json::from_str(&ground.done(&["policy", "show", short, "--format", "json"])).unwrap();
    assert_eq!(shown["digest"], digest);
    assert!(shown["proof"]["queries"].as_u64().unwrap() > 0, "{shown}");
    assert!(shown.get("files").is_none() && shown.get("certificate").is_none());
    let files = ground.done(&["policy", "show", short, "--files"]);
    assert!(files.contains("// 20-members.cedar\n") && files.contains("members-read-issues"));
    let certificate = ground.done(&["policy", "show", &digest, "--certificate"]);
    let certificate: Value = serde_json::from_str(&certificate).unwrap();
    assert!(certificate["text"].as_str().unwrap().contains(&digest));
    let done = ground.done(&["policy", "activate", short, "--reason", "calm"]);
    assert_eq!(done, format!("in force and pinned: {digest}\n"));
    stopped(program).await;
    // On the file.
    assert_eq!(list(&ground)[0]["state"], "live pinned");
    let gone = ground.done(&["policy", "unpin", "--reason", "over"]);
    assert_eq!(gone, format!("no longer pinned: {digest}\n"));
    assert_eq!(ground.done(&["policy", "unpin"]), "no set was pinned\n");
    ground.done(&["policy", "activate", short, "--reason", "again"]);
    std::fs::write(ground.path("policies/30-closed.cedar"), CLOSED).unwrap();
    let program = ground.serve();
    let table = ground.done(&["policy", "list"]);
    assert!(table.contains("live pinned"), "{table}");
    // The folder is looked at while requests are served.
    let told = (0..500).any(|_| ground.admin_records("policy.candidate").len() == 1);
    assert!(told, "nothing waits");
    drop(program);
}

#[tokio::test]
async fn what_cannot_be_in_force_ends_with_the_code_that_says_why() {
    let ground = Ground::new().await;
    // Live once while proofs were waived.
    std::fs::write(ground.path("policies/00-tenant-separation.cedar"), "").unwrap();
    std::fs::write(ground.path("policies/30-open.cedar"), HOLE).unwrap();
    stopped(ground.serve()).await;
    let hole = list(&ground)[0]["digest"].as_str().unwrap().to_owned();
    assert_eq!(list(&ground)[0]["proof"], "waived");
    configure(
        &ground,
        "policy.proof = \"off\"",
        "policy.proof = \"required\"",
    );
    let activate = ["policy", "activate", &hole, "--reason", "r"];
    let (code, told) = ends(&ground, &activate);
    assert_eq!(code, Some(5), "{told}");
    assert!(
        told.contains("isolation") && told.contains("principal"),
        "{told}"
    );
    let (code, told) = ends(&ground, &["policy", "show", &hole, "--certificate"]);
    assert_eq!(code, Some(5), "{told}");
    for args in [
        &["policy", "activate", "00000000", "--reason", "r"][..],
        &["policy", "activate", "zz", "--reason", "r"],
        &["policy", "activate", &hole, "--reason", " "],
        &["policy", "activate", &hole],
        &["policy", "show", "00000000"],
    ] {
        let (code, told) = ends(&ground, args);
        assert_eq!(code, Some(2), "{args:?}: {told}");
    }
}
