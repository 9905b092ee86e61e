//! What of an issue is to be read: values on an allow-list, from which the request to Jira is built. Made by `http` from a request's
//! parameters, carried by the permit, obeyed by `screen`.
//! A value that brings other issues' content with it must never pass: answers are not yet screened issue by issue.

/// The version of Jira's API. Decisions are the same for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiVersion {
    /// Wiki text.
    Two,
    /// Atlassian documents.
    Three,
    /// What Jira calls latest.
    Latest,
}

impl ApiVersion {
    /// The path segment.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Two => "2",
            Self::Three => "3",
            Self::Latest => "latest",
        }
    }

    /// Reads the path segment.
    #[must_use]
    pub fn read(segment: &str) -> Option<Self> {
        [Self::Two, Self::Three, Self::Latest]
            .into_iter()
            .find(|version| version.as_str() == segment)
    }
}

/// System fields that hold the issue's own content, and all that is read if a request names no fields.
pub const OWN_FIELDS: [&str; 38] = [
    "aggregateprogress",
    "aggregatetimeestimate",
    "aggregatetimeoriginalestimate",
    "aggregatetimespent",
    "assignee",
    "attachment",
    "components",
    "created",
    "creator",
    "description",
    "duedate",
    "environment",
    "fixVersions",
    "issuetype",
    "labels",
    "lastViewed",
    "priority",
    "progress",
    "project",
    "reporter",
    "resolution",
    "resolutiondate",
    "security",
    "status",
    "statusCategory",
    "statuscategorychangedate",
    "statuscategorychangeddate",
    "summary",
    "thumbnail",
    "timeestimate",
    "timeoriginalestimate",
    "timespent",
    "timetracking",
    "updated",
    "versions",
    "votes",
    "watches",
    "workratio",
];

/// Expansions that describe the fields themselves.
const OWN_EXPANSIONS: [&str; 2] = ["names", "schema"];

const NAMES_MAX: usize = 100;
const NAME_BYTES_MAX: usize = 255;

/// Why a parameter is not accepted. The caller is told.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReadingError {
    /// The value brings other issues' content with it.
    #[error(
        "the value `{1}` of `{0}` can hold other issues' content, which this version does not let through"
    )]
    EmbedsIssues(&'static str, String),
    /// Not a name of this parameter.
    #[error("`{1}` is not a value of `{0}` that this gateway knows")]
    Unknown(&'static str, String),
    /// More names than any issue has a use for.
    #[error("`{0}` names more than {NAMES_MAX} values")]
    TooMany(&'static str),
}

/// Which parts of an issue are to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    version: ApiVersion,
    /// None named: [`OWN_FIELDS`].
    fields: Vec<String>,
    expand: Vec<String>,
    properties: Vec<String>,
}

impl Reading {
    /// Reads the parameters `fields`, `expand` and `properties` as Jira writes them: names with commas between.
    pub fn new(
        version: ApiVersion,
        fields: Option<&str>,
        expand: Option<&str>,
        properties: Option<&str>,
    ) -> Result<Self, ReadingError> {
        Ok(Self {
            version,
            fields: names("fields", fields, check_field)?,
            expand: names("expand", expand, check_expansion)?,
            properties: names("properties", properties, check_property)?,
        })
    }

    /// All that a request without such parameters gets.
    #[must_use]
    pub const fn whole(version: ApiVersion) -> Self {
        Self {
            version,
            fields: Vec::new(),
            expand: Vec::new(),
            properties: Vec::new(),
        }
    }

    /// The version of the API to ask.
    #[must_use]
    pub const fn version(&self) -> ApiVersion {
        self.version
    }

    /// The fields to ask Jira for: those, and the project, on which the answer is decided.
    #[must_use]
    pub fn fields_to_ask(&self) -> String {
        if self.fields.is_empty() {
            return OWN_FIELDS.join(",");
        }
        let mut fields = self.fields.join(",");
        if !self.wants_field("project") {
            fields.push_str(",project");
        }
        fields
    }

    /// Whether the caller gets this field.
    #[must_use]
    pub fn wants_field(&self, name: &str) -> bool {
        if self.fields.is_empty() {
            return OWN_FIELDS.contains(&name);
        }
        self.fields.iter().any(|field| field == name)
    }

    /// The expansions, with commas between; none if empty.
    #[must_use]
    pub fn expand(&self) -> String {
        self.expand.join(",")
    }

    /// Whether the caller gets this expansion.
    #[must_use]
    pub fn wants_expansion(&self, name: &str) -> bool {
        self.expand.iter().any(|expansion| expansion == name)
    }

    /// The issue properties, with commas between; none if empty.
    #[must_use]
    pub fn properties(&self) -> String {
        self.properties.join(",")
    }

    /// Whether the caller gets this property.
    #[must_use]
    pub fn wants_property(&self, name: &str) -> bool {
        self.properties.iter().any(|property| property == name)
    }
}

fn names(
    parameter: &'static str,
    text: Option<&str>,
    check: fn(&str) -> Result<(), ReadingError>,
) -> Result<Vec<String>, ReadingError> {
    let mut names: Vec<String> = Vec::new();
    for name in text
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        check(name)?;
        if names.len() == NAMES_MAX {
            return Err(ReadingError::TooMany(parameter));
        }
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

fn check_field(name: &str) -> Result<(), ReadingError> {
    let number = name.strip_prefix("customfield_").unwrap_or_default();
    let custom = !number.is_empty()
        && number.len() <= 10
        && number.bytes().all(|byte| byte.is_ascii_digit());
    if custom || OWN_FIELDS.contains(&name) {
        return Ok(());
    }
    let embeds = name.starts_with(['*', '-'])
        || [
            "parent",
            "subtasks",
            "issuelinks",
            "comment",
            "worklog",
            "issuerestriction",
        ]
        .contains(&name);
    Err(if embeds {
        ReadingError::EmbedsIssues("fields", name.to_owned())
    } else {
        unknown("fields", name)
    })
}

fn check_expansion(name: &str) -> Result<(), ReadingError> {
    const EMBEDDING: [&str; 8] = [
        "renderedFields",
        "transitions",
        "transitions.fields",
        "operations",
        "editmeta",
        "changelog",
        "versionedRepresentations",
        "*",
    ];
    match name {
        name if OWN_EXPANSIONS.contains(&name) => Ok(()),
        name if EMBEDDING.contains(&name) => {
            Err(ReadingError::EmbedsIssues("expand", name.to_owned()))
        }
        name => Err(unknown("expand", name)),
    }
}

fn check_property(name: &str) -> Result<(), ReadingError> {
    if name.starts_with(['*', '-']) {
        return Err(ReadingError::EmbedsIssues("properties", name.to_owned()));
    }
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.len() <= NAME_BYTES_MAX && name.bytes().all(sound) {
        Ok(())
    } else {
        Err(unknown("properties", name))
    }
}

fn unknown(parameter: &'static str, name: &str) -> ReadingError {
    ReadingError::Unknown(parameter, crate::ledger::entry::shorten(name, 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(fields: &str, expand: &str, properties: &str) -> Result<Reading, ReadingError> {
        Reading::new(
            ApiVersion::Three,
            Some(fields),
            Some(expand),
            Some(properties),
        )
    }

    #[test]
    fn what_embeds_other_issues_is_refused_by_name() {
        for field in [
            "*all",
            "*navigable",
            "-summary",
            "parent",
            "subtasks",
            "issuelinks",
            "comment",
            "worklog",
        ] {
            let refused = reading(&format!("summary,{field}"), "", "");
            assert_eq!(
                refused,
                Err(ReadingError::EmbedsIssues("fields", field.to_owned()))
            );
        }
        for expansion in [
            "renderedFields",
            "changelog",
            "operations",
            "versionedRepresentations",
            "transitions",
        ] {
            assert!(
                matches!(
                    reading("", expansion, ""),
                    Err(ReadingError::EmbedsIssues("expand", _))
                ),
                "{expansion}"
            );
        }
        assert!(matches!(
            reading("", "", "*all"),
            Err(ReadingError::EmbedsIssues("properties", _))
        ));
    }

    #[test]
    fn names_are_on_a_list_and_not_merely_harmless() {
        for wrong in [
            "Parent",
            "summary;x",
            "customfield_",
            "customfield_1x",
            "a&fields=*all",
            "\u{0}",
        ] {
            assert!(
                matches!(reading(wrong, "", ""), Err(ReadingError::Unknown(..))),
                "{wrong:?}"
            );
        }
        assert!(reading("", "", "a/b").is_err());
    }

    #[test]
    fn the_project_is_always_asked_for() {
        let some = reading("summary,customfield_10020,summary", "names", "my.prop").unwrap();
        assert_eq!(some.fields_to_ask(), "summary,customfield_10020,project");
        assert!(
            !some.wants_field("project")
                && some.wants_expansion("names")
                && some.wants_property("my.prop")
        );
        let all = Reading::new(ApiVersion::Two, None, None, None).unwrap();
        assert_eq!(all.fields_to_ask(), OWN_FIELDS.join(","));
    }
}
