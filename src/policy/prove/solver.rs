//! One solver process, and what keeps it in its place. It is a part of what a proof rests on, so it gets nothing but the script: no
//! environment (it would inherit the master key), no files to write, bounded memory and time. May be used by `prove` only. What must
//! never happen here: an answer that was not understood counts as one, a process outlives its owner, a wait without an end.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use cedar_policy_symcc::SmtLibScript;
use cedar_policy_symcc::solver::{Decision, DecisionWithModel, Solver, SolverError};
use rustix::process::{
    Pid, Resource, Rlimit, Signal, kill_process_group, prlimit, setpriority_process,
};

use super::stop::Stop;
use super::whereabouts::Whereabouts;
use crate::clock::{Clock, Stopwatch};
use crate::ledger::text::shorten;

/// How much memory the solver may take: cvc5 needs some 60 MB for the queries of ten thousand policies.
const MEMORY_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// The largest script of one query.
const SCRIPT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The largest answer to one query, and the longest line.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Lines of an answer that wait to be read. Few, because each may be as long as an answer.
const LINES_MAX: usize = 4;
/// How much is told of an answer that was not understood.
const TOLD_BYTES_MAX: usize = 200;
/// How often a wait asks whether it is still wanted.
const TICK: Duration = Duration::from_millis(20);
/// What the solver gets beyond its own limit to say that it reached it.
const GRACE: Duration = Duration::from_secs(1);

/// A solver that is started when it is needed, and again after it failed.
#[derive(Debug)]
pub(super) struct Cvc5 {
    place: Whereabouts,
    query_timeout: Duration,
    stop: Stop,
    script: Vec<u8>,
    process: Option<Process>,
}

impl Cvc5 {
    pub(super) fn new(place: Whereabouts, query_timeout: Duration, stop: Stop) -> Self {
        Self {
            place,
            query_timeout,
            stop,
            script: Vec::new(),
            process: None,
        }
    }

    /// Sends the script of one query and reads the answer: one line, or a model, from a line that is `(` to one that is `)`. The time
    /// is that of the whole: a solver that says a word every second must not be waited for without an end.
    fn send(&mut self) -> Result<String, SolverError> {
        let script = std::mem::take(&mut self.script);
        if script.len() > SCRIPT_BYTES_MAX {
            return Err(failed("the query is too large"));
        }
        let process = self.running()?;
        process.tell(script)?;
        // A process takes its time by the system's clock, whatever the clock of who asks.
        let waited = Clock::system().stopwatch();
        let mut text = self.line(&waited)?;
        if text != "(" {
            return Ok(text);
        }
        loop {
            let line = self.line(&waited)?;
            text.push('\n');
            text.push_str(&line);
            if line == ")" {
                return Ok(text);
            }
            if text.len() > ANSWER_BYTES_MAX {
                return Err(failed("the answer is too large"));
            }
        }
    }

    /// The process, started if there is none. What was started must be what was found: it may have been replaced in between.
    fn running(&mut self) -> Result<&Process, SolverError> {
        if self.process.is_none() {
            let process = Process::start(&self.place, self.query_timeout)?;
            if !self.place.is_unchanged() {
                return Err(failed("the solver was replaced while a proof was made"));
            }
            self.process = Some(process);
        }
        self.process
            .as_ref()
            .ok_or_else(|| failed("the solver ended"))
    }

    fn line(&self, waited: &Stopwatch) -> Result<String, SolverError> {
        let gone = || failed("the solver ended");
        let process = self.process.as_ref().ok_or_else(gone)?;
        loop {
            if self.stop.is_asked() {
                return Err(failed("it was called off"));
            }
            if waited.elapsed() > self.query_timeout + GRACE {
                let seconds = self.query_timeout.as_secs_f32();
                return Err(failed(&format!("no answer within {seconds} s")));
            }
            match process.lines.recv_timeout(TICK) {
                Ok(line) => return Ok(line),
                Err(RecvTimeoutError::Disconnected) => return Err(gone()),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn decision(&mut self) -> Result<Decision, SolverError> {
        match self.send()?.as_str() {
            "sat" => Ok(Decision::Sat),
            "unsat" => Ok(Decision::Unsat),
            "unknown" => Ok(Decision::Unknown),
            other => Err(unrecognized(other)),
        }
    }

    /// After an error nobody knows what the process would answer to the next query.
    fn unless_failed<T>(&mut self, answer: Result<T, SolverError>) -> Result<T, SolverError> {
        if answer.is_err() {
            self.process = None;
            self.script.clear();
        }
        answer
    }
}

impl Solver for Cvc5 {
    fn smtlib_input(&mut self) -> &mut (dyn tokio::io::AsyncWrite + Unpin + Send) {
        &mut self.script
    }

    async fn enable_models(&mut self) -> Result<(), SolverError> {
        let script = self.smtlib_input();
        Ok(script.set_option("produce-models", "true").await?)
    }

    async fn check_sat(&mut self) -> Result<Decision, SolverError> {
        self.smtlib_input().check_sat().await?;
        let decision = self.decision();
        self.unless_failed(decision)
    }

    async fn check_sat_with_model(&mut self) -> Result<DecisionWithModel, SolverError> {
        match self.check_sat().await? {
            Decision::Unsat => return Ok(DecisionWithModel::Unsat),
            Decision::Unknown => return Ok(DecisionWithModel::Unknown),
            Decision::Sat => {}
        }
        self.smtlib_input().get_model().await?;
        let model = match self.send() {
            Ok(model) if model.starts_with('(') && model.ends_with("\n)") => Ok(model),
            Ok(other) => Err(unrecognized(&other)),
            Err(error) => Err(error),
        };
        let model = self.unless_failed(model)?;
        Ok(DecisionWithModel::Sat { model })
    }
}

fn failed(why: &str) -> SolverError {
    SolverError::Solver(why.to_owned())
}

fn unrecognized(answer: &str) -> SolverError {
    SolverError::UnrecognizedSolverOutput(shorten(answer, TOLD_BYTES_MAX))
}

/// A running process. It is killed when this is dropped, with all that it started.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    /// Written on a thread of its own: a pipe takes 64 KiB, and a solver that does not read would hold up whoever writes for ever.
    scripts: SyncSender<Vec<u8>>,
    lines: Receiver<String>,
}

impl Process {
    /// Starts the solver with an empty environment, then narrows what it may take, before it is given anything to do.
    pub(super) fn start(place: &Whereabouts, query_timeout: Duration) -> std::io::Result<Self> {
        let mut child = Command::new(place.path())
            .args(["--lang=smt", "--strings-exp"])
            .arg(format!("--tlimit-per={}", query_timeout.as_millis()))
            .env_clear()
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        // INVARIANT: both were asked for above.
        let (input, output) = pipes.expect("a child with pipes");
        let (sender, lines) = sync_channel(LINES_MAX);
        let (scripts, written) = sync_channel(1);
        let process = Self {
            child,
            scripts,
            lines,
        };
        process.narrow()?;
        let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
        thread("solver-input").spawn(move || write(input, &written))?;
        thread("solver-output").spawn(move || read(output, &sender))?;
        Ok(process)
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks the solver something that it answers with one line.
    pub(super) fn ask(&self, question: &str, wait: Duration) -> std::io::Result<String> {
        self.tell(question.into())?;
        self.lines.recv_timeout(wait).map_err(|error| match error {
            RecvTimeoutError::Timeout => std::io::ErrorKind::TimedOut.into(),
            RecvTimeoutError::Disconnected => std::io::Error::other("it ended without an answer"),
        })
    }

    /// Gives the solver a script. It must have been silent: an answer too many would be taken for the answer to the next query.
    fn tell(&self, script: Vec<u8>) -> std::io::Result<()> {
        if self.lines.try_recv().is_ok() {
            return Err(std::io::Error::other("it said more than it was asked"));
        }
        let gone = |_| std::io::Error::other("it does not listen");
        self.scripts.try_send(script).map_err(gone)
    }

    fn narrow(&self) -> std::io::Result<()> {
        let pid = Pid::from_child(&self.child);
        let limits = [
            (Resource::As, MEMORY_BYTES_MAX),
            (Resource::Core, 0),
            (Resource::Fsize, 0),
        ];
        for (resource, most) in limits {
            let limit = Rlimit {
                current: Some(most),
                maximum: Some(most),
            };
            prlimit(Some(pid), resource, limit)?;
        }
        // Requests go first: a proof may take a little longer.
        setpriority_process(Some(pid), 19)?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // What it started is of its group; otherwise a script's child would keep running, and its pipes open.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn write(mut input: ChildStdin, scripts: &Receiver<Vec<u8>>) {
    while let Ok(script) = scripts.recv() {
        if input
            .write_all(&script)
            .and_then(|()| input.flush())
            .is_err()
        {
            return;
        }
    }
}

fn read(output: ChildStdout, lines: &SyncSender<String>) {
    let mut output = BufReader::new(output);
    loop {
        let mut line = Vec::new();
        let bounded = output.by_ref().take(ANSWER_BYTES_MAX as u64);
        let read = { bounded }.read_until(b'\n', &mut line);
        if !matches!(read, Ok(1..)) {
            return;
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        if lines.send(line).is_err() {
            return;
        }
    }
}
