//! What is in force: one immutable set with everything that evaluation needs. A request takes one snapshot and keeps it from its
//! question to its record, whatever is published meanwhile. What must never happen here: change.

use super::validated::RuleSet;
use crate::ledger::{PolicySet, entry};

/// The version of the policy engine, for the record.
pub const ENGINE: &str = "cedar-policy 4.14.1";

/// A policy set in force.
#[derive(Debug)]
pub struct Snapshot {
    rules: RuleSet,
    proof: entry::Proof,
}

impl Snapshot {
    pub(super) fn new(rules: RuleSet, proof: entry::Proof) -> Self {
        Self { rules, proof }
    }

    /// The digest of the files: `sha256:…`.
    #[must_use]
    pub fn digest(&self) -> &str {
        self.rules.draft.digest()
    }

    /// The digest of the schema.
    #[must_use]
    pub fn schema_digest(&self) -> &str {
        self.rules.vocabulary.digest()
    }

    /// What a decision under this set can be made again with, however the folder changes.
    #[must_use]
    pub fn text(&self) -> PolicySet {
        PolicySet {
            digest: self.digest().to_owned(),
            schema_digest: self.schema_digest().to_owned(),
            schema: self.rules.vocabulary.texts().to_vec(),
            files: self.rules.draft.files().clone(),
        }
    }

    /// What is proven of the set.
    #[must_use]
    pub fn proof(&self) -> &entry::Proof {
        &self.proof
    }

    /// The version of the policy engine.
    #[must_use]
    pub fn engine(&self) -> &'static str {
        ENGINE
    }

    /// How many policies there are.
    #[must_use]
    pub fn policy_count(&self) -> usize {
        self.rules.policies.num_of_policies()
    }

    pub(crate) fn rules(&self) -> &RuleSet {
        &self.rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_is_the_one_that_is_linked() {
        assert_eq!(
            ENGINE,
            format!("cedar-policy {}", cedar_policy::get_sdk_version())
        );
    }
}
