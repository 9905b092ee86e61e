//! The exit codes, which scripts rely on. Used by every subcommand. A number, once given out, keeps its meaning.

use std::error::Error;
use std::process::ExitCode;

use super::office::Refused;
use crate::config::ConfigError;
use crate::db::DbError;
use crate::ledger::read::ReadError;
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
                || cause.is::<Mistake>()
                || cause.downcast_ref::<NodeError>().is_some_and(misconfigured)
                || cause.downcast_ref::<DbError>().is_some_and(misplaced)
                || cause
                    .downcast_ref::<ReadError>()
                    .is_some_and(|error| matches!(error, ReadError::Db(error) if misplaced(error)))
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
    match error {
        // A server that another one keeps from starting: its call and its configuration are right.
        NodeError::Db(DbError::InUse(_)) => false,
        NodeError::Db(error) => misplaced(error),
        error => matches!(
            error,
            NodeError::Config(_)
                | NodeError::Destination(_)
                | NodeError::Tenants(TenantError::Vault(_))
        ),
    }
}

/// Whether another database, or this one with another binary or at another time, is what the caller wants.
fn misplaced(error: &DbError) -> bool {
    match error {
        DbError::Url(_)
        | DbError::Postgres
        | DbError::Scheme(_)
        | DbError::File { .. }
        | DbError::Missing(_)
        | DbError::InUse(_)
        | DbError::Newer { .. } => true,
        DbError::Migrate(_) | DbError::Sql(_) | DbError::Short | DbError::Stopped => false,
    }
}

/// What was asked for does not exist or makes no sense, and no flag's own check could know it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Mistake(pub(super) String);

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

    #[test]
    fn a_wrong_database_is_the_callers_doing_by_whatever_way_it_is_told() {
        type Make = fn() -> DbError;
        let wrong: [Make; 4] = [
            || DbError::Url("x".to_owned()),
            || DbError::Missing("x".into()),
            || DbError::Newer { found: 9, known: 2 },
            || DbError::File {
                path: "x".into(),
                source: std::io::ErrorKind::PermissionDenied.into(),
            },
        ];
        let ways: [fn(DbError) -> anyhow::Error; 3] = [
            |error| error.into(),
            |error| ReadError::from(error).into(),
            |error| anyhow::Error::from(NodeError::from(error)).context("cannot start"),
        ];
        for way in ways {
            for make in wrong {
                assert_eq!(Exit::of(&way(make())), Exit::Usage, "{}", make());
            }
            assert_eq!(Exit::of(&way(DbError::Short)), Exit::Internal);
            assert_eq!(Exit::of(&way(DbError::Stopped)), Exit::Internal);
        }
        let in_use = || DbError::InUse("x".into());
        assert_eq!(Exit::of(&in_use().into()), Exit::Usage);
        assert_eq!(Exit::of(&NodeError::Db(in_use()).into()), Exit::Internal);
        let nothing = Mistake("nothing in the log has the id `x`".to_owned());
        assert_eq!(Exit::of(&nothing.into()), Exit::Usage);
    }
}
