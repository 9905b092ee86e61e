//! The tenants' keys that sign. No permit, no credential: the one way to a signer takes a permit and reads the tenant's epoch again,
//! so that an uninstall, a rotation, a suspension or a block that came after the decision still wins. Used by this module only.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use crate::clock::Timestamp;
use crate::decision::Permit;
use crate::secret::Secret;
use crate::tenant::{AccountId, SharedTenant, Tenants};

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

    /// The signer for this permit's tenant, unless the tenant's epoch has moved since or somebody of it is blocked.
    pub(super) fn signer(&self, permit: &Permit) -> Result<Signer, Revoked> {
        let tenant = self
            .tenants
            .current(permit.principal().tenant())
            .ok_or(Revoked)?;
        // The site was looked up before the credential was verified. A change in between left the two at different epochs: the
        // policies saw a grant that was revoked since, or the request would go to the host that the site had before.
        let named = permit.resource().tenant();
        let same =
            tenant.id == named.id && tenant.epoch == permit.epoch() && tenant.epoch == named.epoch;
        let over = permit.principal().is_over(&tenant, self.tenants.now());
        if same && tenant.is_active() && !over && !self.is_blocked(&tenant, permit) {
            Ok(Signer { tenant })
        } else {
            Err(Revoked)
        }
    }

    /// Whether the caller or the account that it acts as is kept out by now. Of the latter the policies may know nothing.
    fn is_blocked(&self, tenant: &SharedTenant, permit: &Permit) -> bool {
        let now = self.tenants.now();
        [permit.principal().account(), permit.act_as()]
            .into_iter()
            .any(|account| tenant.keeps_out(account, now).is_some())
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
