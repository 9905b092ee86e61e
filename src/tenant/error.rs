//! Why the registry did not do what was asked. Texts are for operators and the log; a caller of the data plane never sees them.

use crate::db::DbError;
use crate::ledger::LedgerError;
use crate::secret::VaultError;

use super::{AccountId, TenantId};

/// What can go wrong with tenants.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The change could not be recorded, so it was not made.
    #[error("the change could not be recorded, so nothing was changed")]
    Ledger(#[from] LedgerError),
    /// A secret does not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A row holds what no version of Gatepost writes.
    #[error("the row of `{0}` is damaged in column `{1}`")]
    Spoiled(String, &'static str),
    /// No tenant has that name.
    #[error(
        "there is no tenant `{0}`; name it by client key, host, cloud id or installation (`ari:cloud:ecosystem::installation/…`), as `gatepost tenant list` shows them"
    )]
    Unknown(String),
    /// Two tenants have that name: the client key of one is the cloud id of another.
    #[error("two tenants are called `{0}`; name the one that is meant by its host")]
    Ambiguous(String),
    /// No grant in force has that id.
    #[error("there is no grant `{0}` in force; `gatepost grant list` shows them")]
    UnknownGrant(String),
    /// The tenant's site belongs to another client key by now, so nothing of it is left to be blocked or switched off.
    #[error(
        "tenant `{0}` was replaced when its site was imported or installed anew; name the site by its host, or by the client key that it has now"
    )]
    Replaced(TenantId),
    /// Nothing keeps this target out.
    #[error("no block on {0} is in force; `gatepost block list` shows those that are")]
    UnknownBlock(String),
    /// The block is an operator's, and whoever wants to end or replace it is none.
    #[error("an operator made this block")]
    OperatorsBlock,
    /// The base URL is no site that the app may be installed on.
    #[error("the base URL is not under a configured site suffix")]
    ForeignSite,
    /// The same signed token came with another body: the body is not covered by the signature.
    #[error("the token was used before with another body")]
    Replayed,
    /// A newer event of the same tenant was carried out already.
    #[error("a newer event of tenant `{0}` was carried out before")]
    Stale(TenantId),
    /// Another live tenant, on another host, has this cloud id.
    #[error("the cloud id belongs to another tenant")]
    CloudTaken,
    /// Another live tenant has the site, and no verified install says that the two are one.
    #[error("the site belongs to tenant `{0}`, which is not linked to this installation")]
    SiteHeld(TenantId),
    /// The shared secret is too short to be one.
    #[error("the shared secret is shorter than 32 bytes")]
    ShortSecret,
    /// The tenant was never installed.
    #[error("tenant `{0}` was never installed")]
    NeverInstalled(TenantId),
    /// The app is not installed for this tenant now.
    #[error("tenant `{0}` is not installed now")]
    NotInstalled(TenantId),
    /// The account has as many grants as one may have.
    #[error(
        "account `{0}` has {1} grants in force, which is the most; revoke one first (`gatepost grant revoke`), or name more actions \
         in one grant"
    )]
    TooManyGrants(AccountId, i64),
    /// One person gave as many grants as one may.
    #[error(
        "you gave {0} grants that are in force or are of the last day, which is the most; end some, or wait for a day"
    )]
    TooManyGiven(i64),
    /// The site has as many grants as its people may give.
    #[error(
        "{0} grants are in force on the site, which is the most that its people give; revoke some first"
    )]
    TooManyOfSite(i64),
    /// Whoever wants to give it may not: it is to act as somebody else, or for oneself.
    #[error("the grant is not theirs to give")]
    NotToGive,
    /// The tenant's administrators have made as many blocks as they may.
    #[error(
        "the site has {0} blocks that are in force or were made in the last day, which is the most"
    )]
    TooManyBlocks(usize),
    /// The grant would give nothing.
    #[error("{0}")]
    Grant(&'static str),
}

impl TenantError {
    /// The stable code for the log.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Db(_) | Self::Ledger(_) | Self::Vault(_) | Self::Spoiled(..) => "unavailable",
            Self::Unknown(_)
            | Self::Ambiguous(_)
            | Self::UnknownGrant(_)
            | Self::UnknownBlock(_)
            | Self::Replaced(_)
            | Self::NeverInstalled(_)
            | Self::NotInstalled(_) => "unknown",
            Self::OperatorsBlock => "operators_block",
            Self::ForeignSite => "foreign_site",
            Self::Replayed => "token_replayed",
            Self::Stale(_) => "stale_event",
            Self::CloudTaken => "cloud_id_taken",
            Self::SiteHeld(_) => "site_held",
            Self::ShortSecret => "short_secret",
            Self::TooManyGrants(..) | Self::TooManyGiven(..) | Self::TooManyOfSite(_) => {
                "too_many_grants"
            }
            Self::NotToGive => "not_to_give",
            Self::TooManyBlocks(_) => "too_many_blocks",
            Self::Grant(_) => "empty_grant",
        }
    }
}
