//! `GET /docs`: the description of this interface for people, with a form that sends requests. Everything that it loads is in the
//! binary; nothing comes from elsewhere, and nothing that is typed there goes elsewhere.

mod archive;

use std::sync::LazyLock;

use axum::response::Response;
use bytes::Bytes;
use http::HeaderValue;

use super::page::Page;
use super::parse::ParseError;
use super::visit::{Done, Visit};

/// The page.
pub(super) const PAGE: &str = "/docs";
/// What it loads.
pub(super) const FILE: &str = "/docs/{file}";

/// Only what we serve ourselves runs, and it talks to nobody but us: a credential that is tried out here cannot leave. The viewer
/// draws its icons from `data:` addresses in its style sheet. In a frame of another origin a click could be stolen.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

/// The viewer is Swagger UI (Apache-2.0).
static VIEWER: LazyLock<[Bytes; 2]> = LazyLock::new(|| {
    ["/dist/swagger-ui-bundle.js", "/dist/swagger-ui.css"].map(|path| {
        // INVARIANT: the archive is part of a crate at a pinned version; a test loads both files.
        archive::gzip(utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED, path)
            .expect("the archive holds the viewer")
    })
});

/// `GET /docs`.
pub(super) async fn page(visit: Visit) -> Response {
    let html = include_str!("docs/docs.html");
    let page = Page::document(html, POLICY);
    visit.publish("docs", Done::Page(page)).await
}

/// `GET /docs/{file}`. The names are a closed list; none of them is ever part of a path.
pub(super) async fn file(visit: Visit) -> Response {
    match named(visit.param("file")) {
        Some(file) => visit.publish("docs", Done::Page(file)).await,
        None => visit.finish(Err(ParseError::UnknownRoute.into())).await,
    }
}

fn named(file: &str) -> Option<Page> {
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    const STYLE: &str = "text/css; charset=utf-8";
    Some(match file {
        "docs.js" => Page::file(SCRIPT, include_str!("docs/docs.js")),
        "docs.css" => Page::file(STYLE, include_str!("docs/docs.css")),
        "swagger-ui-bundle.js" => Page::file(SCRIPT, VIEWER[0].clone()).gzipped(),
        "swagger-ui.css" => Page::file(STYLE, VIEWER[1].clone()).gzipped(),
        _ => return None,
    })
}
