//! What a request says of itself before anybody reads it: the first lines of its record, and the address that it came from. Used by
//! `visit`. Nobody is believed about an address but a proxy that the configuration lists.

use std::net::IpAddr;

use http::{HeaderName, header};

use crate::ledger::entry::{Entry, shorten};

use super::App;
use super::front::FrontError;
use super::visit::Peer;

/// The request's part of every entry about it.
pub(super) fn begin(
    app: &App,
    parts: &http::request::Parts,
    client: Option<(IpAddr, bool)>,
) -> Entry {
    let now = app.clock().now();
    let text = |name: HeaderName| {
        let value = parts.headers.get(name)?;
        Some(shorten(&String::from_utf8_lossy(value.as_bytes()), 256))
    };
    Entry {
        decision_id: Some(app.chance().uuid(now).to_string()),
        request_id: Some(app.chance().uuid(now).to_string()),
        method: Some(shorten(parts.method.as_str(), 16)),
        peer: parts
            .extensions
            .get::<Peer>()
            .map(|peer| peer.0.ip().to_string()),
        forwarded_for: client
            .filter(|(_, forwarded)| *forwarded)
            .map(|(ip, _)| ip.to_string()),
        user_agent: text(header::USER_AGENT),
        trace_id: parts
            .headers
            .get("traceparent")
            .and_then(|value| trace_id(value.to_str().ok()?)),
        ..Entry::default()
    }
}

/// W3C Trace Context: `00-{32 hex}-{16 hex}-{2 hex}`.
fn trace_id(traceparent: &str) -> Option<String> {
    let id = traceparent.split('-').nth(1)?;
    (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .then(|| id.to_ascii_lowercase())
}

/// The client's address, and whether a proxy gave it. Only a listed proxy is believed, and only for the last hop it added. One that
/// gives none that can be read is refused: its own address would open what rules keep for it.
pub(super) fn client(
    app: &App,
    parts: &http::request::Parts,
) -> Result<(IpAddr, bool), FrontError> {
    let peer = parts
        .extensions
        .get::<Peer>()
        .map_or(IpAddr::from([0, 0, 0, 0]), |peer| {
            peer.0.ip().to_canonical()
        });
    if !app.trusted_proxies().contains(&peer) {
        return Ok((peer, false));
    }
    let mut hops = Vec::new();
    for value in parts.headers.get_all("x-forwarded-for") {
        let value = value.to_str().map_err(|_| FrontError::Forwarded)?;
        hops.extend(value.split(',').map(str::trim));
    }
    let mut outermost = None;
    for hop in hops.into_iter().rev() {
        let ip: IpAddr = hop.parse().map_err(|_| FrontError::Forwarded)?;
        outermost = Some((ip.to_canonical(), true));
        if !app.trusted_proxies().contains(&ip.to_canonical()) {
            break;
        }
    }
    outermost.ok_or(FrontError::Forwarded)
}
