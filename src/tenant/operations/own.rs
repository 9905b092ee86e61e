//! Which credentials of users' own a tenant takes. Called by `control`.
//! What is taken back must be worth nothing when the call returns, for requests under way as well: the tenant's epoch moves.

use std::collections::BTreeMap;

use crate::ledger::Draft;
use crate::tenant::own::OwnKinds;
use crate::tenant::registry::Tenants;
use crate::tenant::{TenantError, TenantId, store};

use super::{admin, only};

impl Tenants {
    /// Takes exactly these kinds from now on.
    pub async fn take_own(
        &self,
        tenant: &TenantId,
        kinds: OwnKinds,
        by: &str,
    ) -> Result<(), TenantError> {
        let words = kinds.words().join(" ");
        let told = if words.is_empty() { "none" } else { &words };
        let detail = BTreeMap::from([("own_credentials".to_owned(), told.to_owned())]);
        let draft = Draft::new(&admin(tenant, "tenant.own_credentials", by, detail))?;
        let (id, now, ledger) = (
            tenant.clone(),
            self.0.parts.clock.now(),
            self.0.parts.ledger.clone(),
        );
        self.change(move |connection| {
            Box::pin(async move {
                if !store::take_own(connection, &id, &words, now).await? {
                    return Err(TenantError::NotInstalled(id));
                }
                ledger.append_in(connection, draft).await?;
                Ok(only(id))
            })
        })
        .await
    }
}
