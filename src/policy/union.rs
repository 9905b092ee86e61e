//! The files of a set together: what no file can say on its own. Ids are unique, links have templates, teams are described, and what
//! lies in a tenant's folder stays there. What must never happen here: two policies under one id, for the log could not tell them
//! apart.

use std::collections::{BTreeSet, HashMap, hash_map};

use super::blame::Blame;
use super::draft::{self, LINKS};
use super::entities::Memberships;
use super::error::Fault;
use super::inert::Inert;
use super::names;
use super::parsed::{Entry, Pattern, Sheet};
use super::rule::{Place, Rule};
use crate::ledger::entry::PolicyRef;
use crate::tenant::GroupId;

/// How many groups of one tenant policies may name: each decision carries of each whether the account is in it.
const GROUPS_MAX: usize = 256;

/// The policies of several files.
#[derive(Debug, Default)]
pub(super) struct Union<'a> {
    pub(super) policies: Vec<&'a Entry>,
    pub(super) templates: Vec<&'a Pattern>,
    /// By id, of policies and templates alike.
    pub(super) rules: HashMap<&'a str, &'a Rule>,
}

impl<'a> Union<'a> {
    /// Adds a file of policies.
    pub(super) fn add(&mut self, path: &str, sheet: &'a Sheet, blame: &mut Blame) {
        for entry in &sheet.policies {
            match self.enter(&entry.rule) {
                Ok(()) => self.policies.push(entry),
                Err(taken) => blame.push(entry.place.fault(is_taken(&entry.rule, taken))),
            }
        }
        for pattern in &sheet.templates {
            if draft::tenant_of(path).is_some() {
                // A link to it, which lies in a file that all share, would break with this file.
                blame.push(
                    pattern
                        .place
                        .fault("a template cannot lie in the folder of a tenant"),
                );
            } else if let Err(taken) = self.enter(&pattern.rule) {
                blame.push(pattern.place.fault(is_taken(&pattern.rule, taken)));
            } else {
                self.templates.push(pattern);
            }
        }
    }

    /// Adds the policies that links stand for.
    pub(super) fn add_links(&mut self, sheet: &'a Sheet, blame: &mut Blame) {
        for entry in &sheet.policies {
            match self.enter(&entry.rule) {
                Ok(()) => self.policies.push(entry),
                Err(PolicyRef { file, line, .. }) => {
                    let id = &entry.rule.policy.id;
                    let message = format!("link `{id}`: the id is taken by {file}:{line}");
                    blame.push(Fault::of_file(LINKS, message));
                }
            }
        }
    }

    /// Refuses teams that are not described: a `forbid … in Team::"typo"` would never fire.
    pub(super) fn know_teams(&self, memberships: &Memberships, blame: &mut Blame) {
        for entry in &self.policies {
            let missing = entry.teams.iter().filter(|id| !memberships.has_team(id));
            for id in missing {
                let message = format!("`{}` is not described in entities.json", names::team(id));
                blame.push(entry.place.fault(message));
            }
        }
    }

    /// Refuses groups in the folder of a tenant that are another's, in which its accounts cannot be, and more groups of one tenant than
    /// a question can carry.
    pub(super) fn know_groups(&self, blame: &mut Blame) {
        let mut named: HashMap<&str, BTreeSet<GroupId>> = HashMap::new();
        for entry in &self.policies {
            let folder = draft::tenant_of(file(&entry.place));
            let groups = entry.bearing.iter().flat_map(|bearing| &bearing.named);
            for (tenant, id) in groups {
                if folder.is_some_and(|folder| folder != tenant) {
                    let message = format!(
                        "`{}` is a group of another tenant: no account of `{}` is in it",
                        names::group(tenant, *id),
                        folder.unwrap_or_default()
                    );
                    blame.push(entry.place.fault(message));
                    continue;
                }
                let of_tenant = named.entry(tenant).or_default();
                if of_tenant.insert(*id) && of_tenant.len() == GROUPS_MAX + 1 {
                    let message = format!(
                        "with this policy more than {GROUPS_MAX} groups of `{tenant}` are named"
                    );
                    blame.push(entry.place.fault(message));
                }
            }
        }
    }

    /// What is in the folders of tenants, and whether it stays there.
    pub(super) fn inert(&self, blame: &mut Blame) -> Inert {
        let mut inert = Inert::default();
        for entry in &self.policies {
            if let Some(tenant) = draft::tenant_of(file(&entry.place)) {
                inert.read(tenant, entry, blame);
            }
        }
        inert
    }

    /// Takes an id, if it is free; otherwise says who has it.
    fn enter(&mut self, rule: &'a Rule) -> Result<(), &'a PolicyRef> {
        match self.rules.entry(&rule.policy.id) {
            hash_map::Entry::Occupied(other) => Err(&other.get().policy),
            hash_map::Entry::Vacant(free) => {
                free.insert(rule);
                Ok(())
            }
        }
    }
}

fn is_taken(rule: &Rule, by: &PolicyRef) -> String {
    let id = &rule.policy.id;
    format!("the id `{id}` is taken by {}:{}", by.file, by.line)
}

fn file(place: &Place) -> &str {
    place.source.name()
}
