//! What the administrators of a site see and end of what Gatepost holds for it. Used by `http`.
//! Nothing is shown or changed without a [`Supervisor`], each for one request; nothing of another tenant may be in what it is shown.

mod changes;
mod denials;
mod error;
mod turns;

use std::collections::HashSet;
use std::net::IpAddr;

use crate::clock::Timestamp;
use crate::identity::issued::{ClientKey, Listed, OpenSession, Whose};
use crate::screen::ScreenError;
use crate::tenant::block::Block;
use crate::tenant::{AccountId, SharedTenant, Tenant};
use crate::upstream::{Revoked, UpstreamError};

use super::errand::Errand;
use super::{Gateway, Managed, Stop, Supervisor, Trail};

pub use changes::Closed;
pub use denials::Denial;
pub use error::SuperviseError;
pub use turns::Turns;

/// What Gatepost holds for one site.
#[derive(Debug)]
pub struct Overview {
    /// Whose it is; its grants are in it.
    pub tenant: SharedTenant,
    /// The open sessions, from the newest.
    pub sessions: Vec<OpenSession>,
    /// The keys, from the newest.
    pub keys: Vec<ClientKey>,
    /// Who is kept out.
    pub blocks: Vec<Block>,
    /// What was refused lately, from the newest.
    pub denials: Vec<Denial>,
    /// Whether there are more sessions or keys.
    pub truncated: bool,
}

impl Gateway {
    /// Who wants to supervise their own site, and may: a person, whom policies let ask and whom Jira calls an administrator. Nothing
    /// of it is kept: the next request asks again.
    pub async fn supervise(
        &self,
        by: Managed<'_>,
        ip: IpAddr,
        trail: &mut Trail,
    ) -> Result<Supervisor, Stop> {
        let (until, errand) = (self.deadline(), Errand::supervision(ip));
        trail.note_errand(&errand);
        let admitted = async {
            let principal = self.manager(by, trail).await?;
            let reply = self.walk(principal, errand, trail, until).await?;
            let supervisor = Supervisor::new(reply);
            Ok(supervisor.ok_or(ScreenError::NotAdministrator)?)
        };
        let admitted: Result<Supervisor, Stop> = admitted.await;
        self.recorded(admitted, trail).await
    }

    /// What there is of the supervisor's own site.
    pub async fn oversee(&self, supervisor: &Supervisor) -> Result<Overview, Stop> {
        let turn = self.overviews.take(supervisor.tenant()).await;
        let _turn = turn.ok_or(SuperviseError::Busy)?;
        let (tenant, now) = (self.standing(supervisor)?, self.clock.now());
        let (sessions, keys) = self.credentials_of(&tenant).await?;
        let truncated = sessions.truncated || keys.truncated;
        let (mut sessions, keys) = (sessions.items, keys.items);
        let denials = denials::newest(&self.records, &tenant.id).await;
        let blocks = self.blocks_here(&tenant, &sessions, &keys);
        // A block has ended them already, though nobody has used them since.
        sessions.retain(|session| tenant.keeps_out(&session.account, now).is_none());
        Ok(Overview {
            tenant,
            sessions,
            keys,
            blocks,
            denials: denials.map_err(SuperviseError::from)?,
            truncated,
        })
    }

    async fn credentials_of(
        &self,
        tenant: &Tenant,
    ) -> Result<(Listed<OpenSession>, Listed<ClientKey>), SuperviseError> {
        let whose = Whose::Tenant(&tenant.id);
        let sessions = self.issued.sessions(whose).await?;
        Ok((sessions, self.issued.keys(whose).await?))
    }

    /// The block with this id, if the overview shows it.
    async fn shown_block(&self, supervisor: &Supervisor, id: &str) -> Result<Option<Block>, Stop> {
        let tenant = self.standing(supervisor)?;
        let is = |block: &Block| block.id == id;
        let own = self.tenants.blocks_of(&tenant.id).into_iter().find(is);
        if own.is_some() {
            return Ok(own);
        }
        let (sessions, keys) = self.credentials_of(&tenant).await?;
        let shown = self.blocks_here(&tenant, &sessions.items, &keys.items);
        Ok(shown.into_iter().find(is))
    }

    /// Those that keep somebody out of this site. Whom the operator keeps out of every site is told only where the account is known
    /// here already, and without the reason, which is about other sites too.
    fn blocks_here(
        &self,
        tenant: &Tenant,
        sessions: &[OpenSession],
        keys: &[ClientKey],
    ) -> Vec<Block> {
        let of_sessions = sessions.iter().map(|session| &session.account);
        let of_keys = keys.iter().map(|key| &key.account);
        let known: HashSet<&AccountId> = of_sessions.chain(of_keys).collect();
        let known = known.into_iter();
        let everywhere = known.flat_map(|account| self.tenants.blocks_everywhere(account));
        let everywhere = everywhere.map(|block| Block {
            reason: None,
            made_by: "operator".to_owned(),
            ..block
        });
        let mut blocks = self.tenants.blocks_of(&tenant.id);
        blocks.extend(everywhere);
        blocks.sort_by(|one, other| (one.made_at, &one.id).cmp(&(other.made_at, &other.id)));
        blocks
    }

    /// The supervisor's tenant, unless something ended meanwhile what was verified. Asked by whatever shows or changes anything.
    fn standing(&self, supervisor: &Supervisor) -> Result<SharedTenant, Stop> {
        let now: Timestamp = self.clock.now();
        let tenant = self.tenants.current(supervisor.tenant());
        let tenant = tenant.filter(|tenant| !supervisor.is_over(tenant, now));
        tenant.ok_or_else(|| UpstreamError::Revoked(Revoked).into())
    }
}
