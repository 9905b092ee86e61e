//! The SQL of blocks. Used by this module only.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, SqlitePool};

use crate::clock::Timestamp;
use crate::tenant::block::{Block, Target};
use crate::tenant::{AccountId, KeyId, TenantError, TenantId};

/// Those in force, of all tenants.
pub(in crate::tenant) async fn load_blocks(
    reads: &SqlitePool,
    now: Timestamp,
) -> Result<Vec<Block>, TenantError> {
    let rows = sqlx::query(
        "SELECT * FROM blocks WHERE ended_at IS NULL AND (until IS NULL OR until > ?1)",
    )
    .bind(now.micros())
    .fetch_all(reads)
    .await?;
    rows.iter().map(block).collect()
}

fn block(row: &SqliteRow) -> Result<Block, TenantError> {
    let id: String = row.try_get("id")?;
    let spoiled = |what: &'static str| TenantError::Spoiled(id.clone(), what);
    let account: Option<String> = row.try_get("account")?;
    let tenant: Option<String> = row.try_get("tenant")?;
    let key: Option<String> = row.try_get("on_key")?;
    let account = account
        .map(|text| text.parse().map_err(|_| spoiled("account")))
        .transpose()?;
    let tenant = tenant
        .map(|text| text.parse().map_err(|_| spoiled("tenant")))
        .transpose()?;
    let key = key
        .map(|text| text.parse().map_err(|_| spoiled("on_key")))
        .transpose()?;
    Ok(Block {
        target: match (account, tenant, key) {
            (None, Some(tenant), Some(key)) => Target::Key(key, tenant),
            (Some(account), Some(tenant), None) => Target::AccountOn(account, tenant),
            (Some(account), None, None) => Target::Account(account),
            (None, Some(tenant), None) => Target::Tenant(tenant),
            _ => return Err(spoiled("account")),
        },
        until: row
            .try_get::<Option<i64>, _>("until")?
            .map(Timestamp::from_micros),
        reason: row.try_get("reason")?,
        made_by: row.try_get("made_by")?,
        made_at: Timestamp::from_micros(row.try_get("made_at")?),
        id,
    })
}

/// Those in force of one tenant, as the transaction sees them.
pub(in crate::tenant) async fn blocks_of(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    now: Timestamp,
) -> Result<Vec<Block>, TenantError> {
    let rows = sqlx::query(
        "SELECT * FROM blocks WHERE tenant = ?1 AND ended_at IS NULL AND (until IS NULL OR until > ?2)",
    )
    .bind(tenant.as_str())
    .bind(now.micros())
    .fetch_all(connection)
    .await?;
    rows.iter().map(block).collect()
}

/// How many blocks of a tenant are in force or were made after `since`. Those whose time is over are marked as ended before, so that
/// counting does not grow dearer with them.
pub(in crate::tenant) async fn count_blocks(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    since: Timestamp,
    now: Timestamp,
) -> Result<usize, TenantError> {
    sqlx::query(
        "UPDATE blocks SET ended_at = until WHERE tenant = ?1 AND ended_at IS NULL AND until <= ?2",
    )
    .bind(tenant.as_str())
    .bind(now.micros())
    .execute(&mut *connection)
    .await?;
    let count: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM blocks WHERE tenant = ?1 AND made_at > ?2)
             + (SELECT count(*) FROM blocks WHERE tenant = ?1 AND made_at <= ?2 AND ended_at IS NULL)",
    )
    .bind(tenant.as_str())
    .bind(since.micros())
    .fetch_one(connection)
    .await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Writes a block.
pub(in crate::tenant) async fn put_block(
    connection: &mut SqliteConnection,
    block: &Block,
) -> Result<(), TenantError> {
    sqlx::query(
        "INSERT INTO blocks (id, account, tenant, until, reason, made_by, made_at, on_key)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .bind(&block.id)
    .bind(block.target.account().map(AccountId::as_str))
    .bind(block.target.tenant().map(TenantId::as_str))
    .bind(block.until.map(Timestamp::micros))
    .bind(&block.reason)
    .bind(&block.made_by)
    .bind(block.made_at.micros())
    .bind(block.target.key().map(KeyId::as_str))
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends the blocks on exactly this target. Gives those that were in force; one that was over ended at its own time, by nobody.
pub(in crate::tenant) async fn end_blocks(
    connection: &mut SqliteConnection,
    target: &Target,
    by: &str,
    now: Timestamp,
) -> Result<Vec<Block>, TenantError> {
    let rows = sqlx::query(
        "UPDATE blocks SET ended_at = min(?3, coalesce(until, ?3)),
             ended_by = CASE WHEN until IS NULL OR until > ?3 THEN ?4 END
         WHERE ended_at IS NULL AND account IS ?1 AND tenant IS ?2 AND on_key IS ?5 RETURNING *",
    )
    .bind(target.account().map(AccountId::as_str))
    .bind(target.tenant().map(TenantId::as_str))
    .bind(now.micros())
    .bind(by)
    .bind(target.key().map(KeyId::as_str))
    .fetch_all(connection)
    .await?;
    let mut ended: Vec<Block> = rows.iter().map(block).collect::<Result<_, _>>()?;
    ended.retain(|block| block.is_in_force(now));
    Ok(ended)
}

/// Ends whatever began before for this tenant, its sessions among it.
pub(in crate::tenant) async fn move_epoch(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
) -> Result<(), TenantError> {
    sqlx::query("UPDATE tenants SET epoch = epoch + 1, sessions_since = epoch + 1 WHERE id = ?1")
        .bind(tenant.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether `account` was kept out of `tenant` at or after `since`, by a block that may be over.
pub(in crate::tenant) async fn was_blocked(
    reads: &SqlitePool,
    account: &AccountId,
    tenant: &TenantId,
    since: Timestamp,
) -> Result<bool, TenantError> {
    // Two searches, by account and tenant: the same account may be blocked on other sites as often as their administrators like.
    let query = sqlx::query(
        "SELECT 1 FROM blocks WHERE account = ?1 AND tenant = ?2
             AND (made_at >= ?3 OR ((ended_at IS NULL OR ended_at > ?3) AND (until IS NULL OR until > ?3)))
         UNION ALL
         SELECT 1 FROM blocks WHERE account = ?1 AND tenant IS NULL
             AND (made_at >= ?3 OR ((ended_at IS NULL OR ended_at > ?3) AND (until IS NULL OR until > ?3)))
         LIMIT 1",
    );
    let found = query
        .bind(account.as_str())
        .bind(tenant.as_str())
        .bind(since.micros())
        .fetch_optional(reads)
        .await?;
    Ok(found.is_some())
}

/// The tenant that had this host last, also one that ended before the next one came.
pub(in crate::tenant) async fn last_on(
    connection: &mut SqliteConnection,
    host: &str,
) -> Result<Option<String>, TenantError> {
    let latest = sqlx::query_scalar(
        "SELECT id FROM tenants WHERE host = ?1 ORDER BY changed_at DESC, rowid DESC LIMIT 1",
    );
    Ok(latest.bind(host).fetch_optional(connection).await?)
}

/// Hands what is blocked on one tenant over to the next tenant of its site; its client keys ended with it. Gives how many blocks that are.
pub(in crate::tenant) async fn hand_over(
    connection: &mut SqliteConnection,
    from: &str,
    to: &TenantId,
    now: Timestamp,
) -> Result<u64, TenantError> {
    let done = sqlx::query(
        "UPDATE blocks SET tenant = ?2
         WHERE tenant = ?1 AND ?1 <> ?2 AND on_key IS NULL AND ended_at IS NULL AND (until IS NULL OR until > ?3)",
    )
    .bind(from)
    .bind(to.as_str())
    .bind(now.micros())
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
