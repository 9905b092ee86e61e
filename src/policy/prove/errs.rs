//! Which policies could fail when they are evaluated. Cedar skips a policy that fails, also a `forbid`, so none may. Strict validation
//! leaves only operators that overflow; a policy without them needs no solver, which would take minutes for thousands. May be used by
//! `prove` only. What must never happen here: an operator that is not known to be total counts as one.

use cedar_policy::Policy;
use serde_json::Value;

/// Operators of Cedar's JSON form that give a value for all operands that strict validation lets through. Attributes and tags are
/// read only where the validator saw that they are there; texts of `ip`, `decimal`, `datetime` and `duration` are literals that it read.
const TOTAL: [&str; 43] = [
    "Value",
    "Var",
    "Slot",
    "==",
    "!=",
    "!",
    "&&",
    "||",
    "if-then-else",
    "in",
    "is",
    "like",
    "has",
    ".",
    "hasTag",
    "getTag",
    "Set",
    "Record",
    "<",
    "<=",
    ">",
    ">=",
    "contains",
    "containsAll",
    "containsAny",
    "isEmpty",
    "ip",
    "decimal",
    "datetime",
    "duration",
    "isIpv4",
    "isIpv6",
    "isLoopback",
    "isMulticast",
    "isInRange",
    "lessThan",
    "lessThanOrEqual",
    "greaterThan",
    "greaterThanOrEqual",
    "toTime",
    "toMilliseconds",
    "toSeconds",
    "toMinutes",
];
/// Two more, which end the list of conversions.
const TOTAL_TOO: [&str; 2] = ["toHours", "toDays"];

/// Signs without which no other operator can stand in a text.
const SIGNS: [&str; 6] = ["+", "-", "*", "offset", "durationSince", "toDate"];

/// Whether `policy` has to be asked about.
pub(super) fn may_err(policy: &Policy) -> bool {
    let text = policy.to_string();
    if !SIGNS.iter().any(|sign| text.contains(sign)) {
        return false;
    }
    match policy.to_json() {
        Ok(json) => !is_total(&json["conditions"]),
        Err(_) => true,
    }
}

/// Whether all operators below are total. In Cedar's JSON an expression is an object with one member, named by its operator.
fn is_total(json: &Value) -> bool {
    match json {
        Value::Array(parts) => parts.iter().all(is_total),
        Value::Object(members) => members.iter().all(|(name, value)| match name.as_str() {
            // The literal itself holds no expression.
            "Value" | "Var" | "Slot" => true,
            "kind" | "pattern" | "attr" | "entity_type" => {
                value.is_string() || value.is_array() || is_total(value)
            }
            "body" | "left" | "right" | "arg" | "then" | "else" | "if" | "in"
                if !is_operator_object(name, value) =>
            {
                is_total(value)
            }
            "Record" => value
                .as_object()
                .is_some_and(|members| members.values().all(is_total)),
            operator => {
                (TOTAL.contains(&operator) || TOTAL_TOO.contains(&operator)) && is_total(value)
            }
        }),
        _ => true,
    }
}

/// `in` is an operator, and the place of the entity in `is … in`.
fn is_operator_object(name: &str, value: &Value) -> bool {
    name == "in" && value.get("left").is_some() && value.get("right").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(condition: &str) -> bool {
        let text =
            format!("@id(\"a-b\") forbid (principal, action, resource) when {{ {condition} }};");
        may_err(&Policy::parse(None, text).unwrap())
    }

    #[test]
    fn what_can_overflow_is_asked_about() {
        for condition in [
            "1 + context.n > 2",
            "context.n - 1 > 2",
            "-context.n > 2",
            "context.n * 2 > 2",
            "context.now.offset(duration(\"1h\")) > context.now",
            "context.now.durationSince(context.now) > duration(\"1h\")",
            "context.now.toDate() > context.now",
            "{ a: 1 + context.n }.a > 2",
            "[1 + context.n].contains(3)",
            "if true then true else 1 + context.n == 2",
            "principal is Account in (if 1 + context.n == 2 then principal else resource)",
        ] {
            assert!(may(condition), "{condition}");
        }
    }

    #[test]
    fn what_cannot_fail_is_not() {
        for condition in [
            "context.auth == \"a-b+c*offset\"",
            "principal.hasTag(\"-\") && principal.getTag(\"-\") == \"+\"",
            "context.ip.isInRange(ip(\"192.0.2.0/24\")) && context.auth like \"a-*\"",
            "context.now.toTime() > duration(\"-7h\")",
            "{ offset: 1 }.offset == 1 || [1, -2].contains(1)",
            "principal is Account in Team::\"a-b\"",
            "context has a.b.c && context.auth == \"-\"",
            "if principal in Team::\"a-b\" then true else context.ip.isIpv4()",
            "context.now > datetime(\"2026-11-23\")",
        ] {
            assert!(!may(condition), "{condition}");
        }
    }
}
