//! The edge.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// `[server]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The app's base URL as Atlassian knows it: `https`, an optional path, no trailing slash.
    pub public_url: String,
    /// The data plane.
    pub listen: SocketAddr,
    /// The admin plane.
    pub admin_listen: SocketAddr,
    /// Threads that serve requests, each with a runtime of its own; 0 takes one a core.
    pub workers: usize,
    /// Peers whose `X-Forwarded-For` is believed, as addresses. Nobody by default.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// How long open requests may take to end after a signal to stop, in milliseconds.
    pub shutdown_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8080".to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            admin_listen: SocketAddr::from(([127, 0, 0, 1], 8081)),
            workers: 0,
            trusted_proxies: Vec::new(),
            shutdown_ms: 10_000,
        }
    }
}

/// `[limits]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Open connections to the data plane.
    pub connections_max: usize,
    /// Headers of one request.
    pub headers_max: usize,
    /// Bytes of request line and headers.
    pub header_bytes_max: usize,
    /// How long a client may take to send its headers, in milliseconds.
    pub header_timeout_ms: u64,
    /// Bytes of a request's body, unless its route says otherwise.
    pub body_bytes_max: usize,
    /// A request from its first byte to its answer, in milliseconds.
    pub request_timeout_ms: u64,
    /// Bytes of Jira's answer after decompression.
    pub upstream_body_bytes_max: usize,
    /// Connecting to Jira, in milliseconds.
    pub upstream_connect_timeout_ms: u64,
    /// Jira's whole answer, in milliseconds.
    pub upstream_timeout_ms: u64,
    /// The longest life of a token that is accepted, `exp - iat`, in seconds; at most 3600.
    pub token_lifetime_s_max: u32,
    /// How far clocks may differ, in seconds; at most 30.
    pub token_leeway_s: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            headers_max: 100,
            header_bytes_max: 32 * 1024,
            header_timeout_ms: 10_000,
            body_bytes_max: 64 * 1024,
            request_timeout_ms: 30_000,
            upstream_body_bytes_max: 8 * 1024 * 1024,
            upstream_connect_timeout_ms: 3_000,
            upstream_timeout_ms: 20_000,
            token_lifetime_s_max: 3600,
            token_leeway_s: 30,
        }
    }
}
