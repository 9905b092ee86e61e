//! Verifies Forge's invocation tokens, by the rules of atlassian.md 5. Used by `Verifiers`.
//! All apps' tokens are signed with the same keys: the audience is the configured app, never what the token says of its app. A token
//! is good once. What is not covered by its signature, body and other headers, says nothing about who asks.

mod error;
mod invocation;
mod replays;
mod system_token;

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use crate::clock::{Clock, Timestamp};
use crate::ledger::entry::{Credential, Entry, Kind, TenantBasis, shorten};
use crate::ledger::{Draft, Ledger};
use crate::outbound::{ApiHost, Authorization, Destination, Outbound, SiteRequest};
use crate::secret::sha256;
use crate::tenant::forge::Heard;
use crate::tenant::{AccountId, SharedTenant, SiteUrl, Tenants};

use super::error::IdentityError;
use super::jwks::{JwksError, PublishedKeys};
use super::jws::{Compact, Profile, TokenError};
use super::presented::{Around, Asking, Bearer};
use super::principal::Principal;
use super::spendable::Spendable;
use super::{Means, PublicAlgorithm, Window};

pub use error::ForgeError;
pub(super) use invocation::ISSUER;

use invocation::{Expected, Invocation};
use replays::Replays;

/// The word for policies (`context.auth`) and the record.
pub const KIND: &str = "forge_invocation";
/// How far Forge's clock may be from ours, either way.
const LEEWAY_S_MAX: u32 = 5;
/// Forge's live 25 s; those that its bridge keeps a little longer.
const LIFETIME_S_MAX: u32 = 120;
/// One hash and one number each: about ten megabytes.
const REPLAYS_MAX: usize = 200_000;

/// What this is made of.
#[derive(Debug)]
pub struct Parts {
    /// The ARI of the app that tokens must be for.
    pub app_id: String,
    /// The API host's address, which the one in a token must begin with.
    pub api_base: String,
    /// The same, to be called.
    pub api: ApiHost,
    /// Forge's keys.
    pub keys: PublishedKeys,
    /// Whose data.
    pub tenants: Tenants,
    /// The log, for what is asked of Atlassian.
    pub ledger: Ledger,
    /// How far clocks may differ in general; here at most five seconds.
    pub leeway_s: u32,
    /// The time.
    pub clock: Clock,
}

/// Verifies Forge's tokens. Cheap to clone; shared by all workers, as the memory of spent tokens must be.
#[derive(Clone, Debug)]
pub struct Forge(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parts: Parts,
    expected: Expected,
    replays: Replays,
    /// Which tokens were spent before this process started, nobody knows: none of those is good.
    started_at: Timestamp,
}

/// A token that verified just now and is spent.
struct Verified {
    invocation: Invocation,
    heard: Heard,
    token_hash: [u8; 32],
}

impl Forge {
    /// A verifier that begins to remember spent tokens now.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let window = Window {
            leeway_s: parts.leeway_s.min(LEEWAY_S_MAX),
            lifetime_s_max: LIFETIME_S_MAX,
        };
        let expected = Expected {
            app_id: parts.app_id.clone(),
            api_base: parts.api_base.trim_end_matches('/').to_owned(),
            window,
        };
        let started_at = parts.clock.now();
        Self(Arc::new(Inner {
            parts,
            expected,
            replays: Replays::new(REPLAYS_MAX),
            started_at,
        }))
    }

    /// The user that a token speaks for, once.
    pub async fn user(
        &self,
        bearer: &Bearer,
        around: Around<'_>,
    ) -> Result<Spendable, IdentityError> {
        let mut claimed = None;
        let refused = |cause, claimed: &Option<String>| IdentityError::Forge {
            cause,
            claimed: claimed.clone(),
        };
        let verified = self.verified(bearer, around, &mut claimed).await;
        let verified = verified.map_err(|cause| refused(cause, &claimed))?;
        let Some(account) = verified.invocation.principal.clone() else {
            return Err(refused(ForgeError::NoUser, &claimed));
        };
        let tenant = self.tenant(&verified.invocation, &verified.heard, bearer, around.asking);
        let tenant = tenant.await.map_err(|cause| refused(cause, &claimed))?;
        let now = self.0.parts.clock.now();
        if !tenant.is_active(now) {
            return Err(refused(ForgeError::Inactive, &claimed));
        }
        // Last: only whoever the token really speaks for can meet a block, and it must not tell a guesser who is blocked.
        if let Some(cause) = tenant.keeps_out(&account, now) {
            let claimed = tenant.id.to_string();
            return Err(IdentityError::Blocked {
                cause,
                claimed,
                account,
            });
        }
        Ok(spendable(verified, &tenant, account, bearer))
    }

    /// What a schedule or a lifecycle event brings: no user, and a token for the app. Kept when this returns; gives whose it is.
    pub async fn hear(
        &self,
        bearer: &Bearer,
        asking: Asking<'_>,
    ) -> Result<SharedTenant, IdentityError> {
        let around = Around::by(asking);
        let mut claimed = None;
        let heard = async {
            let verified = self.verified(bearer, around, &mut claimed).await?;
            // With a user there is a browser, which could send any token for the app's; and so there is behind a page that is open to
            // visitors without a name.
            if verified.invocation.principal.is_some() {
                return Err(ForgeError::User);
            }
            if verified.invocation.is_of_page {
                return Err(ForgeError::Page);
            }
            let Verified {
                invocation, heard, ..
            } = verified;
            let tenant = self
                .tenant(&invocation, &heard, bearer, Some(asking))
                .await?;
            let now = self.0.parts.clock.now();
            let token = bearer.forge_system.as_ref();
            let token = token.and_then(|token| system_token::read(token, now));
            self.0.parts.tenants.hear(&tenant.id, &heard, token).await?;
            Ok(tenant)
        };
        let heard: Result<SharedTenant, ForgeError> = heard.await;
        heard.map_err(|cause| IdentityError::Forge { cause, claimed })
    }

    /// Form, time and claims before a key is asked for; then the signature, and the same again of what is signed; then it is spent.
    async fn verified(
        &self,
        bearer: &Bearer,
        around: Around<'_>,
        claimed: &mut Option<String>,
    ) -> Result<Verified, ForgeError> {
        const ACCEPTED: &[PublicAlgorithm] = &[PublicAlgorithm::Rs256];
        let parts = &self.0.parts;
        let token = bearer.token.expose();
        let text = std::str::from_utf8(token).map_err(|_| TokenError::Encoding)?;
        let compact = Compact::parse_as(text, Profile::Forge)?;
        compact.require(ACCEPTED)?;
        let kid = compact.kid().ok_or(ForgeError::NoKeyId)?.to_owned();
        let now = parts.clock.now();
        let said = Invocation::read(compact.payload_unverified(), &self.0.expected, now)?;
        *claimed = Some(said.installation.tenant_id().to_string());
        let outbound = around.key_sets.ok_or(ForgeError::Keys)?;
        let current = parts.keys.key(outbound, &kid, now).await;
        let current = current.map_err(|error| match error {
            JwksError::UnknownKey => ForgeError::UnknownKey,
            JwksError::Unavailable => ForgeError::Keys,
        })?;
        let payload = compact.verify_by(&current.key, ACCEPTED)?;
        // The key may have been a while in coming.
        let now = parts.clock.now();
        let invocation = Invocation::read(&payload, &self.0.expected, now)?;
        self.spend(&invocation, now)?;
        let credential = public_parts(&invocation, kid);
        let entry = around.asking.map(|asking| asking.entry.clone());
        Ok(Verified {
            heard: Heard {
                installation: invocation.installation,
                cloud: invocation.cloud,
                iat: invocation.iat,
                credential,
                entry: entry.unwrap_or_default(),
            },
            token_hash: sha256(token),
            invocation,
        })
    }

    fn spend(&self, invocation: &Invocation, now: Timestamp) -> Result<(), ForgeError> {
        let leeway = i64::from(self.0.expected.window.leeway_s);
        // By Forge's clock, which may be ahead of ours by the leeway: what it issued before the start is older than this.
        if invocation.iat <= self.0.started_at.seconds().saturating_add(leeway) {
            return Err(ForgeError::BeforeStart);
        }
        let until = invocation.exp.saturating_add(leeway);
        self.0.replays.spend(&invocation.jti, until, now)
    }

    /// The tenant of the installation on the site: both are signed. One that nobody knew is registered.
    async fn tenant(
        &self,
        invocation: &Invocation,
        heard: &Heard,
        bearer: &Bearer,
        asking: Option<Asking<'_>>,
    ) -> Result<SharedTenant, ForgeError> {
        let tenants = &self.0.parts.tenants;
        let (installation, cloud) = (invocation.installation, invocation.cloud);
        if let Some(tenant) = tenants.of_installation(installation, cloud) {
            return Ok(tenant);
        }
        // Whoever may ask nobody anything writes nothing either: a registration without a request behind it would have no record of one.
        let asking = asking.ok_or(ForgeError::NoSite)?;
        let site = if let Some(site) = &invocation.site {
            site.clone()
        } else {
            let asked = self.ask_site(invocation, heard, bearer, asking.outbound);
            asked.await?
        };
        Ok(tenants.register(heard.clone(), site).await?)
    }

    /// The address of a site whose token does not say it: asked as the app, once, since then it is registered. On record before.
    async fn ask_site(
        &self,
        invocation: &Invocation,
        heard: &Heard,
        bearer: &Bearer,
        outbound: &Outbound,
    ) -> Result<SiteUrl, ForgeError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct ServerInfo {
            base_url: String,
        }
        let system = bearer.forge_system.as_ref().ok_or(ForgeError::NoSite)?;
        let entry = Entry {
            kind: Kind::Lookup,
            operation: Some("forge.site".to_owned()),
            tenant_claimed: Some(invocation.installation.tenant_id().to_string()),
            credential: Some(heard.credential.clone()),
            ..heard.entry.clone()
        };
        let _receipt = self.0.parts.ledger.append(Draft::new(&entry)?).await?;
        let cloud = invocation.cloud.to_string();
        let request = SiteRequest {
            to: Destination::Api {
                host: &self.0.parts.api,
                cloud: &cloud,
            },
            segments: &["rest", "api", "3", "serverInfo"],
            query: &[],
            authorization: Some(Authorization::Bearer(system)),
            request_id: heard.entry.request_id.as_deref().unwrap_or_default(),
        };
        // Forge waits five seconds for an answer.
        let asked = tokio::time::timeout(ASK_TIMEOUT, outbound.read_site(&request));
        let received = asked.await.map_err(|_| ForgeError::SiteUnknown(None))?;
        let received = received.map_err(|_| ForgeError::SiteUnknown(None))?;
        if received.status != 200 {
            return Err(ForgeError::SiteUnknown(Some(received.status)));
        }
        let info: Result<ServerInfo, _> = serde_json::from_slice(&received.body);
        let site = info.ok().and_then(|info| info.base_url.parse().ok());
        site.ok_or(ForgeError::NoSite)
    }
}

const ASK_TIMEOUT: Duration = Duration::from_secs(3);

fn spendable(
    verified: Verified,
    tenant: &SharedTenant,
    account: AccountId,
    bearer: &Bearer,
) -> Spendable {
    let Verified {
        invocation,
        heard,
        token_hash,
    } = verified;
    let user = bearer.forge_user.as_ref();
    let means = user.map_or(Means::App, |token| Means::ForgeUser(token.clone()));
    let principal = Principal::new(
        tenant.id.clone(),
        account,
        tenant.epoch,
        heard.credential.into(),
        TenantBasis::Verified,
        means,
    );
    Spendable::new(principal, token_hash, invocation.iat, invocation.exp)
}

fn public_parts(invocation: &Invocation, kid: String) -> Credential {
    Credential {
        kind: KIND.to_owned(),
        issuer: Some(ISSUER.to_owned()),
        key_id: Some(kid),
        jti: Some(shorten(&invocation.jti, 128)),
        iat: Some(invocation.iat),
        exp: Some(invocation.exp),
    }
}
