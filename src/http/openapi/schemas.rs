//! The shapes of bodies, for the description alone: what a member means stands at the member. Used by the tables beside this file.
#![expect(
    dead_code,
    reason = "only their shapes are used; each moves to the route that makes it, and is filled there"
)]

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;

/// What every answer in error says. `application/problem+json` (RFC 9457), if asked for by `Accept`, leaves out `errorMessages` and
/// `errors`, which Jira's clients read.
#[derive(ToSchema)]
pub(super) struct Problem {
    /// The sentence and the decision's id.
    #[schema(rename = "errorMessages")]
    error_messages: Option<Vec<String>>,
    /// Always empty.
    errors: Option<BTreeMap<String, String>>,
    /// `urn:gatepost:problem:` and the code.
    r#type: String,
    /// The status in words.
    title: String,
    status: u16,
    /// The sentence.
    detail: String,
    /// What programs tell causes apart by; stable.
    code: String,
    /// What the operator finds the cause by.
    decision_id: String,
    /// What the caller can do about it.
    hint: String,
}

/// An issue as Jira shows it to the account that was decided about; all other issues in it were decided, too.
#[derive(ToSchema)]
pub(super) struct Issue {
    id: String,
    key: String,
    /// Its address at Jira.
    #[schema(rename = "self")]
    this: String,
    fields: BTreeMap<String, Value>,
}

/// What the site says of itself.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct ServerInfo {
    base_url: String,
    version: String,
    version_numbers: Vec<u32>,
    deployment_type: String,
    build_number: u64,
    server_title: String,
}

/// The account that was decided about, as Jira shows it to itself.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct Myself {
    account_id: String,
    account_type: String,
    display_name: String,
    active: bool,
    time_zone: Option<String>,
}

/// A field that issues of the site can have.
#[derive(ToSchema)]
pub(super) struct Field {
    id: String,
    key: String,
    name: String,
    custom: bool,
    /// What it holds.
    schema: Option<BTreeMap<String, Value>>,
}

/// A site that the caller can reach.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct AccessibleResource {
    /// The site's cloud id.
    id: String,
    url: String,
    name: String,
    scopes: Vec<String>,
    avatar_url: String,
}

/// The verified principal.
#[derive(ToSchema)]
pub(super) struct Whoami {
    tenant: String,
    /// What the tenant rests on: `verified`, `confirmed_by_site` or `configured`.
    tenant_basis: String,
    /// The tenant's site.
    site: Option<String>,
    cloud_id: Option<String>,
    account: String,
    credential: Credential,
}

/// What the principal was verified by.
#[derive(ToSchema)]
pub(super) struct Credential {
    /// `connect_context`, `connect_request`, `session`, `client_key`, `api_token` or `oauth_token`.
    kind: String,
    /// Seconds since 1970.
    issued_at: Option<i64>,
    /// Seconds since 1970.
    expires_at: Option<i64>,
    /// Of a session or client key, or what records call a credential that Atlassian gave to a user.
    id: Option<String>,
    /// What a client key is called.
    name: Option<String>,
    /// What a client key is narrowed to.
    limits: Option<Limits>,
}

/// What a client key is narrowed to. What is empty or missing narrows nothing.
#[derive(ToSchema)]
pub(super) struct Limits {
    /// Addresses of sites.
    sites: Vec<String>,
    /// Names of actions or of groups of them.
    actions: Vec<String>,
    /// As in `192.0.2.0/24`.
    networks: Vec<String>,
    /// The one account to act as.
    act_as: Option<String>,
    /// How many requests.
    rate_per_minute: Option<u32>,
}

/// What would be asked for. What is missing: the own site, no issue, `getIssue`, oneself.
#[derive(ToSchema)]
pub(super) struct Check {
    /// The site's address.
    site: Option<String>,
    /// Key or id of an issue.
    issue: Option<String>,
    /// The name of an action.
    action: Option<String>,
    /// The account to act as.
    act_as: Option<String>,
}

/// Whether it would be allowed.
#[derive(ToSchema)]
pub(super) struct Checked {
    allowed: bool,
    code: String,
    reason: Option<String>,
    decision_id: String,
}

/// A session with its text, which is told this once.
#[derive(ToSchema)]
pub(super) struct NewSession {
    /// `gps_…`: send it as `Authorization: Bearer`.
    token: String,
    id: String,
    tenant: String,
    site: String,
    account: String,
    made_at: String,
    /// It ends when it is not used for so many seconds.
    idle_s: u32,
    /// It ends then in any case.
    ends_at: String,
}

/// The caller's sessions.
#[derive(ToSchema)]
pub(super) struct Sessions {
    sessions: Vec<Session>,
    /// Whether there are more.
    truncated: bool,
}

/// A session.
#[derive(ToSchema)]
pub(super) struct Session {
    id: String,
    account: String,
    made_at: String,
    last_used_at: Option<String>,
    ends_at: String,
    user_agent: Option<String>,
    /// Whether this request was sent with it.
    current: bool,
}

/// What a key is to be for. Without a limit it may do whatever its account may.
#[derive(ToSchema)]
pub(super) struct KeyWish {
    name: Option<String>,
    /// Either this or `expires_at`; the configuration has a maximum.
    expires_in_days: Option<u32>,
    /// RFC 3339.
    expires_at: Option<String>,
    /// Addresses of sites: only there.
    sites: Option<Vec<String>>,
    /// Names of actions or of groups of them: only these.
    actions: Option<Vec<String>>,
    /// Addresses of networks: only from there.
    networks: Option<Vec<String>>,
    /// Act as this account, for which there must be a grant.
    act_as: Option<String>,
    /// At most so many requests a minute.
    rate_per_minute: Option<u32>,
    /// Rotate: the id of the key that this one takes the place, the name and the limits of. Beside it stand only
    /// `overlap_s`, and when the new one expires; without that it lasts as long as the old one was made for.
    replaces: Option<String>,
    /// How long the old one still works, in seconds; a day if missing.
    overlap_s: Option<u32>,
}

/// A key with its text, which is told this once.
#[derive(ToSchema)]
pub(super) struct NewKey {
    /// `gp_…`: send it as `Authorization: Bearer`, or as the password of `Basic`.
    key: String,
    id: String,
    name: String,
    tenant: String,
    site: Option<String>,
    account: String,
    /// `account:` and its id, or the operator's name.
    made_by: String,
    made_at: String,
    expires_at: String,
    last_used_at: Option<String>,
    sites: Vec<String>,
    actions: Vec<String>,
    networks: Vec<String>,
    act_as: Option<String>,
    rate_per_minute: Option<u32>,
    state: KeyState,
    replaces: Option<String>,
}

/// The caller's keys.
#[derive(ToSchema)]
pub(super) struct Keys {
    /// Those in force before those that have ended.
    keys: Vec<Key>,
    /// Whether there are more.
    truncated: bool,
}

/// A client key, without its text, which nobody has but whoever made it.
#[derive(ToSchema)]
pub(super) struct Key {
    id: String,
    name: String,
    tenant: String,
    /// The tenant's site, if the app is installed there.
    site: Option<String>,
    account: String,
    /// `account:` and its id, or the operator's name.
    made_by: String,
    made_at: String,
    expires_at: String,
    last_used_at: Option<String>,
    /// Empty: no limit; so for actions and networks.
    sites: Vec<String>,
    actions: Vec<String>,
    networks: Vec<String>,
    act_as: Option<String>,
    rate_per_minute: Option<u32>,
    state: KeyState,
    replaces: Option<String>,
}

/// Whether a key works.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum KeyState {
    Active,
    /// Refused until the block is over.
    Blocked,
    Expired,
    Revoked,
}

/// What an administrator sees of the own site.
#[derive(ToSchema)]
pub(super) struct SiteOverview {
    site: String,
    tenant: String,
    sessions: Vec<Session>,
    keys: Vec<Key>,
    grants: Vec<Grant>,
    blocks: Vec<Block>,
    /// Recent refusals.
    denials: Vec<Denial>,
    /// Whether there are more sessions or keys.
    truncated: bool,
}

/// Who may act as whom.
#[derive(ToSchema)]
pub(super) struct Grant {
    id: String,
    tenant: String,
    account: String,
    act_as: String,
    actions: Vec<String>,
    /// For ever if missing.
    until: Option<String>,
    reason: String,
    given_by: String,
    given_at: String,
}

/// Whom to keep out of the own site.
#[derive(ToSchema)]
pub(super) struct BlockWish {
    account: String,
    /// For so many seconds; for ever if missing.
    for_s: Option<u64>,
    /// At most 200 characters.
    reason: Option<String>,
}

/// Who is kept out: an account, a key, or everybody if neither is named.
#[derive(ToSchema)]
pub(super) struct Block {
    id: String,
    account: Option<String>,
    /// The id of a client key.
    key: Option<String>,
    /// For ever if missing.
    until: Option<String>,
    /// Missing also where it is about other sites as well.
    reason: Option<String>,
    made_by: String,
    made_at: String,
    /// Whether administrators of the site made it, who may end it. Others are the operator's.
    can_end: bool,
}

/// A refusal in the log.
#[derive(ToSchema)]
pub(super) struct Denial {
    decision_id: String,
    time: String,
    account: Option<String>,
    /// As whom, where that was decided.
    act_as: Option<String>,
    action: Option<String>,
    /// The issue as the caller named it, or the own site.
    resource: Option<BTreeMap<String, Value>>,
    /// The site as the caller wrote it.
    site_asked: Option<String>,
    /// As the caller was told it.
    code: String,
    /// The sentence that the caller was told, if a policy has one.
    reason: Option<String>,
    /// The kind of credential.
    credential: Option<String>,
    /// The id of the session or key, if it was one.
    credential_id: Option<String>,
}

/// What Jira needs to know of the app. Atlassian says what its members mean.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct Descriptor {
    key: String,
    base_url: String,
    name: String,
    scopes: Vec<String>,
}

/// What Atlassian tells of an installation. Other members are not read.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct Lifecycle {
    key: String,
    client_key: String,
    /// Only when the app is installed.
    shared_secret: Option<String>,
    base_url: String,
    cloud_id: Option<String>,
    event_type: String,
}
