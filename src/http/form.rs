//! How an answer in error is written: for programs, or for people. Used by `visit` and `problem`; what it says is the latter's business.

use http::{HeaderMap, HeaderValue, header};

/// How an answer in error is written.
pub(super) enum Form {
    /// The merged body.
    Merged,
    /// `application/problem+json`.
    Problem,
    /// A page for people, under this policy.
    Page(HeaderValue),
}

impl Form {
    /// What a request asks for.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(header::ACCEPT).iter();
        let mut kinds = accepted
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        if kinds.any(|kind| kind.trim().starts_with("application/problem+json")) {
            Self::Problem
        } else {
            Self::Merged
        }
    }
}
