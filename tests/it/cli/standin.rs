//! `gatepost standin` beside `gatepost serve`: what the one prints is all that the other needs, and each line of it can be pasted.

use std::io::{BufRead as _, BufReader, Lines};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;
use socket2::{Domain, Socket, Type};

use super::{gatepost, text};
use crate::node::program::Program;
use crate::world::{self, MASTER_KEY};

const CURL: &str = "/usr/bin/curl";

/// The stand-in as a child, which ends with its guard.
struct Pretended {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Drop for Pretended {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Pretended {
    fn start(folder: &Path, gateway: &str) -> Self {
        let mut args = vec!["standin", "--listen", "127.0.0.1:0", "--site", "acme"];
        args.extend(["--install", gateway]);
        let mut command = gatepost(folder, &args);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// What it prints, up to the line with these words.
    fn until(&mut self, words: &str) -> String {
        let mut told = String::new();
        while !told.contains(words) {
            let line = self.lines.next();
            told += &line
                .unwrap_or_else(|| panic!("no `{words}`: {told}"))
                .unwrap();
            told.push('\n');
        }
        told
    }
}

/// A port that nobody else is given while the socket lives: the gateway shares it, as its workers do among themselves.
fn reserved() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.set_reuse_port(true).unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(&any.into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// A folder with the shipped policies and nothing else.
fn ground() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    world::copy(&shipped, &folder.path().join("policies"));
    folder
}

fn serve(folder: &Path) -> Program {
    let mut command = gatepost(folder, &["serve"]);
    command
        .env("GATEPOST_MASTER_KEY", MASTER_KEY)
        .env("GATEPOST_SERVER_ADMIN_LISTEN", "127.0.0.1:0")
        .env("GATEPOST_POLICY_PROOF", "off")
        // Both go by one clock: the schedule need not wait for five seconds.
        .env("GATEPOST_LIMITS_TOKEN_LEEWAY_S", "0");
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    Program::watch(child.unwrap()).unwrap_or_else(|told| panic!("{told}"))
}

/// Pastes a line into a shell in the gateway's folder; gives what it printed.
fn paste(folder: &Path, line: &str) -> String {
    let programs = Path::new(env!("CARGO_BIN_EXE_gatepost")).parent().unwrap();
    let output = Command::new("/bin/sh")
        .args(["-c", line])
        .current_dir(folder)
        .env_clear()
        .env("GATEPOST_MASTER_KEY", MASTER_KEY)
        .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
        .output()
        .unwrap();
    let (told, complaints) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{line}\n{told}{complaints}");
    told
}

/// The credentials of what was allowed, from the first to the last.
fn allowed(folder: &Path) -> Vec<String> {
    let query = "gatepost log query --effect allow --kind decision --format json";
    let kinds = paste(folder, query);
    let kinds = kinds.lines().map(|line| {
        let record: Value = serde_json::from_str(line).unwrap();
        record["credential"]["kind"].as_str().unwrap().to_owned()
    });
    kinds.collect()
}

#[test]
fn each_line_that_it_prints_gets_an_issue_through_a_gateway_as_it_prints_it() {
    if !Path::new(CURL).exists() {
        println!("skipped: the lines of the stand-in (`{CURL}` is missing)");
        return;
    }
    let (folder, (_reserved, gateway)) = (ground(), reserved());
    let mut standin = Pretended::start(folder.path(), &format!("http://{gateway}"));
    // The last line before a gateway is called.
    let printed = standin.until("/_standin/rotate?of=forge&retire");
    std::fs::write(folder.path().join("gatepost.toml"), &printed).unwrap();
    let program = serve(folder.path());
    assert_eq!(program.data, gateway);
    standin.until("# Installed on acme.atlassian.net: 204.");
    standin.until("# Forge's schedule of initech.atlassian.net: 204;");

    let commands = printed.lines().filter_map(|line| line.strip_prefix("#   "));
    let asks = |line: &&str| line.contains("/rest/api/3/issue/") || line.starts_with("gatepost ");
    let mut issues = Vec::new();
    for line in commands.filter(asks) {
        let told = paste(folder.path(), line);
        if line.starts_with("curl ") {
            let issue: Value = serde_json::from_str(&told).unwrap();
            issues.push(issue["key"].as_str().unwrap_or(&told).to_owned());
        }
    }
    assert_eq!(
        issues,
        ["ACME-1", "ACME-1", "ACME-1", "ACME-1", "INITECH-1"]
    );
    let kinds = [
        "connect_context",
        "oidc",
        "api_token",
        "oauth_token",
        "forge_invocation",
    ];
    assert_eq!(allowed(folder.path()), kinds);
    let own = printed
        .lines()
        .find_map(|line| line.strip_prefix("oauth_server = "));
    let strays = format!("curl -s {}/_standin/strays", own.unwrap());
    assert_eq!(paste(folder.path(), &strays), "[]\n");
}
