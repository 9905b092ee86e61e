//! The shapes of grants, for the description alone. Used by `schemas`.
#![expect(dead_code, reason = "only their shapes are used")]

use utoipa::ToSchema;

/// Who may act as whom.
#[derive(ToSchema)]
pub(in crate::http::openapi) struct Grant {
    id: String,
    tenant: String,
    account: String,
    act_as: String,
    actions: Vec<String>,
    /// For ever if missing.
    until: Option<String>,
    reason: String,
    /// `account:` and who it was, or an operator.
    given_by: String,
    given_at: String,
}

/// Who is to act as oneself; at `/v1/site/grants`, who as whom. What may be done under it, the policies say.
#[derive(ToSchema)]
pub(in crate::http::openapi) struct GrantWish {
    /// Who may. Nobody gives a grant to oneself.
    account: String,
    /// As whom: at `/v1/site/grants` alone, and always there.
    act_as: Option<String>,
    /// `read`, `write`, or names of actions of these groups.
    actions: Vec<String>,
    /// For so many seconds; or `until` a time (RFC 3339). The configuration has a maximum.
    for_s: Option<u64>,
    until: Option<String>,
    /// At most 200 characters.
    reason: String,
}

/// The grants in force that are about the caller.
#[derive(ToSchema)]
pub(in crate::http::openapi) struct Grants {
    /// Who may act as the caller.
    given: Vec<Grant>,
    /// As whom the caller may act.
    held: Vec<Grant>,
}
