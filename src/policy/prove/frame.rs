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
    /// `getIssue(Account, Issue)`
    pub(super) name: String,
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
                actions: above.chain([action.clone()]).collect(),
                principals: with_above(env.principal()),
                resources: with_above(env.resource()),
                action,
                env,
            }
        };
        Ok(schema.request_envs().map(frame).collect())
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
        let named = |uid: &EntityUid| names.contains(&uid.id().unescaped());
        self.actions.iter().any(named)
    }
}
