//! May it leave: an answer of Jira is decided again where it is not what was decided, and only what was asked for goes on. Used by
//! `gateway`.
//! Nothing of an answer may reach a caller before the decision about it is durable.

mod issue;
mod mention;
mod object;
mod reply;
mod site;

use bytes::Bytes;

use crate::clock::{Chance, Clock};
use crate::decision::{DeniedError, Permit};
use crate::ledger::{Ledger, LedgerError};
use crate::tenant::{SiteRead, Thing};
use crate::upstream::{Answer, Jira, Revoked};

pub use issue::NotAnIssue;
pub use reply::Reply;
pub use site::NotOfSite;

use issue::{Identity, Issue};

/// Why an answer does not leave.
#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    /// Jira says that there is no such issue for this user.
    #[error("Jira knows no such issue for this user")]
    NotVisible,
    /// The issue that came back is not one that the principal may see.
    #[error("the issue that came back is denied")]
    Denied(#[source] DeniedError, String),
    /// Jira does not accept the request.
    #[error("Jira does not accept the request")]
    Refused,
    /// Jira has had enough; after so many seconds it may have more.
    #[error("Jira limits requests")]
    Limited(Option<u64>),
    /// Jira failed.
    #[error("Jira answered with status {0}")]
    Broken(u16),
    /// The answer makes no sense.
    #[error(transparent)]
    NotAnIssue(#[from] NotAnIssue),
    /// Jira says that this user does not administer the site.
    #[error("Jira says that this user does not administer the site")]
    NotAdministrator,
    /// The answer is not what the site was asked for.
    #[error(transparent)]
    NotOfSite(#[from] NotOfSite),
    /// What the request rests on ended while the answer was decided.
    #[error(transparent)]
    Revoked(#[from] Revoked),
    /// The decision about the answer could not be recorded.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Decides answers.
#[derive(Clone, Debug)]
pub struct Screen {
    ledger: Ledger,
    jira: Jira,
    clock: Clock,
    chance: Chance,
}

impl Screen {
    /// A screen that records in `ledger`, and asks Jira what decisions need to know.
    #[must_use]
    pub fn new(ledger: Ledger, jira: Jira, clock: Clock, chance: Chance) -> Self {
        Self {
            ledger,
            jira,
            clock,
            chance,
        }
    }

    /// Lets out of an answer what may leave. The names of what was held back land in `withheld`.
    pub async fn release(
        &self,
        answer: Answer,
        withheld: &mut Vec<String>,
    ) -> Result<Reply, ScreenError> {
        let (permit, status, retry_after_s, body) = answer.open_for_screening();
        match status {
            200 => {}
            403 | 404 | 410 => return Err(ScreenError::NotVisible),
            400 => return Err(ScreenError::Refused),
            429 => return Err(ScreenError::Limited(retry_after_s)),
            status => return Err(ScreenError::Broken(status)),
        }
        if let Thing::Site(read) = permit.resource().thing() {
            let (text, held) = site::release(*read, &body, permit.act_as())?;
            *withheld = held;
            let is_about_admins = *read == SiteRead::Administrators;
            let reply = Reply::new(Bytes::from(text));
            return Ok(if is_about_admins {
                reply.about(permit)
            } else {
                reply
            });
        }
        let issue = Issue::read(&body)?;
        let (text, held) = issue.release(permit.reading());
        *withheld = held;
        if !is_what_was_decided(&permit, &issue.identity) {
            // In a box: few answers are decided again, and every request has to have room for it.
            Box::pin(self.decide_again(permit, issue.identity)).await?;
        }
        Ok(Reply::new(Bytes::from(text)))
    }

    /// Moved issues and numeric ids come back as issues that nobody has decided yet.
    async fn decide_again(&self, permit: Permit, found: Identity) -> Result<(), ScreenError> {
        // A key belongs to its project: an answer that says otherwise cannot be decided.
        if found.key.project() != found.project {
            return Err(NotAnIssue.into());
        }
        let now = self.clock.now();
        let decision_id = self.chance.uuid(now).to_string();
        let (rules, query) = permit.reopen(found.key, now, decision_id.clone());
        // Groups may bear on the issue that came back, though they did not on what was asked for.
        let ruling = self.jira.decide(rules, query, &self.ledger).await?;
        let receipt = self.ledger.append(ruling.entry()).await?;
        match ruling.seal(receipt) {
            // Jira and the log took their time: what ended meanwhile lets no answer go.
            Ok(permit) => Ok(self.jira.stands(&permit)?),
            Err(denied) => Err(ScreenError::Denied(denied, decision_id)),
        }
    }
}

fn is_what_was_decided(permit: &Permit, found: &Identity) -> bool {
    match permit.resource().thing() {
        Thing::Issue(key) => *key == found.key && key.project() == found.project,
        Thing::IssueById(_) | Thing::Site(_) => false,
    }
}
