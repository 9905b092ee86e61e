//! An issue as Jira answered it: which one it is, and what of it may leave. Pure functions over bytes. Used by `screen`.
//! What was not asked for must not leave, whatever Jira sends; nor a custom field or property that holds another issue.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::decision::Reading;
use crate::ledger::entry::shorten;
use crate::tenant::{IssueId, IssueKey, ProjectKey};

use super::mention::names_other;
use super::object::Object;

/// How much of a name that Jira chose enters the log, and how many names.
pub(super) const NAME_BYTES_MAX: usize = 64;
const NAMES_MAX: usize = 50;

/// The answer is not an issue that can be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not an issue with key, id and project")]
pub struct NotAnIssue;

/// Which issue it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) key: IssueKey,
    pub(super) id: IssueId,
    pub(super) project: ProjectKey,
}

/// An issue's members.
#[derive(Debug)]
pub(super) struct Issue<'a> {
    members: Object<'a>,
    fields: Object<'a>,
    pub(super) identity: Identity,
}

impl<'a> Issue<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, NotAnIssue> {
        let members: Object<'a> = serde_json::from_slice(body).map_err(|_| NotAnIssue)?;
        let fields: Object<'a> = parse(members.member("fields"))?;
        let identity = Identity {
            key: text(members.member("key"))?
                .parse()
                .map_err(|_| NotAnIssue)?,
            id: text(members.member("id"))?
                .parse()
                .map_err(|_| NotAnIssue)?,
            project: project(fields.member("project"))?,
        };
        Ok(Self {
            members,
            fields,
            identity,
        })
    }

    /// The issue with what may leave, and the names of what was held back.
    pub(super) fn release(&self, reading: &Reading) -> (String, Vec<String>) {
        let (mut out, mut withheld) = (String::new(), Vec::new());
        self.members.write(&mut out, |name, value| match name {
            "id" | "key" | "self" | "expand" => Some(Cow::Borrowed(value.get())),
            "fields" => Some(Cow::Owned(self.release_fields(reading, &mut withheld))),
            "names" | "schema" if reading.wants_expansion(name) => {
                Some(only_wanted(value, reading))
            }
            "properties" => Some(Cow::Owned(self.release_properties(
                value,
                reading,
                &mut withheld,
            ))),
            _ => {
                withheld.push(shorten(name, NAME_BYTES_MAX));
                None
            }
        });
        withheld.sort_unstable();
        (out, bounded(withheld))
    }

    fn release_fields(&self, reading: &Reading, withheld: &mut Vec<String>) -> String {
        let mut out = String::new();
        self.fields.write(&mut out, |name, value| {
            if reading.wants_field(name)
                && (!name.starts_with("customfield_") || !self.embeds(value))
            {
                return Some(Cow::Borrowed(value.get()));
            }
            // We asked for the project ourselves: taking it out again holds nothing back.
            if name != "project" {
                withheld.push(format!("fields.{}", shorten(name, NAME_BYTES_MAX)));
            }
            None
        });
        out
    }

    fn release_properties(
        &self,
        value: &RawValue,
        reading: &Reading,
        withheld: &mut Vec<String>,
    ) -> String {
        let mut out = String::new();
        let properties: Object<'_> = serde_json::from_str(value.get()).unwrap_or_default();
        properties.write(&mut out, |name, value| {
            if reading.wants_property(name) && !self.embeds(value) {
                return Some(Cow::Owned(value.get().to_owned()));
            }
            withheld.push(format!("properties.{}", shorten(name, NAME_BYTES_MAX)));
            None
        });
        out
    }

    /// Whether a value of unknown shape holds another issue.
    fn embeds(&self, value: &RawValue) -> bool {
        names_other(value.get(), &self.identity.key)
    }
}

/// The first names and how many more there are: Jira chooses them, and an outcome must not be lost for being too large.
pub(super) fn bounded(mut names: Vec<String>) -> Vec<String> {
    let more = names.len().saturating_sub(NAMES_MAX);
    if more > 0 {
        names.truncate(NAMES_MAX);
        names.push(format!("and {more} more"));
    }
    names
}

fn only_wanted<'a>(value: &'a RawValue, reading: &Reading) -> Cow<'a, str> {
    let described: Object<'_> = serde_json::from_str(value.get()).unwrap_or_default();
    let mut out = String::new();
    described.write(&mut out, |name, value| {
        reading
            .wants_field(name)
            .then(|| Cow::Owned(value.get().to_owned()))
    });
    Cow::Owned(out)
}

fn parse<'a, T: Deserialize<'a>>(value: Option<&'a RawValue>) -> Result<T, NotAnIssue> {
    serde_json::from_str(value.ok_or(NotAnIssue)?.get()).map_err(|_| NotAnIssue)
}

fn text(value: Option<&RawValue>) -> Result<String, NotAnIssue> {
    parse(value)
}

fn project(value: Option<&RawValue>) -> Result<ProjectKey, NotAnIssue> {
    let project: Object<'_> = parse(value)?;
    text(project.member("key"))?.parse().map_err(|_| NotAnIssue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::ApiVersion;

    const BODY: &str = r#"{"expand":"x","id":"10001","self":"https://a/1","key":"ACME-1","changelog":{"histories":[]},
        "fields":{"summary":"s","parent":{"key":"SECRET-7"},"project":{"id":"1","key":"ACME"},
            "customfield_1":"SECRET-7","customfield_2":[{"a":{"key":"\u0053ECRET-7"}}],"customfield_3":"re-use","customfield_4":"acme-1"},
        "properties":{"mine":{"see":"SECRET-7"},"plain":1,"other":2}}"#;

    fn released(fields: &str, properties: &str) -> (String, Vec<String>) {
        let reading =
            Reading::new(ApiVersion::Three, Some(fields), None, Some(properties)).unwrap();
        Issue::read(BODY.as_bytes()).unwrap().release(&reading)
    }

    #[test]
    fn only_what_was_asked_for_leaves() {
        let (body, withheld) = released("summary", "plain");
        assert_eq!(
            body,
            r#"{"expand":"x","id":"10001","self":"https://a/1","key":"ACME-1","fields":{"summary":"s"},"properties":{"plain":1}}"#
        );
        assert_eq!(
            withheld,
            [
                "changelog",
                "fields.customfield_1",
                "fields.customfield_2",
                "fields.customfield_3",
                "fields.customfield_4",
                "fields.parent",
                "properties.mine",
                "properties.other"
            ]
        );
    }

    #[test]
    fn a_custom_field_or_property_that_names_another_issue_is_held_back() {
        let (body, withheld) = released(
            "customfield_1,customfield_2,customfield_3,customfield_4,project",
            "mine",
        );
        assert!(body.contains(r#""fields":{"project":{"id":"1","key":"ACME"},"customfield_3":"re-use","customfield_4":"acme-1"}"#), "{body}");
        assert!(!body.contains("SECRET"), "{body}");
        assert!(withheld.contains(&"properties.mine".to_owned()));
    }

    #[test]
    fn of_what_was_held_back_a_bounded_list_is_kept() {
        let names: Vec<String> = (100..220)
            .map(|number| format!("\"{number}{}\":1", "x".repeat(1000)))
            .collect();
        let body = BODY.replace(
            "\"changelog\"",
            &format!("{},\"changelog\"", names.join(",")),
        );
        let reading = Reading::new(ApiVersion::Three, Some("summary"), None, None).unwrap();
        let (_, withheld) = Issue::read(body.as_bytes()).unwrap().release(&reading);
        assert_eq!(withheld.len(), 51);
        assert!(withheld.iter().all(|name| name.len() < 120), "{withheld:?}");
        assert_eq!(withheld[50], "and 79 more");
    }

    #[test]
    fn an_answer_that_can_be_read_two_ways_is_no_issue() {
        for wrong in [
            r#"{"key":"ACME-1","key":"SECRET-7","id":"1","fields":{"project":{"key":"ACME"}}}"#,
            r#"{"key":"ACME-1","id":"1","fields":{"project":{"key":"ACME"},"project":{"key":"SECRET"}}}"#,
            r#"{"key":"ACME-1","\u006bey":"SECRET-7","id":"1","fields":{"project":{"key":"ACME"}}}"#,
            r#"{"key":"ACME-1","id":"1","fields":{}}"#,
            r#"{"key":"ACME-1","id":1,"fields":{"project":{"key":"ACME"}}}"#,
            r#"{"key":"../x","id":"1","fields":{"project":{"key":"ACME"}}}"#,
            r#"{"key":"ACME-1","id":"1","fields":{"project":{"key":"ACME"}}}{}"#,
            "[]",
            "",
        ] {
            assert_eq!(
                Issue::read(wrong.as_bytes()).err(),
                Some(NotAnIssue),
                "{wrong}"
            );
        }
    }
}
