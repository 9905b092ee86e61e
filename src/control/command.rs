//! The commands, as they travel over the control socket: one line of JSON each way. Data only.

use serde::{Deserialize, Serialize};

use super::tokens::Role;

/// What an operator asks for. Names are checked where they are carried out.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// All tenants.
    // With braces: serde takes any members for a variant without.
    TenantList {},
    /// One tenant, by any of its names.
    TenantShow {
        /// Client key, host or cloud id.
        tenant: String,
    },
    /// Switches a tenant off.
    TenantSuspend {
        /// Client key, host or cloud id.
        tenant: String,
        /// What for.
        reason: String,
    },
    /// Switches a tenant on again.
    TenantResume {
        /// Client key, host or cloud id.
        tenant: String,
    },
    /// Says which credentials of users' own a tenant takes.
    TenantCredentials {
        /// Client key, host or cloud id.
        tenant: String,
        /// The kinds: `api_token`, `oauth_token`; none if empty.
        allow: Vec<String>,
    },
    /// Lets an account act as another.
    GrantCreate {
        /// Client key, host or cloud id.
        tenant: String,
        /// Who may.
        account: String,
        /// As whom.
        act_as: String,
        /// Actions or groups of them.
        actions: Vec<String>,
        /// RFC 3339; for ever if missing.
        until: Option<String>,
        /// What for.
        reason: String,
    },
    /// Grants, of one tenant or all.
    GrantList {
        /// Client key, host or cloud id.
        tenant: Option<String>,
    },
    /// Takes a grant back.
    GrantRevoke {
        /// Its id.
        grant: String,
    },
    /// Keeps out an account on one site or on all, a whole tenant, or a client key.
    Block {
        /// Whom.
        on: BlockedName,
        /// For how long from now, in microseconds; for ever if missing.
        span_us: Option<u64>,
        /// What for.
        reason: Option<String>,
    },
    /// Lets in again.
    Unblock {
        /// Whom.
        on: BlockedName,
    },
    /// Blocks in force.
    BlockList {},
    /// Makes a client key.
    KeyCreate {
        /// Whose, and what it is narrowed to.
        new: WantedKey,
    },
    /// Client keys, of one tenant or all.
    KeyList {
        /// Client key, host or cloud id.
        tenant: Option<String>,
        /// Of this account alone.
        account: Option<String>,
    },
    /// Ends all client keys of a tenant, of an account, or of an account on a tenant.
    KeyRevokeAll {
        /// Client key, host or cloud id.
        tenant: Option<String>,
        /// The account.
        account: Option<String>,
    },
    /// Ends a client key.
    KeyRevoke {
        /// Its id.
        key: String,
    },
    /// Makes the successor of a client key.
    KeyRotate {
        /// The id of the key that it comes after.
        key: String,
        /// How long both are good, in microseconds.
        overlap_us: u64,
        /// How long the successor is good, in microseconds; as long as the key was made for if missing.
        span_us: Option<u64>,
    },
    /// Makes a token for the admin side.
    TokenCreate {
        /// What its holder may do.
        role: Role,
        /// Whose it is.
        name: String,
    },
    /// Policy sets that were kept.
    PolicyList {},
    /// One policy set.
    PolicyShow {
        /// Its digest, or the beginning of it.
        digest: String,
        /// With the text of each file.
        files: bool,
        /// With its signed certificate.
        certificate: bool,
    },
    /// Puts a policy set in force, and pins it.
    PolicyActivate {
        /// Its digest, or the beginning of it.
        digest: String,
        /// The guarantees that are given up with it.
        drop_guarantees: Vec<String>,
        /// What for.
        reason: String,
    },
    /// Lets the policy folder decide again.
    PolicyUnpin {
        /// What for.
        reason: Option<String>,
    },
}

/// Whom a block is on, as an operator names it: account and tenant narrow each other, a client key stands alone.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BlockedName {
    /// The account.
    pub account: Option<String>,
    /// Client key, host or cloud id.
    pub tenant: Option<String>,
    /// The id of a client key: `key_…`, never its text.
    pub key: Option<String>,
}

/// A client key, as an operator wishes it. What is empty or missing narrows nothing.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WantedKey {
    /// Client key, host or cloud id.
    pub tenant: String,
    /// The account that it is good for.
    pub account: String,
    /// What it is called.
    pub name: String,
    /// How long it is good, in microseconds; 90 days if missing.
    pub span_us: Option<u64>,
    /// Sites, by host or URL.
    pub sites: Vec<String>,
    /// Actions or groups of them.
    pub actions: Vec<String>,
    /// Networks that requests may come from, or single addresses.
    pub networks: Vec<String>,
    /// The one account to act as.
    pub act_as: Option<String>,
    /// How many requests a minute.
    pub rate_per_minute: Option<u32>,
}

impl Command {
    /// Whether it changes nothing.
    #[must_use]
    pub const fn only_reads(&self) -> bool {
        match self {
            Self::TenantList {}
            | Self::TenantShow { .. }
            | Self::GrantList { .. }
            | Self::BlockList {}
            | Self::KeyList { .. }
            | Self::PolicyList {}
            | Self::PolicyShow { .. } => true,
            Self::TenantSuspend { .. }
            | Self::TenantResume { .. }
            | Self::TenantCredentials { .. }
            | Self::GrantCreate { .. }
            | Self::GrantRevoke { .. }
            | Self::Block { .. }
            | Self::Unblock { .. }
            | Self::KeyCreate { .. }
            | Self::KeyRevoke { .. }
            | Self::KeyRevokeAll { .. }
            | Self::KeyRotate { .. }
            | Self::TokenCreate { .. }
            | Self::PolicyActivate { .. }
            | Self::PolicyUnpin { .. } => false,
        }
    }
}

/// What comes back over the socket.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    /// It was done.
    Done(serde_json::Value),
    /// It was not done.
    Refused(Refusal),
}

/// Why it was not done.
#[derive(Clone, Debug, Deserialize, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// For the operator.
    pub message: String,
    /// Whether the request was wrong, as opposed to something having failed.
    pub wrong: bool,
}
