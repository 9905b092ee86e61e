//! The tables of the log, as they are written. Runs inside transactions of the write lane only.

use std::fmt::Write as _;

use sqlx::{query, query_scalar};

use super::encoding::{self, Draft, SALT_BYTES};
use super::{PolicySet, Writer};
use crate::clock::Timestamp;
use crate::db::{Connection, DbError};

/// The id of the log in this database; `fresh` becomes it at first use.
pub(super) async fn log_id(connection: &mut Connection, fresh: &str) -> Result<String, DbError> {
    query("INSERT OR IGNORE INTO ledger_head (id, log_id, seq) VALUES (1, ?1, 0)")
        .bind(fresh)
        .execute(&mut *connection)
        .await?;
    let log_id = query_scalar("SELECT log_id FROM ledger_head WHERE id = 1");
    Ok(log_id.fetch_one(connection).await?)
}

/// When somebody was last answered. A command that works on the file begins and ends the log as well, and hears nobody.
pub(super) async fn last_answered(
    connection: &mut Connection,
) -> Result<Option<Timestamp>, DbError> {
    let newest = query_scalar(
        "SELECT time FROM ledger_entries WHERE kind IN ('decision', 'outcome', 'check', 'lookup') AND time IS NOT NULL
         ORDER BY seq DESC LIMIT 1",
    );
    let newest: Option<String> = newest.fetch_optional(connection).await?;
    Ok(newest.and_then(|text| Timestamp::parse_rfc3339(&text).ok()))
}

/// Keeps the text of a policy set, unless it is there already.
pub(super) async fn keep_set(
    connection: &mut Connection,
    set: &PolicySet,
    now: Timestamp,
) -> Result<(), DbError> {
    let kept = query_scalar(
        "SELECT EXISTS (SELECT 1 FROM policy_sets WHERE digest = ?1 AND schema_digest = ?2)",
    );
    let kept = kept.bind(&set.digest).bind(&set.schema_digest);
    // Megabytes are not encoded for nothing: every request waits for this lane.
    if kept.fetch_one(&mut *connection).await? {
        return Ok(());
    }
    // INVARIANT: texts and their names are JSON already.
    let json = "texts can be written as JSON";
    query(
        "INSERT INTO policy_sets (digest, schema_digest, schema, files, first_kept)
        VALUES (?1, ?2, ?3, ?4, ?5)",
    )
    .bind(&set.digest)
    .bind(&set.schema_digest)
    .bind(serde_json::to_string(&set.schema).expect(json))
    .bind(serde_json::to_string(&set.files).expect(json))
    .bind(now.micros())
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives `drafts` the next places of the log, in order, and returns the place of the first.
///
/// The head is read and moved inside the transaction: another process that writes the file between two batches is no trouble, and a
/// batch that is rolled back leaves no gap. No drafts is a test of whether the log can be written.
pub(super) async fn append(
    connection: &mut Connection,
    writer: &Writer,
    drafts: &[Draft],
) -> Result<u64, DbError> {
    let count = i64::try_from(drafts.len()).unwrap_or(i64::MAX);
    let head: i64 =
        query_scalar("UPDATE ledger_head SET seq = seq + ?1 WHERE id = 1 RETURNING seq")
            .bind(count)
            .fetch_one(&mut *connection)
            .await?;
    let first = u64::try_from(head - count + 1).unwrap_or(0);
    if !drafts.is_empty() {
        let rows = Rows::new(writer, drafts, first);
        rows.insert(connection, head - count + 1, count).await?;
    }
    Ok(first)
}

/// A batch as a few long values. One statement a table takes them all: a statement a row costs twice as much.
struct Rows {
    bodies: String,
    /// Where each body begins, from 1, and how long it is, in bytes: ten digits each.
    spans: String,
    salts: Vec<u8>,
    commitments: Vec<u8>,
    leaves: Vec<u8>,
}

/// Rows are cut out of the values by position. As a JSON array the bodies would be escaped, parsed and unescaped: a fifth more.
/// A BLOB is cut by bytes, where TEXT would be counted through by characters.
const INSERT: &str = "
    WITH RECURSIVE places (key) AS (
        SELECT 0 UNION ALL SELECT key + 1 FROM places WHERE key + 1 < ?2
    )
    INSERT INTO ledger_leaves (seq, commitment, leaf)
    SELECT ?1 + key, substr(?3, key * 32 + 1, 32), substr(?4, key * 32 + 1, 32) FROM places;
    WITH RECURSIVE places (key) AS (
        SELECT 0 UNION ALL SELECT key + 1 FROM places WHERE key + 1 < ?2
    )
    INSERT INTO ledger_entries (seq, salt, body)
    SELECT
        ?1 + key,
        substr(?5, key * 16 + 1, 16),
        CAST(substr(
            ?6,
            CAST(substr(?7, key * 20 + 1, 10) AS INTEGER),
            CAST(substr(?7, key * 20 + 11, 10) AS INTEGER)
        ) AS TEXT)
    FROM places";

impl Rows {
    fn new(writer: &Writer, drafts: &[Draft], first: u64) -> Self {
        let mut rows = Self {
            bodies: String::with_capacity(drafts.len() * 2048),
            spans: String::with_capacity(drafts.len() * 20),
            salts: vec![0; drafts.len() * SALT_BYTES],
            commitments: Vec::with_capacity(drafts.len() * 32),
            leaves: Vec::with_capacity(drafts.len() * 32),
        };
        // All salts at once: the generator takes in fresh entropy at every call, whatever its length.
        writer.chance.fill(&mut rows.salts);
        let time = encoding::time(writer.clock.now());
        let (salts, _) = rows.salts.as_chunks();
        for ((seq, draft), salt) in (first..).zip(drafts).zip(salts) {
            let start = rows.bodies.len();
            writer.place.body(&mut rows.bodies, draft, seq, &time);
            let body = &rows.bodies[start..];
            let commitment = encoding::commitment(salt, body);
            rows.leaves.extend(encoding::leaf(&commitment));
            rows.commitments.extend(commitment);
            // INVARIANT: writing into a String cannot fail.
            write!(rows.spans, "{:010}{:010}", start + 1, body.len()).expect("memory takes it");
        }
        rows
    }

    async fn insert(
        self,
        connection: &mut Connection,
        first: i64,
        count: i64,
    ) -> Result<(), DbError> {
        let done = query(INSERT)
            .bind(first)
            .bind(count)
            .bind(self.commitments)
            .bind(self.leaves)
            .bind(self.salts)
            .bind(self.bodies.into_bytes())
            .bind(self.spans.into_bytes())
            .execute(connection)
            .await?;
        // Each record has a leaf and a body; anything else would be an answer without a record.
        if i64::try_from(done.rows_affected()).ok() == count.checked_mul(2) {
            Ok(())
        } else {
            Err(DbError::Short)
        }
    }
}
