//! Commands through the real program, while a server runs and on the file: what they print where, how they end, what is recorded.

use std::time::Duration;

use gatepost::standin::{Fault, Role, account};
use serde_json::{Value, json};

use crate::node::program::{Ground, Program};
use crate::node::wire;

const ACME: &str = "acme.atlassian.net";
const ISSUE: &str = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";
const WHOAMI: &str = "/v1/whoami";

fn objects(lines: &str) -> Vec<Value> {
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn me() -> String {
    format!("unix:{}", rustix::process::getuid().as_raw())
}

async fn whoami(ground: &Ground, program: &Program) -> u16 {
    let token = format!("JWT {}", ground.jira.site("acme").context_token("ann"));
    wire::get(program.data, WHOAMI, Some(&token)).await.status
}

/// Asserts an end with this code, a sentence on stderr and nothing on stdout.
fn assert_fails(ground: &Ground, args: &[&str], code: i32, told: &str) {
    let output = ground.run(args);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
    assert!(stderr.contains(told), "{args:?}: {stderr}");
    assert_eq!(output.stdout, b"", "{args:?}");
}

/// The commands on tenants, each by another of the tenant's names.
fn walk_tenants(ground: &Ground) {
    let acme = ground.jira.site("acme");
    let listed = objects(&ground.done(&["tenant", "list", "--format", "json"]));
    let sites: Vec<_> = listed
        .iter()
        .map(|one| one["site"].as_str().unwrap())
        .collect();
    assert_eq!(sites.len(), 2);
    assert!(sites.contains(&"https://acme.atlassian.net"));
    let table = ground.done(&["tenant", "list"]);
    assert!(
        table.contains("installed") && table.contains(&acme.client_key()),
        "{table}"
    );
    for name in [ACME, acme.base_url(), acme.cloud_id(), &acme.client_key()] {
        let shown = objects(&ground.done(&["tenant", "show", name, "--format", "json"]));
        assert_eq!(shown[0]["tenant"], acme.client_key());
        assert_eq!(shown[0]["state"], "installed");
        assert_eq!(shown[0].get("shared_secret"), None);
    }
    let reason = "incident 42";
    let suspend = [
        "tenant", "suspend", ACME, "--reason", reason, "--format", "json",
    ];
    assert_eq!(objects(&ground.done(&suspend))[0]["state"], "suspended");
    let shown = objects(&ground.done(&["tenant", "show", ACME, "--format", "json"]));
    assert_eq!(shown[0]["suspended_because"], reason);
    let records = ground.admin_records("tenant.suspended");
    let last = records.last().unwrap();
    assert_eq!(last["by"], me());
    assert_eq!(last["tenant"], acme.client_key());
    assert_eq!(last["detail"], json!({"reason": reason}));
}

fn resume(ground: &Ground) {
    let resumed = ground.done(&["tenant", "resume", ACME, "--format", "json"]);
    assert_eq!(objects(&resumed)[0]["state"], "installed");
    assert_eq!(
        ground.admin_records("tenant.resumed").last().unwrap()["by"],
        me()
    );
}

/// The commands on grants; gives the id of one that is in force.
fn walk_grants(ground: &Ground) -> String {
    let (ann, bob) = (account("ann"), account("bob"));
    let create = |more: &[&str]| {
        let args = [
            "grant",
            "create",
            "--tenant",
            ACME,
            "--account",
            &ann,
            "--act-as",
            &bob,
        ];
        ground.done(&[&args[..], &["--actions", "read", "--reason", "cover"], more].concat())
    };
    let (kept, ended) = (create(&[]), create(&["--until", "2099-01-01T00:00:00Z"]));
    let (kept, ended) = (kept.trim_end().to_owned(), ended.trim_end().to_owned());
    for id in [&kept, &ended] {
        assert!(
            id.starts_with("grant_") && !id.contains(char::is_whitespace),
            "{id}"
        );
    }
    let list = |ground: &Ground| objects(&ground.done(&["grant", "list", "--format", "json"]));
    let listed = list(ground);
    let ids: Vec<_> = listed
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [&kept, &ended]);
    assert_eq!(listed[0]["given_by"], me());
    assert_eq!(
        (&listed[0]["until"], &listed[1]["until"]),
        (&Value::Null, &json!("2099-01-01T00:00:00.000000Z"))
    );
    ground.done(&["grant", "revoke", &ended]);
    assert_eq!(list(ground).len(), 1);
    let (created, revoked) = (
        ground.admin_records("grant.created"),
        ground.admin_records("grant.revoked"),
    );
    assert_eq!(
        (created.len() % 2, &created.last().unwrap()["by"]),
        (0, &json!(me()))
    );
    assert_eq!(revoked.last().unwrap()["detail"]["grant"], ended);
    kept
}

fn walk_refusals(ground: &Ground) {
    let reason = ["--reason", "x"];
    let refused: [(&[&str], &str); 8] = [
        (
            &["tenant", "show", "nobody.atlassian.net"],
            "there is no tenant `nobody.atlassian.net`",
        ),
        (
            &["tenant", "suspend", "nobody.atlassian.net", "--reason", "x"],
            "there is no tenant",
        ),
        (&["tenant", "suspend", ACME], "--reason"),
        (&["tenant", "resume", "nobody"], "there is no tenant"),
        (
            &["grant", "revoke", "grant_x"],
            "there is no grant `grant_x` in force",
        ),
        (&["token", "create", "--role", "king"], "`king` is no role"),
        (
            &["grant", "list", "--tenant", "nobody"],
            "there is no tenant",
        ),
        (&["tenant"], "Usage"),
    ];
    for (args, told) in refused {
        assert_fails(ground, args, 2, told);
    }
    let (ann, bob) = (account("ann"), account("bob"));
    for (act_as, actions, until, told) in [
        (
            &ann,
            "read",
            "2099-01-01T00:00:00Z",
            "needs no grant to act as itself",
        ),
        (
            &bob,
            "everything",
            "2099-01-01T00:00:00Z",
            "`everything` is no action",
        ),
        (&bob, "read", "2001-01-01T00:00:00Z", "ended already"),
        (&bob, "read", "tomorrow", "tomorrow"),
        (
            &"no account".to_owned(),
            "read",
            "2099-01-01T00:00:00Z",
            "no account",
        ),
    ] {
        let who = [
            "grant",
            "create",
            "--tenant",
            ACME,
            "--account",
            &ann,
            "--act-as",
            act_as,
        ];
        let what = ["--actions", actions, "--until", until];
        assert_fails(ground, &[&who[..], &what, &reason].concat(), 2, told);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_work_beside_a_running_server_and_on_the_file() {
    let ground = Ground::new().await;
    let program = ground.serve();
    ground.install(&program).await;
    walk_refusals(&ground);
    assert_eq!(whoami(&ground, &program).await, 200);
    walk_tenants(&ground);
    assert_eq!(
        whoami(&ground, &program).await,
        401,
        "in force when the command has ended"
    );
    resume(&ground);
    assert_eq!(whoami(&ground, &program).await, 200);
    let kept = walk_grants(&ground);
    ground.done(&["grant", "revoke", &kept]);
    program.terminate();
    assert_eq!(program.ended().await.code(), Some(0));
    // The same on the file, and a server that starts later finds it so.
    walk_refusals(&ground);
    walk_tenants(&ground);
    let program = ground.serve();
    assert_eq!(whoami(&ground, &program).await, 401);
    program.kill();
    resume(&ground);
    let kept = walk_grants(&ground);
    let program = ground.serve();
    assert_eq!(whoami(&ground, &program).await, 200);
    ground.done(&["grant", "revoke", &kept]);
}

#[tokio::test]
async fn a_token_stands_alone_on_stdout_and_opens_the_metrics() {
    let ground = Ground::new().await;
    let create = [
        "token",
        "create",
        "--role",
        "operator",
        "--name",
        "prometheus",
    ];
    let on_the_file = ground.run(&create);
    let program = ground.serve();
    let in_the_server = ground.run(&create);
    for output in [on_the_file, in_the_server] {
        assert_eq!(output.status.code(), Some(0));
        let token = String::from_utf8(output.stdout).unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(token.starts_with("gpa_") && token.ends_with('\n') && token.lines().count() == 1);
        let token = token.trim_end();
        assert!(
            !told.contains(token) && told.contains("not shown again"),
            "{told}"
        );
        let bearer = format!("Bearer {token}");
        assert_eq!(
            wire::get(program.admin, "/metrics", Some(&bearer))
                .await
                .status,
            200
        );
        assert!(!program.told().contains(token));
    }
    let records = ground.admin_records("token.created");
    assert_eq!(records.len(), 2);
    for record in &records {
        assert_eq!(record["by"], me());
        assert_eq!(
            (&record["detail"]["role"], &record["detail"]["name"]),
            (&json!("operator"), &json!("prometheus"))
        );
    }
}

/// Sends a request that the token server holds between its permit and Jira, changes something meanwhile, and gives its answer.
async fn under_way(ground: &Ground, program: &Program, change: impl FnOnce()) -> wire::Reply {
    let delay = Fault::Delay(Duration::from_millis(1500));
    ground.jira.set_fault(Role::Token, Some(delay));
    ground.jira.clear_requests();
    let token = format!("JWT {}", ground.jira.site("acme").context_token("ann"));
    let at = program.data;
    let request = tokio::spawn(async move { wire::get(at, ISSUE, Some(&token)).await });
    while !asked(ground, Role::Token) {
        tokio::task::yield_now().await;
    }
    change();
    request.await.unwrap()
}

fn asked(ground: &Ground, role: Role) -> bool {
    ground.jira.requests().iter().any(|seen| seen.role == role)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspension_reaches_a_request_that_is_under_way_also_if_it_is_over_already() {
    let ground = Ground::new().await;
    let program = ground.serve();
    ground.install(&program).await;
    let suspend = || drop(ground.done(&["tenant", "suspend", ACME, "--reason", "now"]));
    let resume = || drop(ground.done(&["tenant", "resume", ACME]));
    let suspended = under_way(&ground, &program, suspend).await;
    assert_eq!(suspended.status, 401, "{}", suspended.text);
    assert!(
        !asked(&ground, Role::Jira),
        "Jira was asked for a suspended tenant"
    );
    resume();
    let resumed = under_way(&ground, &program, || {
        suspend();
        resume();
    });
    let resumed = resumed.await;
    assert_eq!(resumed.status, 401, "{}", resumed.text);
    assert!(
        !asked(&ground, Role::Jira),
        "Jira was asked with a permit of before"
    );
    let after = under_way(&ground, &program, || {}).await;
    assert_eq!(after.status, 200, "{}", after.text);
}

#[tokio::test]
async fn commands_without_a_key_or_a_database_say_so() {
    let ground = Ground::new().await;
    let mut keyless = crate::cli::gatepost(ground.dir.path(), &["tenant", "list"]);
    let output = keyless.output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("the master key is missing"), "{told}");
    ground.done(&["tenant", "list"]);
    for command in ["serve", "tenant list", "grant list"] {
        let args: Vec<&str> = command.split(' ').collect();
        let mut other = crate::cli::gatepost(ground.dir.path(), &args);
        other.env("GATEPOST_MASTER_KEY", "ff".repeat(32));
        let output = other.output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{command}: {told}");
        assert!(
            told.contains("configure the key that this database was made with"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_command_that_only_reads_leaves_no_record() {
    let ground = Ground::new().await;
    let program = ground.serve();
    ground.install(&program).await;
    program.terminate();
    assert_eq!(program.ended().await.code(), Some(0));
    let log = || ground.log();
    let before = log();
    for args in [
        &["tenant", "list"][..],
        &["tenant", "show", ACME],
        &["grant", "list"],
    ] {
        ground.done(args);
        assert_eq!(log(), before, "{args:?}");
    }
    ground.done(&["tenant", "suspend", ACME, "--reason", "now"]);
    assert_eq!(log().len(), before.len() + 3);
}

#[tokio::test]
async fn a_command_does_not_open_what_another_process_holds() {
    let ground = Ground::new().await;
    let file = ground.dir.path().join("gatepost.db");
    let url = format!("sqlite://{}", file.display());
    let _held = gatepost::db::hold(&gatepost::db::Settings { url }).unwrap();
    let told = "its control socket does not answer";
    assert_fails(&ground, &["tenant", "list"], 1, told);
    assert!(!file.exists(), "it was made or migrated");
}
