//! One entry of the decision log, as plain data. May be used by every module below; nothing here decides anything.
//! Members stand in alphabetical order because the canonical encoding is this struct as JSON with sorted names: a test holds that.
//! What must never be here: tokens, secrets, cookies, issue text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use super::text::shorten;

/// What happened. A member that does not apply is left out.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Entry {
    /// The verified account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The account to act as; equal to `account` for oneself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act_as: Option<String>,
    /// What acting as `act_as` rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act_as_basis: Option<Basis>,
    /// The grant that it rests on, if it rests on one. Few do, and an entry is copied on its way: it is no larger for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act_as_grant: Option<Box<GrantRef>>,
    /// The action, as policies name it: `getIssue`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Why the credential was not accepted: for auditors, never told to the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication_error: Option<String>,
    /// Which part of a request that names several things.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<Batch>,
    /// Who did it, where no verified account did: `unix:0`, `atlassian`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The stable code of the result, as the policy has it: `allowed`, `issue_not_visible`, `act_as_denied`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The credential, without any of its secret parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<Credential>,
    /// Whether the tenant of the resource is another than the caller's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cross_tenant: Option<bool>,
    /// The id of the decision that this entry is, or belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision_id: Option<String>,
    /// What a denial rests on: no permit matched, or a forbid did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied_by: Option<DeniedBy>,
    /// Members of administrative entries, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub detail: BTreeMap<String, String>,
    /// Allow or deny.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// Version of the policy engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// What the evaluation of policies reported; any of these is a denial.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evaluation_errors: Vec<String>,
    /// The client's address as a trusted proxy gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded_for: Option<String>,
    /// What kind of entry this is.
    pub kind: Kind,
    /// The HTTP method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The administrative operation: `tenant.installed`, `grant.created`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The address of the peer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The policies that determined the effect.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<PolicyRef>,
    /// Digest of the policy set in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_set: Option<String>,
    /// What is proven of that set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// The sentence of the policy that denied. The caller was told it, unless `told_code` says that it was told something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// All that is needed to decide again, as canonical JSON. Masked when read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay: Option<Box<RawValue>>,
    /// The id of the request, as in `X-Request-ID`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// The template of the route: `/ex/jira/{cloudId}/rest/api/{version}/issue/{issue}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Digest of the schema in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The host of the site, resolved in the registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The site as the caller wrote it, shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_asked: Option<String>,
    /// The door at which it was decided; of an outcome, the one at which it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// The tenant of the verified credential; of an administrative entry, the tenant it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// What the tenant of the principal rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_basis: Option<TenantBasis>,
    /// The tenant that an unverified credential claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_claimed: Option<String>,
    /// The tenant that owns the resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_of_resource: Option<String>,
    /// The code that the caller was told, where it is not `code`: that of a foreign site is for the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_code: Option<String>,
    /// The status that the caller was told, beside `told_code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_status: Option<u16>,
    /// W3C trace id, if the caller sent one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The caller's user agent, shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

impl Entry {
    /// The same entry, of which the caller is told `code` and `status`.
    #[must_use]
    pub fn told(mut self, code: &str, status: u16) -> Self {
        if self.code.as_deref() != Some(code) {
            self.told_code = Some(code.to_owned());
            self.told_status = Some(status);
        }
        self
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in the log.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}

words! {
    /// The kinds of entries.
    Kind {
        /// Allowed or denied; durable before anything is sent and before anybody is answered.
        Decision = "decision",
        /// Whether something would be allowed, for somebody who asked; nothing was done.
        Check = "check",
        /// How an allowed request ended.
        Outcome = "outcome",
        /// Something was asked of Atlassian to decide about a request; durable before it is asked.
        Lookup = "lookup",
        /// An operator's or Atlassian's change: installs, suspensions, grants, tokens.
        Admin = "admin",
        /// A policy set went live.
        PolicyActivated = "policy_activated",
        /// A policy set was refused.
        PolicyRejected = "policy_rejected",
        /// A node began to write.
        LogStarted = "log_started",
        /// A node ended in order.
        LogStopped = "log_stopped",
    }
}

#[expect(clippy::derivable_impls, reason = "the variants come from a macro")]
impl Default for Kind {
    fn default() -> Self {
        Self::Decision
    }
}

words! {
    /// The effect of a decision.
    Effect {
        /// Let through.
        Allow = "allow",
        /// Stopped.
        Deny = "deny",
    }
}

words! {
    /// The doors of the corridor.
    Stage {
        /// The request was not understood.
        Parse = "parse",
        /// The credential was not accepted.
        Authenticate = "authenticate",
        /// The site or thing is not there for this principal.
        Resolve = "resolve",
        /// Policies decided.
        Policy = "policy",
        /// What Jira answered was decided.
        Answer = "answer",
        /// A limit of Jira was reached.
        Limit = "limit",
        /// Jira or its authorization server failed.
        Upstream = "upstream",
    }
}

words! {
    /// What acting as an account rests on.
    Basis {
        /// The caller is that account.
        Itself = "self",
        /// A grant.
        Delegated = "delegated",
        /// Nothing: it was asked for and not granted.
        None = "none",
    }
}

words! {
    /// What it rests on that a principal is of its tenant.
    TenantBasis {
        /// The tenant's own key, a signature of Atlassian that names the installation, or a credential that was given for one of these.
        Verified = "verified",
        /// The site that the request named took the user's own credential.
        ConfirmedBySite = "confirmed_by_site",
        /// A claim of an OpenID provider, by the operator's configuration.
        Configured = "configured",
    }
}

words! {
    /// What a denial by policy rests on.
    DeniedBy {
        /// No permit matched.
        Default = "default",
        /// A forbid matched.
        Forbid = "forbid",
        /// The evaluation failed.
        Error = "error",
        /// Policies ask for groups of Jira users, and who is in these was not known.
        Groups = "groups",
        /// The session or client key is narrower than what was asked for, whatever the policies say.
        Credential = "credential",
    }
}

/// A grant that acting as another rests on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GrantRef {
    /// Who gave it: `account:…`, `unix:1000`.
    pub given_by: String,
    /// `grant_` and a UUID.
    pub id: String,
}

/// A part of a request that names several things.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Shared by all parts.
    pub id: String,
    /// Counted from 0.
    pub index: u32,
}

/// A credential's public parts.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Credential {
    /// Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// `iss`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// `jti`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// Which key verified it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// `connect_context`, `connect_request`, `forge_invocation`, `session`, `client_key`, `api_token`, `oauth_token`, `oidc`, `install`, `none`.
    pub kind: String,
}

/// A policy that determined a decision.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRef {
    /// File in the policy folder.
    pub file: String,
    /// Its `@id`.
    pub id: String,
    /// Line in the file, from 1.
    pub line: u32,
}

/// What is proven of the policy set in force.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The digest of the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The solver and its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solver: Option<String>,
    /// `proven`, or `waived`: switched off under `[development]`.
    pub status: String,
}

/// The thing that was asked for.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Resource {
    /// The key or numeric id, the site's cloud id.
    pub id: String,
    /// The key of its project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// `issue`, `site`.
    pub r#type: String,
}

/// How a request ended.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Outcome {
    /// Atlassian's trace id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub atlassian_trace_id: Option<String>,
    /// Bytes of the body that went to the caller.
    pub bytes: u64,
    /// What came from a cache: `token`, `credential`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cache_hits: Vec<String>,
    /// The status that the caller got; 0 if it was gone before.
    pub status: u16,
    /// The status that Jira answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream_status: Option<u16>,
    /// Time at each door.
    pub us: Spent,
    /// Names of fields that were held back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld_fields: Vec<String>,
}

/// Microseconds at each door.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Spent {
    /// Until the entry was durable.
    pub append: u64,
    /// Building the query and evaluating policies; also asking Jira for groups, where policies name some.
    pub decide: u64,
    /// Looking up site and thing.
    pub resolve: u64,
    /// From the request to Jira to the end of its answer.
    pub upstream: u64,
    /// Checking the credential.
    pub verify: u64,
}
