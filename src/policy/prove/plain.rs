//! Permits that keep to a guarantee by what they say, without a solver: one of the conditions that must hold for the permit to match
//! is, word for word, one that suffices for the guarantee. Thousands of permits that each begin with `principal.tenant ==
//! resource.tenant` need no question then. May be used by `prove` only. What must never happen here: a condition counts that need not
//! hold for the permit to match.

use cedar_policy::{ActionConstraint, Effect, Policy, PrincipalConstraint, ResourceConstraint};
use serde_json::Value;

use super::guarantee::{Guarantee, Kind};

/// What suffices for a guarantee.
pub(super) struct Plain {
    enough: Vec<Value>,
}

impl Plain {
    /// The conditions each of which suffices for `guarantee`: of permits for everybody and everything with one `when`, the parts of its
    /// `||`. None for a guarantee that is written otherwise.
    pub(super) fn of(guarantee: &Guarantee) -> Self {
        let is_only = guarantee.kind == Kind::Only;
        let permits = guarantee.policies().policies().filter(|_| is_only);
        let enough = permits.filter_map(sufficient).flatten().collect();
        Self { enough }
    }

    /// Whether all that `permit` permits keeps to the guarantee.
    pub(super) fn shows(&self, permit: &Policy) -> bool {
        let Some(json) = Some(permit)
            .filter(|_| !self.enough.is_empty())
            .and_then(|permit| permit.to_json().ok())
        else {
            return false;
        };
        let conditions = json["conditions"].as_array().into_iter().flatten();
        let must_hold = conditions.filter(|condition| condition["kind"] == "when");
        must_hold
            .flat_map(|condition| parts("&&", &condition["body"]))
            .any(|part| self.is_enough(part))
    }

    fn is_enough(&self, condition: &Value) -> bool {
        self.enough
            .iter()
            .any(|enough| enough == condition || is_turned(enough, condition))
    }
}

fn sufficient(permit: &Policy) -> Option<Vec<Value>> {
    let is_for_all = permit.effect() == Effect::Permit
        && permit.principal_constraint() == PrincipalConstraint::Any
        && permit.action_constraint() == ActionConstraint::Any
        && permit.resource_constraint() == ResourceConstraint::Any;
    let json = permit.to_json().ok().filter(|_| is_for_all)?;
    match json["conditions"].as_array().map(Vec::as_slice) {
        // INVARIANT: no guarantee can fail (`Guarantee::read`), so that one part of an `||` suffices whatever stands before it.
        Some([only]) if only["kind"] == "when" => {
            Some(parts("||", &only["body"]).into_iter().cloned().collect())
        }
        Some(_) | None => None,
    }
}

/// The operands of a chain of `&&` or `||`.
fn parts<'j>(operator: &str, json: &'j Value) -> Vec<&'j Value> {
    let mut parts = Vec::new();
    let mut open = vec![json];
    while let Some(json) = open.pop() {
        let chain = json.as_object().filter(|members| members.len() == 1);
        match chain.and_then(|members| members.get(operator)) {
            Some(pair) => open.extend([&pair["right"], &pair["left"]]),
            None => parts.push(json),
        }
    }
    parts
}

/// Whether one is `a == b` and the other `b == a`.
fn is_turned(one: &Value, two: &Value) -> bool {
    let (one, two) = (&one["=="], &two["=="]);
    one.is_object() && one["left"] == two["right"] && one["right"] == two["left"]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shows(permit: &str) -> [bool; 2] {
        let permit = Policy::parse(None, permit).unwrap();
        Guarantee::built_in().map(|guarantee| Plain::of(&guarantee).shows(&permit))
    }

    #[test]
    fn a_condition_that_must_hold_shows_what_it_says() {
        let both = "permit (principal, action, resource) when { context.auth == \"x\" && (principal.tenant == resource.tenant && context.actAs == principal) };";
        assert_eq!(shows(both), [true, true]);
        let turned =
            "permit (principal, action, resource) when { resource.tenant == principal.tenant };";
        assert_eq!(shows(turned), [true, false]);
        let two = "permit (principal, action, resource) when { context.auth == \"x\" } when { principal.mayActAs.contains(context.actAs) };";
        assert_eq!(shows(two), [false, true]);
    }

    #[test]
    fn a_condition_that_need_not_hold_shows_nothing() {
        for condition in [
            "when { principal.tenant == resource.tenant || context.actAs == principal }",
            "unless { principal.tenant == resource.tenant && context.actAs == principal }",
            "when { !(principal.tenant == resource.tenant && context.actAs == principal) }",
            "when { if context.auth == \"x\" then principal.tenant == resource.tenant else true }",
            "when { principal.tenant != resource.tenant && context.actAs != principal }",
            "when { principal.tenant == principal.tenant && context.actAs == context.actAs }",
            "when { [principal.tenant == resource.tenant, true].contains(true) }",
            "",
        ] {
            let permit = format!("permit (principal, action, resource) {condition};");
            assert_eq!(shows(&permit), [false, false], "{condition}");
        }
    }

    #[test]
    fn a_guarantee_that_is_not_for_all_or_not_of_this_kind_shows_nothing() {
        let plain = |kind, text: &str| {
            let guarantee = Guarantee::described("x", kind, text.parse().unwrap());
            let permit = Policy::parse(
                None,
                "permit (principal, action, resource) when { context.auth == \"x\" };",
            );
            Plain::of(&guarantee).shows(&permit.unwrap())
        };
        let condition = "when { context.auth == \"x\" }";
        let all = format!("permit (principal, action, resource) {condition};");
        assert!(plain(Kind::Only, &all));
        assert!(!plain(Kind::Never, &all));
        assert!(!plain(
            Kind::Only,
            &format!("permit (principal in Team::\"a/b\", action, resource) {condition};")
        ));
        assert!(!plain(
            Kind::Only,
            &format!("permit (principal, action == Action::\"getIssue\", resource) {condition};")
        ));
        assert!(!plain(
            Kind::Only,
            &format!("permit (principal, action, resource is Issue) {condition};")
        ));
        assert!(!plain(
            Kind::Only,
            &format!(
                "permit (principal, action, resource) {condition} unless {{ context.ip.isLoopback() }};"
            )
        ));
        assert!(!plain(
            Kind::Only,
            "permit (principal, action, resource) unless { context.auth == \"x\" };"
        ));
    }
}
