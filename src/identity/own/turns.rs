//! Whose turn it is to be looked up: a few at once, and of one tenant fewer still. Used by `flights`.
//! A tenant whose site answers slowly must not take the turns of all others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::tenant::TenantId;

/// Of all tenants together.
const AT_ONCE: usize = 64;
/// Of one tenant.
const SHARE: usize = 8;

/// Turns. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    all: Arc<Semaphore>,
    /// Of the tenants of whose credentials some are looked up or wait.
    shares: Arc<Mutex<HashMap<TenantId, Arc<Semaphore>>>>,
}

/// A turn, until it is dropped.
#[must_use]
pub(super) struct Turn {
    _all: OwnedSemaphorePermit,
    _share: OwnedSemaphorePermit,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self {
            all: Arc::new(Semaphore::new(AT_ONCE)),
            shares: Arc::default(),
        }
    }

    /// Waits for a turn. First for one of the tenant's: whoever waits for that keeps nobody else waiting.
    pub(super) async fn take(&self, tenant: &TenantId) -> Turn {
        let share = acquire(self.share(tenant)).await;
        let all = acquire(self.all.clone()).await;
        Turn {
            _all: all,
            _share: share,
        }
    }

    fn share(&self, tenant: &TenantId) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        // Only the list itself holds a share that nobody has or waits for.
        shares.retain(|_, share| Arc::strong_count(share) > 1);
        let share = shares
            .entry(tenant.clone())
            .or_insert_with(|| Arc::new(Semaphore::new(SHARE)));
        share.clone()
    }
}

async fn acquire(turns: Arc<Semaphore>) -> OwnedSemaphorePermit {
    // INVARIANT: nothing in this file closes them.
    let permit = turns.acquire_owned().await;
    permit.expect("turns are never closed")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    fn tenant(number: usize) -> TenantId {
        format!("tenant-{number}").parse().unwrap()
    }

    async fn has_turn(turns: &Turns, number: usize) -> Option<Turn> {
        let tenant = tenant(number);
        timeout(Duration::ZERO, turns.take(&tenant)).await.ok()
    }

    #[tokio::test]
    async fn one_tenant_takes_its_share_of_the_turns_and_leaves_the_rest_to_others() {
        let turns = Turns::new();
        let mut taken = Vec::new();
        for _ in 0..AT_ONCE {
            taken.extend(has_turn(&turns, 0).await);
        }
        assert_eq!(taken.len(), SHARE);
        for other in 1..AT_ONCE / SHARE {
            for _ in 0..SHARE {
                taken.extend(has_turn(&turns, other).await);
            }
        }
        assert_eq!(taken.len(), AT_ONCE);
        // All are taken; the first that ends is anybody's.
        assert!(has_turn(&turns, 99).await.is_none());
        taken.pop();
        assert!(has_turn(&turns, 99).await.is_some());
        drop(taken);
        assert!(has_turn(&turns, 0).await.is_some());
        assert_eq!(turns.shares.lock().unwrap().len(), 1);
    }
}
