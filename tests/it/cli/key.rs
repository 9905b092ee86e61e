//! `gatepost key` through the real program, beside a running server and on the file: what is printed where, and what is kept.

use gatepost::standin::account;
use serde_json::{Value, json};

use crate::node::program::{Ground, Program};
use crate::node::wire;

const ACME: &str = "acme.atlassian.net";
const ISSUE: &str = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";

/// The arguments that make a key for Ann, and what this process is called in records.
fn create(ann: &str) -> Vec<&str> {
    let mut args = vec!["key", "create", "--tenant", ACME, "--account", ann];
    args.extend(["--name", "ci", "--for", "30d", "--action", "read,getIssue"]);
    args
}

fn me() -> String {
    format!("unix:{}", rustix::process::getuid().as_raw())
}

/// Runs a command that makes a key; gives the key, and what stood on stderr.
fn made(ground: &Ground, args: &[&str]) -> (String, String) {
    let output = ground.run(args);
    let told = super::text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {told}");
    let printed = super::text(&output.stdout);
    let key = printed.strip_suffix('\n').unwrap().to_owned();
    let is_key = |key: &str| {
        let digits = key.strip_prefix("gp_").unwrap_or_default();
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        digits.len() == 48 && digits.bytes().all(is_hex)
    };
    assert!(is_key(&key), "not alone: {printed}");
    assert!(
        told.contains("not shown again") && !told.contains(&key),
        "{told}"
    );
    (key, told)
}

fn listed(ground: &Ground, more: &[&str]) -> Vec<Value> {
    let lines = ground.done(&[&["key", "list", "--format", "json"], more].concat());
    let read = |line| serde_json::from_str(line).unwrap();
    lines.lines().map(read).collect()
}

async fn status(program: &Program, key: &str) -> u16 {
    let bearer = format!("Bearer {key}");
    wire::get(program.data, ISSUE, Some(&bearer)).await.status
}

/// What is said of a key wherever it was made.
fn common(key: &Value) -> Value {
    let mut key = key.clone();
    for member in ["id", "made_at", "expires_at", "last_used_at"] {
        key.as_object_mut().unwrap().remove(member).unwrap();
    }
    key
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_the_same_whether_it_was_made_beside_a_server_or_on_the_file() {
    let ground = Ground::new().await;
    let program = ground.serve();
    ground.install(&program).await;
    let ann = account("ann");
    let (first, told) = made(&ground, &create(&ann));
    assert_eq!(status(&program, &first).await, 200);
    assert!(!program.told().contains(&first[3..]));
    program.terminate();
    assert_eq!(program.ended().await.code(), Some(0));
    let (second, _) = made(&ground, &create(&ann));
    let program = ground.serve();
    assert_eq!(status(&program, &first).await, 200, "it outlives a restart");
    assert_eq!(status(&program, &second).await, 200);
    let keys = listed(&ground, &[]);
    assert_eq!(keys.len(), 2);
    let expected = json!({
        "name": "ci", "tenant": ground.jira.site("acme").client_key(), "site": "https://acme.atlassian.net",
        "account": ann, "state": "active", "revoked_at": null, "sites": [], "actions": ["read", "getIssue"],
        "networks": [], "act_as": null, "act_as_grants": null, "rate_per_minute": null, "replaces": null, "made_by": me(),
    });
    assert_eq!(
        (common(&keys[0]), common(&keys[1])),
        (expected.clone(), expected)
    );
    assert!(told.contains(keys[1]["id"].as_str().unwrap()), "{told}");
    let records = ground.admin_records("key.created");
    let ids: Vec<_> = records.iter().map(|one| &one["detail"]["key"]).collect();
    assert_eq!(ids, [&keys[1]["id"], &keys[0]["id"]]);
    assert!(
        records
            .iter()
            .all(|one| one["by"] == me() && one["tenant"] == keys[0]["tenant"])
    );
    assert_kept_nowhere(&ground, &[&first, &second]);
}

/// No file of the installation holds a key, nor the random part of it; the ids are there.
fn assert_kept_nowhere(ground: &Ground, keys: &[&str]) {
    let files = std::fs::read_dir(ground.dir.path()).unwrap();
    // The socket cannot be read, and the policies are a folder.
    let files = files.filter_map(|file| std::fs::read(file.unwrap().path()).ok());
    let bytes: Vec<u8> = files.flatten().collect();
    let holds = |part: &str| {
        let mut parts = bytes.windows(part.len());
        parts.any(|window| window == part.as_bytes())
    };
    for key in listed(ground, &[]) {
        assert!(holds(key["id"].as_str().unwrap()), "it was looked for");
    }
    for key in keys {
        assert!(!holds(&key[3..43]), "a key is on the disk");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_rotated_blocked_and_revoked_by_their_ids() {
    let ground = Ground::new().await;
    let program = ground.serve();
    ground.install(&program).await;
    let (old, _) = made(&ground, &create(&account("ann")));
    let old_id = listed(&ground, &[])[0]["id"].as_str().unwrap().to_owned();
    let (new, told) = made(&ground, &["key", "rotate", &old_id]);
    assert!(told.contains("The old key is good until "), "{told}");
    let keys = listed(&ground, &["--tenant", ACME]);
    assert_eq!(keys[0]["replaces"], *old_id);
    let new_id = keys[0]["id"].as_str().unwrap();
    assert_eq!(
        (status(&program, &old).await, status(&program, &new).await),
        (200, 200)
    );
    ground.done(&[
        "block",
        "--key",
        new_id,
        "--for",
        "1h",
        "--reason",
        "incident 42",
    ]);
    assert_eq!(
        (status(&program, &old).await, status(&program, &new).await),
        (200, 401)
    );
    for shown in [&["block", "list"][..], &["tenant", "show", ACME]] {
        let shown = ground.done(shown);
        assert!(
            shown.contains(new_id) && shown.contains("incident 42"),
            "{shown}"
        );
    }
    ground.done(&["unblock", "--key", new_id]);
    let table = ground.done(&["key", "list"]);
    assert!(
        table.contains(&old_id) && table.contains("active"),
        "{table}"
    );
    let ended = ground.done(&["key", "revoke", &old_id, "--format", "json"]);
    let ended: Value = serde_json::from_str(&ended).unwrap();
    assert_eq!(ended["state"], "revoked");
    assert_eq!(
        (status(&program, &old).await, status(&program, &new).await),
        (401, 200)
    );
    let (last, _) = made(&ground, &["key", "rotate", new_id, "--overlap", "0h"]);
    assert_eq!(
        (status(&program, &new).await, status(&program, &last).await),
        (401, 200)
    );
    assert_kept_nowhere(&ground, &[&old, &new, &last]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_environment_narrows_a_list_of_keys_and_a_look_leaves_no_record() {
    let ground = Ground::new().await;
    let program = ground.serve();
    ground.install(&program).await;
    program.terminate();
    assert_eq!(program.ended().await.code(), Some(0));
    made(&ground, &create(&account("ann")));
    let before = ground.log();
    let narrowed = |tenant: &str| {
        let mut command = ground.command(&["key", "list", "--format", "json"]);
        let output = command.env("GATEPOST_TENANT", tenant).output().unwrap();
        super::text(&output.stdout).lines().count()
    };
    assert_eq!((narrowed(ACME), narrowed("globex.atlassian.net")), (1, 0));
    assert_eq!(ground.log(), before);
}

/// Asserts an end with 2, this sentence on stderr and nothing on stdout; gives all of stderr.
fn assert_wrong(ground: &Ground, args: &[&str], told: &str) -> String {
    let output = ground.run(args);
    let stderr = super::text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
    assert!(stderr.contains(told), "{args:?}: {stderr}");
    assert_eq!(output.stdout, b"", "{args:?}");
    stderr
}

#[tokio::test]
async fn wrong_calls_end_with_2_and_print_nothing() {
    let ground = Ground::new().await;
    let program = ground.serve();
    ground.install(&program).await;
    let ann = account("ann");
    made(&ground, &create(&ann));
    let id = listed(&ground, &[])[0]["id"].as_str().unwrap().to_owned();
    let nobody = "key_0192d3a0-0000-7000-8000-00000000abcd";
    let usual = ["key", "create", "--tenant", ACME, "--account", &ann];
    for (more, told) in [
        (&[][..], "--name"),
        (&["--name", "x", "--for", "soon"], "`90d`"),
        (&["--name", "x", "--for", "0h"], "`90d`"),
        (&["--name", "x", "--for", "400d"], "365 days"),
        (&["--name", "x", "--action", "fly"], "`fly` is no action"),
        (&["--name", "x", "--rate", "fast"], "--rate"),
    ] {
        assert_wrong(&ground, &[&usual, more].concat(), told);
    }
    assert_wrong(&ground, &["key"], "Usage");
    assert_wrong(
        &ground,
        &["key", "list", "--tenant", "x"],
        "there is no tenant `x`",
    );
    assert_wrong(&ground, &["key", "revoke", nobody], "there is no key");
    assert_wrong(&ground, &["key", "rotate", &id, "--overlap=-1h"], "`0h`");
    let block = ["block", "--for", "1h", "--key"];
    assert_wrong(
        &ground,
        &[&block[..], &[nobody]].concat(),
        "there is no key",
    );
    let both = [&block[..], &[&id, "--account", &ann]].concat();
    assert_wrong(&ground, &both, "cannot be used with");
}

#[tokio::test]
async fn a_key_that_is_pasted_where_its_id_belongs_is_not_echoed_and_stays_good() {
    let ground = Ground::new().await;
    let program = ground.serve();
    ground.install(&program).await;
    let (key, _) = made(&ground, &create(&account("ann")));
    for args in [
        &["key", "revoke", &key][..],
        &["key", "rotate", &key],
        &["block", "--key", &key, "--for", "1h"],
        &["unblock", "--key", &key],
    ] {
        let stderr = assert_wrong(&ground, args, "a credential itself");
        assert!(!stderr.contains(&key[3..43]), "{stderr}");
    }
    assert_eq!(status(&program, &key).await, 200);
}
