//! Lists for people to read, of bounded length. Each asks by an index of its own kind of asker: a condition that is there for one and
//! empty for another would read every row.

use sqlx::SqlitePool;

use crate::clock::Timestamp;
use crate::tenant::KeyId;

use super::super::error::LookupError;
use super::super::listing::{ClientKey, OpenSession, Whose};
use super::rows;

/// A list is for people to read.
const LISTED_MAX: i64 = 500;

/// Sessions that time has not ended, from the one that ends last, with their epochs.
pub(in super::super) async fn sessions(
    reads: &SqlitePool,
    whose: Whose<'_>,
    now: Timestamp,
    used_since: Timestamp,
) -> Result<Vec<(OpenSession, u64)>, LookupError> {
    let text = match whose {
        Whose::Account(..) => {
            "SELECT * FROM sessions WHERE tenant = ?4 AND account = ?5 AND ended_at IS NULL AND ends_at > ?1 AND last_used_at > ?2
             ORDER BY ends_at DESC LIMIT ?3"
        }
        Whose::Tenant(_) => {
            "SELECT * FROM sessions WHERE tenant = ?4 AND ended_at IS NULL AND ends_at > ?1 AND last_used_at > ?2
             ORDER BY ends_at DESC LIMIT ?3"
        }
        Whose::Everybody => {
            "SELECT * FROM sessions WHERE ended_at IS NULL AND ends_at > ?1 AND last_used_at > ?2 ORDER BY ends_at DESC LIMIT ?3"
        }
    };
    let mut query = sqlx::query(text)
        .bind(now.micros())
        .bind(used_since.micros())
        .bind(LISTED_MAX);
    for name in names(&whose) {
        query = query.bind(name);
    }
    let rows = query.fetch_all(reads).await?;
    rows.iter().map(rows::session).collect()
}

/// Keys, from the newest.
pub(in super::super) async fn keys(
    reads: &SqlitePool,
    whose: Whose<'_>,
) -> Result<Vec<ClientKey>, LookupError> {
    let text = match whose {
        Whose::Account(..) => {
            "SELECT * FROM client_keys WHERE tenant = ?2 AND account = ?3 ORDER BY made_at DESC LIMIT ?1"
        }
        Whose::Tenant(_) => {
            "SELECT * FROM client_keys WHERE tenant = ?2 ORDER BY made_at DESC LIMIT ?1"
        }
        Whose::Everybody => "SELECT * FROM client_keys ORDER BY made_at DESC LIMIT ?1",
    };
    let mut query = sqlx::query(text).bind(LISTED_MAX);
    for name in names(&whose) {
        query = query.bind(name);
    }
    let rows = query.fetch_all(reads).await?;
    rows.iter().map(rows::key).collect()
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
