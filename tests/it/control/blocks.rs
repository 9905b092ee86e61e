//! `gatepost block` and `unblock` through the real program, beside a running server and on the file.

use gatepost::clock::{Clock, Timestamp};
use gatepost::standin::account;
use serde_json::Value;

use crate::node::program::{Ground, Program};
use crate::node::wire;

const ACME: &str = "acme.atlassian.net";
const HOUR_US: i64 = 3_600_000_000;

async fn whoami(ground: &Ground, program: &Program, site: &str, person: &str) -> u16 {
    let token = format!("JWT {}", ground.jira.site(site).context_token(person));
    let answer = wire::get(program.data, "/v1/whoami", Some(&token)).await;
    answer.status
}

fn objects(lines: &str) -> Vec<Value> {
    let read = |line| serde_json::from_str(line).unwrap();
    lines.lines().map(read).collect()
}

fn blocks(ground: &Ground) -> Vec<Value> {
    objects(&ground.done(&["block", "list", "--format", "json"]))
}

/// Whoever blocks and whatever for is told to the operator who looks.
fn walk_list(ground: &Ground) {
    let (ann, me) = (
        account("ann"),
        format!("unix:{}", rustix::process::getuid().as_raw()),
    );
    let before = Clock::system().now().micros();
    ground.done(&[
        "block",
        "--account",
        &ann,
        "--tenant",
        ACME,
        "--for",
        "1h",
        "--reason",
        "incident 42",
    ]);
    let after = Clock::system().now().micros();
    let listed = blocks(ground);
    assert_eq!(listed.len(), 1);
    let block = &listed[0];
    assert_eq!(
        (&block["account"], &block["made_by"]),
        (&ann.as_str().into(), &me.into())
    );
    assert_eq!(block["site"], "https://acme.atlassian.net");
    let until = Timestamp::parse_rfc3339(block["until"].as_str().unwrap()).unwrap();
    assert!(
        (before..=after).contains(&(until.micros() - HOUR_US)),
        "{block}"
    );
    let table = ground.done(&["block", "list"]);
    for told in [
        &ann,
        "incident 42",
        "until",
        block["until"].as_str().unwrap(),
    ] {
        assert!(table.contains(told), "{told}: {table}");
    }
    let shown = ground.done(&["tenant", "show", ACME]);
    assert!(
        shown.contains("blocks:") && shown.contains("incident 42"),
        "{shown}"
    );
    let ended = ground.done(&["unblock", "--account", &ann, "--tenant", ACME]);
    assert!(ended.contains(block["id"].as_str().unwrap()), "{ended}");
    assert_eq!(blocks(ground), [Value::Null; 0]);
}

fn walk_refusals(ground: &Ground) {
    let refused: [(&[&str], &str); 12] = [
        (
            &["block", "--tenant", "nobody.atlassian.net", "--for", "1h"],
            "there is no tenant `nobody.atlassian.net`; name it by client key, host, cloud id or installation \
             (`ari:cloud:ecosystem::installation/…`), as `gatepost tenant list` shows them",
        ),
        (
            &[
                "block",
                "--account",
                "ann",
                "--tenant",
                "nobody",
                "--for",
                "1h",
            ],
            "there is no tenant `nobody`",
        ),
        (&["block", "--account", "an n", "--for", "1h"], "an n"),
        (&["block", "--account", "ann"], "--for"),
        (&["block", "--for", "1h"], "--account"),
        (&["block", "--account", "ann", "--for", "soon"], "`ever`"),
        (&["block", "--account", "ann", "--for", "0h"], "`ever`"),
        (&["block", "--account", "ann", "--for=-1h"], "`ever`"),
        (
            &["block", "--account", "ann", "--for", "99999d"],
            "at most 100 years",
        ),
        (&["block"], "Usage"),
        (&["unblock"], "Usage"),
        (
            &["unblock", "--account", "ann"],
            "no block on account `ann` on all sites is in force; `gatepost block list`",
        ),
    ];
    for (args, told) in refused {
        let output = ground.run(args);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert!(stderr.contains(told), "{args:?}: {stderr}");
        assert_eq!(output.stdout, b"", "{args:?}");
    }
    assert_eq!(blocks(ground), [Value::Null; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocks_work_beside_a_running_server_and_on_the_file() {
    let ground = Ground::new().await;
    let program = ground.serve();
    ground.install(&program).await;
    walk_refusals(&ground);
    walk_list(&ground);
    let carol = account("carol");
    ground.done(&["block", "--account", &carol, "--for", "ever"]);
    ground.done(&["block", "--tenant", ACME, "--for", "7d"]);
    assert_eq!(
        whoami(&ground, &program, "acme", "ann").await,
        401,
        "in force when the command has ended"
    );
    assert_eq!(whoami(&ground, &program, "globex", "carol").await, 401);
    assert_eq!(whoami(&ground, &program, "globex", "eve").await, 200);
    program.kill();
    // What was blocked in the server is blocked after its end, and a change on the file counts for the next.
    assert_eq!(blocks(&ground).len(), 2);
    ground.done(&["unblock", "--tenant", ACME]);
    ground.done(&["unblock", "--account", &carol]);
    walk_refusals(&ground);
    walk_list(&ground);
    ground.done(&[
        "block",
        "--account",
        &carol,
        "--tenant",
        ACME,
        "--for",
        "1h",
    ]);
    let program = ground.serve();
    assert_eq!(whoami(&ground, &program, "acme", "carol").await, 401);
    assert_eq!(whoami(&ground, &program, "globex", "carol").await, 200);
    assert_eq!(whoami(&ground, &program, "acme", "ann").await, 200);
    ground.done(&["unblock", "--account", &carol, "--tenant", ACME]);
    assert_eq!(whoami(&ground, &program, "acme", "carol").await, 200);
    let by = |operation: &str| ground.admin_records(operation).len();
    assert_eq!((by("block.created"), by("block.ended")), (5, 5));
}

#[tokio::test]
async fn a_look_at_the_blocks_leaves_no_record() {
    let ground = Ground::new().await;
    ground.done(&["block", "--account", "ann", "--for", "1h"]);
    let before = ground.log();
    assert_eq!(blocks(&ground).len(), 1);
    // Nor does the environment of a shell turn the look into a block.
    let mut command = ground.command(&["block", "list"]);
    command
        .env("GATEPOST_ACCOUNT", "bob")
        .env("GATEPOST_FOR", "1h");
    assert_eq!(command.output().unwrap().status.code(), Some(0));
    assert_eq!(ground.log(), before);
}
