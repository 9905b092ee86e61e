//! The opinion: what the policies say to something that is not going to be done. Born in [`opine`], told once it is in the log.
//! It must never become a ruling or a permit: nothing here gives one, whatever was asked.

use crate::ledger::{Draft, LedgerError, Receipt};
use crate::policy::Snapshot;

use super::denied::UNSEEN;
use super::query::Query;
use super::question::Action;
use super::ruling;
use super::verdict::{TENANT_BREACH, Verdict};

/// Allow or deny, of which nothing follows.
#[must_use]
#[derive(Debug)]
pub struct Opinion {
    verdict: Verdict,
    cross_tenant: bool,
    draft: Draft,
}

/// What the caller is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Whether it would be allowed.
    pub allowed: bool,
    /// The stable code.
    pub code: String,
    /// The sentence of the policy that denies, if it has one.
    pub reason: Option<String>,
    /// Whether a comparison beside the policies fired: an alarm.
    pub breach: bool,
}

impl Told {
    /// What is said of a foreign site, and of one that nobody has.
    #[must_use]
    pub fn unseen() -> Self {
        Self {
            allowed: false,
            code: UNSEEN.0.to_owned(),
            reason: None,
            breach: false,
        }
    }
}

/// Evaluates `query` for `action` under `rules` and writes down what came of it. Nothing is looked up: what is not known is denied.
#[expect(
    clippy::needless_pass_by_value,
    reason = "used up: no ruling can be made of it as well"
)]
pub fn opine(rules: &Snapshot, query: Query, action: Action) -> Result<Opinion, LedgerError> {
    let (question, verdict) = ruling::weigh(rules, &query, action);
    let cross_tenant = query.is_cross_tenant();
    let mut entry = ruling::entry(&query, &question, &verdict, rules);
    // The answer to a check is a 200, also where it says that there is nothing.
    entry.told_status = entry.told_status.map(|_| 200);
    Ok(Opinion {
        verdict,
        cross_tenant,
        draft: Draft::new(&entry)?,
    })
}

impl Opinion {
    /// The entry for the log.
    #[must_use]
    pub fn entry(&self) -> Draft {
        self.draft.clone()
    }

    /// What may be said of it, now that it is in the log.
    #[must_use]
    pub fn tell(self, receipt: &Receipt) -> Told {
        // INVARIANT: pairs with `Ledger::append`; a receipt never vouches for another entry.
        assert_eq!(
            self.draft.digest(),
            receipt.digest(),
            "the receipt is for this opinion"
        );
        let breach = self.verdict.code == TENANT_BREACH;
        if self.cross_tenant {
            return Told {
                breach,
                ..Told::unseen()
            };
        }
        Told {
            allowed: self.verdict.allows(),
            code: self.verdict.code,
            reason: self.verdict.reason,
            breach,
        }
    }
}
