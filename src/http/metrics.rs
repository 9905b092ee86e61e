//! What is counted, in Prometheus' text format. Filled by `visit`, read at `/metrics` on the admin plane.
//! No label may hold anything that a caller can choose freely: routes are templates, codes are ours.

use std::sync::atomic::Ordering;

use http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::clock::Timestamp;
use crate::ledger::Health;
use crate::tenant::forge::Figures;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: String,
    status: u16,
    code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Set {
    digest: String,
    proof: String,
}

/// What is told of the policies.
#[derive(Clone, Copy, Debug)]
pub(super) struct PolicyFigures<'a> {
    /// Digest of the set in force, and what is known of its proof.
    pub(super) set: Option<(&'a str, &'a str)>,
    /// States of the folder that were refused.
    pub(super) refusals: u64,
    /// Whether there is an alarm.
    pub(super) is_alarmed: bool,
}

/// What is told of the tenants.
#[derive(Clone, Copy, Debug)]
pub(super) struct TenantFigures {
    pub(super) active: usize,
    pub(super) forge: Figures,
    pub(super) now: Timestamp,
}

impl TenantFigures {
    fn soonest_end_s(&self) -> i64 {
        let end = self.forge.soonest_end;
        end.map_or(0, |end| end.seconds() - self.now.seconds())
    }
}

/// All metrics.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    log_queued: Gauge,
    log_entries: Counter,
    log_entries_lost: Counter,
    log_batches: Counter,
    log_batches_failed: Counter,
    policy_refusals: Counter,
    policy_alarm: Gauge,
    policy_sets: Family<Set, Gauge>,
    tenant_breaches: Counter,
    tenants_active: Gauge,
    forge_tenants: Gauge,
    forge_tenants_lapsed: Gauge,
    forge_tokens_stale: Gauge,
    forge_tokens_end_s: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("gatepost"),
            requests: Family::default(),
            log_queued: Gauge::default(),
            log_entries: Counter::default(),
            log_entries_lost: Counter::default(),
            log_batches: Counter::default(),
            log_batches_failed: Counter::default(),
            policy_refusals: Counter::default(),
            policy_alarm: Gauge::default(),
            policy_sets: Family::default(),
            tenant_breaches: Counter::default(),
            tenants_active: Gauge::default(),
            forge_tenants: Gauge::default(),
            forge_tenants_lapsed: Gauge::default(),
            forge_tokens_stale: Gauge::default(),
            forge_tokens_end_s: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let all = &mut self.registry;
        all.register(
            "requests",
            "Answered requests by route, status and code",
            self.requests.clone(),
        );
        all.register(
            "log_queued",
            "Entries that wait to become durable",
            self.log_queued.clone(),
        );
        all.register(
            "log_entries",
            "Entries written since the start",
            self.log_entries.clone(),
        );
        all.register(
            "log_entries_lost",
            "Outcomes dropped because the log failed for too long",
            self.log_entries_lost.clone(),
        );
        all.register(
            "log_batches",
            "Transactions that wrote them",
            self.log_batches.clone(),
        );
        all.register(
            "log_batches_failed",
            "Transactions that failed",
            self.log_batches_failed.clone(),
        );
        all.register(
            "policy_refusals",
            "States of the policy folder that were refused",
            self.policy_refusals.clone(),
        );
        all.register(
            "policy_alarm",
            "1 if somebody should look at the policies; /readyz says why",
            self.policy_alarm.clone(),
        );
        all.register(
            "policy_set",
            "1 for the policy set in force",
            self.policy_sets.clone(),
        );
        all.register(
            "tenant_breaches",
            "Times that policies allowed another tenant's resource and the comparison beside them stopped it; must stay 0",
            self.tenant_breaches.clone(),
        );
        all.register(
            "tenants_active",
            "Tenants that are installed and not suspended",
            self.tenants_active.clone(),
        );
        self.register_forge();
    }

    fn register_forge(&mut self) {
        let all = &mut self.registry;
        all.register(
            "forge_tenants",
            "Tenants that Forge alone knows and was heard of lately",
            self.forge_tenants.clone(),
        );
        all.register(
            "forge_tenants_lapsed",
            "Tenants that Forge alone knows and that missed so many triggers that they are nobody's",
            self.forge_tenants_lapsed.clone(),
        );
        all.register(
            "forge_system_tokens_stale",
            "Tenants that Forge alone knows without a token for the app that is good",
            self.forge_tokens_stale.clone(),
        );
        all.register(
            "forge_system_tokens_end_seconds",
            "Until the first of the good tokens for the app ends; 0 if there is none",
            self.forge_tokens_end_s.clone(),
        );
    }

    /// Counts an alarm.
    pub(super) fn breached(&self) {
        self.tenant_breaches.inc();
    }

    /// Counts an answer.
    pub(super) fn answered(&self, route: Option<&str>, status: StatusCode, code: &str) {
        let labels = Answered {
            route: route.unwrap_or("none").to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
        };
        self.requests.get_or_create(&labels).inc();
    }

    /// The text, with everything that is counted elsewhere as it is now.
    pub(super) fn text(
        &self,
        log: &Health,
        policies: &PolicyFigures<'_>,
        tenants: &TenantFigures,
    ) -> String {
        let wide = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        self.log_queued.set(wide(log.queued));
        // The log and the policies count for themselves, and only upwards: what they counted is taken over.
        for (counter, counted) in [
            (&self.log_entries, log.entries),
            (&self.log_entries_lost, log.entries_lost),
            (&self.log_batches, log.batches),
            (&self.log_batches_failed, log.batches_failed),
            (&self.policy_refusals, policies.refusals),
        ] {
            counter.inner().store(counted, Ordering::Relaxed);
        }
        self.tenants_active.set(wide(tenants.active));
        self.forge_tenants.set(wide(tenants.forge.live));
        self.forge_tenants_lapsed.set(wide(tenants.forge.lapsed));
        self.forge_tokens_stale.set(wide(tenants.forge.stale));
        self.forge_tokens_end_s.set(tenants.soonest_end_s());
        self.policy_alarm.set(i64::from(policies.is_alarmed));
        self.policy_sets.clear();
        if let Some((digest, proof)) = policies.set {
            let labels = Set {
                digest: digest.to_owned(),
                proof: proof.to_owned(),
            };
            self.policy_sets.get_or_create(&labels).set(1);
        }
        let mut text = String::new();
        // INVARIANT: writing to a string cannot fail.
        encode(&mut text, &self.registry).expect("a string takes everything");
        text
    }
}
