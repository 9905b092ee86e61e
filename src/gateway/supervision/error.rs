//! Why an administrator of a site, proven to be one, is not shown or given what they want. The caller is told.

use crate::identity::issued::LookupError;
use crate::ledger::read::ReadError;
use crate::tenant::TenantError;

/// What can go wrong after the proof.
#[derive(Debug, thiserror::Error)]
pub enum SuperviseError {
    /// There is none on this site; whether another site has it is not told.
    #[error("there is no such {0} on this site")]
    NoSuch(&'static str),
    /// The operator of the gateway keeps somebody out, which no administrator of a site may change.
    #[error("the operator of this gateway made this block")]
    OperatorsBlock,
    /// The administrators of the site have made as many blocks as they may.
    #[error(
        "the site has {0} blocks that are in force or were made in the last day, which is the most"
    )]
    TooManyBlocks(usize),
    /// Others are looking at the site.
    #[error("several administrators look at this site now: this is the gateway's limit")]
    Busy,
    /// Whoever blocks oneself cannot end it.
    #[error("an administrator cannot block oneself")]
    Oneself,
    /// The registry.
    #[error(transparent)]
    Tenant(TenantError),
    /// Sessions and keys.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// The log.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl SuperviseError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSuch(_) => "not_on_this_site",
            Self::OperatorsBlock => "operators_block",
            Self::TooManyBlocks(_) => "too_many_blocks",
            Self::Busy => "site_busy",
            Self::Oneself => "own_account",
            Self::Tenant(_) | Self::Lookup(_) | Self::Read(_) => "site_unavailable",
        }
    }
}

impl From<TenantError> for SuperviseError {
    fn from(error: TenantError) -> Self {
        match error {
            TenantError::UnknownGrant(_) => Self::NoSuch("grant"),
            TenantError::UnknownBlock(_) => Self::NoSuch("block"),
            TenantError::OperatorsBlock => Self::OperatorsBlock,
            TenantError::TooManyBlocks(most) => Self::TooManyBlocks(most),
            error => Self::Tenant(error),
        }
    }
}
