//! Would it be allowed: the corridor as far as the policies, and no further. Used by `http`.
//! Nothing is sent and nothing looked up; what is found is an opinion, from which no permit can be made.

use std::net::IpAddr;

use tokio::time::Instant;

use crate::decision::{
    Action, ApiVersion, Query, Reading, Told, UNSEEN, Wish, evaluate, nowhere, opine,
};
use crate::identity::presented::{Around, Call, Presented};
use crate::ledger::Draft;
use crate::tenant::registry::SiteAsked;
use crate::tenant::{AccountId, IssueRef, SiteRead, Thing};

use super::stopped::stop_entry;
use super::{Gateway, Stop, Trail};

/// What a client wants to know: a claim, nothing in it is trusted.
#[derive(Debug)]
pub struct Inquiry {
    /// The credential.
    pub credential: Presented,
    /// `POST`.
    pub method: &'static str,
    /// Path and query as they came, for a token that is bound to them.
    pub raw_target: String,
    /// The site.
    pub site: SiteAsked,
    /// What would be done.
    pub action: Action,
    /// To which issue; to the site if missing.
    pub issue: Option<IssueRef>,
    /// As whom; as oneself if missing.
    pub act_as: Option<AccountId>,
    /// Where the request came from.
    pub ip: IpAddr,
}

impl Gateway {
    /// What the policies say to `inquiry`, recorded before it is told.
    pub async fn check(&self, inquiry: Inquiry, trail: &mut Trail) -> Result<Told, Stop> {
        let until = self.deadline();
        trail.note_asked(&inquiry.site);
        trail.note_thing(inquiry.action, inquiry.issue.as_ref(), &inquiry.site);
        if let Some(account) = &inquiry.act_as {
            trail.note_act_as(account);
        }
        match self.weigh(inquiry, trail, until).await {
            Ok(told) => Ok(told),
            // Unknown is what foreign is: no error, but a thing that is not there.
            Err(stop @ Stop::Resolve(_)) => self.deny_unseen(stop, trail, until).await,
            Err(stop) => Err(self.record(stop, trail, until).await),
        }
    }

    async fn weigh(
        &self,
        inquiry: Inquiry,
        trail: &mut Trail,
        until: Instant,
    ) -> Result<Told, Stop> {
        let call = Call {
            method: inquiry.method,
            target: &inquiry.raw_target,
        };
        // Nobody is asked for an opinion: what is not known already is not good.
        let around = Around {
            site: &inquiry.site,
            ip: inquiry.ip,
            asking: None,
        };
        let verified = self
            .verifiers
            .verify(&inquiry.credential, call, around)
            .await;
        let principal = verified?;
        trail.note_principal(&principal);
        self.note_use(&principal);
        let rules = self.policies.current().ok_or(Stop::NoPolicies)?;
        let now = self.clock.now();
        // An opinion reads nothing: of a site, any part stands for the whole.
        let thing = inquiry
            .issue
            .map_or(Thing::Site(SiteRead::ServerInfo), Thing::from);
        let wish = Wish {
            reading: Reading::whole(ApiVersion::Three),
            act_as: inquiry.act_as,
            ip: inquiry.ip,
            now,
            deadline: now.plus(self.request_timeout),
            entry: trail.entry.clone(),
        };
        let named = self.tenants.find(&inquiry.site, principal.tenant());
        if !named.is_registered() {
            let nowhere = nowhere(&principal, inquiry.action, &thing, &wish);
            std::hint::black_box(evaluate(&rules, &nowhere));
        }
        let resource = self.tenants.resolve(named, thing)?;
        let query = Query::new(principal, resource, wish);
        let accounts = query.asks_for(&rules, inquiry.action);
        let query = if accounts.is_empty() {
            query
        } else {
            Box::pin(self.jira.recall(query, accounts)).await
        };
        let opinion = opine(&rules, query, inquiry.action)?;
        let receipt = self.append(opinion.entry(), until).await?;
        let told = opinion.tell(&receipt);
        if told.breach {
            tracing::error!(
                decision.id = trail.decision_id(),
                "ALARM: policies would allow another tenant's resource"
            );
        }
        Ok(told)
    }

    /// Records a site that nobody has, then tells of it what is told of a foreign one.
    async fn deny_unseen(&self, stop: Stop, trail: &Trail, until: Instant) -> Result<Told, Stop> {
        if let Some(entry) = stop_entry(&stop, &trail.entry) {
            let entry = entry.told(UNSEEN.0, 200);
            let _receipt = self.append(Draft::new(&entry)?, until).await?;
        }
        Ok(Told::unseen())
    }
}
