//! Whom a policy can touch, read off its text. May be used by `policy`: slices leave out what cannot touch a question. What must
//! never happen here: a policy is said to be about one tenant that could match, or fail, in a question about another.
//!
//! Why a scope that names a thing of tenant T cannot match outside of T. Ids are `{tenant}/{name}`, and a tenant has no `/`, so
//! the part before the first `/` is the tenant (`names`). A principal's id begins with its own tenant (`decision::slice`). It is
//! `in` itself, in teams and in groups; an account of T lies in teams of T only (`entities` checks it), and in groups of T only, by
//! construction (`decision::slice`). A resource's id begins with the tenant that owns it; it is `in` itself and, if it is an issue, in
//! a project that has the same beginning by construction. `is` only narrows. Whatever else such a scope names, a thing of another kind or of nobody, it matches nothing at all.
//!
//! Why a leading condition counts as well. Cedar evaluates a policy from left to right: the scope, then its conditions in the order
//! they stand, each `&&` from its left side, and nothing behind the first `false`. So a comparison of `principal.tenant` with a
//! literal ends the policy for every other tenant, if nothing stands before it that could fail. What could fail there would deny a
//! question of another tenant, because every error is a denial. Before it may stand only comparisons of tenants, which cannot fail:
//! every account, issue and site has the attribute. `unless` does not count, nor anything below `||`, `!` or `if`.

use cedar_policy::{EntityUid, Policy, PrincipalConstraint, ResourceConstraint};
use serde_json::Value;

use super::names;

/// One side of the questions that a policy can touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Those of every tenant, as far as the text says.
    Any,
    /// Those of one tenant and nobody else.
    Tenant(String),
}

/// The questions that a policy can touch: in all others it does not match and does not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    pub(crate) principal: Side,
    pub(crate) resource: Side,
}

impl Reach {
    /// What `policy` can touch. `json` is the policy in Cedar's JSON.
    pub(crate) fn of(policy: &Policy, json: &Value) -> Self {
        let leading = leading(&json["conditions"]);
        let principal = match policy.principal_constraint() {
            PrincipalConstraint::Any | PrincipalConstraint::Is(_) => None,
            PrincipalConstraint::Eq(uid)
            | PrincipalConstraint::In(uid)
            | PrincipalConstraint::IsIn(_, uid) => tenant_of(&uid),
        };
        let resource = match policy.resource_constraint() {
            ResourceConstraint::Any | ResourceConstraint::Is(_) => None,
            ResourceConstraint::Eq(uid)
            | ResourceConstraint::In(uid)
            | ResourceConstraint::IsIn(_, uid) => tenant_of(&uid),
        };
        Self {
            principal: side(principal.or(leading.principal)),
            resource: side(resource.or(leading.resource)),
        }
    }
}

fn side(tenant: Option<String>) -> Side {
    tenant.map_or(Side::Any, Side::Tenant)
}

/// The tenant of a thing whose id carries one.
fn tenant_of(uid: &EntityUid) -> Option<String> {
    let kind = uid.type_name().to_string();
    let carries = names::BELOW_TENANT.contains(&kind.as_str());
    let tenant = names::tenant_of(uid.id().unescaped()).filter(|_| carries)?;
    Some(tenant.to_owned())
}

/// The tenants that the first conditions ask for.
#[derive(Debug, Default)]
struct Leading {
    principal: Option<String>,
    resource: Option<String>,
}

/// Reads the first `when` from its left end, for as long as nothing can fail.
fn leading(conditions: &Value) -> Leading {
    let mut found = Leading::default();
    let first = &conditions[0];
    if first["kind"] != "when" {
        return found;
    }
    // A stack and not a recursion: a policy may be a chain of thousands.
    let mut rest = vec![&first["body"]];
    while let Some(next) = rest.pop() {
        if let Some(both) = next.get("&&") {
            rest.push(&both["right"]);
            rest.push(&both["left"]);
            continue;
        }
        let Some((left, right)) = comparison(next) else {
            break;
        };
        let (place, tenant) = match (left, right) {
            (Operand::Principal, Operand::Tenant(id))
            | (Operand::Tenant(id), Operand::Principal) => (&mut found.principal, id),
            (Operand::Resource, Operand::Tenant(id)) | (Operand::Tenant(id), Operand::Resource) => {
                (&mut found.resource, id)
            }
            _ => continue,
        };
        place.get_or_insert_with(|| tenant.to_owned());
    }
    found
}

/// What a comparison of tenants compares.
enum Operand<'a> {
    Principal,
    Resource,
    Tenant(&'a str),
}

/// Both sides of `==`, if they are tenants. It cannot fail then.
fn comparison(json: &Value) -> Option<(Operand<'_>, Operand<'_>)> {
    let equal = json.get("==")?;
    Some((operand(&equal["left"])?, operand(&equal["right"])?))
}

fn operand(json: &Value) -> Option<Operand<'_>> {
    let entity = &json["Value"]["__entity"];
    if entity["type"] == "Tenant" {
        return entity["id"].as_str().map(Operand::Tenant);
    }
    let read = &json["."];
    if read["attr"] != "tenant" {
        return None;
    }
    match read["left"]["Var"].as_str()? {
        "principal" => Some(Operand::Principal),
        "resource" => Some(Operand::Resource),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
