//! The servers of key sets: Forge's, and those of `OpenID` providers. What they answer is read by `identity`.

use url::Url;

use super::{KEY_TIMEOUT, Outbound, OutboundError, Received, configured, exchange};

/// A provider with hundreds of tenants publishes some dozen keys with their certificates: 20 KiB.
const JWKS_BYTES_MAX: usize = 128 * 1024;

/// A server that publishes a set of keys (RFC 7517) at one URL.
#[derive(Clone, Debug)]
pub struct Jwks(Url);

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

impl Outbound {
    /// Asks for a key set.
    pub async fn fetch_jwks(&self, server: &Jwks) -> Result<Received, OutboundError> {
        let request = self
            .client
            .get(server.0.clone())
            .header(http::header::ACCEPT, "application/json")
            .timeout(KEY_TIMEOUT);
        exchange("the key set's server", request, JWKS_BYTES_MAX).await
    }
}
