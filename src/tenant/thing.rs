//! What can be asked for on a site. A value, no proof: it says nothing about whose it is or whether it is there.

use super::{IssueId, IssueKey};

/// What is asked for on a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// An issue by its key; its project is the key's until Jira says otherwise.
    Issue(IssueKey),
    /// Some issue by its number; which one is known only when Jira has answered, so the site is asked.
    IssueById(IssueId),
}
