//! What callers are told where Atlassian gives no token that acts as a user. Used by `problem`.

use http::StatusCode;

use crate::upstream::TokenFailure;

use super::{Problem, slow};

/// Triggers come every hour. Whoever waits in between finds out soon enough.
const TRIGGER_S: u64 = 300;

impl From<&TokenFailure> for Problem {
    fn from(failure: &TokenFailure) -> Self {
        match failure {
            TokenFailure::Outbound(error) if error.is_timeout() => slow(),
            TokenFailure::Limited(seconds) => Self::limited(*seconds),
            TokenFailure::Stale => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "forge_token_stale",
                "Forge has not sent the app a token for this site for too long.",
                "Nothing was sent to Jira. Try again later; `gatepost tenant show` tells when the app was last heard of.",
            )
            .retry_after(TRIGGER_S),
            TokenFailure::Refused(_) | TokenFailure::NotGiven | TokenFailure::NoClient => {
                Self::new(
                    StatusCode::BAD_GATEWAY,
                    "user_token_refused",
                    "Atlassian gives no token for the account that is to be acted as.",
                    "The account may be inactive or have no access to the site; otherwise the app needs to be installed again.",
                )
            }
            TokenFailure::Outbound(_) | TokenFailure::Malformed => Self::upstream(
                StatusCode::BAD_GATEWAY,
                "token_server_failed",
                "Atlassian's authorization server failed.",
            ),
        }
    }
}
