//! The ruling: a query, what the policies said of it, and the rules that said so. Born in `decide`, or in `Look::settle` where Jira
//! had to be asked first; nothing else lives in this file. A ruling opens nothing: it must be logged and sealed.

use std::sync::Arc;

use crate::ledger::entry::{Basis, Entry, Resource as Named, Stage};
use crate::ledger::{Draft, LedgerError};
use crate::policy::Snapshot;
use crate::tenant::Thing;

use super::denied::UNSEEN;
use super::evaluate::evaluate;
use super::query::Query;
use super::question::{Action, Question};
use super::verdict::Verdict;

/// The member of a record's details that says why groups were not known.
const WHY: &str = "groups_unknown";

/// Allow or deny, with reasons.
#[must_use]
#[derive(Debug)]
pub struct Ruling {
    query: Query,
    verdict: Verdict,
    rules: Arc<Snapshot>,
    draft: Draft,
}

/// What `rules` say to `query`, were it to do `action`.
pub(super) fn weigh(rules: &Snapshot, query: &Query, action: Action) -> (Question, Verdict) {
    let question = query.question(rules, action);
    // Before it is written down: no record says that such a thing was allowed. `seal` compares once more.
    let verdict = evaluate(rules, &question)
        .kept_apart(query.is_cross_tenant())
        .kept_within(query.beyond(action));
    (question, verdict)
}

impl Ruling {
    /// Writes down what was said to `query`; of a denial for want of groups, also why they are not known.
    pub(super) fn new(
        rules: Arc<Snapshot>,
        query: Query,
        (question, verdict): (Question, Verdict),
        unknown: Option<String>,
    ) -> Result<Self, LedgerError> {
        let mut entry = entry(&query, &question, &verdict, &rules);
        let unknown = unknown.filter(|_| verdict.lacks_groups());
        entry
            .detail
            .extend(unknown.map(|why| (WHY.to_owned(), why)));
        Ok(Self {
            draft: Draft::new(&entry)?,
            query,
            verdict,
            rules,
        })
    }

    /// The entry for the log.
    #[must_use]
    pub fn entry(&self) -> Draft {
        self.draft.clone()
    }

    pub(super) fn digest(&self) -> [u8; 32] {
        self.draft.digest()
    }

    pub(super) fn into_parts(self) -> (Query, Verdict, Arc<Snapshot>) {
        (self.query, self.verdict, self.rules)
    }
}

pub(super) fn entry(
    query: &Query,
    question: &Question,
    verdict: &Verdict,
    rules: &Snapshot,
) -> Entry {
    let tenant = query.resource.tenant();
    let named = match query.resource.thing() {
        Thing::Issue(key) => Named {
            r#type: "issue".to_owned(),
            id: key.to_string(),
            project: Some(key.project().to_string()),
        },
        Thing::IssueById(id) => Named {
            r#type: "issue".to_owned(),
            id: id.to_string(),
            project: None,
        },
        Thing::Site(_) => Named {
            r#type: "site".to_owned(),
            id: tenant
                .cloud_id
                .map_or_else(|| tenant.site.host().to_owned(), |cloud| cloud.to_string()),
            project: None,
        },
    };
    let entry = Entry {
        account: Some(question.principal.account.clone()),
        act_as: Some(question.context.act_as.clone()),
        act_as_basis: Some(basis(question)),
        action: Some(question.action.as_str().to_owned()),
        code: Some(verdict.code.clone()),
        credential: Some(query.principal.credential().clone()),
        cross_tenant: Some(query.is_cross_tenant()),
        denied_by: verdict.denied_by,
        effect: Some(verdict.effect),
        engine: Some(rules.engine().to_owned()),
        evaluation_errors: verdict.errors.clone(),
        policies: verdict.policies.clone(),
        policy_set: Some(rules.digest().to_owned()),
        proof: Some(rules.proof().clone()),
        reason: verdict.reason.clone(),
        replay: Some(question.replay()),
        resource: Some(named),
        schema: Some(rules.schema_digest().to_owned()),
        site: Some(tenant.site.host().to_owned()),
        stage: Some(query.stage),
        tenant: Some(question.principal.tenant.clone()),
        tenant_basis: Some(query.principal.tenant_basis()),
        tenant_of_resource: Some(tenant.id.to_string()),
        ..query.wish.entry.clone()
    };
    // Of what is foreign, and of an answer that is withheld, the caller learns only that it is not there.
    let is_unseen = query.is_cross_tenant() || query.stage == Stage::Answer;
    if is_unseen && !verdict.allows() {
        entry.told(UNSEEN.0, UNSEEN.1)
    } else {
        entry
    }
}

fn basis(question: &Question) -> Basis {
    let (who, wanted) = (&question.principal, &question.context.act_as);
    if *wanted == who.account {
        Basis::Itself
    } else if who.may_act_as.contains(wanted) {
        Basis::Delegated
    } else {
        Basis::None
    }
}
