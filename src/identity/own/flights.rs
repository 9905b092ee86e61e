//! Look-ups under way, and what came of those a moment ago. Used by this folder.
//! Many requests with one credential make one look-up; a wrong one is not asked about again for some seconds; few look-ups run at once,
//! and of one tenant fewer. A look-up goes on also when its client went away: it is on record, and what it finds is of use to the next.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use tokio::time::timeout;

use crate::clock::{Clock, Timestamp};
use crate::identity::presented::Asking;
use crate::ledger::entry::Entry;
use crate::ledger::{Ledger, Receipt};
use crate::outbound::{ApiHost, Outbound};
use crate::tenant::own::OwnKinds;
use crate::tenant::{AccountId, SharedTenant, TenantId, Tenants};

use super::Parts;
use super::answers::Unconfirmed;
use super::ask;
use super::brought::Brought;
use super::budget::Budget;
use super::confirmed::Confirmed;
use super::error::{NotGood, Refused, Trouble, Unrecorded};
use super::known::Known;
use super::leave::Leave;
use super::subject::Subject;
use super::turns::Turns;

/// What is to be looked up.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) hash: [u8; 32],
    pub(super) tenant: SharedTenant,
    pub(super) brought: Brought,
    /// The credential's name in records.
    pub(super) id: String,
    /// What was confirmed of it before, if it was.
    pub(super) before: Option<Arc<Confirmed>>,
}

/// Look-ups. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Flights {
    api: ApiHost,
    tenants: Tenants,
    ledger: Ledger,
    clock: Clock,
    outcomes: Cache<[u8; 32], Arc<Outcome>>,
    budget: Arc<Budget>,
    known: Known,
    turns: Turns,
}

/// What came of one, and until when that is all that is said.
#[derive(Debug)]
struct Outcome {
    found: Found,
    until: Timestamp,
}

#[derive(Debug)]
enum Found {
    Good(Arc<Confirmed>),
    Refused(Refused),
    Trouble(Trouble),
    /// Nothing: the tenant changed before all was asked.
    Outlived,
    /// Too many were looked up of its account.
    TooMany {
        retry_after_s: u64,
    },
}

const OUTCOMES_MAX: u64 = 10_000;
/// Longer than any outcome is told; what `until` says decides, this only frees memory.
const KEPT: Duration = Duration::from_mins(5);
/// How long one waits for its turn, and for the log.
const TURN_WAIT: Duration = Duration::from_secs(5);
const LOG_WAIT: Duration = Duration::from_secs(10);
/// How long a wrong credential is not asked about again.
const REFUSED_FOR: Duration = Duration::from_secs(10);
/// How long Atlassian is left alone after a trouble, unless it says so itself.
const TROUBLED_FOR: Duration = Duration::from_secs(3);
const LIMITED_S_MAX: u64 = 60;

impl Flights {
    /// What is found goes into `known`.
    pub(super) fn new(parts: &Parts, budget: Arc<Budget>, known: Known) -> Self {
        let outcomes = Cache::builder()
            .max_capacity(OUTCOMES_MAX)
            .time_to_live(KEPT)
            .build();
        Self {
            api: parts.api.clone(),
            tenants: parts.tenants.clone(),
            ledger: parts.ledger.clone(),
            clock: parts.clock.clone(),
            outcomes,
            budget,
            known,
            turns: Turns::new(),
        }
    }

    /// What Atlassian says of the credential, or said a moment ago.
    pub(super) async fn start(
        &self,
        flight: Flight,
        asking: Asking<'_>,
    ) -> Result<Arc<Confirmed>, NotGood> {
        let (flights, hash) = (self.clone(), flight.hash);
        if let Some(outcome) = self.outcomes.get(&hash).await {
            if self.clock.now() < outcome.until {
                return outcome.told();
            }
            self.drop_if_same(&hash, &outcome).await;
        }
        let (outbound, entry) = (asking.outbound.clone(), asking.entry.clone());
        let looking = tokio::spawn(async move {
            let looked = flights.look_up(flight, &outbound, entry);
            let outcome = flights.outcomes.try_get_with(hash, looked).await?;
            // What is good is known by now, and looked up again when it is no longer believed.
            if matches!(outcome.found, Found::Good(_)) {
                flights.drop_if_same(&hash, &outcome).await;
            }
            Ok::<_, Arc<Unrecorded>>(outcome)
        });
        match looking.await {
            Ok(Ok(outcome)) => outcome.told(),
            Ok(Err(unrecorded)) => Err(NotGood::Unrecorded(unrecorded)),
            // It panicked, and that shows.
            Err(_) => Err(NotGood::Trouble(Trouble::Broken)),
        }
    }

    /// Another request may have put a newer one in its place meanwhile.
    async fn drop_if_same(&self, hash: &[u8; 32], outcome: &Arc<Outcome>) {
        let kept = self.outcomes.get(hash).await;
        if kept.is_some_and(|kept| Arc::ptr_eq(&kept, outcome)) {
            self.outcomes.invalidate(hash).await;
        }
    }

    async fn look_up(
        &self,
        flight: Flight,
        outbound: &Outbound,
        request: Entry,
    ) -> Result<Arc<Outcome>, Unrecorded> {
        let (hash, tenant) = (flight.hash, flight.tenant.id.clone());
        let found = self.find(flight, outbound, request).await?;
        // Here, and not where it is waited for: whoever asked may have waited long enough, or be gone.
        match &found {
            Found::Good(confirmed) => self.keep(hash, confirmed.clone()).await,
            Found::Refused(_) => self.known.forget(&tenant, &hash).await,
            Found::Trouble(_) | Found::Outlived | Found::TooMany { .. } => {}
        }
        Ok(self.outcome(found))
    }

    async fn keep(&self, hash: [u8; 32], confirmed: Arc<Confirmed>) {
        let takes_any = |tenant: &TenantId| {
            let current = self.tenants.current(tenant);
            current.is_some_and(|current| current.own_credentials != OwnKinds::default())
        };
        self.known.keep(hash, confirmed, takes_any).await;
    }

    /// First the record, then the question.
    async fn find(
        &self,
        flight: Flight,
        outbound: &Outbound,
        request: Entry,
    ) -> Result<Found, Unrecorded> {
        // Once for all requests that wait for this one.
        if let Some(before) = &flight.before
            && let Err(too_many) = self.count(&flight.tenant.id, before.account())
        {
            return Ok(too_many);
        }
        let Ok(_turn) = timeout(TURN_WAIT, self.turns.take(&flight.tenant.id)).await else {
            return Ok(Found::Trouble(Trouble::Slow));
        };
        let Flight {
            tenant,
            brought,
            id,
            before,
            ..
        } = flight;
        let at_api = before.as_ref().map(|before| before.at_api_host());
        let subject = Subject::new(tenant, brought, id, request)?;
        let receipt = self.record(&subject).await?;
        let leave = Leave::new(subject, receipt);
        let owner = ask::whose(outbound, &self.api, &self.tenants, &leave, at_api).await;
        let subject = leave.subject();
        Ok(match owner {
            Ok(owner) => {
                let credential = (subject.brought.kind(), subject.id.clone());
                let now = self.clock.now();
                let tenant = (subject.tenant.id.clone(), subject.tenant.epoch);
                let confirmed = Confirmed::new(tenant, credential, owner, now);
                Found::Good(Arc::new(confirmed))
            }
            Err(Unconfirmed::Refused(why)) => Found::Refused(why),
            Err(Unconfirmed::Trouble(trouble)) => Found::Trouble(trouble),
            Err(Unconfirmed::Outlived) => Found::Outlived,
        })
    }

    fn count(&self, tenant: &TenantId, account: &AccountId) -> Result<(), Found> {
        let now = self.clock.now();
        let counted = self.budget.take_account(tenant, account, now);
        counted.map_err(|retry_after_s| Found::TooMany { retry_after_s })
    }

    async fn record(&self, subject: &Subject) -> Result<Receipt, Unrecorded> {
        let appended = timeout(LOG_WAIT, self.ledger.append(subject.draft())).await;
        Ok(appended.map_err(|_| Unrecorded::Slow)??)
    }

    fn outcome(&self, found: Found) -> Arc<Outcome> {
        let span = match &found {
            // A block that is over leaves the tenant as it was, and the next request is to be asked about.
            Found::Good(_) | Found::Outlived => Duration::ZERO,
            Found::Refused(_) => REFUSED_FOR,
            Found::Trouble(Trouble::Limited(Some(seconds))) => {
                Duration::from_secs((*seconds).clamp(1, LIMITED_S_MAX))
            }
            Found::Trouble(_) => TROUBLED_FOR,
            Found::TooMany { retry_after_s } => Duration::from_secs(*retry_after_s),
        };
        let until = self.clock.now().plus(span);
        Arc::new(Outcome { found, until })
    }
}

impl Outcome {
    fn told(&self) -> Result<Arc<Confirmed>, NotGood> {
        match &self.found {
            Found::Good(confirmed) => Ok(confirmed.clone()),
            Found::Refused(why) => Err(NotGood::Refused(*why)),
            Found::Trouble(trouble) => Err(NotGood::Trouble(*trouble)),
            Found::Outlived => Err(NotGood::Outlived),
            Found::TooMany { retry_after_s } => Err(NotGood::TooMany {
                retry_after_s: *retry_after_s,
            }),
        }
    }
}
