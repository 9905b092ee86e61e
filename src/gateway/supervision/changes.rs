//! What an administrator of a site ends and who they keep out, each on record with the decision that allowed it. Used by `http`.
//! What is ended is in force when the call returns; an operator's block must never end here.

use crate::identity::issued::Whose;
use crate::tenant::AccountId;
use crate::tenant::block::{Block, Target};
use crate::tenant::operations::{By, NewBlock};

use super::{Gateway, Stop, SuperviseError, Supervisor, Trail};

/// What of a site is ended.
#[derive(Clone, Copy, Debug)]
pub enum Closed<'a> {
    /// A session.
    Session(&'a str),
    /// A client key.
    Key(&'a str),
    /// A grant.
    Grant(&'a str),
    /// A block that an administrator of the site made.
    Block(&'a str),
}

impl Gateway {
    /// Ends something of the supervisor's own site.
    pub async fn close_on_site(
        &self,
        supervisor: Supervisor,
        closed: Closed<'_>,
        trail: &Trail,
    ) -> Result<(), Stop> {
        let tenant = self.standing(&supervisor)?;
        let (whose, entry) = (Whose::Tenant(&tenant.id), trail.entry.clone());
        let name = format!("account:{}", supervisor.account());
        match closed {
            Closed::Session(id) => self.issued.end_session(id, whose, &name, entry).await?,
            Closed::Key(id) => self.issued.revoke_key(id, whose, &name, entry).await?,
            Closed::Grant(id) => {
                let by = by(&supervisor, trail);
                let done = self.tenants.take_back(id, by).await;
                done.map_err(SuperviseError::from)?;
            }
            Closed::Block(id) => self.unblock_on_site(&supervisor, id, trail).await?,
        }
        Ok(())
    }

    /// Keeps an account out of the supervisor's own site. Gives the block as it is in force.
    pub async fn block_on_site(
        &self,
        supervisor: Supervisor,
        account: AccountId,
        wished: (Option<std::time::Duration>, Option<String>),
        trail: &Trail,
    ) -> Result<Block, Stop> {
        let tenant = self.standing(&supervisor)?;
        if account == *supervisor.account() {
            return Err(SuperviseError::Oneself.into());
        }
        let new = NewBlock {
            target: Target::AccountOn(account, tenant.id.clone()),
            span: wished.0,
            reason: wished.1,
        };
        let block = self.tenants.block(new, by(&supervisor, trail)).await;
        Ok(block.map_err(SuperviseError::from)?)
    }

    /// What is shown and not the administrators' own is told apart from what is not there: they see it anyway.
    async fn unblock_on_site(
        &self,
        supervisor: &Supervisor,
        id: &str,
        trail: &Trail,
    ) -> Result<(), Stop> {
        let block = self.shown_block(supervisor, id).await?;
        let block = block.ok_or(SuperviseError::NoSuch("block"))?;
        if !matches!(block.target, Target::AccountOn(..)) {
            return Err(SuperviseError::OperatorsBlock.into());
        }
        let by = by(supervisor, trail);
        let ended = self.tenants.unblock(block.target, by).await;
        ended.map_err(SuperviseError::from)?;
        Ok(())
    }
}

fn by(supervisor: &Supervisor, trail: &Trail) -> By {
    By::administrator(
        supervisor.tenant(),
        supervisor.account(),
        trail.entry.clone(),
    )
}
