//! `[development]`: everything on one machine, without Atlassian. Off by default, loopback only, and stamped on every record.
//! Used by `cli` to start the gateway. Nothing here may loosen a check of a request: it only replaces far addresses by near ones.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

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
    /// The host of a site to the loopback address that answers for it over plain HTTP.
    pub resolve: BTreeMap<String, SocketAddr>,
}
