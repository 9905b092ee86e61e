//! What a site holds: people, projects, issues, and who may browse what. Data and look-ups; no HTTP here.
//! Used by the pages of `jira` and, through [`Site`](super::super::Site), by tests that change it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::super::people;

/// An issue, as a test may change it. Texts are wiki text; version 3 of the API shows them as documents.
#[derive(Clone, Debug, Default)]
pub struct Issue {
    /// The numeric id: for ever, across moves.
    pub id: u64,
    /// The current key.
    pub key: String,
    /// Every key that it had before: they keep resolving.
    pub former_keys: Vec<String>,
    /// The type: `Story`, `Bug`, `Epic`, `Sub-task`.
    pub kind: String,
    /// The title.
    pub summary: String,
    /// The description.
    pub description: String,
    /// The status: `To Do`, `In Progress`, `Done`.
    pub status: String,
    /// Account id of the reporter.
    pub reporter: String,
    /// Account id of the assignee.
    pub assignee: Option<String>,
    /// The id of the parent.
    pub parent: Option<u64>,
    /// Links to other issues, outward.
    pub links: Vec<Link>,
    /// Comments, oldest first.
    pub comments: Vec<Remark>,
    /// Work that was logged, oldest first.
    pub worklogs: Vec<Remark>,
    /// Names of attached files.
    pub attachments: Vec<String>,
    /// Custom fields by id (`customfield_10014`), shown as they are, whoever looks.
    pub custom_fields: Map<String, Value>,
    /// Entity properties: what apps store with an issue.
    pub properties: Map<String, Value>,
}

/// A link from one issue to another.
#[derive(Clone, Debug)]
pub struct Link {
    /// The verb in this direction: `blocks`, `relates to`.
    pub outward: &'static str,
    /// The verb in the other direction.
    pub inward: &'static str,
    /// The id of the other issue.
    pub to: u64,
}

/// A comment, or a piece of logged work.
#[derive(Clone, Debug)]
pub struct Remark {
    /// Account id of the author.
    pub author: String,
    /// The text.
    pub text: String,
    /// Seconds of work; 0 for a comment.
    pub spent_s: u32,
}

impl Issue {
    /// The key of the project.
    #[must_use]
    pub fn project(&self) -> &str {
        self.key.split('-').next().unwrap_or_default()
    }
}

#[derive(Debug)]
pub(in super::super) struct Project {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) browse: BTreeSet<String>,
}

/// Everything on one site.
#[derive(Debug, Default)]
pub(in super::super) struct World {
    /// Account id and whether it is active.
    pub(super) users: BTreeMap<String, bool>,
    /// E-mail addresses by account, of those who are no persons.
    pub(super) robots: BTreeMap<String, String>,
    pub(super) projects: BTreeMap<String, Project>,
    pub(super) issues: Vec<Issue>,
}

impl World {
    pub(in super::super) fn is_active(&self, account: &str) -> bool {
        self.users.get(account).copied().unwrap_or(false)
    }

    /// Whether `account` is active; nothing if it never was a user of this site.
    pub(super) fn standing(&self, account: &str) -> Option<bool> {
        self.users.get(account).copied()
    }

    pub(in super::super) fn users(&self) -> impl Iterator<Item = &String> {
        self.users.keys()
    }

    pub(in super::super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.issues.iter().map(|issue| issue.key.as_str())
    }

    /// Finds by id, by key in any case, and by every key that the issue ever had.
    pub(super) fn find(&self, id_or_key: &str) -> Option<&Issue> {
        if id_or_key.bytes().all(|byte| byte.is_ascii_digit()) {
            let id: u64 = id_or_key.parse().ok()?;
            return self.by_id(id);
        }
        let is_named = |key: &String| key.eq_ignore_ascii_case(id_or_key);
        let current = self.issues.iter().find(|issue| is_named(&issue.key));
        current.or_else(|| {
            self.issues
                .iter()
                .find(|issue| issue.former_keys.iter().any(is_named))
        })
    }

    pub(super) fn by_id(&self, id: u64) -> Option<&Issue> {
        self.issues.iter().find(|issue| issue.id == id)
    }

    /// Whether `account` may browse the project that the issue is in now.
    pub(super) fn shows(&self, account: &str, issue: &Issue) -> bool {
        let project = self.projects.get(issue.project());
        self.is_active(account) && project.is_some_and(|project| project.browse.contains(account))
    }

    pub(in super::super) fn issue_mut(&mut self, key: &str) -> Option<&mut Issue> {
        let id = self.find(key)?.id;
        self.issues.iter_mut().find(|issue| issue.id == id)
    }

    pub(in super::super) fn set_active(&mut self, account: &str, active: bool) {
        self.users.insert(account.to_owned(), active);
    }

    /// Makes an account an active user with this e-mail address.
    pub(in super::super) fn add_robot(&mut self, account: &str, email: &str) {
        self.set_active(account, true);
        self.robots.insert(account.to_owned(), email.to_owned());
    }

    pub(super) fn email(&self, account: &str) -> String {
        let robot = self.robots.get(account).cloned();
        robot.unwrap_or_else(|| people::email(account))
    }

    /// Lets `account` browse `project`, or no longer. Makes the project if it is new.
    pub(in super::super) fn set_browse(&mut self, account: &str, project: &str, allowed: bool) {
        let project = self.project_mut(project);
        if allowed {
            project.browse.insert(account.to_owned());
        } else {
            project.browse.remove(account);
        }
    }

    /// Adds an issue; one without an id gets the next free one. A new project is open to everybody on the site.
    pub(in super::super) fn add(&mut self, mut issue: Issue) -> u64 {
        if issue.id == 0 {
            let highest = self.issues.iter().map(|issue| issue.id).max();
            issue.id = highest.unwrap_or(10_000) + 1;
        }
        self.project_mut(issue.project());
        let id = issue.id;
        self.issues.push(issue);
        id
    }

    /// Moves an issue to another project under the next free number there; returns the new key.
    pub(in super::super) fn relocate(&mut self, key: &str, project: &str) -> Option<String> {
        self.project_mut(project);
        let inside = |key: &str| key.strip_prefix(project)?.strip_prefix('-')?.parse().ok();
        let taken = self.issues.iter().flat_map(|issue| {
            let former = issue.former_keys.iter().map(String::as_str);
            former.chain([issue.key.as_str()]).filter_map(inside)
        });
        let number: u64 = taken.max().unwrap_or(0) + 1;
        let issue = self.issue_mut(key)?;
        let new_key = format!("{project}-{number}");
        issue
            .former_keys
            .push(std::mem::replace(&mut issue.key, new_key.clone()));
        Some(new_key)
    }

    fn project_mut(&mut self, key: &str) -> &mut Project {
        let id = 10_000 + self.projects.len() as u64;
        let everybody = || self.users.keys().cloned().collect();
        self.projects
            .entry(key.to_owned())
            .or_insert_with(|| Project {
                id,
                name: format!("{key} project"),
                browse: everybody(),
            })
    }
}
