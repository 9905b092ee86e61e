//! What no route may see. One place, before routing, refuses every message that two parsers could read in two ways. Used by `visit`.
//! hyper passes some of these on to the handler (threats: "HTTP in and out"), so they are refused here whatever hyper does.

use http::header::{self, HeaderMap, HeaderName};
use http::{Method, Version};

/// Why a message is refused before anybody looks at what it asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FrontError {
    /// CONNECT, `GET *`, or the absolute form.
    #[error("the request target is not a path")]
    Target,
    /// None, or two.
    #[error("the request has not exactly one Host header")]
    Host,
    /// Transfer-Encoding with Content-Length, twice, or other than `chunked`.
    #[error("the length of the body can be read in more than one way")]
    Framing,
    /// Bytes that are not ASCII in target or header.
    #[error("the request has bytes outside of ASCII in its target or a header")]
    NotAscii,
    /// A header of which there must be one.
    #[error("the header {0} stands more than once")]
    Twice(&'static str),
    /// An HTTP version that is not served.
    #[error("only HTTP/1.1 is served")]
    Version,
    /// A listed proxy that does not say for whom it asks.
    #[error("the proxy does not give the client's address in X-Forwarded-For")]
    Forwarded,
    /// A body where none belongs.
    #[error("a GET request has no body")]
    Body,
}

/// Headers that say who asks or for whom: two of them are two answers.
const SINGLE: [(HeaderName, &str); 6] = [
    (header::AUTHORIZATION, "Authorization"),
    (header::CONTENT_TYPE, "Content-Type"),
    (
        HeaderName::from_static("x-gatepost-act-as"),
        "X-Gatepost-Act-As",
    ),
    (
        HeaderName::from_static("x-gatepost-page"),
        "X-Gatepost-Page",
    ),
    (
        HeaderName::from_static("x-forge-oauth-user"),
        "X-Forge-OAuth-User",
    ),
    (
        HeaderName::from_static("x-forge-oauth-system"),
        "X-Forge-OAuth-System",
    ),
];

/// Checks the message's head.
pub(super) fn check(parts: &http::request::Parts) -> Result<(), FrontError> {
    if parts.version != Version::HTTP_11 {
        return Err(FrontError::Version);
    }
    let uri = &parts.uri;
    if uri.scheme().is_some() || uri.authority().is_some() || !uri.path().starts_with('/') {
        return Err(FrontError::Target);
    }
    let ascii = |bytes: &[u8]| {
        bytes
            .iter()
            .all(|&byte| (0x20..0x7f).contains(&byte) || byte == b'\t')
    };
    let target = uri.path_and_query().map_or("", |target| target.as_str());
    if !ascii(target.as_bytes()) || !parts.headers.values().all(|value| ascii(value.as_bytes())) {
        return Err(FrontError::NotAscii);
    }
    if count(&parts.headers, &header::HOST) != 1 {
        return Err(FrontError::Host);
    }
    for (name, written) in &SINGLE {
        if count(&parts.headers, name) > 1 {
            return Err(FrontError::Twice(written));
        }
    }
    check_framing(&parts.headers)?;
    let has_body = parts.headers.contains_key(header::TRANSFER_ENCODING)
        || parts
            .headers
            .get(header::CONTENT_LENGTH)
            .is_some_and(|length| length != "0");
    if parts.method == Method::GET && has_body {
        Err(FrontError::Body)
    } else {
        Ok(())
    }
}

fn check_framing(headers: &HeaderMap) -> Result<(), FrontError> {
    let (lengths, encodings) = (
        count(headers, &header::CONTENT_LENGTH),
        count(headers, &header::TRANSFER_ENCODING),
    );
    let chunked = headers
        .get(header::TRANSFER_ENCODING)
        .is_none_or(|value| value == "chunked");
    if lengths > 1 || encodings > 1 || (lengths == 1 && encodings == 1) || !chunked {
        return Err(FrontError::Framing);
    }
    Ok(())
}

fn count(headers: &HeaderMap, name: &HeaderName) -> usize {
    headers.get_all(name).iter().count()
}
