//! How an issue is named: by key or by number. A value, no proof: Jira may know the key under another project, or not at all.
//! Used wherever a request names an issue; the path to Jira is built from it. It must never hold a character that means something
//! in a URL (`test-1%2Ftransitions`, `TEST-1;x`, `..`): the grammar is the protection against path traversal.

use std::str::FromStr;

/// An issue, named one of two ways. Both find the same issue in Jira, so a rule about a project is decided on what Jira returns.
///
/// ```
/// # use gatepost::tenant::IssueRef;
/// assert_eq!("acme-1".parse::<IssueRef>()?.to_string(), "ACME-1");
/// assert!("ACME-1/../SECRET-1".parse::<IssueRef>().is_err());
/// # Ok::<(), gatepost::tenant::IssueRefError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum IssueRef {
    /// `ACME-1`.
    Key(IssueKey),
    /// `10001`.
    Id(IssueId),
}

/// A project's key, a hyphen and a number, in upper case: `ACME-1`. Unique within its site only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssueKey(Box<str>);

/// An issue's number in its site, 1 to 19 digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssueId(u64);

/// A project's key in upper case: `ACME`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectKey(Box<str>);

/// Why a text names no issue or project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueRefError {
    /// Neither a key nor an id.
    #[error(
        "an issue is named by its key, such as `ACME-1`, or by its numeric id, such as `10001`"
    )]
    Neither,
    /// Looks like a key, but is none.
    #[error(
        "an issue key is a letter, 1 to 254 letters, digits or `_`, one `-` and a number of up to 19 digits \
         without leading zero, such as `ACME-1`"
    )]
    Key,
    /// Only digits, but no id.
    #[error("an issue id is a number of 1 to 19 digits without leading zero, such as `10001`")]
    Id,
    /// Not the key of a project.
    #[error("a project key is a letter and 1 to 254 letters, digits or `_`, such as `ACME`")]
    Project,
}

impl FromStr for IssueRef {
    type Err = IssueRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.as_bytes().first() {
            Some(b'0'..=b'9') => text.parse().map(Self::Id),
            Some(b'A'..=b'Z' | b'a'..=b'z') => text.parse().map(Self::Key),
            _ => Err(IssueRefError::Neither),
        }
    }
}

impl FromStr for IssueKey {
    type Err = IssueRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (project, number) = text.split_once('-').ok_or(IssueRefError::Key)?;
        if is_project(project) && is_number(number) {
            Ok(Self(text.to_ascii_uppercase().into()))
        } else {
            Err(IssueRefError::Key)
        }
    }
}

impl IssueKey {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The project that the key names. The issue itself may have moved: what Jira returns decides.
    #[must_use]
    pub fn project(&self) -> ProjectKey {
        let (project, _) = self.0.split_once('-').unwrap_or((&self.0, ""));
        ProjectKey(project.into())
    }
}

impl FromStr for IssueId {
    type Err = IssueRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !is_number(text) {
            return Err(IssueRefError::Id);
        }
        text.parse().map(Self).map_err(|_| IssueRefError::Id)
    }
}

impl IssueId {
    /// The number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl FromStr for ProjectKey {
    type Err = IssueRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_project(text) {
            Ok(Self(text.to_ascii_uppercase().into()))
        } else {
            Err(IssueRefError::Project)
        }
    }
}

impl ProjectKey {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `[A-Za-z][A-Za-z0-9_]{1,254}`, as bytes: no letter beyond ASCII folds to one of these.
fn is_project(text: &str) -> bool {
    let bytes = text.as_bytes();
    (2..=255).contains(&bytes.len())
        && bytes[0].is_ascii_alphabetic()
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// `[1-9][0-9]{0,18}`.
fn is_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=19).contains(&bytes.len()) && bytes[0] != b'0' && bytes.iter().all(u8::is_ascii_digit)
}

impl std::fmt::Display for IssueRef {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Key(key) => key.fmt(formatter),
            Self::Id(id) => id.fmt(formatter),
        }
    }
}

impl std::fmt::Display for IssueKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::fmt::Display for IssueId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

impl std::fmt::Display for ProjectKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

text_value!(IssueRef, IssueRefError);
text_value!(IssueKey, IssueRefError);
text_value!(IssueId, IssueRefError);
text_value!(ProjectKey, IssueRefError);

#[cfg(test)]
mod tests;
