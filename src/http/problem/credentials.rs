//! What callers are told of sessions, client keys and tokens that cannot be checked: of refused ones, of those that are not made, and
//! of what an administrator sees of them.
//! A part of `problem`, with its rules.

use http::StatusCode;

use crate::gateway::SuperviseError;
use crate::identity::Beyond;
use crate::identity::issued::{IssueError, Refused};

use super::{Problem, capitalised};

const ANOTHER_ADMINISTRATOR: &str = "Another administrator of the site can do this.";

impl Problem {
    /// Of a token whose keys another company publishes, and does not now.
    pub(super) fn unchecked(code: &str) -> Self {
        let sentence = "The credential cannot be checked now.";
        let hint = "Nothing was sent to Jira. Try again; if it lasts, the operator finds the cause in what the gateway prints.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, sentence, hint).retry_after(10)
    }
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
            IssueError::Replayed | IssueError::ForeignPage | IssueError::Outlived => {
                return Self::unauthenticated();
            }
            IssueError::Stale(_) => (
                StatusCode::UNAUTHORIZED,
                "Ask Jira's script for a fresh token.",
            ),
            IssueError::TooMany(_) => (StatusCode::CONFLICT, "See `/v1/keys` or `/v1/sessions`."),
            IssueError::TooManyGrants(_) => (StatusCode::CONFLICT, "See `/v1/grants`."),
            IssueError::NotToGive => (StatusCode::FORBIDDEN, ANOTHER_ADMINISTRATOR),
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

impl From<&SuperviseError> for Problem {
    fn from(error: &SuperviseError) -> Self {
        let (status, hint) = match error {
            SuperviseError::NoSuch(_) => (StatusCode::NOT_FOUND, "It may have ended already."),
            SuperviseError::OperatorsBlock => (
                StatusCode::FORBIDDEN,
                "Ask the operator of this gateway to end it.",
            ),
            SuperviseError::Busy => {
                let hint = "Wait as long as `Retry-After` says.";
                let status = StatusCode::TOO_MANY_REQUESTS;
                return Self::new(status, error.code(), capitalised(error), hint).retry_after(1);
            }
            SuperviseError::TooManyBlocks(_) => (
                StatusCode::CONFLICT,
                "End some of them, or wait for a day; the operator of this gateway can block more.",
            ),
            SuperviseError::Oneself => (StatusCode::FORBIDDEN, ANOTHER_ADMINISTRATOR),
            SuperviseError::Tenant(_) | SuperviseError::Lookup(_) | SuperviseError::Read(_) => {
                let sentence = "What is held for the site cannot be read or written now.";
                return Self::unavailable(error.code(), sentence);
            }
        };
        Self::new(status, error.code(), capitalised(error), hint)
    }
}
