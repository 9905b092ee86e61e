//! Which solver it is: where it lies, its version, and a digest over every file of code that it runs, libraries included. A proof
//! says this of itself, because it is worth as much as the solver. May be used by `prove` only.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::solver::Process;
use crate::secret::{hex, sha256};

/// Where packages put it. The search path of the environment is not asked: whoever can set it could name another program.
const PLACES: [&str; 4] = [
    "/usr/bin/cvc5",
    "/usr/local/bin/cvc5",
    "/opt/cvc5/bin/cvc5",
    "/opt/homebrew/bin/cvc5",
];
/// How long the solver may take to say what it is.
const WAIT: Duration = Duration::from_secs(10);

/// The solver that proofs are made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    path: PathBuf,
    /// What the files looked like when they were read: a changed one is another solver.
    files: Vec<(PathBuf, Stamp)>,
    /// `cvc5 1.0.3`
    pub version: String,
    /// `sha256:` over the files of code that the running solver has mapped, each with its path.
    pub digest: String,
}

/// Why there is no solver to prove with.
#[derive(Debug, thiserror::Error)]
pub enum SolverMissing {
    /// None lies where it should.
    #[error("there is no solver: {0}")]
    NotFound(String),
    /// It is there and does not work.
    #[error("the solver `{0}` cannot be used: {1}")]
    Unusable(String, String),
}

impl Whereabouts {
    /// Finds the solver, starts it once, and notes what it is.
    pub fn find(configured: Option<&Path>) -> Result<Self, SolverMissing> {
        let path = place(configured)?;
        let unusable = |why: String| SolverMissing::Unusable(path.display().to_string(), why);
        let mut found = Self {
            path: path.clone(),
            files: Vec::new(),
            version: String::new(),
            digest: String::new(),
        };
        let told = |error: std::io::Error| unusable(error.to_string());
        let process = Process::start(&found, WAIT).map_err(told)?;
        let answer = process.ask("(get-info :name)\n", WAIT).map_err(told)?;
        let version = process.ask("(get-info :version)\n", WAIT).map_err(told)?;
        let name = value(&answer, "(:name \"").filter(|name| *name == "cvc5");
        let version = value(&version, "(:version \"");
        let (Some(name), Some(version)) = (name, version) else {
            return Err(unusable("it does not say that it is cvc5".to_owned()));
        };
        found.version = format!("{name} {version}");
        found.files = code(&path, process.pid()).map_err(told)?;
        found.digest = digest(&found.files).map_err(told)?;
        Ok(found)
    }

    /// Whether no file of it was written or replaced since.
    pub(super) fn is_unchanged(&self) -> bool {
        let same = |(path, seen): &(PathBuf, Stamp)| Stamp::of(path).is_ok_and(|now| now == *seen);
        self.files.iter().all(same)
    }

    /// The program.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn place(configured: Option<&Path>) -> Result<PathBuf, SolverMissing> {
    let missing = |text: String| SolverMissing::NotFound(text);
    match configured {
        Some(path) if path.is_absolute() && path.is_file() => Ok(path.to_owned()),
        Some(path) => Err(missing(format!(
            "`policy.solver` is `{}`, which is no absolute path of a file",
            path.display()
        ))),
        None => PLACES
            .iter()
            .map(PathBuf::from)
            .find(|path| path.is_file())
            .ok_or_else(|| missing(format!("none of {} exists", PLACES.join(", ")))),
    }
}

fn value<'a>(answer: &'a str, before: &str) -> Option<&'a str> {
    answer.trim().strip_prefix(before)?.strip_suffix("\")")
}

/// A file as the system knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    /// When its bytes or its place were changed last. Unlike the time of modification, nobody can set it back.
    changed: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> std::io::Result<Self> {
        let found = fs::metadata(path)?;
        Ok(Self {
            device: found.dev(),
            inode: found.ino(),
            bytes: found.len(),
            changed: (found.ctime(), found.ctime_nsec()),
        })
    }
}

/// The files of code that the solver runs. The program is a small file on many systems; what decides lies in its libraries.
fn code(program: &Path, pid: u32) -> std::io::Result<Vec<(PathBuf, Stamp)>> {
    // Where the system does not tell, the program's own file is all that is known.
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    let mut files: BTreeSet<PathBuf> = maps.lines().filter_map(mapped_code).collect();
    files.insert(fs::canonicalize(program)?);
    let stamped = |path: PathBuf| Stamp::of(&path).map(|stamp| (path, stamp));
    files.into_iter().map(stamped).collect()
}

fn digest(files: &[(PathBuf, Stamp)]) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    for (file, _) in files {
        let name = file.as_os_str().as_encoded_bytes();
        bytes.extend_from_slice(&(name.len() as u64).to_be_bytes());
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(&sha256(&fs::read(file)?));
    }
    Ok(format!("sha256:{}", hex(&sha256(&bytes))))
}

/// `7f…-7f… r-xp 00001000 fe:00 1234   /usr/lib/libcvc5.so.1`
fn mapped_code(line: &str) -> Option<PathBuf> {
    let rights = line.split_whitespace().nth(1)?;
    // To the end of the line: a path may have blanks, and nothing before it has a slash.
    let path = &line[line.find('/')?..];
    rights.contains('x').then(|| PathBuf::from(path))
}
