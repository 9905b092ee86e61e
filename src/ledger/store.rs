//! The tables of the log, as they are written. Runs inside transactions of the write lane only.

use serde::Serialize as _;
use serde_json::Serializer;
use sqlx::{query, query_scalar};

use super::Writer;
use super::encoding::{self, Draft, SALT_BYTES};
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

/// A batch as four values. One statement a table takes them all: 98,000 records a second where a statement a row makes 43,000.
struct Rows {
    bodies: Vec<u8>,
    salts: Vec<u8>,
    commitments: Vec<u8>,
    leaves: Vec<u8>,
}

/// Counting for the leaves instead of reading the bodies' JSON a second time saves a sixth of the whole.
const INSERT: &str = "
    WITH RECURSIVE places (key) AS (
        SELECT 0 UNION ALL SELECT key + 1 FROM places WHERE key + 1 < ?2
    )
    INSERT INTO ledger_leaves (seq, commitment, leaf)
    SELECT ?1 + key, substr(?3, key * 32 + 1, 32), substr(?4, key * 32 + 1, 32) FROM places;
    INSERT INTO ledger_entries (seq, salt, body)
    SELECT ?1 + key, substr(?5, key * 16 + 1, 16), atom FROM json_each(?6)";

impl Rows {
    fn new(writer: &Writer, drafts: &[Draft], first: u64) -> Self {
        let mut rows = Self {
            bodies: Vec::with_capacity(drafts.len() * 1024),
            salts: Vec::with_capacity(drafts.len() * SALT_BYTES),
            commitments: Vec::with_capacity(drafts.len() * 32),
            leaves: Vec::with_capacity(drafts.len() * 32),
        };
        let time = encoding::time(writer.clock.now());
        let mut body = String::new();
        for (seq, draft) in (first..).zip(drafts) {
            writer.place.body(&mut body, draft, seq, &time);
            rows.push(&body, &writer.chance.bytes());
        }
        rows.bodies.push(b']');
        rows
    }

    fn push(&mut self, body: &str, salt: &[u8; SALT_BYTES]) {
        let commitment = encoding::commitment(salt, body);
        self.leaves.extend(encoding::leaf(&commitment));
        self.commitments.extend(commitment);
        self.salts.extend(salt);
        self.bodies
            .push(if self.bodies.is_empty() { b'[' } else { b',' });
        // INVARIANT: a string is JSON, and memory takes it.
        body.serialize(&mut Serializer::new(&mut self.bodies))
            .expect("a string can be written to memory");
    }

    async fn insert(
        self,
        connection: &mut Connection,
        first: i64,
        count: i64,
    ) -> Result<(), DbError> {
        // INVARIANT: serde_json writes UTF-8.
        let bodies = String::from_utf8(self.bodies).expect("JSON is UTF-8");
        let done = query(INSERT)
            .bind(first)
            .bind(count)
            .bind(self.commitments)
            .bind(self.leaves)
            .bind(self.salts)
            .bind(bodies)
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
