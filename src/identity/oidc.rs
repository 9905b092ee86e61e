//! Tokens of OpenID Connect providers, for a company's own services: `Authorization: Bearer` with a JWT of a configured issuer. Used by
//! `Verifiers`; ID tokens and access tokens are the same here, as long as they say what the configuration asks for.
//! A claim must never name a tenant by itself: of a shared issuer, the operator says value by value whose tokens are whose. And no
//! token may be tried with another provider's keys.

mod cause;
mod provider;
mod settings;

use std::collections::HashMap;
use std::sync::Arc;

use moka::future::Cache;

use crate::clock::Clock;
use crate::ledger::entry::{Credential, TenantBasis, shorten};
use crate::outbound::{Outbound, OutboundError};
use crate::secret::sha256;
use crate::tenant::{AccountId, SharedTenant, TenantId, Tenants};

use super::Means;
use super::claims::Claims;
use super::error::IdentityError;
use super::jws::{Compact, Profile, TokenError};
use super::principal::Principal;

pub use cause::{OidcError, Refused};
pub use provider::Provider;
pub use settings::Settings;

use provider::Said;

/// The word for policies (`context.auth`) and the record.
const KIND: &str = "oidc";
/// Tokens that verified and may be used again: some MiB at most.
const REMEMBERED_MAX: u64 = 8192;

/// The configured providers. Cheap to clone; clones share keys and what they remember.
#[derive(Clone)]
pub struct Providers(Arc<Inner>);

struct Inner {
    by_issuer: HashMap<String, Arc<Provider>>,
    tenants: Tenants,
    clock: Clock,
    /// What verified, by the hash of its token: data, from which a principal is minted anew at every use.
    remembered: Cache<[u8; 32], Arc<Verified>>,
}

/// What a token said that verified, and under which state of the world it did.
#[derive(Debug)]
struct Verified {
    provider: Arc<Provider>,
    /// Of the provider's key set.
    edition: u64,
    /// Nothing else of its claims: a token may name very many audiences.
    times: Claims,
    tenant: TenantId,
    epoch: u64,
    account: AccountId,
    credential: Arc<Credential>,
}

impl std::fmt::Debug for Providers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Providers")
    }
}

impl Providers {
    /// These providers, for the tenants of this registry. Tokens may be `leeway_s` off our clock.
    pub fn new(
        settings: &[Settings],
        leeway_s: u32,
        tenants: Tenants,
        clock: Clock,
    ) -> Result<Self, OutboundError> {
        let mut by_issuer = HashMap::new();
        for settings in settings {
            let provider = Arc::new(Provider::new(settings, leeway_s)?);
            by_issuer.insert(settings.issuer.clone(), provider);
        }
        Ok(Self::of_all(by_issuer, tenants, clock))
    }

    /// No provider: no token is good.
    #[must_use]
    pub fn none(tenants: Tenants, clock: Clock) -> Self {
        Self::of_all(HashMap::new(), tenants, clock)
    }

    fn of_all(by_issuer: HashMap<String, Arc<Provider>>, tenants: Tenants, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            by_issuer,
            tenants,
            clock,
            remembered: Cache::new(REMEMBERED_MAX),
        }))
    }

    /// Whose a token is that says this issuer.
    #[must_use]
    pub fn of(&self, issuer: &str) -> Option<&Arc<Provider>> {
        self.0.by_issuer.get(issuer)
    }

    /// The principal behind a token that verified before, if everything that it rested on still stands. Otherwise nothing is said about
    /// it: it is to be verified again.
    pub async fn remember(&self, token: &[u8]) -> Option<Principal> {
        if self.0.by_issuer.is_empty() {
            return None;
        }
        let verified = self.0.remembered.get(&sha256(token)).await?;
        let (provider, now) = (&verified.provider, self.0.clock.now());
        provider.window.check(&verified.times, now).ok()?;
        let tenant = self.0.tenants.current(&verified.tenant)?;
        let stands = tenant.epoch == verified.epoch
            && tenant.is_active(now)
            && tenant.keeps_out(&verified.account, now).is_none()
            && provider.keys.is_current(verified.edition, now);
        stands.then(|| verified.mint())
    }

    /// The principal behind a token of this provider.
    pub async fn verify(
        &self,
        provider: &Arc<Provider>,
        token: &[u8],
        outbound: Option<&Outbound>,
    ) -> Result<Principal, IdentityError> {
        let mut refused = Refused::of(provider);
        let verified = match self.check(provider, token, outbound, &mut refused).await {
            Ok(verified) => Arc::new(verified),
            Err(cause) => return Err(refused.because(cause)),
        };
        let tenant = self.0.tenants.current(&verified.tenant);
        let now = self.0.clock.now();
        // Last: only whoever the token really speaks for can meet a block, and it must not tell a guesser who is blocked.
        if let Some(cause) = tenant.and_then(|tenant| tenant.keeps_out(&verified.account, now)) {
            return Err(IdentityError::Blocked {
                cause,
                claimed: verified.tenant.to_string(),
                account: verified.account.clone(),
            });
        }
        let principal = verified.mint();
        self.0.remembered.insert(sha256(token), verified).await;
        Ok(principal)
    }

    async fn check(
        &self,
        provider: &Arc<Provider>,
        token: &[u8],
        outbound: Option<&Outbound>,
        refused: &mut Refused,
    ) -> Result<Verified, OidcError> {
        let text = std::str::from_utf8(token).map_err(|_| TokenError::Encoding)?;
        let compact = Compact::parse_as(text, Profile::OpenId)?;
        compact.require(&provider.algorithms)?;
        let kid = compact.kid().ok_or(OidcError::NoKeyId)?.to_owned();
        refused.credential.key_id = Some(kid.clone());
        // Only to spare a fetch: what counts is read again when the signature is known to be good.
        let said = provider.read(compact.payload_unverified(), self.0.clock.now());
        refused.claimed = Some(shorten(&said?.tenant_value, 128));
        let now = self.0.clock.now();
        let current = match outbound {
            Some(outbound) => provider.keys.key(outbound, &kid, now).await,
            None => provider.keys.known(&kid, now),
        }?;
        let payload = compact.verify_by(&current.key, &provider.algorithms)?;
        let said = provider.read(&payload, self.0.clock.now())?;
        let tenant = self.tenant(provider, &said)?;
        Ok(Verified {
            provider: provider.clone(),
            edition: current.edition,
            tenant: tenant.id.clone(),
            epoch: tenant.epoch,
            account: said.account,
            credential: public_parts(provider, &said.claims, kid).into(),
            times: said.claims.times(),
        })
    }

    /// The active tenant that the operator means by the value of the claim.
    fn tenant(&self, provider: &Provider, said: &Said) -> Result<SharedTenant, OidcError> {
        let name = provider.tenants.get(&said.tenant_value);
        let name = name.ok_or(OidcError::TenantValue)?;
        let tenant = self.0.tenants.by_any_name(name);
        let tenant = tenant.map_err(|_| OidcError::Tenant)?;
        if tenant.is_active(self.0.clock.now()) {
            Ok(tenant)
        } else {
            Err(OidcError::Tenant)
        }
    }
}

impl Verified {
    fn mint(&self) -> Principal {
        Principal::new(
            self.tenant.clone(),
            self.account.clone(),
            self.epoch,
            self.credential.clone(),
            TenantBasis::Configured,
            Means::App,
        )
    }
}

fn public_parts(provider: &Provider, claims: &Claims, kid: String) -> Credential {
    Credential {
        kind: KIND.to_owned(),
        issuer: Some(shorten(&provider.issuer, 256)),
        key_id: Some(kid),
        jti: claims.jti.as_deref().map(|jti| shorten(jti, 128)),
        iat: Some(claims.iat),
        exp: Some(claims.exp),
    }
}
