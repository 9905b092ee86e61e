//! User tokens: asked once, kept while they are good, for exactly the tenant, installation, secret, account and scopes they were
//! asked for. Used by `Jira` only. A token must never be found under a shorter key than all of these: account ids are global, and
//! a token of an earlier installation is another installation's.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use serde::Deserialize;

use crate::clock::{Clock, Timestamp};
use crate::outbound::{Outbound, OutboundError, TokenServer};
use crate::secret::Secret;
use crate::tenant::{AccountId, TenantId};

use super::keys::Signer;

/// Why there is no user token.
#[derive(Debug, thiserror::Error)]
pub enum TokenFailure {
    /// The server could not be asked.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// The server refused this user or this installation.
    #[error("the authorization server refused a token for this user with status {0}")]
    Refused(u16),
    /// The server has had enough.
    #[error("the authorization server limits requests")]
    Limited(Option<u64>),
    /// The server's answer is not one.
    #[error("the authorization server's answer is not a token")]
    Malformed,
    /// The installation lacks what an assertion needs.
    #[error("the installation has no client id for user tokens")]
    NoClient,
}

/// A token that acts as a user.
#[derive(Debug)]
pub(super) struct UserToken {
    pub(super) secret: Secret,
    expires_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    tenant: TenantId,
    epoch: u64,
    oauth_client_id: Option<String>,
    secret_version: u64,
    account: AccountId,
    scopes: &'static str,
}

/// The cache of user tokens. Cheap to clone; shared by all workers.
#[derive(Clone)]
pub(super) struct UserTokens {
    server: TokenServer,
    clock: Clock,
    cache: Cache<Key, Arc<UserToken>>,
}

/// About a kilobyte each.
const TOKENS_MAX: u64 = 50_000;
/// Not used in its last seconds: it must still be good when Jira reads it.
const MARGIN: Duration = Duration::from_secs(30);
/// Longer than any lifetime seen (900 s); what the server says decides, this only frees memory.
const KEPT: Duration = Duration::from_hours(1);

impl UserTokens {
    pub(super) fn new(server: TokenServer, clock: Clock) -> Self {
        Self {
            server,
            clock,
            cache: Cache::builder()
                .max_capacity(TOKENS_MAX)
                .time_to_live(KEPT)
                .build(),
        }
    }

    /// A good token for `account`, and whether it was at hand. Requests for the same token at once ask the server once.
    pub(super) async fn token(
        &self,
        outbound: &Outbound,
        signer: &Signer,
        account: &AccountId,
        scopes: &'static str,
    ) -> Result<(Arc<UserToken>, bool), Arc<TokenFailure>> {
        let key = key(signer, account, scopes);
        if let Some(token) = self.cache.get(&key).await {
            if self.clock.now() < token.expires_at {
                return Ok((token, true));
            }
            self.drop_if_same(&key, &token).await;
        }
        let token = self
            .cache
            .try_get_with(key, self.ask(outbound, signer, account, scopes))
            .await?;
        Ok((token, false))
    }

    /// Forgets a token that Jira refused.
    pub(super) async fn forget(
        &self,
        signer: &Signer,
        account: &AccountId,
        scopes: &'static str,
        token: &Arc<UserToken>,
    ) {
        self.drop_if_same(&key(signer, account, scopes), token)
            .await;
    }

    /// Another request may have put a fresh one in its place meanwhile.
    async fn drop_if_same(&self, key: &Key, token: &Arc<UserToken>) {
        if self
            .cache
            .get(key)
            .await
            .is_some_and(|kept| Arc::ptr_eq(&kept, token))
        {
            self.cache.invalidate(key).await;
        }
    }

    async fn ask(
        &self,
        outbound: &Outbound,
        signer: &Signer,
        account: &AccountId,
        scopes: &'static str,
    ) -> Result<Arc<UserToken>, TokenFailure> {
        let now = self.clock.now();
        let assertion = signer
            .assertion(account, self.server.audience(), now)
            .ok_or(TokenFailure::NoClient)?;
        // INVARIANT: a JWT is base64url with dots.
        let assertion = std::str::from_utf8(assertion.expose()).expect("a token is ASCII");
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", assertion),
            ("scope", scopes),
        ];
        let received = outbound.request_token(&self.server, &form).await?;
        match received.status {
            200 => read(&received.body, now).ok_or(TokenFailure::Malformed),
            429 => Err(TokenFailure::Limited(received.retry_after_s())),
            status @ 400..=499 => Err(TokenFailure::Refused(status)),
            _ => Err(TokenFailure::Malformed),
        }
    }
}

fn key(signer: &Signer, account: &AccountId, scopes: &'static str) -> Key {
    let tenant = signer.tenant();
    Key {
        tenant: tenant.id.clone(),
        epoch: tenant.epoch,
        oauth_client_id: tenant.oauth_client_id.clone(),
        secret_version: tenant.secret_version,
        account: account.clone(),
        scopes,
    }
}

fn read(body: &[u8], now: Timestamp) -> Option<Arc<UserToken>> {
    #[derive(Deserialize)]
    struct Grant {
        access_token: String,
        expires_in: u32,
        token_type: String,
    }
    let grant: Grant = serde_json::from_slice(body).ok()?;
    let plain = !grant.access_token.is_empty()
        && grant
            .access_token
            .bytes()
            .all(|byte| byte.is_ascii_graphic());
    if !plain || !grant.token_type.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let life = Duration::from_secs(u64::from(grant.expires_in)).saturating_sub(MARGIN);
    Some(Arc::new(UserToken {
        secret: Secret::from(grant.access_token),
        expires_at: now.plus(life),
    }))
}
