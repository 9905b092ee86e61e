//! What Atlassian is told of a lifecycle callback that was not carried out. Used by the routes of such callbacks.
//! One text for all that is wrong with a signature.

use http::StatusCode;

use super::{Problem, UNAUTHENTICATED};
use crate::identity::install::CallbackError;
use crate::tenant::TenantError;

impl From<&CallbackError> for Problem {
    fn from(error: &CallbackError) -> Self {
        match error {
            CallbackError::KeyServer(_) => {
                Self::unavailable("key_server", "The install key servers cannot be asked now.")
            }
            CallbackError::Tenant(
                TenantError::Db(_)
                | TenantError::Ledger(_)
                | TenantError::Vault(_)
                | TenantError::Spoiled(..),
            ) => Self::unavailable("registry", "The installation could not be stored."),
            CallbackError::Tenant(TenantError::Stale(_)) => Self::new(
                StatusCode::CONFLICT,
                "stale_event",
                "A newer event of this installation was carried out before.",
                "Nothing needs to be done.",
            ),
            _ => Self::new(
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                UNAUTHENTICATED,
                "Lifecycle callbacks are signed by Atlassian.",
            ),
        }
    }
}
