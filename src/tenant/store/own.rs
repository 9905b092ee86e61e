//! The SQL of what a tenant takes of users' own credentials.

use sqlx::SqliteConnection;

use crate::clock::Timestamp;
use crate::tenant::{TenantError, TenantId};

/// Writes down which kinds are taken; the epoch moves. Gives whether the tenant is installed: what is decided for one that is not
/// would wait for somebody else's install.
pub(in crate::tenant) async fn take_own(
    connection: &mut SqliteConnection,
    id: &TenantId,
    words: &str,
    now: Timestamp,
) -> Result<bool, TenantError> {
    let done = sqlx::query(
        "UPDATE tenants SET own_credentials = ?2, epoch = epoch + 1, changed_at = ?3 WHERE id = ?1 AND state = 'installed'",
    )
    .bind(id.as_str())
    .bind(words)
    .bind(now.micros())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
