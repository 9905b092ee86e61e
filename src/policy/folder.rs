//! Where a set comes from: a folder, and perhaps an extension of the schema. What must never happen here: anything is written.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::Settings;
use super::draft::{Draft, ENTRIES_MAX, FILE_BYTES_MAX};
use super::error::{Fault, PolicyError};
use super::schema::Vocabulary;
use super::validated::Validated;

/// A policy folder and the schema that it is checked against.
#[derive(Clone, Debug)]
pub struct Folder {
    directory: PathBuf,
    extension: Option<PathBuf>,
}

impl Folder {
    /// A folder under the core schema.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            extension: None,
        }
    }

    /// The folder and the extension that the settings name.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        Self {
            directory: settings.directory.clone(),
            extension: settings.extension.clone(),
        }
    }

    /// The folder's path.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Reads the files once. They may be the halves of two sets; whoever takes this must read again and compare.
    pub(super) fn glance(&self) -> Result<Draft, PolicyError> {
        Draft::read_once(&self.directory)
    }

    /// Reads the files.
    pub fn draft(&self) -> Result<Draft, PolicyError> {
        Draft::read(&self.directory)
    }

    /// Who wrote what changed last: `unix:` and the number of the user who owns the file. Nobody is asked for a password here; it
    /// tells people whom to ask, and decides nothing.
    #[must_use]
    pub fn author(&self) -> String {
        let mut newest = ((0, 0), 0);
        let mut open = vec![self.directory.clone()];
        let mut left = ENTRIES_MAX;
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
                left = left.saturating_sub(1);
                if left == 0 || is_hidden {
                    continue;
                }
                // A link to a file is followed, one to a folder never: there is no circle.
                match (entry.file_type(), fs::metadata(entry.path())) {
                    (Ok(kind), _) if kind.is_dir() => open.push(entry.path()),
                    (Ok(_), Ok(found)) if found.is_file() => {
                        let changed = (found.mtime(), found.mtime_nsec());
                        newest = newest.max((changed, found.uid()));
                    }
                    (Ok(_) | Err(_), Ok(_) | Err(_)) => {}
                }
            }
        }
        format!("unix:{}", newest.1)
    }

    /// Reads the schema.
    pub fn vocabulary(&self) -> Result<Vocabulary, PolicyError> {
        let Some(path) = &self.extension else {
            return Ok(Vocabulary::core());
        };
        Vocabulary::extended(&path.display().to_string(), &schema_text(path)?)
    }

    /// Reads and checks the whole.
    pub fn load(&self) -> Result<Validated, PolicyError> {
        Validated::check(&self.draft()?, &self.vocabulary()?)
    }
}

/// The text of a schema, bounded as policies are.
pub fn schema_text(path: &Path) -> Result<String, PolicyError> {
    let refuse = |message: String| Fault::of_file(path.display().to_string(), message);
    let length = fs::metadata(path).map(|found| found.len());
    match length {
        Ok(length) if length > FILE_BYTES_MAX => {
            return Err(refuse("larger than 1 MiB".to_owned()).into());
        }
        Ok(_) => {}
        Err(error) => return Err(refuse(format!("cannot read it: {error}")).into()),
    }
    let text =
        fs::read_to_string(path).map_err(|error| refuse(format!("cannot read it: {error}")))?;
    Ok(text)
}
