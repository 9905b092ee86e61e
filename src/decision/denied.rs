//! A denial by policy, as it leaves `Ruling::seal`: what the caller may be told, and whether to tell. It is in the log already, but
//! for a breach that nothing before `seal` saw.

/// Code and status for what is foreign, unknown or not seen: one answer, so that none of them is told from another.
pub const UNSEEN: (&str, u16) = ("issue_not_visible", 404);

/// The policies said no, and that is logged.
#[derive(Debug, thiserror::Error)]
#[error("denied with code `{code}`")]
pub struct DeniedError {
    /// The stable code.
    pub code: String,
    /// The sentence for the caller, if the policy has one.
    pub reason: Option<String>,
    /// Whether the resource is another tenant's: then the caller is told that there is no such thing.
    pub cross_tenant: bool,
    /// Whether a comparison beside the policies fired: an alarm, it means that a policy set let tenants mix.
    pub breach: bool,
    /// Whether the log has this denial. If not, it has an allow that must be corrected.
    pub is_logged: bool,
}
