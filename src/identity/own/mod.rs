//! Credentials that Atlassian gave to users, brought by them: API tokens, and access tokens of OAuth 2.0. Used by `Verifiers`.
//! They can be checked at Atlassian alone, so this is a small corridor of its own: the site that the request names takes such
//! credentials, the budget lets one more be tried, the look-up is on record (`Leave`), and only then Atlassian is asked.
//!
//! What must never happen here: a credential sent anywhere but to the registered site that was named or to Atlassian's API host; a
//! guess for free; an answer from which somebody without a good credential learns whether a site is registered, or takes them.

mod answers;
mod ask;
mod brought;
mod budget;
mod confirmed;
mod due;
mod error;
mod flights;
mod known;
mod leave;
mod subject;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, Timestamp};
use crate::ledger::Ledger;
use crate::ledger::entry::{Credential, TenantBasis};
use crate::outbound::ApiHost;
use crate::secret::Vault;
use crate::tenant::own::OwnKind;
use crate::tenant::registry::SiteAsked;
use crate::tenant::{SharedTenant, Tenant, Tenants};

use super::error::IdentityError;
use super::means::{Means, Own};
use super::presented::{Around, Asking, Bearer, Password};
use super::principal::Principal;

pub(super) use confirmed::Confirmed;
pub use error::{NotGood, Refused, Trouble, Unrecorded};

pub use due::Refusal;

use brought::Brought;
use budget::Budget;
use due::Due;
use flights::{Flight, Flights};
use known::{Known, NOBODY};

/// How such credentials are checked, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long what Atlassian confirmed is believed.
    pub believed: Duration,
    /// How long a request waits for what Atlassian says of a credential that was not known to be good. Refusals are told a moment after
    /// that, whatever they rest on.
    pub wait: Duration,
    /// How many may be tried from one address in a minute.
    pub per_source: u32,
    /// How many may be tried at one site in a minute.
    pub per_site: u32,
}

/// What this is made of.
#[derive(Debug)]
pub struct Parts {
    /// Whose site it is, and what is taken there.
    pub tenants: Tenants,
    /// The decision log, for the record of each look-up.
    pub ledger: Ledger,
    /// Hashes credentials.
    pub vault: Arc<Vault>,
    /// Atlassian's API host.
    pub api: ApiHost,
    /// The `iss` of Atlassian's access tokens, where they are JWTs.
    pub issuers: Vec<String>,
    /// Bounds.
    pub limits: Limits,
    /// The time.
    pub clock: Clock,
}

/// Users' own credentials. Cheap to clone; shared by all workers.
#[derive(Clone, Debug)]
pub struct OwnCredentials(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parts: Parts,
    budget: Arc<Budget>,
    known: Known,
    flights: Flights,
}

/// Refusals are told so long after the last moment at which Atlassian can be waited for: it covers their record.
pub const MARGIN: Duration = Duration::from_millis(250);

impl OwnCredentials {
    /// Checks credentials at Atlassian.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let (per_source, per_site) = (parts.limits.per_source, parts.limits.per_site);
        let budget = Arc::new(Budget::new(parts.vault.clone(), per_source, per_site));
        let known = Known::new();
        let flights = Flights::new(&parts, budget.clone(), known.clone());
        Self(Arc::new(Inner {
            parts,
            budget,
            known,
            flights,
        }))
    }

    /// Whether a JWT of this issuer may be one of Atlassian's access tokens.
    pub(super) fn is_issuer(&self, issuer: &str) -> bool {
        let known = &self.0.parts.issuers;
        known.iter().any(|known| known == issuer)
    }

    /// An API token, with the e-mail address of its owner.
    pub(super) async fn api_token(
        &self,
        pair: &Password,
        around: Around<'_>,
    ) -> Result<Principal, IdentityError> {
        self.verify(OwnKind::ApiToken, Brought::password(pair), around)
            .await
    }

    /// The principal behind an access token that was good at this site before, if everything that it rested on still stands. Otherwise
    /// nothing is said about it: it may be anybody's.
    pub(super) async fn remember(&self, bearer: &Bearer, around: &Around<'_>) -> Option<Principal> {
        let (inner, brought) = (&*self.0, Brought::token(bearer)?);
        let tenant = inner.taker(around.site, brought.kind());
        let (_, known) = inner.known(tenant.as_deref(), &brought).await;
        let now = inner.parts.clock.now();
        let confirmed = known.filter(|known| inner.is_believed(known, now))?;
        inner.mint(confirmed, &brought, now).ok()
    }

    /// An access token.
    pub(super) async fn oauth_token(
        &self,
        bearer: &Bearer,
        around: Around<'_>,
    ) -> Result<Principal, IdentityError> {
        self.verify(OwnKind::OauthToken, Brought::token(bearer), around)
            .await
    }

    async fn verify(
        &self,
        kind: OwnKind,
        brought: Option<Brought>,
        around: Around<'_>,
    ) -> Result<Principal, IdentityError> {
        let due = Due::new(&self.0.parts.clock, self.0.parts.limits.wait + MARGIN);
        let checked = match &brought {
            Some(brought) => self.check(brought, around).await,
            None => Err(NotGood::Malformed.into()),
        };
        checked.map_err(|stop| match stop {
            Checked::Blocked(blocked) => blocked,
            Checked::NotGood(cause) => {
                let id = brought.map(|brought| brought.id(&self.0.parts.vault));
                let credential = public_parts(kind, id);
                IdentityError::Own(Box::new(Refusal::new(cause, credential, due)))
            }
        })
    }

    /// The order says what an answer can tell: up to the budget nothing depends on which sites there are.
    async fn check(&self, brought: &Brought, around: Around<'_>) -> Result<Principal, Checked> {
        let inner = &*self.0;
        let tenant = inner.taker(around.site, brought.kind());
        let (hash, known) = inner.known(tenant.as_deref(), brought).await;
        let now = inner.parts.clock.now();
        if let Some(confirmed) = &known
            && inner.is_believed(confirmed, now)
        {
            return inner.mint(confirmed.clone(), brought, now);
        }
        let site = around.site.name().ok_or(NotGood::NoSite)?;
        // Whoever had a good one here guesses nothing, and must not be kept out by somebody who does. A look-up counts by the account.
        if known.is_none() {
            let taken = inner.budget.take(around.ip, &site, now);
            taken.map_err(|retry_after_s| NotGood::TooMany { retry_after_s })?;
        }
        let asking = around.asking.ok_or(NotGood::NotKnown)?;
        let tenant = tenant.ok_or(NotGood::NotTaken)?;
        let is_known = known.is_some();
        let flight = Flight {
            hash,
            before: known,
            id: brought.id(&inner.parts.vault),
            tenant,
            brought: brought.clone(),
        };
        // On the heap: every request would be as large as the few that look something up.
        let looking = Box::pin(self.look_up(flight, asking, is_known));
        let confirmed = looking.await?;
        inner.mint(confirmed, brought, inner.parts.clock.now())
    }

    /// What Atlassian says. Its troubles are told to those alone who are known here: to anybody else they would tell that it was asked.
    async fn look_up(
        &self,
        flight: Flight,
        asking: Asking<'_>,
        is_known: bool,
    ) -> Result<Arc<Confirmed>, NotGood> {
        let looked = self.0.flights.start(flight, asking);
        let looked = if is_known {
            looked.await
        } else {
            let looked = tokio::time::timeout(self.0.parts.limits.wait, looked).await;
            looked.map_err(|_| NotGood::Unsure(Trouble::Slow))?
        };
        looked.map_err(|cause| match cause {
            NotGood::Trouble(trouble) if !is_known => NotGood::Unsure(trouble),
            other => other,
        })
    }
}

/// How a check ends without a principal.
enum Checked {
    /// The credential is good, and its account kept out.
    Blocked(IdentityError),
    /// It is not good, or nobody knows.
    NotGood(NotGood),
}

impl From<NotGood> for Checked {
    fn from(cause: NotGood) -> Self {
        Self::NotGood(cause)
    }
}

impl Inner {
    /// The tenant whose site is named, if it takes such credentials.
    fn taker(&self, site: &SiteAsked, kind: OwnKind) -> Option<SharedTenant> {
        let tenant = self.parts.tenants.named(site);
        tenant.filter(|tenant| tenant.own_credentials.takes(kind))
    }

    /// By what it is looked up, and what was confirmed of it. As much work for a site that takes none: under the name of nobody nothing
    /// is kept.
    async fn known(
        &self,
        tenant: Option<&Tenant>,
        brought: &Brought,
    ) -> ([u8; 32], Option<Arc<Confirmed>>) {
        let (id, epoch) = tenant.map_or((NOBODY, 0), |tenant| (tenant.id.as_str(), tenant.epoch));
        let hash = brought.hash(&self.parts.vault, id, epoch);
        let known = self.known.get(tenant, &hash).await;
        (hash, known.filter(|confirmed| !confirmed.is_refused()))
    }

    fn is_believed(&self, confirmed: &Confirmed, now: Timestamp) -> bool {
        confirmed.is_believed(self.parts.limits.believed, now)
    }

    /// The principal, after all that may have ended since was asked again: what is kept is data, and each use makes a proof of its own.
    fn mint(
        &self,
        confirmed: Arc<Confirmed>,
        brought: &Brought,
        now: Timestamp,
    ) -> Result<Principal, Checked> {
        let tenant = self.parts.tenants.current(confirmed.tenant());
        let tenant = tenant.filter(|tenant| confirmed.is_of(tenant, now));
        let tenant = tenant.ok_or(NotGood::Outlived)?;
        let account = confirmed.account();
        // Last: only whoever the credential speaks for can meet a block.
        if let Some(cause) = tenant.keeps_out(account, now) {
            return Err(Checked::Blocked(IdentityError::Blocked {
                cause,
                claimed: tenant.id.to_string(),
                account: account.clone(),
            }));
        }
        let credential = confirmed.credential().clone();
        let (account, at_api_host) = (account.clone(), confirmed.at_api_host());
        let own = Own::new(brought.carried.clone(), at_api_host, confirmed);
        let basis = TenantBasis::ConfirmedBySite;
        let (id, epoch) = (tenant.id.clone(), tenant.epoch);
        Ok(Principal::new(
            id,
            account,
            epoch,
            credential,
            basis,
            Means::Own(Box::new(own)),
        ))
    }
}

fn public_parts(kind: OwnKind, id: Option<String>) -> Credential {
    Credential {
        kind: kind.as_str().to_owned(),
        issuer: Some("atlassian".to_owned()),
        key_id: id,
        ..Credential::default()
    }
}

/// Whether the tenant is what it was in `epoch`, and takes such a credential now.
fn still_takes(tenant: &Tenant, epoch: u64, kind: OwnKind, now: Timestamp) -> bool {
    tenant.epoch == epoch
        && tenant.is_active(now)
        && tenant.is_blocked(now).is_none()
        && tenant.own_credentials.takes(kind)
}

/// Whether what was confirmed at `then` is believed at `now`.
fn is_within(span: Duration, then: Timestamp, now: Timestamp) -> bool {
    // A clock that was turned back must not make anything good for longer.
    then <= now && now.since(then) < span
}
