//! The SQL of the archive: signing keys, authors, certificates, activations, the pin. Used by `archive` only. Whatever writes here
//! runs inside a transaction of the write lane that also holds what it belongs to. The texts of sets are the ledger's.

use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, query, query_scalar};

use crate::clock::Timestamp;
use crate::db::{Connection, DbError, Pool};

/// A signing key; its private half is sealed.
pub(super) struct KeyRow {
    pub(super) id: String,
    pub(super) public: Vec<u8>,
    pub(super) private: Vec<u8>,
}

/// Who brought a set. As JSON it is what is signed: members in alphabetical order.
#[derive(Serialize)]
pub(super) struct AuthorRow {
    pub(super) at: i64,
    pub(super) author: String,
    pub(super) policy_set: String,
    pub(super) schema: String,
    #[serde(skip)]
    pub(super) signature: Vec<u8>,
}

/// A certificate.
pub(super) struct CertificateRow {
    pub(super) digest: String,
    pub(super) policy_set: String,
    pub(super) schema: String,
    pub(super) text: String,
    pub(super) signature: Vec<u8>,
    pub(super) key_id: String,
}

/// A set went live. As JSON it is what is signed: members in alphabetical order. The number is signed, too, so that an old row
/// cannot be put behind the newest.
#[derive(Serialize)]
pub(super) struct ActivationRow {
    pub(super) at: i64,
    pub(super) by: String,
    pub(super) certificate: Option<String>,
    /// An array, as JSON.
    pub(super) dropped: String,
    pub(super) number: i64,
    pub(super) policy_set: String,
    pub(super) reason: Option<String>,
    pub(super) schema: String,
    #[serde(skip)]
    pub(super) signature: Vec<u8>,
}

/// The pin. As JSON it is what is signed: members in alphabetical order.
#[derive(Serialize)]
pub(super) struct PinRow {
    pub(super) at: i64,
    pub(super) by: String,
    pub(super) policy_set: String,
    pub(super) reason: String,
    #[serde(skip)]
    pub(super) signature: Vec<u8>,
}

/// A set, without its text.
pub(super) struct SetRow {
    pub(super) digest: String,
    pub(super) schema: String,
    pub(super) first_kept: Timestamp,
}

pub(super) async fn signing_key(connection: &mut Connection) -> Result<Option<KeyRow>, DbError> {
    let newest = "SELECT id, public, private FROM signing_keys ORDER BY number DESC LIMIT 1";
    let row = query(newest).fetch_optional(connection).await?;
    Ok(row.map(|row| KeyRow {
        id: row.get("id"),
        public: row.get("public"),
        private: row.get("private"),
    }))
}

/// Whether anything was signed already.
pub(super) async fn is_signed(connection: &mut Connection) -> Result<bool, DbError> {
    let signed = query_scalar(
        "SELECT EXISTS (SELECT 1 FROM policy_authors) OR EXISTS (SELECT 1 FROM policy_certificates)
            OR EXISTS (SELECT 1 FROM policy_activations)",
    );
    Ok(signed.fetch_one(connection).await?)
}

pub(super) async fn add_signing_key(
    connection: &mut Connection,
    row: &KeyRow,
    now: Timestamp,
) -> Result<(), DbError> {
    query("INSERT INTO signing_keys (id, public, private, made_at) VALUES (?1, ?2, ?3, ?4)")
        .bind(&row.id)
        .bind(&row.public)
        .bind(&row.private)
        .bind(now.micros())
        .execute(connection)
        .await?;
    Ok(())
}

/// Adds who brought a set, unless somebody brought it before.
pub(super) async fn add_author(
    connection: &mut Connection,
    row: &AuthorRow,
) -> Result<(), DbError> {
    query(
        "INSERT INTO policy_authors (policy_set, schema_digest, author, at, signature)
        SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (
            SELECT 1 FROM policy_authors WHERE policy_set = ?1 AND schema_digest = ?2
        )",
    )
    .bind(&row.policy_set)
    .bind(&row.schema)
    .bind(&row.author)
    .bind(row.at)
    .bind(&row.signature)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn author(
    reads: &Pool,
    digest: &str,
    schema: &str,
) -> Result<Option<AuthorRow>, DbError> {
    let row = query("SELECT * FROM policy_authors WHERE policy_set = ?1 AND schema_digest = ?2")
        .bind(digest)
        .bind(schema)
        .fetch_optional(reads)
        .await?;
    Ok(row.map(|row| AuthorRow {
        at: row.get("at"),
        author: row.get("author"),
        policy_set: row.get("policy_set"),
        schema: row.get("schema_digest"),
        signature: row.get("signature"),
    }))
}

/// Adds a certificate, unless it is there.
pub(super) async fn add_certificate(
    connection: &mut Connection,
    row: &CertificateRow,
    now: Timestamp,
) -> Result<(), DbError> {
    query(
        "INSERT INTO policy_certificates
            (digest, policy_set, schema_digest, text, signature, key_id, kept_at)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
        WHERE NOT EXISTS (SELECT 1 FROM policy_certificates WHERE digest = ?1)",
    )
    .bind(&row.digest)
    .bind(&row.policy_set)
    .bind(&row.schema)
    .bind(&row.text)
    .bind(&row.signature)
    .bind(&row.key_id)
    .bind(now.micros())
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn certificate(
    reads: &Pool,
    digest: &str,
) -> Result<Option<CertificateRow>, DbError> {
    let row = query("SELECT * FROM policy_certificates WHERE digest = ?1")
        .bind(digest)
        .fetch_optional(reads)
        .await?;
    Ok(row.map(|row| certificate_row(&row)))
}

pub(super) async fn newest_certificate(
    reads: &Pool,
    digest: &str,
    schema: &str,
) -> Result<Option<CertificateRow>, DbError> {
    let newest = "SELECT * FROM policy_certificates WHERE policy_set = ?1 AND schema_digest = ?2
        ORDER BY number DESC LIMIT 1";
    let row = query(newest)
        .bind(digest)
        .bind(schema)
        .fetch_optional(reads)
        .await?;
    Ok(row.map(|row| certificate_row(&row)))
}

fn certificate_row(row: &SqliteRow) -> CertificateRow {
    CertificateRow {
        digest: row.get("digest"),
        policy_set: row.get("policy_set"),
        schema: row.get("schema_digest"),
        text: row.get("text"),
        signature: row.get("signature"),
        key_id: row.get("key_id"),
    }
}

/// The number of the next activation. It holds within this transaction only.
pub(super) async fn next_activation(connection: &mut Connection) -> Result<i64, DbError> {
    let next = query_scalar("SELECT coalesce(max(number), 0) + 1 FROM policy_activations");
    Ok(next.fetch_one(connection).await?)
}

pub(super) async fn add_activation(
    connection: &mut Connection,
    row: &ActivationRow,
) -> Result<(), DbError> {
    query(
        "INSERT INTO policy_activations
            (number, policy_set, schema_digest, certificate, at, by, reason, dropped, signature)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )
    .bind(row.number)
    .bind(&row.policy_set)
    .bind(&row.schema)
    .bind(&row.certificate)
    .bind(row.at)
    .bind(&row.by)
    .bind(&row.reason)
    .bind(&row.dropped)
    .bind(&row.signature)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn last_activation(reads: &Pool) -> Result<Option<ActivationRow>, DbError> {
    let last = "SELECT * FROM policy_activations ORDER BY number DESC LIMIT 1";
    let row = query(last).fetch_optional(reads).await?;
    Ok(row.map(|row| activation_row(&row)))
}

pub(super) async fn newest_activation(
    reads: &Pool,
    digest: &str,
    schema: &str,
) -> Result<Option<ActivationRow>, DbError> {
    let newest = "SELECT * FROM policy_activations WHERE policy_set = ?1 AND schema_digest = ?2
        ORDER BY number DESC LIMIT 1";
    let row = query(newest)
        .bind(digest)
        .bind(schema)
        .fetch_optional(reads)
        .await?;
    Ok(row.map(|row| activation_row(&row)))
}

pub(super) async fn activations(
    reads: &Pool,
    digest: &str,
    schema: &str,
    limit: u32,
) -> Result<Vec<ActivationRow>, DbError> {
    let all = "SELECT * FROM policy_activations WHERE policy_set = ?1 AND schema_digest = ?2
        ORDER BY number DESC LIMIT ?3";
    let rows = query(all)
        .bind(digest)
        .bind(schema)
        .bind(limit)
        .fetch_all(reads)
        .await?;
    Ok(rows.iter().map(activation_row).collect())
}

fn activation_row(row: &SqliteRow) -> ActivationRow {
    ActivationRow {
        at: row.get("at"),
        by: row.get("by"),
        certificate: row.get("certificate"),
        dropped: row.get("dropped"),
        number: row.get("number"),
        policy_set: row.get("policy_set"),
        reason: row.get("reason"),
        schema: row.get("schema_digest"),
        signature: row.get("signature"),
    }
}

/// At most two digests that begin with `prefix`: more do not matter.
pub(super) async fn digests_from(reads: &Pool, prefix: &str) -> Result<Vec<String>, DbError> {
    // Hexadecimal digits sort before `g`: a range, which the primary key answers.
    let digests = "SELECT DISTINCT digest FROM policy_sets
        WHERE digest >= ?1 AND digest < ?1 || 'g' ORDER BY digest LIMIT 2";
    Ok(query_scalar(digests).bind(prefix).fetch_all(reads).await?)
}

/// The newest sets, newest first. An index holds all that is read: behind the texts, which are long, no column is cheap.
pub(super) async fn newest_sets(reads: &Pool, limit: u32) -> Result<Vec<SetRow>, DbError> {
    let newest = "SELECT digest, schema_digest, first_kept FROM policy_sets
        ORDER BY first_kept DESC, digest LIMIT ?1";
    let rows = query(newest).bind(limit).fetch_all(reads).await?;
    Ok(rows.iter().map(set_row).collect())
}

/// The set with this digest and this schema, or the newest schema that it was kept with.
pub(super) async fn set(
    reads: &Pool,
    digest: &str,
    schema: Option<&str>,
) -> Result<Option<SetRow>, DbError> {
    let newest = "SELECT digest, schema_digest, first_kept FROM policy_sets
        WHERE digest = ?1 AND (?2 IS NULL OR schema_digest = ?2)
        ORDER BY first_kept DESC LIMIT 1";
    let row = query(newest)
        .bind(digest)
        .bind(schema)
        .fetch_optional(reads)
        .await?;
    Ok(row.as_ref().map(set_row))
}

fn set_row(row: &SqliteRow) -> SetRow {
    SetRow {
        digest: row.get("digest"),
        schema: row.get("schema_digest"),
        first_kept: Timestamp::from_micros(row.get("first_kept")),
    }
}

pub(super) async fn pinned(reads: &Pool) -> Result<Option<PinRow>, DbError> {
    let row = query("SELECT * FROM policy_pin").fetch_optional(reads);
    Ok(row.await?.map(|row| pin_row(&row)))
}

pub(super) async fn pin(connection: &mut Connection, row: &PinRow) -> Result<(), DbError> {
    query(
        "INSERT OR REPLACE INTO policy_pin (id, policy_set, by, at, reason, signature)
        VALUES (1, ?1, ?2, ?3, ?4, ?5)",
    )
    .bind(&row.policy_set)
    .bind(&row.by)
    .bind(row.at)
    .bind(&row.reason)
    .bind(&row.signature)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes the pin away, and gives it.
pub(super) async fn unpin(connection: &mut Connection) -> Result<Option<PinRow>, DbError> {
    let row = query("DELETE FROM policy_pin RETURNING *").fetch_optional(connection);
    Ok(row.await?.map(|row| pin_row(&row)))
}

fn pin_row(row: &SqliteRow) -> PinRow {
    PinRow {
        at: row.get("at"),
        by: row.get("by"),
        policy_set: row.get("policy_set"),
        reason: row.get("reason"),
        signature: row.get("signature"),
    }
}
