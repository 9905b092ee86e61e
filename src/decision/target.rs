//! What a request asks for: a claim, from which the door `resolve` makes a resource. Made by `http`, carried by `gateway`.
//! A site must never be asked for with the parameters of an issue: it is a case of its own.

use crate::tenant::{IssueRef, SiteRead, Thing};

use super::reading::{ApiVersion, Reading};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An issue, and what of it.
    Issue(IssueRef, Reading),
    /// Something about the site itself.
    Site(SiteRead, ApiVersion),
}

impl Target {
    /// The thing to resolve, and what of it is read.
    #[must_use]
    pub fn into_parts(self) -> (Thing, Reading) {
        match self {
            Self::Issue(issue, reading) => (issue.into(), reading),
            Self::Site(read, version) => (Thing::Site(read), Reading::whole(version)),
        }
    }
}
