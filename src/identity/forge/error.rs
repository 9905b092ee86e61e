//! Why a token of Forge's was not accepted. For the log alone: the caller hears one text, or that something cannot be asked now.

use crate::identity::jws::TokenError;
use crate::identity::strict_json::StrictJsonError;
use crate::ledger::LedgerError;
use crate::tenant::TenantError;

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// No app is configured, so no token is for it.
    #[error("no Forge app is configured")]
    Off,
    /// The token itself.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The claims are not JSON, or one is missing or of another type.
    #[error("the claims are not understood: {0}")]
    Claims(#[from] StrictJsonError),
    /// A claim has a value that it cannot have.
    #[error("`{0}` is not acceptable")]
    Claim(&'static str),
    /// It is for another app, or for several.
    #[error("the token is for another app")]
    Audience,
    /// It names no key.
    #[error("the token names no key")]
    NoKeyId,
    /// Forge has no such key.
    #[error("Forge's key set has no such key")]
    UnknownKey,
    /// Forge's keys cannot be read now.
    #[error("Forge's key set cannot be read now")]
    Keys,
    /// It was issued before this process began to remember which were spent.
    #[error("the token was issued before the gateway started")]
    BeforeStart,
    /// It was used before.
    #[error("the token was used before")]
    Replayed,
    /// As many were used lately as can be remembered.
    #[error("no more tokens can be remembered as used")]
    Full,
    /// It speaks for nobody, where somebody is needed.
    #[error("the token names no user")]
    NoUser,
    /// It speaks for a user, where Forge itself is expected.
    #[error("the token names a user")]
    User,
    /// It comes from a page, where Forge itself is expected.
    #[error("the token is one of a page")]
    Page,
    /// Nothing says where the installation's site is.
    #[error("nothing says which site the installation is on")]
    NoSite,
    /// The API host does not say it.
    #[error("the API host does not say which site the installation is on")]
    SiteUnknown(Option<u16>),
    /// The installation's tenant is switched off, or was not heard of for too long.
    #[error("the installation is no active tenant")]
    Inactive,
    /// The registry refused.
    #[error(transparent)]
    Tenant(#[from] TenantError),
    /// What was to be asked could not be recorded.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl ForgeError {
    /// The stable code for the log.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Off => "scheme_not_accepted",
            Self::Token(cause) => cause.code(),
            Self::Claims(_) => "token_claims",
            Self::Claim(_) => "token_claim",
            Self::Audience => "wrong_audience",
            Self::NoKeyId => "no_key_id",
            Self::UnknownKey => "unknown_key",
            Self::Keys => "key_server_unavailable",
            Self::BeforeStart => "token_before_start",
            Self::Replayed => "token_replayed",
            Self::Full => "replay_memory_full",
            Self::NoUser => "no_user",
            Self::User => "user_token",
            Self::Page => "page_token",
            Self::NoSite => "no_site",
            Self::SiteUnknown(_) => "site_unavailable",
            Self::Inactive => "tenant_inactive",
            Self::Tenant(cause) => cause.code(),
            Self::Ledger(_) => "log_unavailable",
        }
    }

    /// Whether the same token, or the next one, may be good later: nothing is wrong with it.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Keys | Self::Full | Self::Ledger(_) => true,
            // Forge's own fault, or a token for the app that is not good; the site is not wrong.
            Self::SiteUnknown(status) => status.is_none_or(|status| status >= 429),
            Self::Tenant(cause) => cause.code() == "unavailable",
            _ => false,
        }
    }
}
