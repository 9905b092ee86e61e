//! The lowest and highest value of every number. Used by the checks of `config` only.
//! A limit of zero means "none" to one reader and "nothing" to another, so it is refused; a limit beyond reason is no limit.

use std::time::Duration;

use crate::identity::own::MARGIN;

use super::Checks;

/// A key, its value, and the lowest and highest value it may have.
type Bound = (&'static str, u64, u64, u64);

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const MINUTE_MS: u64 = 60_000;
/// What is left to the log once a user's own credential was waited for in vain.
const LOG_MS: u64 = 2_000;

impl Checks<'_> {
    pub(super) fn bounds(&mut self) {
        let all = [
            self.of_house(),
            self.of_sizes(),
            self.of_times(),
            self.of_own_credentials(),
        ];
        for (key, value, low, high) in all.concat() {
            if !(low..=high).contains(&value) {
                let remedy = format!("choose a number from {low} to {high}");
                self.report(&[key], format!("is {value}"), remedy);
            }
        }
        self.pairs();
    }

    fn pairs(&mut self) {
        let (limits, ledger) = (&self.config.limits, &self.config.ledger);
        if limits.upstream_connect_timeout_ms > limits.upstream_timeout_ms {
            self.report(
                &[
                    "limits.upstream_connect_timeout_ms",
                    "limits.upstream_timeout_ms",
                ],
                "is longer than Jira's whole answer may take",
                "make it at most `limits.upstream_timeout_ms`",
            );
        }
        if limits.session_idle_s > limits.session_lifetime_s {
            self.report(
                &["limits.session_idle_s", "limits.session_lifetime_s"],
                "is longer than a session may last",
                "make it at most `limits.session_lifetime_s`",
            );
        }
        // Or a site that takes such credentials would tell so: where its look-up outlasts the request, the refusal cannot be recorded.
        let refused_at_ms = limits.own_credential_wait_ms + millis(MARGIN);
        if limits.request_timeout_ms < refused_at_ms + LOG_MS {
            self.report(
                &["limits.request_timeout_ms", "limits.own_credential_wait_ms"],
                "ends a request before the refusal of a user's own credential is due and on record",
                format!(
                    "make it at least {}, which is `limits.own_credential_wait_ms` and {} more",
                    refused_at_ms + LOG_MS,
                    millis(MARGIN) + LOG_MS
                ),
            );
        }
        if ledger.batch_entries_max > ledger.queue_entries_max {
            self.report(
                &["ledger.batch_entries_max", "ledger.queue_entries_max"],
                "is more than the queue can hold",
                "make it at most `ledger.queue_entries_max`",
            );
        }
    }

    fn of_house(&self) -> Vec<Bound> {
        let (server, ledger) = (&self.config.server, &self.config.ledger);
        let (queue, batch) = (ledger.queue_entries_max, ledger.batch_entries_max);
        vec![
            ("server.workers", count(server.workers), 0, 1024),
            ("server.shutdown_ms", server.shutdown_ms, 0, 10 * MINUTE_MS),
            ("ledger.queue_entries_max", count(queue), 1, 1_000_000),
            ("ledger.queue_wait_ms", ledger.queue_wait_ms, 1, MINUTE_MS),
            ("ledger.batch_entries_max", count(batch), 1, 10_000),
        ]
    }

    fn of_sizes(&self) -> Vec<Bound> {
        let limits = &self.config.limits;
        let (headers, body) = (limits.header_bytes_max, limits.body_bytes_max);
        let answer = limits.upstream_body_bytes_max;
        vec![
            (
                "limits.connections_max",
                count(limits.connections_max),
                1,
                1_000_000,
            ),
            ("limits.headers_max", count(limits.headers_max), 1, 1000),
            // Below 8 KiB the HTTP library cannot read a request at all.
            ("limits.header_bytes_max", count(headers), 8 * KIB, MIB),
            ("limits.body_bytes_max", count(body), 1, 64 * MIB),
            (
                "limits.upstream_body_bytes_max",
                count(answer),
                1,
                256 * MIB,
            ),
        ]
    }

    fn of_own_credentials(&self) -> Vec<Bound> {
        let limits = &self.config.limits;
        let (source, site) = (
            limits.own_credentials_per_source,
            limits.own_credentials_per_site,
        );
        vec![
            // Longer, and what Atlassian ended would live on here.
            (
                "limits.own_credential_cache_s",
                u64::from(limits.own_credential_cache_s),
                1,
                600,
            ),
            (
                "limits.own_credential_wait_ms",
                limits.own_credential_wait_ms,
                100,
                10_000,
            ),
            (
                "limits.own_credentials_per_source",
                u64::from(source),
                1,
                10_000,
            ),
            (
                "limits.own_credentials_per_site",
                u64::from(site),
                1,
                100_000,
            ),
        ]
    }

    fn of_times(&self) -> Vec<Bound> {
        let limits = &self.config.limits;
        let (connect, upstream) = (
            limits.upstream_connect_timeout_ms,
            limits.upstream_timeout_ms,
        );
        let (header, request) = (limits.header_timeout_ms, limits.request_timeout_ms);
        let (lifetime, leeway) = (limits.token_lifetime_s_max, limits.token_leeway_s);
        let groups_age = self.config.policy.jira_groups_age_s_max;
        vec![
            ("policy.jira_groups_age_s_max", groups_age, 1, 3600),
            ("limits.header_timeout_ms", header, 1, 5 * MINUTE_MS),
            ("limits.request_timeout_ms", request, 1, 10 * MINUTE_MS),
            ("limits.upstream_connect_timeout_ms", connect, 1, MINUTE_MS),
            ("limits.upstream_timeout_ms", upstream, 1, 10 * MINUTE_MS),
            (
                "limits.jira_groups_timeout_ms",
                limits.jira_groups_timeout_ms,
                1,
                MINUTE_MS,
            ),
            ("limits.token_lifetime_s_max", u64::from(lifetime), 1, 3600),
            // No leeway at all is a strict choice, not a missing limit.
            ("limits.token_leeway_s", u64::from(leeway), 0, 30),
            (
                "limits.session_idle_s",
                u64::from(limits.session_idle_s),
                10,
                86_400,
            ),
            (
                "limits.session_lifetime_s",
                u64::from(limits.session_lifetime_s),
                10,
                86_400,
            ),
            (
                "limits.key_lifetime_days_max",
                u64::from(limits.key_lifetime_days_max),
                1,
                3650,
            ),
            (
                "limits.grant_lifetime_days_max",
                u64::from(limits.grant_lifetime_days_max),
                1,
                3650,
            ),
            (
                "limits.forge_missed_triggers_max",
                u64::from(limits.forge_missed_triggers_max),
                1,
                24 * 30,
            ),
        ]
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn count(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}
