//! What a site says of itself, as Jira answered it: only members on a list leave, each small and flat. Pure functions over bytes.
//! Used by `screen`.
//! Nothing of an issue may leave this way: no policy was asked about one.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::ledger::entry::shorten;
use crate::tenant::{AccountId, SiteRead};

use super::ScreenError;
use super::issue::{NAME_BYTES_MAX, bounded};
use super::object::Object;

/// The answer is not what the site was asked for, or of another account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not what the site was asked for")]
pub struct NotOfSite;

const SERVER_INFO: [&str; 14] = [
    "baseUrl",
    "buildDate",
    "buildNumber",
    "defaultLocale",
    "deploymentType",
    "displayUrl",
    "displayUrlConfluence",
    "displayUrlServicedeskHelpCenter",
    "scmInfo",
    "serverTime",
    "serverTimeZone",
    "serverTitle",
    "version",
    "versionNumbers",
];

const MYSELF: [&str; 11] = [
    "accountId",
    "accountType",
    "active",
    "avatarUrls",
    "displayName",
    "emailAddress",
    "key",
    "locale",
    "name",
    "self",
    "timeZone",
];

/// Without `scope`: it names projects, about which no policy was asked.
const FIELD: [&str; 10] = [
    "clauseNames",
    "custom",
    "id",
    "key",
    "name",
    "navigable",
    "orderable",
    "schema",
    "searchable",
    "untranslatedName",
];

/// Without `configuration`, which holds what some app put there.
const SCHEMA: [&str; 5] = ["custom", "customId", "items", "system", "type"];

const FIELDS_MAX: usize = 10_000;
const VALUE_BYTES_MAX: usize = 2048;

/// What may leave of the answer to `read` for `account`, and the names of what was held back.
pub(super) fn release(
    read: SiteRead,
    body: &[u8],
    account: &AccountId,
) -> Result<(String, Vec<String>), ScreenError> {
    let mut withheld = BTreeSet::new();
    let text = match read {
        SiteRead::ServerInfo => listed(&server_info(body)?, &SERVER_INFO, &mut withheld),
        SiteRead::Myself => listed(&myself(body, account)?, &MYSELF, &mut withheld),
        SiteRead::Fields => fields(body, &mut withheld)?,
        SiteRead::Administrators => administrators(body)?,
    };
    Ok((text, bounded(withheld.into_iter().collect())))
}

fn server_info(body: &[u8]) -> Result<Object<'_>, NotOfSite> {
    let info: Object<'_> = serde_json::from_slice(body).map_err(|_| NotOfSite)?;
    let _base_url: Cow<'_, str> = member(&info, "baseUrl")?;
    Ok(info)
}

/// Whoever was decided is who is shown. An answer about somebody else means that the token was not what we took it for.
fn myself<'a>(body: &'a [u8], account: &AccountId) -> Result<Object<'a>, NotOfSite> {
    let user: Object<'_> = serde_json::from_slice(body).map_err(|_| NotOfSite)?;
    let answered: Cow<'_, str> = member(&user, "accountId")?;
    if answered == account.as_str() {
        Ok(user)
    } else {
        Err(NotOfSite)
    }
}

fn fields(body: &[u8], withheld: &mut BTreeSet<String>) -> Result<String, NotOfSite> {
    let fields: Vec<Object<'_>> = serde_json::from_slice(body).map_err(|_| NotOfSite)?;
    if fields.len() > FIELDS_MAX {
        return Err(NotOfSite);
    }
    let mut texts = Vec::with_capacity(fields.len());
    for field in &fields {
        let _id: Cow<'_, str> = member(field, "id")?;
        texts.push(described(field, withheld)?);
    }
    Ok(format!("[{}]", texts.join(",")))
}

fn described(field: &Object<'_>, withheld: &mut BTreeSet<String>) -> Result<String, NotOfSite> {
    let schema: Option<Object<'_>> = match field.member("schema") {
        Some(schema) => serde_json::from_str(schema.get()).map_err(|_| NotOfSite)?,
        None => None,
    };
    let mut within = BTreeSet::new();
    let schema = schema.map(|schema| listed(&schema, &SCHEMA, &mut within));
    withheld.extend(within.iter().map(|name| format!("schema.{name}")));
    let mut out = String::new();
    field.write(&mut out, |name, value| match (name, &schema) {
        ("schema", Some(schema)) => Some(Cow::Owned(schema.clone())),
        _ => leaves(name, value, &FIELD, withheld),
    });
    Ok(out)
}

/// Nothing but an outright yes is one. What else Jira says of the user's permissions does not leave.
fn administrators(body: &[u8]) -> Result<String, ScreenError> {
    let answer: Object<'_> = serde_json::from_slice(body).map_err(|_| NotOfSite)?;
    let permissions: Object<'_> = member(&answer, "permissions")?;
    let administer: Object<'_> = member(&permissions, "ADMINISTER")?;
    if member(&administer, "havePermission")? {
        Ok(r#"{"permissions":{"ADMINISTER":{"havePermission":true}}}"#.to_owned())
    } else {
        Err(ScreenError::NotAdministrator)
    }
}

fn member<'a, T: Deserialize<'a>>(object: &Object<'a>, name: &str) -> Result<T, NotOfSite> {
    let value = object.member(name).ok_or(NotOfSite)?;
    serde_json::from_str(value.get()).map_err(|_| NotOfSite)
}

fn listed(object: &Object<'_>, names: &[&str], withheld: &mut BTreeSet<String>) -> String {
    let mut out = String::new();
    object.write(&mut out, |name, value| leaves(name, value, names, withheld));
    out
}

fn leaves<'a>(
    name: &str,
    value: &'a RawValue,
    names: &[&str],
    withheld: &mut BTreeSet<String>,
) -> Option<Cow<'a, str>> {
    if names.contains(&name) && is_flat(value) {
        return Some(Cow::Borrowed(value.get()));
    }
    withheld.insert(shorten(name, NAME_BYTES_MAX));
    None
}

/// A text, a number, a word, or a list or object of those: too small and too flat for an issue.
fn is_flat(value: &RawValue) -> bool {
    let is_plain = |value: &Value| !value.is_array() && !value.is_object();
    value.get().len() <= VALUE_BYTES_MAX
        && match serde_json::from_str(value.get()) {
            Ok(Value::Array(items)) => items.iter().all(is_plain),
            Ok(Value::Object(members)) => members.values().all(is_plain),
            Ok(_) => true,
            Err(_) => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann() -> AccountId {
        "ann".parse().unwrap()
    }

    fn released(read: SiteRead, body: &str) -> Result<(String, Vec<String>), String> {
        release(read, body.as_bytes(), &ann()).map_err(|error| error.to_string())
    }

    const NOT: &str = "the answer is not what the site was asked for";

    #[test]
    fn only_members_on_the_list_leave() {
        let body = r#"{"baseUrl":"https://a","issues":[{"key":"SECRET-7"}],"versionNumbers":[1001,0],"healthChecks":[]}"#;
        let (text, withheld) = released(SiteRead::ServerInfo, body).unwrap();
        assert_eq!(text, r#"{"baseUrl":"https://a","versionNumbers":[1001,0]}"#);
        assert_eq!(withheld, ["healthChecks", "issues"]);
    }

    #[test]
    fn a_value_that_could_hold_an_issue_does_not_leave() {
        let long = "x".repeat(VALUE_BYTES_MAX);
        for value in [
            r#"{"fields":{"summary":"s"}}"#.to_owned(),
            r#"[{"key":"SECRET-7"}]"#.to_owned(),
            format!(r#""{long}""#),
        ] {
            let body = format!(r#"{{"baseUrl":"https://a","serverTitle":{value}}}"#);
            let (text, withheld) = released(SiteRead::ServerInfo, &body).unwrap();
            assert_eq!(text, r#"{"baseUrl":"https://a"}"#);
            assert_eq!(withheld, ["serverTitle"]);
        }
    }

    #[test]
    fn the_account_that_was_decided_is_the_one_that_is_shown() {
        let body = r#"{"accountId":"ann","displayName":"Ann","groups":{"size":1,"items":[]}}"#;
        let (text, withheld) = released(SiteRead::Myself, body).unwrap();
        assert_eq!(text, r#"{"accountId":"ann","displayName":"Ann"}"#);
        assert_eq!(withheld, ["groups"]);
        for wrong in [
            r#"{"accountId":"eve"}"#,
            r#"{"accountId":"eve","accountId":"ann"}"#,
            r#"{"accountId":null}"#,
            r#"{"displayName":"Ann"}"#,
            "[]",
            "",
        ] {
            let refused = released(SiteRead::Myself, wrong);
            assert_eq!(refused, Err(NOT.to_owned()), "{wrong}");
        }
    }

    #[test]
    fn fields_leave_without_the_projects_that_they_are_for() {
        let body = r#"[{"id":"summary","name":"Summary","schema":{"type":"string"}},
            {"id":"customfield_1","name":"Mood","scope":{"type":"PROJECT","project":{"id":"1","key":"SECRET"}}}]"#;
        let (text, withheld) = released(SiteRead::Fields, body).unwrap();
        assert_eq!(
            text,
            r#"[{"id":"summary","name":"Summary","schema":{"type":"string"}},{"id":"customfield_1","name":"Mood"}]"#
        );
        assert_eq!(withheld, ["scope"]);
        for wrong in ["{}", r#"[{"name":"x"}]"#, "[1]"] {
            assert_eq!(released(SiteRead::Fields, wrong), Err(NOT.to_owned()));
        }
        let many = format!("[{}]", vec![r#"{"id":"x"}"#; FIELDS_MAX + 1].join(","));
        assert_eq!(released(SiteRead::Fields, &many), Err(NOT.to_owned()));
    }

    #[test]
    fn nothing_but_an_outright_yes_makes_an_administrator() {
        let says = |value: &str| {
            let body =
                format!(r#"{{"permissions":{{"ADMINISTER":{{"havePermission":{value}}}}}}}"#);
            released(SiteRead::Administrators, &body)
        };
        assert!(says("true").is_ok());
        let no = ScreenError::NotAdministrator.to_string();
        assert_eq!(says("false"), Err(no));
        for odd in [r#""true""#, "1", "null", r#"false,"havePermission":true"#] {
            assert_eq!(says(odd), Err(NOT.to_owned()), "{odd}");
        }
        let other = r#"{"permissions":{"BROWSE":{"havePermission":true}}}"#;
        assert_eq!(
            released(SiteRead::Administrators, other),
            Err(NOT.to_owned())
        );
    }
}
