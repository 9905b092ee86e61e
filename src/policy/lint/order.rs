//! Conditions in an order that makes work. What is known of every request comes first: `false && unknown` is false before anything is
//! fetched from Jira, and `unknown && false` is not. May be used by `policy` only.

use serde_json::{Value, json};

use cedar_policy::Policy;

use super::super::bearing::asks;
use super::super::validated::Validated;
use super::finding::Finding;

const UNKNOWN_BEFORE_KNOWN: &str = "unknown-before-known";
/// The attribute of a resource that Jira has to be asked for.
const FETCHED: &str = "fields";

impl Validated {
    /// What looks like a mistake in what its policies say, as far as their text shows it.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut policies: Vec<_> = self.rules().policies.policies().collect();
        policies.sort_by_key(|policy| policy.id());
        let found = policies.into_iter().filter_map(|policy| {
            let json = policy.to_json().ok()?;
            let (unknown, known) = misordered(&json["conditions"])?;
            let message = match (written(unknown), written(known)) {
                (Some(unknown), Some(known)) => {
                    format!("`{unknown}` has to be fetched, and comes before `{known}`, which does not")
                }
                _ => "a condition that has to be fetched comes before one that does not".to_owned(),
            };
            let fault = self.rules().fault_of(policy.id(), message);
            let help = "what is known of every request comes first: then nothing is fetched for a request that it decides";
            Some(Finding::new(UNKNOWN_BEFORE_KNOWN, fault.with_help(help)))
        });
        found.collect()
    }
}

/// The first two conditions in the wrong order.
fn misordered(conditions: &Value) -> Option<(&Value, &Value)> {
    let bodies: Vec<&Value> = conditions
        .as_array()?
        .iter()
        .map(|one| &one["body"])
        .collect();
    let unknown = bodies.iter().position(|body| is_fetched(body));
    let after = unknown.and_then(|at| {
        let known = bodies[at..].iter().find(|body| !is_fetched(body))?;
        Some((bodies[at], *known))
    });
    after.or_else(|| bodies.iter().find_map(|body| inside(body)))
}

/// The same within an expression. The deepest pair is the one to swap: a chain `a && b && c` is `(a && b) && c`.
fn inside(json: &Value) -> Option<(&Value, &Value)> {
    let below = match json {
        Value::Array(parts) => parts.iter().find_map(inside),
        Value::Object(members) => members.values().find_map(inside),
        _ => None,
    };
    let here = || {
        let both = json.get("&&").or_else(|| json.get("||"))?;
        let (left, right) = (&both["left"], &both["right"]);
        (is_fetched(left) && !is_fetched(right)).then_some((left, right))
    };
    below.or_else(here)
}

/// Whether an expression reads what has to be fetched: a field, or who is in a group.
fn is_fetched(json: &Value) -> bool {
    asks(json) || reads_fields(json)
}

fn reads_fields(json: &Value) -> bool {
    match json {
        Value::Array(parts) => parts.iter().any(reads_fields),
        Value::Object(members) => {
            let of_resource = json["left"]["Var"] == "resource";
            (of_resource && json["attr"] == FETCHED) || members.values().any(reads_fields)
        }
        _ => false,
    }
}

/// A condition as it is written in Cedar, if it is short.
fn written(body: &Value) -> Option<String> {
    let any = json!({ "op": "All" });
    let policy = json!({
        "effect": "permit", "principal": any, "action": any, "resource": any,
        "conditions": [{ "kind": "when", "body": body }],
    });
    let text = Policy::from_json(None, policy).ok()?.to_string();
    let (_, rest) = text.split_once("when {")?;
    let (text, _) = rest.rsplit_once('}')?;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (text.len() <= 60).then_some(text)
}
