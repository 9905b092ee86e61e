//! `GET /v1/whoami`: the verified principal, for people who set a client up; and the same as Atlassian tells it, for clients that look
//! their cloud id up. No other tenant's site is ever named here.

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
    let principal = visit.identify("whoami").await?;
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

/// `GET /oauth/token/accessible-resources`: the one site that the credential is bound to. Without a cloud id there is no path to it
/// that such a client could take, and the list is empty.
pub(super) async fn accessible_resources(mut visit: Visit) -> Response {
    let result = resources(&mut visit).await;
    visit.finish(result).await
}

async fn resources(visit: &mut Visit) -> Result<Done, Failure> {
    visit.parameters(&[])?;
    let principal = visit.identify("accessible-resources").await?;
    let tenant = visit.app.gateway().tenants.current(principal.tenant());
    let site = tenant.and_then(|tenant| {
        let host = tenant.site.host();
        Some(json!({
            "id": tenant.cloud_id?.to_string(),
            "url": tenant.site.to_string(),
            "name": host.split('.').next(),
            "scopes": ["read:jira-work"],
            "avatarUrl": format!("https://{host}/favicon.ico"),
        }))
    });
    let sites: Vec<_> = site.into_iter().collect();
    Ok(Done::Json(Bytes::from(json!(sites).to_string())))
}
