//! The hash that binds a token to one request: method, path and query, in Atlassian's canonical form. Used by the verifier of Connect
//! tokens and of signed installs, and wherever the app signs a request of its own. The body is not covered. It must never see a
//! path or query that somebody decoded before: the raw target of the request is what the caller hashed.

use std::fmt::Write as _;

use aws_lc_rs::constant_time;

use crate::secret::{hex, sha256};

/// The `qsh` of a context token, which is bound to no request. Never the hash of one.
pub const CONTEXT_QSH: &str = "context-qsh";

/// The longest target that is looked at.
pub const TARGET_BYTES_MAX: usize = 64 * 1024;

/// Why a request has no canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QshError {
    /// Not made of ASCII letters: a method with `&` in it could take over a part of the path.
    #[error("the method is not made of letters")]
    Method,
    /// Longer than [`TARGET_BYTES_MAX`].
    #[error("a request target of {0} bytes is too long")]
    TooLong(usize),
    /// Neither a path nor an absolute URL.
    #[error("the request target is not a path")]
    Target,
    /// Not below the base path. Cutting a mere prefix would let `/connected` pass for `/ed`.
    #[error("the path is not below the base path of this server")]
    OutsideBase,
    /// `%` without two hexadecimal digits behind it.
    #[error("the query has a broken percent sequence")]
    Percent,
    /// A name or value that decodes to no text.
    #[error("the query is not UTF-8")]
    Utf8,
}

/// The hash of a request, in lower-case hexadecimal.
pub fn qsh(method: &str, raw_target: &str, base_path: &str) -> Result<String, QshError> {
    Ok(hex(&sha256(
        canonical(method, raw_target, base_path)?.as_bytes(),
    )))
}

/// Whether `claimed` is the hash of this very request. A request without canonical form matches nothing. In constant time.
#[must_use]
pub fn matches(claimed: &str, method: &str, raw_target: &str, base_path: &str) -> bool {
    qsh(method, raw_target, base_path).is_ok_and(|hash| {
        constant_time::verify_slices_are_equal(claimed.as_bytes(), hash.as_bytes()).is_ok()
    })
}

/// `METHOD&path&query`, as hashed.
///
/// ```
/// # use gatepost::identity::qsh::canonical;
/// let text = canonical("get", "/app/panel?q=1%2B1&b=&jwt=x", "/app")?;
/// assert_eq!(text, "GET&/panel&b=&q=1%2B1");
/// # Ok::<(), gatepost::identity::qsh::QshError>(())
/// ```
pub fn canonical(method: &str, raw_target: &str, base_path: &str) -> Result<String, QshError> {
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Err(QshError::Method);
    }
    if raw_target.len() > TARGET_BYTES_MAX {
        return Err(QshError::TooLong(raw_target.len()));
    }
    let (path, query) = split(raw_target)?;
    let path = below(path, base_path)?.replace('&', "%26");
    let query = canonical_query(query)?;
    Ok(format!("{}&{path}&{query}", method.to_ascii_uppercase()))
}

/// Drops scheme, host, port and fragment; path and query as they were sent.
fn split(raw_target: &str) -> Result<(&str, &str), QshError> {
    let target = raw_target.split('#').next().unwrap_or_default();
    let absolute = ["http://", "https://"].iter().find_map(|scheme| {
        let (start, rest) = target.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    let target = match absolute {
        Some(rest) => &rest[rest.find(['/', '?']).unwrap_or(rest.len())..],
        None => target,
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if path.is_empty() || path.starts_with('/') {
        Ok((path, query))
    } else {
        Err(QshError::Target)
    }
}

/// The path below the base, removed once and at a segment's end; nothing in it is decoded or tidied.
fn below<'p>(path: &'p str, base_path: &str) -> Result<&'p str, QshError> {
    let base = base_path.strip_suffix('/').unwrap_or(base_path);
    let path = path.strip_prefix(base).ok_or(QshError::OutsideBase)?;
    match path {
        "" | "/" => Ok("/"),
        _ if path.starts_with('/') => Ok(path.strip_suffix('/').unwrap_or(path)),
        _ => Err(QshError::OutsideBase),
    }
}

/// Sorted by encoded name, then by decoded value. Encoding names is one-to-one, so equal encoded names are equal names.
fn canonical_query(query: &str) -> Result<String, QshError> {
    let mut parameters = Vec::new();
    for piece in query.split('&').filter(|piece| !piece.is_empty()) {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        let name = decode(name)?;
        // The token itself travels in there and cannot contain its own hash.
        if name != "jwt" {
            parameters.push((encode(&name), decode(value)?));
        }
    }
    // Java, and so Jira, sorts encoded names: `a%3Ab` stands before `a0`, though `:` comes after `0`.
    parameters.sort_unstable();

    let mut text = String::with_capacity(query.len());
    let mut last: Option<&str> = None;
    for (name, value) in &parameters {
        if last == Some(name) {
            text.push(',');
        } else {
            if last.is_some() {
                text.push('&');
            }
            text.push_str(name);
            text.push('=');
            last = Some(name);
        }
        text.push_str(&encode(value));
    }
    Ok(text)
}

/// `+` is a space, `%XX` a byte; the whole must be UTF-8.
fn decode(text: &str) -> Result<String, QshError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => match (rest.next().and_then(nibble), rest.next().and_then(nibble)) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => return Err(QshError::Percent),
            },
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| QshError::Utf8)
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// RFC 3986, section 2.3: what is not unreserved becomes `%XX`.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // INVARIANT: writing to a `String` cannot fail.
            write!(encoded, "%{byte:02X}").expect("a string takes any text");
        }
    }
    encoded
}

#[cfg(test)]
mod tests;
