//! What reached the stand-in, for tests and people: proof that something was sent, and that nothing was. For this folder;
//! [`Seen`] and [`Role`] are read by everybody. A token is never kept here, only whose it was.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A long load test must not fill the memory; the oldest go first.
const KEPT_MAX: usize = 20_000;

/// The part of Atlassian that a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A Jira site.
    Jira,
    /// The authorization server.
    Token,
    /// The key server of signed installs.
    Keys,
    /// The api host: sites behind their cloud ids.
    Api,
    /// The GraphQL gateway of the api host.
    Graph,
    /// The key set of Forge.
    Forge,
    /// An OpenID provider.
    Provider,
    /// A host or path that nobody here answers for.
    Unknown,
}

impl Role {
    /// Every role that can be told to fail.
    pub const ALL: [Self; 7] = [
        Self::Jira,
        Self::Token,
        Self::Keys,
        Self::Api,
        Self::Graph,
        Self::Forge,
        Self::Provider,
    ];

    /// The word for it in `/_standin/`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jira => "jira",
            Self::Token => "token",
            Self::Keys => "keys",
            Self::Api => "api",
            Self::Graph => "graph",
            Self::Forge => "forge",
            Self::Provider => "provider",
            Self::Unknown => "unknown",
        }
    }
}

/// A request that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Whom it was for.
    pub role: Role,
    /// The `Host` header.
    pub host: String,
    /// The method.
    pub method: String,
    /// Path and query, raw.
    pub target: String,
    /// What kind of credential it had, if this stand-in gave it out: `connect_user_token`, `forge_system_token`, `forge_user_token`,
    /// `oauth_token`, `api_token`.
    pub credential: Option<&'static str>,
    /// The account of the credential, or the one that a token was given for.
    pub account: Option<String>,
    /// The scopes of the credential, or those that were granted.
    pub scope: Option<String>,
    /// The status of the answer; 0 while there is none, and for good where a fault prevents one.
    pub status: u16,
    /// The scheme of `Authorization`: `Bearer`, `JWT`, `Basic`, or another word.
    pub authorization_kind: Option<String>,
    /// The names of its headers, in lower case and in their order: what a gateway let through.
    pub headers: Vec<String>,
}

/// The requests in the order of their arrival.
#[derive(Debug, Default)]
pub(super) struct Requests(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    arrived: u64,
    list: VecDeque<(u64, Seen)>,
}

impl Requests {
    /// Writes an arrival down; the number is for [`Requests::answered`].
    pub(super) fn arrived(&self, seen: Seen) -> u64 {
        let mut kept = self.kept();
        kept.arrived += 1;
        let number = kept.arrived;
        if kept.list.len() == KEPT_MAX {
            kept.list.pop_front();
        }
        kept.list.push_back((number, seen));
        number
    }

    /// Completes an arrival, if it was not cleared meanwhile.
    pub(super) fn answered(&self, number: u64, complete: impl FnOnce(&mut Seen)) {
        let mut kept = self.kept();
        let found = kept
            .list
            .binary_search_by_key(&number, |(number, _)| *number);
        if let Some((_, seen)) = found.ok().and_then(|at| kept.list.get_mut(at)) {
            complete(seen);
        }
    }

    pub(super) fn list(&self) -> Vec<Seen> {
        self.kept()
            .list
            .iter()
            .map(|(_, seen)| seen.clone())
            .collect()
    }

    pub(super) fn clear(&self) {
        self.kept().list.clear();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // A list of requests is whole after every statement, so a panic elsewhere spoils nothing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
