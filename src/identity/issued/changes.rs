//! Opening sessions, making keys, ending both: each one transaction with its record, and with the token that it was exchanged for. A
//! credential is shown once, to whoever made it. What is ended is in force when the call returns.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::db::{BoxFuture, Connection, DbError};
use crate::identity::principal::Principal;
use crate::identity::spendable::Spendable;
use crate::ledger::Draft;
use crate::ledger::entry::{Entry, Kind as EntryKind};
use crate::tenant::{AccountId, Tenant, TenantId};

use super::error::IssueError;
use super::listing::Whose;
use super::text::Kind;
use super::{Issued, store};

mod key;
mod many;
mod session;
mod wanted;

pub use key::Made;
pub use session::Opened;
pub use wanted::{NewKey, Rotation};

/// Whose key is to be made, as far as that was verified.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The tenant.
    pub tenant: TenantId,
    /// Its epoch at that time.
    pub epoch: u64,
    /// The account.
    pub account: AccountId,
}

impl Owner {
    /// Of a verified principal.
    #[must_use]
    pub fn of(principal: &Principal) -> Self {
        Self {
            tenant: principal.tenant().clone(),
            epoch: principal.epoch(),
            account: principal.account().clone(),
        }
    }

    /// An account of a tenant, as an operator names it.
    #[must_use]
    pub fn named(tenant: &Tenant, account: AccountId) -> Self {
        Self {
            tenant: tenant.id.clone(),
            epoch: tenant.epoch,
            account,
        }
    }
}

/// Until then after its `exp` a token may still be accepted, so it is remembered as long.
const LEEWAY_S_MAX: i64 = 30;

/// A token that is exchanged, to be written down in the transaction that it is exchanged in.
struct Spent {
    hash: [u8; 32],
    until: i64,
}

impl Spent {
    fn of(token: &Spendable) -> Self {
        Self {
            hash: *token.token_hash(),
            until: token.exp().saturating_add(LEEWAY_S_MAX),
        }
    }

    async fn write(&self, connection: &mut Connection, now: Timestamp) -> Result<(), IssueError> {
        if store::spend(connection, &self.hash, self.until, now).await? {
            Ok(())
        } else {
            Err(IssueError::Replayed)
        }
    }
}

/// What a transaction did.
struct Changed<T> {
    outcome: T,
    /// What ends.
    strikes: Vec<Strike>,
}

/// A credential that ends at `at`.
struct Strike {
    id: String,
    hash: [u8; 32],
    at: Timestamp,
}

impl<T> Changed<T> {
    const fn only(outcome: T) -> Self {
        Self {
            outcome,
            strikes: Vec::new(),
        }
    }
}

impl Issued {
    /// Ends a session.
    pub async fn end_session(
        &self,
        id: &str,
        whose: Whose<'_>,
        by: &str,
        entry: Entry,
    ) -> Result<(), IssueError> {
        self.end(Kind::Session, id, whose, by, entry).await
    }

    /// Revokes a key.
    pub async fn revoke_key(
        &self,
        id: &str,
        whose: Whose<'_>,
        by: &str,
        entry: Entry,
    ) -> Result<(), IssueError> {
        self.end(Kind::Key, id, whose, by, entry).await
    }

    /// Asked in the transaction that makes a credential: between the check of the token and this moment somebody may have closed the
    /// door, and what is made now would be good when it opens again.
    async fn require_standing(
        &self,
        connection: &mut Connection,
        owner: &Owner,
    ) -> Result<(), IssueError> {
        let (under, account) = ((&owner.tenant, owner.epoch), &owner.account);
        let tenants = &self.0.parts.tenants;
        if tenants.still_holds(connection, under, account).await? {
            Ok(())
        } else {
            Err(IssueError::Outlived)
        }
    }

    fn require_nonce(
        &self,
        page: Option<&str>,
        owner: &Owner,
        now: Timestamp,
    ) -> Result<(), IssueError> {
        let is_ours = |nonce| self.is_nonce_of(nonce, &owner.tenant, &owner.account, now);
        if page.is_none_or(is_ours) {
            Ok(())
        } else {
            Err(IssueError::ForeignPage)
        }
    }

    async fn end(
        &self,
        kind: Kind,
        id: &str,
        whose: Whose<'_>,
        by: &str,
        entry: Entry,
    ) -> Result<(), IssueError> {
        let parts = &self.0.parts;
        let (now, ledger) = (parts.clock.now(), parts.ledger.clone());
        let (id, by) = (id.to_owned(), by.to_owned());
        let (tenant, account) = whose.owned();
        self.change(move |connection| {
            Box::pin(async move {
                let whose = Whose::of(tenant.as_ref(), account.as_ref());
                let struck = store::end(connection, kind, &id, whose, &by, now).await?;
                let struck = struck.ok_or(IssueError::NoSuch(match kind {
                    Kind::Session => "session",
                    Kind::Key => "key",
                }))?;
                let draft = Draft::new(&end_record(entry, kind, &id, &struck, by))?;
                ledger.append_in(connection, draft).await?;
                let hash = struck.hash;
                Ok(Changed {
                    outcome: (),
                    strikes: vec![Strike { id, hash, at: now }],
                })
            })
        })
        .await
    }

    /// Carries `work` out in one transaction, then lets what ended end everywhere. A client that hangs up takes its handler's future
    /// with it, and the transaction commits nevertheless: both run in a task of their own.
    async fn change<T, F>(&self, work: F) -> Result<T, IssueError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<Changed<T>, IssueError>>
            + Send
            + 'static,
    {
        let issued = self.clone();
        let task = tokio::spawn(async move {
            let changed = issued.0.parts.db.transact(work).await;
            if let Err(IssueError::Db(_) | IssueError::Ledger(_)) = &changed {
                // A commit that failed may stand nevertheless: nothing of before is believed any more.
                issued.0.cache.invalidate_all();
            }
            let changed = changed?;
            for strike in &changed.strikes {
                issued.strike(strike).await;
            }
            Ok(changed.outcome)
        });
        task.await.unwrap_or_else(|_| Err(DbError::Stopped.into()))
    }

    /// Listed before it leaves the cache: a reading that is under way finds it in the list when it is kept.
    async fn strike(&self, strike: &Strike) {
        let now = self.0.parts.clock.now();
        self.0.ends.list(&strike.id, strike.at, now);
        self.0.cache.invalidate(&strike.hash).await;
    }
}

/// The record of a change, on the request's own record where a request made it.
fn record(
    base: Entry,
    owner: &Owner,
    operation: &str,
    by: String,
    detail: BTreeMap<String, String>,
) -> Entry {
    Entry {
        kind: EntryKind::Admin,
        operation: Some(operation.to_owned()),
        by: Some(by),
        tenant: Some(owner.tenant.to_string()),
        detail,
        ..base
    }
}

fn end_record(base: Entry, kind: Kind, id: &str, struck: &store::Struck, by: String) -> Entry {
    let (what, operation) = match kind {
        Kind::Session => ("session", "session.ended"),
        Kind::Key => ("key", "key.revoked"),
    };
    let detail = [(what, id.to_owned()), ("account", struck.account.clone())];
    Entry {
        kind: EntryKind::Admin,
        operation: Some(operation.to_owned()),
        by: Some(by),
        tenant: Some(struck.tenant.clone()),
        detail: detail.map(|(name, value)| (name.to_owned(), value)).into(),
        ..base
    }
}
