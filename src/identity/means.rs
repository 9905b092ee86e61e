//! With what Jira is asked for a principal. Made by the verifiers, read by `upstream` alone; `tests/it/structure.rs` holds others off.
//! A credential of a user must go to no host but those that issued it, and never speak for anybody but that user.

use std::sync::Arc;

use crate::outbound::Authorization;
use crate::secret::Secret;

use super::own::Confirmed;

/// With what Jira is asked.
#[derive(Debug)]
pub enum Means {
    /// With the app's own means: a token that it gets for whoever is acted as.
    App,
    /// With the token that came beside an invocation as its user's, good at the API host only. Nobody signed that it is: `upstream` asks
    /// Jira whose it is first. As anybody else, the app asks with its own means.
    ForgeUser(Secret),
    /// With the credential that the user brought. On the heap: every principal would be as large as the few that have one.
    Own(Box<Own>),
}

/// A credential that Atlassian gave to a user, and where it was found to be good.
#[derive(Debug)]
pub struct Own {
    carried: Carried,
    /// Whether it is good at the API host; otherwise at the site itself.
    pub at_api_host: bool,
    confirmed: Arc<Confirmed>,
}

/// The credential itself.
#[derive(Clone, Debug)]
pub(super) enum Carried {
    /// Goes as Basic.
    Pair {
        /// The e-mail address, spelt as it came.
        user: Secret,
        /// The API token.
        token: Secret,
    },
    /// Goes as Bearer.
    Token(Secret),
}

impl Carried {
    pub(super) const fn authorization(&self) -> Authorization<'_> {
        match self {
            Self::Pair { user, token } => Authorization::Basic(user, token),
            Self::Token(token) => Authorization::Bearer(token),
        }
    }
}

impl Own {
    pub(super) const fn new(
        carried: Carried,
        at_api_host: bool,
        confirmed: Arc<Confirmed>,
    ) -> Self {
        Self {
            carried,
            at_api_host,
            confirmed,
        }
    }

    /// What is shown, as it came.
    #[must_use]
    pub const fn authorization(&self) -> Authorization<'_> {
        self.carried.authorization()
    }

    /// Jira does not take it: nobody believes what was confirmed of it, from now on.
    pub fn refuse(&self) {
        self.confirmed.refuse();
    }
}

impl Means {
    /// Whether Jira can be asked as another account than the principal's own: by the app, unless the user brought what it asks with.
    #[must_use]
    pub const fn may_act_as_another(&self) -> bool {
        !matches!(self, Self::Own(_))
    }

    /// Whether Jira has refused since what the user brought.
    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::Own(own) if own.confirmed.is_refused())
    }
}
