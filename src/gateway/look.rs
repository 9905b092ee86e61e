//! What has to be asked of Jira before something can be decided: the groups of an account, where policies name groups. Used by
//! `gateway`. Nothing may be asked that is not on record, and nothing about a tenant that is not the principal's own.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use crate::decision::{Look, Query, Ruling, Step, decide};
use crate::policy::Snapshot;
use crate::tenant::AccountId;

use super::{Gateway, Stop};

impl Gateway {
    /// Decides where the groups of `accounts` matter: with what is at hand of them, and where that is not enough, once Jira was asked.
    pub(super) async fn decide_by_groups(
        &self,
        rules: Arc<Snapshot>,
        query: Query,
        accounts: Vec<AccountId>,
        until: Instant,
    ) -> Result<Ruling, Stop> {
        let query = self.recall(query, accounts).await;
        match decide(rules, query)? {
            Step::Ruled(ruling) => Ok(ruling),
            // What is not about groups forbids nothing: only now anybody is asked.
            Step::Needs(look) => self.look(*look, until).await,
        }
    }

    /// The query, knowing of the groups of these accounts what is at hand. Nobody is asked.
    pub(super) async fn recall(&self, query: Query, accounts: Vec<AccountId>) -> Query {
        let mut query = query;
        for account in accounts {
            let known = self.jira.groups_at_hand(query.principal(), &account).await;
            if let Some(groups) = known {
                query = query.knowing(account, groups);
            }
        }
        query
    }

    /// Asks Jira for what `look` waits for, and has it decided. What is not known then is denied.
    async fn look(&self, look: Look, until: Instant) -> Result<Ruling, Stop> {
        let mut look = look;
        for account in look.accounts().to_vec() {
            let recorded = async {
                let entry = look.entry(&account).ok()?;
                let receipt = self.append(entry, until).await.ok()?;
                look.seal(&account, receipt).ok()
            };
            let asked = self.jira.groups(look.principal(), &account, recorded);
            let unknown = match timeout_at(until, asked).await {
                Ok(Ok(groups)) => {
                    look = look.knowing(account, groups);
                    continue;
                }
                Ok(Err(why)) => why.to_string(),
                Err(_) => "late".to_owned(),
            };
            return Ok(look.settle(Some(unknown))?);
        }
        Ok(look.settle(None)?)
    }
}
