//! Whose a token is that came beside an invocation of Forge's. Nothing signs that it is that of the invocation's user: whoever has one
//! of their own can send any token with it. So Jira is asked, once for each. Used by `Jira` only.
//! A token must never be used for a principal whose account Jira did not name for it.

use moka::future::Cache;

use crate::decision::Permit;
use crate::identity::myself::Myself;
use crate::outbound::{ApiHost, Authorization, Destination, Outbound, Received, SiteRequest};
use crate::secret::{Secret, sha256};
use crate::tenant::{AccountId, TenantId};

use super::UpstreamError;

/// A token names the same account for as long as it lives, on one site as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    tenant: TenantId,
    epoch: u64,
    token: [u8; 32],
}

/// What Jira said of tokens. Cheap to clone; shared by all workers.
#[derive(Clone)]
pub(super) struct Owners {
    api: ApiHost,
    cache: Cache<Key, AccountId>,
}

/// Some 300 bytes each.
const TOKENS_MAX: u64 = 10_000;

impl Owners {
    pub(super) fn new(api: ApiHost) -> Self {
        let cache = Cache::new(TOKENS_MAX);
        Self { api, cache }
    }

    /// Jira's refusal to say whose the token is, which answers the request, too; nothing if it is the principal's own.
    pub(super) async fn refusal(
        &self,
        outbound: &Outbound,
        permit: &Permit,
        token: &Secret,
    ) -> Result<Option<Received>, UpstreamError> {
        let key = key(permit, token);
        if let Some(owner) = self.cache.get(&key).await {
            return is_own(permit, &owner).map(|()| None);
        }
        let received = self.ask(outbound, permit, token).await?;
        if received.status == 401 || received.login_refused().is_some() {
            return Err(UpstreamError::Unauthorized);
        }
        if received.status != 200 {
            return Ok(Some(received));
        }
        let me = Myself::read(&received.body).filter(|me| me.active);
        let owner = me.ok_or(UpstreamError::ForeignToken)?.account_id;
        self.cache.insert(key, owner.clone()).await;
        is_own(permit, &owner).map(|()| None)
    }

    async fn ask(
        &self,
        outbound: &Outbound,
        permit: &Permit,
        token: &Secret,
    ) -> Result<Received, UpstreamError> {
        let cloud = permit.resource().tenant().cloud_id;
        let cloud = cloud.ok_or(UpstreamError::NoCloudId)?.to_string();
        let request = SiteRequest {
            to: Destination::Api {
                host: &self.api,
                cloud: &cloud,
            },
            segments: &["rest", "api", "3", "myself"],
            query: &[],
            authorization: Some(Authorization::Bearer(token)),
            request_id: permit.entry().request_id.as_deref().unwrap_or_default(),
        };
        Ok(outbound.read_site(&request).await?)
    }
}

fn key(permit: &Permit, token: &Secret) -> Key {
    Key {
        tenant: permit.principal().tenant().clone(),
        epoch: permit.principal().epoch(),
        token: sha256(token.expose()),
    }
}

fn is_own(permit: &Permit, owner: &AccountId) -> Result<(), UpstreamError> {
    let principal = permit.principal();
    if owner == principal.account() {
        return Ok(());
    }
    tracing::warn!(
        tenant.id = %principal.tenant(), account.id = %principal.account(), token.account.id = %owner,
        "a token beside an invocation is another account's"
    );
    Err(UpstreamError::ForeignToken)
}
