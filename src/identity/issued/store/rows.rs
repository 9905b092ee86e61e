//! Rows as values. Whatever cannot be read makes its credential worth nothing; it never reads as missing.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::clock::Timestamp;
use crate::identity::bounds::Bounds;

use super::super::error::LookupError;
use super::super::listing::{ClientKey, OpenSession};
use super::super::standing::Row;
use super::super::text::Kind;

/// Whom a change was about: the keyed hash under which it is cached.
pub(in super::super) struct Struck {
    pub(in super::super) hash: [u8; 32],
    pub(in super::super) tenant: String,
    pub(in super::super) account: String,
}

/// What a credential in use is made of.
pub(super) fn credential(row: &SqliteRow, kind: Kind) -> Result<Row, LookupError> {
    let made_at = moment(row, "made_at")?;
    let ended = match kind {
        Kind::Session => "ended_at",
        Kind::Key => "revoked_at",
    };
    let common = Row {
        id: row.try_get("id")?,
        tenant: text(row, "tenant")?,
        epoch: unsigned(row, "epoch")?,
        account: text(row, "account")?,
        made_at,
        last_used_at: some_moment(row, "last_used_at")?,
        ends_at: moment(row, "ends_at")?,
        ended_at: some_moment(row, ended)?,
        page: None,
        bounds: Bounds::default(),
        rate_per_minute: None,
    };
    Ok(match kind {
        Kind::Session => Row {
            page: page(row)?,
            ..common
        },
        Kind::Key => Row {
            bounds: bounds(row)?,
            rate_per_minute: rate(row)?,
            ..common
        },
    })
}

/// What ended.
pub(super) fn struck(row: &SqliteRow) -> Result<Struck, LookupError> {
    let hash: Vec<u8> = row.try_get("hash")?;
    Ok(Struck {
        hash: hash.try_into().map_err(|_| LookupError::Spoiled("hash"))?,
        tenant: row.try_get("tenant")?,
        account: row.try_get("account")?,
    })
}

/// A session.
pub(super) fn session(row: &SqliteRow) -> Result<OpenSession, LookupError> {
    Ok(OpenSession {
        id: row.try_get("id")?,
        tenant: text(row, "tenant")?,
        account: text(row, "account")?,
        user_agent: row.try_get("user_agent")?,
        made_at: moment(row, "made_at")?,
        last_used_at: moment(row, "last_used_at")?,
        ends_at: moment(row, "ends_at")?,
    })
}

/// A key.
pub(super) fn key(row: &SqliteRow) -> Result<ClientKey, LookupError> {
    let replaces: Option<String> = row.try_get("replaces")?;
    let replaces = replaces.map(|text| text.parse().map_err(|_| LookupError::Spoiled("replaces")));
    Ok(ClientKey {
        id: text(row, "id")?,
        tenant: text(row, "tenant")?,
        account: text(row, "account")?,
        name: row.try_get("name")?,
        bounds: bounds(row)?,
        rate_per_minute: rate(row)?,
        replaces: replaces.transpose()?,
        made_by: row.try_get("made_by")?,
        made_at: moment(row, "made_at")?,
        last_used_at: some_moment(row, "last_used_at")?,
        ends_at: moment(row, "ends_at")?,
        revoked_at: some_moment(row, "revoked_at")?,
        meant_until: some_moment(row, "meant_until")?,
        epoch: unsigned(row, "epoch")?,
    })
}

fn text<T: std::str::FromStr>(row: &SqliteRow, column: &'static str) -> Result<T, LookupError> {
    let text: String = row.try_get(column)?;
    text.parse().map_err(|_| LookupError::Spoiled(column))
}

fn moment(row: &SqliteRow, column: &'static str) -> Result<Timestamp, LookupError> {
    Ok(Timestamp::from_micros(row.try_get(column)?))
}

fn some_moment(row: &SqliteRow, column: &'static str) -> Result<Option<Timestamp>, LookupError> {
    let micros: Option<i64> = row.try_get(column)?;
    Ok(micros.map(Timestamp::from_micros))
}

/// A bound that cannot be read is no missing bound: the key is worth nothing.
fn bounds(row: &SqliteRow) -> Result<Bounds, LookupError> {
    let text: String = row.try_get("bounds")?;
    serde_json::from_str(&text).map_err(|_| LookupError::Spoiled("bounds"))
}

fn rate(row: &SqliteRow) -> Result<Option<u32>, LookupError> {
    let rate: Option<i64> = row.try_get("rate_per_minute")?;
    rate.map(|rate| u32::try_from(rate).map_err(|_| LookupError::Spoiled("rate_per_minute")))
        .transpose()
}

fn page(row: &SqliteRow) -> Result<Option<[u8; 32]>, LookupError> {
    let page: Option<Vec<u8>> = row.try_get("page")?;
    page.map(|page| page.try_into().map_err(|_| LookupError::Spoiled("page")))
        .transpose()
}

fn unsigned(row: &SqliteRow, column: &'static str) -> Result<u64, LookupError> {
    let number: i64 = row.try_get(column)?;
    u64::try_from(number).map_err(|_| LookupError::Spoiled(column))
}
