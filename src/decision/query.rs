//! The query: a principal wants to do something to a resource. Made of proofs, so it can be asked only about a verified principal
//! and a registered resource; nothing else lives in this file.

use std::net::IpAddr;

use crate::clock::Timestamp;
use crate::identity::issued::Hold;
use crate::identity::{Beyond, Principal};
use crate::ledger::entry::{Entry, Stage};
use crate::policy::Snapshot;
use crate::tenant::{AccountId, Grant, GroupSet, IssueKey};
use crate::tenant::{Resource, Thing};

use super::question::{self, Action, Circumstances, Groups, InGroups, Question};
use super::reading::Reading;

/// What is asked for beside who and what: claims of the request, checked for form only.
#[derive(Debug)]
pub struct Wish {
    /// In which version of the API, and what of an issue.
    pub reading: Reading,
    /// As whom; the caller, if the request names nobody.
    pub act_as: Option<AccountId>,
    /// Where the request came from.
    pub ip: IpAddr,
    /// When it is decided.
    pub now: Timestamp,
    /// Until when it must be answered.
    pub deadline: Timestamp,
    /// The record as far as it is known: request, decision id, route, peer.
    pub entry: Entry,
}

/// A question that proofs stand behind.
#[must_use]
#[derive(Debug)]
pub struct Query {
    pub(super) principal: Principal,
    pub(super) resource: Resource,
    pub(super) act_as: AccountId,
    pub(super) wish: Wish,
    pub(super) stage: Stage,
    /// In a box: few queries have any, and each is moved through all doors.
    known: Option<Box<Known>>,
}

/// The groups of accounts that Jira was asked for, none of them longer ago than they are good for.
#[derive(Debug, Default)]
struct Known(Vec<(AccountId, GroupSet)>);

impl Query {
    /// May `principal` do what it wishes to `resource`?
    pub fn new(principal: Principal, resource: Resource, wish: Wish) -> Self {
        let act_as = wish
            .act_as
            .clone()
            .unwrap_or_else(|| principal.acts_as().clone());
        Self {
            principal,
            resource,
            act_as,
            wish,
            stage: Stage::Policy,
            known: None,
        }
    }

    /// The same, knowing all groups that `account` of the principal's tenant is in.
    pub fn knowing(mut self, account: AccountId, groups: GroupSet) -> Self {
        self.known.get_or_insert_default().0.push((account, groups));
        self
    }

    /// Who asks.
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The accounts whose groups bear on whether `action` is allowed, and are not known yet. Jira may be asked for them: they are
    /// accounts of the principal's own tenant, itself and one that a grant lets it act as. Were others asked for, the answer would
    /// tell which accounts there are.
    #[must_use]
    pub fn asks_for(&self, rules: &Snapshot, action: Action) -> Vec<AccountId> {
        if self.is_cross_tenant() || !rules.rules().slices.names_groups(self.own()) {
            return Vec::new();
        }
        let myself = self.principal.account();
        let mut accounts = vec![myself.clone()];
        if self.act_as != *myself {
            if !self.may_act_as(action).contains(&self.act_as.to_string()) {
                return Vec::new();
            }
            accounts.push(self.act_as.clone());
        }
        let known = self.known.iter().flat_map(|known| &known.0);
        let known: Vec<&AccountId> = known.map(|(account, _)| account).collect();
        accounts.retain(|account| !known.contains(&account));
        accounts
    }

    /// The same principal's same wish for what Jira answered, under a decision id of its own.
    pub(super) fn about_answer(self, key: IssueKey, now: Timestamp, decision_id: String) -> Self {
        let mut wish = self.wish;
        wish.now = now;
        wish.entry.decision_id = Some(decision_id);
        Self {
            resource: self.resource.aim(Thing::Issue(key)),
            wish,
            stage: Stage::Answer,
            // Jira took its time: what was known when the request was decided may be too old by now.
            known: None,
            ..self
        }
    }

    /// What it is there to do.
    #[must_use]
    pub const fn action(&self) -> Action {
        Action::reading(self.resource.thing())
    }

    /// What of the request is beyond the credential that it came with, if `action` is done.
    pub(super) fn beyond(&self, action: Action) -> Option<Beyond> {
        let as_another = self.act_as != *self.principal.account();
        if as_another && !self.is_cross_tenant() && !self.principal.may_act_as_another() {
            return Some(Beyond::Own);
        }
        let hold = self.principal.hold();
        let is_anothers = as_another || self.is_cross_tenant();
        if hold.is_some_and(Hold::is_session) {
            return is_anothers.then_some(Beyond::Rewritten);
        }
        if self.is_cross_tenant() {
            return None;
        }
        // As `/v1/site` says to a key whatever policies allow: so does the question whether it would be allowed.
        if action == Action::SuperviseSite && self.principal.is_for_requests_alone() {
            return Some(Beyond::Supervises);
        }
        let hold = hold?;
        let site = &self.resource.tenant().site;
        let names = action.names();
        hold.bounds()
            .refuse(site, &names, self.wish.ip, &self.act_as)
    }

    /// The grant that acting as another rests on, if `action` is done. Grants belong to a tenant, as below.
    pub(super) fn grant(&self, action: Action) -> Option<&Grant> {
        let (account, names) = (self.principal.account(), action.names());
        if self.act_as == *account || self.is_cross_tenant() {
            return None;
        }
        let tenant = self.resource.tenant();
        tenant.grant_for(account, &self.act_as, &names, self.wish.now)
    }

    pub(super) fn is_cross_tenant(&self) -> bool {
        *self.principal.tenant() != self.resource.tenant().id
    }

    /// The question as plain data, for the engine and for replay. `action` may be another than what this query is there to do.
    pub(super) fn question(&self, rules: &Snapshot, action: Action) -> Question {
        let tenant = self.resource.tenant();
        let (host, owner) = (tenant.site.host().to_owned(), tenant.id.to_string());
        Question {
            action,
            context: Circumstances {
                act_as: self.act_as.to_string(),
                auth: self.principal.credential().kind.clone(),
                ip: self.wish.ip,
                now: self.wish.now.micros(),
            },
            groups: self.groups(rules),
            principal: question::Principal {
                account: self.principal.account().to_string(),
                may_act_as: self.may_act_as(action),
                tenant: self.principal.tenant().to_string(),
            },
            resource: question::Thing::on(host, owner, self.resource.thing()),
        }
    }

    /// What is known of the groups that `rules` name. Between two tenants they name none that bear on anything.
    fn groups(&self, rules: &Snapshot) -> Option<Groups> {
        let slices = &rules.rules().slices;
        if self.is_cross_tenant() || !slices.names_groups(self.own()) {
            return None;
        }
        let Some(known) = &self.known else {
            return Some(Groups::Unknown);
        };
        let asked = slices.groups(self.own());
        let of = known.0.iter().map(|(account, groups)| {
            let inside = asked.iter().copied().filter(|id| groups.contains(*id));
            (account.to_string(), inside.collect())
        });
        let of = of.collect();
        Some(Groups::Known(InGroups { asked, of }))
    }

    fn own(&self) -> &str {
        self.principal.tenant().as_str()
    }

    /// Grants belong to a tenant. Account ids are global: a grant that another tenant gave to the same person counts for nothing.
    fn may_act_as(&self, action: Action) -> Vec<String> {
        if self.is_cross_tenant() {
            return Vec::new();
        }
        let names = action.names();
        let granted =
            self.resource
                .tenant()
                .may_act_as(self.principal.account(), &names, self.wish.now);
        let mut granted: Vec<String> = granted.iter().map(ToString::to_string).collect();
        granted.sort_unstable();
        granted.dedup();
        granted
    }
}
