//! An issue as JSON, as Jira shows it to one account: what `fields` holds. For the pages of `jira`.

use serde_json::{Map, Value, json};

use super::super::people;
use super::Page;
use super::fields::{FIELDS, Selection};
use super::text;
use super::world::{Issue, Link, Remark};

const CREATED: &str = "2026-11-02T09:12:44.512+0000";
const UPDATED: &str = "2026-11-20T15:40:03.087+0000";

impl Page<'_> {
    /// The selected fields of an issue.
    pub(super) fn fields(&self, issue: &Issue, selection: &Selection) -> Map<String, Value> {
        let custom = issue.custom_fields.keys().map(String::as_str);
        let known = FIELDS.iter().map(|field| field.id);
        let ids = known.chain(custom).filter(|id| selection.takes(id));
        let value = |id: &str| (id.to_owned(), self.field(issue, id));
        ids.filter(|id| *id != "parent" || self.parent(issue).is_some())
            .map(value)
            .collect()
    }

    fn field(&self, issue: &Issue, id: &str) -> Value {
        if let Some(value) = issue.custom_fields.get(id) {
            return value.clone();
        }
        match id {
            "summary" => json!(issue.summary),
            "description" => self.text(&issue.description),
            "issuetype" => self.kind(&issue.kind),
            "status" => self.status(&issue.status),
            "project" => self.project(issue),
            "reporter" | "creator" => self.user(&issue.reporter),
            "assignee" => issue
                .assignee
                .as_ref()
                .map_or(Value::Null, |account| self.user(account)),
            "parent" => self.parent(issue).unwrap_or(Value::Null),
            "subtasks" => self.subtasks(issue),
            "issuelinks" => self.links(issue),
            "comment" => self.comments(issue),
            "worklog" => self.worklogs(issue),
            "attachment" => self.attachments(issue),
            "created" => json!(CREATED),
            "updated" | "statuscategorychangedate" => json!(UPDATED),
            "priority" => json!({
                "self": self.rest("priority/3"), "name": "Medium", "id": "3",
                "iconUrl": self.url("images/icons/priorities/medium.svg"),
            }),
            "labels" | "components" | "fixVersions" | "versions" => json!([]),
            "votes" => json!({
                "self": self.rest(&format!("issue/{}/votes", issue.key)), "votes": 0, "hasVoted": false,
            }),
            "watches" => json!({
                "self": self.rest(&format!("issue/{}/watchers", issue.key)), "watchCount": 1, "isWatching": false,
            }),
            "progress" | "aggregateprogress" => {
                json!({"progress": spent(issue), "total": spent(issue)})
            }
            "timespent" | "aggregatetimespent" if spent(issue) > 0 => json!(spent(issue)),
            "timetracking" if spent(issue) > 0 => {
                json!({"timeSpent": "1h 30m", "timeSpentSeconds": spent(issue)})
            }
            "timetracking" => json!({}),
            "workratio" => json!(-1),
            _ => Value::Null,
        }
    }

    /// A person, as every field shows one.
    pub(super) fn user(&self, account: &str) -> Value {
        let person = people::person(account);
        let name = person.map_or("Former user", |person| person.display_name);
        json!({
            "self": self.rest(&format!("user?accountId={}", super::super::form::encode(account))),
            "accountId": account,
            "avatarUrls": avatars(&self.url("secure/useravatar")),
            "displayName": name,
            "active": self.world.is_active(account),
            "timeZone": "Europe/Berlin",
            "accountType": "atlassian",
        })
    }

    /// Another issue, as much of it as Jira embeds: only for those who may see it.
    fn embedded(&self, id: u64) -> Option<Value> {
        let issue = self.world.by_id(id)?;
        self.world.shows(self.viewer, issue).then(|| {
            json!({
                "id": issue.id.to_string(),
                "key": issue.key,
                "self": self.rest(&format!("issue/{}", issue.id)),
                "fields": {
                    "summary": issue.summary,
                    "status": self.status(&issue.status),
                    "priority": self.field(issue, "priority"),
                    "issuetype": self.kind(&issue.kind),
                },
            })
        })
    }

    fn parent(&self, issue: &Issue) -> Option<Value> {
        self.embedded(issue.parent?)
    }

    fn subtasks(&self, issue: &Issue) -> Value {
        let children = self
            .world
            .issues
            .iter()
            .filter(|child| child.parent == Some(issue.id));
        let subtasks = children.filter(|child| child.kind == "Sub-task");
        subtasks
            .filter_map(|child| self.embedded(child.id))
            .collect()
    }

    fn links(&self, issue: &Issue) -> Value {
        let outward = issue
            .links
            .iter()
            .map(|link| (link, "outwardIssue", link.to));
        let others = self.world.issues.iter();
        let inward = others
            .flat_map(|other| other.links.iter().map(move |link| (link, other.id)))
            .filter(|(link, _)| link.to == issue.id)
            .map(|(link, from)| (link, "inwardIssue", from));
        outward
            .chain(inward)
            .filter_map(|(link, side, other)| self.link(issue.id, link, side, other))
            .collect()
    }

    fn link(&self, id: u64, link: &Link, side: &str, other: u64) -> Option<Value> {
        let name = if link.outward == "blocks" {
            "Blocks"
        } else {
            "Relates"
        };
        let number = format!("{}{}", id.min(other), id.max(other) % 1000);
        Some(json!({
            "id": number,
            "self": self.rest(&format!("issueLink/{number}")),
            "type": {
                "id": "10000", "name": name, "inward": link.inward, "outward": link.outward,
                "self": self.rest("issueLinkType/10000"),
            },
            side: self.embedded(other)?,
        }))
    }

    fn comments(&self, issue: &Issue) -> Value {
        let page = self.rest(&format!("issue/{}/comment", issue.id));
        let comments: Vec<_> = numbered(&issue.comments)
            .map(|(id, remark)| {
                let mut comment = self.remark(remark, &format!("{page}/{id}"), id);
                comment["body"] = self.text(&remark.text);
                comment["jsdPublic"] = json!(true);
                comment
            })
            .collect();
        let total = comments.len();
        json!({"comments": comments, "self": page, "maxResults": total, "total": total, "startAt": 0})
    }

    fn worklogs(&self, issue: &Issue) -> Value {
        let page = self.rest(&format!("issue/{}/worklog", issue.id));
        let worklogs: Vec<_> = numbered(&issue.worklogs)
            .map(|(id, remark)| {
                let mut worklog = self.remark(remark, &format!("{page}/{id}"), id);
                worklog["comment"] = self.text(&remark.text);
                worklog["started"] = json!(CREATED);
                worklog["timeSpentSeconds"] = json!(remark.spent_s);
                worklog["timeSpent"] = json!(format!("{}m", remark.spent_s / 60));
                worklog["issueId"] = json!(issue.id.to_string());
                worklog
            })
            .collect();
        let total = worklogs.len();
        json!({"startAt": 0, "maxResults": 20, "total": total, "worklogs": worklogs})
    }

    fn remark(&self, remark: &Remark, address: &str, id: usize) -> Value {
        let author = self.user(&remark.author);
        json!({
            "self": address, "id": id.to_string(), "author": author, "updateAuthor": author,
            "created": CREATED, "updated": UPDATED,
        })
    }

    fn attachments(&self, issue: &Issue) -> Value {
        let files = issue.attachments.iter().zip(10_000_u64..);
        let files = files.map(|(filename, number)| {
            let id = format!("{}", issue.id * 10 + number);
            json!({
                "self": self.rest(&format!("attachment/{id}")), "id": id, "filename": filename,
                "author": self.user(&issue.reporter), "created": CREATED, "size": 23_123,
                "mimeType": "image/png",
                "content": self.rest(&format!("attachment/content/{id}")),
                "thumbnail": self.rest(&format!("attachment/thumbnail/{id}")),
            })
        });
        files.collect()
    }

    fn project(&self, issue: &Issue) -> Value {
        let key = issue.project();
        let Some(project) = self.world.projects.get(key) else {
            return Value::Null;
        };
        json!({
            "self": self.rest(&format!("project/{}", project.id)), "id": project.id.to_string(),
            "key": key, "name": project.name, "projectTypeKey": "software", "simplified": false,
            "avatarUrls": avatars(&self.url("secure/projectavatar")),
        })
    }

    fn kind(&self, kind: &str) -> Value {
        let (id, level) = match kind {
            "Epic" => ("10000", 1),
            "Sub-task" => ("10003", -1),
            "Bug" => ("10004", 0),
            _ => ("10001", 0),
        };
        json!({
            "self": self.rest(&format!("issuetype/{id}")), "id": id, "name": kind, "description": "",
            "iconUrl": self.url("images/icons/issuetypes/story.svg"),
            "subtask": level == -1, "hierarchyLevel": level,
        })
    }

    /// A status with its category.
    pub(super) fn status(&self, name: &str) -> Value {
        let (id, category, key, colour) = match name {
            "Done" => ("10002", 3, "done", "green"),
            "In Progress" => ("3", 4, "indeterminate", "yellow"),
            _ => ("10000", 2, "new", "blue-gray"),
        };
        json!({
            "self": self.rest(&format!("status/{id}")), "id": id, "name": name, "description": "",
            "iconUrl": self.url("images/icons/statuses/generic.png"),
            "statusCategory": {
                "self": self.rest(&format!("statuscategory/{category}")),
                "id": category, "key": key, "colorName": colour, "name": name,
            },
        })
    }

    fn text(&self, wiki: &str) -> Value {
        if wiki.is_empty() {
            Value::Null
        } else if self.shows_documents() {
            text::document(wiki)
        } else {
            json!(wiki)
        }
    }
}

fn numbered(remarks: &[Remark]) -> impl Iterator<Item = (usize, &Remark)> {
    (10_000..).zip(remarks)
}

fn spent(issue: &Issue) -> u32 {
    issue.worklogs.iter().map(|worklog| worklog.spent_s).sum()
}

/// The four sizes of an avatar.
pub(super) fn avatars(base: &str) -> Value {
    let sizes = ["16x16", "24x24", "32x32", "48x48"];
    let urls = sizes.map(|size| (size.to_owned(), json!(format!("{base}?size={size}"))));
    Value::Object(urls.into_iter().collect())
}
