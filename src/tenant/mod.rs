//! Whose data it is.

use serde::{Deserialize, Serialize};

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
        }
    }
}
