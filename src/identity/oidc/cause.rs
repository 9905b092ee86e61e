//! Why a provider's token was not accepted: one text for the caller, the cause for the log. Used by `oidc`.
//! Nothing here may hold a part of a token but what is public of it.

use crate::identity::error::IdentityError;
use crate::identity::jwks::JwksError;
use crate::identity::jws::TokenError;
use crate::ledger::entry::{Credential, shorten};

use super::{KIND, Provider};

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// The token itself.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The key.
    #[error(transparent)]
    Key(#[from] JwksError),
    /// The token names no key.
    #[error("the token names no key")]
    NoKeyId,
    /// The token is another issuer's.
    #[error("the token is another issuer's")]
    Issuer,
    /// The token is for somebody else.
    #[error("the token is for another audience")]
    Audience,
    /// The token is for several, and was made for somebody else.
    #[error("the token was made for another party")]
    Party,
    /// The claim that says whose token it is is missing, or no text.
    #[error("the claim of the tenant is missing or no text")]
    TenantClaim,
    /// The operator has not said whose tokens have this value.
    #[error("the claim of the tenant has a value that stands for no tenant")]
    TenantValue,
    /// What the value stands for is no active tenant, or more than one.
    #[error("the value of the claim stands for no active tenant")]
    Tenant,
    /// The claim of the account is missing, or no account id.
    #[error("the claim of the account is missing or no account id")]
    AccountClaim,
}

impl OidcError {
    /// The stable code for the log.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Token(cause) => cause.code(),
            Self::Key(JwksError::UnknownKey) => "unknown_key",
            Self::Key(JwksError::Unavailable) => "keys_unavailable",
            Self::NoKeyId => "no_key_id",
            Self::Issuer => "wrong_issuer",
            Self::Audience => "wrong_audience",
            Self::Party => "wrong_party",
            Self::TenantClaim => "no_tenant_claim",
            Self::TenantValue => "tenant_claim_unknown",
            Self::Tenant => "tenant_inactive",
            Self::AccountClaim => "no_account_claim",
        }
    }

    /// Whether nothing is known about the token: its provider's keys cannot be read.
    #[must_use]
    pub const fn is_lookup(self) -> bool {
        matches!(self, Self::Key(JwksError::Unavailable))
    }
}

/// A refused token, as far as it is known: which provider's tokens fail, and by which key, is what an operator looks for.
#[derive(Debug, thiserror::Error)]
#[error("the token of the provider is not acceptable")]
pub struct Refused {
    /// Why.
    #[source]
    pub cause: OidcError,
    /// Its public parts.
    pub credential: Credential,
    /// The value of the tenant's claim.
    pub claimed: Option<String>,
}

impl Refused {
    pub(super) fn of(provider: &Provider) -> Self {
        Self {
            cause: OidcError::Issuer,
            credential: Credential {
                kind: KIND.to_owned(),
                issuer: Some(shorten(&provider.issuer, 256)),
                ..Credential::default()
            },
            claimed: None,
        }
    }

    pub(super) fn because(self, cause: OidcError) -> IdentityError {
        IdentityError::Oidc(Box::new(Self { cause, ..self }))
    }
}
