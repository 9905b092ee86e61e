//! What of a policy that names groups of Jira users can be said without knowing who is in them: whether it bears on a question at all.
//! A rule about one project must not make all others depend on what Jira answers. May be used by `policy`, and by `decision` to
//! evaluate. What must never happen here: a policy that could match or fail is said not to bear on the question.
//!
//! Why the beginning of a policy is enough. Cedar evaluates it from left to right: the scope, then its conditions in the order they
//! stand, each `&&` from its left side, and nothing behind the first `false`. So where a beginning that names no group is not true, the
//! policy does not match, and where that is false, it does not fail either, whoever is in which group. An account is in groups of its
//! own tenant only (`decision::slice`): of a scope that asks for a group, the tenant is such a beginning.

use cedar_policy::{EntityUid, Policy};
use serde_json::{Value, json};

use crate::tenant::GroupId;

/// The type of groups of Jira users.
const GROUP: &str = "Group";

/// What is known of a policy that names groups.
#[derive(Debug)]
pub(crate) struct Bearing {
    /// The groups, each by tenant and id; sorted.
    pub(super) named: Vec<(String, GroupId)>,
    /// The policy up to where it asks for a group, as a permit.
    pub(super) before: Policy,
}

impl Bearing {
    /// Reads a policy; nothing if it names no group. Only a policy that names a group depends on who is in it: a value of that type can
    /// come from nowhere else (`schema`).
    pub(crate) fn of(policy: &Policy, json: &Value) -> Result<Option<Self>, String> {
        let literals = policy.entity_literals();
        let groups: Vec<&EntityUid> = literals.iter().filter(|uid| is_group(uid)).collect();
        if groups.is_empty() {
            return Ok(None);
        }
        // One whose id is none is a fault (`lint`), and of nobody.
        let named = groups.iter().filter_map(|uid| {
            let (tenant, id) = uid.id().unescaped().split_once('/')?;
            Some((tenant.to_owned(), id.parse().ok()?))
        });
        let mut named: Vec<_> = named.collect();
        named.sort();
        named.dedup();
        let before = Policy::from_json(Some(policy.id().clone()), before(json));
        let before = before.map_err(|error| error.to_string())?;
        Ok(Some(Self { named, before }))
    }
}

/// Whether this is a group.
pub(super) fn is_group(uid: &EntityUid) -> bool {
    uid.type_name().to_string() == GROUP
}

/// The beginning of a policy in Cedar's JSON.
fn before(policy: &Value) -> Value {
    let mut conditions = Vec::new();
    let mut principal = policy["principal"].clone();
    if asks(&principal) {
        let entity = principal
            .get("entity")
            .or_else(|| principal["in"].get("entity"));
        let id = entity.and_then(|entity| entity["id"].as_str());
        let tenant = id
            .and_then(|id| id.split_once('/'))
            .map(|(tenant, _)| tenant);
        conditions.extend(tenant.map(of_tenant));
        principal = json!({ "op": "All" });
    }
    for condition in policy["conditions"].as_array().into_iter().flatten() {
        if asks(&condition["body"]) {
            if condition["kind"] == "when" {
                let body = leading(&condition["body"]);
                conditions.extend(body.map(|body| json!({ "kind": "when", "body": body })));
            }
            break;
        }
        conditions.push(condition.clone());
    }
    json!({
        "effect": "permit", "principal": principal, "action": policy["action"], "resource": policy["resource"],
        "conditions": conditions,
    })
}

/// `when { principal.tenant == Tenant::"…" }`
fn of_tenant(tenant: &str) -> Value {
    let principal = json!({ ".": { "left": { "Var": "principal" }, "attr": "tenant" } });
    let tenant = json!({ "Value": { "__entity": { "type": "Tenant", "id": tenant } } });
    json!({ "kind": "when", "body": { "==": { "left": principal, "right": tenant } } })
}

/// The left end of a chain of `&&`, as far as it asks for no group.
fn leading(body: &Value) -> Option<Value> {
    if !asks(body) {
        return Some(body.clone());
    }
    let both = body.get("&&")?;
    let left = leading(&both["left"])?;
    if asks(&both["left"]) {
        return Some(left);
    }
    Some(match leading(&both["right"]) {
        Some(right) => json!({ "&&": { "left": left, "right": right } }),
        None => left,
    })
}

/// Whether an expression names a group. What only looks like one makes the beginning shorter, and no more.
pub(super) fn asks(json: &Value) -> bool {
    match json {
        Value::Array(parts) => parts.iter().any(asks),
        Value::Object(members) => {
            members.get("type").is_some_and(|name| name == GROUP) || members.values().any(asks)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a policy with `G` for a group of acme.
    fn left(policy: &str) -> String {
        let text = policy.replace('G', "Group::\"acme/276f955c-63d7-42c8-9520-92d01dca0625\"");
        let policy = Policy::parse(None, text).unwrap();
        let bearing = Bearing::of(&policy, &policy.to_json().unwrap()).unwrap();
        let text = bearing.map_or_else(String::new, |bearing| bearing.before.to_string());
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        text.replace("( principal", "(principal")
            .replace("resource )", "resource)")
    }

    #[test]
    fn a_policy_without_groups_is_left_alone() {
        assert_eq!(
            left("permit (principal in Team::\"acme/x\", action, resource);"),
            ""
        );
        assert_eq!(
            left("permit (principal, action, resource) when { \"\" == \"group\" };"),
            ""
        );
    }

    #[test]
    fn of_a_scope_its_action_and_thing_are_left_and_the_tenant_of_its_group() {
        let own = "permit (principal, action == Action::\"getIssue\", resource) when { principal.tenant == Tenant::\"acme\" };";
        for scope in ["principal in G", "principal is Account in G"] {
            let found = left(&format!(
                "forbid ({scope}, action == Action::\"getIssue\", resource);"
            ));
            assert_eq!(squeezed(&found), squeezed(own));
        }
    }

    fn squeezed(text: &str) -> String {
        text.chars()
            .filter(|letter| !letter.is_whitespace() && !"()".contains(*letter))
            .collect()
    }

    #[test]
    fn of_conditions_the_beginning_is_left() {
        for (conditions, expected) in [
            ("when { principal in G }", ""),
            ("unless { principal in G }", ""),
            (
                "when { 1 == 1 } unless { principal in G }",
                "when { 1 == 1 }",
            ),
            (
                "unless { 1 == 1 } when { principal in G } when { 2 == 2 }",
                "unless { 1 == 1 }",
            ),
            ("when { 1 == 1 && principal in G }", "when { 1 == 1 }"),
            (
                "when { 1 == 1 && 2 == 2 && principal in G && 3 == 3 }",
                "when { 1 == 1 && 2 == 2 }",
            ),
            (
                "when { 1 == 1 && (2 == 2 && (principal in G && 3 == 3)) }",
                "when { 1 == 1 && 2 == 2 }",
            ),
            ("when { principal in G && 1 == 1 }", ""),
            ("when { 1 == 1 || principal in G }", ""),
            ("when { !(1 == 1 && principal in G) }", ""),
            ("when { if 1 == 1 then principal in G else false }", ""),
            (
                "when { 1 == 1 && (2 == 2 || principal in G) }",
                "when { 1 == 1 }",
            ),
            (
                "when { 1 == 1 && [G].contains(principal) }",
                "when { 1 == 1 }",
            ),
        ] {
            let found = left(&format!(
                "forbid (principal, action, resource) {conditions};"
            ));
            let expected = format!("permit (principal, action, resource) {expected};");
            assert_eq!(squeezed(&found), squeezed(&expected), "{conditions}");
        }
    }
}
