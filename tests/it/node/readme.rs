//! The lines of the documents that people paste into a terminal: what they set, they set themselves, and each does what it says.

use std::path::Path;
use std::process::Command;

use super::program::{Ground, Program};
use crate::structure::root;

const CURL: &str = "/usr/bin/curl";

/// The provider of the README's configuration.
const COMPANY: &str = r#"
[[oidc]]
name = "company"
issuer = "{oidc}"
audience = "gatepost"
jwks = "{oidc}/jwks"
tenant_claim = "org"
account_claim = "account"
tenants = { "acme" = "acme.atlassian.net" }
"#;

/// The indented blocks of a section.
fn blocks(document: &str, heading: &str) -> Vec<String> {
    let section = section(document, heading);
    let mut found = vec![String::new()];
    for line in section.lines() {
        match line.strip_prefix("    ") {
            Some(code) => found.last_mut().unwrap().extend([code, "\n"]),
            None if line.is_empty() => {}
            None => found.push(String::new()),
        }
    }
    found.retain(|block| !block.is_empty());
    found
}

/// What stands below a heading, up to the next.
fn section(document: &str, heading: &str) -> String {
    let text = std::fs::read_to_string(root().join(document)).unwrap();
    let (_, rest) = text.split_once(&format!("\n{heading}\n")).unwrap();
    rest.split("\n#").next().unwrap().to_owned()
}

/// Pastes lines into a shell that ends at the first command that fails, or at an answer in error. Gives what they printed.
fn paste(ground: &Ground, program: &Program, lines: &str) -> String {
    let strict = "set -euo pipefail\ncurl() { command curl -sS --fail-with-body \"$@\"; echo; }\n";
    let lines = lines
        .replace("http://127.0.0.1:8080", &format!("http://{}", program.data))
        .replace("http://127.0.0.1:9100", &ground.jira.oauth_server());
    let programs = Path::new(env!("CARGO_BIN_EXE_gatepost")).parent().unwrap();
    let output = Command::new("bash")
        .args(["-c", &format!("{strict}{lines}")])
        .current_dir(ground.dir.path())
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{lines}\n{told}{complaints}");
    told
}

fn can_paste() -> bool {
    let there = Path::new(CURL).exists();
    if !there {
        println!("skipped: the lines of the documents (`{CURL}` is missing)");
    }
    there
}

async fn ground() -> (Ground, Program) {
    let ground = Ground::with(COMPANY).await;
    let program = ground.serve();
    ground.install(&program).await;
    (ground, program)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_the_readme_can_be_pasted() {
    if !can_paste() {
        return;
    }
    let (ground, program) = ground().await;
    let start = blocks("README.md", "## Quick start");
    let asks: String = start
        .into_iter()
        .filter(|block| block.contains("curl"))
        .collect();
    assert!(
        asks.contains("/v1/whoami") && !asks.contains("gatepost "),
        "{asks}"
    );
    let told = paste(&ground, &program, &asks);
    assert_eq!(told.matches("\"key\":\"ACME-1\"").count(), 2, "{told}");

    let credentials = section("README.md", "### Credentials");
    let rows = credentials
        .lines()
        .filter_map(|line| line.rsplit_once("| `curl "));
    let rows: Vec<_> = rows
        .map(|(_, cell)| format!("curl {}", cell.trim_end_matches("` |")))
        .collect();
    assert_eq!(rows.len(), 5, "{rows:?}");
    let rows = rows.join("\n");
    let made = blocks("README.md", "### Credentials").concat();
    let token = asks
        .lines()
        .find(|line| line.starts_with("TOKEN="))
        .unwrap();
    let lines = format!("{token}\n{made}\n{rows}");
    let told = paste(&ground, &program, &lines);
    for (kind, times) in [
        ("connect_context", 1),
        ("session", 1),
        ("client_key", 2),
        ("oidc", 1),
    ] {
        let kind = format!("\"kind\":\"{kind}\"");
        assert_eq!(told.matches(&kind).count(), times, "{kind} in {told}");
    }

    let own = blocks("README.md", "### Credentials that Atlassian gave to users").concat();
    let told = paste(&ground, &program, &own);
    assert_eq!(told.matches("\"key\":\"ACME-1\"").count(), 2, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_about_sessions_and_keys_can_be_pasted() {
    if !can_paste() {
        return;
    }
    let (ground, program) = ground().await;
    let lines = blocks("docs/sessions-and-keys.md", "## With curl").concat();
    let told = paste(&ground, &program, &lines);
    assert!(told.contains("\"kind\":\"session\""), "{told}");
    assert_eq!(told.matches("\"key\":\"ACME-1\"").count(), 2, "{told}");
    let key = std::fs::read_to_string(ground.path("ci.key")).unwrap();
    assert!(key.starts_with("gp_"), "{key}");
}
