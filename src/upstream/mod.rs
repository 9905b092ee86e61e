//! Do it: asks Jira what a permit allows, as the user it names. Used by `gateway`.
//! URL, headers and body come from the permit alone, never from the request; a tenant's credential goes to its own site only.

pub mod answer;
mod beside;
mod groups;
mod keys;
mod look;
mod offline_token;
mod user_token;

use std::borrow::Cow;

use http::HeaderMap;

use crate::clock::{Clock, Timestamp};
use crate::decision::{Permit, Reading};
use crate::identity::Means;
use crate::outbound::{
    ApiHost, Authorization, Destination, Outbound, OutboundError, Received, SiteRequest,
    TokenServer,
};
use crate::secret::Secret;
use crate::tenant::{SiteRead, Tenants, Thing};

pub use answer::Answer;
pub use groups::{Memberships, Unknown};
pub use keys::Revoked;
pub use user_token::TokenFailure;

use beside::Owners;
use groups::Groups;
use keys::Keys;
use user_token::UserTokens;

/// The least that reading needs (atlassian.md 3: left out, it would be all of the app's scopes).
const READ: &str = "READ";

/// Why Jira did not answer.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The tenant changed after the decision.
    #[error(transparent)]
    Revoked(#[from] Revoked),
    /// No user token.
    #[error(transparent)]
    Token(#[from] std::sync::Arc<TokenFailure>),
    /// The exchange with the site failed.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// The request's time is over.
    #[error("the request's time is over")]
    Deadline,
    /// The site is known by its host only, and what would be sent is good at the API host only.
    #[error("the site's cloud id is not known")]
    NoCloudId,
    /// What came beside an invocation of Forge's as its user's token is somebody else's, or nobody's.
    #[error("the token beside the invocation is not its user's")]
    ForeignToken,
    /// Jira refuses a fresh user token.
    #[error("Jira refuses a fresh user token")]
    Unauthorized,
}

/// What is known of the exchange, for the outcome's record.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// Jira's status.
    pub status: Option<u16>,
    /// Atlassian's trace id.
    pub trace_id: Option<String>,
    /// Whether the user token was at hand.
    pub token_cached: bool,
}

/// What all workers share.
#[derive(Clone)]
pub struct Shared {
    keys: Keys,
    tokens: UserTokens,
    groups: Groups,
    owners: Owners,
    api: ApiHost,
    clock: Clock,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Shared")
    }
}

impl Shared {
    /// For these tenants, with tokens of this server, and with this API host for what is good there alone.
    #[must_use]
    pub fn new(tenants: Tenants, server: TokenServer, api: ApiHost, clock: Clock) -> Self {
        let keys = Keys::new(tenants);
        Self {
            groups: Groups::new(None, keys.clone(), api.clone(), clock.clone()),
            keys,
            owners: Owners::new(api.clone()),
            tokens: UserTokens::new(server, api.clone(), clock.clone()),
            api,
            clock,
        }
    }

    /// The same, asking Jira for the groups of accounts where policies name some.
    #[must_use]
    pub fn asking_for_groups(self, how: Memberships) -> Self {
        Self {
            groups: Groups::new(
                Some(how),
                self.keys.clone(),
                self.api.clone(),
                self.clock.clone(),
            ),
            ..self
        }
    }
}

/// The way to Jira, with a worker's own connections.
#[derive(Clone)]
pub struct Jira {
    shared: Shared,
    outbound: Outbound,
}

impl std::fmt::Debug for Jira {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Jira")
    }
}

impl Jira {
    /// The way to Jira over `outbound`.
    #[must_use]
    pub fn new(shared: Shared, outbound: Outbound) -> Self {
        Self { shared, outbound }
    }

    /// Sends what the permit allows. What is known of the exchange lands in `exchange`, also if it fails.
    pub async fn send(
        &self,
        permit: Permit,
        exchange: &mut Exchange,
    ) -> Result<Answer, UpstreamError> {
        let left = permit.deadline().since(self.shared.clock.now());
        let received = tokio::time::timeout(left, self.read(&permit, exchange)).await;
        // Jira may be slow: what comes back after a revocation goes to nobody, and why it failed is of no interest then.
        self.shared.keys.signer(&permit)?;
        let received = received.map_err(|_| UpstreamError::Deadline)??;
        let retry_after_s = received.retry_after_s();
        Ok(Answer::new(
            permit,
            received.status,
            retry_after_s,
            received.body,
        ))
    }

    /// Whether what the permit rests on stands now: tenant, credential, grant, and nobody blocked.
    pub fn stands(&self, permit: &Permit) -> Result<(), Revoked> {
        self.shared.keys.signer(permit).map(drop)
    }

    async fn read(
        &self,
        permit: &Permit,
        exchange: &mut Exchange,
    ) -> Result<Received, UpstreamError> {
        let as_oneself = permit.act_as() == permit.principal().account();
        match permit.principal().means() {
            Means::ForgeUser(token) if as_oneself => {
                self.read_with_token_beside(permit, token, exchange).await
            }
            Means::Own(own) if as_oneself => self
                .read_with(permit, own.authorization(), own.at_api_host, exchange)
                .await
                .map_err(|error| match error {
                    UpstreamError::Unauthorized => {
                        own.refuse();
                        Revoked.into()
                    }
                    other => other,
                }),
            // `decide` refuses it before (`Beyond::Own`). What speaks for one account must never be taken for another's.
            Means::Own(_) => Err(UpstreamError::Unauthorized),
            Means::ForgeUser(_) | Means::App => self.read_as_app(permit, exchange).await,
        }
    }

    /// With the token that came beside an invocation, once Jira has said that it is the invocation's user's.
    async fn read_with_token_beside(
        &self,
        permit: &Permit,
        token: &Secret,
        exchange: &mut Exchange,
    ) -> Result<Received, UpstreamError> {
        let _still_good = self.shared.keys.signer(permit)?;
        let owners = &self.shared.owners;
        if let Some(refusal) = owners.refusal(&self.outbound, permit, token).await? {
            exchange.status = Some(refusal.status);
            exchange.trace_id = trace_id(&refusal.headers);
            return Ok(refusal);
        }
        let authorization = Authorization::Bearer(token);
        self.read_with(permit, authorization, true, exchange).await
    }

    /// With the user's own credential, which speaks for nobody else.
    async fn read_with(
        &self,
        permit: &Permit,
        authorization: Authorization<'_>,
        at_api_host: bool,
        exchange: &mut Exchange,
    ) -> Result<Received, UpstreamError> {
        let _still_good = self.shared.keys.signer(permit)?;
        let received = self.ask(permit, authorization, at_api_host).await?;
        exchange.status = Some(received.status);
        exchange.trace_id = trace_id(&received.headers);
        // A credential that was taken back may look like an issue that is not there.
        if received.status == 401 || received.login_refused().is_some() {
            return Err(UpstreamError::Unauthorized);
        }
        Ok(received)
    }

    /// Jira may have ended a token that was at hand: one more try with a fresh one. Reading twice harms nobody.
    async fn read_as_app(
        &self,
        permit: &Permit,
        exchange: &mut Exchange,
    ) -> Result<Received, UpstreamError> {
        for _ in 0..2 {
            let signer = self.shared.keys.signer(permit)?;
            let (token, cached) = self
                .shared
                .tokens
                .token(&self.outbound, &signer, permit.act_as(), READ)
                .await
                .inspect_err(|failure| self.note_refusal(permit, failure.status()))?;
            exchange.token_cached = cached;
            // The token was a while in coming: whoever was revoked meanwhile gets nothing for it.
            let signer = self
                .shared
                .keys
                .signer(permit)
                .inspect_err(|_| drop(signer))?;
            let authorization = Authorization::Bearer(&token.secret);
            // What Forge gives is good at the API host alone.
            let at_api_host = signer.tenant().is_of_forge_alone();
            let received = self.ask(permit, authorization, at_api_host).await?;
            exchange.status = Some(received.status);
            exchange.trace_id = trace_id(&received.headers);
            if received.status != 401 {
                return Ok(received);
            }
            self.shared
                .tokens
                .forget(&signer, permit.act_as(), READ, &token)
                .await;
            if !cached {
                self.note_refusal(permit, Some(received.status));
                break;
            }
        }
        Err(UpstreamError::Unauthorized)
    }

    fn note_refusal(&self, permit: &Permit, status: Option<u16>) {
        let tenant = permit.resource().tenant();
        self.shared.keys.note_refusal(tenant, status);
    }

    async fn ask(
        &self,
        permit: &Permit,
        authorization: Authorization<'_>,
        at_api_host: bool,
    ) -> Result<Received, UpstreamError> {
        let (path, query) = address(permit.resource().thing(), permit.reading());
        let version = permit.reading().version().as_str();
        let segments: Vec<&str> = ["rest", "api", version]
            .into_iter()
            .chain(path.iter().map(AsRef::as_ref))
            .collect();
        let query: Vec<(&str, &str)> = query
            .iter()
            .map(|(name, value)| (*name, value.as_ref()))
            .collect();
        let tenant = permit.resource().tenant();
        let cloud = tenant.cloud_id.map(|cloud| cloud.to_string());
        let request = SiteRequest {
            to: match (at_api_host, &cloud) {
                (false, _) => Destination::Site {
                    host: tenant.site.host(),
                },
                (true, Some(cloud)) => Destination::Api {
                    host: &self.shared.api,
                    cloud,
                },
                (true, None) => return Err(UpstreamError::NoCloudId),
            },
            segments: &segments,
            query: &query,
            authorization: Some(authorization),
            request_id: permit.entry().request_id.as_deref().unwrap_or_default(),
        };
        Ok(self.outbound.read_site(&request).await?)
    }

    /// The time, as the exchange sees it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }
}

type Text = Cow<'static, str>;

/// Where Jira has the thing: the segments below the version, and the parameters.
fn address(thing: &Thing, reading: &Reading) -> (Vec<Text>, Vec<(&'static str, Text)>) {
    let issue = |name: String| (vec!["issue".into(), name.into()], parts(reading));
    let site = |name: &'static str| (vec![name.into()], Vec::new());
    match thing {
        Thing::Issue(key) => issue(key.to_string()),
        Thing::IssueById(id) => issue(id.to_string()),
        Thing::Site(SiteRead::ServerInfo) => site("serverInfo"),
        Thing::Site(SiteRead::Myself) => site("myself"),
        Thing::Site(SiteRead::Fields) => site("field"),
        // All permissions of a user would be an answer of many kilobytes: only the one that is asked for.
        Thing::Site(SiteRead::Administrators) => (
            vec!["mypermissions".into()],
            vec![("permissions", "ADMINISTER".into())],
        ),
    }
}

/// The parameters that say what of an issue is read.
fn parts(reading: &Reading) -> Vec<(&'static str, Text)> {
    let optional = [
        ("expand", reading.expand()),
        ("properties", reading.properties()),
    ];
    let optional = optional.into_iter().filter(|(_, names)| !names.is_empty());
    [("fields", reading.fields_to_ask())]
        .into_iter()
        .chain(optional)
        .map(|(name, names)| (name, names.into()))
        .collect()
}

fn trace_id(headers: &HeaderMap) -> Option<String> {
    let value = headers
        .get("atl-traceid")
        .or_else(|| headers.get("x-arequestid"))?;
    Some(crate::ledger::entry::shorten(value.to_str().ok()?, 64))
}
