//! The migrations, embedded, so that a binary never meets those of another version. Only [`super::Db::open`] runs them.
//! A migration that was released is never edited: its checksum is in every database.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection as _, SqlSafeStr, query_scalar};

use super::{Connection, DbError};

/// Number, name, text. A new line here is a new migration.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (
        1,
        "ledger",
        include_str!("../../migrations/sqlite/0001_ledger.sql"),
    ),
    (
        2,
        "tenants",
        include_str!("../../migrations/sqlite/0002_tenants.sql"),
    ),
    (
        3,
        "blocks",
        include_str!("../../migrations/sqlite/0003_blocks.sql"),
    ),
    (
        4,
        "policies",
        include_str!("../../migrations/sqlite/0004_policies.sql"),
    ),
    (
        5,
        "credentials",
        include_str!("../../migrations/sqlite/0005_credentials.sql"),
    ),
    (
        6,
        "forge",
        include_str!("../../migrations/sqlite/0006_forge.sql"),
    ),
    (
        7,
        "own_credentials",
        include_str!("../../migrations/sqlite/0007_own_credentials.sql"),
    ),
    (
        8,
        "bounded_searches",
        include_str!("../../migrations/sqlite/0008_bounded_searches.sql"),
    ),
    (
        9,
        "spared_until",
        include_str!("../../migrations/sqlite/0009_spared_until.sql"),
    ),
];

/// Brings the database to this binary's version, in one transaction: two processes that start together migrate one after the other.
pub(super) async fn run(connection: &mut Connection) -> Result<(), DbError> {
    refuse_newer(connection).await?;
    let migrations = MIGRATIONS.iter().map(|&(number, name, text)| {
        let kind = MigrationType::Simple;
        Migration::new(number, name.into(), kind, text.into_sql_str(), false)
    });
    let migrator = Migrator::with_migrations(migrations.collect());
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    migrator
        .run(&mut *transaction)
        .await
        .map_err(DbError::Migrate)?;
    Ok(transaction.commit().await?)
}

/// An older binary must not write into tables whose meaning it does not know.
pub(super) async fn refuse_newer(connection: &mut Connection) -> Result<(), DbError> {
    let known = newest();
    match version(connection).await? {
        Some(found) if found > known => Err(DbError::Newer { found, known }),
        _ => Ok(()),
    }
}

/// The newest migration in the database; none if it has never been migrated.
pub(super) async fn version(connection: &mut Connection) -> Result<Option<i64>, DbError> {
    let migrated: Option<i64> =
        query_scalar("SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations'")
            .fetch_optional(&mut *connection)
            .await?;
    if migrated.is_none() {
        return Ok(None);
    }
    let newest = query_scalar("SELECT max(version) FROM _sqlx_migrations");
    Ok(newest.fetch_one(connection).await?)
}

/// The newest migration that this binary knows.
fn newest() -> i64 {
    MIGRATIONS
        .iter()
        .map(|(number, ..)| *number)
        .max()
        .unwrap_or(0)
}
