//! Grants that people give: for a context token of the last minute, spent with them. What is wished is checked before anything is
//! written; the caller is told which member makes no sense.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::identity::principal::Principal;
use crate::identity::spendable::Spendable;
use crate::ledger::text::visible;
use crate::tenant::operations::{By, NewGrant};
use crate::tenant::{AccountId, Grant, TenantError, TenantId};

use super::super::Issued;
use super::super::error::IssueError;
use super::Fresh;

/// A grant that somebody wishes to give.
#[derive(Clone, Debug)]
pub struct GrantWish {
    /// Who may.
    pub account: AccountId,
    /// As whom.
    pub act_as: AccountId,
    /// Names of actions or of groups of them, checked by whoever knows them.
    pub actions: Vec<String>,
    /// Until when.
    pub ends_at: Timestamp,
    /// What for.
    pub reason: String,
}

const ACTIONS_MAX: usize = 50;
const REASON_CHARS_MAX: usize = 200;

impl Issued {
    /// Takes a fresh context token apart: who has it, and what one change is made for.
    pub fn freshen(
        &self,
        token: Spendable,
        page: Option<&str>,
    ) -> Result<(Principal, Fresh), IssueError> {
        let (owner, spent) = self.exchange(&token, page)?;
        Ok((token.into_principal(), Fresh::new(owner, spent)))
    }

    /// Gives a grant on `tenant` for a fresh token.
    pub async fn give_grant(
        &self,
        fresh: Fresh,
        tenant: &TenantId,
        wish: GrantWish,
        by: By,
    ) -> Result<Grant, IssueError> {
        let parts = &self.0.parts;
        let now = parts.clock.now();
        let new = wish.checked(parts.lifetimes.grant_max, now)?;
        let issued = self.clone();
        let given = parts
            .tenants
            .give_after(tenant, new, by, move |connection| {
                Box::pin(async move { fresh.spend(&issued, connection, now).await })
            });
        given.await.map_err(told)
    }
}

impl GrantWish {
    fn checked(self, life_max: Duration, now: Timestamp) -> Result<NewGrant, IssueError> {
        let member = |name, text: String| Err(IssueError::Member(name, text));
        if self.account == self.act_as {
            let text = "an account needs no grant to act as itself";
            return member("account", text.to_owned());
        }
        if self.actions.is_empty() || self.actions.len() > ACTIONS_MAX {
            return member("actions", format!("1 to {ACTIONS_MAX} of them"));
        }
        let reason = self.reason.trim();
        // Whoever is acted as reads it in a list, and an auditor in the log.
        let is_plain = visible(reason) == reason;
        if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX || !is_plain {
            let form = format!("1 to {REASON_CHARS_MAX} characters, none of them hidden");
            return member("reason", form);
        }
        if self.ends_at <= now {
            return member("until", "the grant would have ended already".to_owned());
        }
        if self.ends_at > now.plus(life_max) {
            let days = life_max.as_secs() / 86_400;
            let limit = format!("a grant that people give lasts {days} days at most here");
            return member("until", limit);
        }
        Ok(NewGrant {
            reason: reason.to_owned(),
            account: self.account,
            act_as: self.act_as,
            actions: self.actions,
            expires_at: Some(self.ends_at),
        })
    }
}

/// What the caller can mend is told.
fn told(error: IssueError) -> IssueError {
    match error {
        IssueError::Tenant(
            error @ (TenantError::TooManyGrants(..)
            | TenantError::TooManyGiven(..)
            | TenantError::TooManyOfSite(_)),
        ) => IssueError::TooManyGrants(error),
        IssueError::Tenant(TenantError::NotToGive) => IssueError::NotToGive,
        error => error,
    }
}
