//! What Atlassian asks of a Connect app: its descriptor, and the signed lifecycle callbacks. No route here opens anything to a user.

use axum::response::Response;
use bytes::Bytes;
use serde_json::json;

use crate::identity::install::{Callback, CallbackError, Event};
use crate::identity::presented::{Call, Presented};

use super::connect_page;
use super::parse;
use super::visit::{Done, Failure, Visit};

/// `GET /connect/atlassian-connect.json`.
pub(super) async fn descriptor(visit: Visit) -> Response {
    let about = visit.app.about();
    let descriptor = json!({
        "key": about.key,
        "name": "Gatepost",
        "description": "An authorization gateway between API clients and this Jira site",
        "baseUrl": about.base_url,
        "authentication": { "type": "jwt" },
        "lifecycle": { "installed": "/connect/installed", "uninstalled": "/connect/uninstalled" },
        // The least that reading as a user needs.
        "scopes": ["READ", "ACT_AS_USER"],
        "apiVersion": 1,
        "apiMigrations": { "signed-install": true, "context-qsh": true },
        "enableLicensing": false,
        "modules": { "generalPages": [{
            "key": "gatepost",
            "name": { "value": "Gatepost" },
            "url": connect_page::PAGE,
            "location": "system.top.navigation.bar",
        }] },
    });
    let json = Bytes::from(descriptor.to_string());
    visit.publish("descriptor", Done::Json(json)).await
}

/// `POST /connect/installed`.
pub(super) async fn installed(visit: Visit) -> Response {
    callback(visit, Event::Installed).await
}

/// `POST /connect/uninstalled`.
pub(super) async fn uninstalled(visit: Visit) -> Response {
    callback(visit, Event::Uninstalled).await
}

async fn callback(mut visit: Visit, event: Event) -> Response {
    // The hash that binds the token leaves a parameter `jwt` out: whoever adds one would present two credentials.
    if let Err(error) = parse::Parameters::refuse_credential(visit.parts.uri.query()) {
        return visit.finish(Err(error.into())).await;
    }
    // Before the body: whoever has no token may not make us read and keep anything.
    let presented = parse::credential(&visit.parts.headers);
    if !matches!(presented, Presented::Jwt(_)) {
        let missing = Failure::Callback(CallbackError::Missing);
        return visit.finish(Err(missing)).await;
    }
    let body = match visit.body().await {
        Ok(body) => body,
        Err(error) => return visit.finish(Err(error.into())).await,
    };
    let (app, target, entry) = (visit.app.clone(), visit.target(), visit.entry().clone());
    let callback = Callback {
        event,
        presented: &presented,
        call: Call {
            method: "POST",
            target: &target,
        },
        body: &body,
        entry,
    };
    let (callbacks, outbound) = app.callbacks();
    let result = callbacks.carry_out(outbound, callback).await;
    visit
        .finish(result.map(|()| Done::Empty).map_err(Failure::Callback))
        .await
}
