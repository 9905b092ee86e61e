//! The tenants' keys that sign. No permit, no credential: the one way to a signer takes a permit and reads the tenant's epoch again,
//! so that an uninstall, a rotation, a suspension, the end of a grant or a block that came after the decision still wins. Used by this module only.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use crate::clock::Timestamp;
use crate::decision::{LookPermit, Permit};
use crate::identity::Principal;
use crate::secret::Secret;
use crate::tenant::{AccountId, CloudId, SharedTenant, Tenant, Tenants};

/// The tenant is not what it was when the request was decided, or the credential worth nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what the request rests on ended while it was under way")]
pub struct Revoked;

/// Signers, one permit at a time.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    tenants: Tenants,
}

/// May sign for one tenant.
pub(super) struct Signer {
    tenant: SharedTenant,
}

impl Keys {
    pub(super) fn new(tenants: Tenants) -> Self {
        Self { tenants }
    }

    /// Where the app asks with what Forge gives, a refusal may mean that it was removed: Forge does not tell that.
    pub(super) fn note_refusal(&self, tenant: &Tenant, status: Option<u16>) {
        if let Some(status) = status.filter(|_| tenant.is_of_forge_alone()) {
            self.tenants.note_trouble(&tenant.id, status);
        }
    }

    /// The signer for this permit's tenant, unless the tenant's epoch has moved since, the permit's grant has ended, or somebody of it
    /// is blocked.
    pub(super) fn signer(&self, permit: &Permit) -> Result<Signer, Revoked> {
        let tenant = self.standing(
            permit.principal(),
            permit.resource().tenant(),
            permit.act_as(),
        )?;
        // The grant that the policies saw, if the permit is to act as another. Its end does not move the epoch: people give grants and
        // take them back, and must not end each other's requests by it.
        let (account, now) = (permit.principal().account(), self.tenants.now());
        let is_granted = |grant| tenant.has_grant(account, grant, now);
        if permit.grant().is_none_or(is_granted) {
            Ok(Signer { tenant })
        } else {
            Err(Revoked)
        }
    }

    /// What signs that the app itself asks, under the same conditions.
    pub(super) fn asker(&self, permit: &LookPermit<'_>) -> Result<Asker, Revoked> {
        let tenant = self.standing(permit.principal(), permit.tenant(), permit.account())?;
        Ok(Asker { tenant })
    }

    /// The tenant as it is now, if it is still what it was when the site was looked up and the credential verified, and if neither
    /// the caller nor `other` is kept out by now. Of `other` the policies may know nothing.
    fn standing(
        &self,
        principal: &Principal,
        named: &Tenant,
        other: &AccountId,
    ) -> Result<SharedTenant, Revoked> {
        let now = self.tenants.now();
        let tenant = self.tenants.current(principal.tenant()).ok_or(Revoked)?;
        // The site was looked up before the credential was verified. A change in between left the two at different epochs: the
        // request would go to the host that the site had before.
        let same = tenant.id == named.id
            && tenant.epoch == principal.epoch()
            && tenant.epoch == named.epoch;
        let is_kept_out = |account| tenant.keeps_out(account, now).is_some();
        let blocked = is_kept_out(principal.account()) || is_kept_out(other);
        if same && tenant.is_active(now) && !principal.is_over(&tenant, now) && !blocked {
            Ok(tenant)
        } else {
            Err(Revoked)
        }
    }
}

/// May show that the app itself asks one tenant's site something. It cannot act as anybody.
pub(super) struct Asker {
    tenant: SharedTenant,
}

/// The app's own token for one request (atlassian.md 2.2): no `sub`, so that nobody is acted as.
#[derive(Serialize)]
struct Own<'a> {
    iss: &'a str,
    iat: i64,
    exp: i64,
    qsh: &'a str,
    aud: [&'a str; 1],
}

const OWN_SECONDS: i64 = 180;

/// What the app itself shows, and the one place where it is good.
pub(super) enum Shown {
    /// At the site: the whole header.
    AtSite(Secret),
    /// At the API host, below this cloud id: Forge's token for the app.
    AtApiHost(Secret, CloudId),
}

/// Why the app has nothing to show.
pub(super) enum NotShown {
    /// Nothing is known with which it could ask this tenant's site.
    NoWay,
    /// Forge alone knows the tenant, and the token of its last trigger is over.
    Stale,
}

impl Asker {
    /// What to show with the request that has this hash.
    pub(super) fn shown(
        &self,
        app_key: &str,
        qsh: &str,
        now: Timestamp,
    ) -> Result<Shown, NotShown> {
        if self.tenant.is_of_forge_alone() {
            let cloud = self.tenant.cloud_id.ok_or(NotShown::NoWay)?;
            let forge = self.tenant.forge.as_ref().ok_or(NotShown::NoWay)?;
            let token = forge.system_token(now).ok_or(NotShown::Stale)?;
            return Ok(Shown::AtApiHost(token.clone(), cloud));
        }
        let signed = self.signed(app_key, qsh, now).ok_or(NotShown::NoWay)?;
        Ok(Shown::AtSite(signed))
    }

    fn signed(&self, app_key: &str, qsh: &str, now: Timestamp) -> Option<Secret> {
        let secret = self.tenant.shared_secret()?;
        let claims = Own {
            iss: app_key,
            iat: now.seconds(),
            exp: now.seconds() + OWN_SECONDS,
            qsh,
            aud: [self.tenant.id.as_str()],
        };
        let key = EncodingKey::from_secret(secret.expose());
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).ok()?;
        Some(Secret::from(format!("JWT {token}")))
    }
}

/// RFC 7523 as Atlassian reads it (atlassian.md 3): HS256 with the shared secret, at most 120 s.
#[derive(Serialize)]
struct Assertion<'a> {
    iss: String,
    sub: String,
    tnt: String,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

const ASSERTION_SECONDS: i64 = 60;

impl Signer {
    /// What a user token belongs to, beside account and scopes.
    pub(super) fn tenant(&self) -> &SharedTenant {
        &self.tenant
    }

    /// The token that acts as the app, if a trigger brought one that is good still.
    pub(super) fn system_token(&self, now: Timestamp) -> Option<&Secret> {
        self.tenant.forge.as_ref()?.system_token(now)
    }

    /// An assertion that the app acts as `account` on this tenant's site.
    pub(super) fn assertion(
        &self,
        account: &AccountId,
        audience: &str,
        now: Timestamp,
    ) -> Option<Secret> {
        let client = self.tenant.oauth_client_id.as_deref()?;
        let secret = self.tenant.shared_secret()?;
        let claims = Assertion {
            iss: format!("urn:atlassian:connect:clientid:{client}"),
            sub: format!("urn:atlassian:connect:useraccountid:{account}"),
            tnt: self.tenant.site.to_string(),
            aud: audience,
            iat: now.seconds(),
            exp: now.seconds() + ASSERTION_SECONDS,
        };
        let key = EncodingKey::from_secret(secret.expose());
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
            .ok()
            .map(Secret::from)
    }
}
