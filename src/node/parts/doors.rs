//! Doors that the configuration may leave out or narrow: what each is made of. For `parts` only.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{Config, Loaded};
use crate::identity::PublishedKeys;
use crate::identity::forge::{self, Forge};
use crate::identity::issued::Lifetimes;
use crate::identity::jwks::Pace;
use crate::identity::own::{self, OwnCredentials};
use crate::node::NodeError;
use crate::outbound::{ApiHost, Jwks};
use crate::upstream;

use super::Opened;

/// The verifier of Forge's tokens, if there is an app that they are for.
pub(super) fn forge(config: &Config, opened: &Opened) -> Result<Option<Forge>, NodeError> {
    let atlassian = config.atlassian_in_force();
    let Some(app_id) = atlassian.forge_app_id.clone() else {
        return Ok(None);
    };
    let server = Jwks::new(&atlassian.forge_jwks)?;
    Ok(Some(Forge::new(forge::Parts {
        app_id,
        // As Forge writes it, wherever development has it called.
        api_base: config.atlassian.api_base.clone(),
        api: ApiHost::new(&atlassian.api_base)?,
        keys: PublishedKeys::new(server, Pace::default()),
        tenants: opened.tenants.clone(),
        ledger: opened.ledger.clone(),
        leeway_s: config.limits.token_leeway_s,
        clock: opened.clock.clone(),
    })))
}

/// Half an hour more than so many hours: the last of the triggers may be a little late.
pub(super) fn lapses_after(missed_max: u32) -> Duration {
    const HOUR_S: u64 = 3600;
    Duration::from_secs(u64::from(missed_max) * HOUR_S + HOUR_S / 2)
}

/// Users' own credentials, with what they are checked with.
pub(super) fn own_credentials(
    loaded: &Loaded,
    opened: &Opened,
) -> Result<OwnCredentials, NodeError> {
    let (limits, atlassian) = (&loaded.config.limits, loaded.config.atlassian_in_force());
    Ok(OwnCredentials::new(own::Parts {
        tenants: opened.tenants.clone(),
        ledger: opened.ledger.clone(),
        vault: Arc::new(loaded.master_key.vault()?),
        api: ApiHost::new(&atlassian.api_base)?,
        issuers: atlassian.oauth_issuers,
        limits: own::Limits {
            believed: Duration::from_secs(u64::from(limits.own_credential_cache_s)),
            wait: Duration::from_millis(limits.own_credential_wait_ms),
            per_source: limits.own_credentials_per_source,
            per_site: limits.own_credentials_per_site,
        },
        clock: opened.clock.clone(),
    }))
}

/// The way to Jira, with what is asked for decisions.
pub(super) fn asking(config: &Config, upstream: upstream::Shared) -> upstream::Shared {
    let (policy, limits) = (&config.policy, &config.limits);
    if !policy.jira_groups {
        return upstream;
    }
    upstream.asking_for_groups(upstream::Memberships {
        app_key: config.atlassian.app_key.clone(),
        age_max: Duration::from_secs(policy.jira_groups_age_s_max),
        timeout: Duration::from_millis(limits.jira_groups_timeout_ms),
    })
}

pub(super) fn lifetimes(limits: &crate::http::Limits) -> Lifetimes {
    const DAY_H: u64 = 24;
    let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
    let days = |days: u32| Duration::from_hours(u64::from(days) * DAY_H);
    Lifetimes {
        session_idle: seconds(limits.session_idle_s),
        session: seconds(limits.session_lifetime_s),
        key_max: days(limits.key_lifetime_days_max),
        grant_max: days(limits.grant_lifetime_days_max),
    }
}
