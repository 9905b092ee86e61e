//! What was proven before. A question is known by the digest of all that bears on its answer: solver, translator, evaluator, schema,
//! environment, guarantee and the policies' own texts. Only a proof is kept; what failed is asked again. May be used by `prove` only.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use cedar_policy::Policy;

use super::frame::Frame;
use crate::secret::{hex, sha256};

/// How many proofs are kept: some hundred bytes each. Beyond it, all are forgotten, which costs time and nothing else.
const ENTRIES_MAX: usize = 200_000;

/// The digest of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 32]);

impl Key {
    pub(super) fn hex(self) -> String {
        hex(&self.0)
    }
}

/// Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub(super) struct Memo(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    proven: HashSet<Key>,
    /// The forbids that were needed the last time, by id. A hint where to begin, and no more.
    needed: HashMap<Key, Vec<String>>,
}

impl Memo {
    pub(super) fn is_proven(&self, key: Key) -> bool {
        self.with(|kept| kept.proven.contains(&key))
    }

    pub(super) fn proven(&self, key: Key) {
        self.with(|kept| {
            if kept.proven.len() >= ENTRIES_MAX {
                kept.proven.clear();
            }
            kept.proven.insert(key);
        });
    }

    pub(super) fn needed(&self, group: Key) -> Vec<String> {
        self.with(|kept| kept.needed.get(&group).cloned().unwrap_or_default())
    }

    pub(super) fn needs(&self, group: Key, forbids: &[&Policy]) {
        self.with(|kept| {
            if kept.needed.len() >= ENTRIES_MAX {
                kept.needed.clear();
            }
            let ids = forbids.iter().map(|forbid| forbid.id().to_string());
            kept.needed.insert(group, ids.collect());
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What all keys of one proof begin with.
#[derive(Clone, Debug)]
pub(super) struct Ground(Vec<u8>);

impl Ground {
    pub(super) fn new<'t>(parts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut ground = Self(Vec::new());
        for part in parts {
            add(&mut ground.0, part);
        }
        ground
    }

    /// The key of a question about `policies`, whatever their order.
    pub(super) fn key<'p>(
        &self,
        question: &str,
        frame: &Frame,
        policies: impl IntoIterator<Item = &'p Policy>,
    ) -> Key {
        let mut bytes = self.0.clone();
        add(&mut bytes, question);
        add(&mut bytes, &frame.key);
        let mut texts: Vec<String> = policies.into_iter().map(ToString::to_string).collect();
        texts.sort();
        for text in texts {
            add(&mut bytes, &text);
        }
        Key(sha256(&bytes))
    }
}

/// With its length before it, so that no two lists of parts look alike.
fn add(bytes: &mut Vec<u8>, part: &str) {
    bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
    bytes.extend_from_slice(part.as_bytes());
}
