//! Whose turn it is to see a site. An overview reads lists and the log: the administrators of one site see theirs one after the other,
//! and must not keep the administrators of others waiting, however often they ask. Used by `supervision`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::tenant::TenantId;

/// Who may wait behind the one whose turn it is.
const WAITING_MAX: usize = 4;

/// The turns of all tenants; shared by all workers. A tenant's entry is as long as somebody sees or waits.
#[derive(Clone, Debug, Default)]
pub struct Turns(Arc<Mutex<HashMap<TenantId, Arc<Semaphore>>>>);

/// A turn, until it is dropped.
#[must_use]
pub(super) struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Turns {
    /// Waits for a turn; none if too many wait already.
    pub(super) async fn take(&self, tenant: &TenantId) -> Option<Turn> {
        let line = self.line(tenant)?;
        let permit = line.acquire_owned().await;
        permit.ok().map(|permit| Turn { _permit: permit })
    }

    fn line(&self, tenant: &TenantId) -> Option<Arc<Semaphore>> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Only the list itself holds a line in which nobody is.
        lines.retain(|_, line| Arc::strong_count(line) > 1);
        let line = lines
            .entry(tenant.clone())
            .or_insert_with(|| Arc::new(Semaphore::new(1)));
        // One for the list, and one for whoever has the turn.
        (Arc::strong_count(line) < WAITING_MAX + 2).then(|| line.clone())
    }
}
