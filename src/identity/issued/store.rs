//! The SQL of sessions, client keys and spent tokens. Used by this folder only; every writer but [`note_use`] runs inside a transaction
//! that also holds the change's record.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection, SqlitePool};

use crate::clock::Timestamp;
use crate::db::DbError;
use crate::identity::bounds::Bounds;
use crate::tenant::{KeyId, TenantId};

use super::error::LookupError;
use super::listing::{ClientKey, OpenSession, Whose};
use super::standing::Row;
use super::text::Kind;

impl From<sqlx::Error> for LookupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(DbError::from(error))
    }
}

/// A list is for people to read.
const LISTED_MAX: i64 = 500;

/// The credential with this keyed hash, also one that was ended: whoever still uses it is worth knowing.
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
    row.map(|row| read_row(&row, kind)).transpose()
}

fn read_row(row: &SqliteRow, kind: Kind) -> Result<Row, LookupError> {
    let made_at = moment(row, "made_at")?;
    let common = Row {
        id: row.try_get("id")?,
        tenant: text(row, "tenant")?,
        epoch: unsigned(row, "epoch")?,
        account: text(row, "account")?,
        made_at,
        last_used_at: some_moment(row, "last_used_at")?.unwrap_or(made_at),
        ends_at: moment(row, "ends_at")?,
        was_ended: false,
        page: None,
        bounds: Bounds::default(),
        rate_per_minute: None,
    };
    Ok(match kind {
        Kind::Session => Row {
            was_ended: some_moment(row, "ended_at")?.is_some(),
            page: page(row)?,
            ..common
        },
        Kind::Key => Row {
            was_ended: some_moment(row, "revoked_at")?.is_some(),
            bounds: bounds(row)?,
            rate_per_minute: rate(row)?,
            ..common
        },
    })
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

/// Writes a key.
pub(super) async fn put_key(
    connection: &mut SqliteConnection,
    hash: &[u8; 32],
    key: &ClientKey,
    bounds: &str,
) -> Result<(), DbError> {
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

/// How many sessions or keys of an account are in force.
pub(super) async fn count(
    connection: &mut SqliteConnection,
    kind: Kind,
    owner: (&TenantId, &str),
    now: Timestamp,
    used_since: Timestamp,
) -> Result<usize, DbError> {
    let query = match kind {
        Kind::Session => {
            "SELECT count(*) FROM sessions WHERE tenant = ?1 AND account = ?2 AND ended_at IS NULL AND ends_at > ?3
                 AND last_used_at > ?4"
        }
        Kind::Key => {
            "SELECT count(*) FROM client_keys WHERE tenant = ?1 AND account = ?2 AND revoked_at IS NULL AND ends_at > ?3
                 AND ?4 = ?4"
        }
    };
    let count: i64 = sqlx::query_scalar(query)
        .bind(owner.0.as_str())
        .bind(owner.1)
        .bind(now.micros())
        .bind(used_since.micros())
        .fetch_one(connection)
        .await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Whom a change was about: the keyed hash under which it is cached.
pub(super) struct Struck {
    pub(super) hash: [u8; 32],
    pub(super) tenant: String,
    pub(super) account: String,
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
    row.map(|row| struck(&row)).transpose()
}

/// Lets a key that was not revoked end at `at` at the latest.
pub(super) async fn shorten(
    connection: &mut SqliteConnection,
    id: &KeyId,
    at: Timestamp,
) -> Result<Option<Struck>, LookupError> {
    let row = sqlx::query(
        "UPDATE client_keys SET ends_at = min(ends_at, ?2) WHERE id = ?1 AND revoked_at IS NULL
         RETURNING hash, tenant, account",
    )
    .bind(id.as_str())
    .bind(at.micros())
    .fetch_optional(connection)
    .await?;
    row.map(|row| struck(&row)).transpose()
}

fn struck(row: &SqliteRow) -> Result<Struck, LookupError> {
    let hash: Vec<u8> = row.try_get("hash")?;
    Ok(Struck {
        hash: hash.try_into().map_err(|_| LookupError::Spoiled("hash"))?,
        tenant: row.try_get("tenant")?,
        account: row.try_get("account")?,
    })
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

/// Sessions that time has not ended, from the newest, with their epochs.
pub(super) async fn sessions(
    reads: &SqlitePool,
    whose: Whose<'_>,
    now: Timestamp,
    used_since: Timestamp,
) -> Result<Vec<(OpenSession, u64)>, LookupError> {
    let rows = sqlx::query(
        "SELECT * FROM sessions WHERE tenant = coalesce(?1, tenant) AND account = coalesce(?2, account)
             AND ended_at IS NULL AND ends_at > ?3 AND last_used_at > ?4
         ORDER BY made_at DESC LIMIT ?5",
    )
    .bind(whose.tenant())
    .bind(whose.account())
    .bind(now.micros())
    .bind(used_since.micros())
    .bind(LISTED_MAX)
    .fetch_all(reads)
    .await?;
    let read = |row: &SqliteRow| {
        let session = OpenSession {
            id: row.try_get("id")?,
            tenant: text(row, "tenant")?,
            account: text(row, "account")?,
            user_agent: row.try_get("user_agent")?,
            made_at: moment(row, "made_at")?,
            last_used_at: moment(row, "last_used_at")?,
            ends_at: moment(row, "ends_at")?,
        };
        Ok((session, unsigned(row, "epoch")?))
    };
    rows.iter().map(read).collect()
}

/// Keys, from the newest.
pub(super) async fn keys(
    reads: &SqlitePool,
    whose: Whose<'_>,
) -> Result<Vec<ClientKey>, LookupError> {
    let rows = sqlx::query(
        "SELECT * FROM client_keys WHERE tenant = coalesce(?1, tenant) AND account = coalesce(?2, account)
         ORDER BY made_at DESC LIMIT ?3",
    )
    .bind(whose.tenant())
    .bind(whose.account())
    .bind(LISTED_MAX)
    .fetch_all(reads)
    .await?;
    rows.iter().map(read_key).collect()
}

/// One key.
pub(super) async fn key(reads: &SqlitePool, id: &KeyId) -> Result<Option<ClientKey>, LookupError> {
    let row = sqlx::query("SELECT * FROM client_keys WHERE id = ?1")
        .bind(id.as_str())
        .fetch_optional(reads)
        .await?;
    row.as_ref().map(read_key).transpose()
}

fn read_key(row: &SqliteRow) -> Result<ClientKey, LookupError> {
    let replaces: Option<String> = row.try_get("replaces")?;
    let replaces = replaces.map(|text| text.parse().map_err(|_| LookupError::Spoiled("replaces")));
    Ok(ClientKey {
        id: text(row, "id")?,
        tenant: text(row, "tenant")?,
        account: text(row, "account")?,
        name: row.try_get("name")?,
        bounds: bounds(row)?,
        rate_per_minute: rate(row)?,
        replaces: replaces.transpose()?,
        made_by: row.try_get("made_by")?,
        made_at: moment(row, "made_at")?,
        last_used_at: some_moment(row, "last_used_at")?,
        ends_at: moment(row, "ends_at")?,
        revoked_at: some_moment(row, "revoked_at")?,
        epoch: unsigned(row, "epoch")?,
    })
}

fn text<T: std::str::FromStr>(row: &SqliteRow, column: &'static str) -> Result<T, LookupError> {
    let text: String = row.try_get(column)?;
    text.parse().map_err(|_| LookupError::Spoiled(column))
}

fn moment(row: &SqliteRow, column: &'static str) -> Result<Timestamp, LookupError> {
    Ok(Timestamp::from_micros(row.try_get(column)?))
}

fn some_moment(row: &SqliteRow, column: &'static str) -> Result<Option<Timestamp>, LookupError> {
    let micros: Option<i64> = row.try_get(column)?;
    Ok(micros.map(Timestamp::from_micros))
}

/// A bound that cannot be read is no missing bound: the key is worth nothing.
fn bounds(row: &SqliteRow) -> Result<Bounds, LookupError> {
    let text: String = row.try_get("bounds")?;
    serde_json::from_str(&text).map_err(|_| LookupError::Spoiled("bounds"))
}

fn rate(row: &SqliteRow) -> Result<Option<u32>, LookupError> {
    let rate: Option<i64> = row.try_get("rate_per_minute")?;
    rate.map(|rate| u32::try_from(rate).map_err(|_| LookupError::Spoiled("rate_per_minute")))
        .transpose()
}

fn page(row: &SqliteRow) -> Result<Option<[u8; 32]>, LookupError> {
    let page: Option<Vec<u8>> = row.try_get("page")?;
    page.map(|page| page.try_into().map_err(|_| LookupError::Spoiled("page")))
        .transpose()
}

fn unsigned(row: &SqliteRow, column: &'static str) -> Result<u64, LookupError> {
    let number: i64 = row.try_get(column)?;
    u64::try_from(number).map_err(|_| LookupError::Spoiled(column))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
