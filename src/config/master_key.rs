//! The master key, from the environment or a file, never from a flag (other users see flags in the process list) and never from
//! the configuration file (which is copied and committed). Used by `cli` to open the vault.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroize as _;

use super::environment::Environment;
use super::error::{ConfigError, Place, Problem, Problems};
use crate::secret::{Secret, Vault};

/// The variable that holds the key.
const VARIABLE: &str = "GATEPOST_MASTER_KEY";
/// The variable that names the file that holds it.
const FILE_VARIABLE: &str = "GATEPOST_MASTER_KEY_FILE";
/// 64 digits and an end of line; more is another file.
const FILE_BYTES_MAX: u64 = 4096;
const REMEDY: &str = "make one with `gatepost secret generate`";

/// Where the master key is, and the key.
#[derive(Debug)]
pub enum MasterKey {
    /// Nobody set one. Commands that need none work without.
    Missing,
    /// In the environment.
    Environment(Secret),
    /// In a file.
    File(PathBuf, Secret),
}

impl MasterKey {
    /// The vault that this key opens.
    ///
    /// # Errors
    /// If there is no key.
    pub fn vault(&self) -> Result<Vault, ConfigError> {
        let problem = |what: String| ConfigError {
            problems: vec![Problem {
                place: Place::Variable(VARIABLE.to_owned()),
                what,
                remedy: format!("{REMEDY} and set {VARIABLE} or {FILE_VARIABLE}"),
            }],
        };
        match self {
            Self::Missing => Err(problem("the master key is missing".to_owned())),
            Self::Environment(secret) | Self::File(_, secret) => {
                Vault::new(secret).map_err(|error| problem(error.to_string()))
            }
        }
    }

    /// Reads the key that `environment` holds or names.
    pub(super) fn read(environment: &Environment, problems: &mut Problems) -> Self {
        let found = match (
            environment.value(VARIABLE),
            environment.value(FILE_VARIABLE),
        ) {
            (None, None) => return Self::Missing,
            (Some(_), Some(_)) => {
                let what = format!("{VARIABLE} and {FILE_VARIABLE} are both set");
                problems.add(
                    Place::Variable(VARIABLE.to_owned()),
                    what,
                    "keep one of them",
                );
                return Self::Missing;
            }
            (Some(text), None) => Self::Environment(Secret::from(text.trim().to_owned())),
            (None, Some(path)) => match read_file(Path::new(path)) {
                Ok(secret) => Self::File(PathBuf::from(path), secret),
                Err((what, remedy)) => {
                    problems.add(Place::File(PathBuf::from(path)), what, remedy);
                    return Self::Missing;
                }
            },
        };
        if let Err(error) = found.vault() {
            for problem in error.problems {
                let place = found.place();
                problems.add(place, problem.what, REMEDY);
            }
        }
        found
    }

    fn place(&self) -> Place {
        match self {
            Self::File(path, _) => Place::File(path.clone()),
            Self::Missing | Self::Environment(_) => Place::Variable(VARIABLE.to_owned()),
        }
    }
}

impl std::fmt::Display for MasterKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => formatter.write_str("missing"),
            Self::Environment(_) => write!(formatter, "set from {VARIABLE}"),
            Self::File(path, _) => write!(formatter, "set from file {}", path.display()),
        }
    }
}

fn read_file(path: &Path) -> Result<Secret, (String, String)> {
    let cannot = |error: io::Error| {
        let what = format!("the master key cannot be read: {error}");
        (what, format!("mend the file that {FILE_VARIABLE} names"))
    };
    let file = File::open(path).map_err(cannot)?;
    // The mode of the open file, not of the path: what is checked is what is read.
    let mode = file.metadata().map_err(cannot)?.permissions().mode();
    if mode & 0o077 != 0 {
        let what = format!(
            "other users may read the master key (mode {:o})",
            mode & 0o777
        );
        return Err((what, format!("run `chmod 600 {}`", path.display())));
    }
    let mut text = String::new();
    file.take(FILE_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(cannot)?;
    let secret = Secret::from(text.trim().to_owned());
    text.zeroize();
    Ok(secret)
}
