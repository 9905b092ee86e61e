//! Gatepost with everything on, in front of the same upstream: configured, installed on the site through the signed callback, ready.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use gatepost::clock::Chance;
use gatepost::secret::Vault;

use super::process::{self, Cores, Running};
use super::signed::{self, KEY_ID, Keys};

const APP_KEY: &str = "com.example.gatepost";

/// Starts it and installs the app.
pub(crate) fn start(
    folder: &Path,
    keys: &Keys,
    upstream: u16,
    program: &str,
    cores: Cores,
) -> anyhow::Result<Running> {
    let (path, port) = configure(folder, upstream)?;
    let mut command = process::pinned(cores.tested, program);
    command.arg("serve").arg("--config").arg(&path);
    command.env("GATEPOST_MASTER_KEY", master_key());
    let running = Running::start(command, port)?;
    install(keys, port)?;
    Ok(running)
}

/// A fresh master key.
pub(crate) fn master_key() -> String {
    String::from_utf8_lossy(Vault::generate(&Chance::system()).expose()).into_owned()
}

/// Writes policies and configuration into `folder`; gives the configuration's path, and the port that it names.
pub(crate) fn configure(folder: &Path, upstream: u16) -> anyhow::Result<(PathBuf, u16)> {
    let (port, admin) = (process::free_port()?, process::free_port()?);
    let public_url = format!("http://127.0.0.1:{port}");
    let policies = folder.join("policies");
    write_policies(&policies)?;
    let config = format!(
        "[server]
public_url = \"{public_url}\"
listen = \"127.0.0.1:{port}\"
admin_listen = \"127.0.0.1:{admin}\"
workers = 1
[database]
url = \"sqlite://{folder}/gatepost.db\"
[atlassian]
app_key = \"{APP_KEY}\"
[policy]
directory = \"{policies}\"
[telemetry]
log_filter = \"warn\"
[development]
enabled = true
install_key_server = \"http://127.0.0.1:{upstream}/keys\"
oauth_server = \"http://127.0.0.1:{upstream}\"
[development.resolve]
\"acme.atlassian.net\" = \"127.0.0.1:{upstream}\"
",
        folder = folder.display(),
        policies = policies.display(),
    );
    let path = folder.join("gatepost.toml");
    fs::write(&path, config)?;
    Ok((path, port))
}

/// The shipped policies, and seven more that are evaluated for every request and concern nobody.
fn write_policies(folder: &Path) -> anyhow::Result<()> {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(&shipped).with_context(|| format!("no {}", shipped.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), folder.join(entry.file_name()))?;
        }
    }
    let numbers = 1..=7;
    let rule = |number: i32| {
        format!(
            "@id(\"bench-{number}\")\n@reason(\"Not for this team.\")\n\
             forbid (principal, action, resource) when {{ principal in Team::\"acme/team-{number}\" }};\n"
        )
    };
    let team = |number: i32| {
        let uid = serde_json::json!({ "type": "Team", "id": format!("acme/team-{number}") });
        serde_json::json!({ "uid": uid, "parents": [] })
    };
    let rules = numbers.clone().map(rule).collect::<Vec<_>>().concat();
    let teams: serde_json::Value = numbers.map(team).collect();
    fs::write(folder.join("bench.cedar"), rules)?;
    fs::write(folder.join("entities.json"), teams.to_string())?;
    Ok(())
}

/// The callback that Atlassian makes when an administrator adds the app. The path of the key in its URL is `/keys/{KEY_ID}`.
pub(crate) fn install(keys: &Keys, port: u16) -> anyhow::Result<()> {
    let path = "/connect/installed";
    let public_url = format!("http://127.0.0.1:{port}");
    let body = signed::install_body(APP_KEY);
    let token = keys.install_token(&public_url, path);
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: JWT {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .context("the answer to the install")?;
    let installed = ["HTTP/1.1 200", "HTTP/1.1 204"]
        .iter()
        .any(|status| answer.starts_with(status));
    ensure!(
        installed,
        "the install with key {KEY_ID} was refused:\n{answer}"
    );
    Ok(())
}
