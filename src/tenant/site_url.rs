//! The address of a site: an https origin in its one canonical form. A value, no proof: the registry says whose site it is.
//! Used wherever a site is named. It must never be connected to because a client wrote it (CVE-2026-27826): it is a lookup key.
//!
//! Two readers must agree. Our own accepts a small grammar; the WHATWG parser (the `url` crate) then has to find the same host.
//! Alone, that parser turns fullwidth letters, ideographic dots, `%61`, backslashes, tabs, a missing slash and decimal addresses
//! into plain hosts, and keeps a trailing dot, so that one site would have many names.

use std::str::FromStr;
use std::sync::Arc;

use url::{Host, Url};

use super::CloudId;

/// A site: `https://acme.atlassian.net`, nothing more. The host is in lower case and ASCII.
///
/// ```
/// # use gatepost::tenant::SiteUrl;
/// assert_eq!("https://ACME.atlassian.net:443/".parse::<SiteUrl>()?.to_string(), "https://acme.atlassian.net");
/// assert!("https://acme.atlassian.net@evil.example".parse::<SiteUrl>().is_err());
/// # Ok::<(), gatepost::tenant::SiteUrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteUrl(Arc<str>);

/// Why a text is no site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SiteUrlError {
    /// Longer than any host can be.
    #[error(
        "a site's address of {0} bytes is too long; it looks like `https://acme.atlassian.net`"
    )]
    TooLong(usize),
    /// Not `https://`.
    #[error("a site's address starts with `https://`, as in `https://acme.atlassian.net`")]
    Scheme,
    /// A name or password before the host.
    #[error(
        "a site's address has no user before its host; it looks like `https://acme.atlassian.net`"
    )]
    UserInfo,
    /// A port other than 443.
    #[error("a site's address has no port; it looks like `https://acme.atlassian.net`")]
    Port,
    /// Something after the host.
    #[error("a site's address ends after its host; it looks like `https://acme.atlassian.net`")]
    AfterHost,
    /// A character that no host name has.
    #[error(
        "`{}` has no place in a site's host; it is made of ASCII letters, digits, `-` and `.`",
        .0.escape_default()
    )]
    Character(char),
    /// Labels that are empty, too long, or start or end with a hyphen; a single label; a dot at the end.
    #[error(
        "a site's host is two or more names joined by single dots, such as `acme.atlassian.net`"
    )]
    Labels,
    /// An IP address, in any spelling.
    #[error("a site is named by its host, not by an IP address")]
    IpAddress,
    /// A label of encoded Unicode. Whether one is valid depends on who asks: UTS 46 with its options, the Unicode version, the
    /// WHATWG standard. Atlassian gives no site such a name, so none of those answers is needed.
    #[error("a site's host has no label that starts with `xn--`")]
    Punycode,
    /// The WHATWG parser reads something else in the text.
    #[error(
        "a site's address reads differently to different parsers; it looks like `https://acme.atlassian.net`"
    )]
    Ambiguous,
}

/// `https://`, 253 bytes of host, `:443/`.
const TEXT_BYTES_MAX: usize = 8 + HOST_BYTES_MAX + 5;
/// RFC 1035, section 2.3.4.
const HOST_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;
const SCHEME: &str = "https://";
const NOWHERE: &str = ".invalid";

impl SiteUrl {
    /// The site of a host, as in `/sites/{host}`: the same rule as for the host of an address.
    pub fn from_host(host: &str) -> Result<Self, SiteUrlError> {
        check_host(host)?;
        let host = host.to_ascii_lowercase();
        match Host::parse(&host) {
            Ok(Host::Domain(seen)) if seen == host => Ok(Self(host.into())),
            _ => Err(SiteUrlError::Ambiguous),
        }
    }

    /// The site of a tenant of which only the cloud id is known: its host is nobody's, and no name of it is ever resolved (RFC 6761, 6.4).
    #[must_use]
    pub fn nowhere(cloud: CloudId) -> Self {
        Self(format!("{cloud}{NOWHERE}").into())
    }

    /// Whether it is such a site.
    #[must_use]
    pub fn is_nowhere(&self) -> bool {
        self.0.ends_with(NOWHERE)
    }

    /// The host, in lower case.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.0
    }

    /// Whether the host ends with one of `suffixes` (such as `.atlassian.net`), with at least one label before it.
    #[must_use]
    pub fn is_under(&self, suffixes: &[String]) -> bool {
        suffixes.iter().any(|suffix| {
            let parent = suffix.strip_prefix('.').unwrap_or(suffix);
            // The dot is asked for here, not left to the configuration: `evilatlassian.net` ends with `atlassian.net`, too.
            // INVARIANT: no label of a host is empty, so a label stands before that dot.
            self.0
                .strip_suffix(parent)
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some()
        })
    }
}

impl FromStr for SiteUrl {
    type Err = SiteUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let site = Self::from_host(host_of(text)?)?;
        // The second reader, on the whole text: whatever else it sees in there, we do not share its view.
        let seen = Url::parse(text).map_err(|_| SiteUrlError::Ambiguous)?;
        let same = seen.scheme() == "https"
            && seen.host_str() == Some(site.host())
            && (seen.port(), seen.path()) == (None, "/")
            && (seen.username(), seen.password()) == ("", None)
            && (seen.query(), seen.fragment()) == (None, None);
        if same {
            Ok(site)
        } else {
            Err(SiteUrlError::Ambiguous)
        }
    }
}

/// Cuts `https://`, then one `/` and `:443` from the end. What is left must be a host and nothing else.
fn host_of(text: &str) -> Result<&str, SiteUrlError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(SiteUrlError::TooLong(text.len()));
    }
    let (scheme, rest) = text
        .split_at_checked(SCHEME.len())
        .ok_or(SiteUrlError::Scheme)?;
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return Err(SiteUrlError::Scheme);
    }
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains(['/', '?', '#']) {
        return Err(SiteUrlError::AfterHost);
    }
    if authority.contains('@') {
        return Err(SiteUrlError::UserInfo);
    }
    if authority.starts_with('[') {
        return Err(SiteUrlError::IpAddress);
    }
    match authority.split_once(':') {
        None => Ok(authority),
        Some((host, "443")) => Ok(host),
        Some(_) => Err(SiteUrlError::Port),
    }
}

/// Two or more labels of letters, digits and inner hyphens (RFC 1123, section 2.1), the last starting with a letter.
fn check_host(host: &str) -> Result<(), SiteUrlError> {
    if host.len() > HOST_BYTES_MAX {
        return Err(SiteUrlError::TooLong(host.len()));
    }
    let allowed = |byte: char| byte.is_ascii_alphanumeric() || matches!(byte, '-' | '.');
    if let Some(character) = host.chars().find(|&character| !allowed(character)) {
        return Err(SiteUrlError::Character(character));
    }
    let sound = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if !host.split('.').all(sound) {
        return Err(SiteUrlError::Labels);
    }
    let encoded = |label: &str| {
        label
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("xn--"))
    };
    if host.split('.').any(encoded) {
        return Err(SiteUrlError::Punycode);
    }
    // A last label that starts with a digit is how every spelling of an IPv4 address ends: `127.1`, `1.0x7f`, `0177.0.0.1`.
    match host.rsplit_once('.') {
        Some((_, last)) if last.starts_with(|first: char| first.is_ascii_digit()) => {
            Err(SiteUrlError::IpAddress)
        }
        Some(_) => Ok(()),
        None => Err(SiteUrlError::Labels),
    }
}

impl std::fmt::Display for SiteUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{SCHEME}{}", self.0)
    }
}

text_value!(SiteUrl, SiteUrlError);

#[cfg(test)]
mod tests;
