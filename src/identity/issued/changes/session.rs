//! Pages and sessions: what a verified token of Jira is exchanged for.

use std::time::Duration;

use crate::identity::principal::Principal;
use crate::identity::spendable::Spendable;
use crate::ledger::Draft;
use crate::ledger::entry::{Effect, Entry, Stage};
use crate::secret::Secret;

use super::super::error::IssueError;
use super::super::listing::OpenSession;
use super::super::text::Kind;
use super::super::{Issued, store};
use super::{Changed, Owner, Spent, record};

/// A session, and the one time that it is shown.
#[derive(Debug)]
pub struct Opened {
    /// `gps_…`.
    pub text: Secret,
    /// The rest of it.
    pub session: OpenSession,
}

/// Sessions of one account at once. A page that is left open holds one until it is idle.
const SESSIONS_MAX: usize = 100;
/// Ended sessions are listed no more; their records are in the log.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(30 * 24);

impl Issued {
    /// Exchanges a request token for its page. Gives who opened it, once it is on record.
    pub async fn open_page(&self, token: Spendable, entry: Entry) -> Result<Principal, IssueError> {
        let spent = Spent::of(&token);
        let principal = token.into_principal();
        let entry = Entry {
            action: Some("openPage".to_owned()),
            effect: Some(Effect::Allow),
            stage: Some(Stage::Authenticate),
            code: Some("allowed".to_owned()),
            ..entry
        };
        let (draft, ledger) = (Draft::new(&entry)?, self.0.parts.ledger.clone());
        let now = self.0.parts.clock.now();
        self.change(move |connection| {
            Box::pin(async move {
                spent.write(connection, now).await?;
                ledger.append_in(connection, draft).await?;
                Ok(Changed::only(()))
            })
        })
        .await?;
        Ok(principal)
    }

    /// Exchanges a context token for a session: `page` is the nonce of the page that asks, if one does.
    pub async fn open_session(
        &self,
        token: Spendable,
        page: Option<&str>,
        entry: Entry,
    ) -> Result<Opened, IssueError> {
        let parts = &self.0.parts;
        let now = parts.clock.now();
        let owner = Owner::of(token.principal());
        self.require_nonce(page, &owner, now)?;
        let text = Kind::Session.mint(&parts.chance);
        let session = OpenSession {
            id: format!("session_{}", parts.chance.uuid(now)),
            tenant: owner.tenant.clone(),
            account: owner.account.clone(),
            user_agent: entry.user_agent.clone(),
            made_at: now,
            last_used_at: now,
            ends_at: now.plus(parts.lifetimes.session),
        };
        let detail = [("session".to_owned(), session.id.clone())].into();
        let by = format!("account:{}", owner.account);
        let draft = Draft::new(&record(entry, &owner, "session.opened", by, detail))?;
        let (hash, page) = (
            parts.vault.token_hash(&text),
            page.map(|nonce| self.nonce_hash(nonce)),
        );
        let (spent, ledger) = (Spent::of(&token), parts.ledger.clone());
        let used_since = now.minus(parts.lifetimes.session_idle);
        let (opened, issued) = (session.clone(), self.clone());
        self.change(move |connection| {
            Box::pin(async move {
                spent.write(connection, now).await?;
                issued.require_standing(connection, &owner).await?;
                let named = (&owner.tenant, owner.account.as_str());
                let open = store::count_sessions(connection, named, now, used_since).await?;
                if open >= SESSIONS_MAX {
                    return Err(IssueError::TooMany(SESSIONS_MAX));
                }
                let new = store::NewSession {
                    hash: &hash,
                    session: &session,
                    epoch: owner.epoch,
                    page,
                };
                store::open(connection, &new, now.minus(FORGOTTEN_AFTER)).await?;
                ledger.append_in(connection, draft).await?;
                Ok(Changed::only(()))
            })
        })
        .await?;
        Ok(Opened {
            text,
            session: opened,
        })
    }
}
