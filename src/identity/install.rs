//! Verifies Atlassian's lifecycle callbacks: signed installs (RS256), by the steps of atlassian.md 1.1. Used by `http::connect`.
//! Nothing may be stored before every check has passed, and a context token opens nothing here (CVE-2021-26073). Whatever can be
//! checked without a key is checked before one is fetched: anybody may send a token, and a fetch is all that it can cost us.

mod about;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use moka::future::Cache;
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::ledger::entry::{Credential, Entry};
use crate::outbound::{KeyServer, Outbound, OutboundError};
use crate::secret::{Secret, sha256};
use crate::tenant::lifecycle::{Install, Signed, Uninstall};
use crate::tenant::{CloudId, SiteUrl, TenantError, TenantId, Tenants};

use super::jws::{TokenError, Unverified};
use super::presented::{Call, Presented};
use super::window::Window;
use super::{Claims, KeyError, RsaKey};
use super::{qsh, strict_json, tenant_info};

pub use about::About;

/// The two events that are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The app was installed, or something about the installation changed.
    Installed,
    /// The app was removed.
    Uninstalled,
}

impl Event {
    /// `eventType` in the payload.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Uninstalled => "uninstalled",
        }
    }
}

/// Why a callback was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    /// No `Authorization: JWT`.
    #[error("the callback has no token")]
    Missing,
    /// The token itself.
    #[error("the token is not acceptable")]
    Token(#[from] TokenError),
    /// The token has no key id.
    #[error("the token names no key")]
    NoKeyId,
    /// The key that a server answered is none.
    #[error("the key server's answer is not a key")]
    Key(#[from] KeyError),
    /// No key server knows the key.
    #[error("no key server knows the key")]
    UnknownKey,
    /// The key servers cannot be asked now.
    #[error("the key servers cannot be asked now")]
    KeyServer(#[source] Option<OutboundError>),
    /// The token is for another app.
    #[error("the token is for another app")]
    Audience,
    /// The token is for another request.
    #[error("the token is not for this request")]
    OtherRequest,
    /// The payload is not what its token vouches for.
    #[error("the payload's {0}")]
    Payload(&'static str),
    /// The registry refused.
    #[error(transparent)]
    Tenant(#[from] TenantError),
}

impl CallbackError {
    /// The stable code for the log.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "no_credential",
            Self::Token(cause) => cause.code(),
            Self::NoKeyId => "no_key_id",
            Self::UnknownKey => "unknown_key",
            Self::Key(_) => "unusable_key",
            Self::KeyServer(_) => "key_server_unavailable",
            Self::Audience => "wrong_audience",
            Self::OtherRequest => "qsh_mismatch",
            Self::Payload(_) => "payload_refused",
            Self::Tenant(cause) => cause.code(),
        }
    }
}

/// A callback as it came.
#[derive(Debug)]
pub struct Callback<'a> {
    /// Which, by its path.
    pub event: Event,
    /// The credential.
    pub presented: &'a Presented,
    /// Method and target, for the qsh.
    pub call: Call<'a>,
    /// The body.
    pub body: &'a [u8],
    /// The record as far as the edge knows it.
    pub entry: Entry,
}

/// What of a payload is read; everything else is ignored (atlassian.md 1).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    key: String,
    client_key: String,
    event_type: String,
    base_url: Option<String>,
    shared_secret: Option<String>,
    oauth_client_id: Option<String>,
    display_url: Option<String>,
    cloud_id: Option<String>,
    installation_id: Option<String>,
}

/// Verifies callbacks. Cheap to clone.
#[derive(Clone)]
pub struct Callbacks(Arc<Inner>);

struct Inner {
    app: About,
    tenants: Tenants,
    servers: Vec<KeyServer>,
    window: Window,
    clock: Clock,
    /// A kid always names the same key, so keys are kept; at most this many, so that made-up kids take no memory.
    keys: Cache<String, Arc<RsaKey>>,
    /// Anybody may send a made-up kid: few fetches at once, the rest waits a little and is told to come back.
    fetches: Semaphore,
}

const KEYS_MAX: u64 = 256;
const FETCHES_MAX: usize = 8;
/// How long a callback waits for its turn to fetch: made-up kids must not push a real install out at once.
const TURN_WAIT: Duration = Duration::from_secs(2);

impl std::fmt::Debug for Callbacks {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Callbacks")
    }
}

impl Callbacks {
    /// Verifies callbacks to `app` with keys of `servers`, the first before the second.
    #[must_use]
    pub fn new(
        app: About,
        tenants: Tenants,
        servers: Vec<KeyServer>,
        window: Window,
        clock: Clock,
    ) -> Self {
        let (keys, fetches) = (Cache::new(KEYS_MAX), Semaphore::new(FETCHES_MAX));
        Self(Arc::new(Inner {
            app,
            tenants,
            servers,
            window,
            clock,
            keys,
            fetches,
        }))
    }

    /// Verifies a callback and carries it out.
    pub async fn carry_out(
        &self,
        outbound: &Outbound,
        callback: Callback<'_>,
    ) -> Result<(), CallbackError> {
        let Presented::Jwt(token) = callback.presented else {
            return Err(CallbackError::Missing);
        };
        let (claims, kid) = self.verified(outbound, token, &callback).await?;
        let payload = self.vet(&callback, &claims)?;
        let signed = Signed {
            token_hash: sha256(token.expose()),
            body_hash: sha256(callback.body),
            iat: claims.iat,
            exp: claims.exp,
            credential: public_parts(&claims, kid),
            entry: callback.entry,
        };
        let tenant: TenantId = payload
            .client_key
            .parse()
            .ok()
            // Those are the names of tenants that Forge alone knows.
            .filter(|tenant: &TenantId| !tenant.is_of_forge())
            .ok_or(CallbackError::Payload("`clientKey` is not one"))?;
        let tenants = &self.0.tenants;
        match callback.event {
            Event::Uninstalled => Ok(tenants.uninstall(Uninstall { signed, tenant }).await?),
            Event::Installed => {
                let install = self.install(outbound, signed, tenant, payload).await?;
                Ok(tenants.install(install).await?)
            }
        }
    }

    /// Steps 1 to 3: algorithm, kid, key, signature; what the token would say is vetted before its key is asked for.
    async fn verified(
        &self,
        outbound: &Outbound,
        token: &Secret,
        callback: &Callback<'_>,
    ) -> Result<(Claims, String), CallbackError> {
        let text = std::str::from_utf8(token.expose()).map_err(|_| TokenError::Encoding)?;
        let unverified = Unverified::parse(text)?;
        unverified.require_rs256()?;
        let kid = unverified.kid().ok_or(CallbackError::NoKeyId)?.to_owned();
        // Only to spare a fetch: what counts is vetted again when the signature is known to be good.
        self.vet(callback, &claimed(text)?)?;
        let key = self.key(outbound, &kid).await?;
        Ok((unverified.verify_rs256(&key)?, kid))
    }

    /// Steps 4 to 7: time, audience, qsh, payload. Asks nobody.
    fn vet(&self, callback: &Callback<'_>, claims: &Claims) -> Result<Payload, CallbackError> {
        self.0.window.check(claims, self.0.clock.now())?;
        let ours = |audience: &String| {
            audience.strip_suffix('/').unwrap_or(audience) == self.0.app.base_url
        };
        if !claims.aud.iter().any(ours) {
            return Err(CallbackError::Audience);
        }
        let (call, base_path) = (callback.call, &self.0.app.base_path);
        let bound = claims.qsh.as_deref().filter(|&qsh| qsh != qsh::CONTEXT_QSH);
        if !bound.is_some_and(|qsh| qsh::matches(qsh, call.method, call.target, base_path)) {
            return Err(CallbackError::OtherRequest);
        }
        self.payload(callback, claims)
    }

    async fn key(&self, outbound: &Outbound, kid: &str) -> Result<Arc<RsaKey>, CallbackError> {
        if let Some(key) = self.0.keys.get(kid).await {
            return Ok(key);
        }
        let turn = tokio::time::timeout(TURN_WAIT, self.0.fetches.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(CallbackError::KeyServer(None));
        };
        // Whoever had the turn before may have fetched the same key.
        if let Some(key) = self.0.keys.get(kid).await {
            return Ok(key);
        }
        let (mut failed, mut unusable) = (None, None);
        for server in &self.0.servers {
            match outbound.fetch_key(server, kid).await {
                Ok(received) if received.status == 200 => match RsaKey::from_pem(&received.body) {
                    Ok(key) => {
                        let key = Arc::new(key);
                        self.0.keys.insert(kid.to_owned(), key.clone()).await;
                        return Ok(key);
                    }
                    // A page of HTML under 200 is a broken server: the next one may know better.
                    Err(error) => unusable = Some(error),
                },
                Ok(received) if received.status == 404 => {}
                Ok(_) => failed = failed.or(Some(None)),
                Err(error) => failed = Some(Some(error)),
            }
        }
        Err(match (failed, unusable) {
            (Some(failed), _) => CallbackError::KeyServer(failed),
            (None, Some(error)) => error.into(),
            (None, None) => CallbackError::UnknownKey,
        })
    }

    /// The payload is the one that the token was made for, as far as that can be told.
    fn payload(&self, callback: &Callback<'_>, claims: &Claims) -> Result<Payload, CallbackError> {
        let refused = CallbackError::Payload;
        let payload: Payload = strict_json::parse(callback.body)
            .map_err(|_| refused("JSON is not a lifecycle payload"))?;
        if payload.client_key != claims.iss {
            return Err(refused("`clientKey` is not the token's issuer"));
        }
        if payload.key != self.0.app.key {
            return Err(refused("`key` is another app's"));
        }
        if payload.event_type != callback.event.as_str() {
            return Err(refused("`eventType` does not fit the path"));
        }
        Ok(payload)
    }

    async fn install(
        &self,
        outbound: &Outbound,
        signed: Signed,
        tenant: TenantId,
        payload: Payload,
    ) -> Result<Install, CallbackError> {
        let refused = CallbackError::Payload;
        let secret = payload.shared_secret.filter(|secret| !secret.is_empty());
        let secret = Secret::from(secret.ok_or(refused("`sharedSecret` is missing"))?);
        let base_url = payload.base_url.ok_or(refused("`baseUrl` is missing"))?;
        let site: SiteUrl = base_url
            .parse()
            .map_err(|_| refused("`baseUrl` is no origin of a site"))?;
        if !self.0.tenants.admits_site(&site) {
            return Err(TenantError::ForeignSite.into());
        }
        let cloud_id = match payload.cloud_id {
            Some(text) => Some(text.parse().map_err(|_| refused("`cloudId` is not one"))?),
            // The repetition of an event changes nothing, so the site is not asked either.
            None if self.0.tenants.is_known(&signed.token_hash).await? => None,
            None => {
                let request_id = signed.entry.request_id.as_deref();
                ask_cloud_id(outbound, &site, request_id.unwrap_or_default()).await
            }
        };
        let installation = payload.installation_id.map(|text| text.parse());
        let installation = installation
            .transpose()
            .map_err(|_| refused("`installationId` is not one"))?;
        let (display_url, oauth_client_id) = (payload.display_url, payload.oauth_client_id);
        Ok(Install {
            signed,
            tenant,
            site,
            cloud_id,
            display_url,
            oauth_client_id,
            installation,
            secret,
        })
    }
}

/// What a token says of itself, read from the same bytes and in the same way as after its verification.
fn claimed(token: &str) -> Result<Claims, TokenError> {
    let claims = token.split('.').nth(1).ok_or(TokenError::Segments)?;
    let claims = URL_SAFE_NO_PAD.decode(claims);
    Claims::parse(&claims.map_err(|_| TokenError::Encoding)?)
}

/// The site's own word, pinned at the install. Without it the site is reached by its host only.
async fn ask_cloud_id(outbound: &Outbound, site: &SiteUrl, request_id: &str) -> Option<CloudId> {
    let told = tenant_info::cloud_id(outbound, site, request_id).await;
    told.inspect_err(|error| {
        tracing::warn!(site = site.host(), %error, "the site does not tell its cloud id");
    })
    .ok()
}

fn public_parts(claims: &Claims, kid: String) -> Credential {
    Credential {
        kind: "install".to_owned(),
        issuer: Some(crate::ledger::entry::shorten(&claims.iss, 128)),
        key_id: Some(kid),
        jti: None,
        iat: Some(claims.iat),
        exp: Some(claims.exp),
    }
}
