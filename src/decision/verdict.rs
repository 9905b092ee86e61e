//! What the policies say to a question, as plain data. It opens nothing: rulings and permits are made elsewhere.

use serde::{Deserialize, Serialize};

use crate::identity::Beyond;
use crate::ledger::entry::{DeniedBy, Effect, PolicyRef};

/// The code of a request that was allowed.
pub const ALLOWED: &str = "allowed";
/// The code of a denial, where the policy that denied has none of its own.
pub const POLICY_DENIED: &str = "policy_denied";
/// The code of a denial because the evaluation failed.
pub const POLICY_ERROR: &str = "policy_error";

/// The code of a denial because policies ask who is in which group of Jira users, and that is not known.
pub const GROUPS_UNKNOWN: &str = "groups_unknown";

/// The code of a denial because policies let one tenant's account at another tenant's things.
pub const TENANT_BREACH: &str = "tenant_breach";

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// The stable code: `allowed`, `policy_error`, `groups_unknown`, `tenant_breach`, the `@code` of a forbid, otherwise `policy_denied`.
    pub code: String,
    /// What a denial by policies rests on.
    pub denied_by: Option<DeniedBy>,
    /// Allow or deny.
    pub effect: Effect,
    /// What the evaluation reported. Not empty only with a denial.
    pub errors: Vec<String>,
    /// The policies that it rests on, sorted by id: permits (also of a breach), forbids, or those that failed.
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

    /// A denial because the policies that are left cannot be evaluated without knowing who is in which group: a `forbid` among them
    /// would silently not fire.
    pub(super) fn without_groups() -> Self {
        Self {
            code: GROUPS_UNKNOWN.to_owned(),
            denied_by: Some(DeniedBy::Groups),
            effect: Effect::Deny,
            errors: Vec::new(),
            policies: Vec::new(),
            reason: None,
        }
    }

    /// Whether it would be another if it were known who is in which group.
    pub(super) fn lacks_groups(&self) -> bool {
        self.denied_by == Some(DeniedBy::Groups)
    }

    /// This verdict, turned into a denial if it lets tenants mix. Beside the policies and their proof: it must never have to.
    pub(super) fn kept_apart(self, cross_tenant: bool) -> Self {
        if !(cross_tenant && self.allows()) {
            return self;
        }
        Self {
            code: TENANT_BREACH.to_owned(),
            denied_by: None,
            effect: Effect::Deny,
            reason: None,
            ..self
        }
    }

    /// This verdict, turned into a denial if the request is beyond its credential. Bounds are no policies: they come after them, and
    /// what tenants are kept apart by stays as it is.
    pub(super) fn kept_within(self, beyond: Option<Beyond>) -> Self {
        let Some(beyond) = beyond.filter(|_| self.code != TENANT_BREACH) else {
            return self;
        };
        Self {
            code: beyond.code().to_owned(),
            denied_by: Some(DeniedBy::Credential),
            effect: Effect::Deny,
            policies: if self.allows() {
                Vec::new()
            } else {
                self.policies
            },
            reason: Some(beyond.reason().to_owned()),
            errors: self.errors,
        }
    }

    /// Whether it is an allow.
    #[must_use]
    pub fn allows(&self) -> bool {
        self.effect == Effect::Allow
    }
}
