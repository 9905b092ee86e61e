//! The SQL of tenants, grants, blocks, lifecycle tokens and the vault's check. Used by this module only; every writer here runs inside a
//! transaction of the write lane that also holds the change's admin record.

use std::collections::HashMap;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, SqlitePool};

use crate::clock::Timestamp;
use crate::secret::Vault;

use crate::db::DbError;

use super::block::SharedBlocks;
use super::grant::Grant;
use super::installation::Lapse;
use super::own::OwnKinds;
use super::record::{State, Tenant};
use super::registry::Parts;
use super::{AccountId, SiteUrl, TenantError, TenantId};

mod blocks;
pub(super) mod forge;
mod grants;
mod own;
mod vault;

pub(super) use blocks::{
    blocks_of, count_blocks, end_blocks, hand_over, last_on, load_blocks, move_epoch, put_block,
    was_blocked,
};
pub(super) use grants::{Beside, count_grants, give, take_back};
use grants::{end_given_by_people, load_grants};
pub(super) use own::take_own;
pub(super) use vault::{set_vault_check, vault_check};

/// The column that a shared secret is sealed for.
pub(super) const SECRET_COLUMN: &str = "tenants.shared_secret";

/// The column that a token of Forge's for the app is sealed for.
pub(super) const SYSTEM_TOKEN_COLUMN: &str = "tenants.system_token";

/// What decides how a lifecycle event changes a row.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) id: TenantId,
    pub(super) host: String,
    pub(super) cloud_id: Option<String>,
    pub(super) installation_id: Option<String>,
    pub(super) heard_at: Option<Timestamp>,
    pub(super) spared_until: Option<Timestamp>,
    pub(super) event_iat: i64,
    pub(super) state: State,
}

/// What a row needs to be a tenant.
pub(super) struct Around<'a> {
    vault: &'a Vault,
    blocks: &'a SharedBlocks,
    lapse: Lapse,
}

impl<'a> Around<'a> {
    pub(super) fn of(parts: &'a Parts, blocks: &'a SharedBlocks, lapse: Lapse) -> Self {
        Self {
            vault: &parts.vault,
            blocks,
            lapse,
        }
    }
}

impl Standing {
    /// Whether Forge alone knows it, and it was not heard of for so long.
    pub(super) fn has_lapsed(&self, lapse: &Lapse, now: Timestamp) -> bool {
        let heard = self.heard_at.filter(|_| self.id.is_of_forge());
        heard.is_some_and(|heard| lapse.of(heard, self.spared_until) <= now)
    }
}

impl From<sqlx::Error> for TenantError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(DbError::from(error))
    }
}

/// The rows as tenants: all of them, or one.
pub(super) async fn load(
    reads: &SqlitePool,
    around: &Around<'_>,
    only: Option<&TenantId>,
    now: Timestamp,
) -> Result<Vec<Tenant>, TenantError> {
    let rows = sqlx::query("SELECT * FROM tenants WHERE ?1 IS NULL OR id = ?1 ORDER BY id")
        .bind(only.map(TenantId::as_str))
        .fetch_all(reads)
        .await?;
    let mut grants = load_grants(reads, only, now).await?;
    rows.iter()
        .map(|row| tenant(row, around, &mut grants))
        .collect()
}

fn tenant(
    row: &SqliteRow,
    around: &Around<'_>,
    grants: &mut HashMap<String, Vec<Grant>>,
) -> Result<Tenant, TenantError> {
    let id: String = row.try_get("id")?;
    let spoiled = |what: &'static str| TenantError::Spoiled(id.clone(), what);
    let sealed: Option<Vec<u8>> = row.try_get("shared_secret")?;
    let secret = sealed
        .map(|sealed| around.vault.open(&id, SECRET_COLUMN, &sealed))
        .transpose()?;
    let forge = forge::read(row, around, &id, secret.is_none())?;
    let cloud_id: Option<String> = row.try_get("cloud_id")?;
    let mut by_account: HashMap<AccountId, Vec<Grant>> = HashMap::new();
    for grant in grants.remove(&id).unwrap_or_default() {
        by_account
            .entry(grant.account.clone())
            .or_default()
            .push(grant);
    }
    Ok(Tenant {
        site: SiteUrl::from_host(row.try_get("host")?).map_err(|_| spoiled("host"))?,
        cloud_id: cloud_id
            .map(|text| text.parse().map_err(|_| spoiled("cloud_id")))
            .transpose()?,
        display_url: row.try_get("display_url")?,
        epoch: unsigned(row, "epoch")?,
        sessions_since: unsigned(row, "sessions_since")?,
        keys_since: unsigned(row, "keys_since")?,
        secret_version: unsigned(row, "secret_version")?,
        state: State::read(row.try_get("state")?).ok_or_else(|| spoiled("state"))?,
        suspended: row.try_get("suspended")?,
        oauth_client_id: row.try_get("oauth_client_id")?,
        own_credentials: OwnKinds::read(row.try_get("own_credentials")?),
        installed_at: Timestamp::from_micros(row.try_get("installed_at")?),
        changed_at: Timestamp::from_micros(row.try_get("changed_at")?),
        id: id.parse().map_err(|_| spoiled("id"))?,
        forge,
        secret,
        grants: by_account,
        blocks: around.blocks.clone(),
    })
}

fn unsigned(row: &SqliteRow, column: &str) -> Result<u64, TenantError> {
    let number: i64 = row.try_get(column)?;
    Ok(u64::try_from(number).unwrap_or(0))
}

/// The epoch of a tenant that is installed and not switched off, as the transaction sees it.
pub(super) async fn epoch(
    connection: &mut SqliteConnection,
    id: &TenantId,
) -> Result<Option<u64>, TenantError> {
    let query = sqlx::query(
        "SELECT epoch FROM tenants WHERE id = ?1 AND state = 'installed' AND suspended IS NULL",
    );
    let row = query.bind(id.as_str()).fetch_optional(connection).await?;
    row.map(|row| unsigned(&row, "epoch")).transpose()
}

/// The row of `id` as far as lifecycle needs it.
pub(super) async fn standing(
    connection: &mut SqliteConnection,
    id: &TenantId,
) -> Result<Option<Standing>, TenantError> {
    let row = sqlx::query("SELECT * FROM tenants WHERE id = ?1")
        .bind(id.as_str())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read_standing).transpose()
}

/// The live tenants other than `id` that hold this host or cloud id.
pub(super) async fn holders(
    connection: &mut SqliteConnection,
    id: &TenantId,
    host: &str,
    cloud_id: Option<&str>,
) -> Result<Vec<Standing>, TenantError> {
    let rows = sqlx::query(
        "SELECT * FROM tenants WHERE state = 'installed' AND id <> ?1 AND (host = ?2 OR cloud_id = ?3)",
    )
    .bind(id.as_str())
    .bind(host)
    .bind(cloud_id)
    .fetch_all(connection)
    .await?;
    rows.iter().map(read_standing).collect()
}

/// Why the tenant that had this host last is switched off, if it is: also one that ended before the next one came.
pub(super) async fn suspension(
    connection: &mut SqliteConnection,
    host: &str,
) -> Result<Option<String>, TenantError> {
    let latest: Option<Option<String>> = sqlx::query_scalar(
        "SELECT suspended FROM tenants WHERE host = ?1 ORDER BY changed_at DESC, rowid DESC LIMIT 1",
    )
    .bind(host)
    .fetch_optional(connection)
    .await?;
    Ok(latest.flatten())
}

fn read_standing(row: &SqliteRow) -> Result<Standing, TenantError> {
    let id: String = row.try_get("id")?;
    Ok(Standing {
        host: row.try_get("host")?,
        cloud_id: row.try_get("cloud_id")?,
        installation_id: row.try_get("installation_id")?,
        heard_at: forge::moment(row, "heard_at")?,
        spared_until: forge::moment(row, "spared_until")?,
        event_iat: row.try_get("event_iat")?,
        state: State::read(row.try_get("state")?)
            .ok_or_else(|| TenantError::Spoiled(id.clone(), "state"))?,
        id: id
            .parse()
            .map_err(|_| TenantError::Spoiled(id.clone(), "id"))?,
    })
}

/// A row as an install writes it.
#[derive(Debug)]
pub(super) struct Installed<'a> {
    pub(super) id: &'a TenantId,
    pub(super) host: &'a str,
    pub(super) cloud_id: Option<String>,
    pub(super) display_url: Option<&'a str>,
    pub(super) oauth_client_id: Option<&'a str>,
    pub(super) sealed: &'a [u8],
    /// Which installation of Forge's it is as well, if the payload says one.
    pub(super) installation_id: Option<String>,
    /// Inherited; a suspension of the tenant's own stays.
    pub(super) suspended: Option<&'a str>,
    pub(super) now: Timestamp,
    pub(super) event_iat: i64,
}

/// Inserts or replaces the installation; epoch and secret version move.
pub(super) async fn upsert(
    connection: &mut SqliteConnection,
    row: &Installed<'_>,
) -> Result<(), TenantError> {
    sqlx::query(
        "INSERT INTO tenants (id, client_key, host, cloud_id, display_url, oauth_client_id, shared_secret,
             secret_version, epoch, state, suspended, installed_at, changed_at, event_iat, installation_id)
         VALUES (?1, ?1, ?2, ?3, ?4, ?5, ?6, 1, 1, 'installed', ?9, ?7, ?7, ?8, ?10)
         ON CONFLICT (id) DO UPDATE SET host = excluded.host,
             cloud_id = coalesce(excluded.cloud_id, CASE WHEN host = excluded.host THEN cloud_id END),
             display_url = excluded.display_url, oauth_client_id = excluded.oauth_client_id,
             shared_secret = excluded.shared_secret, secret_version = secret_version + 1, epoch = epoch + 1,
             sessions_since = epoch + 1,
             installation_id = coalesce(excluded.installation_id, CASE WHEN state = 'installed' THEN installation_id END),
             state = 'installed', suspended = coalesce(suspended, excluded.suspended), changed_at = excluded.changed_at, event_iat = excluded.event_iat",
    )
    .bind(row.id.as_str())
    .bind(row.host)
    .bind(&row.cloud_id)
    .bind(row.display_url)
    .bind(row.oauth_client_id)
    .bind(row.sealed)
    .bind(row.now.micros())
    .bind(row.event_iat)
    .bind(row.suspended)
    .bind(&row.installation_id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends an installation: the secret is gone, the epoch moves, no session, client key and grant that people made before is good again.
pub(super) async fn end(
    connection: &mut SqliteConnection,
    id: &TenantId,
    state: State,
    now: Timestamp,
    event_iat: i64,
) -> Result<(), TenantError> {
    sqlx::query(
        "UPDATE tenants SET state = ?2, shared_secret = NULL, system_token = NULL, system_token_ends_at = NULL, own_credentials = '',
             epoch = epoch + 1, changed_at = ?3,
             sessions_since = epoch + 1, keys_since = epoch + 1, event_iat = max(event_iat, ?4) WHERE id = ?1",
    )
    .bind(id.as_str())
    .bind(state.as_str())
    .bind(now.micros())
    .bind(event_iat)
    .execute(&mut *connection)
    .await?;
    end_given_by_people(connection, id, now).await
}

/// Whether a lifecycle token was accepted before, with whatever body.
pub(super) async fn knows_token(reads: &SqlitePool, hash: &[u8]) -> Result<bool, TenantError> {
    let query = sqlx::query("SELECT 1 FROM lifecycle_tokens WHERE hash = ?1");
    Ok(query.bind(hash).fetch_optional(reads).await?.is_some())
}

/// A day: no token is accepted that was issued so long ago, so no install can come that is older than its tombstone then.
const TOMBSTONE_SECONDS: i64 = 86_400;

/// Remembers the uninstall of a tenant that is not there. Gives whether that is news.
pub(super) async fn bury(
    connection: &mut SqliteConnection,
    id: &TenantId,
    iat: i64,
    now: Timestamp,
) -> Result<bool, TenantError> {
    sqlx::query("DELETE FROM tombstones WHERE iat < ?1")
        .bind(now.seconds().saturating_sub(TOMBSTONE_SECONDS))
        .execute(&mut *connection)
        .await?;
    let done = sqlx::query(
        "INSERT INTO tombstones (client_key, iat) VALUES (?1, ?2)
         ON CONFLICT (client_key) DO UPDATE SET iat = excluded.iat WHERE iat < excluded.iat",
    )
    .bind(id.as_str())
    .bind(iat)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// When a tenant that is not there was uninstalled.
pub(super) async fn tombstone(
    connection: &mut SqliteConnection,
    id: &TenantId,
) -> Result<Option<i64>, TenantError> {
    let query = sqlx::query_scalar("SELECT iat FROM tombstones WHERE client_key = ?1");
    Ok(query.bind(id.as_str()).fetch_optional(connection).await?)
}

/// Switches a tenant off (with a reason) or on; the epoch moves. Gives whether there is such a tenant.
pub(super) async fn suspend(
    connection: &mut SqliteConnection,
    id: &TenantId,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<bool, TenantError> {
    let done = sqlx::query(
        "UPDATE tenants SET suspended = ?2, epoch = epoch + 1, sessions_since = epoch + 1, changed_at = ?3
         WHERE id = ?1",
    )
    .bind(id.as_str())
    .bind(reason)
    .bind(now.micros())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Remembers an accepted lifecycle token; gives the body that it came with before, if it did.
pub(super) async fn remember_token(
    connection: &mut SqliteConnection,
    hash: &[u8],
    body_hash: &[u8],
    expires_at: i64,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, TenantError> {
    sqlx::query("DELETE FROM lifecycle_tokens WHERE expires_at < ?1")
        .bind(now.seconds())
        .execute(&mut *connection)
        .await?;
    let before = sqlx::query("SELECT body_hash FROM lifecycle_tokens WHERE hash = ?1")
        .bind(hash)
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(row) = before {
        return Ok(Some(row.try_get("body_hash")?));
    }
    sqlx::query("INSERT INTO lifecycle_tokens (hash, body_hash, expires_at) VALUES (?1, ?2, ?3)")
        .bind(hash)
        .bind(body_hash)
        .bind(expires_at)
        .execute(connection)
        .await?;
    Ok(None)
}
