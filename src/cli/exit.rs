//! The exit codes, which scripts rely on. Used by every subcommand. A number, once given out, keeps its meaning.

use std::error::Error;
use std::process::ExitCode;

use super::office::Refused;
use crate::config::ConfigError;
use crate::db::DbError;
use crate::node::NodeError;
use crate::tenant::TenantError;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done.
    Ok = 0,
    /// Something failed that is not the caller's doing.
    Internal = 1,
    /// Flags or configuration are wrong.
    Usage = 2,
    /// A policy does not parse or validate.
    PolicyInvalid = 3,
    /// A policy test failed.
    PolicyTestFailed = 4,
    /// A guarantee is not proven.
    NotProven = 5,
    /// The log was changed, or a part of it is missing.
    LogVerificationFailed = 6,
    /// A plan lets somebody do more than before.
    PlanWidens = 7,
}

impl Exit {
    /// The code for an error that a command did not turn into one itself.
    #[must_use]
    pub fn of(error: &anyhow::Error) -> Self {
        let wrong = |cause: &(dyn Error + 'static)| {
            cause.is::<ConfigError>()
                || cause.downcast_ref::<NodeError>().is_some_and(misconfigured)
                || cause
                    .downcast_ref::<Refused>()
                    .is_some_and(|refused| refused.0.wrong)
        };
        if error.chain().any(wrong) {
            Self::Usage
        } else {
            Self::Internal
        }
    }
}

/// What a node's configuration is to blame for. Its causes are transparent, so none of them stands in the chain of errors.
fn misconfigured(error: &NodeError) -> bool {
    use DbError::{Postgres, Scheme, Url};
    matches!(
        error,
        NodeError::Config(_)
            | NodeError::Destination(_)
            | NodeError::Tenants(TenantError::Vault(_))
            | NodeError::Db(Url(_) | Scheme(_) | Postgres)
    )
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_error_is_a_usage_error_also_under_a_context() {
        let error = ConfigError { problems: vec![] };
        let wrapped = anyhow::Error::from(error).context("cannot start");
        assert_eq!(Exit::of(&wrapped), Exit::Usage);
        assert_eq!(Exit::of(&anyhow::anyhow!("disk full")), Exit::Internal);
    }
}
