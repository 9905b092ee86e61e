//! A request that the set allows and must not, in a form that a person understands. What the solver found is first given names as they
//! look in real life, then decided again by the real evaluator: only what it confirms is shown. May be used by `policy` and by whoever
//! shows faults. What must never happen here: something is shown that the evaluator does not say.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::ledger::entry::PolicyRef;

/// A request that breaks a guarantee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counterexample {
    /// The policies that allow it; for `always`, those that deny it; for `never-errs`, the one that fails.
    pub because_of: Vec<PolicyRef>,
    /// What the request meets, each entity that it can reach.
    pub entities: Vec<Met>,
    /// `getIssue(Account, Issue)`
    pub environment: String,
    /// The name of the guarantee.
    pub guarantee: String,
    /// How to mend it.
    pub hint: String,
    /// The request.
    pub request: Asked,
    /// The guarantee in words.
    pub title: String,
    /// What happens in one sentence.
    pub what: String,
}

/// The request of a counterexample, in Cedar's notation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// `Action::"getIssue"`
    pub action: String,
    /// By name.
    pub context: BTreeMap<String, String>,
    /// `Account::"acme/ann"`
    pub principal: String,
    /// `Issue::"globex/PAY-1"`
    pub resource: String,
}

/// An entity of a counterexample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Met {
    /// By name, in Cedar's notation.
    pub attributes: BTreeMap<String, String>,
    /// `Account::"acme/ann"`
    pub entity: String,
    /// What it lies in.
    pub parents: Vec<String>,
    /// By name.
    pub tags: BTreeMap<String, String>,
}

impl fmt::Display for Counterexample {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Asked {
            action,
            context,
            principal,
            resource,
        } = &self.request;
        writeln!(out, "  guarantee  {}: {}", self.guarantee, self.title)?;
        writeln!(out, "  principal  {principal}")?;
        writeln!(out, "  action     {action}")?;
        writeln!(out, "  resource   {resource}")?;
        for (index, (name, value)) in context.iter().enumerate() {
            let lead = if index == 0 { "context" } else { "" };
            writeln!(out, "  {lead:<9}  {name}: {value}")?;
        }
        for (index, met) in self.entities.iter().enumerate() {
            let lead = if index == 0 { "entities" } else { "" };
            writeln!(out, "  {lead:<9}  {met}")?;
        }
        for (index, policy) in self.because_of.iter().enumerate() {
            let lead = if index == 0 { "policies" } else { "" };
            writeln!(
                out,
                "  {lead:<9}  `{}` in {}:{}",
                policy.id, policy.file, policy.line
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Met {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.entity)?;
        if !self.parents.is_empty() {
            write!(out, " in [{}]", self.parents.join(", "))?;
        }
        let list = |pairs: &BTreeMap<String, String>| {
            let pairs = pairs.iter().map(|(name, value)| format!("{name}: {value}"));
            pairs.collect::<Vec<_>>().join(", ")
        };
        if !self.attributes.is_empty() {
            write!(out, " {{ {} }}", list(&self.attributes))?;
        }
        if !self.tags.is_empty() {
            write!(out, " tags {{ {} }}", list(&self.tags))?;
        }
        Ok(())
    }
}
