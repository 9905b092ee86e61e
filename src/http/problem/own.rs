//! What callers are told of a credential of their own that is not good. Used by this folder.
//! Whoever never had a good one here must not learn whether the site is registered, takes such credentials, or was asked.

use http::StatusCode;

use crate::identity::own::{NotGood, Trouble};

use super::Problem;

impl From<&NotGood> for Problem {
    fn from(cause: &NotGood) -> Self {
        let Some(code) = cause.told() else {
            return Self::unauthenticated();
        };
        match cause {
            NotGood::TooMany { retry_after_s } => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                code,
                "Too many credentials were tried from this address, at this site or for this account: this is the gateway's limit.",
                "Wait as long as `Retry-After` says. A credential that is believed does not count.",
            )
            .retry_after(*retry_after_s),
            NotGood::Trouble(Trouble::Limited(seconds)) => Self::upstream(
                StatusCode::TOO_MANY_REQUESTS,
                code,
                "Atlassian limits the checks of credentials: this is Atlassian's limit, not the gateway's.",
            )
            .retry_after(seconds.unwrap_or(30)),
            NotGood::Trouble(Trouble::Slow) => Self::upstream(
                StatusCode::GATEWAY_TIMEOUT,
                code,
                "Atlassian did not say in time whether the credential is still good.",
            ),
            _ => Self::upstream(
                StatusCode::BAD_GATEWAY,
                code,
                "Atlassian did not say whether the credential is still good.",
            ),
        }
    }
}
