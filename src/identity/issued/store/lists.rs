//! Lists for people to read, of bounded length. Each asks by an index of its own kind of asker: a condition that is there for one and
//! empty for another would read every row.

use sqlx::SqlitePool;

use crate::clock::Timestamp;
use crate::tenant::KeyId;

use super::super::error::LookupError;
use super::super::listing::{ClientKey, Listed, OpenSession, Whose};
use super::rows;

/// A list is for people to read.
const LISTED_MAX: usize = 500;

/// Sessions that neither time nor their tenant has ended, from the one that ends last.
pub(in super::super) async fn sessions(
    reads: &SqlitePool,
    whose: Whose<'_>,
    now: Timestamp,
    used_since: Timestamp,
) -> Result<Listed<OpenSession>, LookupError> {
    let text = match whose {
        Whose::Account(..) => {
            "SELECT * FROM sessions WHERE tenant = ?4 AND account = ?5 AND ended_at IS NULL AND ends_at > ?1 AND last_used_at > ?2
             AND epoch >= (SELECT sessions_since FROM tenants WHERE id = sessions.tenant) ORDER BY ends_at DESC LIMIT ?3"
        }
        Whose::Tenant(_) => {
            "SELECT * FROM sessions WHERE tenant = ?4 AND ended_at IS NULL AND ends_at > ?1 AND last_used_at > ?2
             AND epoch >= (SELECT sessions_since FROM tenants WHERE id = sessions.tenant) ORDER BY ends_at DESC LIMIT ?3"
        }
        Whose::Person(_) => {
            "SELECT * FROM sessions WHERE account = ?4 AND ended_at IS NULL AND ends_at > ?1 AND last_used_at > ?2
             AND epoch >= (SELECT sessions_since FROM tenants WHERE id = sessions.tenant) ORDER BY ends_at DESC LIMIT ?3"
        }
        Whose::Everybody => {
            "SELECT * FROM sessions WHERE ended_at IS NULL AND ends_at > ?1 AND last_used_at > ?2
             AND epoch >= (SELECT sessions_since FROM tenants WHERE id = sessions.tenant) ORDER BY ends_at DESC LIMIT ?3"
        }
    };
    let mut query = sqlx::query(text)
        .bind(now.micros())
        .bind(used_since.micros())
        .bind(more_than(LISTED_MAX));
    for name in names(&whose) {
        query = query.bind(name);
    }
    let rows = query.fetch_all(reads).await?;
    let sessions: Result<Vec<_>, _> = rows.iter().map(rows::session).collect();
    Ok(cut(sessions?))
}

/// Keys: those in force, then the others, both from the newest.
pub(in super::super) async fn keys(
    reads: &SqlitePool,
    whose: Whose<'_>,
    now: Timestamp,
) -> Result<Listed<ClientKey>, LookupError> {
    let mut keys = some_keys(reads, in_force(whose), whose, now, LISTED_MAX).await?;
    keys.sort_by(|one, other| (other.made_at, &other.id).cmp(&(one.made_at, &one.id)));
    let places = LISTED_MAX.saturating_sub(keys.len());
    if keys.len() <= LISTED_MAX {
        keys.extend(some_keys(reads, ended(whose), whose, now, places).await?);
    }
    Ok(cut(keys))
}

async fn some_keys(
    reads: &SqlitePool,
    text: &'static str,
    whose: Whose<'_>,
    now: Timestamp,
    places: usize,
) -> Result<Vec<ClientKey>, LookupError> {
    let mut query = sqlx::query(text).bind(now.micros()).bind(more_than(places));
    for name in names(&whose) {
        query = query.bind(name);
    }
    let rows = query.fetch_all(reads).await?;
    rows.iter().map(rows::key).collect()
}

const fn in_force(whose: Whose<'_>) -> &'static str {
    match whose {
        Whose::Account(..) => {
            "SELECT * FROM client_keys WHERE tenant = ?3 AND account = ?4 AND revoked_at IS NULL AND ends_at > ?1
             AND epoch >= (SELECT keys_since FROM tenants WHERE id = client_keys.tenant) ORDER BY ends_at DESC LIMIT ?2"
        }
        Whose::Tenant(_) => {
            "SELECT * FROM client_keys WHERE tenant = ?3 AND revoked_at IS NULL AND ends_at > ?1
             AND epoch >= (SELECT keys_since FROM tenants WHERE id = client_keys.tenant) ORDER BY ends_at DESC LIMIT ?2"
        }
        Whose::Person(_) => {
            "SELECT * FROM client_keys WHERE account = ?3 AND revoked_at IS NULL AND ends_at > ?1
             AND epoch >= (SELECT keys_since FROM tenants WHERE id = client_keys.tenant) ORDER BY ends_at DESC LIMIT ?2"
        }
        Whose::Everybody => {
            "SELECT * FROM client_keys WHERE revoked_at IS NULL AND ends_at > ?1
             AND epoch >= (SELECT keys_since FROM tenants WHERE id = client_keys.tenant) ORDER BY ends_at DESC LIMIT ?2"
        }
    }
}

const fn ended(whose: Whose<'_>) -> &'static str {
    match whose {
        Whose::Account(..) => {
            "SELECT * FROM client_keys WHERE tenant = ?3 AND account = ?4 AND NOT (revoked_at IS NULL AND ends_at > ?1
             AND epoch >= (SELECT keys_since FROM tenants WHERE id = client_keys.tenant)) ORDER BY made_at DESC LIMIT ?2"
        }
        Whose::Tenant(_) => {
            "SELECT * FROM client_keys WHERE tenant = ?3 AND NOT (revoked_at IS NULL AND ends_at > ?1
             AND epoch >= (SELECT keys_since FROM tenants WHERE id = client_keys.tenant)) ORDER BY made_at DESC LIMIT ?2"
        }
        Whose::Person(_) => {
            "SELECT * FROM client_keys WHERE account = ?3 AND NOT (revoked_at IS NULL AND ends_at > ?1
             AND epoch >= (SELECT keys_since FROM tenants WHERE id = client_keys.tenant)) ORDER BY made_at DESC LIMIT ?2"
        }
        Whose::Everybody => {
            "SELECT * FROM client_keys WHERE NOT (revoked_at IS NULL AND ends_at > ?1
             AND epoch >= (SELECT keys_since FROM tenants WHERE id = client_keys.tenant)) ORDER BY made_at DESC LIMIT ?2"
        }
    }
}

/// One more than there are places for tells whether there are more.
fn more_than(places: usize) -> i64 {
    i64::try_from(places + 1).unwrap_or(i64::MAX)
}

fn cut<T>(mut items: Vec<T>) -> Listed<T> {
    let truncated = items.len() > LISTED_MAX;
    items.truncate(LISTED_MAX);
    Listed { items, truncated }
}

/// One key.
pub(in super::super) async fn key(
    reads: &SqlitePool,
    id: &KeyId,
) -> Result<Option<ClientKey>, LookupError> {
    let row = sqlx::query("SELECT * FROM client_keys WHERE id = ?1")
        .bind(id.as_str())
        .fetch_optional(reads)
        .await?;
    row.as_ref().map(rows::key).transpose()
}

/// Tenant and account, as far as the asker is bound to them.
fn names<'a>(whose: &Whose<'a>) -> impl Iterator<Item = &'a str> {
    [whose.tenant(), whose.account()].into_iter().flatten()
}
