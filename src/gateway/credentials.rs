//! What tokens of Jira are exchanged for, and what people manage of their own: pages, sessions, keys. Used by `http`.
//! Each of these is on record before its caller learns of it, with the request that asked; a refused one as well.

use std::net::IpAddr;

use crate::identity::issued::{IssueError, LookupError, Made, NewKey, Opened, Rotation, Whose};
use crate::identity::presented::{Call, Presented};
use crate::identity::verify::{ConnectKind, IdentityError};
use crate::identity::{Principal, Spendable};
use crate::ledger::entry::{Effect, Entry, Stage};
use crate::tenant::registry::SiteAsked;

use super::{Gateway, Stop, Trail};

/// A key that somebody asks for.
#[derive(Debug)]
pub enum Wanted {
    /// A new one.
    New(NewKey),
    /// The successor of one's own.
    Rotation(Rotation),
}

/// What somebody came with who manages what is their own.
#[derive(Clone, Copy, Debug)]
pub struct Managed<'a> {
    /// The credential.
    pub presented: &'a Presented,
    /// The request, for a token that is bound to it.
    pub call: Call<'a>,
    /// The nonce of the page that the request came from, if it says one.
    pub page: Option<&'a str>,
    /// Where the request came from.
    pub ip: IpAddr,
}

impl Gateway {
    /// Exchanges a request token for a page. Gives who opened it.
    pub async fn open_page(&self, by: Managed<'_>, trail: &mut Trail) -> Result<Principal, Stop> {
        let opened = async {
            let token = self.exchange(by, ConnectKind::Request, trail)?;
            Ok(self.issued.open_page(token, trail.entry.clone()).await?)
        };
        let opened: Result<Principal, Stop> = opened.await;
        let opened = self.recorded(opened, trail).await?;
        trail.owe_outcome(&self.ledger);
        Ok(opened)
    }

    /// The context token that somebody wants to exchange: checked before anything else of the request is read.
    pub async fn present(&self, by: Managed<'_>, trail: &mut Trail) -> Result<Spendable, Stop> {
        let token = self.exchange(by, ConnectKind::Context, trail);
        self.recorded(token.map_err(Stop::from), trail).await
    }

    /// Exchanges a context token for a session. `page` is the nonce of the page that asks, if one does.
    pub async fn open_session(
        &self,
        token: Spendable,
        page: Option<&str>,
        trail: &mut Trail,
    ) -> Result<Opened, Stop> {
        let entry = acting(trail, "openSession");
        let opened = self.issued.open_session(token, page, entry).await;
        self.recorded(opened.map_err(Stop::from), trail).await
    }

    /// Exchanges a fresh context token for a client key.
    pub async fn make_key(
        &self,
        token: Spendable,
        page: Option<&str>,
        wanted: Wanted,
        trail: &mut Trail,
    ) -> Result<Made, Stop> {
        let entry = acting(trail, "createKey");
        let made = match wanted {
            Wanted::New(new) => self.issued.make_key_for(&token, page, new, entry).await,
            Wanted::Rotation(rotation) => {
                self.issued
                    .rotate_key_for(&token, page, rotation, entry)
                    .await
            }
        };
        self.recorded(made.map_err(Stop::from), trail).await
    }

    /// Who wants to see or end sessions and keys, and may: a person on a page, never a client key. On record as `action`.
    pub async fn manage(
        &self,
        by: Managed<'_>,
        action: &str,
        trail: &mut Trail,
    ) -> Result<Principal, Stop> {
        let principal = self.manager(by, trail).await;
        let principal = self.recorded(principal, trail).await?;
        self.give(trail, Stage::Authenticate, action).await?;
        Ok(principal)
    }

    /// Ends one's own session, or revokes one's own key.
    pub async fn end_own(
        &self,
        by: Managed<'_>,
        ended: Ended<'_>,
        trail: &mut Trail,
    ) -> Result<(), Stop> {
        let done = async {
            let principal = self.manager(by, trail).await?;
            let whose = Whose::Account(principal.tenant(), principal.account());
            let name = format!("account:{}", principal.account());
            let (issued, entry) = (&self.issued, acting(trail, ended.action()));
            match ended {
                Ended::Session(id) => issued.end_session(id, whose, &name, entry).await?,
                Ended::Key(id) => issued.revoke_key(id, whose, &name, entry).await?,
                Ended::Current => {
                    let hold = principal.hold().filter(|hold| hold.is_session());
                    let hold = hold.ok_or(IssueError::NoSuch("current session"))?;
                    issued.end_session(hold.id(), whose, &name, entry).await?;
                }
            }
            Ok(())
        };
        let done = done.await;
        self.recorded(done, trail).await
    }

    /// What could not be read for somebody who may manage, as a stop on record.
    pub async fn readable<T>(
        &self,
        read: Result<T, LookupError>,
        trail: &mut Trail,
    ) -> Result<T, Stop> {
        let read = read.map_err(|error| Stop::from(IssueError::from(error)));
        self.recorded(read, trail).await
    }

    fn exchange(
        &self,
        by: Managed<'_>,
        kind: ConnectKind,
        trail: &mut Trail,
    ) -> Result<Spendable, IdentityError> {
        let token = self.verifiers.spendable(by.presented, by.call, kind)?;
        trail.note_principal(token.principal());
        Ok(token)
    }

    pub(super) async fn manager(
        &self,
        by: Managed<'_>,
        trail: &mut Trail,
    ) -> Result<Principal, Stop> {
        let at = (&SiteAsked::Own, by.ip);
        let principal = self.verify(by.presented, by.call, at, trail).await?;
        if principal.is_for_requests_alone() {
            return Err(IssueError::NotByKey.into());
        }
        if let Some(hold) = principal.hold()
            && !self.issued.is_of_page(hold, by.page)
        {
            return Err(IssueError::ForeignPage.into());
        }
        self.note_use(&principal);
        Ok(principal)
    }

    pub(super) async fn recorded<T>(
        &self,
        result: Result<T, Stop>,
        trail: &mut Trail,
    ) -> Result<T, Stop> {
        match result {
            Ok(done) => Ok(done),
            Err(stop) => Err(self.record(stop, trail, self.deadline()).await),
        }
    }
}

/// What a person ends.
#[derive(Clone, Copy, Debug)]
pub enum Ended<'a> {
    /// The session that the request came with.
    Current,
    /// A session.
    Session(&'a str),
    /// A key.
    Key(&'a str),
}

impl Ended<'_> {
    const fn action(self) -> &'static str {
        match self {
            Self::Current | Self::Session(_) => "endSession",
            Self::Key(_) => "revokeKey",
        }
    }
}

/// The request's part of the record of a change that it made.
fn acting(trail: &Trail, action: &str) -> Entry {
    Entry {
        action: Some(action.to_owned()),
        effect: Some(Effect::Allow),
        stage: Some(Stage::Authenticate),
        code: Some("allowed".to_owned()),
        ..trail.entry.clone()
    }
}
