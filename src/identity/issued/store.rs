//! The SQL of sessions, client keys and spent tokens. Used by this folder only; every writer but [`note_use`] runs inside a transaction
//! that also holds the change's record. No statement may read more rows the more credentials of others there are.

use std::collections::BTreeSet;

use sqlx::{Row as _, SqliteConnection, SqlitePool};

use crate::clock::Timestamp;
use crate::db::DbError;
use crate::tenant::{AccountId, KeyId, TenantId};

use super::error::LookupError;
use super::listing::{ClientKey, OpenSession, Whose};
use super::standing::Row;
use super::text::Kind;

mod lists;
mod rows;

pub(super) use lists::{key, keys, sessions};
pub(super) use rows::Struck;

impl From<sqlx::Error> for LookupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(DbError::from(error))
    }
}

/// The credential with this keyed hash, also one that was ended.
pub(super) async fn find(
    reads: &SqlitePool,
    kind: Kind,
    hash: &[u8; 32],
) -> Result<Option<Row>, LookupError> {
    let query = match kind {
        Kind::Session => "SELECT * FROM sessions WHERE hash = ?1",
        Kind::Key => "SELECT * FROM client_keys WHERE hash = ?1",
    };
    let row = sqlx::query(query)
        .bind(&hash[..])
        .fetch_optional(reads)
        .await?;
    row.map(|row| rows::credential(&row, kind)).transpose()
}

/// Remembers a token as spent. Gives whether that is news.
pub(super) async fn spend(
    connection: &mut SqliteConnection,
    hash: &[u8; 32],
    expires_at: i64,
    now: Timestamp,
) -> Result<bool, DbError> {
    sqlx::query("DELETE FROM spent_tokens WHERE expires_at < ?1")
        .bind(now.seconds())
        .execute(&mut *connection)
        .await?;
    let done = sqlx::query(
        "INSERT INTO spent_tokens (hash, expires_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    )
    .bind(&hash[..])
    .bind(expires_at)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A session to be written.
pub(super) struct NewSession<'a> {
    pub(super) hash: &'a [u8; 32],
    pub(super) session: &'a OpenSession,
    pub(super) epoch: u64,
    pub(super) page: Option<[u8; 32]>,
}

/// Writes a session, and forgets some that ended long ago: their records are in the log.
pub(super) async fn open(
    connection: &mut SqliteConnection,
    new: &NewSession<'_>,
    forget_before: Timestamp,
) -> Result<(), DbError> {
    sqlx::query(
        "DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions WHERE ends_at < ?1 ORDER BY ends_at LIMIT 10)",
    )
    .bind(forget_before.micros())
    .execute(&mut *connection)
    .await?;
    let session = new.session;
    sqlx::query(
        "INSERT INTO sessions (hash, id, tenant, epoch, account, page, user_agent, made_at, last_used_at, ends_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9)",
    )
    .bind(&new.hash[..])
    .bind(&session.id)
    .bind(session.tenant.as_str())
    .bind(signed(new.epoch))
    .bind(session.account.as_str())
    .bind(new.page.as_ref().map(|page| &page[..]))
    .bind(&session.user_agent)
    .bind(session.made_at.micros())
    .bind(session.ends_at.micros())
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes a key, and forgets some that ended long ago: their records are in the log.
pub(super) async fn put_key(
    connection: &mut SqliteConnection,
    hash: &[u8; 32],
    key: &ClientKey,
    bounds: &str,
    forget_before: Timestamp,
) -> Result<(), DbError> {
    sqlx::query(
        "DELETE FROM client_keys WHERE hash IN (SELECT hash FROM client_keys
             WHERE min(ends_at, coalesce(revoked_at, ends_at)) < ?1 LIMIT 10)",
    )
    .bind(forget_before.micros())
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO client_keys (hash, id, tenant, epoch, account, name, bounds, rate_per_minute, replaces,
             made_by, made_at, ends_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )
    .bind(&hash[..])
    .bind(key.id.as_str())
    .bind(key.tenant.as_str())
    .bind(signed(key.epoch))
    .bind(key.account.as_str())
    .bind(&key.name)
    .bind(bounds)
    .bind(key.rate_per_minute.map(i64::from))
    .bind(key.replaces.as_ref().map(KeyId::as_str))
    .bind(&key.made_by)
    .bind(key.made_at.micros())
    .bind(key.ends_at.micros())
    .execute(connection)
    .await?;
    Ok(())
}

/// How many sessions of an account are open.
pub(super) async fn count_sessions(
    connection: &mut SqliteConnection,
    owner: (&TenantId, &str),
    now: Timestamp,
    used_since: Timestamp,
) -> Result<usize, DbError> {
    let query = sqlx::query_scalar(
        "SELECT count(*) FROM sessions WHERE tenant = ?1 AND account = ?2 AND ended_at IS NULL AND ends_at > ?3
             AND last_used_at > ?4",
    );
    let count: i64 = query
        .bind(owner.0.as_str())
        .bind(owner.1)
        .bind(now.micros())
        .bind(used_since.micros())
        .fetch_one(connection)
        .await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// How many keys of an account are in force: those without a successor, and all.
pub(super) async fn count_keys(
    connection: &mut SqliteConnection,
    owner: (&TenantId, &str),
    now: Timestamp,
) -> Result<(usize, usize), DbError> {
    let query = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE meant_until IS NULL), count(*) FROM client_keys
         WHERE tenant = ?1 AND account = ?2 AND revoked_at IS NULL AND ends_at > ?3",
    );
    let (unreplaced, all): (i64, i64) = query
        .bind(owner.0.as_str())
        .bind(owner.1)
        .bind(now.micros())
        .fetch_one(connection)
        .await?;
    let number = |count| usize::try_from(count).unwrap_or(usize::MAX);
    Ok((number(unreplaced), number(all)))
}

/// Ends a session or revokes a key, if it is there for `whose` and in force.
pub(super) async fn end(
    connection: &mut SqliteConnection,
    kind: Kind,
    id: &str,
    whose: Whose<'_>,
    by: &str,
    now: Timestamp,
) -> Result<Option<Struck>, LookupError> {
    let query = match kind {
        Kind::Session => {
            "UPDATE sessions SET ended_at = ?4, ended_by = ?5
             WHERE id = ?1 AND ended_at IS NULL AND tenant = coalesce(?2, tenant) AND account = coalesce(?3, account)
             RETURNING hash, tenant, account"
        }
        Kind::Key => {
            "UPDATE client_keys SET revoked_at = ?4, revoked_by = ?5
             WHERE id = ?1 AND revoked_at IS NULL AND tenant = coalesce(?2, tenant) AND account = coalesce(?3, account)
             RETURNING hash, tenant, account"
        }
    };
    let row = sqlx::query(query)
        .bind(id)
        .bind(whose.tenant())
        .bind(whose.account())
        .bind(now.micros())
        .bind(by)
        .fetch_optional(connection)
        .await?;
    row.map(|row| rows::struck(&row)).transpose()
}

/// Revokes keys of a tenant, or of one account on it, that time has not ended: as many at once as a record can name.
pub(super) async fn revoke_some(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    account: Option<&AccountId>,
    by: &str,
    now: Timestamp,
) -> Result<Vec<(String, Struck)>, LookupError> {
    let text = match account {
        Some(_) => {
            "UPDATE client_keys SET revoked_at = ?2, revoked_by = ?3 WHERE hash IN (SELECT hash FROM client_keys
                 WHERE tenant = ?1 AND account = ?4 AND revoked_at IS NULL AND ends_at > ?2 LIMIT 50)
             RETURNING id, hash, tenant, account"
        }
        None => {
            "UPDATE client_keys SET revoked_at = ?2, revoked_by = ?3 WHERE hash IN (SELECT hash FROM client_keys
                 WHERE tenant = ?1 AND revoked_at IS NULL AND ends_at > ?2 LIMIT 50)
             RETURNING id, hash, tenant, account"
        }
    };
    let query = sqlx::query(text)
        .bind(tenant.as_str())
        .bind(now.micros())
        .bind(by);
    let query = match account {
        Some(account) => query.bind(account.as_str()),
        None => query,
    };
    let rows = query.fetch_all(connection).await?;
    let struck = rows
        .iter()
        .map(|row| Ok((row.try_get("id")?, rows::struck(row)?)));
    struck.collect()
}

/// The tenants on which an account has keys that time has not ended.
pub(super) async fn tenants_of(
    reads: &SqlitePool,
    account: &AccountId,
    now: Timestamp,
) -> Result<Vec<TenantId>, LookupError> {
    let query = sqlx::query_scalar(
        "SELECT tenant FROM client_keys WHERE account = ?1 AND revoked_at IS NULL AND ends_at > ?2",
    );
    let tenants: Vec<String> = query
        .bind(account.as_str())
        .bind(now.micros())
        .fetch_all(reads)
        .await?;
    let tenants: BTreeSet<String> = tenants.into_iter().collect();
    let tenants = tenants.iter().map(|id| id.parse());
    tenants
        .map(|id| id.map_err(|_| LookupError::Spoiled("tenant")))
        .collect()
}

/// Lets a key in force end at `at` at the latest, and remembers the end that it was made with.
pub(super) async fn shorten(
    connection: &mut SqliteConnection,
    id: &KeyId,
    at: Timestamp,
    now: Timestamp,
) -> Result<Option<Struck>, LookupError> {
    let row = sqlx::query(
        "UPDATE client_keys SET meant_until = coalesce(meant_until, ends_at), ends_at = min(ends_at, ?2)
         WHERE id = ?1 AND revoked_at IS NULL AND ends_at > ?3
         RETURNING hash, tenant, account",
    )
    .bind(id.as_str())
    .bind(at.micros())
    .bind(now.micros())
    .fetch_optional(connection)
    .await?;
    row.map(|row| rows::struck(&row)).transpose()
}

/// Notes that a credential was used.
pub(super) async fn note_use(
    connection: &mut SqliteConnection,
    kind: Kind,
    id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let query = match kind {
        Kind::Session => "UPDATE sessions SET last_used_at = max(last_used_at, ?2) WHERE id = ?1",
        Kind::Key => {
            "UPDATE client_keys SET last_used_at = max(coalesce(last_used_at, 0), ?2) WHERE id = ?1"
        }
    };
    sqlx::query(query)
        .bind(id)
        .bind(now.micros())
        .execute(connection)
        .await?;
    Ok(())
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
