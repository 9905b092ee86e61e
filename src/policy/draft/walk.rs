//! The walk through a policy folder. May be used by `draft` only. What must never happen here: a file that cannot be read is left out
//! without a fault, a link leads out of the folder, or the folder of one tenant takes the room of others.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::super::blame::Blame;
use super::super::error::{Fault, PolicyError};
use super::{
    ENTITIES, ENTRIES_MAX, FILE_BYTES_MAX, LINKS, SET_BYTES_MAX, TOO_LARGE, is_cedar, tenant_of,
};

/// The most that a tenant may have of both: nobody fills what all share.
const TENANT_BYTES_MAX: usize = 1024 * 1024;
const TENANT_ENTRIES_MAX: usize = 1_000;
/// How deep folders may lie in each other.
const DEPTH_MAX: usize = 16;
const TENANT_TOO_LARGE: &str = "the files of this tenant together are larger than 1 MiB";

/// One walk through a folder.
pub(super) struct Walk {
    root: PathBuf,
    files: BTreeMap<String, String>,
    blame: Blame,
    entries: usize,
    bytes: usize,
    /// What these two may grow to in the folder that is read just now.
    entries_max: usize,
    bytes_max: usize,
}

impl Walk {
    /// The files of a folder, and what is wrong with those that could not be read.
    pub(super) fn through(
        directory: &Path,
    ) -> Result<(BTreeMap<String, String>, Blame), PolicyError> {
        let mut walk = Self::new(directory)?;
        walk.enter(directory, "", 0);
        Ok((walk.files, walk.blame))
    }

    fn new(directory: &Path) -> Result<Self, PolicyError> {
        // The folder itself may be reached through links; what lies in it may not lead out of it.
        let root = fs::canonicalize(directory).map_err(|error| {
            let place = directory.display().to_string();
            Fault::of_file(place, format!("cannot read the folder: {error}"))
        })?;
        Ok(Self {
            root,
            files: BTreeMap::new(),
            blame: Blame::default(),
            entries: 0,
            bytes: 0,
            entries_max: ENTRIES_MAX,
            bytes_max: SET_BYTES_MAX,
        })
    }

    fn enter(&mut self, folder: &Path, prefix: &str, depth: usize) {
        let listing = match fs::read_dir(folder) {
            Ok(listing) => listing,
            Err(error) => {
                let place = if prefix.is_empty() { "." } else { prefix };
                return self.refuse(place, format!("cannot read the folder: {error}"));
            }
        };
        for entry in listing {
            self.entries += 1;
            if self.entries > self.entries_max || depth > DEPTH_MAX {
                return self.refuse(prefix, "too many files, or folders too deep in each other");
            }
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    return self.refuse(prefix, format!("cannot read the folder: {error}"));
                }
            };
            match entry.file_name().to_str() {
                Some(name) => self.visit(&entry.path(), &format!("{prefix}{name}"), name, depth),
                None => self.refuse(
                    &format!("{prefix}{}", entry.file_name().display()),
                    "the name of this file is not UTF-8",
                ),
            }
        }
    }

    fn visit(&mut self, place: &Path, path: &str, name: &str, depth: usize) {
        // Editors' lock and swap files, and the folders behind a mounted ConfigMap.
        if name.starts_with('.') {
            return;
        }
        let is_ours = is_cedar(name) || name == ENTITIES || name == LINKS;
        match fs::symlink_metadata(place) {
            Ok(kind) if kind.is_dir() => self.descend(place, &format!("{path}/"), depth + 1),
            Ok(kind) if kind.is_symlink() => self.link(place, path, is_ours),
            Ok(_) if is_ours => self.read(place, path),
            // What cannot be looked at may be a folder with a forbid in it. What is gone again is an editor's.
            Err(error) if is_ours || error.kind() != ErrorKind::NotFound => {
                self.refuse(path, format!("cannot read it: {error}"));
            }
            // Notes, editors' backups and whatever else people keep beside their rules.
            Ok(_) | Err(_) => {}
        }
    }

    /// Enters a folder; that of a tenant with less room than there is, so that another tenant's always has some.
    fn descend(&mut self, place: &Path, prefix: &str, depth: usize) {
        if depth != 2 || tenant_of(prefix).is_none() {
            return self.enter(place, prefix, depth);
        }
        self.entries_max = ENTRIES_MAX.min(self.entries + TENANT_ENTRIES_MAX);
        self.bytes_max = SET_BYTES_MAX.min(self.bytes + TENANT_BYTES_MAX);
        self.enter(place, prefix, depth);
        self.entries = self.entries.min(self.entries_max);
        (self.entries_max, self.bytes_max) = (ENTRIES_MAX, SET_BYTES_MAX);
    }

    /// A link may name a file of this folder and nothing else: not a folder, not a file elsewhere.
    fn link(&mut self, place: &Path, path: &str, is_ours: bool) {
        match fs::canonicalize(place) {
            Ok(target) if target.is_dir() => {
                self.refuse(
                    path,
                    "links to folders are not followed; put the files here",
                );
            }
            Ok(target) if is_ours && target.starts_with(&self.root) => self.read(&target, path),
            Ok(_) if is_ours => self.refuse(path, "the link leads out of the policy folder"),
            Err(error) if is_ours || error.kind() != ErrorKind::NotFound => {
                self.refuse(path, format!("the link leads nowhere: {error}"));
            }
            Ok(_) | Err(_) => {}
        }
    }

    fn read(&mut self, place: &Path, path: &str) {
        match read_text(place) {
            Ok(text) => {
                if self.bytes + text.len() > self.bytes_max {
                    let message = match tenant_of(path) {
                        Some(_) if self.bytes_max < SET_BYTES_MAX => TENANT_TOO_LARGE,
                        Some(_) | None => TOO_LARGE,
                    };
                    return self.refuse(path, message);
                }
                self.bytes += text.len();
                self.files.insert(path.to_owned(), text);
            }
            Err(message) => self.refuse(path, message),
        }
    }

    fn refuse(&mut self, path: &str, message: impl Into<String>) {
        self.blame.push(Fault::of_file(path, message));
    }
}

fn read_text(place: &Path) -> Result<String, String> {
    // Asked before it is opened: opening a pipe would wait for somebody to write to it.
    let kind = fs::metadata(place).map_err(|error| format!("cannot read it: {error}"))?;
    if !kind.is_file() {
        return Err("not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(place)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot read it: {error}"))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err("larger than 1 MiB".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "not UTF-8 text".to_owned())
}
