//! What `expand` and `properties` add to an issue. For the pages of `jira`.

use serde_json::{Map, Value, json};

use super::Page;
use super::fields::{FIELDS, Selection};
use super::text;
use super::world::Issue;

const EXPANDABLE: &str = "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations,transitions";

impl Page<'_> {
    /// The whole answer for an issue.
    pub(super) fn issue(
        &self,
        issue: &Issue,
        selection: &Selection,
        expand: &[&str],
        properties: &[&str],
    ) -> Value {
        let fields = self.fields(issue, selection);
        let ids: Vec<String> = fields.keys().cloned().collect();
        let mut answer = json!({
            "expand": EXPANDABLE,
            "id": issue.id.to_string(),
            "self": self.rest(&format!("issue/{}", issue.id)),
            "key": issue.key,
        });
        if expand.contains(&"versionedRepresentations") {
            let versions = fields
                .into_iter()
                .map(|(id, value)| (id, json!({"1": value})));
            answer["versionedRepresentations"] = Value::Object(versions.collect());
        } else {
            answer["fields"] = Value::Object(fields);
        }
        for word in expand {
            if let Some(value) = self.expansion(word, issue, &ids) {
                answer[*word] = value;
            }
        }
        if !properties.is_empty() {
            answer["properties"] = Value::Object(chosen(&issue.properties, properties));
        }
        answer
    }

    fn expansion(&self, word: &str, issue: &Issue, ids: &[String]) -> Option<Value> {
        let selected = || {
            FIELDS
                .iter()
                .filter(|field| ids.iter().any(|id| id == field.id))
        };
        match word {
            "names" => Some(
                selected()
                    .map(|field| (field.id.to_owned(), json!(field.name)))
                    .collect(),
            ),
            "schema" => Some(
                selected()
                    .map(|field| (field.id.to_owned(), field.schema()))
                    .collect(),
            ),
            "renderedFields" => Some(rendered(issue, ids)),
            "changelog" => Some(self.changelog(issue)),
            "transitions" => Some(self.transitions()),
            "operations" => Some(operations(issue)),
            _ => None,
        }
    }

    /// Two changes; one names other issues, as the real one does for whoever may read this issue.
    fn changelog(&self, issue: &Issue) -> Value {
        let author = self.user(&issue.reporter);
        let status = json!({
            "field": "status", "fieldtype": "jira", "fieldId": "status",
            "from": "10000", "fromString": "To Do", "to": "3", "toString": issue.status,
        });
        let links = issue.links.iter().filter_map(|link| {
            let other = self.world.by_id(link.to)?;
            let told = format!("This issue {} {}", link.outward, other.key);
            Some(json!({
                "field": "Link", "fieldtype": "jira",
                "from": null, "fromString": null, "to": other.key, "toString": told,
            }))
        });
        let items = [vec![status], links.collect()];
        let histories: Vec<_> = items
            .into_iter()
            .zip(10_100_u64..)
            .filter(|(items, _)| !items.is_empty())
            .map(|(items, id)| {
                json!({
                    "id": id.to_string(), "author": author,
                    "created": "2026-11-03T08:00:00.000+0000", "items": items,
                })
            })
            .collect();
        let total = histories.len();
        json!({"startAt": 0, "maxResults": total, "total": total, "histories": histories})
    }

    fn transitions(&self) -> Value {
        let ways = [("11", "To Do"), ("21", "In Progress"), ("31", "Done")];
        let transition = |(id, name)| {
            json!({
                "id": id, "name": name, "to": self.status(name), "hasScreen": false, "isGlobal": true,
                "isInitial": false, "isAvailable": true, "isConditional": false, "isLooped": false,
            })
        };
        ways.map(transition).into_iter().collect()
    }
}

fn rendered(issue: &Issue, ids: &[String]) -> Value {
    let value = |id: &str| match id {
        "description" => json!(text::html(&issue.description)),
        "comment" => {
            let bodies = issue
                .comments
                .iter()
                .map(|comment| json!({"body": text::html(&comment.text)}));
            json!({"comments": bodies.collect::<Vec<_>>()})
        }
        "created" => json!("02/Nov/26 9:12 AM"),
        "updated" => json!("20/Nov/26 3:40 PM"),
        _ => Value::Null,
    };
    ids.iter().map(|id| (id.clone(), value(id))).collect()
}

fn operations(issue: &Issue) -> Value {
    let href = format!("/secure/EditIssue!default.jspa?id={}", issue.id);
    json!({"linkGroups": [{
        "id": "view.issue.opsbar", "links": [], "groups": [{
            "id": "edit-issue_container", "weight": 1, "groups": [],
            "links": [{
                "id": "edit-issue", "styleClass": "issueaction-edit-issue", "label": "Edit",
                "title": "Edit this issue", "href": href, "weight": 1,
            }],
        }],
    }]})
}

fn chosen(properties: &Map<String, Value>, wanted: &[&str]) -> Map<String, Value> {
    let all = wanted.contains(&"*all");
    let dropped = |key: &str| {
        wanted
            .iter()
            .any(|word| word.strip_prefix('-') == Some(key))
    };
    let taken = properties
        .iter()
        .filter(|(key, _)| (all || wanted.contains(&key.as_str())) && !dropped(key));
    taken
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}
