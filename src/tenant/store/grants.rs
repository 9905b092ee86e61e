//! The SQL of grants. Used by this module only.

use std::collections::HashMap;

use sqlx::{Row, SqliteConnection, SqlitePool};

use crate::clock::Timestamp;
use crate::tenant::record::Grant;
use crate::tenant::{AccountId, TenantError, TenantId};

/// Those of all tenants or one, without the revoked ones, by tenant.
pub(super) async fn load_grants(
    reads: &SqlitePool,
    only: Option<&TenantId>,
) -> Result<HashMap<String, Vec<Grant>>, TenantError> {
    let rows = sqlx::query(
        "SELECT * FROM grants WHERE revoked_at IS NULL AND (?1 IS NULL OR tenant = ?1) ORDER BY given_at, id",
    )
    .bind(only.map(TenantId::as_str))
    .fetch_all(reads)
    .await?;
    let mut grants: HashMap<String, Vec<Grant>> = HashMap::new();
    for row in &rows {
        let tenant: String = row.try_get("tenant")?;
        let spoiled = |what| TenantError::Spoiled(tenant.clone(), what);
        let account = |column: &str| -> Result<AccountId, TenantError> {
            row.try_get::<&str, _>(column)?
                .parse()
                .map_err(|_| spoiled("grant"))
        };
        let grant = Grant {
            id: row.try_get("id")?,
            account: account("account")?,
            act_as: account("act_as")?,
            actions: row
                .try_get::<&str, _>("actions")?
                .split(' ')
                .map(str::to_owned)
                .collect(),
            expires_at: row
                .try_get::<Option<i64>, _>("expires_at")?
                .map(Timestamp::from_micros),
            reason: row.try_get("reason")?,
            given_by: row.try_get("given_by")?,
            given_at: Timestamp::from_micros(row.try_get("given_at")?),
        };
        grants.entry(tenant).or_default().push(grant);
    }
    Ok(grants)
}

/// Writes a grant.
pub(in crate::tenant) async fn give(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    grant: &Grant,
) -> Result<(), TenantError> {
    sqlx::query(
        "INSERT INTO grants (id, tenant, account, act_as, actions, expires_at, reason, given_by, given_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )
    .bind(&grant.id)
    .bind(tenant.as_str())
    .bind(grant.account.as_str())
    .bind(grant.act_as.as_str())
    .bind(grant.actions.join(" "))
    .bind(grant.expires_at.map(Timestamp::micros))
    .bind(&grant.reason)
    .bind(&grant.given_by)
    .bind(grant.given_at.micros())
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a grant and moves its tenant's epoch. Gives the tenant, if the grant was in force.
pub(in crate::tenant) async fn take_back(
    connection: &mut SqliteConnection,
    id: &str,
    by: &str,
    now: Timestamp,
) -> Result<Option<TenantId>, TenantError> {
    let row = sqlx::query(
        "UPDATE grants SET revoked_at = ?2, revoked_by = ?3 WHERE id = ?1 AND revoked_at IS NULL RETURNING tenant",
    )
    .bind(id)
    .bind(now.micros())
    .bind(by)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let tenant: String = row.try_get("tenant")?;
    sqlx::query("UPDATE tenants SET epoch = epoch + 1, changed_at = ?2 WHERE id = ?1")
        .bind(&tenant)
        .bind(now.micros())
        .execute(connection)
        .await?;
    tenant
        .parse()
        .map(Some)
        .map_err(|_| TenantError::Spoiled(tenant, "id"))
}

/// How many grants an account has in force.
pub(in crate::tenant) async fn count_grants(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    account: &AccountId,
    now: Timestamp,
) -> Result<usize, TenantError> {
    let count: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM grants WHERE tenant = ?1 AND account = ?2 AND revoked_at IS NULL
             AND (expires_at IS NULL OR expires_at > ?3)",
    )
    .bind(tenant.as_str())
    .bind(account.as_str())
    .bind(now.micros())
    .fetch_one(connection)
    .await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}
