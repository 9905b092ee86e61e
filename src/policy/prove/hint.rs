//! What to do about a counterexample, in a sentence. May be used by `prove` only.

use cedar_policy::{Authorizer, Entities, Policy, PolicySet, Request};

use super::guarantee::{ACT_AS, Guarantee, ISOLATION, Kind};
use crate::ledger::entry::PolicyRef;

/// The shipped forbids that keep the built-in guarantees.
const SHIPPED: [(&str, &str, &str, &str); 2] = [
    (
        ISOLATION,
        "tenant-separation",
        "00-tenant-separation.cedar",
        include_str!("../../../policies/00-tenant-separation.cedar"),
    ),
    (
        ACT_AS,
        "act-as-by-grant",
        "10-act-as.cedar",
        include_str!("../../../policies/10-act-as.cedar"),
    ),
];

/// A hint for a request that is allowed, or denied, and must not be.
pub(super) fn hint(guarantee: &Guarantee, set: &PolicySet, because_of: &[PolicyRef]) -> String {
    if let Some(shipped) = SHIPPED.iter().find(|(name, ..)| *name == guarantee.name) {
        return of_shipped(set, shipped, because_of);
    }
    let policy = because_of
        .first()
        .map_or("a policy", |policy| policy.id.as_str());
    match guarantee.kind {
        Kind::Only => format!(
            "narrow `{policy}`, or add a forbid for what lies outside of `{}`",
            guarantee.name
        ),
        Kind::Never => format!(
            "narrow `{policy}`, or add a forbid for what `{}` describes",
            guarantee.name
        ),
        Kind::Always if because_of.is_empty() => format!(
            "add a permit that covers what `{}` describes",
            guarantee.name
        ),
        Kind::Always => format!("except what `{}` describes from `{policy}`", guarantee.name),
    }
}

fn of_shipped(
    set: &PolicySet,
    (guarantee, id, file, text): &(&str, &str, &str, &str),
    because_of: &[PolicyRef],
) -> String {
    let present = set.policies().find(|policy| policy.id().to_string() == *id);
    let policy = because_of
        .first()
        .map_or("the permit", |policy| policy.id.as_str());
    let condition = if *guarantee == ISOLATION {
        "principal.tenant == resource.tenant"
    } else {
        "context.actAs == principal"
    };
    match present {
        None => format!(
            "the shipped rule `{id}` ({file}) is not in the set: put it back, or add `{condition}` to the `when` of `{policy}`"
        ),
        Some(present) if !is_shipped(present, text) => format!(
            "the rule `{id}` is not as it was shipped ({file}) and lets this through: restore it, or add `{condition}` to the `when` of `{policy}`"
        ),
        Some(_) => format!("add `{condition}` to the `when` of `{policy}`"),
    }
}

/// Whether a policy is the shipped one, whatever its blanks, comments and annotations.
fn is_shipped(policy: &Policy, text: &str) -> bool {
    let body = |policy: &Policy| {
        let mut json = policy.to_json().ok()?;
        json.as_object_mut()?.remove("annotations");
        Some(json)
    };
    let shipped = Policy::parse(None, text).ok();
    shipped.is_some_and(|shipped| body(&shipped).is_some() && body(&shipped) == body(policy))
}

/// Whether a guarantee covers a request.
pub(super) fn describes(guarantee: &Guarantee, request: &Request, entities: &Entities) -> bool {
    let response = Authorizer::new().is_authorized(request, guarantee.policies(), entities);
    response.decision() == cedar_policy::Decision::Allow
        && response.diagnostics().errors().next().is_none()
}
