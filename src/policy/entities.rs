//! Teams, memberships and tags from `entities.json`. It is read by a rule of our own, narrower than Cedar's: Cedar alone would
//! accept forged facts here, such as a site moved to another tenant, an account with a `tenant` attribute, a team of one tenant
//! inside a team of another, or a regrouped action. What must never happen here: anything but teams, memberships and tags.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cedar_policy::{EntityUid, RestrictedExpression};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::{Fault, Faults, PolicyError, Source};
use super::names;
use above::Above;

mod above;

/// What only Jira knows: a file that put accounts into groups would let policies rest on it.
const GROUP: &str = "Group";
const OF_JIRA: &str = "who is in a group, Jira says (`policy.jira_groups`); use a `Team`";

/// What is known of accounts beside the registry.
#[derive(Clone, Debug, Default)]
pub struct Memberships {
    members: HashMap<String, Member>,
    teams: BTreeSet<String>,
}

/// One account's teams and tags.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// Direct and indirect. Who is in the same teams shares them.
    pub(crate) teams: Arc<[EntityUid]>,
    pub(crate) tags: Vec<(String, RestrictedExpression)>,
}

impl Memberships {
    /// The account with the id `{tenant}/{account}`, if the file speaks of it.
    pub(crate) fn member(&self, id: &str) -> Option<&Member> {
        self.members.get(id)
    }

    /// Whether there is a team with the id `{tenant}/{name}`.
    pub(super) fn has_team(&self, id: &str) -> bool {
        self.teams.contains(id)
    }

    /// Reads the file.
    pub(super) fn read(source: &Source) -> Result<Self, PolicyError> {
        let entries: Vec<&RawValue> = serde_json::from_str(source.text())
            .map_err(|error| Fault::of_file(source.name(), error.to_string()))?;
        let mut faults = Faults::default();
        let mut facts = Facts::default();
        for raw in entries {
            // The entry is a part of the text, so the distance of their beginnings is its offset.
            let offset = raw.get().as_ptr().addr() - source.text().as_ptr().addr();
            if let Err(message) = facts.add(raw.get()) {
                faults.push(Fault::at(source, offset, message));
            }
        }
        for message in facts.contradictions() {
            faults.push(Fault::of_file(source.name(), message));
        }
        let facts = faults.none_or(facts)?;
        facts.memberships().map_err(|messages| {
            let mut faults = Faults::default();
            for message in messages {
                faults.push(Fault::of_file(source.name(), message));
            }
            // INVARIANT: there is a message for each account that is refused.
            faults.none_or(()).expect_err("a refused account")
        })
    }
}

/// One entry of the file, and nothing that is not listed here.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    uid: Uid,
    #[serde(default)]
    attrs: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    parents: Vec<Uid>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

/// The plain form; `__entity` and `__extn` are unknown members.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Uid {
    r#type: String,
    id: String,
}

#[derive(Debug, Default)]
struct Facts {
    teams: above::Teams,
    accounts: BTreeMap<String, (Vec<String>, BTreeMap<String, String>)>,
}

impl Facts {
    fn add(&mut self, text: &str) -> Result<(), String> {
        let entry: Entry = serde_json::from_str(text).map_err(|error| without_place(&error))?;
        let Uid { r#type, id } = &entry.uid;
        let tenant = tenant_of(&entry.uid)?;
        if !entry.attrs.is_empty() {
            return Err(format!(
                "`{id}` has attributes; attributes come from the registry, use tags"
            ));
        }
        let mut teams = Vec::new();
        for parent in entry.parents {
            if parent.r#type == GROUP {
                return Err(format!("`{id}` lies in a `{GROUP}`; {OF_JIRA}"));
            }
            if parent.r#type != "Team" {
                return Err(format!(
                    "`{id}` lies in a `{}`; it can be in a `Team` only",
                    parent.r#type
                ));
            }
            if tenant_of(&parent)? != tenant {
                return Err(format!(
                    "`{id}` lies in `{}`, a team of another tenant",
                    parent.id
                ));
            }
            teams.push(parent.id);
        }
        let known = match r#type.as_str() {
            "Team" if !entry.tags.is_empty() => {
                return Err(format!(
                    "the team `{id}` has tags; only accounts can have tags"
                ));
            }
            "Team" => self.teams.insert(id.clone(), teams).is_some(),
            "Account" => self
                .accounts
                .insert(id.clone(), (teams, entry.tags))
                .is_some(),
            GROUP => return Err(format!("`{GROUP}::\"{id}\"`: {OF_JIRA}")),
            other => {
                return Err(format!(
                    "`{other}::\"{id}\"`: only `Team` and `Account` can be described here; the rest comes from the registry"
                ));
            }
        };
        if known {
            Err(format!("`{type}::\"{id}\"` is described twice"))
        } else {
            Ok(())
        }
    }

    fn contradictions(&self) -> Vec<String> {
        let team_parents = self.teams.iter();
        let all_parents =
            team_parents.chain(self.accounts.iter().map(|(id, (parents, _))| (id, parents)));
        let missing = all_parents.flat_map(|(id, parents)| {
            let unknown = parents
                .iter()
                .filter(|parent| !self.teams.contains_key(*parent));
            unknown.map(move |parent| {
                format!("`{id}` lies in the team `{parent}`, which is not described")
            })
        });
        missing.chain(above::faults(&self.teams)).collect()
    }

    fn memberships(self) -> Result<Memberships, Vec<String>> {
        let mut above = Above::of(&self.teams);
        let mut members = HashMap::with_capacity(self.accounts.len());
        let mut wrong = Vec::new();
        for (id, (teams, tags)) in &self.accounts {
            match above.account(id, teams) {
                Ok(teams) => {
                    let tags = values(tags);
                    members.insert(id.clone(), Member { teams, tags });
                }
                Err(message) => wrong.push(message),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Memberships {
            members,
            teams: self.teams.into_keys().collect(),
        })
    }
}

fn values(tags: &BTreeMap<String, String>) -> Vec<(String, RestrictedExpression)> {
    let value = |text: &String| RestrictedExpression::new_string(text.clone());
    tags.iter()
        .map(|(name, text)| (name.clone(), value(text)))
        .collect()
}

/// The tenant in an id `{tenant}/{name}`.
fn tenant_of(uid: &Uid) -> Result<&str, String> {
    names::tenant_of(&uid.id).ok_or_else(|| {
        format!(
            "`{}::\"{}\"` does not name its tenant: write `{{tenant}}/{{name}}`",
            uid.r#type,
            uid.id.escape_default()
        )
    })
}

/// The error of an entry without its line, which would be that within the entry.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => text,
    }
}
