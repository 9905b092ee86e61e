//! What has to be asked of Jira before something can be decided: the groups of an account, where policies with groups bear on it. Used
//! by `gateway` and `screen`. Nothing may be asked that is not on record, and nothing about a tenant that is not the principal's own.

use std::sync::Arc;

use crate::decision::{Look, LookPermit, Query, Ruling, Step, decide};
use crate::ledger::{Ledger, LedgerError};
use crate::policy::Snapshot;
use crate::tenant::AccountId;

use super::{Jira, Unknown};

impl Jira {
    /// Decides `query` with what is known of groups; where that is not enough, once Jira was asked, and that is in `ledger`.
    pub async fn decide(
        &self,
        rules: Arc<Snapshot>,
        query: Query,
        ledger: &Ledger,
    ) -> Result<Ruling, LedgerError> {
        let accounts = query.asks_for(&rules, query.action());
        let query = self.recall(query, accounts).await;
        match decide(rules, query)? {
            Step::Ruled(ruling) => Ok(ruling),
            // What is not about groups forbids nothing: only now anybody is asked.
            Step::Needs(look) => Box::pin(self.look(*look, ledger)).await,
        }
    }

    /// The query, knowing of the groups of these accounts what is at hand. Nobody is asked.
    pub async fn recall(&self, query: Query, accounts: Vec<AccountId>) -> Query {
        let mut query = query;
        for account in accounts {
            let groups = &self.shared.groups;
            if let Some(groups) = groups.at_hand(query.principal(), &account).await {
                query = query.knowing(account, groups);
            }
        }
        query
    }

    /// Asks for what `look` waits for, and has it decided. What is not known then is denied.
    async fn look(&self, look: Look, ledger: &Ledger) -> Result<Ruling, LedgerError> {
        let mut look = look;
        for account in look.accounts().to_vec() {
            let left = look.deadline().since(self.shared.clock.now());
            let asked = self.shared.groups.of(
                &self.outbound,
                look.principal(),
                &account,
                recorded(&look, &account, ledger),
            );
            match tokio::time::timeout(left, asked)
                .await
                .unwrap_or(Err(Unknown::Late))
            {
                Ok(groups) => look = look.knowing(account, groups),
                Err(why) => return look.settle(Some(why.to_string())),
            }
        }
        look.settle(None)
    }
}

/// The permit, once the log has it.
async fn recorded<'l>(
    look: &'l Look,
    account: &'l AccountId,
    ledger: &Ledger,
) -> Option<LookPermit<'l>> {
    let receipt = ledger.append(look.entry(account).ok()?).await.ok()?;
    look.seal(account, receipt).ok()
}
