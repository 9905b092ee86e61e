//! The pin: one set stays in force whatever the folder says, because a person said so, on record. Used by the archive only. What
//! must never happen here: a pin without its record, or on a set that could not go live when it is needed.

use std::collections::BTreeMap;

use super::archived::Pin;
use super::{Archive, ArchiveError, damaged};
use crate::clock::Timestamp;
use crate::ledger::Draft;
use crate::ledger::entry::{Entry, Kind, shorten};
use crate::policy::store::{self, PinRow};
use crate::secret::Purpose;

/// A longer reason is shortened.
const REASON_BYTES_MAX: usize = 1024;

impl Archive {
    /// Pins the set that `name` finds, in place of any other. Pin first, then activate: a start in between then puts the pinned set
    /// in force, and not the folder.
    pub async fn pin(&self, name: &str, by: &str, reason: &str) -> Result<Pin, ArchiveError> {
        let mut row = PinRow {
            at: self.0.parts.clock.now().micros(),
            by: by.to_owned(),
            policy_set: self.find_text(name).await?.digest,
            reason: shorten(reason, REASON_BYTES_MAX),
            signature: Vec::new(),
        };
        row.signature = self.sign(Purpose::Pin, &row);
        let pin = pin_of(&row);
        let record = record("policy.pinned", by, &pin, None)?;
        let ledger = self.0.parts.ledger.clone();
        let pinned = self.0.parts.db.transact(move |connection| {
            Box::pin(async move {
                store::pin(connection, &row).await?;
                ledger.append_in(connection, record).await?;
                Ok::<_, ArchiveError>(())
            })
        });
        pinned.await?;
        Ok(pin)
    }

    /// Takes the pin away, also one that was changed, and gives it; none, and no record, if there was none.
    pub async fn unpin(&self, by: &str, reason: Option<&str>) -> Result<Option<Pin>, ArchiveError> {
        let (ledger, by) = (self.0.parts.ledger.clone(), by.to_owned());
        let why = reason.map(|reason| shorten(reason, REASON_BYTES_MAX));
        let unpinned = self.0.parts.db.transact(move |connection| {
            Box::pin(async move {
                let Some(row) = store::unpin(connection).await? else {
                    return Ok(None);
                };
                let pin = pin_of(&row);
                let record = record("policy.unpinned", &by, &pin, why)?;
                ledger.append_in(connection, record).await?;
                Ok(Some(pin))
            })
        });
        unpinned.await
    }

    /// The pin, if there is one.
    pub async fn pinned(&self) -> Result<Option<Pin>, ArchiveError> {
        let Some(row) = store::pinned(self.0.parts.db.reads()).await? else {
            return Ok(None);
        };
        if self.is_signed(Purpose::Pin, &row, &row.signature) {
            Ok(Some(pin_of(&row)))
        } else {
            Err(damaged(&row.policy_set, "its pin"))
        }
    }
}

/// `why` is what the pin was taken away for; `reason`, what it was set for.
fn record(
    operation: &str,
    by: &str,
    pin: &Pin,
    why: Option<String>,
) -> Result<Draft, ArchiveError> {
    let mut detail = BTreeMap::from([("reason".to_owned(), pin.reason.clone())]);
    detail.extend(why.map(|why| ("why".to_owned(), why)));
    let entry = Entry {
        kind: Kind::Admin,
        operation: Some(operation.to_owned()),
        by: Some(by.to_owned()),
        policy_set: Some(pin.digest.clone()),
        detail,
        ..Entry::default()
    };
    Ok(Draft::new(&entry)?)
}

fn pin_of(row: &PinRow) -> Pin {
    Pin {
        digest: row.policy_set.clone(),
        by: row.by.clone(),
        at: Timestamp::from_micros(row.at),
        reason: row.reason.clone(),
    }
}
