//! The corridor: ask in, reply out, one function that opens the doors in order. Used by `http`.
//! Every stop leaves an entry before it is told, also a stop before the ruling; no door may be left out or opened out of order.

mod check;
mod credentials;
mod errand;
mod stopped;
mod supervision;
mod supervisor;
mod trail;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::clock::{Chance, Clock};
use crate::decision::{Action, DeniedError, Query, Target, Wish, decide, evaluate, nowhere};
use crate::identity::issued::IssueError;
use crate::identity::presented::{Around, Asking, Call, Presented};
use crate::identity::verify::{IdentityError, Verifiers};
use crate::identity::{Issued, Principal};
use crate::ledger::entry::{Effect, Entry, Stage};
use crate::ledger::read::Reader;
use crate::ledger::{Draft, Ledger, LedgerError, Receipt};
use crate::outbound::Outbound;
use crate::policy::{Live, Snapshot};
use crate::screen::{Reply, Screen, ScreenError};
use crate::tenant::registry::{ResolveError, SiteAsked};
use crate::tenant::{AccountId, Tenants};
use crate::upstream::{Jira, UpstreamError};

pub use crate::decision::Told;
pub use check::Inquiry;
pub use credentials::{Ended, Managed, Wanted};
pub use supervision::{Closed, Denial, Overview, SuperviseError, Turns};
pub use supervisor::Supervisor;
pub use trail::Trail;

use errand::Errand;
use stopped::stop_entry;
use trail::Lap;

/// What a client says: a claim, nothing in it is trusted.
#[derive(Debug)]
pub struct Ask {
    /// The credential.
    pub credential: Presented,
    /// `GET`.
    pub method: &'static str,
    /// Path and query as they came, for a token that is bound to them.
    pub raw_target: String,
    /// The site.
    pub site: SiteAsked,
    /// What on it.
    pub target: Target,
    /// As whom; as oneself if missing.
    pub act_as: Option<AccountId>,
    /// Where the request came from.
    pub ip: IpAddr,
}

/// Where the corridor ended, one variant a door.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// The credential.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A session or key that is not made, ended or listed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// What an administrator of a site sees or ends.
    #[error(transparent)]
    Supervise(#[from] SuperviseError),
    /// The site.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// No policy set is in force.
    #[error("no policy set is in force")]
    NoPolicies,
    /// The policies.
    #[error(transparent)]
    Denied(#[from] DeniedError),
    /// The log.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The log did not answer before the request's time was over.
    #[error("the decision log did not answer in time")]
    LogSlow,
    /// Jira.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// The answer.
    #[error(transparent)]
    Screen(#[from] ScreenError),
}

/// The doors.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Who asks.
    pub verifiers: Verifiers,
    /// Sessions and client keys.
    pub issued: Issued,
    /// Whose data.
    pub tenants: Tenants,
    /// The rules.
    pub policies: Arc<Live>,
    /// The log.
    pub ledger: Ledger,
    /// The log, as it is read.
    pub records: Reader,
    /// Whose turn it is to see a site.
    pub overviews: Turns,
    /// Jira.
    pub jira: Jira,
    /// For whom a verifier has to ask.
    pub outbound: Outbound,
    /// What may leave.
    pub screen: Screen,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub chance: Chance,
    /// The longest that a request may take.
    pub request_timeout: Duration,
}

impl Gateway {
    /// Walks one request down the corridor.
    pub async fn pass(&self, ask: Ask, trail: &mut Trail) -> Result<Reply, Stop> {
        let until = self.deadline();
        let (credential, method, target, errand) = Errand::of(ask);
        trail.note_errand(&errand);
        let walked = async {
            let mut lap = Lap::start(&self.clock);
            let call = Call {
                method,
                target: &target,
            };
            let at = (&errand.site, errand.ip);
            let principal = self.verify(&credential, call, at, trail).await?;
            self.note_use(&principal);
            trail.spent.verify = lap.lap();
            self.walk(principal, errand, trail, until).await
        };
        match walked.await {
            Ok(reply) => Ok(reply),
            Err(stop) => Err(self.record(stop, trail, until).await),
        }
    }

    /// From the credential's door, which is behind the principal, to the end.
    async fn walk(
        &self,
        principal: Principal,
        errand: Errand,
        trail: &mut Trail,
        until: Instant,
    ) -> Result<Reply, Stop> {
        let mut lap = Lap::start(&self.clock);
        // Before any site is looked up: that there are no rules must not tell which sites there are.
        let rules = self.policies.current().ok_or(Stop::NoPolicies)?;
        let query = self.query(&rules, principal, errand, trail)?;
        trail.spent.resolve = lap.lap();
        let ruling = if query.asks_for(&rules, query.action()).is_empty() {
            decide(rules, query)?.settled()?
        } else {
            // Who is in which groups may matter: its own small corridor.
            Box::pin(self.jira.decide(rules, query, &self.ledger)).await?
        };
        trail.spent.decide = lap.lap();
        let receipt = self.append(ruling.entry(), until).await?;
        trail.spent.append = lap.lap();
        let permit = ruling.seal(receipt)?;
        trail.owe_outcome(&self.ledger);
        let answer = self.jira.send(permit, &mut trail.exchange).await;
        trail.spent.upstream = lap.lap();
        // What the screen waits for is the log, and where groups matter Jira, which has a shorter time.
        let release = self.screen.release(answer?, &mut trail.withheld);
        let released = timeout_at(until, release).await;
        Ok(released.map_err(|_| Stop::LogSlow)??)
    }

    /// Looks the site up, and makes of what is wanted a query about it. Nobody is waited for.
    fn query(
        &self,
        rules: &Snapshot,
        principal: Principal,
        errand: Errand,
        trail: &Trail,
    ) -> Result<Query, Stop> {
        let now = self.clock.now();
        let (thing, reading) = errand.target.into_parts();
        let wish = Wish {
            reading,
            act_as: errand.act_as,
            ip: errand.ip,
            now,
            deadline: now.plus(self.request_timeout),
            entry: trail.entry.clone(),
        };
        let named = self.tenants.find(&errand.site, principal.tenant()); // a name is looked up, never called
        if !named.is_registered() {
            // A foreign site takes an evaluation. So does an unknown one, or its time would tell.
            let question = nowhere(&principal, Action::reading(&thing), &thing, &wish);
            std::hint::black_box(evaluate(rules, &question));
        }
        let resource = self.tenants.resolve(named, thing)?;
        Ok(Query::new(principal, resource, wish))
    }

    /// The verified principal alone, for what the log calls `action`; recorded like every decision.
    pub async fn identify(
        &self,
        by: Managed<'_>,
        site: &SiteAsked,
        action: &str,
        trail: &mut Trail,
    ) -> Result<Principal, Stop> {
        let at = (site, by.ip);
        let verified = self.verify(by.presented, by.call, at, trail).await;
        let verified = verified.and_then(|principal| self.at_home(principal, site));
        let principal = self.recorded(verified, trail).await?;
        self.note_use(&principal);
        self.give(trail, Stage::Authenticate, action).await?;
        Ok(principal)
    }

    /// Notes the use of a session or key, once nothing at the door refuses it any more.
    fn note_use(&self, principal: &Principal) {
        if let Some(hold) = principal.hold() {
            self.issued.note_use(hold);
        }
    }

    /// A principal at the one site that it has, where a request names one.
    fn at_home(&self, principal: Principal, site: &SiteAsked) -> Result<Principal, Stop> {
        let named = self.tenants.named(site);
        let is_own = named.is_some_and(|tenant| tenant.id == *principal.tenant());
        if *site == SiteAsked::Own || is_own {
            Ok(principal)
        } else {
            Err(ResolveError.into())
        }
    }

    /// Records that a route gave what no policy decides about.
    pub async fn give(&self, trail: &mut Trail, stage: Stage, action: &str) -> Result<(), Stop> {
        let entry = Entry {
            action: Some(action.to_owned()),
            effect: Some(Effect::Allow),
            stage: Some(stage),
            code: Some("allowed".to_owned()),
            ..trail.entry.clone()
        };
        let _receipt = self.append(Draft::new(&entry)?, self.deadline()).await?;
        trail.owe_outcome(&self.ledger);
        Ok(())
    }

    /// When a request that begins now must have ended.
    fn deadline(&self) -> Instant {
        Instant::now() + self.request_timeout
    }

    /// Waits for the commit as long as the request has time. An entry that comes into the log later stands there without an outcome:
    /// nothing was done on it.
    async fn append(&self, draft: Draft, until: Instant) -> Result<Receipt, Stop> {
        let appended = timeout_at(until, self.ledger.append(draft)).await;
        Ok(appended.map_err(|_| Stop::LogSlow)??)
    }

    async fn verify(
        &self,
        presented: &Presented,
        call: Call<'_>,
        (site, ip): (&SiteAsked, IpAddr),
        trail: &mut Trail,
    ) -> Result<Principal, Stop> {
        let asking = Asking {
            outbound: &self.outbound,
            entry: &trail.entry,
        };
        let around = Around {
            site,
            ip,
            asking: Some(asking),
        };
        let verified = self.verifiers.verify(presented, call, around).await;
        let principal = verified?;
        trail.note_principal(&principal);
        Ok(principal)
    }

    /// Records a stop that has no entry yet, before it is told. If that fails, the failure is the stop.
    async fn record(&self, stop: Stop, trail: &mut Trail, until: Instant) -> Stop {
        trail.note_stop(&stop);
        let kept_back = stop.kept_back();
        let stop = self.write_down(stop, trail, until).await;
        if let Some(span) = kept_back {
            Box::pin(self.clock.pause(span)).await;
        }
        stop
    }

    async fn write_down(&self, stop: Stop, trail: &Trail, until: Instant) -> Stop {
        let Some(entry) = stop_entry(&stop, &trail.entry) else {
            return stop;
        };
        let recorded = async { self.append(Draft::new(&entry)?, until).await };
        match recorded.await {
            Ok(_receipt) => stop,
            Err(failure) => failure,
        }
    }

    /// Records a stop at the edge, before the corridor: `why` is for auditors alone, `told` is code and status for the caller.
    pub async fn refuse(
        &self,
        trail: &Trail,
        stage: Stage,
        code: &str,
        why: Option<&str>,
        told: (&str, u16),
    ) -> Result<(), Stop> {
        let entry = Entry {
            effect: Some(Effect::Deny),
            stage: Some(stage),
            code: Some(code.to_owned()),
            authentication_error: why.map(str::to_owned),
            ..trail.entry.clone()
        };
        let entry = entry.told(told.0, told.1);
        let _receipt = self.append(Draft::new(&entry)?, self.deadline()).await?;
        Ok(())
    }

    /// Writes down how a permitted request ended: the status and bytes that its caller got. Not waited for.
    pub async fn close(&self, mut trail: Trail, status: u16, code: &str, bytes: u64) {
        if let Some(waiting) = trail.end(status, code, bytes) {
            // A full queue slows its callers down, for a time; what was begun ends also without them.
            let _ = tokio::time::timeout(self.request_timeout, waiting).await;
        }
    }
}
