//! The canonical encoding, version 1: which bytes of a record are hashed. What is written here can never be changed, only followed by
//! a version 2; every record names its version.
//!
//! A body is JSON (RFC 8259) in UTF-8 with the members of every object sorted by name, no white space, integers only, and strings
//! escaped as `serde_json` does: `\"`, `\\`, `\b`, `\f`, `\n`, `\r`, `\t`, other characters below U+0020 as `\u00xx` in lower case,
//! everything else as it is. Members that do not apply are left out.
//!
//! ```text
//! body       = {"entry":<entry>,"place":{"log_id":"…","node":"…","seq":N,"time":"2026-11-23T12:00:00.000000Z","v":1}}
//! commitment = SHA-256("gatepost-record-v1" ‖ salt ‖ body)      salt: 16 random bytes a record
//! leaf       = SHA-256(0x00 ‖ commitment)                       the leaf of RFC 6962, section 2.1
//! ```
//! The salt keeps a leaf from being guessed once its body is erased: an account and an issue key are few bits.

use std::fmt::Write as _;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};

use super::LedgerError;
use super::entry::Entry;
use crate::clock::Timestamp;
use crate::secret::sha256;

/// Bytes of a salt.
pub const SALT_BYTES: usize = 16;
/// A larger entry is refused: foreign text is shortened where it enters, so none of ours comes near.
pub const ENTRY_BYTES_MAX: usize = 64 * 1024;

const VERSION: u8 = 1;
const COMMITMENT_TAG: &[u8] = b"gatepost-record-v1";

/// An entry in canonical bytes, before it has a place in the log.
#[derive(Clone, Debug)]
pub struct Draft {
    entry: Arc<str>,
    digest: [u8; 32],
}

impl Draft {
    /// Encodes `entry`, in the caller's task: the write lane only splices.
    ///
    /// # Errors
    /// [`LedgerError::TooLarge`] above [`ENTRY_BYTES_MAX`].
    pub fn new(entry: &Entry) -> Result<Self, LedgerError> {
        // Room for an ordinary entry at once: grown from nothing, its bytes would be copied five times.
        let mut text = Vec::with_capacity(2048);
        serde_json::to_writer(&mut text, entry).map_err(LedgerError::Encode)?;
        if text.len() > ENTRY_BYTES_MAX {
            return Err(LedgerError::TooLarge { bytes: text.len() });
        }
        // INVARIANT: serde_json writes UTF-8.
        let text = String::from_utf8(text).expect("JSON is UTF-8");
        Ok(Self {
            digest: sha256(text.as_bytes()),
            entry: text.into(),
        })
    }

    /// SHA-256 of the canonical entry.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }
}

/// What the records of one node have in common, encoded once.
#[derive(Clone, Debug)]
pub(super) struct Place {
    until_seq: Arc<str>,
}

impl Place {
    pub(super) fn new(log_id: &str, node: &str) -> Result<Self, LedgerError> {
        let node = serde_json::to_string(node).map_err(LedgerError::Encode)?;
        let log_id = serde_json::to_string(log_id).map_err(LedgerError::Encode)?;
        let until_seq = format!(",\"place\":{{\"log_id\":{log_id},\"node\":{node},\"seq\":").into();
        Ok(Self { until_seq })
    }

    /// Adds the body of the record of `draft` at `seq` to `body`.
    pub(super) fn body(&self, body: &mut String, draft: &Draft, seq: u64, time: &str) {
        body.push_str("{\"entry\":");
        body.push_str(&draft.entry);
        body.push_str(&self.until_seq);
        // INVARIANT: writing into a String cannot fail.
        write!(body, "{seq},\"time\":\"{time}\",\"v\":{VERSION}}}}}").expect("memory takes it");
    }
}

/// The time of a record, as its body has it.
pub(super) fn time(now: Timestamp) -> String {
    now.rfc3339()
}

/// Binds a body and its salt.
#[must_use]
pub fn commitment(salt: &[u8; SALT_BYTES], body: &str) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(COMMITMENT_TAG);
    context.update(salt);
    context.update(body.as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// The leaf of a commitment in the log's tree.
#[must_use]
pub fn leaf(commitment: &[u8; 32]) -> [u8; 32] {
    let mut input = [0; 33];
    input[1..].copy_from_slice(commitment);
    sha256(&input)
}

#[cfg(test)]
mod tests;
