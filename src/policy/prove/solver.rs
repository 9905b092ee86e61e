//! One solver process, and what keeps it in its place. It is a part of what a proof rests on, so it gets nothing but the script: no
//! environment (it would inherit the master key), no files to write, bounded memory and time. May be used by `prove` only. What must
//! never happen here: an answer that was not understood counts as one, a process outlives its owner, a wait without an end.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use cedar_policy_symcc::SmtLibScript;
use cedar_policy_symcc::solver::{Decision, DecisionWithModel, Solver, SolverError};
use rustix::process::{Pid, Resource, Rlimit, prlimit, setpriority_process};

use super::stop::Stop;
use super::whereabouts::Whereabouts;

/// How much memory the solver may take: cvc5 needs some 60 MB for the queries of ten thousand policies.
const MEMORY_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// The largest script of one query.
const SCRIPT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The largest answer to one query.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Lines of an answer that wait to be read.
const LINES_MAX: usize = 1024;
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

    /// Sends the script of one query and reads the first line of the answer.
    fn send(&mut self) -> Result<String, SolverError> {
        let script = std::mem::take(&mut self.script);
        if script.len() > SCRIPT_BYTES_MAX {
            return Err(SolverError::Solver("the query is too large".to_owned()));
        }
        if self.process.is_none() {
            self.process = Some(Process::start(&self.place, self.query_timeout)?);
        }
        // INVARIANT: put there above.
        let process = self.process.as_mut().expect("a process");
        process.input.write_all(&script)?;
        process.input.flush()?;
        self.line()
    }

    fn line(&mut self) -> Result<String, SolverError> {
        let gone = || SolverError::Solver("the solver ended".to_owned());
        let process = self.process.as_ref().ok_or_else(gone)?;
        let mut waited = Duration::ZERO;
        loop {
            match process.lines.recv_timeout(TICK) {
                Ok(line) => return Ok(line),
                Err(RecvTimeoutError::Disconnected) => return Err(gone()),
                Err(RecvTimeoutError::Timeout) if self.stop.is_asked() => {
                    return Err(SolverError::Solver("it was called off".to_owned()));
                }
                Err(RecvTimeoutError::Timeout) => waited += TICK,
            }
            if waited > self.query_timeout + GRACE {
                let text = format!("no answer within {} s", self.query_timeout.as_secs());
                return Err(SolverError::Solver(text));
            }
        }
    }

    /// The rest of a model, which began with a line that is `(` and ends with one that is `)`.
    fn model(&mut self) -> Result<String, SolverError> {
        let mut text = String::from("(\n");
        loop {
            let line = self.line()?;
            text.push_str(&line);
            text.push('\n');
            if line.trim_end() == ")" {
                return Ok(text);
            }
            if text.len() > ANSWER_BYTES_MAX {
                return Err(SolverError::Solver("the answer is too large".to_owned()));
            }
        }
    }

    fn decision(&mut self) -> Result<Decision, SolverError> {
        match self.send()?.trim() {
            "sat" => Ok(Decision::Sat),
            "unsat" => Ok(Decision::Unsat),
            "unknown" => Ok(Decision::Unknown),
            other => Err(SolverError::UnrecognizedSolverOutput(other.to_owned())),
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
            Ok(line) if line.trim() == "(" => self.model(),
            Ok(line) => Err(SolverError::UnrecognizedSolverOutput(line)),
            Err(error) => Err(error),
        };
        let model = self.unless_failed(model)?;
        Ok(DecisionWithModel::Sat { model })
    }
}

/// A running process. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    input: ChildStdin,
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
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        // INVARIANT: both were asked for above.
        let (input, output) = pipes.expect("a child with pipes");
        let (sender, lines) = sync_channel(LINES_MAX);
        let process = Self {
            child,
            input,
            lines,
        };
        process.narrow()?;
        std::thread::Builder::new()
            .name("solver-output".to_owned())
            .spawn(move || read(output, &sender))?;
        Ok(process)
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks the solver something that it answers with one line.
    pub(super) fn ask(&mut self, question: &str, wait: Duration) -> std::io::Result<String> {
        self.input.write_all(question.as_bytes())?;
        self.input.flush()?;
        let gone = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
        self.lines.recv_timeout(wait).map_err(gone)
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
        let _ = self.child.kill();
        let _ = self.child.wait();
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
