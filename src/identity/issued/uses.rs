//! When credentials were used last, on its way into the database. Used by this folder. One transaction at a time writes all that has come
//! since the one before: however many credentials are used, nobody's commit waits behind more than one of these.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::clock::Timestamp;
use crate::db::{Db, DbError};

use super::store;
use super::text::Kind;

/// What is beyond that is lost: then a session seems idle a little sooner.
const WAITING_MAX: usize = 100_000;
/// What one transaction writes.
const WRITTEN_MAX: usize = 500;

/// Uses that the database does not know of yet.
#[derive(Debug, Default)]
pub(super) struct Uses(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    latest: HashMap<String, (Kind, Timestamp)>,
    /// Whether somebody is writing and will come again.
    is_written: bool,
}

impl Uses {
    /// Puts a use on the list. Gives whether the caller has to write the list down, because nobody is at it.
    pub(super) fn put(&self, kind: Kind, id: &str, at: Timestamp) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.latest.len() < WAITING_MAX || waiting.latest.contains_key(id) {
            waiting.latest.insert(id.to_owned(), (kind, at));
        }
        !std::mem::replace(&mut waiting.is_written, true)
    }

    /// Writes the list down until nothing is left on it.
    pub(super) async fn write(&self, db: &Db) {
        while let Some(some) = self.some() {
            let written = db.transact(move |connection| {
                Box::pin(async move {
                    for (id, (kind, at)) in &some {
                        store::note_use(connection, *kind, id, *at).await?;
                    }
                    Ok::<_, DbError>(())
                })
            });
            if let Err(error) = written.await {
                tracing::warn!(%error, "the last use of credentials could not be noted");
            }
        }
    }

    fn some(&self) -> Option<Vec<(String, (Kind, Timestamp))>> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ids: Vec<String> = waiting.latest.keys().take(WRITTEN_MAX).cloned().collect();
        if ids.is_empty() {
            waiting.is_written = false;
            return None;
        }
        let taken = ids
            .into_iter()
            .filter_map(|id| waiting.latest.remove_entry(&id));
        Some(taken.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_uses_one_writes_and_takes_all_that_came_meanwhile() {
        let (uses, noon) = (Uses::default(), Timestamp::from_seconds(1_795_435_200));
        assert!(uses.put(Kind::Key, "key_0", noon), "nobody writes yet");
        for number in 0..2 * WRITTEN_MAX {
            assert!(!uses.put(Kind::Key, &format!("key_{number}"), noon));
        }
        let lengths = [uses.some(), uses.some()].map(|some| some.unwrap().len());
        assert_eq!(lengths, [WRITTEN_MAX, WRITTEN_MAX]);
        assert!(!uses.put(Kind::Session, "session_1", noon), "still at it");
        assert_eq!(
            uses.some().unwrap(),
            [("session_1".to_owned(), (Kind::Session, noon))]
        );
        assert!(uses.some().is_none());
        assert!(
            uses.put(Kind::Key, "key_0", noon),
            "the next one begins anew"
        );
    }
}
