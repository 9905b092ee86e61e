//! What is told of credentials: those that are not accepted, and those that are not given out. Used by `problem`.
//! Whatever is wrong with a credential has one text: only a limit, or that nobody can say now, is told apart.

use http::StatusCode;

use crate::identity::Beyond;
use crate::identity::issued::{IssueError, Refused};
use crate::identity::verify::IdentityError;

use super::{Problem, capitalised};

impl From<&IdentityError> for Problem {
    fn from(error: &IdentityError) -> Self {
        match error {
            IdentityError::Issued { cause, .. } => Self::from(cause),
            IdentityError::Oidc(refused) if refused.cause.is_lookup() => {
                unchecked(refused.cause.code())
            }
            IdentityError::Missing
            | IdentityError::Scheme
            | IdentityError::Token { .. }
            | IdentityError::UnknownTenant { .. }
            | IdentityError::OtherRequest { .. }
            | IdentityError::NoUser { .. }
            | IdentityError::Blocked { .. }
            | IdentityError::Oidc(_)
            | IdentityError::OtherKind { .. } => Self::unauthenticated(),
        }
    }
}

fn unchecked(code: &str) -> Problem {
    let sentence = "The credential cannot be checked now.";
    let hint = "Nothing was sent to Jira. Try again; if it lasts, the operator finds the cause in what the gateway prints.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, sentence, hint).retry_after(10)
}

impl From<&Refused> for Problem {
    fn from(cause: &Refused) -> Self {
        match cause {
            Refused::TooFast { retry_after_s } => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                cause.code(),
                "This key is used faster than its rate: this is the key's own limit.",
                "Wait as long as `Retry-After` says, or make a key with a higher rate.",
            )
            .retry_after(*retry_after_s),
            Refused::Elsewhere => Self::new(
                StatusCode::FORBIDDEN,
                cause.code(),
                Beyond::Network.reason(),
                "Its owner sees at `/v1/keys` from where it is good.",
            ),
            Refused::Lookup(_) => Self::unavailable(
                "credentials_unavailable",
                "The credential could not be looked up.",
            ),
            Refused::Malformed
            | Refused::Unknown
            | Refused::Ended
            | Refused::Expired
            | Refused::Idle
            | Refused::Outlived
            | Refused::Inactive
            | Refused::Blocked(_)
            | Refused::OtherPage => Self::unauthenticated(),
        }
    }
}

impl From<&IssueError> for Problem {
    fn from(error: &IssueError) -> Self {
        let (status, hint) = match error {
            // One text for all that is wrong with a credential.
            IssueError::Replayed | IssueError::ForeignPage => return Self::unauthenticated(),
            IssueError::Stale(_) => (
                StatusCode::UNAUTHORIZED,
                "Ask Jira's script for a fresh token.",
            ),
            IssueError::TooMany(_) => (StatusCode::CONFLICT, "See `/v1/keys` or `/v1/sessions`."),
            IssueError::Member(..) => (StatusCode::BAD_REQUEST, "Mend the request's body."),
            IssueError::NotByKey => (StatusCode::FORBIDDEN, "Open the app's page in Jira."),
            IssueError::NoSuch(_) => (StatusCode::NOT_FOUND, "It may have ended already."),
            IssueError::Tenant(_)
            | IssueError::Db(_)
            | IssueError::Ledger(_)
            | IssueError::Lookup(_) => {
                let sentence = "The credentials cannot be read or written now.";
                return Self::unavailable(error.code(), sentence);
            }
        };
        Self::new(status, error.code(), capitalised(error), hint)
    }
}
