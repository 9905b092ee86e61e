//! Where may be called: typed, so that a credential cannot be handed to a server that it is not for. Used by the client beside it.
//! What must never be here: a destination that is made from a request.

use url::Url;

use crate::secret::Secret;

use super::{OutboundError, push};

/// A server of public install keys.
#[derive(Clone, Debug)]
pub struct KeyServer(pub(super) Url);

/// The authorization server that gives user tokens.
#[derive(Clone, Debug)]
pub struct TokenServer {
    base: String,
    pub(super) endpoint: Url,
}

impl KeyServer {
    /// The key server at `base`; `https`, or loopback in development.
    pub fn new(base: &str) -> Result<Self, OutboundError> {
        configured(base).map(Self)
    }
}

impl TokenServer {
    /// The authorization server at `base`; `https`, or loopback in development.
    pub fn new(base: &str) -> Result<Self, OutboundError> {
        let mut endpoint = configured(base)?;
        push(&mut endpoint, &["oauth2", "token"]);
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            endpoint,
        })
    }

    /// The `aud` of an assertion.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.base
    }
}

/// A server that publishes a set of keys (RFC 7517): Forge's, or that of an OpenID provider.
#[derive(Clone, Debug)]
pub struct Jwks(pub(super) Url);

impl Jwks {
    /// The key set at `url`; `https`, or loopback in development.
    pub fn new(url: &str) -> Result<Self, OutboundError> {
        configured(url).map(Self)
    }

    /// Where it is, for what operators read.
    #[must_use]
    pub fn url(&self) -> &str {
        self.0.as_str()
    }
}

/// Atlassian's API host: every site stands below it by its cloud id.
#[derive(Clone, Debug)]
pub struct ApiHost(pub(super) Url);

impl ApiHost {
    /// The API host at `base`; `https`, or loopback in development.
    pub fn new(base: &str) -> Result<Self, OutboundError> {
        configured(base).map(Self)
    }
}

/// Where the API of a registered site is asked.
#[derive(Clone, Copy, Debug)]
pub enum Destination<'a> {
    /// At the site itself.
    Site {
        /// The registered host.
        host: &'a str,
    },
    /// At Atlassian's API host.
    Api {
        /// Which.
        host: &'a ApiHost,
        /// The registered site's cloud id.
        cloud: &'a str,
    },
}

/// A credential for a site's API.
#[derive(Clone, Copy, Debug)]
pub enum Authorization<'a> {
    /// A token; `Bearer` goes before it.
    Bearer(&'a Secret),
    /// A user name and a password; base64 of both goes behind `Basic` (RFC 7617).
    Basic(&'a Secret, &'a Secret),
    /// All that goes into the header, scheme included.
    Whole(&'a Secret),
}

/// Configured servers are trusted to be the operator's choice, but never plain HTTP to another machine.
fn configured(base: &str) -> Result<Url, OutboundError> {
    let url = Url::parse(base).map_err(|_| OutboundError::Destination(base.to_owned()))?;
    let loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if plain && (url.scheme() == "https" || (url.scheme() == "http" && loopback)) {
        Ok(url)
    } else {
        Err(OutboundError::Destination(base.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_servers_are_https_or_loopback() {
        assert!(KeyServer::new("https://connect-install-keys.atlassian.com").is_ok());
        assert!(KeyServer::new("http://127.0.0.1:9100/keys").is_ok());
        for wrong in [
            "http://keys.example.com",
            "http://localhost:1",
            "ftp://a.b",
            "https://u@a.b",
            "https://a.b/?x",
            "",
        ] {
            assert!(KeyServer::new(wrong).is_err(), "{wrong}");
        }
    }
}
