//! Keeps the live policy set: every change of the folder is recorded, then takes effect, in that order. Used by `node`.
//! A set must never be in force before its record; a refused one is loud: on the terminal, at /readyz and in the log.
//! Nor may a good one be lost because the log failed for a while: it is kept and tried again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use miette::{GraphicalReportHandler, GraphicalTheme};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::ledger::entry::{Entry, Kind, shorten};
use crate::ledger::{Draft, Ledger, LedgerError};
use crate::policy::{Admitted, Change, Live, PolicyError, Refused};

/// Faults that go into the record; the rest is counted there.
const FAULTS_RECORDED: usize = 20;
/// How soon a set that could not be recorded is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Takes changes until the watch ends.
pub async fn keep(mut changes: mpsc::Receiver<Change>, live: Arc<Live>, ledger: Ledger) {
    while let Some(change) = next(&mut changes, &live, &ledger).await {
        apply(change, &live, &ledger).await;
    }
}

/// The folder's next change. While a set waits for its record and the folder stays as it is, that set comes again.
async fn next(
    changes: &mut mpsc::Receiver<Change>,
    live: &Live,
    ledger: &Ledger,
) -> Option<Change> {
    while live.is_holding() {
        match timeout(RETRY, changes.recv()).await {
            Ok(newer) => return newer,
            Err(_) => {
                if let Some(held) = live.take_held() {
                    activate(held, live, ledger).await;
                }
            }
        }
    }
    changes.recv().await
}

/// Records one change, then lets it take effect.
pub async fn apply(change: Change, live: &Live, ledger: &Ledger) {
    match change {
        Change::Ready(ready) => activate(ready.set, live, ledger).await,
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
    let recorded = match Draft::new(&entry) {
        Ok(draft) => ledger.append_set(draft, snapshot.text()).await,
        Err(error) => Err(error),
    };
    match recorded {
        Ok(()) => {
            live.publish(set);
            tracing::info!(policy.set = digest, policies, "a policy set went live");
        }
        // Without its record it does not go live. The folder is not handed on a second time, so the set must be kept here.
        Err(error) => {
            tracing::error!(%error, policy.set = digest, "a policy set cannot be recorded; it is tried again each second");
            let why = format!(
                "its activation cannot be recorded: {error}; it is tried again each second"
            );
            live.hold(set, why);
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
    let report = report(&refused.errors);
    tracing::error!("the policy folder was refused; the last good set stays in force\n{report}");
    live.refuse(refused);
    if let Err(error) = record(ledger, &entry).await {
        tracing::error!(%error, "the refusal of a policy set could not be recorded");
    }
}

/// Each fault with the lines that it stands in. Without colour: the log writes escape sequences out, so that nobody's text can use them.
fn report(error: &PolicyError) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    let mut text = String::new();
    for fault in error.faults() {
        // INVARIANT: writing to a string cannot fail.
        handler
            .render_report(&mut text, fault)
            .expect("a string takes everything");
    }
    text
}

async fn record(ledger: &Ledger, entry: &Entry) -> Result<(), LedgerError> {
    let _receipt = ledger.append(Draft::new(entry)?).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Draft, Validated, Vocabulary};

    #[test]
    fn a_fault_is_shown_with_its_lines_and_nothing_for_a_terminal_to_obey() {
        let broken = [("a.cedar", "permit(principal, action, resoure);")];
        let files = broken.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let draft = Draft::from_files(files).unwrap();
        let refused = Validated::check(&draft, &Vocabulary::core()).unwrap_err();
        let told = report(&refused);
        assert!(
            told.contains("[a.cedar:1:27]") && told.contains("resoure);"),
            "{told}"
        );
        assert!(!told.contains('\u{1b}'), "{told}");
    }
}
