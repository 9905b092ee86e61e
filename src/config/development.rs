//! `[development]`: everything on one machine, without Atlassian. Off by default, loopback only, and stamped on every record.
//! Used by `cli` to start the gateway. Nothing here may loosen a check of a request: it only replaces far addresses by near ones.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::Config;

/// Jira's script, as Atlassian serves it to every page that Jira embeds.
const JIRA_SCRIPT: &str = "https://connect-cdn.atl-paas.net/all.js";

/// `[development]`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether any of this is in force.
    pub enabled: bool,
    /// Read in place of `atlassian.install_key_servers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_key_server: Option<String>,
    /// Asked in place of `atlassian.oauth_server`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth_server: Option<String>,
    /// Asked in place of `atlassian.api_base`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_base: Option<String>,
    /// Read in place of `atlassian.forge_jwks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forge_jwks: Option<String>,
    /// Loaded by the app's page in place of Jira's own script.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_script: Option<String>,
    /// The host of a site to the loopback address that answers for it over plain HTTP.
    pub resolve: BTreeMap<String, SocketAddr>,
}

impl Config {
    /// The URL of Jira's script, which the app's page loads: the one address from which it runs code that is not its own.
    #[must_use]
    pub fn page_script(&self) -> &str {
        let near = self.development.page_script.as_deref();
        near.filter(|_| self.development.enabled)
            .unwrap_or(JIRA_SCRIPT)
    }

    /// The origins that may frame the page of the site `host`, for `frame-ancestors`: the site's own, and under `[development]` the
    /// one that answers for it. Never those of another site, which could lay its own page over ours.
    #[must_use]
    pub fn framing_origins(&self, host: &str) -> Vec<String> {
        let near = self.development.resolve.get(host);
        let near = near.filter(|_| self.development.enabled);
        [format!("https://{host}")]
            .into_iter()
            .chain(near.map(|address| format!("http://{address}")))
            .collect()
    }
}
