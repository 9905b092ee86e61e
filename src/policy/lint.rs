//! What Cedar's validator does not know of Gatepost: ids carry their tenant, teams are described in `entities.json`, and grants
//! are known of the principal alone. Each of these mistakes would otherwise be a rule that silently never matches, so it is a fault.
//! Below lies what is a finding only: it is told, and refuses nothing.

use cedar_policy::{EntityUid, Policy, PolicyId};
use serde_json::Value;

use super::bearing::is_group;
use super::error::{Fault, Source};
use super::names;
use super::validated::RuleSet;
use crate::tenant::GroupId;

mod advice;
mod finding;
mod groups;
mod near;
mod order;
mod text;

pub use finding::{Finding, Findings};
pub(crate) use near::nearest;

/// The attribute that evaluation knows of the principal alone.
const GRANTS: &str = "mayActAs";

/// What is wrong with a policy, in sentences. `json` is the policy in Cedar's JSON.
pub(super) fn lint(policy: &Policy, json: &Value) -> Vec<String> {
    let mut found = literals(policy);
    if asks_grants_of_others(&json["conditions"]) {
        found.push(format!(
            "`{GRANTS}` is known of `principal` only, written as `principal.{GRANTS}`"
        ));
    }
    found
}

/// The ids of the teams that a policy names. One that is not described is a mistake: a `forbid … in Team::"typo"` would never fire.
pub(super) fn teams(policy: &Policy) -> Vec<String> {
    let literals = policy.entity_literals().into_iter();
    let teams = literals.filter(|uid| uid.type_name().to_string() == "Team");
    let ids = teams.map(|uid| uid.id().unescaped().to_owned());
    let mut ids: Vec<_> = ids.filter(|id| names::tenant_of(id).is_some()).collect();
    ids.sort();
    ids.dedup();
    ids
}

fn literals(policy: &Policy) -> Vec<String> {
    let mut found = Vec::new();
    for uid in policy.entity_literals() {
        let kind = uid.type_name().to_string();
        let is_below = names::BELOW_TENANT.contains(&kind.as_str());
        // A bare account id is the same in every tenant, and matches in none.
        if is_below && names::tenant_of(uid.id().unescaped()).is_none() {
            found.push(format!(
                "`{uid}` does not name its tenant: write `{kind}::\"{{tenant}}/…\"`"
            ));
        } else if is_group(&uid) && !is_id(&uid) {
            found.push(format!(
                "`{uid}`: a group is named by its id, as in `Group::\"{{tenant}}/276f955c-63d7-42c8-9520-92d01dca0625\"`, and never by its name"
            ));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Whether a group is named as Jira's answers are read. By another text nobody would be in it, and a `forbid` would never fire.
fn is_id(uid: &EntityUid) -> bool {
    let name = uid.id().unescaped().split_once('/').map(|(_, name)| name);
    let read = name.and_then(|name| Some((name, name.parse::<GroupId>().ok()?)));
    read.is_some_and(|(name, id)| id.to_string() == name)
}

/// Whether an expression in Cedar's JSON reads the attribute, or asks for its presence, of anything but the variable `principal`.
fn asks_grants_of_others(json: &Value) -> bool {
    match json {
        Value::Array(parts) => parts.iter().any(asks_grants_of_others),
        Value::Object(members) => {
            let reads = members.get("attr").is_some_and(mentions_grants);
            let of_principal = members
                .get("left")
                .is_some_and(|left| left["Var"] == "principal");
            (reads && !of_principal) || members.values().any(asks_grants_of_others)
        }
        _ => false,
    }
}

/// An attribute's name, or the list of names in `has a.b.c`.
fn mentions_grants(attr: &Value) -> bool {
    match attr {
        Value::String(name) => name == GRANTS,
        Value::Array(path) => path.iter().any(mentions_grants),
        _ => false,
    }
}

impl RuleSet {
    /// A fault where a policy stands.
    pub(super) fn fault_of(&self, id: &PolicyId, message: impl Into<String>) -> Fault {
        let policy = self.rule(id).map(|rule| &rule.policy);
        let placed = policy.and_then(|policy| Some((policy, self.draft.place(policy)?)));
        match placed {
            Some((policy, (text, offset))) => {
                let source = Source::new(&policy.file, text.to_owned());
                Fault::at(&source, offset, message)
            }
            None => Fault::of_file(".", message),
        }
    }
}
