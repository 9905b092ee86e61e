//! Ending all keys of a tenant or an account at once, for operators in an incident.
//! Each record names every key that ended with it; nothing may end unnamed.

use crate::ledger::Draft;
use crate::ledger::entry::{Entry, Kind as EntryKind};
use crate::tenant::{AccountId, TenantId};

use super::super::error::IssueError;
use super::super::{Issued, store};
use super::{Changed, Strike};

impl Issued {
    /// Revokes all keys of a tenant, or those of one account on it. Gives how many that were: each is in force no more when this
    /// returns, also one that was made meanwhile.
    pub async fn revoke_keys(
        &self,
        tenant: &TenantId,
        account: Option<&AccountId>,
        by: &str,
    ) -> Result<usize, IssueError> {
        let mut all = 0;
        // A transaction of bounded length after the other: nobody's switches wait for a tenant with very many keys.
        loop {
            let some = self.revoke_some(tenant, account, by).await?;
            all += some;
            if some == 0 {
                return Ok(all);
            }
        }
    }

    /// The tenants on which an account has keys.
    pub async fn tenants_of(&self, account: &AccountId) -> Result<Vec<TenantId>, IssueError> {
        let parts = &self.0.parts;
        Ok(store::tenants_of(parts.db.reads(), account, parts.clock.now()).await?)
    }

    async fn revoke_some(
        &self,
        tenant: &TenantId,
        account: Option<&AccountId>,
        by: &str,
    ) -> Result<usize, IssueError> {
        let parts = &self.0.parts;
        let (now, ledger) = (parts.clock.now(), parts.ledger.clone());
        let (tenant, account, by) = (tenant.clone(), account.cloned(), by.to_owned());
        self.change(move |connection| {
            Box::pin(async move {
                let of = account.as_ref();
                let struck = store::revoke_some(connection, &tenant, of, &by, now).await?;
                if struck.is_empty() {
                    return Ok(Changed::only(0));
                }
                let ids: Vec<&str> = struck.iter().map(|(id, _)| id.as_str()).collect();
                let entry = record(&tenant, of, &by, &ids);
                ledger.append_in(connection, Draft::new(&entry)?).await?;
                let strikes = struck.into_iter().map(|(id, struck)| Strike {
                    id,
                    hash: struck.hash,
                    at: now,
                });
                let strikes: Vec<Strike> = strikes.collect();
                Ok(Changed {
                    outcome: strikes.len(),
                    strikes,
                })
            })
        })
        .await
    }
}

fn record(tenant: &TenantId, account: Option<&AccountId>, by: &str, ids: &[&str]) -> Entry {
    let mut detail = vec![
        ("count".to_owned(), ids.len().to_string()),
        ("keys".to_owned(), ids.join(" ")),
    ];
    detail.extend(account.map(|account| ("account".to_owned(), account.to_string())));
    Entry {
        kind: EntryKind::Admin,
        operation: Some("keys.revoked".to_owned()),
        by: Some(by.to_owned()),
        tenant: Some(tenant.to_string()),
        detail: detail.into_iter().collect(),
        ..Entry::default()
    }
}
