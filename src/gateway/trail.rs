//! What is written down of a request on its way, and becomes the outcome's record at its end. Used by `gateway` and `http`.
//! A permit must never be used without an outcome due: also a request whose client went away leaves one.

use std::task::{Context, Waker};

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::clock::{Clock, Stopwatch};
use crate::decision::{Action, Target};
use crate::identity::Principal;
use crate::ledger::entry::{Entry, Kind, Outcome, Resource, Spent, Stage, shorten};
use crate::ledger::{Draft, Ledger, LedgerError};
use crate::screen::ScreenError;
use crate::tenant::registry::SiteAsked;
use crate::tenant::{AccountId, IssueRef, TenantId, Thing};
use crate::upstream::{Exchange, TokenFailure, UpstreamError};

use super::Stop;
use super::errand::Errand;

/// The code of a request whose client did not wait for its end.
const CLIENT_GONE: &str = "client_gone";

/// What is written down on the way, and becomes the outcome's record at its end.
#[derive(Debug)]
pub struct Trail {
    /// The request's part of every entry about it.
    pub entry: Entry,
    pub(super) spent: Spent,
    pub(super) exchange: Exchange,
    pub(super) withheld: Vec<String>,
    /// The door at which a permitted request failed.
    stage: Option<Stage>,
    /// Where an outcome is due, once something was allowed.
    due: Option<Ledger>,
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
            stage: None,
            due: None,
        }
    }

    /// The id that the caller is told.
    #[must_use]
    pub fn decision_id(&self) -> &str {
        self.entry.decision_id.as_deref().unwrap_or_default()
    }

    /// Writes down who asks.
    pub(super) fn note_principal(&mut self, principal: &Principal) {
        self.entry.tenant = Some(principal.tenant().to_string());
        self.entry.account = Some(principal.account().to_string());
        self.entry.credential = Some(principal.credential().clone());
        self.entry.tenant_basis = Some(principal.tenant_basis());
    }

    /// Writes down whose request it is that is nobody's.
    pub(super) fn note_tenant(&mut self, tenant: &TenantId) {
        self.entry.tenant = Some(tenant.to_string());
    }

    /// Writes down the site as the caller wrote it.
    pub fn note_site(&mut self, written: &str) {
        self.entry.site_asked = Some(shorten(written, 256));
    }

    /// Writes down the issue that is read.
    pub fn note_issue(&mut self, issue: &IssueRef) {
        let action = Action::reading(&Thing::from(issue.clone()));
        self.note_thing(action, Some(issue), &SiteAsked::Own);
    }

    /// Writes down what is to be done, and to what. A site without a name is known once it is resolved.
    pub(super) fn note_thing(
        &mut self,
        action: Action,
        issue: Option<&IssueRef>,
        site: &SiteAsked,
    ) {
        self.entry.action = Some(action.as_str().to_owned());
        self.entry.resource = match issue {
            Some(issue) => Some(Resource {
                r#type: "issue".to_owned(),
                id: issue.to_string(),
                project: match issue {
                    IssueRef::Key(key) => Some(key.project().to_string()),
                    IssueRef::Id(_) => None,
                },
            }),
            None => site.name().map(|name| Resource {
                r#type: "site".to_owned(),
                id: shorten(&name, 256),
                project: None,
            }),
        };
    }

    /// Writes down the site, where it is named.
    pub(super) fn note_asked(&mut self, site: &SiteAsked) {
        if let (None, Some(name)) = (&self.entry.site_asked, site.name()) {
            self.note_site(&name);
        }
    }

    /// Writes down as whom.
    pub fn note_act_as(&mut self, account: &AccountId) {
        self.entry.act_as = Some(account.to_string());
    }

    /// What was asked for, also where no ruling comes to say it.
    pub(super) fn note_errand(&mut self, ask: &Errand) {
        self.note_asked(&ask.site);
        match &ask.target {
            Target::Issue(issue, _) => self.note_issue(issue),
            Target::Site(read, _) => {
                let action = Action::reading(&Thing::Site(*read));
                self.note_thing(action, None, &ask.site);
            }
        }
        if let Some(account) = &ask.act_as {
            self.note_act_as(account);
        }
    }

    /// What the outcome's record says of a stop after the permit.
    pub(super) fn note_stop(&mut self, stop: &Stop) {
        self.stage = failed_at(stop);
        let detail = match stop {
            Stop::Screen(ScreenError::Denied(_, id)) => Some(("answer_decision", &**id)),
            // The caller is told no more than whoever's credential is not good; auditors are.
            Stop::Upstream(UpstreamError::ForeignToken) => Some(("cause", "foreign_user_token")),
            _ => None,
        };
        let detail = detail.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.entry.detail.extend(detail);
    }

    /// From here on something is done that must have an end in the log.
    pub(super) fn owe_outcome(&mut self, ledger: &Ledger) {
        self.due = Some(ledger.clone());
    }

    /// Hands in the outcome, if one is due. What comes back is still waiting for a place in the queue.
    pub(super) fn end(&mut self, status: u16, code: &str, bytes: u64) -> Option<JoinHandle<()>> {
        let ledger = self.due.take()?;
        let entry = self.outcome(status, code, bytes);
        let decision_id = entry.decision_id.clone();
        let noting = async move {
            let noted = async { ledger.note(Draft::new(&entry)?).await };
            if let Err(error) = noted.await {
                complain(&error, decision_id.as_deref());
            }
        };
        let mut noting = Box::pin(noting);
        // As a rule there is a place at once. To wait is another task's: it goes on where this one is dropped.
        let mut context = Context::from_waker(Waker::noop());
        if noting.as_mut().poll(&mut context).is_ready() {
            return None;
        }
        Some(Handle::try_current().ok()?.spawn(noting))
    }

    fn outcome(&mut self, status: u16, code: &str, bytes: u64) -> Entry {
        let entry = std::mem::take(&mut self.entry);
        let exchange = std::mem::take(&mut self.exchange);
        let outcome = Outcome {
            atlassian_trace_id: exchange.trace_id,
            bytes,
            cache_hits: exchange
                .token_cached
                .then(|| "token".to_owned())
                .into_iter()
                .collect(),
            status,
            us: self.spent,
            upstream_status: exchange.status,
            withheld_fields: std::mem::take(&mut self.withheld),
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
            stage: self.stage,
            ..Entry::default()
        }
    }
}

/// A client that hangs up takes the request's task with it, before anything is closed. What was done for it is recorded all the same.
impl Drop for Trail {
    fn drop(&mut self) {
        let _waits_on_its_own = self.end(0, CLIENT_GONE, 0);
    }
}

fn complain(error: &LedgerError, decision_id: Option<&str>) {
    tracing::error!(%error, decision.id = decision_id, "the outcome could not be recorded");
}

/// Where a permitted request failed, if it was not the screen that held it back.
fn failed_at(stop: &Stop) -> Option<Stage> {
    match stop {
        Stop::Screen(ScreenError::Limited(_)) => Some(Stage::Limit),
        Stop::Upstream(UpstreamError::Token(failure))
            if matches!(**failure, TokenFailure::Limited(_)) =>
        {
            Some(Stage::Limit)
        }
        Stop::Upstream(
            UpstreamError::Token(_)
            | UpstreamError::Outbound(_)
            | UpstreamError::Deadline
            | UpstreamError::NoCloudId
            | UpstreamError::ForeignToken
            | UpstreamError::Unauthorized,
        )
        | Stop::Screen(
            ScreenError::Broken(_) | ScreenError::NotAnIssue(_) | ScreenError::NotOfSite(_),
        ) => Some(Stage::Upstream),
        Stop::Screen(ScreenError::NotAdministrator) => Some(Stage::Answer),
        _ => None,
    }
}

/// Time since the last door.
pub(super) struct Lap {
    watch: Stopwatch,
    last_us: u64,
}

impl Lap {
    pub(super) fn start(clock: &Clock) -> Self {
        Self {
            watch: clock.stopwatch(),
            last_us: 0,
        }
    }

    pub(super) fn lap(&mut self) -> u64 {
        let now_us = self.watch.elapsed_us();
        now_us - std::mem::replace(&mut self.last_us, now_us)
    }
}
