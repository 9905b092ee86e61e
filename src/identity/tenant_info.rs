//! Which site stands behind a host, by the host's own word: `GET /_edge/tenant_info`, which needs no login. Used by `install` and `own`.
//! A host may be given to another customer once its site was renamed, and then its word is the only sign of it. A renamed site's former
//! host redirects for a while: that is no word, and is not followed.

use serde::Deserialize;

use crate::outbound::{Outbound, OutboundError};
use crate::tenant::{CloudId, SiteUrl};

use super::strict_json;

/// Why a host does not say it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Untold {
    /// There is no whole answer.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// Another answer than the one that is asked for.
    #[error("it answers with status {status}")]
    Status {
        /// Which.
        status: u16,
        /// When to ask again, in seconds, if it says so.
        retry_after_s: Option<u64>,
    },
    /// An answer without a cloud id.
    #[error("its answer names no cloud id")]
    Malformed,
}

/// The cloud id of the site that has this host now.
pub(super) async fn cloud_id(
    outbound: &Outbound,
    site: &SiteUrl,
    request_id: &str,
) -> Result<CloudId, Untold> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct TenantInfo {
        cloud_id: String,
    }
    let received = outbound.tenant_info(site.host(), request_id).await?;
    if received.status != 200 {
        return Err(Untold::Status {
            status: received.status,
            retry_after_s: received.retry_after_s(),
        });
    }
    let info: Option<TenantInfo> = strict_json::parse(&received.body).ok();
    let id = info.and_then(|info| info.cloud_id.parse().ok());
    id.ok_or(Untold::Malformed)
}
