//! The reply: each issue in Jira's answer was decided, and that is logged; or it is of a site and holds none. Born in `Screen::release`; nothing else lives in this
//! file. The only thing that `http` can send of what Jira answered.

use bytes::Bytes;

use crate::decision::Permit;
use crate::identity::Principal;

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
    /// Who asked, where Jira said that it is they themselves who administer their site.
    administrator: Option<Principal>,
}

impl Reply {
    pub(super) fn new(body: Bytes) -> Self {
        Self {
            body,
            administrator: None,
        }
    }

    /// Jira said yes, for this permit. Who asked as another account, or of another site, is no administrator by it.
    pub(super) fn about(self, permit: Permit) -> Self {
        let (act_as, site) = (
            permit.act_as().clone(),
            permit.resource().tenant().id.clone(),
        );
        let asker = permit.into_principal();
        let is_own = act_as == *asker.account() && site == *asker.tenant();
        Self {
            administrator: is_own.then_some(asker),
            ..self
        }
    }

    /// The JSON for the caller.
    #[must_use]
    pub fn into_body(self) -> Bytes {
        self.body
    }

    /// Who asked, if it is they whom Jira calls an administrator of their own site.
    #[must_use]
    pub fn into_administrator(self) -> Option<Principal> {
        self.administrator
    }
}
