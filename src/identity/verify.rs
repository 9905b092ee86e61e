//! Verifies who asks: the one entrance to a [`Principal`]. Used by `gateway`.
//! Nothing of a token counts before its signature; the tenant is the one whose secret verified, never a claim looked up again.

use crate::clock::Clock;
use crate::ledger::entry::{Credential, TenantBasis};
use crate::secret::{Secret, sha256};
use crate::tenant::block::Blocked;
use crate::tenant::{AccountId, SharedTenant, TenantId, Tenants};

use super::issued::{Hold, Issued, Refused};
use super::jws::{TokenError, Unverified};
use super::presented::{Call, Presented};
use super::principal::Principal;
use super::qsh;
use super::spendable::Spendable;
use super::window::Window;
use super::{Claims, HmacKey, Means};

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
            Self::OtherKind { .. } => "other_kind",
        }
    }

    /// The tenant that an unverified credential claimed, for the log.
    #[must_use]
    pub fn claimed(&self) -> Option<&str> {
        match self {
            Self::Missing | Self::Scheme => None,
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

    /// The public parts of a credential of ours that was refused: whose revoked key is still in use is worth knowing.
    #[must_use]
    pub fn credential(&self) -> Option<Credential> {
        match self {
            Self::Issued { hold, .. } => Some(hold.as_ref()?.credential()),
            _ => None,
        }
    }
}

/// Every way to prove who asks.
#[derive(Clone, Debug)]
pub struct Verifiers {
    tenants: Tenants,
    issued: Issued,
    window: Window,
    /// The path of the app's base URL, which a qsh leaves out.
    base_path: String,
    clock: Clock,
}

impl Verifiers {
    /// Verifiers of tokens for the app at `base_path`.
    #[must_use]
    pub fn new(
        tenants: Tenants,
        issued: Issued,
        window: Window,
        base_path: String,
        clock: Clock,
    ) -> Self {
        Self {
            tenants,
            issued,
            window,
            base_path,
            clock,
        }
    }

    /// The principal behind what was presented.
    pub async fn verify(
        &self,
        presented: &Presented,
        call: Call<'_>,
    ) -> Result<Principal, IdentityError> {
        match presented {
            Presented::Nothing => Err(IdentityError::Missing),
            Presented::Bearer(_) | Presented::Password(_) | Presented::Other => {
                Err(IdentityError::Scheme)
            }
            Presented::Jwt(token) => Ok(self.connect(token.expose(), call)?.into_principal()),
            Presented::Issued(text) => self.own(text).await,
        }
    }

    /// A token of Jira that is to be exchanged. `kind` is the one that the route takes.
    pub fn spendable(
        &self,
        presented: &Presented,
        call: Call<'_>,
        kind: ConnectKind,
    ) -> Result<Spendable, IdentityError> {
        let token = match presented {
            Presented::Jwt(token) => self.connect(token.expose(), call)?,
            Presented::Nothing => return Err(IdentityError::Missing),
            Presented::Bearer(_)
            | Presented::Password(_)
            | Presented::Other
            | Presented::Issued(_) => {
                return Err(IdentityError::Scheme);
            }
        };
        let principal = token.principal();
        if principal.credential().kind != kind.as_str() {
            let claimed = principal.tenant().to_string();
            return Err(IdentityError::OtherKind { claimed });
        }
        Ok(token)
    }

    /// A session or client key.
    async fn own(&self, text: &Secret) -> Result<Principal, IdentityError> {
        match self.issued.check(text).await {
            Ok(good) => Ok(Principal::holding(good)),
            Err(bad) => Err(IdentityError::Issued {
                cause: bad.cause,
                hold: bad.hold,
            }),
        }
    }

    /// A Connect token: HS256 with the tenant's shared secret.
    fn connect(&self, token: &[u8], call: Call<'_>) -> Result<Spendable, IdentityError> {
        let refused = |cause, claimed| IdentityError::Token { cause, claimed };
        let text = std::str::from_utf8(token).map_err(|_| refused(TokenError::Encoding, None))?;
        let unverified = Unverified::parse(text).map_err(|cause| refused(cause, None))?;
        let claimed = crate::ledger::entry::shorten(unverified.issuer_unverified(), 128);
        let Some((tenant, key)) = self.issuer(unverified.issuer_unverified()) else {
            // As much work as a wrong signature: whether a client key is known must not show in the time.
            return Err(match unverified.dummy_verify() {
                TokenError::UnknownIssuer => IdentityError::UnknownTenant { claimed },
                cause => refused(cause, Some(claimed)),
            });
        };
        let claims = unverified
            .verify_hs256(&key)
            .map_err(|cause| refused(cause, Some(claimed.clone())))?;
        let now = self.clock.now();
        self.window
            .check(&claims, now)
            .map_err(|cause| refused(cause, Some(claimed.clone())))?;
        let kind = self
            .bound_to(&claims, call)
            .ok_or(IdentityError::OtherRequest {
                claimed: claimed.clone(),
            })?;
        let Some(account) = user(&claims) else {
            return Err(IdentityError::NoUser { claimed });
        };
        // Last: only whoever the token really speaks for can meet a block, and it must not tell a guesser who is blocked.
        if let Some(cause) = tenant.keeps_out(&account, now) {
            return Err(IdentityError::Blocked {
                cause,
                claimed,
                account,
            });
        }
        let credential = public_parts(&claims, &tenant, kind.as_str());
        let principal = Principal::new(
            tenant.id.clone(),
            account,
            tenant.epoch,
            credential,
            TenantBasis::Verified,
            Means::App,
        );
        Ok(Spendable::new(
            principal,
            sha256(token),
            claims.iat,
            claims.exp,
        ))
    }

    fn issuer(&self, claimed: &str) -> Option<(SharedTenant, HmacKey)> {
        let id: TenantId = claimed.parse().ok()?;
        let tenant = self
            .tenants
            .current(&id)
            .filter(|tenant| tenant.is_active(self.clock.now()))?;
        let key = HmacKey::new(tenant.shared_secret()?).ok()?;
        Some((tenant, key))
    }

    /// A context token is good for every route of the data plane; a request token for the very request it names.
    fn bound_to(&self, claims: &Claims, call: Call<'_>) -> Option<ConnectKind> {
        let qsh = claims.qsh.as_deref()?;
        if qsh == qsh::CONTEXT_QSH {
            return Some(ConnectKind::Context);
        }
        qsh::matches(qsh, call.method, call.target, &self.base_path).then_some(ConnectKind::Request)
    }
}

/// The two kinds of Connect tokens that speak for a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectKind {
    /// What Jira's script gives a page: good for every route that reads.
    Context,
    /// What Jira puts into the URL of a page: good for that one request.
    Request,
}

impl ConnectKind {
    /// The word for policies (`context.auth`) and the record.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Context => "connect_context",
            Self::Request => "connect_request",
        }
    }
}

fn user(claims: &Claims) -> Option<AccountId> {
    claims.sub.as_deref()?.parse().ok()
}

fn public_parts(claims: &Claims, tenant: &SharedTenant, kind: &str) -> Credential {
    Credential {
        kind: kind.to_owned(),
        issuer: Some(tenant.id.to_string()),
        key_id: Some(format!("secret-{}", tenant.secret_version)),
        jti: claims
            .jti
            .as_deref()
            .map(|jti| crate::ledger::entry::shorten(jti, 128)),
        iat: Some(claims.iat),
        exp: Some(claims.exp),
    }
}
