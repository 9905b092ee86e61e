//! Whose data it is: the values that name a tenant, its site, its accounts and its issues, and the registry that binds them.
//! Used by every module below. Values here are well formed and canonical, and say nothing more: no value proves that a tenant exists
//! or that anybody may see it. Nothing here may compare or look up raw text from a request.

use serde::{Deserialize, Serialize};

/// What every value that is text on the outside has: `Display`, `Debug` and serde through the canonical text, so that no value
/// enters by a side door that skips its `FromStr`.
macro_rules! text_value {
    ($name:ident, $error:ty) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, concat!(stringify!($name), "({})"), self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub mod account_id;
pub mod block;
pub mod cloud_id;
mod directory;
pub mod error;
pub mod group_id;
pub mod issue_ref;
pub mod key_id;
pub mod lifecycle;
pub mod named;
pub mod operations;
pub mod own;
pub mod record;
pub mod registry;
pub mod resource;
pub mod site_url;
mod store;
pub mod tenant_id;
pub mod thing;

pub use account_id::{AccountId, AccountIdError};
pub use cloud_id::{CloudId, CloudIdError};
pub use error::TenantError;
pub use group_id::{GroupId, GroupIdError, GroupSet};
pub use issue_ref::{IssueId, IssueKey, IssueRef, IssueRefError, ProjectKey};
pub use key_id::{KeyId, KeyIdError};
pub use record::{SharedTenant, Tenant};
pub use registry::Tenants;
pub use resource::Resource;
pub use site_url::{SiteUrl, SiteUrlError};
pub use tenant_id::{TenantId, TenantIdError};
pub use thing::{SiteRead, Thing};

/// `[atlassian]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The app's key, as in its descriptor.
    pub app_key: String,
    /// What a site's host must end with, after at least one label.
    pub site_suffixes: Vec<String>,
    /// Where the public keys of signed installs are read, in this order: `GET {server}/{kid}` answers PEM.
    pub install_key_servers: Vec<String>,
    /// The authorization server that gives user tokens.
    pub oauth_server: String,
    /// The `iss` of Atlassian's access tokens, where they are JWTs: one of any other issuer goes to no host of Atlassian's.
    pub oauth_issuers: Vec<String>,
    /// Atlassian's API host, where every site stands at `/ex/jira/{cloudId}`.
    pub api_base: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            app_key: "com.example.gatepost".to_owned(),
            site_suffixes: vec![".atlassian.net".to_owned(), ".jira.com".to_owned()],
            install_key_servers: vec![
                "https://asap-distribution.us-west-2.prod.atl-asap.net".to_owned(),
                "https://connect-install-keys.atlassian.com".to_owned(),
            ],
            oauth_server: "https://oauth-2-authorization-server.services.atlassian.com".to_owned(),
            oauth_issuers: vec!["https://auth.atlassian.com".to_owned()],
            api_base: "https://api.atlassian.com".to_owned(),
        }
    }
}
