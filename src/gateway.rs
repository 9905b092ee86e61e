//! The corridor: ask in, reply out, one function that opens the doors in order. Used by `http`.
//! Every stop leaves an entry before it is told, also a stop before the ruling; no door may be left out or opened out of order.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Chance, Clock, Stopwatch};
use crate::decision::{DeniedError, Query, Reading, Wish, decide, evaluate, nowhere};
use crate::identity::Principal;
use crate::identity::presented::{Call, Presented};
use crate::identity::verify::{IdentityError, Verifiers};
use crate::ledger::entry::{Effect, Entry, Kind, Outcome, Resource, Spent, Stage, shorten};
use crate::ledger::{Draft, Ledger, LedgerError};
use crate::policy::Live;
use crate::screen::{Reply, Screen, ScreenError};
use crate::tenant::registry::{ResolveError, SiteAsked};
use crate::tenant::{AccountId, IssueRef, Tenants};
use crate::upstream::{Exchange, Jira, UpstreamError};

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
    /// The issue.
    pub issue: IssueRef,
    /// What of it.
    pub reading: Reading,
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
    /// Jira.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// The answer.
    #[error(transparent)]
    Screen(#[from] ScreenError),
}

/// What is written down on the way, and becomes the outcome's record at its end.
#[derive(Debug)]
pub struct Trail {
    /// The request's part of every entry about it.
    pub entry: Entry,
    spent: Spent,
    exchange: Exchange,
    withheld: Vec<String>,
    /// Whether something was allowed, so that an outcome is due.
    permitted: bool,
}

impl Trail {
    /// The trail of a request whose entries begin with `entry`.
    #[must_use]
    pub fn new(entry: Entry) -> Self {
        let (spent, exchange) = (Spent::default(), Exchange::default());
        Self {
            entry,
            spent,
            exchange,
            withheld: Vec::new(),
            permitted: false,
        }
    }

    /// The id that the caller is told.
    #[must_use]
    pub fn decision_id(&self) -> &str {
        self.entry.decision_id.as_deref().unwrap_or_default()
    }
}

/// The doors.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Who asks.
    pub verifiers: Verifiers,
    /// Whose data.
    pub tenants: Tenants,
    /// The rules.
    pub policies: Arc<Live>,
    /// The log.
    pub ledger: Ledger,
    /// Jira.
    pub jira: Jira,
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
        note_ask(&ask, &mut trail.entry);
        match self.walk(ask, trail).await {
            Ok(reply) => Ok(reply),
            Err(stop) => Err(self.record(stop, trail).await),
        }
    }

    async fn walk(&self, ask: Ask, trail: &mut Trail) -> Result<Reply, Stop> {
        let mut lap = Lap::start(&self.clock);
        let call = Call {
            method: ask.method,
            target: &ask.raw_target,
        };
        let principal = self.verify(&ask.credential, call, trail)?;
        trail.spent.verify = lap.lap();
        // Before any site is looked up: that there are no rules must not tell which sites there are.
        let rules = self.policies.current().ok_or(Stop::NoPolicies)?;
        let now = self.clock.now();
        let wish = Wish {
            reading: ask.reading,
            act_as: ask.act_as,
            ip: ask.ip,
            now,
            deadline: now.plus(self.request_timeout),
            entry: trail.entry.clone(),
        };
        let named = self.tenants.find(&ask.site); // a name is looked up, never called
        if !named.is_registered() {
            // A foreign site takes an evaluation. So does an unknown one, or its time would tell.
            let question = nowhere(&principal, &ask.issue, &wish);
            std::hint::black_box(evaluate(&rules, &question));
        }
        let resource = self.tenants.resolve(named, ask.issue)?;
        trail.spent.resolve = lap.lap();
        let query = Query::new(principal, resource, wish);
        let ruling = decide(rules, query)?;
        trail.spent.decide = lap.lap();
        let receipt = self.ledger.append(ruling.entry()).await?;
        trail.spent.append = lap.lap();
        let permit = ruling.seal(receipt)?;
        trail.permitted = true;
        let answer = self.jira.send(permit, &mut trail.exchange).await;
        trail.spent.upstream = lap.lap();
        Ok(self.screen.release(answer?, &mut trail.withheld).await?)
    }

    /// The verified principal alone, recorded like every decision.
    pub async fn identify(
        &self,
        presented: &Presented,
        call: Call<'_>,
        trail: &mut Trail,
    ) -> Result<Principal, Stop> {
        let principal = match self.verify(presented, call, trail) {
            Ok(principal) => principal,
            Err(stop) => return Err(self.record(stop, trail).await),
        };
        self.give(trail, Stage::Authenticate, "whoami").await?;
        Ok(principal)
    }

    /// Records that a route gave what no policy decides about.
    pub async fn give(
        &self,
        trail: &mut Trail,
        stage: Stage,
        action: &str,
    ) -> Result<(), LedgerError> {
        let entry = Entry {
            action: Some(action.to_owned()),
            effect: Some(Effect::Allow),
            stage: Some(stage),
            code: Some("allowed".to_owned()),
            ..trail.entry.clone()
        };
        let _receipt = self.ledger.append(Draft::new(&entry)?).await?;
        trail.permitted = true;
        Ok(())
    }

    fn verify(
        &self,
        presented: &Presented,
        call: Call<'_>,
        trail: &mut Trail,
    ) -> Result<Principal, Stop> {
        let principal = self.verifiers.verify(presented, call)?;
        trail.entry.tenant = Some(principal.tenant().to_string());
        trail.entry.account = Some(principal.account().to_string());
        trail.entry.credential = Some(principal.credential().clone());
        Ok(principal)
    }

    /// Records a stop that has no entry yet, before it is told. If that fails, the failure is the stop.
    async fn record(&self, stop: Stop, trail: &mut Trail) -> Stop {
        if let Stop::Screen(ScreenError::Denied(_, decision_id)) = &stop {
            trail.entry.batch = None;
            trail
                .entry
                .detail
                .insert("answer_decision".to_owned(), decision_id.clone());
        }
        let Some(entry) = stop_entry(&stop, &trail.entry) else {
            return stop;
        };
        let recorded = async { self.ledger.append(Draft::new(&entry)?).await };
        match recorded.await {
            Ok(_receipt) => stop,
            Err(error) => Stop::Ledger(error),
        }
    }

    /// Records a stop at the edge, before the corridor: `why` is for auditors alone.
    pub async fn refuse(
        &self,
        trail: &Trail,
        stage: Stage,
        code: &str,
        why: Option<&str>,
    ) -> Result<(), LedgerError> {
        let entry = Entry {
            effect: Some(Effect::Deny),
            stage: Some(stage),
            code: Some(code.to_owned()),
            authentication_error: why.map(str::to_owned),
            ..trail.entry.clone()
        };
        let _receipt = self.ledger.append(Draft::new(&entry)?).await?;
        Ok(())
    }

    /// Writes down how a permitted request ended: the status and bytes that its caller got. Not waited for.
    pub async fn close(&self, trail: Trail, status: u16, code: &str, bytes: u64) {
        if !trail.permitted {
            return;
        }
        let entry = outcome_entry(trail, status, code, bytes);
        let noted = async { self.ledger.note(Draft::new(&entry)?).await };
        if let Err(error) = noted.await {
            tracing::error!(%error, decision.id = entry.decision_id, "the outcome could not be recorded");
        }
    }
}

/// What was asked for, also where no ruling comes to say it.
fn note_ask(ask: &Ask, entry: &mut Entry) {
    entry.site_asked = Some(shorten(&ask.site.to_string(), 256));
    entry.act_as = ask.act_as.as_ref().map(ToString::to_string);
    entry.resource = Some(Resource {
        r#type: "issue".to_owned(),
        id: ask.issue.to_string(),
        project: None,
    });
}

/// Entries of stops that no ruling wrote. A ruling's denial is in the log already; so is an answer's.
fn stop_entry(stop: &Stop, base: &Entry) -> Option<Entry> {
    let denied = |stage, code: &str| Entry {
        effect: Some(Effect::Deny),
        stage: Some(stage),
        code: Some(code.to_owned()),
        ..base.clone()
    };
    match stop {
        Stop::Identity(error) => Some(Entry {
            authentication_error: Some(error.code().to_owned()),
            tenant_claimed: error.claimed().map(str::to_owned),
            ..denied(Stage::Authenticate, "unauthenticated")
        }),
        Stop::Resolve(ResolveError) => Some(denied(Stage::Resolve, "site_unknown")),
        Stop::NoPolicies => Some(denied(Stage::Policy, "no_policies")),
        Stop::Denied(denial) if denial.breach => {
            tracing::error!(
                decision.id = base.decision_id,
                "ALARM: policies allowed another tenant's resource"
            );
            (!denial.is_logged).then(|| denied(Stage::Policy, "tenant_breach"))
        }
        Stop::Denied(_) | Stop::Ledger(_) | Stop::Upstream(_) | Stop::Screen(_) => None,
    }
}

fn outcome_entry(trail: Trail, status: u16, code: &str, bytes: u64) -> Entry {
    let Trail {
        entry,
        spent,
        exchange,
        withheld,
        ..
    } = trail;
    let outcome = Outcome {
        atlassian_trace_id: exchange.trace_id,
        bytes,
        cache_hits: exchange
            .token_cached
            .then(|| "token".to_owned())
            .into_iter()
            .collect(),
        status,
        us: spent,
        upstream_status: exchange.status,
        withheld_fields: withheld,
    };
    Entry {
        kind: Kind::Outcome,
        decision_id: entry.decision_id,
        request_id: entry.request_id,
        tenant: entry.tenant,
        account: entry.account,
        code: Some(code.to_owned()),
        detail: entry.detail,
        outcome: Some(outcome),
        ..Entry::default()
    }
}

/// Time since the last door.
struct Lap {
    watch: Stopwatch,
    last_us: u64,
}

impl Lap {
    fn start(clock: &Clock) -> Self {
        Self {
            watch: clock.stopwatch(),
            last_us: 0,
        }
    }

    fn lap(&mut self) -> u64 {
        let now_us = self.watch.elapsed_us();
        now_us - std::mem::replace(&mut self.last_us, now_us)
    }
}
