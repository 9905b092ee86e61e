//! Grants: given and taken back. Called by `control`, `identity` and `gateway`.
//! A revocation must be in force when the call returns. It ends what acts under the grant and nothing else: a person may take a grant
//! back at any time, and must not be able to disturb the requests of others by it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::db::{BoxFuture, Connection, DbError};
use crate::ledger::Draft;
use crate::ledger::entry::{Entry, Kind};
use crate::tenant::registry::{Changed, Tenants};
use crate::tenant::{AccountId, Grant, SharedTenant, TenantError, TenantId, store};

use super::by::Bound;
use super::{By, only};

/// A grant to be given.
#[derive(Clone, Debug)]
pub struct NewGrant {
    /// Who may.
    pub account: AccountId,
    /// As whom.
    pub act_as: AccountId,
    /// Names of actions or of groups of them.
    pub actions: Vec<String>,
    /// Until when; for ever if missing.
    pub expires_at: Option<Timestamp>,
    /// What for.
    pub reason: String,
}

/// The most grants that an account of a tenant has in force: each is looked at in every request of the account.
const HELD_MAX: i64 = 256;
/// The most that a person gives to act as oneself, those of a day and those in force.
const IN_NAME_MAX: i64 = 50;
/// The most that an administrator gives, likewise.
const BY_ADMINISTRATOR_MAX: i64 = 500;
const DAY: Duration = Duration::from_hours(24);
/// The most on a site that its people give: all of them are in memory.
const SITE_MAX: i64 = 10_000;
/// What ended so long ago is in the log alone.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(30 * 24);

impl Tenants {
    /// Gives a grant as an operator; gives its id.
    pub async fn give(
        &self,
        tenant: &TenantId,
        new: NewGrant,
        by: &str,
    ) -> Result<String, TenantError> {
        let given =
            self.give_after::<TenantError, _>(tenant, new, by, |_| Box::pin(async { Ok(()) }));
        Ok(given.await?.id)
    }

    /// Gives a grant in one transaction with `first`, which can still refuse it.
    pub async fn give_after<E, F>(
        &self,
        tenant: &TenantId,
        new: NewGrant,
        by: impl Into<By>,
        first: F,
    ) -> Result<Grant, E>
    where
        E: From<TenantError> + From<DbError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<(), E>> + Send + 'static,
    {
        let by = by.into();
        let now = self.0.parts.clock.now();
        check(&new, now)?;
        let grant = Grant {
            id: format!("grant_{}", self.0.parts.chance.uuid(now)),
            account: new.account,
            act_as: new.act_as,
            actions: new.actions,
            expires_at: new.expires_at,
            reason: new.reason,
            given_by: by.name.clone(),
            given_at: now,
        };
        if !by.may_give(tenant, &grant) {
            return Err(TenantError::NotToGive.into());
        }
        let bound = by.bound_of_grants();
        let draft = draft(tenant, "grant.created", by, describe(&grant))?;
        let (owner, ledger) = (tenant.clone(), self.0.parts.ledger.clone());
        self.change(move |connection| {
            Box::pin(async move {
                first(connection).await?;
                let lately = now.minus(DAY);
                let beside = store::count_grants(connection, &owner, &grant, now, lately).await?;
                require_room(beside, &grant, bound)?;
                let forget_before = now.minus(FORGOTTEN_AFTER);
                store::give(connection, &owner, &grant, forget_before).await?;
                let recorded = ledger.append_in(connection, draft).await;
                recorded.map_err(TenantError::from)?;
                Ok(Changed {
                    tenants: vec![owner],
                    blocks: Vec::new(),
                    outcome: grant,
                })
            })
        })
        .await
    }

    /// Takes a grant back; what acts under it ends.
    pub async fn take_back(&self, grant: &str, by: impl Into<By>) -> Result<(), TenantError> {
        let by = by.into();
        let owner = self.owner_of(grant, &by);
        let owner = owner.ok_or_else(|| TenantError::UnknownGrant(grant.to_owned()))?;
        let name = by.name.clone();
        let detail = BTreeMap::from([("grant".to_owned(), grant.to_owned())]);
        let draft = draft(&owner.id, "grant.revoked", by, detail)?;
        let (id, ledger) = (grant.to_owned(), self.0.parts.ledger.clone());
        let now = self.0.parts.clock.now();
        self.change(move |connection| {
            Box::pin(async move {
                let owner = store::take_back(connection, &id, &name, now).await?;
                let owner = owner.ok_or(TenantError::UnknownGrant(id))?;
                ledger.append_in(connection, draft).await?;
                Ok(only(owner))
            })
        })
        .await
    }

    /// The tenant of a grant that `by` may take back. What is another's is not there, and is not searched: how many grants there are
    /// elsewhere must neither cost a caller anything nor be told by the time it takes.
    fn owner_of(&self, grant: &str, by: &By) -> Option<SharedTenant> {
        let now = self.0.parts.clock.now();
        let may = |tenant: &SharedTenant| {
            let given = tenant.grant(grant, now);
            given.is_some_and(|given| by.may_take_back(&tenant.id, given))
        };
        match by.within() {
            Some(only) => self.current(only).filter(may),
            None => self.all().into_iter().find(may),
        }
    }
}

fn check(new: &NewGrant, now: Timestamp) -> Result<(), TenantError> {
    if new.account == new.act_as {
        return Err(TenantError::Grant(
            "an account needs no grant to act as itself",
        ));
    }
    if new.actions.is_empty() {
        return Err(TenantError::Grant(
            "a grant names at least one action or group of actions, such as `read`",
        ));
    }
    if new.expires_at.is_some_and(|end| end <= now) {
        return Err(TenantError::Grant("the grant would have ended already"));
    }
    Ok(())
}

fn require_room(beside: store::Beside, grant: &Grant, bound: Bound) -> Result<(), TenantError> {
    let full = |there: i64, max: i64| (there >= max).then_some(max);
    if let Some(max) = full(beside.held, HELD_MAX) {
        return Err(TenantError::TooManyGrants(grant.account.clone(), max));
    }
    let of_giver = match bound {
        Bound::Operator => return Ok(()),
        Bound::Administrator => full(beside.given, BY_ADMINISTRATOR_MAX),
        Bound::Person => full(beside.in_name, IN_NAME_MAX),
    };
    if let Some(max) = of_giver {
        return Err(TenantError::TooManyGiven(max));
    }
    match full(beside.all, SITE_MAX) {
        Some(max) => Err(TenantError::TooManyOfSite(max)),
        None => Ok(()),
    }
}

fn describe(grant: &Grant) -> BTreeMap<String, String> {
    let mut detail = BTreeMap::from([
        ("grant".to_owned(), grant.id.clone()),
        ("account".to_owned(), grant.account.to_string()),
        ("act_as".to_owned(), grant.act_as.to_string()),
        ("actions".to_owned(), grant.actions.join(" ")),
        ("reason".to_owned(), grant.reason.clone()),
    ]);
    if let Some(end) = grant.expires_at {
        detail.insert("expires_at".to_owned(), end.rfc3339());
    }
    detail
}

fn draft(
    tenant: &TenantId,
    operation: &str,
    by: By,
    detail: BTreeMap<String, String>,
) -> Result<Draft, TenantError> {
    let entry = Entry {
        kind: Kind::Admin,
        operation: Some(operation.to_owned()),
        by: Some(by.name),
        tenant: Some(tenant.to_string()),
        detail,
        ..by.entry
    };
    Ok(Draft::new(&entry)?)
}
