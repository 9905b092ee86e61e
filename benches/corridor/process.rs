//! Processes under measurement: started on one core, asked for the time they used, ended when dropped.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};

/// The kernel shows times of processes in hundredths of a second on every architecture that we run on (`USER_HZ`, proc(5)).
const TICK_US: f64 = 10_000.0;
const TRIES_MAX: u32 = 500;

/// Which core is for what. With one core, nothing is pinned.
#[derive(Clone, Copy)]
pub(crate) struct Cores {
    /// For the system under test.
    pub(crate) tested: Option<usize>,
    /// For load and upstream.
    pub(crate) beside: Option<usize>,
}

impl Cores {
    pub(crate) fn of_machine() -> Self {
        let several = thread::available_parallelism().is_ok_and(|count| count.get() > 1);
        Self {
            tested: several.then_some(0),
            beside: several.then_some(1),
        }
    }
}

/// A server that runs.
pub(crate) struct Running {
    child: Child,
    pub(crate) port: u16,
}

/// `program` pinned to `core`.
pub(crate) fn pinned(core: Option<usize>, program: &str) -> Command {
    let Some(core) = core else {
        return Command::new(program);
    };
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string(), program]);
    command
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("a free port")?;
    Ok(listener.local_addr()?.port())
}

impl Running {
    /// Starts `command` and waits until `port` answers. `taskset` becomes the program, so the child is the server itself.
    pub(crate) fn start(mut command: Command, port: u16) -> anyhow::Result<Self> {
        let name = format!("{command:?}");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let child = child.with_context(|| format!("cannot start {name}"))?;
        let mut running = Self { child, port };
        for _ in 0..TRIES_MAX {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(running);
            }
            if let Some(status) = running.child.try_wait()? {
                bail!("{name} ended at once: {status}");
            }
            thread::sleep(Duration::from_millis(20));
        }
        bail!("{name} does not listen on port {port}")
    }

    /// User and system time of all its threads so far.
    pub(crate) fn cpu_us(&self) -> anyhow::Result<f64> {
        cpu_us(self.child.id())
    }
}

/// User and system time of all threads of a process so far.
pub(crate) fn cpu_us(process: u32) -> anyhow::Result<f64> {
    let path = format!("/proc/{process}/stat");
    let text = std::fs::read_to_string(&path).context(path)?;
    ticks(&text)
        .map(|ticks| ticks * TICK_US)
        .context("the kernel's line about a process")
}

impl Drop for Running {
    fn drop(&mut self) {
        // The process is ours and holds nothing that outlives the run.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Fields 14 and 15 of proc(5). The name before them may contain anything, so counting starts behind its last parenthesis.
fn ticks(stat: &str) -> Option<f64> {
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let user: f64 = fields.get(11)?.parse().ok()?;
    let system: f64 = fields.get(12)?.parse().ok()?;
    Some(user + system)
}
