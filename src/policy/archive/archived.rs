//! What the archive gives and takes, as plain data. Anybody below may hold it; it proves nothing by itself. What must never happen
//! here: a private key, or a text whose digest nobody computed again.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::ledger::PolicySet;
use crate::policy::certificate::Signed;
use crate::secret::{hex, sha256};

/// A set as it was kept. Its texts have its digests, and whatever is signed verified when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archived {
    /// The digest of its files.
    pub digest: String,
    /// The digest of its schema.
    pub schema_digest: String,
    /// The texts of its schema.
    pub schema: Vec<String>,
    /// Its files: path and text.
    pub files: BTreeMap<String, String>,
    /// Who brought it: `unix:1000`, `token:…`. Nobody knows of sets from before authors were kept.
    pub author: Option<String>,
    /// When it was brought.
    pub kept_at: Timestamp,
    /// What was proven of it.
    pub certificate: Option<Signed>,
    /// When it went live, the last time; none if it never did.
    pub activated: Option<Activated>,
}

/// A set went live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activated {
    /// Counted from 1.
    pub number: i64,
    /// The digest of the certificate that it went live with; none if the proof was waived.
    pub certificate: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub by: String,
    /// Why, if somebody said.
    pub reason: Option<String>,
    /// The guarantees that were given up with it.
    pub dropped: Vec<String>,
}

/// Who activates a set, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct By {
    /// `unix:1000`, `token:…`.
    pub who: String,
    /// Why, if somebody said.
    pub reason: Option<String>,
    /// The guarantees that are given up with it.
    pub dropped: Vec<String>,
}

/// What is known about the proof of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofStatus {
    /// It has a certificate that verifies.
    Proven,
    /// It has none, and never went live.
    Unproven,
    /// It has none, and went live.
    Waived,
    /// What was kept of it was changed.
    Damaged,
}

impl ProofStatus {
    /// The word for people and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Unproven => "unproven",
            Self::Waived => "waived",
            Self::Damaged => "damaged",
        }
    }
}

/// One line about a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The digest of its files.
    pub digest: String,
    /// The digest of its schema.
    pub schema_digest: String,
    /// Who brought it.
    pub author: Option<String>,
    /// When it was brought.
    pub kept_at: Timestamp,
    /// What is known about its proof.
    pub proof: ProofStatus,
    /// When it went live, the last time.
    pub activated: Option<Activated>,
    /// Whether it is the one that went live last.
    pub is_live: bool,
    /// Whether it is pinned.
    pub is_pinned: bool,
}

/// A set that stays in force whatever the folder says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Its digest.
    pub digest: String,
    /// Who pinned it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// What of `set` does not have the digest that it is named by; nothing if all is in order.
pub(super) fn mismatch(set: &PolicySet) -> Option<&'static str> {
    let files = set.files.iter().flat_map(|(path, text)| [path, text]);
    if digest(files) != set.digest {
        return Some("the text of a file");
    }
    (digest(&set.schema) != set.schema_digest).then_some("the text of the schema")
}

/// The digest as drafts and schemas have it: over the parts, each with its length before it.
fn digest<'a>(parts: impl IntoIterator<Item = &'a String>) -> String {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    format!("sha256:{}", hex(&sha256(&bytes)))
}
