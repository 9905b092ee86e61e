//! From what the solver found to what is shown. Its ids are any texts, so those that no policy speaks of get names as they look in real
//! life; then the real evaluator decides the renamed request once more. May be used by `prove` only.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cedar_policy::{Context, Entities, EntityUid, PolicyId, Request};
use cedar_policy_symcc::Env;
use serde_json::{Map, Value};

use super::counterexample::{Asked, Met};

/// Names for accounts.
const PEOPLE: [&str; 6] = ["ann", "bob", "carol", "dave", "erin", "frank"];

/// What is shown of a request that the evaluator confirmed, and the policies that it rests on.
pub(super) struct Shown {
    pub(super) request: Asked,
    pub(super) entities: Vec<Met>,
    pub(super) policies: Vec<PolicyId>,
}

/// Shows `env`, if `confirm` says of it which policies it rests on. `kept` are the entities that policies speak of by name.
pub(super) fn show(
    env: &Env,
    kept: &BTreeSet<EntityUid>,
    confirm: impl Fn(&Request, &Entities) -> Option<Vec<PolicyId>>,
) -> Result<Shown, String> {
    let plain = Plain::of(env)?;
    let renamed = plain.renamed(kept);
    for plain in [renamed, plain] {
        let Ok((request, entities)) = plain.built() else {
            continue;
        };
        if let Some(policies) = confirm(&request, &entities) {
            return Ok(Shown {
                request: plain.asked(),
                entities: plain.met(),
                policies,
            });
        }
    }
    Err("the evaluator does not confirm the solver's counterexample".to_owned())
}

/// A request and its entities as JSON, which can be renamed and shown.
struct Plain {
    principal: Value,
    action: Value,
    resource: Value,
    context: Value,
    entities: Vec<Value>,
}

impl Plain {
    fn of(env: &Env) -> Result<Self, String> {
        let known = |uid: Option<&EntityUid>| {
            uid.map(json)
                .ok_or("the solver left a part of the request open")
        };
        let context = env
            .request
            .context()
            .ok_or("the solver left the context open")?;
        let entities = env
            .entities
            .to_json_value()
            .map_err(|error| error.to_string())?;
        let Value::Array(entities) = entities else {
            return Err("entities are no list".to_owned());
        };
        Ok(Self {
            principal: known(env.request.principal())?,
            action: known(env.request.action())?,
            resource: known(env.request.resource())?,
            context: context.to_json_value().map_err(|error| error.to_string())?,
            entities,
        })
    }

    fn renamed(&self, kept: &BTreeSet<EntityUid>) -> Self {
        let names = Names::of(self, kept);
        let apply = |value: &Value| names.apply(value);
        Self {
            principal: apply(&self.principal),
            action: self.action.clone(),
            resource: apply(&self.resource),
            context: apply(&self.context),
            entities: self.entities.iter().map(apply).collect(),
        }
    }

    fn built(&self) -> Result<(Request, Entities), String> {
        let entities = Entities::from_json_value(Value::Array(self.entities.clone()), None)
            .map_err(|error| error.to_string())?;
        let context = Context::from_json_value(self.context.clone(), None)
            .map_err(|error| error.to_string())?;
        let uid =
            |value: &Value| EntityUid::from_json(value.clone()).map_err(|error| error.to_string());
        let request = Request::new(
            uid(&self.principal)?,
            uid(&self.action)?,
            uid(&self.resource)?,
            context,
            None,
        );
        Ok((request.map_err(|error| error.to_string())?, entities))
    }

    fn asked(&self) -> Asked {
        Asked {
            action: notation(&self.action),
            context: notations(&self.context),
            principal: notation(&self.principal),
            resource: notation(&self.resource),
        }
    }

    /// The entities that the request reaches, those of the request first. What an action lies in, the schema says.
    fn met(&self) -> Vec<Met> {
        let by_id = self.by_id();
        let entities = self.reached().into_iter();
        let entities = entities.filter_map(|uid| by_id.get(&parts(uid)));
        let met = entities.map(|entity| {
            let mut parents = Vec::new();
            uids(&entity["parents"], &mut parents);
            Met {
                attributes: notations(&entity["attrs"]),
                entity: notation(&entity["uid"]),
                parents: parents.into_iter().map(notation).collect(),
                tags: notations(&entity["tags"]),
            }
        });
        met.collect()
    }

    fn by_id(&self) -> HashMap<(String, String), &Value> {
        let entities = self.entities.iter();
        entities
            .map(|entity| (parts(&entity["uid"]), entity))
            .collect()
    }

    /// Whatever the request reaches, each once, the nearest first: an order that does not hang on how entities are kept.
    fn reached(&self) -> Vec<&Value> {
        let by_id = self.by_id();
        let mut open = vec![&self.principal, &self.resource];
        uids(&self.context, &mut open);
        let (mut seen, mut reached, mut next) = (BTreeSet::new(), Vec::new(), 0);
        while let Some(uid) = open.get(next).copied() {
            next += 1;
            if !seen.insert(parts(uid)) {
                continue;
            }
            reached.push(uid);
            let entity = by_id.get(&parts(uid));
            for part in ["attrs", "tags", "parents"] {
                uids(
                    entity.map_or(&Value::Null, |entity| &entity[part]),
                    &mut open,
                );
            }
        }
        reached
    }
}

/// `{ "type": …, "id": … }` to the id that is shown in place of it.
struct Names(HashMap<(String, String), String>);

impl Names {
    fn of(plain: &Plain, kept: &BTreeSet<EntityUid>) -> Self {
        let mut names = HashMap::new();
        let mut taken: BTreeSet<(String, String)> = kept
            .iter()
            .map(|uid| (uid.type_name().to_string(), uid.id().unescaped().to_owned()))
            .collect();
        // What the request reaches is named first, and so in the same way each time; nothing else is shown.
        let mut all = plain.reached();
        for entity in &plain.entities {
            all.push(&entity["uid"]);
            uids(entity, &mut all);
        }
        // Tenants first: the names of others begin with theirs.
        for tenants in [true, false] {
            for uid in &all {
                let (kind, id) = parts(uid);
                let known = (kind.clone(), id.clone());
                if kind == "Action" || (kind == "Tenant") != tenants || names.contains_key(&known) {
                    continue;
                }
                if kept
                    .iter()
                    .any(|kept| kept.type_name().to_string() == kind && kept.id().unescaped() == id)
                {
                    names.insert(known, id);
                    continue;
                }
                let tenant = plain
                    .entities
                    .iter()
                    .find(|entity| entity["uid"] == **uid)
                    .map(|entity| parts(&entity["attrs"]["tenant"]["__entity"]));
                let tenant = tenant.and_then(|tenant| names.get(&tenant).cloned());
                let fresh = (0..=taken.len())
                    .map(|number| fresh(&kind, tenant.as_deref(), number))
                    .find(|name| !taken.contains(&(kind.clone(), name.clone())));
                // INVARIANT: each number gives another name, and there is one number more than names are taken.
                let fresh = fresh.expect("a free name");
                taken.insert((kind, fresh.clone()));
                names.insert(known, fresh);
            }
        }
        Self(names)
    }

    fn apply(&self, value: &Value) -> Value {
        match value {
            Value::Array(parts) => parts.iter().map(|part| self.apply(part)).collect(),
            Value::Object(members) if is_uid(value) => {
                let name = self
                    .0
                    .get(&parts(value))
                    .map_or_else(|| members["id"].clone(), |name| name.clone().into());
                let mut members = members.clone();
                members.insert("id".to_owned(), name);
                Value::Object(members)
            }
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), self.apply(value)))
                .collect::<Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }
}

fn fresh(kind: &str, tenant: Option<&str>, number: usize) -> String {
    let serial = if number == 0 {
        String::new()
    } else {
        (number + 1).to_string()
    };
    let name = match kind {
        "Tenant" => {
            return ["acme", "globex", "initech"]
                .get(number)
                .map_or_else(|| format!("tenant{number}"), |&name| name.to_owned());
        }
        "Account" => PEOPLE
            .get(number)
            .map_or_else(|| format!("account{number}"), |&name| name.to_owned()),
        "Site" => format!("{}{serial}.atlassian.net", tenant.unwrap_or("site")),
        "Project" => format!("PAY{serial}"),
        "Issue" => format!("PAY-{}", number + 1),
        "Team" => format!("team{serial}"),
        other => format!("{}{serial}", other.to_lowercase()),
    };
    match tenant {
        Some(tenant) => format!("{tenant}/{name}"),
        None => name,
    }
}

fn is_uid(value: &Value) -> bool {
    value.as_object().is_some_and(|members| {
        members.len() == 2 && members.contains_key("type") && members.contains_key("id")
    })
}

/// The entities that a value names.
fn uids<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    if is_uid(value) {
        return found.push(value);
    }
    match value {
        // A set has no order of its own.
        Value::Array(values) => {
            let mut inside = Vec::new();
            for value in values {
                uids(value, &mut inside);
            }
            inside.sort_by_key(|uid| parts(uid));
            found.extend(inside);
        }
        Value::Object(members) => members.values().for_each(|value| uids(value, found)),
        _ => {}
    }
}

fn parts(uid: &Value) -> (String, String) {
    let text = |name: &str| uid[name].as_str().unwrap_or_default().to_owned();
    (text("type"), text("id"))
}

fn json(uid: &EntityUid) -> Value {
    serde_json::json!({ "type": uid.type_name().to_string(), "id": uid.id().unescaped() })
}

fn notations(record: &Value) -> BTreeMap<String, String> {
    let members = record.as_object().into_iter().flatten();
    members
        .map(|(name, value)| (name.clone(), notation(value)))
        .collect()
}

/// `ip("192.0.2.1/32")`; a moment is one function called on what another gave.
fn called(call: &Value) -> String {
    let name = call["fn"].as_str().unwrap_or_default();
    match call["args"].as_array().map(Vec::as_slice) {
        Some([on, rest @ ..]) => format!("{}.{name}({})", notation(on), list(rest)),
        Some([]) | None => format!("{name}({})", notation(&call["arg"])),
    }
}

fn list(values: &[Value]) -> String {
    let values: Vec<String> = values.iter().map(notation).collect();
    values.join(", ")
}

/// A value in Cedar's notation.
fn notation(value: &Value) -> String {
    match value {
        Value::Object(_) if is_uid(value) => {
            let (kind, id) = parts(value);
            format!("{kind}::\"{}\"", id.escape_debug())
        }
        Value::Object(members) => match (members.get("__entity"), members.get("__extn")) {
            (Some(uid), _) => notation(uid),
            (_, Some(call)) => called(call),
            (None, None) => {
                let members = members.iter();
                let members = members.map(|(name, value)| format!("{name}: {}", notation(value)));
                format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
            }
        },
        Value::Array(values) => {
            let mut values: Vec<String> = values.iter().map(notation).collect();
            values.sort();
            format!("[{}]", values.join(", "))
        }
        Value::String(text) => format!("\"{}\"", text.escape_debug()),
        other => other.to_string(),
    }
}
