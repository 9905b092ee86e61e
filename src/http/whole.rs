//! Answers for a page on Forge. Forge's bridge hides the status of an answer, and all of a refusal, from the page that asked; so a page
//! that says so gets both as the body of an answer that is always 200. Used by `visit`, when everything is recorded as it really was.

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::identity::bearer::is_of_forge;
use crate::identity::presented::Presented;

use super::parse;

const WISH: HeaderName = HeaderName::from_static("x-gatepost-answer");

/// Whether a request came through Forge's bridge, and wants it so.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let wishes = headers.get(&WISH).is_some_and(|wish| wish == "whole");
    wishes
        && matches!(parse::credential(headers), Presented::Bearer(bearer) if is_of_forge(&bearer.token))
}

/// The same answer, with its status beside its body.
pub(super) async fn whole(answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    // INVARIANT: bodies here are in memory, so there is nothing to fail and no size but theirs.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let kind = parts.headers.get(header::CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let told = std::str::from_utf8(&body).ok().filter(|_| is_json);
    let status = parts.status.as_u16();
    let text = format!(r#"{{"status":{status},"told":{}}}"#, told.unwrap_or("null"));
    parts.status = StatusCode::OK;
    parts.headers.remove(header::WWW_AUTHENTICATE);
    parts.headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json;charset=UTF-8"),
    );
    Response::from_parts(parts, Body::from(text))
}
