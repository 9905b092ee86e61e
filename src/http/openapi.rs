//! `GET /openapi.json`: the description of the data plane for programs (`OpenAPI` 3.1). The tables in this folder are compared with the
//! routes by a test, both ways: no route is hidden, none is promised. The admin plane is not described here.

mod app;
mod credentials;
mod errors;
mod jira;
mod route;
mod schemas;
mod security;

use std::sync::LazyLock;

use axum::response::Response;
use bytes::Bytes;
use utoipa::openapi::path::PathsBuilder;
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathItem,
};

use super::visit::{Done, Visit};

// Examples are of the pretended site `acme`, where they can be tried.
const ACME: &str = "https://acme.atlassian.net";
const ACME_CLOUD: &str = "01aecfb3-b8ed-4a81-a69f-7c3546a293e4";
const ANN: &str = "5b10a2844c20165700ede21g";
const BOB: &str = "557058:f58131cb-b67d-43c7-b30d-6b58d40bd077";
const TENANT: &str = "0a1b2c3d-4e5f";
const MADE_AT: &str = "2026-11-24T12:00:00Z";

const ABOUT: &str = "Gatepost stands between clients and the Jira Cloud sites that trust one app, of Connect or Forge. It verifies who asks, lets \
    policies decide, writes the decision down, and only then asks Jira as the account that was decided about.\n\n\
    Every answer carries `X-Gatepost-Decision`: the operator finds the cause of a refusal by it. Two credentials in one request are \
    refused.";

/// Groups of operations, in the order in which they are shown.
const TAGS: [(&str, &str); 10] = [
    (
        "Jira",
        "Jira's own paths: an existing client needs another base URL only",
    ),
    ("Access", "Who one is, and what one may"),
    ("Sessions", "For people at the app's page"),
    ("Keys", "For programs"),
    ("Grants", "Who may act as whom"),
    ("Site", "For administrators of a site"),
    ("Page", "The app's page inside Jira"),
    ("Connect", "For Atlassian"),
    ("Forge", "For the Forge app"),
    ("About", "This description"),
];

/// The document before and after the one value that only the configuration knows. Made once: everybody may ask for it, as often as
/// they like.
static DOCUMENT: LazyLock<[String; 2]> = LazyLock::new(|| {
    let mut document = document();
    document.servers = None;
    // INVARIANT: strings and lists; a test makes the document.
    let text = serde_json::to_string(&document).expect("the description can be written");
    let (head, tail) = text
        .split_once(r#""paths":"#)
        .expect("the description has paths");
    [head.to_owned(), format!(r#""paths":{tail}"#)]
});

/// `GET /openapi.json`.
pub(super) async fn openapi(visit: Visit) -> Response {
    let json = Bytes::from(served_at(&visit.app.about().base_url));
    visit.publish("openapi", Done::Json(json)).await
}

fn served_at(base_url: &str) -> String {
    let [head, tail] = &*DOCUMENT;
    let servers = serde_json::json!([{ "url": base_url }]);
    format!(r#"{head}"servers":{servers},{tail}"#)
}

fn document() -> OpenApi {
    let mut paths = PathsBuilder::new();
    let mut components = ComponentsBuilder::new();
    let tables = [jira::routes(), credentials::routes(), app::routes()];
    for mut route in tables.into_iter().flatten() {
        components = components.schemas_from_iter(route.schemas.drain(..));
        let (path, method) = (route.path.clone(), route.method.clone());
        paths = paths.path(path, PathItem::new(method, route.into_operation()));
    }
    components = components
        .schema_from::<schemas::Problem>()
        .responses_from_iter(errors::responses());
    for (name, scheme) in security::schemes() {
        components = components.security_scheme(name, scheme);
    }
    let licence = LicenseBuilder::new()
        .name("Apache-2.0")
        .identifier(Some("Apache-2.0"))
        .build();
    let info = InfoBuilder::new()
        .title("Gatepost")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(licence))
        .build();
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components.build()))
        .tags(Some(tags()))
        .build()
}

fn tags() -> impl Iterator<Item = Tag> {
    TAGS.into_iter()
        .map(|(name, what)| TagBuilder::new().name(name).description(Some(what)).build())
}
