//! `gatepost log` through the program: beside a running server, by configuration and by database, and what its JSON is called.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::node::program::{Ground, Program};
use crate::node::wire;

const ISSUE: &str = "/v1/issue?site=https://acme.atlassian.net&issue=acme-1";
const FOREIGN: &str = "/v1/issue?site=https://globex.atlassian.net&issue=GLOBEX-1";

async fn ask(ground: &Ground, program: &Program, target: &str) -> String {
    let token = format!("JWT {}", ground.jira.site("acme").context_token("ann"));
    let reply = wire::get(program.data, target, Some(&token)).await;
    reply.header("x-gatepost-decision").to_owned()
}

async fn with_two_decisions() -> (Ground, Program, [String; 2]) {
    let ground = Ground::new().await;
    let program = ground.serve();
    ground.install(&program).await;
    let allowed = ask(&ground, &program, ISSUE).await;
    let denied = ask(&ground, &program, FOREIGN).await;
    (ground, program, [allowed, denied])
}

fn json_lines(ground: &Ground, args: &[&str]) -> Vec<Value> {
    let lines = ground.done(&[&["log", "query", "--format", "json"], args].concat());
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn ids(records: &[Value]) -> Vec<&str> {
    records
        .iter()
        .map(|record| record["decision_id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_decision_is_found_by_each_of_its_members_which_stand_flat() {
    let (ground, _program, [allowed, denied]) = with_two_decisions().await;
    let acme = ground.jira.site("acme");
    let ann = gatepost::standin::account("ann");
    let decisions = |args: &[&str]| json_lines(&ground, &[&["--kind", "decision"], args].concat());
    let both = decisions(&[]);
    assert_eq!(ids(&both), [&allowed, &denied]);
    let record = &both[0];
    for (member, value) in [
        ("v", json!(1)),
        ("kind", json!("decision")),
        ("tenant", json!(acme.client_key())),
        ("account", json!(ann)),
        ("action", json!("getIssue")),
        ("effect", json!("allow")),
        ("stage", json!("policy")),
        ("site", json!("acme.atlassian.net")),
        ("tenant_of_resource", json!(acme.client_key())),
        ("cross_tenant", json!(false)),
        ("method", json!("GET")),
        ("peer", json!("127.0.0.1")),
    ] {
        assert_eq!(record[member], value, "{member}: {record}");
    }
    assert_eq!(record["resource"]["id"], "ACME-1");
    assert_eq!(record["credential"]["kind"], "connect_context");
    for member in [
        "seq",
        "time",
        "log_id",
        "node",
        "request_id",
        "code",
        "policy_set",
        "schema",
        "engine",
    ] {
        assert!(!record[member].is_null(), "{member}: {record}");
    }
    assert_eq!(both[1]["cross_tenant"], true);
    let request = record["request_id"].as_str().unwrap();
    let client_key = acme.client_key();
    for found in [
        &["--effect", "allow"][..],
        &["--issue", "acme-1"],
        &["--site", "https://acme.atlassian.net/"],
        &["--decision", &allowed],
        &["--request", request],
        &["--limit", "1", "--cursor", &both[1]["seq"].to_string()],
        &[
            "--tenant",
            &client_key,
            "--account",
            &ann,
            "--action",
            "getIssue",
            "--effect",
            "allow",
        ],
    ] {
        assert_eq!(ids(&decisions(found)), [&allowed], "{found:?}");
    }
    assert_eq!(ids(&decisions(&["--since", "1h"])).len(), 2);
    for nothing in [
        ["--since", "2099-01-01T00:00:00Z"],
        ["--until", "2001-01-01T00:00:00Z"],
        ["--tenant", "x"],
    ] {
        assert_eq!(decisions(&nothing), [] as [Value; 0], "{nothing:?}");
    }
}

#[tokio::test]
async fn the_log_is_found_by_configuration_and_by_database() {
    let (ground, _program, [allowed, _]) = with_two_decisions().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let config = ground.path("gatepost.toml").display().to_string();
    let database = format!("sqlite://{}", ground.path("gatepost.db").display());
    // No master key: an auditor has none.
    for source in [["--config", &config], ["--database-url", &database]] {
        for command in [&["query", "--kind", "decision"][..], &["show", &allowed]] {
            let args = [&["log"], command, &source].concat();
            let output = super::gatepost(elsewhere.path(), &args).output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{args:?}: {told}");
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(
                text.contains(&allowed[allowed.len() - 7..]),
                "{args:?}: {text}"
            );
            assert!(!text.contains('\u{1b}'), "no colours in a pipe");
        }
    }
    for (args, told) in [
        (
            &["log", "query", "--config", "missing.toml"][..],
            "missing.toml",
        ),
        (
            &["log", "query", "--database-url", "sqlite://none.db"],
            "there is no database",
        ),
        (
            &["log", "query", "--database-url", "postgres://x"],
            "postgres",
        ),
        (&["log", "query", "--effect", "maybe"], "maybe"),
    ] {
        let output = super::gatepost(elsewhere.path(), args).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert!(stderr.to_lowercase().contains(told), "{args:?}: {stderr}");
    }
}

#[tokio::test]
async fn show_gives_a_decision_with_its_outcome() {
    let (ground, program, [allowed, _]) = with_two_decisions().await;
    program.terminate();
    program.ended().await;
    let lines = ground.done(&["log", "show", &allowed, "--format", "json"]);
    let kinds: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].take())
        .collect();
    assert_eq!(kinds, ["decision", "outcome"]);
    let sheet = ground.done(&["log", "show", &allowed]);
    assert!(
        sheet.contains("resource.id") && sheet.contains("ACME-1"),
        "{sheet}"
    );
    let unknown = ground.run(&["log", "show", "019a9f3e-0000-7000-8000-000000000000"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert_eq!(unknown.stdout, b"");
}

#[tokio::test]
async fn a_decision_is_found_by_whose_data_it_is_about_and_by_its_policies() {
    let (ground, program, [allowed, denied]) = with_two_decisions().await;
    let bob = gatepost::standin::account("bob");
    let as_bob = ask(&ground, &program, &format!("{ISSUE}&act_as={bob}")).await;
    let decisions = |args: &[&str]| json_lines(&ground, &[&["--kind", "decision"], args].concat());
    let client_key = ground.jira.site("acme").client_key();
    let all = decisions(&[]);
    let set = all[0]["policy_set"].as_str().unwrap();
    for (filter, found) in [
        (
            &["--tenant", "acme.atlassian.net"][..],
            &[&allowed, &denied, &as_bob][..],
        ),
        (&["--resource-tenant", &client_key], &[&allowed, &as_bob]),
        (
            &["--resource-tenant", "https://ACME.atlassian.net"],
            &[&allowed, &as_bob],
        ),
        (&["--resource-tenant", "globex.atlassian.net"], &[&denied]),
        (&["--cross-tenant"], &[&denied]),
        (&["--project", "acme", "--effect", "allow"], &[&allowed]),
        (&["--project", "globex"], &[&denied]),
        (&["--act-as", &bob], &[&as_bob]),
        (&["--policy-set", set, "--effect", "allow"], &[&allowed]),
        (&["--policy-set", "sha256:00"], &[]),
    ] {
        let found: Vec<&str> = found.iter().map(|id| id.as_str()).collect();
        assert_eq!(ids(&decisions(filter)), found, "{filter:?}");
    }
}

#[tokio::test]
async fn the_environment_filters_the_log_by_its_own_names_only_and_says_so() {
    let (ground, _program, [allowed, denied]) = with_two_decisions().await;
    let query = |variables: &[(&str, &str)], more: &[&str]| {
        let args = [
            &["log", "query", "--kind", "decision"],
            more,
            &["--format", "json"],
        ]
        .concat();
        let mut command = ground.command(&args);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        let lines = String::from_utf8(output.stdout).unwrap();
        let ids: Vec<_> = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .map(|record| record["decision_id"].as_str().unwrap().to_owned())
            .collect();
        (ids, String::from_utf8(output.stderr).unwrap())
    };
    // What `grant` and `tenant` read is none of the log's business.
    let both = vec![allowed.clone(), denied.clone()];
    let foreign = [("GATEPOST_TENANT", "x"), ("GATEPOST_ACCOUNT", "x")];
    assert_eq!(query(&foreign, &[]), (both, String::new()));
    let own = [("GATEPOST_LOG_EFFECT", "deny")];
    let told = "filtered by the environment: GATEPOST_LOG_EFFECT=deny\n".to_owned();
    assert_eq!(query(&own, &[]), (vec![denied], told));
    let flag = ["--effect", "allow"];
    assert_eq!(query(&own, &flag), (vec![allowed], String::new()));
}

/// Ends with its guard.
struct Tail(Child);

impl Drop for Tail {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tail_shows_a_decision_when_it_is_made() {
    let (ground, program, [_, denied]) = with_two_decisions().await;
    let mut command = ground.command(&[
        "log", "tail", "-n", "1", "--effect", "deny", "--format", "json",
    ]);
    let mut tail = Tail(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(tail.0.stdout.take().unwrap()).lines();
    let mut next = move || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["decision_id"], denied);
    let made = ask(&ground, &program, FOREIGN).await;
    assert_eq!(next()["decision_id"], made);
}
