//! `GET /v1/whoami`: the verified principal, for people who set a client up; and the same as Atlassian tells it, for clients that look
//! their cloud id up. No other tenant's site is ever named here.

use axum::response::Response;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::identity::Principal;
use crate::ledger::entry::TenantBasis;
use crate::tenant::KeyId;
use crate::tenant::registry::SiteAsked;

use super::parse::ParseError;
use super::visit::{Done, Failure, Visit};

pub(super) async fn whoami(mut visit: Visit) -> Response {
    let result = answer(&mut visit).await;
    visit.finish(result).await
}

async fn answer(visit: &mut Visit) -> Result<Done, Failure> {
    let parameters = visit.parameters(&["site"])?;
    let site = match parameters.value("site") {
        Some(site) => SiteAsked::Site(site.parse().map_err(ParseError::from)?),
        None => SiteAsked::Own,
    };
    if let Some(name) = site.name() {
        visit.note(Some(&name), None, None);
    }
    let principal = visit.identify(&site, "whoami").await?;
    let tenant = visit.app.gateway().tenants.current(principal.tenant());
    let credential = credential(visit, &principal).await?;
    let body = json!({
        "tenant": principal.tenant(),
        "tenant_basis": principal.tenant_basis(),
        "site": tenant.as_ref().map(|tenant| tenant.site.to_string()),
        "cloud_id": tenant.as_ref().and_then(|tenant| tenant.cloud_id.as_ref().map(ToString::to_string)),
        "account": principal.account(),
        "credential": credential,
    });
    Ok(Done::Json(Bytes::from(body.to_string())))
}

/// The credential's public parts; of one that this gateway issued also its id, and of a key what it is narrowed to. So whoever finds
/// a lost key learns whose it is from the key alone, and leaves a record.
async fn credential(visit: &mut Visit, principal: &Principal) -> Result<Value, Failure> {
    let known = principal.credential();
    let mut told = json!({ "kind": known.kind, "issued_at": known.iat, "expires_at": known.exp });
    let Some(hold) = principal.hold() else {
        // Of a credential of the user's own: what records call it.
        if principal.tenant_basis() == TenantBasis::ConfirmedBySite {
            told["id"] = json!(known.key_id);
        }
        return Ok(told);
    };
    told["id"] = json!(hold.id());
    let Ok(id) = hold.id().parse::<KeyId>() else {
        return Ok(told);
    };
    let key = visit
        .manage(async |gateway, _, trail| {
            let key = gateway.issued.key(&id).await;
            gateway.readable(key, trail).await
        })
        .await?;
    told["name"] = json!(key.as_ref().map(|key| &key.name));
    told["limits"] = json!({
        "sites": hold.bounds().sites,
        "actions": hold.bounds().actions,
        "networks": hold.bounds().networks,
        "act_as": hold.bounds().act_as,
        "rate_per_minute": key.and_then(|key| key.rate_per_minute),
    });
    Ok(told)
}

/// `GET /oauth/token/accessible-resources`: the one site that the credential is bound to. Without a cloud id there is no path to it
/// that such a client could take, and the list is empty.
pub(super) async fn accessible_resources(mut visit: Visit) -> Response {
    let result = resources(&mut visit).await;
    visit.finish(result).await
}

async fn resources(visit: &mut Visit) -> Result<Done, Failure> {
    visit.parameters(&[])?;
    let principal = visit
        .identify(&SiteAsked::Own, "accessible-resources")
        .await?;
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
