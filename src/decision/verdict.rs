//! What the policies say to a question, as plain data. It opens nothing: rulings and permits are made elsewhere.

use serde::{Deserialize, Serialize};

use crate::ledger::entry::{DeniedBy, Effect, PolicyRef};

/// The code of a request that was allowed.
pub const ALLOWED: &str = "allowed";
/// The code of a denial, where the policy that denied has none of its own.
pub const POLICY_DENIED: &str = "policy_denied";
/// The code of a denial because the evaluation failed.
pub const POLICY_ERROR: &str = "policy_error";

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// The stable code: `allowed`, `policy_error`, the `@code` of a forbid, otherwise `policy_denied`.
    pub code: String,
    /// What a denial rests on.
    pub denied_by: Option<DeniedBy>,
    /// Allow or deny.
    pub effect: Effect,
    /// What the evaluation reported. Not empty only with a denial.
    pub errors: Vec<String>,
    /// The policies that it rests on, sorted by id: permits, forbids, or those that failed.
    pub policies: Vec<PolicyRef>,
    /// The sentence for the caller: the `@reason` of the first forbid in the order of files and lines.
    pub reason: Option<String>,
}

impl Verdict {
    /// A denial because the question could not be evaluated.
    pub(super) fn failed(policies: Vec<PolicyRef>, errors: Vec<String>) -> Self {
        Self {
            code: POLICY_ERROR.to_owned(),
            denied_by: Some(DeniedBy::Error),
            effect: Effect::Deny,
            errors,
            policies,
            reason: None,
        }
    }

    /// Whether it is an allow.
    #[must_use]
    pub fn allows(&self) -> bool {
        self.effect == Effect::Allow
    }
}
