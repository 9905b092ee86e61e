//! The SQL of installations that Forge tells of. Used by this module only.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::clock::Timestamp;
use crate::tenant::installation::Lapse;
use crate::tenant::{Forge, InstallationId, TenantError, TenantId};

use super::{Around, SYSTEM_TOKEN_COLUMN, Standing, read_standing};

/// What a row says of its installation. Only `alone`, without a secret of Connect's, does a tenant lapse.
pub(in crate::tenant) fn read(
    row: &SqliteRow,
    around: &Around<'_>,
    id: &str,
    alone: bool,
) -> Result<Option<Forge>, TenantError> {
    let Some(installation) = row.try_get::<Option<String>, _>("installation_id")? else {
        return Ok(None);
    };
    let spoiled = |_| TenantError::Spoiled(id.to_owned(), "installation_id");
    let installation = InstallationId::from_uuid(&installation).map_err(spoiled)?;
    let sealed: Option<Vec<u8>> = row.try_get("system_token")?;
    let system_token = sealed
        .map(|sealed| around.vault.open(id, SYSTEM_TOKEN_COLUMN, &sealed))
        .transpose()?;
    let (heard_at, spared_until) = (moment(row, "heard_at")?, moment(row, "spared_until")?);
    Ok(Some(Forge {
        installation,
        heard_at,
        system_token_ends_at: moment(row, "system_token_ends_at")?,
        lapses_at: heard_at
            .filter(|_| alone)
            .map(|heard| around.lapse.of(heard, spared_until)),
        system_token,
    }))
}

pub(super) fn moment(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>, TenantError> {
    let micros: Option<i64> = row.try_get(column)?;
    Ok(micros.map(Timestamp::from_micros))
}

/// Spares until then whoever had not lapsed when the gateway was last called.
pub(in crate::tenant) async fn spare(
    connection: &mut SqliteConnection,
    lapse: Lapse,
    last_called: Option<Timestamp>,
    until: Timestamp,
) -> Result<(), TenantError> {
    let after_us = i64::try_from(lapse.after.as_micros()).unwrap_or(i64::MAX / 2);
    sqlx::query(
        "UPDATE tenants SET spared_until = max(coalesce(spared_until, 0), ?1)
         WHERE state = 'installed' AND shared_secret IS NULL AND heard_at IS NOT NULL
             AND (?2 IS NULL OR max(heard_at + ?3, coalesce(spared_until, 0)) > ?2)",
    )
    .bind(until.micros())
    .bind(last_called.map(Timestamp::micros))
    .bind(after_us)
    .execute(connection)
    .await?;
    Ok(())
}

/// All rows of an installation, live or ended.
pub(in crate::tenant) async fn of_installation(
    connection: &mut SqliteConnection,
    installation: InstallationId,
) -> Result<Vec<Standing>, TenantError> {
    let rows = sqlx::query("SELECT * FROM tenants WHERE installation_id = ?1")
        .bind(installation.uuid())
        .fetch_all(connection)
        .await?;
    rows.iter().map(read_standing).collect()
}

/// Whoever had a site before.
#[derive(Debug)]
pub(in crate::tenant) struct Predecessor {
    pub(in crate::tenant) id: String,
    pub(in crate::tenant) suspended: Option<String>,
}

/// Whose suspension and blocks pass on to a tenant of this cloud id: the last that had it, wherever its host was, since a site can be
/// renamed between two installations. By its host alone nobody inherits of a tenant whose cloud id is known to be another: a free host
/// is given to the next customer.
pub(in crate::tenant) async fn predecessor(
    connection: &mut SqliteConnection,
    host: &str,
    cloud_id: &str,
) -> Result<Option<Predecessor>, TenantError> {
    let row = sqlx::query(
        "SELECT id, suspended FROM tenants WHERE cloud_id = ?2 OR (host = ?1 AND cloud_id IS NULL)
         ORDER BY changed_at DESC, rowid DESC LIMIT 1",
    )
    .bind(host)
    .bind(cloud_id)
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Predecessor {
            id: row.try_get("id")?,
            suspended: row.try_get("suspended")?,
        })
    })
    .transpose()
}

/// A row as the first token of an installation writes it.
#[derive(Debug)]
pub(in crate::tenant) struct Registered<'a> {
    pub(in crate::tenant) id: &'a TenantId,
    pub(in crate::tenant) installation: InstallationId,
    pub(in crate::tenant) host: &'a str,
    pub(in crate::tenant) cloud_id: String,
    /// Inherited; a suspension of the tenant's own stays.
    pub(in crate::tenant) suspended: Option<&'a str>,
    pub(in crate::tenant) now: Timestamp,
    pub(in crate::tenant) event_iat: i64,
}

/// Inserts the installation, or brings one back that had ended; the epoch moves.
pub(in crate::tenant) async fn register(
    connection: &mut SqliteConnection,
    row: &Registered<'_>,
) -> Result<(), TenantError> {
    sqlx::query(
        "INSERT INTO tenants (id, host, cloud_id, secret_version, epoch, state, suspended, installed_at, changed_at, event_iat,
             installation_id, heard_at)
         VALUES (?1, ?2, ?3, 0, 1, 'installed', ?4, ?5, ?5, ?6, ?7, ?5)
         ON CONFLICT (id) DO UPDATE SET host = excluded.host, cloud_id = excluded.cloud_id, epoch = epoch + 1,
             sessions_since = epoch + 1, state = 'installed', suspended = coalesce(suspended, excluded.suspended),
             changed_at = excluded.changed_at, event_iat = excluded.event_iat, heard_at = excluded.heard_at",
    )
    .bind(row.id.as_str())
    .bind(row.host)
    .bind(&row.cloud_id)
    .bind(row.suspended)
    .bind(row.now.micros())
    .bind(row.event_iat)
    .bind(row.installation.uuid())
    .execute(connection)
    .await?;
    Ok(())
}

/// A token that a trigger brought.
#[derive(Debug)]
pub(in crate::tenant) struct Brought {
    pub(in crate::tenant) sealed: Vec<u8>,
    pub(in crate::tenant) ends_at: Timestamp,
    /// Also if the kept one would last longer.
    pub(in crate::tenant) in_any_case: bool,
}

/// Writes down that an installation was heard of, and the token that came with it if it lasts longer than the kept one. Gives whether
/// there is such a live tenant, and until when the token is good that it has now.
pub(in crate::tenant) async fn hear(
    connection: &mut SqliteConnection,
    id: &TenantId,
    token: Option<&Brought>,
    now: Timestamp,
) -> Result<Option<Option<Timestamp>>, TenantError> {
    let row = sqlx::query(
        "UPDATE tenants SET heard_at = ?2,
             system_token = CASE WHEN ?5 OR ?4 > coalesce(system_token_ends_at, 0) THEN ?3 ELSE system_token END,
             system_token_ends_at = CASE WHEN ?5 OR ?4 > coalesce(system_token_ends_at, 0) THEN ?4 ELSE system_token_ends_at END
         WHERE id = ?1 AND state = 'installed' RETURNING system_token_ends_at",
    )
    .bind(id.as_str())
    .bind(now.micros())
    .bind(token.map(|token| token.sealed.as_slice()))
    .bind(token.map(|token| token.ends_at.micros()))
    .bind(token.is_some_and(|token| token.in_any_case))
    .fetch_optional(connection)
    .await?;
    row.map(|row| moment(&row, "system_token_ends_at"))
        .transpose()
}
