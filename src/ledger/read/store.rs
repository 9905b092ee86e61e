//! The tables of the log, as they are read. Every value is bound; only names from this file are written into statements.

use sqlx::{QueryBuilder, Row as _, Sqlite, query, query_scalar};

use super::{Filter, ReadError, Record};
use crate::clock::Timestamp;
use crate::db::{DbError, Pool};
use crate::ledger::PolicySet;

pub(super) async fn head(pool: &Pool) -> Result<u64, DbError> {
    let head: i64 = query_scalar("SELECT coalesce(max(seq), 0) FROM ledger_leaves")
        .fetch_one(pool)
        .await?;
    Ok(u64::try_from(head).unwrap_or(0))
}

const SELECT: &str = "
    SELECT seq, body, EXISTS (
        SELECT 1 FROM ledger_entries AS ending
        WHERE ending.decision_id = entries.decision_id AND ending.kind = 'outcome'
    ) AS ended
    FROM ledger_entries AS entries WHERE true";

pub(super) async fn select(
    pool: &Pool,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<Record>, ReadError> {
    let mut statement = QueryBuilder::new(SELECT);
    texts(&mut statement, filter);
    if let Some(cross_tenant) = filter.cross_tenant {
        statement
            .push(" AND cross_tenant = ")
            .push_bind(cross_tenant);
    }
    for (column, name) in [
        ("tenant", &filter.tenant),
        ("tenant_of_resource", &filter.resource_tenant),
    ] {
        if let Some(name) = name {
            let ids = tenants_named(pool, name).await?;
            among(&mut statement, column, ids);
        }
    }
    places(&mut statement, filter);
    let order = if filter.newest_first { "DESC" } else { "ASC" };
    statement.push(" ORDER BY seq ").push(order);
    statement.push(" LIMIT ").push_bind(limit);
    let rows = statement.build().fetch_all(pool).await;
    let records = rows.map_err(DbError::from)?.into_iter().map(|row| {
        let seq = u64::try_from(row.get::<i64, _>("seq")).unwrap_or(0);
        Record::new(seq, row.get("body"), row.get("ended"))
    });
    records.collect()
}

/// The tenants that ever had this host or cloud id, and the one whose id it is: a tenant may claim another's id as its cloud id, and
/// must not hide that one's records so.
async fn tenants_named(pool: &Pool, name: &str) -> Result<Vec<String>, DbError> {
    let mut ids: Vec<String> = query_scalar(
        "SELECT id FROM tenants WHERE id <> ?1 AND (host = lower(?1) OR cloud_id = lower(?1))",
    )
    .bind(name)
    .fetch_all(pool)
    .await?;
    ids.push(name.to_owned());
    Ok(ids)
}

/// One value is compared by `=`, so that the index gives the records in order.
fn among(statement: &mut QueryBuilder<Sqlite>, column: &'static str, mut values: Vec<String>) {
    statement.push(" AND ").push(column);
    if values.len() == 1 {
        statement.push(" = ").push_bind(values.remove(0));
        return;
    }
    statement.push(" IN (");
    let mut list = statement.separated(", ");
    for value in values {
        list.push_bind(value);
    }
    statement.push(")");
}

fn texts<'f>(statement: &mut QueryBuilder<Sqlite>, filter: &'f Filter) {
    let equal: [(&'static str, &'f Option<String>); 13] = [
        ("tenant", &filter.tenant_id),
        ("account", &filter.account),
        ("act_as", &filter.act_as),
        ("effect", &filter.effect),
        ("action", &filter.action),
        ("site", &filter.site),
        ("issue", &filter.issue),
        ("project", &filter.project),
        ("code", &filter.code),
        ("kind", &filter.kind),
        ("body ->> '$.entry.policy_set'", &filter.policy_set),
        ("decision_id", &filter.decision),
        ("request_id", &filter.request),
    ];
    for (column, wanted) in equal {
        if let Some(wanted) = wanted {
            statement.push(" AND ").push(column).push(" = ");
            statement.push_bind(wanted.clone());
        }
    }
}

fn places(statement: &mut QueryBuilder<Sqlite>, filter: &Filter) {
    // RFC 3339 in UTC with a fixed number of digits sorts as text. The index on time gives the range of places; within it time is
    // compared again, since a clock may have been set back.
    if let Some(since) = filter.since.map(Timestamp::rfc3339) {
        statement.push(" AND +time >= ").push_bind(since.clone());
        statement.push(" AND seq >= (SELECT min(seq) FROM ledger_entries INDEXED BY ledger_by_time WHERE time >= ");
        statement.push_bind(since).push(")");
    }
    if let Some(until) = filter.until.map(Timestamp::rfc3339) {
        statement.push(" AND +time < ").push_bind(until.clone());
        statement.push(" AND seq <= (SELECT max(seq) FROM ledger_entries INDEXED BY ledger_by_time WHERE time < ");
        statement.push_bind(until).push(")");
    }
    let bounds = [(" > ", filter.after_seq), (" < ", filter.before_seq)];
    for (relation, bound) in bounds {
        if let Some(bound) = bound {
            // No log is longer than what the database can count.
            let bound = i64::try_from(bound).unwrap_or(i64::MAX);
            statement.push(" AND seq").push(relation).push_bind(bound);
        }
    }
}

pub(super) async fn policy_set(
    pool: &Pool,
    digest: &str,
    schema_digest: &str,
) -> Result<Option<PolicySet>, ReadError> {
    let row =
        query("SELECT schema, files FROM policy_sets WHERE digest = ?1 AND schema_digest = ?2")
            .bind(digest)
            .bind(schema_digest)
            .fetch_optional(pool)
            .await
            .map_err(DbError::from)?;
    let Some(row) = row else { return Ok(None) };
    let damaged = |source| ReadError::DamagedSet {
        digest: digest.to_owned(),
        source,
    };
    Ok(Some(PolicySet {
        digest: digest.to_owned(),
        schema_digest: schema_digest.to_owned(),
        schema: serde_json::from_str(row.get("schema")).map_err(damaged)?,
        files: serde_json::from_str(row.get("files")).map_err(damaged)?,
    }))
}
