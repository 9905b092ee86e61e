//! Why a credential was not accepted: one text for whoever sent it, the cause for the log. Used by the verifiers.
//! Nothing here may hold a part of a credential, nor an e-mail address.

use crate::ledger::entry::Credential;
use crate::tenant::AccountId;
use crate::tenant::block::Blocked;

use super::issued::{Hold, Refused};
use super::jws::TokenError;
use super::own::Refusal;

/// Why a credential was not accepted. One text for the caller, the cause for the log.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// None came.
    #[error("the request has no credential")]
    Missing,
    /// Of a kind that is not verified here.
    #[error("the scheme of the credential is not accepted")]
    Scheme,
    /// The token itself.
    #[error("the token is not acceptable")]
    Token {
        /// Why.
        #[source]
        cause: TokenError,
        /// The tenant that the token claims.
        claimed: Option<String>,
    },
    /// No active tenant has that client key.
    #[error("the token's issuer is no active tenant")]
    UnknownTenant {
        /// The tenant that the token claims.
        claimed: String,
    },
    /// The token is bound to another request, or to none.
    #[error("the token is not for this request")]
    OtherRequest {
        /// The tenant that the token claims.
        claimed: String,
    },
    /// The token speaks for nobody.
    #[error("the token names no user")]
    NoUser {
        /// The tenant that the token claims.
        claimed: String,
    },
    /// The token is good, and its account or tenant is kept out.
    #[error("the caller is blocked")]
    Blocked {
        /// By what.
        #[source]
        cause: Blocked,
        /// The tenant, verified: for the same place in the record as that of every other refused token.
        claimed: String,
        /// Whom.
        account: AccountId,
    },
    /// A session or client key that is not good.
    #[error("the session or key is not acceptable")]
    Issued {
        /// Why.
        #[source]
        cause: Refused,
        /// Whose it is, if it is known.
        hold: Option<Hold>,
    },
    /// A credential that Atlassian gave to a user.
    #[error(transparent)]
    Own(Box<Refusal>),
    /// A Bearer that says that it is of somebody whom nobody here knows.
    #[error("the token is of an issuer that is not known here")]
    UnknownIssuer,
    /// A good token of a kind that this route does not take.
    #[error("the token is not of the kind that this route takes")]
    OtherKind {
        /// The tenant, verified.
        claimed: String,
    },
}

impl IdentityError {
    /// The stable code for the log.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "no_credential",
            Self::Scheme => "scheme_not_accepted",
            Self::Token { cause, .. } => cause.code(),
            Self::UnknownTenant { .. } => "unknown_issuer",
            Self::OtherRequest { .. } => "qsh_mismatch",
            Self::NoUser { .. } => "no_user",
            Self::Blocked { cause, .. } => cause.code(),
            Self::Issued { cause, .. } => cause.code(),
            Self::Own(refusal) => refusal.cause.code(),
            Self::UnknownIssuer => "issuer_not_known",
            Self::OtherKind { .. } => "other_kind",
        }
    }

    /// The tenant that an unverified credential claimed, for the log.
    #[must_use]
    pub fn claimed(&self) -> Option<&str> {
        match self {
            Self::Missing | Self::Scheme | Self::Own(_) | Self::UnknownIssuer => None,
            Self::Token { claimed, .. } => claimed.as_deref(),
            Self::Issued { hold, .. } => Some(hold.as_ref()?.tenant().as_str()),
            Self::UnknownTenant { claimed }
            | Self::OtherKind { claimed }
            | Self::OtherRequest { claimed }
            | Self::NoUser { claimed }
            | Self::Blocked { claimed, .. } => Some(claimed),
        }
    }

    /// The account, where the token verified and was refused for whose it is.
    #[must_use]
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Self::Blocked { account, .. } => Some(account),
            Self::Issued { hold, .. } => Some(hold.as_ref()?.account()),
            _ => None,
        }
    }

    /// The public parts of a credential that was refused and can be named: whose revoked key is still in use is worth knowing.
    #[must_use]
    pub fn credential(&self) -> Option<Credential> {
        match self {
            Self::Issued { hold, .. } => Some(hold.as_ref()?.credential()),
            Self::Own(refusal) => Some(refusal.credential.clone()),
            _ => None,
        }
    }
}
