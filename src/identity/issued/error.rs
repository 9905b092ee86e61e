//! Why an issued credential is not good, and why none is made, ended or found. The caller of a refused credential hears one text for all
//! causes; nothing here holds a part of a credential.

use std::sync::Arc;

use crate::db::DbError;
use crate::identity::bounds::Beyond;
use crate::ledger::LedgerError;
use crate::tenant::TenantError;
use crate::tenant::block::Blocked;

/// Why a session or client key does not open anything.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A typo, a cut, or never one of ours: the checksum does not fit.
    #[error("the credential is not whole")]
    Malformed,
    /// Nobody has it.
    #[error("the credential is not known")]
    Unknown,
    /// It was ended or revoked.
    #[error("the credential was ended")]
    Ended,
    /// Its time is over.
    #[error("the credential has expired")]
    Expired,
    /// The session was not used for too long.
    #[error("the session was idle for too long")]
    Idle,
    /// Its tenant was uninstalled, installed anew, suspended or blocked since.
    #[error("the tenant changed since the credential was made")]
    Outlived,
    /// Its tenant is not active.
    #[error("the tenant is not active")]
    Inactive,
    /// Its tenant, account or the key itself is kept out.
    #[error("the credential is blocked")]
    Blocked(#[source] Blocked),
    /// It is used from another page than the one that opened it.
    #[error("the session belongs to another page")]
    OtherPage,
    /// The key is good, and not from there.
    #[error("the credential is used from outside its networks")]
    Elsewhere,
    /// It is used faster than its rate.
    #[error("the credential is used too fast; it may be used again in {retry_after_s} s")]
    TooFast {
        /// When to come again.
        retry_after_s: u64,
    },
    /// It could not be looked up.
    #[error("the credential could not be looked up")]
    Lookup(#[source] Arc<LookupError>),
}

/// The database failed, so nobody knows.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// There is no row with that hash.
    #[error("the credential is not known")]
    Absent,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// What the registry was asked.
    #[error(transparent)]
    Tenant(#[from] TenantError),
    /// A row is not what was written.
    #[error("a credential's row cannot be read: `{0}`")]
    Spoiled(&'static str),
}

impl Refused {
    /// Whether the credential is good, and was used too much.
    #[must_use]
    pub const fn is_limit(&self) -> bool {
        matches!(self, Self::TooFast { .. })
    }

    /// Whether the credential is good: then it is known for sure whose it is.
    #[must_use]
    pub const fn is_of_good(&self) -> bool {
        matches!(self, Self::TooFast { .. } | Self::Elsewhere)
    }

    /// Whether nobody knows if it is good.
    #[must_use]
    pub const fn is_lookup(&self) -> bool {
        matches!(self, Self::Lookup(_))
    }

    /// The stable code for the log.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "credential_malformed",
            Self::Unknown => "credential_unknown",
            Self::Ended => "credential_ended",
            Self::Expired => "credential_expired",
            Self::Idle => "session_idle",
            Self::Outlived => "credential_outlived",
            Self::Inactive => "tenant_inactive",
            Self::Blocked(cause) => cause.code(),
            Self::OtherPage => "session_other_page",
            Self::Elsewhere => Beyond::Network.code(),
            Self::TooFast { .. } => "key_limit",
            Self::Lookup(_) => "credential_lookup_failed",
        }
    }
}

/// Why a credential was not made, ended or listed. The caller is told.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The token of Jira was exchanged before.
    #[error("the token was used before; ask Jira for a fresh one")]
    Replayed,
    /// The token of Jira is too old to make a key or give a grant.
    #[error("this takes a context token of the last {0} seconds; ask Jira for a fresh one")]
    Stale(i64),
    /// The nonce is not one that this account's page got.
    #[error("the page's nonce is not one of this account's")]
    ForeignPage,
    /// Something ended the authority to make it while it was made.
    #[error("the tenant changed, or the account was blocked, while the credential was made")]
    Outlived,
    /// There are enough.
    #[error("the account has {0} already; revoke one first")]
    TooMany(usize),
    /// There are enough grants.
    #[error(transparent)]
    TooManyGrants(TenantError),
    /// To act as another is for that other to give, or for another administrator.
    #[error("this grant is not yours to give: nobody gives one to oneself")]
    NotToGive,
    /// A member of the request makes no sense.
    #[error("`{0}`: {1}")]
    Member(&'static str, String),
    /// The credential is for requests alone: a leaked one must not make itself a successor.
    #[error(
        "client keys and tokens of a provider manage no sessions, keys and grants; use a session or a context token"
    )]
    NotByKey,
    /// No such session or key, or another's.
    #[error("there is no such {0}")]
    NoSuch(&'static str),
    /// The registry.
    #[error(transparent)]
    Tenant(#[from] TenantError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The log.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A row.
    #[error(transparent)]
    Lookup(#[from] LookupError),
}

impl IssueError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Replayed => "token_replayed",
            Self::Stale(_) => "token_stale",
            Self::ForeignPage => "page_nonce",
            Self::Outlived => "credential_outlived",
            Self::TooMany(_) => "too_many_credentials",
            Self::TooManyGrants(_) => "too_many_grants",
            Self::NotToGive => "not_to_give",
            Self::Member(..) => "malformed_member",
            Self::NotByKey => "key_cannot_manage",
            Self::NoSuch(_) => "no_such_credential",
            Self::Tenant(_) | Self::Db(_) | Self::Ledger(_) | Self::Lookup(_) => {
                "credentials_unavailable"
            }
        }
    }
}
