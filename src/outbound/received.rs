//! What a server answered: nothing of it is believed here.

use bytes::Bytes;
use http::{HeaderMap, header};

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
}
