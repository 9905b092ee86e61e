//! Where a set comes from: a folder, and perhaps an extension of the schema. What must never happen here: anything is written.

use std::fs;
use std::path::{Path, PathBuf};

use super::Settings;
use super::draft::{Draft, FILE_BYTES_MAX};
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

    /// Reads the files.
    pub fn draft(&self) -> Result<Draft, PolicyError> {
        Draft::read(&self.directory)
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
