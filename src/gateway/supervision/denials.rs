//! What was refused to a tenant's own callers lately, as the administrators of its site may read it. Used by `supervision`.
//! Nothing of another tenant may be in it, nor anything by which a site that is registered is told from one that is not.

use serde_json::{Value, json};

use crate::decision::UNSEEN;
use crate::ledger::read::{Filter, PAGE_RECORDS_MAX, ReadError, Reader, Record};
use crate::tenant::TenantId;

/// A list is for people to read.
const SHOWN_MAX: usize = 50;
/// More than are shown: refusals of answers are left out of them.
const MATCHED_MAX: u32 = 200;
/// The end of the log that is searched at most: each record of the tenant in it is read, 5,000 in 14 ms. An index of denials alone would
/// be paid for by every request.
const SEARCHED_MAX: u64 = 10_000;

/// One refusal.
#[derive(Debug)]
pub struct Denial(Value);

impl Denial {
    /// Its members.
    #[must_use]
    pub const fn members(&self) -> &Value {
        &self.0
    }
}

/// The newest, from the newest.
pub(super) async fn newest(log: &Reader, tenant: &TenantId) -> Result<Vec<Denial>, ReadError> {
    let of_tenant = Filter {
        tenant_id: Some(tenant.to_string()),
        newest_first: true,
        ..Filter::default()
    };
    let refused = Filter {
        effect: Some("deny".to_owned()),
        kind: Some("decision".to_owned()),
        after_seq: Some(log.head().await?.saturating_sub(SEARCHED_MAX)),
        ..of_tenant.clone()
    };
    let lately = log.page(&refused, MATCHED_MAX).await?.records;
    let lately = shown(&lately, tenant);
    if lately.len() == SHOWN_MAX {
        return Ok(lately);
    }
    // A quiet tenant beside busy ones: its own last records go further back.
    let own = log.page(&of_tenant, PAGE_RECORDS_MAX).await?.records;
    let own = shown(&own, tenant);
    Ok(if own.len() > lately.len() {
        own
    } else {
        lately
    })
}

fn shown(records: &[Record], tenant: &TenantId) -> Vec<Denial> {
    let is = |record: &&Record, name, value: &str| record.text(name) == Some(value);
    let denials = records
        .iter()
        // Once more, beside the filter.
        .filter(|record| is(record, "tenant", tenant.as_str()))
        .filter(|record| is(record, "kind", "decision") && is(record, "effect", "deny"))
        // Of an answer only that Jira knows no administrator in somebody: each other refusal of one says that there is such an issue.
        .filter(|record| !is(record, "stage", "answer") || is(record, "code", "not_site_admin"));
    denials.take(SHOWN_MAX).map(denial).collect()
}

fn denial(record: &Record) -> Denial {
    let of = |name: &str| record.member(name).cloned().unwrap_or_default();
    let is_unseen = is_unseen(record);
    let (code, reason) = if is_unseen {
        (json!(UNSEEN.0), Value::Null)
    } else {
        (of("code"), of("reason"))
    };
    let credential = of("credential");
    // A secret's version is nobody's business; the name of a session or key is what it is ended by.
    let is_own = ["session", "client_key"]
        .map(Value::from)
        .contains(&credential["kind"]);
    Denial(json!({
        "decision_id": of("decision_id"),
        "time": of("time"),
        "account": of("account"),
        "act_as": if is_unseen { Value::Null } else { of("act_as") },
        "action": of("action"),
        "resource": resource(record, is_unseen),
        "site_asked": of("site_asked"),
        "code": code,
        "reason": reason,
        "credential": credential["kind"],
        "credential_id": if is_own { credential["key_id"].clone() } else { Value::Null },
    }))
}

/// Whether the caller learned no more than that there is no such thing: then nobody learns more here.
fn is_unseen(record: &Record) -> bool {
    record.member("told_code").is_some()
        || record.text("code") == Some(UNSEEN.0)
        || record
            .member("cross_tenant")
            .is_some_and(|crossed| *crossed != json!(false))
}

/// The issue as the caller named it. What Jira made of it, and what the registry made of a foreign site, stay in the log.
fn resource(record: &Record, is_unseen: bool) -> Value {
    let resource = record.member("resource").cloned().unwrap_or_default();
    let is_named = resource["type"] == "issue" || !is_unseen;
    if is_named && record.text("stage") != Some("answer") {
        resource
    } else {
        Value::Null
    }
}
