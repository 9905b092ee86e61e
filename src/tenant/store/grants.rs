//! The SQL of grants. Used by this module only.

use std::collections::HashMap;

use sqlx::{Row, SqliteConnection, SqlitePool};

use crate::clock::Timestamp;
use crate::tenant::{AccountId, Grant, TenantError, TenantId};

/// Those in force of all tenants or one, by tenant. What has ended is left out: it would be looked at in each request for ever.
pub(super) async fn load_grants(
    reads: &SqlitePool,
    only: Option<&TenantId>,
    now: Timestamp,
) -> Result<HashMap<String, Vec<Grant>>, TenantError> {
    let rows = sqlx::query(
        "SELECT * FROM grants WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2)
             AND (?1 IS NULL OR tenant = ?1) ORDER BY given_at, id",
    )
    .bind(only.map(TenantId::as_str))
    .bind(now.micros())
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

/// Writes a grant, and forgets some of its tenant that ended before `forget_before`: their records are in the log.
pub(in crate::tenant) async fn give(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    grant: &Grant,
    forget_before: Timestamp,
) -> Result<(), TenantError> {
    sqlx::query(
        "DELETE FROM grants WHERE id IN (SELECT id FROM grants
             WHERE tenant = ?1 AND coalesce(revoked_at, expires_at) < ?2 LIMIT 10)",
    )
    .bind(tenant.as_str())
    .bind(forget_before.micros())
    .execute(&mut *connection)
    .await?;
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

/// Ends a grant. Gives the tenant, if the grant was in force.
pub(in crate::tenant) async fn take_back(
    connection: &mut SqliteConnection,
    id: &str,
    by: &str,
    now: Timestamp,
) -> Result<Option<TenantId>, TenantError> {
    let tenant: Option<String> = sqlx::query_scalar(
        "UPDATE grants SET revoked_at = ?2, revoked_by = ?3
         WHERE id = ?1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2) RETURNING tenant",
    )
    .bind(id)
    .bind(now.micros())
    .bind(by)
    .fetch_optional(connection)
    .await?;
    let read = |tenant: String| {
        tenant
            .parse()
            .map_err(|_| TenantError::Spoiled(tenant, "id"))
    };
    tenant.map(read).transpose()
}

/// Ends what people gave of their own on a tenant that ends. What operators gave is the operators'.
pub(super) async fn end_given_by_people(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    now: Timestamp,
) -> Result<(), TenantError> {
    sqlx::query(
        "UPDATE grants SET revoked_at = ?2, revoked_by = 'uninstall'
         WHERE tenant = ?1 AND revoked_at IS NULL AND given_by LIKE 'account:%'",
    )
    .bind(tenant.as_str())
    .bind(now.micros())
    .execute(connection)
    .await?;
    Ok(())
}

/// How many grants of a tenant there are beside one that is to be given.
#[derive(Clone, Copy, Debug)]
pub(in crate::tenant) struct Beside {
    /// Those in force.
    pub(in crate::tenant) all: i64,
    /// Those in force that its holder has.
    pub(in crate::tenant) held: i64,
    /// Those by its giver that are in force or were given lately.
    pub(in crate::tenant) given: i64,
    /// Of these, those to act as the same account.
    pub(in crate::tenant) in_name: i64,
}

/// Counts the grants beside `grant`. What was given since `lately` counts for its giver also when it has ended: each changes what all
/// workers hold of the tenant.
pub(in crate::tenant) async fn count_grants(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    grant: &Grant,
    now: Timestamp,
    lately: Timestamp,
) -> Result<Beside, TenantError> {
    let row = sqlx::query(
        "WITH there AS (SELECT *, revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?5) AS in_force
             FROM grants WHERE tenant = ?1)
         SELECT count(*) FILTER (WHERE in_force) AS of_all, count(*) FILTER (WHERE in_force AND account = ?2) AS held,
             count(*) FILTER (WHERE given_by = ?4) AS given,
             count(*) FILTER (WHERE given_by = ?4 AND act_as = ?3) AS in_name
         FROM there WHERE in_force OR given_at > ?6",
    )
    .bind(tenant.as_str())
    .bind(grant.account.as_str())
    .bind(grant.act_as.as_str())
    .bind(&grant.given_by)
    .bind(now.micros())
    .bind(lately.micros())
    .fetch_one(connection)
    .await?;
    Ok(Beside {
        all: row.try_get("of_all")?,
        held: row.try_get("held")?,
        given: row.try_get("given")?,
        in_name: row.try_get("in_name")?,
    })
}
