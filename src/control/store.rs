//! The SQL of the admin side's tokens. Used by `tokens` only.

use crate::clock::Timestamp;
use crate::db::{Connection, DbError, Pool};

/// A token's row.
pub(super) struct Row {
    pub(super) hash: [u8; 32],
    pub(super) id: String,
    pub(super) role: &'static str,
    pub(super) name: String,
    pub(super) made_by: String,
    pub(super) made_at: Timestamp,
}

pub(super) async fn insert(connection: &mut Connection, row: &Row) -> Result<(), DbError> {
    sqlx::query("INSERT INTO admin_tokens (hash, id, role, name, made_by, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        .bind(&row.hash[..])
        .bind(&row.id)
        .bind(row.role)
        .bind(&row.name)
        .bind(&row.made_by)
        .bind(row.made_at.micros())
        .execute(connection)
        .await?;
    Ok(())
}

/// Id and role of a token.
pub(super) async fn holder(
    reads: &Pool,
    hash: &[u8; 32],
) -> Result<Option<(String, String)>, DbError> {
    Ok(
        sqlx::query_as("SELECT id, role FROM admin_tokens WHERE hash = ?1")
            .bind(&hash[..])
            .fetch_optional(reads)
            .await?,
    )
}
