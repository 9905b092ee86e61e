//! `gatepost serve` as a child of the test, beside a stand-in that goes by the system's clock. The child ends with its guard, by its
//! own process id, also when the test fails.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};

use gatepost::clock::{Chance, Clock};
use gatepost::standin::{Settings, Standin};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::world;

/// A folder with a configuration, and the Jira that it names.
pub(crate) struct Ground {
    pub(crate) jira: Standin,
    pub(crate) dir: tempfile::TempDir,
    _no_strays: world::NoStrays,
}

impl Ground {
    pub(crate) async fn new() -> Self {
        Self::with("").await
    }

    /// With more lines of configuration.
    pub(crate) async fn with(settings: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        world::copy(&shipped, &dir.path().join("policies"));
        let jira = Standin::start(Settings::default(), Clock::system(), Chance::system());
        let jira = jira.await.unwrap();
        world::config(dir.path(), &jira, settings);
        Self {
            _no_strays: world::NoStrays(jira.clone()),
            jira,
            dir,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A command of the program in this folder, with the tests' master key.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = crate::cli::gatepost(self.dir.path(), args);
        command.env("GATEPOST_MASTER_KEY", world::MASTER_KEY);
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs a command that must succeed; gives what it printed.
    pub(crate) fn done(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The whole decision log, as the program prints it.
    pub(crate) fn log(&self) -> Vec<Value> {
        let lines = self.done(&["log", "query", "--format", "json"]);
        let read = |line| serde_json::from_str(line).unwrap();
        lines.lines().map(read).collect()
    }

    /// The admin records of one operation.
    pub(crate) fn admin_records(&self, operation: &str) -> Vec<Value> {
        let all = self.log().into_iter();
        all.filter(|record| record["operation"] == operation)
            .collect()
    }

    /// Starts the gateway and waits until it says that it serves.
    pub(crate) fn serve(&self) -> Program {
        self.try_serve().unwrap_or_else(|told| panic!("{told}"))
    }

    /// Starts the gateway; gives what it told if it ended instead of serving.
    pub(crate) fn try_serve(&self) -> Result<Program, String> {
        let mut command = self.command(&["serve"]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        Program::watch(child.unwrap())
    }

    /// Installs the app on both sites, as Atlassian does.
    pub(crate) async fn install(&self, program: &Program) {
        for site in self.jira.sites() {
            let callback = site.install(world::APP_URL);
            let answer = super::wire::post(program.data, &callback).await;
            assert_eq!(answer.status, 204, "{}", answer.text);
        }
    }
}

/// A running gateway.
pub(crate) struct Program {
    child: Child,
    pub(crate) data: SocketAddr,
    pub(crate) admin: SocketAddr,
    told: Arc<Mutex<String>>,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    /// Waits until a `gatepost serve` says that it serves; gives what it told if it ended instead.
    pub(crate) fn watch(mut child: Child) -> Result<Self, String> {
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut program = Self {
            child,
            data: nowhere,
            admin: nowhere,
            told: Arc::default(),
        };
        let mut told = String::new();
        while let Some(Ok(line)) = lines.next() {
            told.push_str(&line);
            told.push('\n');
            if line.contains("gatepost serves") {
                program.data = address(&line, "listen=");
                program.admin = address(&line, "admin=");
                break;
            }
        }
        if program.data == nowhere {
            return Err(told);
        }
        let kept = program.told.clone();
        *kept.lock().unwrap() = told;
        // Whoever is not read blocks when the pipe is full.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        Ok(program)
    }

    /// What it wrote to stderr so far.
    pub(crate) fn told(&self) -> String {
        self.told.lock().unwrap().clone()
    }

    /// SIGKILL: no destructor, no flush, no farewell.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    /// SIGHUP.
    pub(crate) fn hang_up(&self) {
        kill_process(Pid::from_child(&self.child), Signal::HUP).unwrap();
    }

    /// Waits for its end.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        tokio::task::spawn_blocking(move || self.child.wait().unwrap())
            .await
            .unwrap()
    }
}

fn address(line: &str, name: &str) -> SocketAddr {
    let (_, rest) = line.split_once(name).unwrap();
    rest.split_whitespace().next().unwrap().parse().unwrap()
}
