//! What operators change: suspension, grants and blocks. Each change is one transaction with its admin record. Called by `control`.
//! A revocation must be in force when the call returns.

mod blocks;
mod by;
mod own;

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::ledger::Draft;
use crate::ledger::entry::{Entry, Kind};

use super::record::{Grant, SharedTenant};
use super::registry::{Changed, Tenants};
use super::{AccountId, TenantError, TenantId, store};

pub use blocks::NewBlock;
pub use by::{By, is_of_site};

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
const GRANTS_MAX: usize = 256;

impl Tenants {
    /// Switches a tenant off for `reason`: tokens, requests in flight and cached user tokens of it are worth nothing from now on.
    pub async fn suspend(
        &self,
        tenant: &TenantId,
        reason: String,
        by: &str,
    ) -> Result<(), TenantError> {
        self.switch(tenant, Some(reason), by).await
    }

    /// Switches a tenant on again.
    pub async fn resume(&self, tenant: &TenantId, by: &str) -> Result<(), TenantError> {
        self.switch(tenant, None, by).await
    }

    async fn switch(
        &self,
        tenant: &TenantId,
        reason: Option<String>,
        by: &str,
    ) -> Result<(), TenantError> {
        let operation = if reason.is_some() {
            "tenant.suspended"
        } else {
            "tenant.resumed"
        };
        let detail = reason
            .iter()
            .map(|reason| ("reason".to_owned(), reason.clone()))
            .collect();
        let draft = Draft::new(&admin(tenant, operation, by, detail))?;
        let (id, now, ledger) = (
            tenant.clone(),
            self.0.parts.clock.now(),
            self.0.parts.ledger.clone(),
        );
        self.change(move |connection| {
            Box::pin(async move {
                if !store::suspend(connection, &id, reason.as_deref(), now).await? {
                    return Err(TenantError::Unknown(id.to_string()));
                }
                ledger.append_in(connection, draft).await?;
                Ok(only(id))
            })
        })
        .await
    }

    /// Gives a grant; gives its id.
    pub async fn give(
        &self,
        tenant: &TenantId,
        new: NewGrant,
        by: &str,
    ) -> Result<String, TenantError> {
        let now = self.0.parts.clock.now();
        check(&new, now)?;
        let id = format!("grant_{}", self.0.parts.chance.uuid(now));
        let grant = Grant {
            id: id.clone(),
            account: new.account,
            act_as: new.act_as,
            actions: new.actions,
            expires_at: new.expires_at,
            reason: new.reason,
            given_by: by.to_owned(),
            given_at: now,
        };
        let draft = Draft::new(&admin(tenant, "grant.created", by, describe(&grant)))?;
        let (owner, ledger) = (tenant.clone(), self.0.parts.ledger.clone());
        self.change(move |connection| {
            Box::pin(async move {
                let account = &grant.account;
                if store::count_grants(connection, &owner, account, now).await? >= GRANTS_MAX {
                    return Err(TenantError::TooManyGrants(account.clone(), GRANTS_MAX));
                }
                store::give(connection, &owner, &grant).await?;
                ledger.append_in(connection, draft).await?;
                Ok(only(owner))
            })
        })
        .await?;
        Ok(id)
    }

    /// Takes a grant back; what acts under it ends.
    pub async fn take_back(&self, grant: &str, by: impl Into<By>) -> Result<(), TenantError> {
        let by = by.into();
        let owner = self
            .owner_of(grant)
            .filter(|owner| by.reaches(Some(&owner.id)))
            .ok_or_else(|| TenantError::UnknownGrant(grant.to_owned()))?;
        let detail = BTreeMap::from([("grant".to_owned(), grant.to_owned())]);
        let entry = Entry {
            kind: Kind::Admin,
            operation: Some("grant.revoked".to_owned()),
            by: Some(by.name.clone()),
            tenant: Some(owner.id.to_string()),
            detail,
            ..by.entry
        };
        let draft = Draft::new(&entry)?;
        let (id, by, ledger) = (grant.to_owned(), by.name, self.0.parts.ledger.clone());
        let now = self.0.parts.clock.now();
        self.change(move |connection| {
            Box::pin(async move {
                let owner = store::take_back(connection, &id, &by, now).await?;
                let owner = owner.ok_or(TenantError::UnknownGrant(id))?;
                ledger.append_in(connection, draft).await?;
                Ok(only(owner))
            })
        })
        .await
    }

    fn owner_of(&self, grant: &str) -> Option<SharedTenant> {
        self.all()
            .into_iter()
            .find(|tenant| tenant.grants().iter().any(|given| given.id == grant))
    }
}

fn only(tenant: TenantId) -> Changed<()> {
    Changed {
        tenants: vec![tenant],
        blocks: Vec::new(),
        outcome: (),
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

fn admin(tenant: &TenantId, operation: &str, by: &str, detail: BTreeMap<String, String>) -> Entry {
    Entry {
        kind: Kind::Admin,
        operation: Some(operation.to_owned()),
        by: Some(by.to_owned()),
        tenant: Some(tenant.to_string()),
        detail,
        ..Entry::default()
    }
}
