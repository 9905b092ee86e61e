//! Keeps the live policy set: every change of the folder is recorded, then takes effect, in that order. Used by `node`.
//! A set must never be in force before its record; a refused one is loud: on the terminal, at /readyz and in the log.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::ledger::entry::{Entry, Kind, shorten};
use crate::ledger::{Draft, Ledger, LedgerError};
use crate::policy::{Admitted, Change, Live, PolicyError, Refused};

/// Faults that go into the record; the rest is counted there.
const FAULTS_RECORDED: usize = 20;

/// Takes changes until the watch ends.
pub async fn keep(mut changes: mpsc::Receiver<Change>, live: Arc<Live>, ledger: Ledger) {
    while let Some(change) = changes.recv().await {
        apply(change, &live, &ledger).await;
    }
}

/// Records one change, then lets it take effect.
pub async fn apply(change: Change, live: &Live, ledger: &Ledger) {
    match change {
        Change::Activated(set) => activate(set, live, ledger).await,
        Change::Rejected(refused) => reject(refused, live, ledger).await,
    }
}

async fn activate(set: Admitted, live: &Live, ledger: &Ledger) {
    let snapshot = set.snapshot();
    let (digest, policies) = (snapshot.digest().to_owned(), snapshot.policy_count());
    let entry = Entry {
        kind: Kind::PolicyActivated,
        policy_set: Some(digest.clone()),
        schema: Some(snapshot.schema_digest().to_owned()),
        engine: Some(snapshot.engine().to_owned()),
        proof: Some(snapshot.proof().clone()),
        detail: BTreeMap::from([("policies".to_owned(), policies.to_string())]),
        ..Entry::default()
    };
    match record(ledger, &entry).await {
        Ok(()) => {
            live.publish(set);
            tracing::info!(policy.set = digest, policies, "a policy set went live");
        }
        // Without its record it does not go live; the folder's next change, or a restart, tries again.
        Err(error) => {
            tracing::error!(%error, policy.set = digest, "a policy set could not be recorded and stays out");
        }
    }
}

async fn reject(refused: Refused, live: &Live, ledger: &Ledger) {
    let faults = refused.errors.faults().iter().take(FAULTS_RECORDED);
    let mut detail: BTreeMap<String, String> = faults
        .enumerate()
        .map(|(index, fault)| {
            (
                format!("fault_{:02}", index + 1),
                shorten(&fault.to_string(), 1024),
            )
        })
        .collect();
    detail.insert(
        "faults".to_owned(),
        refused.errors.fault_count().to_string(),
    );
    let entry = Entry {
        kind: Kind::PolicyRejected,
        policy_set: refused.digest.clone(),
        detail,
        ..Entry::default()
    };
    let report = format!(
        "{:?}",
        miette::Report::new(PolicyError::clone(&refused.errors))
    );
    tracing::error!("the policy folder was refused; the last good set stays in force\n{report}");
    live.refuse(refused);
    if let Err(error) = record(ledger, &entry).await {
        tracing::error!(%error, "the refusal of a policy set could not be recorded");
    }
}

async fn record(ledger: &Ledger, entry: &Entry) -> Result<(), LedgerError> {
    let _receipt = ledger.append(Draft::new(entry)?).await?;
    Ok(())
}
