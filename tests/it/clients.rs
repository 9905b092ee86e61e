//! Jira clients as they are published, `jira` from `PyPI` and `jira.js` from npm, pointed at a base URL and nothing else. `make need-clients` installs
//! them; where they are missing the tests say so, and fail under `GATEPOST_REQUIRE_VECTORS=1`.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its world has failed"
)]

use std::path::{Path, PathBuf};

use gatepost::standin::account;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::world::World;

/// What a client is pointed at, and the key that it proves itself with.
struct Access {
    base_url: String,
    token: String,
    /// Beside it, where it is an API token of Atlassian.
    email: Option<String>,
}

impl Access {
    /// Ann's, in one of the forms of a path, with a key that she made.
    async fn by_key(world: &World, form: &str) -> Self {
        let made = world.key("acme", "ann", json!({})).await;
        Self {
            base_url: format!("{}{form}", world.base_url()),
            token: made["key"].as_str().unwrap().to_owned(),
            email: None,
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "not the program's configuration, but that of its tests"
)]
fn is_required() -> bool {
    std::env::var("GATEPOST_REQUIRE_VECTORS").is_ok_and(|value| value == "1")
}

/// Where `make need-clients` puts them.
fn installed(path: &str) -> Option<PathBuf> {
    let found = root().join("target/tools/clients").join(path);
    if found.exists() {
        return Some(found);
    }
    assert!(
        !is_required(),
        "`{}` is missing: make need-clients",
        found.display()
    );
    eprintln!("skipped: `{path}` is not installed (make need-clients)");
    None
}

/// The command of a client, if it is installed.
fn command(client: &str) -> Option<Command> {
    let scripts = root().join("tests/clients");
    let (program, script, library) = if client == "jira" {
        (installed("bin/python")?, "python_jira.py", None)
    } else {
        let library = installed("node_modules/jira.js/dist/index.js")?;
        (
            installed("node_modules/.bin/node")?,
            "jira_js.mjs",
            Some(library),
        )
    };
    let mut command = Command::new(program);
    command.arg(scripts.join(script)).args(library);
    command.kill_on_drop(true);
    Some(command)
}

/// What a client says that came of reading an issue; nothing if it is not installed.
async fn read(client: &str, access: &Access, way: &str, issue: &str) -> Option<Value> {
    let mut command = command(client)?;
    command.args([&access.base_url, way, &access.token, issue]);
    command.args(&access.email);
    let output = command.output().await.unwrap();
    let (text, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let last = text.lines().last().unwrap_or_default();
    let told = serde_json::from_str(last);
    Some(told.unwrap_or_else(|_| panic!("{client} said {text}\n{errors}")))
}

const CLIENTS: [&str; 2] = ["jira", "jira.js"];
const WAYS: [&str; 2] = ["bearer", "basic"];

/// The base URLs of acme, below the gateway's own.
fn forms(world: &World) -> [String; 3] {
    let cloud = world.site("acme").cloud_id().to_owned();
    [
        format!("/ex/jira/{cloud}"),
        "/sites/acme.atlassian.net".to_owned(),
        String::new(),
    ]
}

/// Each client with each way to send a key.
fn clients() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = CLIENTS.into_iter();
    all.flat_map(|client| WAYS.map(|way| (client, way)))
}

#[tokio::test]
async fn unmodified_clients_read_an_issue_in_each_form_of_a_path() {
    let world = World::new().await;
    for form in forms(&world) {
        let access = Access::by_key(&world, &form).await;
        for (client, way) in clients() {
            let Some(told) = read(client, &access, way, "ACME-1").await else {
                continue;
            };
            assert_eq!(told["error"], Value::Null, "{client} {way} {form}: {told}");
            assert_eq!(told["summary"], "Checkout in one page (acme)", "{told}");
            assert_eq!(told["account"], account("ann"));
            assert_eq!(told["deployment"], "Cloud");
            assert!(told["fields"].as_u64() > Some(30), "{told}");
        }
    }
}

#[tokio::test]
async fn unmodified_clients_read_an_issue_with_credentials_of_atlassian() {
    let world = World::taking_own(&["acme"]).await;
    // The last form names no site, at which they could be checked.
    for form in &forms(&world)[..2] {
        for (client, way) in clients() {
            let api = world.jira.api_token("ann");
            let base_url = format!("{}{form}", world.base_url());
            let (token, email) = match way {
                "basic" => (api.token, Some(api.email)),
                _ => (world.jira.oauth_token("ann", &["acme"]), None),
            };
            let access = Access {
                base_url,
                token,
                email,
            };
            let Some(told) = read(client, &access, way, "ACME-1").await else {
                continue;
            };
            assert_eq!(told["error"], Value::Null, "{client} {way} {form}: {told}");
            assert_eq!(told["summary"], "Checkout in one page (acme)", "{told}");
            assert_eq!(told["account"], account("ann"));
        }
    }
    assert!(world.seen(gatepost::standin::Role::Token).is_empty());
}

const CLOSED: &str = r#"@id("closed") @code("closed") @reason("Issues are closed for the weekend.")
    forbid (principal, action == Action::"getIssue", resource);"#;

#[tokio::test]
async fn unmodified_clients_show_the_sentence_of_a_denial() {
    let world = World::builder()
        .policy("30-closed.cedar", CLOSED)
        .start()
        .await;
    for form in forms(&world) {
        let access = Access::by_key(&world, &form).await;
        for (client, way) in clients() {
            let Some(told) = read(client, &access, way, "ACME-1").await else {
                continue;
            };
            let what = format!("{client} {way} {form}: {told}");
            assert_eq!(told["status"], json!(403), "{what}");
            let error = told["error"].as_str().unwrap();
            let sentence = "Issues are closed for the weekend. (decision ";
            assert!(error.contains(sentence), "{what}");
        }
    }
}
