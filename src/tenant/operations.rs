//! What operators change: suspension, grants and blocks. Each change is one transaction with its admin record. Called by `control`.
//! A revocation must be in force when the call returns.

mod blocks;
mod by;
mod grants;
mod own;

use std::collections::BTreeMap;

use crate::db::Connection;
use crate::ledger::Draft;
use crate::ledger::entry::{Entry, Kind};

use super::record::State;
use super::registry::{Changed, Tenants};
use super::{TenantError, TenantId, store};

pub use blocks::NewBlock;
pub use by::{By, is_of_site};
pub use grants::NewGrant;

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
                refuse_replaced(connection, &id).await?;
                if !store::suspend(connection, &id, reason.as_deref(), now).await? {
                    return Err(TenantError::Unknown(id.to_string()));
                }
                ledger.append_in(connection, draft).await?;
                Ok(only(id))
            })
        })
        .await
    }
}

/// An import or a link may come between the look at a name and this transaction, or the name may be an old client key from a log: the
/// operator would believe in a block or a suspension that keeps nobody out.
async fn refuse_replaced(
    connection: &mut Connection,
    tenant: &TenantId,
) -> Result<(), TenantError> {
    let standing = store::standing(connection, tenant).await?;
    match standing.map(|standing| standing.state) {
        Some(State::Replaced) => Err(TenantError::Replaced(tenant.clone())),
        Some(State::Installed | State::Uninstalled) => Ok(()),
        None => Err(TenantError::Unknown(tenant.to_string())),
    }
}

fn only(tenant: TenantId) -> Changed<()> {
    Changed {
        tenants: vec![tenant],
        blocks: Vec::new(),
        outcome: (),
    }
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
