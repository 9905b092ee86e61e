//! The only HTTP client. What leaves Gatepost leaves here, to a typed destination: a site's API, the authorization server, a key
//! server, a key set. May be used by `tenant`, `identity` and `upstream`.
//! What must never happen here: a redirect followed, a proxy or cookie from the surroundings used, a private address connected to,
//! a body read without a bound, a URL taken from a request.

mod address;
mod destination;
mod received;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, header};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;
use zeroize::Zeroizing;

use address::is_public;

use crate::secret::Secret;

pub use destination::{ApiHost, Authorization, Destination, Jwks, KeyServer, TokenServer};
pub use received::{LoginRefused, Received};

const KEY_BYTES_MAX: usize = 16 * 1024;
/// A provider with hundreds of tenants publishes some dozen keys with their certificates: 20 KiB.
const JWKS_BYTES_MAX: usize = 128 * 1024;
const TOKEN_BYTES_MAX: usize = 64 * 1024;
const TENANT_INFO_BYTES_MAX: usize = 16 * 1024;
/// A consultant's list of sites: some hundred of four hundred bytes each.
const WHOSE_BYTES_MAX: usize = 256 * 1024;
/// Install callbacks must be answered within seconds, and two servers may be asked.
const KEY_TIMEOUT: Duration = Duration::from_secs(2);
const TOKEN_TIMEOUT: Duration = Duration::from_secs(8);
/// Somebody waits to be let in.
const WHOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// What bounds every exchange.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Connecting, TLS included.
    pub connect_timeout: Duration,
    /// A site's whole answer.
    pub site_timeout: Duration,
    /// Bytes of a site's answer after decompression.
    pub site_body_bytes_max: usize,
}

/// Hosts that development maps to plain HTTP on loopback; empty in production.
pub type Resolutions = HashMap<String, SocketAddr>;

/// Why there is no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// No answer in time.
    #[error("no answer from {0} in time")]
    Timeout(&'static str),
    /// No connection.
    #[error("no connection to {0}")]
    Connect(&'static str, #[source] reqwest::Error),
    /// The body is larger than the bound.
    #[error("the answer of {0} is larger than {1} bytes")]
    TooLarge(&'static str, usize),
    /// The exchange broke.
    #[error("the exchange with {0} broke")]
    Broken(&'static str, #[source] reqwest::Error),
    /// The destination is not one that may be called.
    #[error("`{0}` is not a destination that may be called")]
    Destination(String),
}

impl OutboundError {
    /// Whether time ran out, as opposed to something broken.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout(_))
    }
}

/// A request to a site, built from a permit's parts. Segments and parameters are encoded one by one.
#[derive(Debug)]
pub struct SiteRequest<'a> {
    /// Where.
    pub to: Destination<'a>,
    /// Path segments, unencoded.
    pub segments: &'a [&'a str],
    /// Query parameters, unencoded.
    pub query: &'a [(&'a str, &'a str)],
    /// The acting user's credential.
    pub authorization: Option<Authorization<'a>>,
    /// Ours, so that both logs can be joined.
    pub request_id: &'a str,
}

/// The client. Cheap to clone; its connections belong to the runtime that made it.
#[derive(Clone)]
pub struct Outbound {
    client: reqwest::Client,
    bounds: Arc<Bounds>,
    resolutions: Arc<Resolutions>,
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Outbound")
    }
}

impl Outbound {
    /// A client with connections of its own.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that makes a client"
    )]
    pub fn new(bounds: Bounds, resolutions: Resolutions) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("gatepost/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .tcp_nodelay(true)
            .connect_timeout(bounds.connect_timeout)
            .pool_idle_timeout(Duration::from_secs(50))
            .dns_resolver(PublicOnly)
            .build()?;
        Ok(Self {
            client,
            bounds: Arc::new(bounds),
            resolutions: Arc::new(resolutions),
        })
    }

    /// Asks a key server for the key `kid`, which the caller has checked to be one safe path segment.
    pub async fn fetch_key(
        &self,
        server: &KeyServer,
        kid: &str,
    ) -> Result<Received, OutboundError> {
        let mut url = server.0.clone();
        push(&mut url, &[kid]);
        let request = self.client.get(url).timeout(KEY_TIMEOUT);
        exchange("the install key server", request, KEY_BYTES_MAX).await
    }

    /// Asks for a key set.
    pub async fn fetch_jwks(&self, server: &Jwks) -> Result<Received, OutboundError> {
        let request = self.client.get(server.0.clone());
        let request = request.header(header::ACCEPT, "application/json");
        let request = request.timeout(KEY_TIMEOUT);
        exchange("the key set's server", request, JWKS_BYTES_MAX).await
    }

    /// Asks for a user's token (RFC 7523) with a form of these fields.
    pub async fn request_token(
        &self,
        server: &TokenServer,
        form: &[(&str, &str)],
    ) -> Result<Received, OutboundError> {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = self
            .client
            .post(server.endpoint.clone())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .timeout(TOKEN_TIMEOUT)
            .body(body);
        exchange("the authorization server", request, TOKEN_BYTES_MAX).await
    }

    /// Asks for a user's token by Atlassian's GraphQL, as the app.
    pub async fn request_offline_token(
        &self,
        api: &ApiHost,
        system: &Secret,
        body: String,
    ) -> Result<Received, OutboundError> {
        let mut url = api.0.clone();
        push(&mut url, &["graphql"]);
        let authorization = authorization_header(Authorization::Bearer(system))?;
        let request = self
            .client
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .header(header::AUTHORIZATION, authorization)
            .timeout(TOKEN_TIMEOUT)
            .body(body);
        exchange("Atlassian's GraphQL", request, TOKEN_BYTES_MAX).await
    }

    /// Reads from a registered site.
    pub async fn read_site(&self, request: &SiteRequest<'_>) -> Result<Received, OutboundError> {
        let Bounds {
            site_timeout,
            site_body_bytes_max,
            ..
        } = *self.bounds;
        self.read_site_within(request, site_timeout, site_body_bytes_max)
            .await
    }

    /// The same within bounds of its own.
    pub async fn read_site_within(
        &self,
        request: &SiteRequest<'_>,
        timeout: Duration,
        bytes_max: usize,
    ) -> Result<Received, OutboundError> {
        let mut builder = self.to_site(request)?.timeout(timeout);
        if let Some(authorization) = request.authorization {
            builder = builder.header(header::AUTHORIZATION, authorization_header(authorization)?);
        }
        exchange("Jira", builder, bytes_max).await
    }

    /// Asks a site, with a credential, whose it is.
    pub async fn ask_whose(&self, request: &SiteRequest<'_>) -> Result<Received, OutboundError> {
        let mut builder = self.to_site(request)?.timeout(WHOSE_TIMEOUT);
        if let Some(authorization) = request.authorization {
            builder = builder.header(header::AUTHORIZATION, authorization_header(authorization)?);
        }
        exchange("Atlassian", builder, WHOSE_BYTES_MAX).await
    }

    /// Asks the API host which sites an access token covers.
    pub async fn accessible_resources(
        &self,
        host: &ApiHost,
        authorization: Authorization<'_>,
        request_id: &str,
    ) -> Result<Received, OutboundError> {
        let mut url = host.0.clone();
        push(&mut url, &["oauth", "token", "accessible-resources"]);
        let request = self
            .client
            .get(url)
            .header(header::ACCEPT, "application/json")
            .header(header::AUTHORIZATION, authorization_header(authorization)?)
            .header("x-request-id", request_id)
            .timeout(WHOSE_TIMEOUT);
        exchange("Atlassian", request, WHOSE_BYTES_MAX).await
    }

    /// Asks a site, without any credential, for its cloud id.
    pub async fn tenant_info(
        &self,
        host: &str,
        request_id: &str,
    ) -> Result<Received, OutboundError> {
        let segments = &["_edge", "tenant_info"];
        let request = SiteRequest {
            to: Destination::Site { host },
            segments,
            query: &[],
            authorization: None,
            request_id,
        };
        exchange(
            "Jira",
            self.to_site(&request)?.timeout(KEY_TIMEOUT),
            TENANT_INFO_BYTES_MAX,
        )
        .await
    }

    fn to_site(&self, request: &SiteRequest<'_>) -> Result<reqwest::RequestBuilder, OutboundError> {
        let (mut url, host) = self.base(request.to)?;
        push(&mut url, request.segments);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(request.query);
        }
        let mut builder = self
            .client
            .get(url)
            .header(header::ACCEPT, "application/json")
            .header("x-request-id", request.request_id);
        if let Some(host) = host {
            builder = builder.header(header::HOST, host);
        }
        Ok(builder)
    }

    /// Where the paths of a site's API begin, and the `Host` to send if it is not that of the URL.
    fn base<'a>(&self, to: Destination<'a>) -> Result<(Url, Option<&'a str>), OutboundError> {
        match to {
            Destination::Site { host } => {
                let (base, near) = match self.resolutions.get(host) {
                    Some(address) => (format!("http://{address}"), Some(host)),
                    None => (format!("https://{host}"), None),
                };
                let wrong = |_| OutboundError::Destination(host.to_owned());
                Ok((Url::parse(&base).map_err(wrong)?, near))
            }
            Destination::Api { host, cloud } => {
                let mut url = host.0.clone();
                push(&mut url, &["ex", "jira", cloud]);
                Ok((url, None))
            }
        }
    }
}

fn push(url: &mut Url, segments: &[&str]) {
    // INVARIANT: only http and https URLs come here (`configured`, `to_site`), and those have path segments.
    url.path_segments_mut()
        .expect("an http URL has segments")
        .pop_if_empty()
        .extend(segments);
}

fn authorization_header(authorization: Authorization<'_>) -> Result<HeaderValue, OutboundError> {
    let bytes = match authorization {
        Authorization::Bearer(token) => Zeroizing::new([b"Bearer ", token.expose()].concat()),
        Authorization::Basic(user, password) => {
            let pair = Zeroizing::new([user.expose(), b":", password.expose()].concat());
            let encoded = Zeroizing::new(STANDARD.encode(&*pair));
            Zeroizing::new([b"Basic ", encoded.as_bytes()].concat())
        }
        Authorization::Whole(whole) => Zeroizing::new(whole.expose().to_vec()),
    };
    // Others' text, not ours: refuse one that is no header rather than send something else.
    let mut value = HeaderValue::from_bytes(&bytes)
        .map_err(|_| OutboundError::Destination("token".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

async fn exchange(
    who: &'static str,
    request: reqwest::RequestBuilder,
    bytes_max: usize,
) -> Result<Received, OutboundError> {
    let mut response = request.send().await.map_err(|error| broken(who, error))?;
    let (status, headers) = (
        response.status().as_u16(),
        std::mem::take(response.headers_mut()),
    );
    let Some(first) = response.chunk().await.map_err(|error| broken(who, error))? else {
        return Ok(Received {
            status,
            headers,
            body: Bytes::new(),
        });
    };
    let mut body = BytesMut::new();
    let mut next = Some(first);
    while let Some(chunk) = next {
        if body.len() + chunk.len() > bytes_max {
            return Err(OutboundError::TooLarge(who, bytes_max));
        }
        body.extend_from_slice(&chunk);
        next = response.chunk().await.map_err(|error| broken(who, error))?;
    }
    Ok(Received {
        status,
        headers,
        body: body.freeze(),
    })
}

fn broken(who: &'static str, error: reqwest::Error) -> OutboundError {
    // The URL names a site and an issue; errors must not carry them into logs.
    let error = error.without_url();
    if error.is_timeout() {
        OutboundError::Timeout(who)
    } else if error.is_connect() {
        OutboundError::Connect(who, error)
    } else {
        OutboundError::Broken(who, error)
    }
}

/// Names resolve to public addresses only: a DNS answer must not lead a tenant's token into the operator's own network.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("the name has no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}
