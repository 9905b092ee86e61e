//! The reply: each issue in Jira's answer was decided, and that is logged; or it is of a site and holds none. Born in `Screen::release`; nothing else lives in this
//! file. The only thing that `http` can send of what Jira answered.

use bytes::Bytes;

/// What may leave.
///
/// Nobody else can make one:
/// ```compile_fail,E0624
/// let _ = gatepost::screen::Reply::new(bytes::Bytes::new());
/// ```
/// The twin that compiles:
/// ```
/// fn send(reply: gatepost::screen::Reply) -> bytes::Bytes {
///     reply.into_body()
/// }
/// ```
#[must_use]
#[derive(Debug)]
pub struct Reply {
    body: Bytes,
}

impl Reply {
    pub(super) fn new(body: Bytes) -> Self {
        Self { body }
    }

    /// The JSON for the caller.
    #[must_use]
    pub fn into_body(self) -> Bytes {
        self.body
    }
}
