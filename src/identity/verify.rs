//! Verifies who asks: the one entrance to a [`Principal`]. Used by `gateway`.
//! Nothing of a token counts before its signature; the tenant is the one whose secret verified, never a claim looked up again.

use std::net::IpAddr;

use crate::clock::Clock;
use crate::ledger::entry::{Credential, TenantBasis};
use crate::secret::{Secret, sha256};
use crate::tenant::{AccountId, SharedTenant, TenantId, Tenants};

use super::issued::Issued;
use super::jws::{TokenError, Unverified};
use super::oidc::Providers;
use super::own::OwnCredentials;
use super::presented::{Around, Call, Presented};
use super::principal::Principal;
use super::qsh;
use super::spendable::Spendable;
use super::window::Window;
use super::{Claims, Forge, HmacKey, Means};

pub use super::error::IdentityError;

/// Every way to prove who asks.
#[derive(Clone, Debug)]
pub struct Verifiers {
    tenants: Tenants,
    issued: Issued,
    providers: Providers,
    /// None where there is nobody to ask.
    own: Option<OwnCredentials>,
    window: Window,
    /// The path of the app's base URL, which a qsh leaves out.
    base_path: String,
    clock: Clock,
    /// Tokens of Forge's; none is good without an app that they are for.
    pub(super) forge: Option<Forge>,
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
            providers: Providers::none(tenants.clone(), clock.clone()),
            tenants,
            issued,
            own: None,
            window,
            base_path,
            clock,
            forge: None,
        }
    }

    /// These, and tokens of Forge's.
    #[must_use]
    pub fn with_forge(self, forge: Option<Forge>) -> Self {
        Self { forge, ..self }
    }

    /// The same, taking tokens of these providers as well.
    #[must_use]
    pub fn taking(self, providers: Providers) -> Self {
        Self { providers, ..self }
    }

    /// The same, which take credentials that Atlassian gave to users as well.
    #[must_use]
    pub fn taking_own(self, own: OwnCredentials) -> Self {
        let own = Some(own);
        Self { own, ..self }
    }

    pub(super) const fn providers(&self) -> &Providers {
        &self.providers
    }

    pub(super) const fn own(&self) -> Option<&OwnCredentials> {
        self.own.as_ref()
    }

    /// The principal behind what was presented, from where.
    pub async fn verify(
        &self,
        presented: &Presented,
        call: Call<'_>,
        around: Around<'_>,
    ) -> Result<Principal, IdentityError> {
        match presented {
            Presented::Nothing => Err(IdentityError::Missing),
            Presented::Other => Err(IdentityError::Scheme),
            Presented::Password(pair) => match &self.own {
                Some(own) => own.api_token(pair, around).await,
                None => Err(IdentityError::Scheme),
            },
            Presented::Jwt(token) => Ok(self.connect(token.expose(), call)?.into_principal()),
            Presented::Issued(text) => self.issued(text, around.ip).await,
            Presented::Bearer(bearer) => self.bearer(bearer, around).await,
        }
    }

    /// A token of Jira that is to be exchanged. `kind` is the one that the route takes; where it is what a page asks with, a user's
    /// token of Forge's is as good.
    pub async fn spendable(
        &self,
        presented: &Presented,
        call: Call<'_>,
        kind: ConnectKind,
        around: Around<'_>,
    ) -> Result<Spendable, IdentityError> {
        let token = match presented {
            Presented::Jwt(token) => self.connect(token.expose(), call)?,
            Presented::Bearer(bearer) if kind == ConnectKind::Context => {
                return self.spendable_bearer(bearer, around).await;
            }
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
    async fn issued(&self, text: &Secret, ip: IpAddr) -> Result<Principal, IdentityError> {
        match self.issued.check(text, ip).await {
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
            credential.into(),
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
