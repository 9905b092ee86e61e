//! The entity types of the schema, and ids that carry their tenant. May be used by `policy` and `decision`. Ids are made here from
//! their parts and nowhere else, so that a bare account id, equal in every tenant, can never be one.

use std::sync::LazyLock;

use cedar_policy::{EntityId, EntityTypeName, EntityUid};

use crate::tenant::GroupId;

/// One pre-parsed type name: parsing it for each request would cost more than evaluating a policy.
macro_rules! types {
    ($($name:ident = $text:literal),+ $(,)?) => {
        $(static $name: LazyLock<EntityTypeName> = LazyLock::new(|| {
            // INVARIANT: an identifier is a type name.
            $text.parse().expect("a type of the core schema")
        });)+
    };
}

types! {
    ACCOUNT = "Account", ACTION = "Action", GROUP = "Group", ISSUE = "Issue", PROJECT = "Project", SITE = "Site", TEAM = "Team", TENANT = "Tenant",
}

/// Types whose ids begin with a tenant.
pub(super) const BELOW_TENANT: [&str; 6] = ["Account", "Group", "Issue", "Project", "Site", "Team"];

/// The tenant in an id `{tenant}/{name}`. Tenants have no `/` in them, so the first one ends the tenant.
pub(super) fn tenant_of(id: &str) -> Option<&str> {
    let (tenant, name) = id.split_once('/')?;
    let is_whole = !tenant.is_empty() && !name.is_empty() && !id.chars().any(char::is_control);
    is_whole.then_some(tenant)
}

/// `{tenant}/{name}`.
pub(crate) fn below(tenant: &str, name: &str) -> String {
    let mut id = String::with_capacity(tenant.len() + 1 + name.len());
    id.push_str(tenant);
    id.push('/');
    id.push_str(name);
    id
}

pub(super) fn team(id: &str) -> EntityUid {
    uid(&TEAM, id)
}

/// A group of Jira users, of the tenant on whose site it is.
pub(crate) fn group(tenant: &str, id: GroupId) -> EntityUid {
    uid(&GROUP, &below(tenant, &id.to_string()))
}

pub(crate) fn account(id: &str) -> EntityUid {
    uid(&ACCOUNT, id)
}

/// The name of a core action; a type in a namespace of an extension may have actions of the same name.
pub(super) fn core_action(uid: &EntityUid) -> Option<&str> {
    (*uid.type_name() == *ACTION).then(|| uid.id().unescaped())
}

pub(crate) fn issue(tenant: &str, key: &str) -> EntityUid {
    uid(&ISSUE, &below(tenant, key))
}

pub(crate) fn project(tenant: &str, key: &str) -> EntityUid {
    uid(&PROJECT, &below(tenant, key))
}

pub(crate) fn site(tenant: &str, host: &str) -> EntityUid {
    uid(&SITE, &below(tenant, host))
}

pub(crate) fn tenant(id: &str) -> EntityUid {
    uid(&TENANT, id)
}

fn uid(name: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(name.clone(), EntityId::new(id))
}
