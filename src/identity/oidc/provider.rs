//! One provider as it is configured, and what its tokens must say. Used by `oidc`.
//! Reading says nothing about who signed: it is done before the signature to spare a fetch, and again after it.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::clock::Timestamp;
use crate::identity::claims::Claims;
use crate::identity::jwks::{Pace, PublishedKeys};
use crate::identity::keys::PublicAlgorithm;
use crate::identity::window::Window;
use crate::outbound::{Jwks, OutboundError};
use crate::tenant::AccountId;

use super::{OidcError, Settings};

/// A provider.
#[derive(Debug)]
pub struct Provider {
    pub(super) issuer: String,
    pub(super) algorithms: Vec<PublicAlgorithm>,
    pub(super) keys: PublishedKeys,
    pub(super) window: Window,
    /// The values of the claim, each with a name of its tenant.
    pub(super) tenants: HashMap<String, String>,
    audience: String,
    tenant_claim: String,
    account_claim: String,
}

/// What a token says.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) claims: Claims,
    /// One that the operator has listed.
    pub(super) tenant_value: String,
    pub(super) account: AccountId,
}

impl Provider {
    pub(super) fn new(settings: &Settings, leeway_s: u32) -> Result<Self, OutboundError> {
        let tenants = settings.tenants.clone();
        Ok(Self {
            issuer: settings.issuer.clone(),
            algorithms: settings.algorithms.clone(),
            keys: PublishedKeys::new(Jwks::new(&settings.jwks)?, Pace::default()),
            window: Window {
                leeway_s,
                lifetime_s_max: settings.token_lifetime_s_max,
            },
            tenants: tenants.into_iter().collect(),
            audience: settings.audience.clone(),
            tenant_claim: settings.tenant_claim.clone(),
            account_claim: settings.account_claim.clone(),
        })
    }

    /// What the token says, if it is for us, good now, and of somebody whom the operator knows.
    pub(super) fn read(&self, payload: &[u8], now: Timestamp) -> Result<Said, OidcError> {
        let claims = Claims::parse(payload)?;
        // INVARIANT: `Claims::parse` refused every text that is no object, or has a member twice at any level.
        let all: BTreeMap<&str, Value> =
            serde_json::from_slice(payload).map_err(|_| OidcError::Issuer)?;
        if claims.iss != self.issuer {
            return Err(OidcError::Issuer);
        }
        self.window.check(&claims, now)?;
        self.audience(&claims, all.get("azp"))?;
        let value = all.get(&*self.tenant_claim).and_then(Value::as_str);
        let value = value.ok_or(OidcError::TenantClaim)?;
        if !self.tenants.contains_key(value) {
            return Err(OidcError::TenantValue);
        }
        let account = all.get(&*self.account_claim).and_then(Value::as_str);
        let account = account.and_then(|account| account.parse().ok());
        Ok(Said {
            claims,
            tenant_value: value.to_owned(),
            account: account.ok_or(OidcError::AccountClaim)?,
        })
    }

    /// Ours is among the audiences; where there are others, whoever the token was made for is ours, too (OpenID Connect Core,
    /// section 3.1.3.7): otherwise a token that another service was given would be good here.
    fn audience(&self, claims: &Claims, azp: Option<&Value>) -> Result<(), OidcError> {
        if !claims.aud.contains(&self.audience) {
            return Err(OidcError::Audience);
        }
        let is_ours = azp.is_none_or(|azp| *azp == *self.audience);
        if claims.aud.len() > 1 && !is_ours {
            return Err(OidcError::Party);
        }
        Ok(())
    }
}
