//! What a key is wished to be, checked before anything is written. The caller is told which member makes no sense.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::identity::bounds::Bounds;
use crate::ledger::text::visible;
use crate::tenant::{KeyId, Tenant};

use super::super::error::IssueError;
use super::Owner;

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What its maker calls it.
    pub name: String,
    /// What it is narrowed to. The names of actions are checked by whoever knows them.
    pub bounds: Bounds,
    /// How many requests a minute; as many as there are if missing.
    pub rate_per_minute: Option<u32>,
    /// Until when; 90 days if missing, or as long as a key may last.
    pub ends_at: Option<Timestamp>,
}

/// A successor for a key.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// The key that it comes after.
    pub replaces: KeyId,
    /// How long both are good.
    pub overlap: Duration,
    /// Until when; as long as the old one was made for, if missing.
    pub ends_at: Option<Timestamp>,
}

/// A key that can be made.
pub(super) struct Checked {
    pub(super) name: String,
    pub(super) bounds: Bounds,
    pub(super) rate_per_minute: Option<u32>,
    pub(super) ends_at: Timestamp,
}

const USUAL_LIFE: Duration = Duration::from_hours(90 * 24);
const NAME_CHARS_MAX: usize = 100;
const LISTED_MAX: usize = 50;
const RATE_MAX: u32 = 60_000;

impl NewKey {
    pub(super) fn checked(
        self,
        owner: &Owner,
        tenant: Option<&Tenant>,
        life_max: Duration,
        now: Timestamp,
    ) -> Result<Checked, IssueError> {
        let tenant = tenant
            .filter(|tenant| tenant.is_active(now))
            .ok_or(IssueError::NoSuch("active tenant"))?;
        let name = self.name.trim();
        // An administrator reads it in a list: what is hidden or turns the direction could make one key look like another.
        let is_plain = visible(name) == name;
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || !is_plain {
            let form = format!("1 to {NAME_CHARS_MAX} characters, none of them hidden");
            return Err(IssueError::Member("name", form));
        }
        if self
            .rate_per_minute
            .is_some_and(|rate| rate == 0 || rate > RATE_MAX)
        {
            let form = format!("1 to {RATE_MAX} requests a minute");
            return Err(IssueError::Member("rate_per_minute", form));
        }
        check_bounds(&self.bounds, owner, tenant, now)?;
        let latest = now.plus(life_max);
        let ends_at = self
            .ends_at
            .unwrap_or_else(|| now.plus(USUAL_LIFE).min(latest));
        if ends_at <= now {
            return Err(IssueError::Member(
                "expires_at",
                "the key would have ended already".to_owned(),
            ));
        }
        if ends_at > latest {
            let days = life_max.as_secs() / 86_400;
            let limit = format!("a key of this gateway lasts {days} days at most");
            return Err(IssueError::Member("expires_at", limit));
        }
        Ok(Checked {
            name: name.to_owned(),
            bounds: self.bounds,
            rate_per_minute: self.rate_per_minute,
            ends_at,
        })
    }
}

fn check_bounds(
    bounds: &Bounds,
    owner: &Owner,
    tenant: &Tenant,
    now: Timestamp,
) -> Result<(), IssueError> {
    let member = |name, text: &str| Err(IssueError::Member(name, text.to_owned()));
    let lengths = [
        bounds.actions.len(),
        bounds.networks.len(),
        bounds.sites.len(),
    ];
    if lengths.iter().any(|length| *length > LISTED_MAX) {
        return member("actions, networks, sites", "at most 50 of each");
    }
    // The same answer for an unknown and for another tenant's site.
    if bounds.sites.iter().any(|site| *site != tenant.site) {
        return member("sites", "a key is good for its own site alone");
    }
    let Some(act_as) = bounds
        .act_as
        .as_ref()
        .filter(|wanted| **wanted != owner.account)
    else {
        return Ok(());
    };
    if tenant
        .grants_for(&owner.account, act_as, now)
        .next()
        .is_none()
    {
        return member("act_as", "no grant lets the account act as this one");
    }
    Ok(())
}
