//! What Cedar is given: the request and every entity that a policy can reach from it. Both are built by typed constructors from the
//! question and the snapshot, never from JSON or Cedar text, so that no value of a request can become an entity or a policy. May be
//! used by `evaluate` only. What must never happen here: an entity is left out. Cedar would skip the forbid that asks for it.

use cedar_policy::{Context, Entities, Entity, EntityUid, Request, RestrictedExpression};

use super::memo;
use super::question::{Action, Question, Thing};
use crate::policy::{RuleSet, names};

/// A request and every entity that a policy can reach from it.
pub(super) struct Slice {
    pub(super) request: Request,
    pub(super) entities: Entities,
}

impl Slice {
    pub(super) fn build(rules: &RuleSet, question: &Question) -> Result<Self, String> {
        well_formed(question)?;
        let principal = &question.principal;
        let tenant = names::tenant(&principal.tenant);
        let me = names::below(&principal.tenant, &principal.account);
        let other = names::below(&principal.tenant, &question.context.act_as);
        let mut entities = Vec::with_capacity(6);
        let may = principal.may_act_as.iter();
        let may = may.map(|account| names::account(&names::below(&principal.tenant, account)));
        let groups = question.groups.as_ref();
        // Groups of the principal's own tenant: whatever the question says, an account is in no other's.
        let groups = |account: &str| {
            let groups = groups.map_or(&[][..], |groups| groups.of(account));
            groups.iter().map(|id| names::group(&principal.tenant, *id))
        };
        entities.push(account(
            rules,
            &me,
            &tenant,
            may,
            groups(&principal.account),
        )?);
        if other != me {
            // Grants of this account are not known here; policies cannot ask for them (`policy::lint`).
            let act_as = &question.context.act_as;
            entities.push(account(rules, &other, &tenant, [], groups(act_as))?);
        }
        let resource = resource(&question.resource, &mut entities)?;
        let action = action(rules, question.action)?.clone();
        let action_uid = action.uid();
        let context = context(question, names::account(&other))?;
        conforms(rules, &action_uid, &context, &entities)?;
        entities.push(action);
        let request = Request::new(
            names::account(&me),
            action_uid,
            resource,
            context,
            schema(rules),
        );
        Ok(Self {
            request: request.map_err(|error| error.to_string())?,
            entities: Entities::from_entities(entities, None).map_err(|error| error.to_string())?,
        })
    }
}

/// Ids are `{tenant}/{name}`: with a `/` in it, one tenant could pass for another; an empty subject is nobody.
fn well_formed(question: &Question) -> Result<(), String> {
    for tenant in [
        question.principal.tenant.as_str(),
        question.resource.tenant(),
    ] {
        if tenant.is_empty() || tenant.contains('/') {
            return Err(format!("`{}` is not a tenant", tenant.escape_default()));
        }
    }
    let accounts = [&question.principal.account, &question.context.act_as];
    if accounts
        .into_iter()
        .chain(&question.principal.may_act_as)
        .any(String::is_empty)
    {
        return Err("an account without an id".to_owned());
    }
    Ok(())
}

fn account(
    rules: &RuleSet,
    id: &str,
    tenant: &EntityUid,
    may_act_as: impl IntoIterator<Item = EntityUid>,
    groups: impl Iterator<Item = EntityUid>,
) -> Result<Entity, String> {
    let may_act_as = may_act_as
        .into_iter()
        .map(RestrictedExpression::new_entity_uid);
    let attributes = [
        ("tenant".to_owned(), entity(tenant)),
        (
            "mayActAs".to_owned(),
            RestrictedExpression::new_set(may_act_as),
        ),
    ];
    let member = rules.memberships.member(id);
    let teams = member.map(|member| member.teams.iter().cloned());
    let tags = member.map(|member| member.tags.iter().cloned());
    let uid = names::account(id);
    Entity::new_with_tags(
        uid,
        attributes,
        teams.into_iter().flatten().chain(groups),
        tags.into_iter().flatten(),
    )
    .map_err(|error| error.to_string())
}

/// The thing itself and what it refers to; all of one tenant, because the question says one tenant for all.
fn resource(thing: &Thing, entities: &mut Vec<Entity>) -> Result<EntityUid, String> {
    let tenant_id = thing.tenant();
    let tenant = names::tenant(tenant_id);
    let (Thing::Issue { host, .. } | Thing::Site { host, .. }) = thing;
    let site = names::site(tenant_id, host);
    let attributes = [("tenant", entity(&tenant)), ("host", text(host))];
    entities.push(plain(&site, attributes, None)?);
    let Thing::Issue { key, project, .. } = thing else {
        return Ok(site);
    };
    let its_project = names::project(tenant_id, project);
    let attributes = [
        ("tenant", entity(&tenant)),
        ("site", entity(&site)),
        ("key", text(project)),
    ];
    entities.push(plain(&its_project, attributes, None)?);
    let issue = names::issue(tenant_id, key);
    let attributes = [
        ("tenant", entity(&tenant)),
        ("site", entity(&site)),
        ("project", entity(&its_project)),
        ("key", text(key)),
    ];
    entities.push(plain(&issue, attributes, Some(its_project))?);
    Ok(issue)
}

fn plain<const N: usize>(
    uid: &EntityUid,
    attributes: [(&str, RestrictedExpression); N],
    parent: Option<EntityUid>,
) -> Result<Entity, String> {
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value));
    Entity::new_with_tags(uid.clone(), attributes, parent, []).map_err(|error| error.to_string())
}

/// The action with its groups, which the schema knows.
fn action(rules: &RuleSet, action: Action) -> Result<&Entity, String> {
    let entity = rules.action(action.as_str());
    entity.ok_or_else(|| format!("the schema has no action `{}`", action.as_str()))
}

fn context(question: &Question, act_as: EntityUid) -> Result<Context, String> {
    let circumstances = &question.context;
    let pairs = [
        (
            "actAs".to_owned(),
            RestrictedExpression::new_entity_uid(act_as),
        ),
        ("auth".to_owned(), text(&circumstances.auth)),
        ("ip".to_owned(), memo::address(circumstances.ip)),
        ("now".to_owned(), memo::moment(circumstances.now)),
    ];
    Context::from_pairs(pairs).map_err(|error| error.to_string())
}

fn entity(uid: &EntityUid) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(uid.clone())
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

/// In tests and debug builds every question is checked against the schema, which costs three times the evaluation. A mismatch is
/// an error there as it would be here: the constructors above can build conforming values only, and this is what shows it.
#[cfg(debug_assertions)]
fn conforms(
    rules: &RuleSet,
    action: &EntityUid,
    context: &Context,
    entities: &[Entity],
) -> Result<(), String> {
    let schema = rules.vocabulary.schema();
    context
        .validate(schema, action)
        .map_err(|error| error.to_string())?;
    Entities::from_entities(entities.iter().cloned(), Some(schema))
        .map(|_| ())
        .map_err(|error| error.to_string())
}

#[cfg(not(debug_assertions))]
fn conforms(_: &RuleSet, _: &EntityUid, _: &Context, _: &[Entity]) -> Result<(), String> {
    Ok(())
}

/// As for [`conforms`].
fn schema(rules: &RuleSet) -> Option<&cedar_policy::Schema> {
    cfg!(debug_assertions).then(|| rules.vocabulary.schema().as_ref())
}
