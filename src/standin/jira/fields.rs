//! Which fields an issue has, and which of them a request selects. For the pages of `jira`.

use serde_json::{Value, json};

/// A field of every issue of every site.
pub(super) struct Field {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    /// The type in the schema; `array:x` is a list of `x`.
    kind: &'static str,
    /// Whether `*navigable` has it: what grows with every remark is left out.
    navigable: bool,
}

const fn field(id: &'static str, name: &'static str, kind: &'static str) -> Field {
    Field {
        id,
        name,
        kind,
        navigable: true,
    }
}

const fn bulky(id: &'static str, name: &'static str, kind: &'static str) -> Field {
    Field {
        id,
        name,
        kind,
        navigable: false,
    }
}

/// Every system field, and the custom fields that a fresh site has.
pub(super) const FIELDS: &[Field] = &[
    field("aggregateprogress", "Σ Progress", "progress"),
    field("aggregatetimespent", "Σ Time Spent", "number"),
    field("assignee", "Assignee", "user"),
    bulky("attachment", "Attachment", "array:attachment"),
    bulky("comment", "Comment", "comments-page"),
    field("components", "Components", "array:component"),
    field("created", "Created", "datetime"),
    field("creator", "Creator", "user"),
    field("customfield_10014", "Epic Link", "any"),
    field("customfield_10016", "Story point estimate", "number"),
    field("customfield_10019", "Rank", "any"),
    field("customfield_10020", "Sprint", "array:json"),
    field("customfield_10100", "Depends on (Planner)", "any"),
    field("description", "Description", "string"),
    field("duedate", "Due date", "date"),
    field("environment", "Environment", "string"),
    field("fixVersions", "Fix versions", "array:version"),
    field("issuelinks", "Linked Issues", "array:issuelinks"),
    field("issuetype", "Issue Type", "issuetype"),
    field("labels", "Labels", "array:string"),
    field("lastViewed", "Last Viewed", "datetime"),
    field("parent", "Parent", "issuelink"),
    field("priority", "Priority", "priority"),
    field("progress", "Progress", "progress"),
    field("project", "Project", "project"),
    field("reporter", "Reporter", "user"),
    field("resolution", "Resolution", "resolution"),
    field("resolutiondate", "Resolved", "datetime"),
    field("security", "Security Level", "securitylevel"),
    field("status", "Status", "status"),
    field(
        "statuscategorychangedate",
        "Status Category Changed",
        "datetime",
    ),
    field("subtasks", "Sub-tasks", "array:issuelinks"),
    field("summary", "Summary", "string"),
    field("timeestimate", "Remaining Estimate", "number"),
    field("timeoriginalestimate", "Original estimate", "number"),
    field("timespent", "Time Spent", "number"),
    bulky("timetracking", "Time tracking", "timetracking"),
    field("updated", "Updated", "datetime"),
    field("versions", "Affects versions", "array:version"),
    field("votes", "Votes", "votes"),
    field("watches", "Watchers", "watches"),
    bulky("worklog", "Log Work", "array:worklog"),
    field("workratio", "Work Ratio", "number"),
];

impl Field {
    /// How the list of all fields describes it.
    pub(super) fn described(&self) -> Value {
        let mut schema = self.schema();
        let custom = self.id.starts_with("customfield_");
        if custom {
            schema["configuration"] = json!({"com.example.fields:limit": 3});
        }
        json!({
            "id": self.id, "key": self.id, "name": self.name, "custom": custom, "orderable": true,
            "navigable": self.navigable, "searchable": true, "clauseNames": [self.id], "schema": schema,
        })
    }

    /// How `expand=schema` describes the field.
    pub(super) fn schema(&self) -> Value {
        let mut schema = match self.kind.strip_prefix("array:") {
            Some(items) => json!({"type": "array", "items": items}),
            None => json!({"type": self.kind}),
        };
        match self.id.strip_prefix("customfield_") {
            Some(number) => {
                schema["custom"] = json!("com.example.fields:custom");
                schema["customId"] = json!(number.parse::<u64>().unwrap_or(0));
            }
            None => schema["system"] = json!(self.id),
        }
        schema
    }
}

/// The fields that a request selects.
pub(super) struct Selection {
    all: bool,
    navigable: bool,
    named: Vec<String>,
    without: Vec<String>,
}

impl Selection {
    /// Reads the values of `fields`: lists at commas, `*all`, `*navigable`, names, `-names`. Without a positive word: all.
    pub(super) fn parse<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let (mut named, mut without) = (Vec::new(), Vec::new());
        let words = values.flat_map(|list| list.split(',')).map(str::trim);
        for word in words.filter(|word| !word.is_empty()) {
            match word.strip_prefix('-') {
                Some(name) => without.push(name.to_owned()),
                None => named.push(word.to_owned()),
            }
        }
        let has = |word: &str| named.iter().any(|name| name == word);
        let (all, navigable) = (named.is_empty() || has("*all"), has("*navigable"));
        Self {
            all,
            navigable,
            named,
            without,
        }
    }

    /// Whether the field with this id is selected; one that is not in the table is navigable.
    pub(super) fn takes(&self, id: &str) -> bool {
        let navigable = || {
            let known = FIELDS.iter().find(|field| field.id == id);
            known.is_none_or(|field| field.navigable)
        };
        let is = |name: &String| name == id;
        let wanted = self.all || (self.navigable && navigable()) || self.named.iter().any(is);
        wanted && !self.without.iter().any(is)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_selected_as_jira_selects_them() {
        let table: [(&[&str], [bool; 3]); 8] = [
            (&[], [true, true, true]),
            (&["*all"], [true, true, true]),
            (&["*navigable"], [true, true, false]),
            (&["*navigable,comment"], [true, true, true]),
            (&["summary"], [true, false, false]),
            (&["summary", "comment"], [true, false, true]),
            (&["-comment"], [true, true, false]),
            (&["*all,-summary, -comment"], [false, true, false]),
        ];
        for (values, expected) in table {
            let selection = Selection::parse(values.iter().copied());
            let taken = ["summary", "status", "comment"].map(|id| selection.takes(id));
            assert_eq!(taken, expected, "{values:?}");
        }
    }
}
