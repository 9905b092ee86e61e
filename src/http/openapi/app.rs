//! What Atlassian and browsers ask for. A table of `openapi`.

use serde_json::{Value, json};

use super::route::{Route, get, post};
use super::schemas::{Descriptor, Lifecycle};
use super::security::Callers;
use super::{ACME, ACME_CLOUD};

pub(super) fn routes() -> Vec<Route> {
    let mut routes = connect();
    routes.extend(page());
    routes.extend(about());
    routes
}

fn connect() -> Vec<Route> {
    let descriptor = json!({
        "key": "com.example.gatepost", "baseUrl": "https://gatepost.example.com", "name": "Gatepost", "scopes": ["READ", "ACT_AS_USER"],
    });
    vec![
        get(
            "/connect/atlassian-connect.json",
            "getDescriptor",
            "The descriptor that the app is installed by",
        )
        .tag("Connect")
        .by(Callers::Anyone)
        .gives::<Descriptor>(200, "The descriptor.", descriptor),
        callback(
            "/connect/installed",
            "installed",
            "The app was installed, or its secret rotated",
        ),
        callback(
            "/connect/uninstalled",
            "uninstalled",
            "The app was uninstalled",
        ),
    ]
}

fn callback(path: &str, event: &str, summary: &str) -> Route {
    post(path, event, summary)
        .tag("Connect")
        .says("Signed by Atlassian for this very app.")
        .by(Callers::Request)
        .body::<Lifecycle>(true, lifecycle(event))
        .gives_nothing("It is carried out.")
        .refuses(&[409])
}

fn lifecycle(event: &str) -> Value {
    json!({
        "key": "com.example.gatepost", "clientKey": "client-key-of-the-installation", "baseUrl": ACME, "cloudId": ACME_CLOUD,
        "eventType": event,
    })
}

fn page() -> [Route; 2] {
    [
        get("/connect/page", "openPage", "The app's page inside Jira")
            .tag("Page")
            .says("Jira opens it in a frame. Jira's other parameters are bound by the token and not read.")
            .by(Callers::Request)
            .query("jwt", "The request token, as Jira puts it into the address. Used once.")
            .gives_text("text/html", "The page."),
        get("/connect/page/{edition}/{file}", "getPageFile", "What that page loads")
            .tag("Page")
            .by(Callers::Anyone)
            .gives_text("text/javascript", "The file.")
            .refuses(&[404]),
    ]
}

fn about() -> [Route; 3] {
    [
        get("/openapi.json", "getDescription", "This description")
            .tag("About")
            .by(Callers::Anyone)
            .gives::<Value>(200, "An OpenAPI document.", json!({"openapi": "3.1.0"})),
        get("/docs", "openDocs", "This description for people")
            .tag("About")
            .by(Callers::Anyone)
            .gives_text("text/html", "The page."),
        get("/docs/{file}", "getDocsFile", "What that page loads")
            .tag("About")
            .by(Callers::Anyone)
            .gives_text("text/css", "The file.")
            .refuses(&[404]),
    ]
}
