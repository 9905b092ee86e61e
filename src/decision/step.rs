//! What comes of a query at once: a ruling, or the need to ask Jira something first. Used by `gateway` and `screen`.
//! A need must never be met by a guess: it ends in a ruling, which denies what it does not know.

use std::sync::Arc;

use crate::ledger::LedgerError;
use crate::policy::Snapshot;

use super::look::Look;
use super::query::Query;
use super::ruling::{Ruling, weigh};

/// Allowed or denied, or not yet.
#[must_use]
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a ruling is what nearly every query comes to, and is moved on at once"
)]
pub enum Step {
    /// The policies have said what they say.
    Ruled(Ruling),
    /// Nothing forbids so far, and the policies that are left ask who is in which groups.
    Needs(Box<Look>),
}

/// Evaluates `query` under `rules` and writes down what came of it.
pub fn decide(rules: Arc<Snapshot>, query: Query) -> Result<Step, LedgerError> {
    let weighed = weigh(&rules, &query, query.action());
    if weighed.1.lacks_groups() {
        let accounts = query.asks_for(&rules, query.action());
        if !accounts.is_empty() {
            let look = Look::new(rules, query, accounts);
            return Ok(Step::Needs(Box::new(look)));
        }
    }
    Ok(Step::Ruled(Ruling::new(rules, query, weighed, None)?))
}

impl Step {
    /// The ruling where nobody is asked: what would have to be known is denied.
    pub fn settled(self) -> Result<Ruling, LedgerError> {
        match self {
            Self::Ruled(ruling) => Ok(ruling),
            Self::Needs(look) => look.settle(Some("not_asked".to_owned())),
        }
    }
}
