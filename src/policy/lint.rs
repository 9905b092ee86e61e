//! What Cedar's validator does not know of Gatepost: ids carry their tenant, teams are described in `entities.json`, and grants
//! are known of the principal alone. Each of these mistakes would otherwise be a rule that silently never matches.

use cedar_policy::Policy;
use serde_json::Value;

use super::names;

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
        }
    }
    found.sort();
    found.dedup();
    found
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
