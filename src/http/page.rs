//! What a browser is given: a document with a policy of its own, or a file that such a document loads. Used by the routes that people
//! open. No document goes out without a Content-Security-Policy, and none is kept by a browser or a proxy.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};

/// How long a browser may use a file without asking: so long after an update it may still show the old one.
const FILE_KEPT: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// A document or a file. Its address and whether somebody may have it are the route's business.
#[derive(Debug)]
pub(super) struct Page {
    body: Bytes,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Page {
    /// A document. The policy says what it may load, and who may show it in a frame (`frame-ancestors`).
    pub(super) fn document(html: impl Into<Bytes>, policy: HeaderValue) -> Self {
        Self::typed("text/html; charset=utf-8", html)
            .with(header::CONTENT_SECURITY_POLICY, policy)
            // Its address may hold a token, which no other server is to learn.
            .with(
                header::REFERRER_POLICY,
                HeaderValue::from_static("no-referrer"),
            )
    }

    /// A script, a style sheet or the like: the same for everybody, so it may be kept.
    pub(super) fn file(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self::typed(content_type, body).with(header::CACHE_CONTROL, FILE_KEPT)
    }

    /// Says that the body is packed already. Every browser takes it.
    pub(super) fn gzipped(self) -> Self {
        self.with(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))
    }

    pub(super) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        response.headers_mut().extend(self.headers);
        response
    }

    fn typed(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let page = Self {
            body: body.into(),
            headers: Vec::new(),
        };
        page.with(header::CONTENT_TYPE, HeaderValue::from_static(content_type))
    }

    /// One more header.
    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}
