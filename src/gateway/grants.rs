//! Grants that people give: to act as themselves, or as administrators of a site to act as another account of it. Used by `http`.
//! Each takes a context token of the last minute, which is spent with it, as a key does: a session that leaked gives nobody a right.

use crate::clock::Timestamp;
use crate::decision::Action;
use crate::identity::issued::{Fresh, GrantWish, IssueError};
use crate::identity::verify::ConnectKind;
use crate::tenant::operations::By;
use crate::tenant::{AccountId, Grant, TenantId};

use super::credentials::acting;
use super::errand::Errand;
use super::{Gateway, Managed, Stop, Supervisor, Trail};

/// What a grant is to say, but for whom it is to act as.
#[derive(Debug)]
pub struct Terms {
    /// Who may.
    pub account: AccountId,
    /// Names of actions or of groups of them.
    pub actions: Vec<String>,
    /// Until when.
    pub ends_at: Timestamp,
    /// What for.
    pub reason: String,
}

/// A grant that was given.
#[derive(Debug)]
pub struct Given {
    /// Whose.
    pub tenant: TenantId,
    /// The grant.
    pub grant: Grant,
}

impl Gateway {
    /// Lets another account act as the caller.
    pub async fn give_grant(
        &self,
        by: Managed<'_>,
        terms: Terms,
        trail: &mut Trail,
    ) -> Result<Given, Stop> {
        let given = async {
            let token = self.exchange(by, ConnectKind::Context, trail).await?;
            let (principal, fresh) = self.issued.freshen(token, by.page)?;
            let wish = terms.into_wish(principal.account().clone())?;
            let (tenant, entry) = (principal.tenant(), acting(trail, "giveGrant"));
            let by = By::person(tenant, principal.account(), entry);
            let grant = self.issued.give_grant(fresh, tenant, wish, by).await?;
            let tenant = tenant.clone();
            Ok(Given { tenant, grant })
        };
        let given: Result<Given, Stop> = given.await;
        self.recorded(given, trail).await
    }

    /// Who wants to give something as an administrator of their own site, and may, with the token that is spent on it.
    pub async fn supervise_to_give(
        &self,
        by: Managed<'_>,
        trail: &mut Trail,
    ) -> Result<(Supervisor, Fresh), Stop> {
        let errand = Errand::supervision(by.ip);
        trail.note_errand(&errand);
        let admitted = async {
            let token = self.exchange(by, ConnectKind::Context, trail).await?;
            let (principal, fresh) = self.issued.freshen(token, by.page)?;
            let supervisor = self.admit(principal, errand, trail).await?;
            Ok((supervisor, fresh))
        };
        let admitted: Result<(Supervisor, Fresh), Stop> = admitted.await;
        self.recorded(admitted, trail).await
    }

    /// Lets an account of the supervisor's own site act as another of it.
    pub async fn give_grant_on_site(
        &self,
        (supervisor, fresh): (Supervisor, Fresh),
        act_as: AccountId,
        terms: Terms,
        trail: &Trail,
    ) -> Result<Given, Stop> {
        let tenant = self.standing(&supervisor)?.id.clone();
        let wish = terms.into_wish(act_as)?;
        let by = By::administrator(&tenant, supervisor.account(), trail.entry.clone());
        let grant = self.issued.give_grant(fresh, &tenant, wish, by).await?;
        Ok(Given { tenant, grant })
    }
}

impl Terms {
    /// What is about a site as a whole is nobody's to pass on: an operator alone grants it.
    fn into_wish(self, act_as: AccountId) -> Result<GrantWish, IssueError> {
        let mut actions = self.actions;
        if let Some(other) = actions.iter().find(|name| !Action::is_passed_on(name)) {
            let other = crate::ledger::entry::shorten(other, 64);
            let form = format!("`{other}` is not `read`, `write` or an action of these groups");
            return Err(IssueError::Member("actions", form));
        }
        actions.sort_unstable();
        actions.dedup();
        Ok(GrantWish {
            account: self.account,
            act_as,
            actions,
            ends_at: self.ends_at,
            reason: self.reason,
        })
    }
}
