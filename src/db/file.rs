//! The database file: where it is, with what rights it is made, who holds it.
//! Nobody but the owner may read it: it holds sealed secrets and who did what.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::{DbError, Settings};

/// The path of the database file.
pub fn file_path(settings: &Settings) -> Result<PathBuf, DbError> {
    let (scheme, path) = settings
        .url
        .split_once("://")
        .ok_or_else(|| DbError::Url(settings.url.clone()))?;
    // The rest of a foreign address may hold a password: only the scheme is repeated.
    match scheme {
        "sqlite" if path.is_empty() || path.starts_with(':') || path.contains(['?', '#', '\0']) => {
            Err(DbError::Url(settings.url.clone()))
        }
        "sqlite" => Ok(PathBuf::from(path)),
        "postgres" | "postgresql" => Err(DbError::Postgres),
        other => Err(DbError::Scheme(other.to_owned())),
    }
}

/// The path of the control socket of the server that holds the database.
pub fn socket_path(settings: &Settings) -> Result<PathBuf, DbError> {
    Ok(beside(&file_path(settings)?, ".sock"))
}

/// Makes folder and file where they are missing, for the owner alone. `SQLite` gives its `-wal` and `-shm` the rights of the file.
pub(super) fn create(path: &Path) -> Result<(), DbError> {
    create_folder(path)?;
    private(path).map_err(|source| DbError::File {
        path: path.to_owned(),
        source,
    })?;
    Ok(())
}

fn create_folder(path: &Path) -> Result<(), DbError> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let Some(folder) = folder else { return Ok(()) };
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|source| DbError::File {
        path: path.to_owned(),
        source,
    })
}

/// The database is held by this process until this is dropped.
#[derive(Debug)]
#[must_use = "dropping it lets the database go"]
pub struct Held {
    _lock: File,
}

/// Holds the database for this process, by the lock beside it: what a server does for its lifetime and a command while it works on
/// the file. Taken before the database is opened: opening migrates it, and a server of another version may be writing to it. The
/// kernel lets it go when the process ends, however it ends.
///
/// # Errors
/// [`DbError::InUse`] if somebody else holds it.
pub fn hold(settings: &Settings) -> Result<Held, DbError> {
    let path = file_path(settings)?;
    create_folder(&path)?;
    let lock_path = beside(&path, ".lock");
    let failed = |source| DbError::File {
        path: lock_path.clone(),
        source,
    };
    let lock = private(&lock_path).map_err(failed)?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Held { _lock: lock }),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(DbError::InUse(path)),
        Err(errno) => Err(failed(errno.into())),
    }
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
