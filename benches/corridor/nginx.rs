//! nginx twice: as the upstream that answers with a static issue, and as the peer that passes requests to it.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use super::process::{self, Running};
use super::signed::{self, Keys};

/// Answers any path with one issue of `issue_bytes`, the token endpoint with one token, and the key server's path with the install key.
pub(crate) fn upstream(
    folder: &Path,
    keys: &Keys,
    issue_bytes: usize,
    core: Option<usize>,
) -> anyhow::Result<Running> {
    let port = process::free_port()?;
    fs::write(folder.join("issue.json"), issue(issue_bytes))?;
    fs::write(folder.join("key.pem"), keys.install_key_pem())?;
    let server = format!(
        "server {{
            listen 127.0.0.1:{port} reuseport;
            root {root};
            default_type application/json;
            open_file_cache max=16;
            location / {{ try_files /issue.json =404; }}
            location = /keys/{kid} {{ default_type application/x-pem-file; try_files /key.pem =404; }}
            location = /oauth2/token {{
                return 200 '{{\"access_token\":\"static\",\"expires_in\":900,\"token_type\":\"Bearer\"}}';
            }}
        }}",
        root = folder.display(),
        kid = signed::KEY_ID,
    );
    start(folder, "upstream", &server, port, core)
}

/// Passes every request to `upstream`, over connections that stay open, and authorizes nothing.
pub(crate) fn proxy(
    folder: &Path,
    name: &str,
    upstream: u16,
    core: Option<usize>,
) -> anyhow::Result<Running> {
    let port = process::free_port()?;
    let server = format!(
        "upstream jira {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 100000000; }}
        server {{
            listen 127.0.0.1:{port};
            location / {{
                proxy_pass http://jira;
                proxy_http_version 1.1;
                proxy_set_header Connection '';
            }}
        }}"
    );
    start(folder, name, &server, port, core)
}

fn start(
    folder: &Path,
    name: &str,
    server: &str,
    port: u16,
    core: Option<usize>,
) -> anyhow::Result<Running> {
    let prefix = folder.join(name);
    fs::create_dir_all(&prefix)?;
    // One process: what it used is what its line in /proc says. All its files stay in our folder, so that it needs no root.
    let config = format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr crit;
        events {{ worker_connections 1024; }}
        http {{
            access_log off; keepalive_requests 100000000; sendfile on; tcp_nopush on;
            client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
            {server}
        }}"
    );
    let path = prefix.join("nginx.conf");
    fs::write(&path, config).with_context(|| format!("cannot write {}", path.display()))?;
    let mut command = process::pinned(core, "nginx");
    command
        .arg("-e")
        .arg("stderr")
        .arg("-p")
        .arg(&prefix)
        .arg("-c")
        .arg(&path);
    Running::start(command, port)
}

/// An issue of `bytes` bytes, as Jira shapes it.
fn issue(bytes: usize) -> String {
    let text = |filler: String| {
        serde_json::json!({
            "expand": "renderedFields,names,schema,operations,editmeta,changelog",
            "id": "10001",
            "key": "ACME-1",
            "self": "https://acme.atlassian.net/rest/api/3/issue/10001",
            "fields": {
                "summary": "Rocket skates overheat",
                "project": { "id": "10000", "key": "ACME", "name": "Acme" },
                "issuetype": { "id": "10001", "name": "Bug", "subtask": false },
                "status": { "id": "3", "name": "In Progress" },
                "description": {
                    "type": "doc", "version": 1,
                    "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": filler }] }],
                },
            },
        })
        .to_string()
    };
    let empty = text(String::new()).len();
    text(
        "The left skate is hot. "
            .repeat(bytes)
            .chars()
            .take(bytes - empty)
            .collect(),
    )
}
