//! What is asked of the policies, as plain data that can be stored and read back. Anybody may make one: it is a claim, and a
//! verdict on it opens nothing. Members stand in alphabetical order, because this struct as JSON is the canonical form that the
//! log keeps for replay. What must never be here: anything that does not bear on the decision, any secret.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::tenant::{self, GroupId, SiteRead};

/// May this principal do this to that, under these circumstances?
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// What is to be done.
    pub action: Action,
    /// The circumstances.
    pub context: Circumstances,
    /// What is known of groups of Jira users. Missing where the policies name none, and in records from before they could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Groups>,
    /// Who asks.
    pub principal: Principal,
    /// To what it is to be done.
    pub resource: Thing,
}

impl Question {
    /// The question as canonical JSON: sorted names, no blanks. It reads back as the same question.
    #[must_use]
    pub fn replay(&self) -> Box<RawValue> {
        // INVARIANT: strings, numbers and addresses only; no map with keys that are not strings, nothing that can fail.
        serde_json::value::to_raw_value(self).expect("a question is always JSON")
    }
}

/// The actions that policies speak of. The names are those of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Read an issue.
    GetIssue,
    /// Ask a site for an issue by its numeric id; the issue that comes back is decided as [`Action::GetIssue`].
    FindIssue,
    /// Read what a site says of itself.
    GetServerInfo,
    /// Read how a site knows the account that the request acts as.
    GetMyself,
    /// Read which fields a site's issues have.
    ListFields,
    /// Change an issue.
    EditIssue,
    /// Delete an issue.
    DeleteIssue,
    /// Change how a site is set up.
    AdministerSite,
    /// See and end what Gatepost holds for a site: sessions, keys, grants.
    SuperviseSite,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 9] = [
        Self::GetIssue,
        Self::FindIssue,
        Self::GetServerInfo,
        Self::GetMyself,
        Self::ListFields,
        Self::EditIssue,
        Self::DeleteIssue,
        Self::AdministerSite,
        Self::SuperviseSite,
    ];

    /// The action's own name and those of the groups that the schema puts it in: what a grant may name.
    #[must_use]
    pub const fn names(self) -> [&'static str; 2] {
        let group = match self {
            Self::GetIssue
            | Self::FindIssue
            | Self::GetServerInfo
            | Self::GetMyself
            | Self::ListFields => "read",
            Self::EditIssue | Self::DeleteIssue => "write",
            Self::AdministerSite | Self::SuperviseSite => "admin",
        };
        [self.as_str(), group]
    }

    /// Whether a text names an action or a group of them, as grants and keys do.
    #[must_use]
    pub fn is_name(text: &str) -> bool {
        Self::ALL
            .iter()
            .any(|action| action.names().contains(&text))
    }

    /// What reading `thing` is called.
    #[must_use]
    pub const fn reading(thing: &tenant::Thing) -> Self {
        match thing {
            tenant::Thing::Issue(_) => Self::GetIssue,
            tenant::Thing::IssueById(_) => Self::FindIssue,
            tenant::Thing::Site(SiteRead::ServerInfo) => Self::GetServerInfo,
            tenant::Thing::Site(SiteRead::Myself) => Self::GetMyself,
            tenant::Thing::Site(SiteRead::Fields) => Self::ListFields,
            tenant::Thing::Site(SiteRead::Administrators) => Self::SuperviseSite,
        }
    }

    /// Whether it is done to an issue; if not, to a site.
    #[must_use]
    pub const fn is_about_issue(self) -> bool {
        matches!(self, Self::GetIssue | Self::EditIssue | Self::DeleteIssue)
    }

    /// The name in policies and in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GetIssue => "getIssue",
            Self::FindIssue => "findIssue",
            Self::GetServerInfo => "getServerInfo",
            Self::GetMyself => "getMyself",
            Self::ListFields => "listFields",
            Self::EditIssue => "editIssue",
            Self::DeleteIssue => "deleteIssue",
            Self::AdministerSite => "administerSite",
            Self::SuperviseSite => "superviseSite",
        }
    }
}

/// Who asks, as the registry and the grants know them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Principal {
    /// The Atlassian account id.
    pub account: String,
    /// Account ids of the same tenant that a grant in force lets this account act as.
    pub may_act_as: Vec<String>,
    /// The tenant of the verified credential.
    pub tenant: String,
}

/// The thing that is asked for, with the tenant that owns it according to the registry.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Thing {
    /// An issue that was named by its key.
    Issue {
        /// The host of its site: `acme.atlassian.net`.
        host: String,
        /// Its key in upper case: `PAY-17`.
        key: String,
        /// The key of its project: `PAY`.
        project: String,
        /// The tenant that owns the site.
        tenant: String,
    },
    /// A site.
    Site {
        /// Its host.
        host: String,
        /// The tenant that owns it.
        tenant: String,
    },
}

impl Thing {
    /// `asked`, on the site with this host that belongs to this tenant. What has no key yet is asked of the site.
    pub(super) fn on(host: String, tenant: String, asked: &tenant::Thing) -> Self {
        match asked {
            tenant::Thing::Issue(key) => Self::Issue {
                host,
                key: key.to_string(),
                project: key.project().to_string(),
                tenant,
            },
            tenant::Thing::IssueById(_) | tenant::Thing::Site(_) => Self::Site { host, tenant },
        }
    }

    /// The tenant that owns the thing.
    #[must_use]
    pub fn tenant(&self) -> &str {
        match self {
            Self::Issue { tenant, .. } | Self::Site { tenant, .. } => tenant,
        }
    }
}

/// What is known of the groups that the policies in force name. Of others nothing is said, so that policies which name these have no
/// answer here.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Groups {
    /// Jira was asked not longer ago than memberships are good for.
    Known(InGroups),
    /// Nothing.
    Unknown,
}

/// Who is in which groups of the principal's own tenant.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InGroups {
    /// The groups that this is about.
    pub asked: Vec<GroupId>,
    /// By account id: those of them that the account is in. The principal, and the account that it acts as.
    pub of: BTreeMap<String, Vec<GroupId>>,
}

impl Groups {
    /// Those that the account is in.
    pub(super) fn of(&self, account: &str) -> &[GroupId] {
        match self {
            Self::Known(known) => known.of.get(account).map_or(&[], Vec::as_slice),
            Self::Unknown => &[],
        }
    }
}

impl Question {
    /// Whether it is known of both accounts which of these groups they are in.
    pub(super) fn knows(&self, groups: &[GroupId]) -> bool {
        let Some(Groups::Known(known)) = &self.groups else {
            return false;
        };
        let accounts = [&self.principal.account, &self.context.act_as];
        groups.iter().all(|id| known.asked.contains(id))
            && accounts
                .iter()
                .all(|&account| known.of.contains_key(account))
    }
}

/// What else policies may look at.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Circumstances {
    /// The account id that the request acts as; that of the principal for oneself. Always of the principal's tenant.
    pub act_as: String,
    /// The kind of credential: `connect_context`, `connect_request`, `session`, `client_key`.
    pub auth: String,
    /// Where the request came from.
    pub ip: IpAddr,
    /// Microseconds since 1970-01-01T00:00:00Z. Policies see milliseconds.
    pub now: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> Question {
        Question {
            action: Action::GetIssue,
            context: Circumstances {
                act_as: "ann".to_owned(),
                auth: "connect_request".to_owned(),
                ip: IpAddr::from([192, 0, 2, 7]),
                now: 1_795_435_200_000_001,
            },
            groups: None,
            principal: Principal {
                account: "ann".to_owned(),
                may_act_as: vec!["bob".to_owned()],
                tenant: "acme".to_owned(),
            },
            resource: Thing::Issue {
                host: "acme.atlassian.net".to_owned(),
                key: "PAY-17".to_owned(),
                project: "PAY".to_owned(),
                tenant: "acme".to_owned(),
            },
        }
    }

    #[test]
    fn a_question_is_canonical_json_and_reads_back() {
        let text = question().replay();
        insta::assert_snapshot!(text.get(), @r#"{"action":"getIssue","context":{"act_as":"ann","auth":"connect_request","ip":"192.0.2.7","now":1795435200000001},"principal":{"account":"ann","may_act_as":["bob"],"tenant":"acme"},"resource":{"issue":{"host":"acme.atlassian.net","key":"PAY-17","project":"PAY","tenant":"acme"}}}"#);
        assert_eq!(
            serde_json::from_str::<Question>(text.get()).unwrap(),
            question()
        );
    }

    #[test]
    fn what_is_known_of_groups_is_canonical_json_and_reads_back() {
        let id: GroupId = "276f955c-63d7-42c8-9520-92d01dca0625".parse().unwrap();
        let known = Groups::Known(InGroups {
            asked: vec![id],
            of: BTreeMap::from([("bob".to_owned(), vec![id]), ("ann".to_owned(), vec![])]),
        });
        for (groups, text) in [
            (
                known,
                r#""groups":{"known":{"asked":["276f955c-63d7-42c8-9520-92d01dca0625"],"of":{"ann":[],"bob":["276f955c-63d7-42c8-9520-92d01dca0625"]}}},"principal""#,
            ),
            (Groups::Unknown, r#""groups":"unknown","principal""#),
        ] {
            let question = Question {
                groups: Some(groups),
                ..question()
            };
            let written = question.replay();
            assert!(written.get().contains(text), "{written}");
            assert_eq!(
                serde_json::from_str::<Question>(written.get()).unwrap(),
                question
            );
        }
    }

    #[test]
    fn the_words_in_json_are_the_names_in_policies() {
        for action in Action::ALL {
            let json = serde_json::to_value(action).unwrap();
            assert_eq!(json, action.as_str());
        }
    }

    #[test]
    fn an_unknown_member_is_not_read() {
        let text = question().replay().get().replace("\"key\"", "\"keys\"");
        assert!(serde_json::from_str::<Question>(&text).is_err());
    }
}
