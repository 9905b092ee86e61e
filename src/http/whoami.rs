//! `GET /v1/whoami`: the verified principal, for people who set a client up.

use axum::response::Response;
use bytes::Bytes;
use serde_json::json;

use super::visit::{Done, Failure, Visit};

pub(super) async fn whoami(mut visit: Visit) -> Response {
    let result = answer(&mut visit).await;
    visit.finish(result).await
}

async fn answer(visit: &mut Visit) -> Result<Done, Failure> {
    visit.parameters(&[])?;
    let principal = visit.identify().await?;
    let tenant = visit.app.gateway().tenants.current(principal.tenant());
    let credential = principal.credential();
    let body = json!({
        "tenant": principal.tenant(),
        "site": tenant.as_ref().map(|tenant| tenant.site.to_string()),
        "cloud_id": tenant.as_ref().and_then(|tenant| tenant.cloud_id.as_ref().map(ToString::to_string)),
        "account": principal.account(),
        "credential": { "kind": credential.kind, "issued_at": credential.iat, "expires_at": credential.exp },
    });
    Ok(Done::Json(Bytes::from(body.to_string())))
}
