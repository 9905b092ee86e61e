//! The SQL of the vault's check. For `store` only.

use sqlx::{Row, SqliteConnection};

use crate::tenant::TenantError;

/// The sealed text that tells whether the master key is the right one.
pub(in crate::tenant) async fn vault_check(
    connection: &mut SqliteConnection,
) -> Result<Option<Vec<u8>>, TenantError> {
    let row = sqlx::query("SELECT sealed FROM vault_check")
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| row.try_get("sealed")).transpose()?)
}

/// Keeps the sealed text of the first start.
pub(in crate::tenant) async fn set_vault_check(
    connection: &mut SqliteConnection,
    sealed: &[u8],
) -> Result<(), TenantError> {
    sqlx::query("INSERT INTO vault_check (id, sealed) VALUES (1, ?1)")
        .bind(sealed)
        .execute(connection)
        .await?;
    Ok(())
}
