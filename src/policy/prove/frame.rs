//! Request environments: each combination of an action with types of principal and resource that the schema allows. A proof is made in
//! each of them, and all of them together are every request there can be. May be used by `prove` only.

use std::collections::HashSet;

use cedar_policy::{
    ActionConstraint, EntityTypeName, EntityUid, Policy, PrincipalConstraint, RequestEnv,
    ResourceConstraint, Schema,
};

/// One request environment.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) env: RequestEnv,
    /// `getIssue(Account, Issue)`, to be shown. In an extension's namespace there may be another of this name.
    pub(super) name: String,
    /// The same in full: no other environment of the schema has it, so a proof in one is never taken for a proof in another.
    pub(super) key: String,
    action: EntityUid,
    /// The action and the groups above it.
    actions: HashSet<EntityUid>,
    /// The principal's type and the types that it may lie in.
    principals: HashSet<EntityTypeName>,
    resources: HashSet<EntityTypeName>,
}

impl Frame {
    /// Every request environment of a schema.
    pub(super) fn all(schema: &Schema) -> Result<Vec<Self>, String> {
        let hierarchy = schema
            .action_entities()
            .map_err(|error| error.to_string())?;
        let frame = |env: RequestEnv| {
            let action = env.action().clone();
            let above = hierarchy.ancestors(&action).into_iter().flatten().cloned();
            let with_above = |name: &EntityTypeName| {
                let above = schema.ancestors(name).into_iter().flatten().cloned();
                above.chain([name.clone()]).collect()
            };
            Self {
                name: format!(
                    "{}({}, {})",
                    action.id().unescaped(),
                    env.principal(),
                    env.resource()
                ),
                key: format!("{action}({}, {})", env.principal(), env.resource()),
                actions: above.chain([action.clone()]).collect(),
                principals: with_above(env.principal()),
                resources: with_above(env.resource()),
                action,
                env,
            }
        };
        let mut frames: Vec<Self> = schema.request_envs().map(frame).collect();
        // The schema keeps them in no order, and the first one that breaks a guarantee is the one that is shown.
        frames.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(frames)
    }

    /// Whether the scope of a policy lets it match here at all. What it says no to needs no solver.
    pub(super) fn admits(&self, policy: &Policy) -> bool {
        let action = match policy.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(action) => action == self.action,
            ActionConstraint::In(groups) => groups.iter().any(|group| self.actions.contains(group)),
        };
        let principal = match policy.principal_constraint() {
            PrincipalConstraint::Any => true,
            PrincipalConstraint::Is(name) => name == *self.env.principal(),
            PrincipalConstraint::Eq(uid) => uid.type_name() == self.env.principal(),
            PrincipalConstraint::In(uid) => self.principals.contains(uid.type_name()),
            PrincipalConstraint::IsIn(name, uid) => {
                name == *self.env.principal() && self.principals.contains(uid.type_name())
            }
        };
        let resource = match policy.resource_constraint() {
            ResourceConstraint::Any => true,
            ResourceConstraint::Is(name) => name == *self.env.resource(),
            ResourceConstraint::Eq(uid) => uid.type_name() == self.env.resource(),
            ResourceConstraint::In(uid) => self.resources.contains(uid.type_name()),
            ResourceConstraint::IsIn(name, uid) => {
                name == *self.env.resource() && self.resources.contains(uid.type_name())
            }
        };
        action && principal && resource
    }

    /// Whether its action is one of `names`, or lies in one of them.
    pub(super) fn is_in(&self, names: &[&str]) -> bool {
        let fits = |uid: &EntityUid| names.contains(&uid.id().unescaped());
        self.actions.iter().any(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(more: &str) -> Vec<Frame> {
        let schema = format!(
            "entity Leaf in [Twig]; entity Twig in [Branch]; entity Branch; entity Thing;
            action deep in [middle] appliesTo {{ principal: Leaf, resource: Thing }};
            action middle in [high]; action high; {more}"
        );
        Frame::all(&schema.parse().unwrap()).unwrap()
    }

    #[test]
    fn what_a_scope_reaches_by_several_steps_is_asked_about() {
        let [frame] = &frames("")[..] else {
            panic!("one environment")
        };
        for (scope, fits) in [
            ("principal, action, resource", true),
            ("principal in Branch::\"b\", action, resource", true),
            ("principal is Leaf in Branch::\"b\", action, resource", true),
            ("principal, action in Action::\"high\", resource", true),
            (
                "principal, action in [Action::\"x\", Action::\"deep\"], resource",
                true,
            ),
            (
                "principal == Leaf::\"l\", action, resource == Thing::\"t\"",
                true,
            ),
            (
                "principal in Leaf::\"l\", action, resource is Thing in Thing::\"t\"",
                true,
            ),
            ("principal == Branch::\"b\", action, resource", false),
            ("principal is Twig, action, resource", false),
            ("principal in Thing::\"t\", action, resource", false),
            ("principal, action == Action::\"high\", resource", false),
            ("principal, action in [], resource", false),
            ("principal, action, resource in Branch::\"b\"", false),
            ("principal, action, resource is Leaf in Thing::\"t\"", false),
        ] {
            let policy = Policy::parse(None, format!("permit ({scope});")).unwrap();
            assert_eq!(frame.admits(&policy), fits, "{scope}");
        }
    }

    #[test]
    fn two_actions_of_one_name_in_two_namespaces_are_two_environments() {
        let action = "action look appliesTo { principal: Leaf, resource: Thing };";
        let more = format!("namespace One {{ {action} }} namespace Two {{ {action} }}");
        let mut frames = frames(&more);
        frames.retain(|frame| frame.name.starts_with("look"));
        let keys: HashSet<&str> = frames.iter().map(|frame| frame.key.as_str()).collect();
        assert_eq!(frames[0].name, frames[1].name);
        assert_eq!(keys.len(), 2, "{keys:?}");
    }
}
