//! What can be asked for on a site. A value, no proof: it says nothing about whose it is or whether it is there.

use super::{IssueId, IssueKey, IssueRef};

/// What is asked for on a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// An issue by its key; its project is the key's until Jira says otherwise.
    Issue(IssueKey),
    /// Some issue by its number; which one is known only when Jira has answered, so the site is asked.
    IssueById(IssueId),
    /// The site itself.
    Site(SiteRead),
}

impl From<IssueRef> for Thing {
    fn from(issue: IssueRef) -> Self {
        match issue {
            IssueRef::Key(key) => Self::Issue(key),
            IssueRef::Id(id) => Self::IssueById(id),
        }
    }
}

/// What of a site is read. None of it holds anything of an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SiteRead {
    /// What it says of itself.
    ServerInfo,
    /// How it knows the account that asks.
    Myself,
    /// Which fields its issues have.
    Fields,
    /// Whether the account that asks administers it.
    Administrators,
}
