//! What a server answered: nothing of it is believed here.

use bytes::Bytes;
use http::{HeaderMap, header};

/// What Jira says of a login beside the status.
const LOGIN_REASON: &str = "x-seraph-loginreason";

/// That Jira did not take what it was shown, in its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginRefused {
    /// `AUTHENTICATED_FAILED`: it is not good, or not any more.
    Failed,
    /// `AUTHENTICATION_DENIED`: it wants a CAPTCHA first.
    Captcha,
}

/// An answer, whole and bounded.
#[derive(Debug)]
pub struct Received {
    /// The status.
    pub status: u16,
    /// The headers, for allow-lists to pick from.
    pub headers: HeaderMap,
    /// The body after decompression.
    pub body: Bytes,
}

impl Received {
    /// Seconds to wait, if the answer says so in the form that Atlassian uses.
    #[must_use]
    pub fn retry_after_s(&self) -> Option<u64> {
        let value = self.headers.get(header::RETRY_AFTER)?.to_str();
        value.ok()?.trim().parse().ok()
    }

    /// Whether Jira says that it took nobody's word. It does not always say so with the status: what anonymous users may not see is a 404.
    #[must_use]
    pub fn login_refused(&self) -> Option<LoginRefused> {
        let reasons = self.headers.get_all(LOGIN_REASON).iter();
        let mut refusals = reasons.filter_map(|reason| {
            let reason = reason.to_str().ok()?;
            let is = |word| reason.contains(word);
            let failed = is("AUTHENTICATED_FAILED").then_some(LoginRefused::Failed);
            failed.or_else(|| is("AUTHENTICATION_DENIED").then_some(LoginRefused::Captcha))
        });
        refusals.next()
    }
}
