//! Whose credentials were good, by tenant: for a day, so also once what was confirmed is no longer believed. Used by this folder.
//! Each tenant has a part of its own, so that whoever fills it, with however many credentials, pushes out nobody of another.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use moka::future::Cache;

use crate::tenant::{Tenant, TenantId};

use super::confirmed::Confirmed;

/// For each tenant, less than a kilobyte each. What is not used makes room for what is.
const PART_MAX: u64 = 5_000;
/// How long whoever had a good credential is remembered.
const REMEMBERED: Duration = Duration::from_hours(24);

/// By keyed hash of tenant, epoch and credential. Shared as a whole: a clone of a cache is a clone of all that it is made of.
type Part = Arc<Cache<[u8; 32], Arc<Confirmed>>>;

/// In place of a tenant where there is none: as long as a client key. What is looked for under it is of epoch 0, which no tenant has.
pub(super) const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// What Atlassian confirmed. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Known(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    part_max: u64,
    of: RwLock<HashMap<TenantId, Part>>,
    /// Always empty, and looked for like any other: to look for somebody at a site that takes no credentials is as much work.
    nobodys: Part,
    nobody: TenantId,
}

impl Known {
    pub(super) fn new() -> Self {
        Self::with(PART_MAX)
    }

    fn with(part_max: u64) -> Self {
        Self(Arc::new(Parts {
            part_max,
            of: RwLock::default(),
            nobodys: part(part_max),
            // INVARIANT: a client key is often a UUID.
            nobody: NOBODY.parse().expect("a UUID is a tenant's id"),
        }))
    }

    pub(super) async fn get(
        &self,
        tenant: Option<&Tenant>,
        hash: &[u8; 32],
    ) -> Option<Arc<Confirmed>> {
        let part = self.part_of(tenant.map_or(&self.0.nobody, |tenant| &tenant.id));
        let part = part.unwrap_or_else(|| self.0.nobodys.clone());
        part.get(hash).await
    }

    /// `stands` tells which tenants still take credentials: the parts of all others go where a new one comes.
    pub(super) async fn keep(
        &self,
        hash: [u8; 32],
        confirmed: Arc<Confirmed>,
        stands: impl Fn(&TenantId) -> bool,
    ) {
        let tenant = confirmed.tenant();
        let part = self
            .part_of(tenant)
            .unwrap_or_else(|| self.new_part(tenant, stands));
        part.insert(hash, confirmed).await;
    }

    pub(super) async fn forget(&self, tenant: &TenantId, hash: &[u8; 32]) {
        if let Some(part) = self.part_of(tenant) {
            part.invalidate(hash).await;
        }
    }

    fn part_of(&self, tenant: &TenantId) -> Option<Part> {
        let parts = self.0.of.read().unwrap_or_else(PoisonError::into_inner);
        parts.get(tenant).cloned()
    }

    fn new_part(&self, tenant: &TenantId, stands: impl Fn(&TenantId) -> bool) -> Part {
        let mut parts = self.0.of.write().unwrap_or_else(PoisonError::into_inner);
        parts.retain(|other, _| stands(other));
        let part = parts
            .entry(tenant.clone())
            .or_insert_with(|| part(self.0.part_max));
        part.clone()
    }
}

fn part(part_max: u64) -> Part {
    let cache = Cache::builder().max_capacity(part_max);
    Arc::new(cache.time_to_idle(REMEMBERED).build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::tenant::own::OwnKind;

    fn confirmed(tenant: &str) -> Arc<Confirmed> {
        let tenant = (tenant.parse().unwrap(), 1);
        let credential = (OwnKind::ApiToken, "own_1".to_owned());
        let owner = ("5b10a2844c20165700ede21g".parse().unwrap(), false);
        let now = Timestamp::from_seconds(1_795_435_200);
        Arc::new(Confirmed::new(tenant, credential, owner, now))
    }

    async fn has(known: &Known, tenant: &str, hash: [u8; 32]) -> bool {
        let part = known.part_of(&tenant.parse().unwrap());
        match part {
            Some(part) => part.get(&hash).await.is_some(),
            None => false,
        }
    }

    #[tokio::test]
    async fn one_tenant_fills_its_own_part_and_pushes_out_nobody_elsewhere() {
        let known = Known::with(10);
        known.keep([0; 32], confirmed("globex"), |_| true).await;
        let part = async |tenant: &str| {
            let part = known.part_of(&tenant.parse().unwrap()).unwrap();
            part.run_pending_tasks().await;
            part.entry_count()
        };
        for number in 1..=200 {
            // What is asked for again and again gets the place of what is not.
            for _ in 0..5 {
                has(&known, "acme", [number; 32]).await;
            }
            known.keep([number; 32], confirmed("acme"), |_| true).await;
            assert!(part("acme").await <= 10, "{number}");
        }
        assert_eq!(part("acme").await, 10);
        assert!(has(&known, "globex", [0; 32]).await);
    }

    #[tokio::test]
    async fn what_is_kept_is_of_one_tenant_and_goes_with_it() {
        let known = Known::new();
        known.keep([1; 32], confirmed("acme"), |_| true).await;
        assert!(has(&known, "acme", [1; 32]).await);
        assert!(!has(&known, "globex", [1; 32]).await);
        assert!(known.get(None, &[1; 32]).await.is_none());
        let is_globex = |tenant: &TenantId| tenant.as_str() == "globex";
        known.keep([2; 32], confirmed("globex"), is_globex).await;
        assert!(!has(&known, "acme", [1; 32]).await);
        known.forget(&"globex".parse().unwrap(), &[2; 32]).await;
        assert!(!has(&known, "globex", [2; 32]).await);
    }
}
