//! How callers prove who they are, and which of the ways an operation takes. Used by `openapi` alone.

use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};

const CONNECT: &str = "connect";
const BEARER: &str = "bearer";
const BASIC: &str = "basic";

/// Who may call an operation.
#[derive(Clone, Copy)]
pub(super) enum Callers {
    /// Everybody: the answer is no secret.
    Anyone,
    /// Every verified caller.
    Verified,
    /// A session or a context token: somebody at the app's page.
    Managers,
    /// A token of a page, to be spent: Connect's context token, or an invocation token of Forge's.
    Context,
    /// A session.
    Session,
    /// Forge, by a token that names no user.
    Forge,
    /// Jira or Atlassian, by a token that was signed for this very request.
    Request,
}

impl Callers {
    pub(super) fn requirements(self) -> Vec<SecurityRequirement> {
        let schemes: &[&str] = match self {
            Self::Anyone => &[],
            Self::Verified => &[CONNECT, BEARER, BASIC],
            Self::Managers | Self::Context => &[CONNECT, BEARER],
            Self::Request => &[CONNECT],
            Self::Session | Self::Forge => &[BEARER],
        };
        schemes
            .iter()
            .map(|scheme| SecurityRequirement::new(*scheme, [""; 0]))
            .collect()
    }
}

/// The schemes, by the names that requirements use.
pub(super) fn schemes() -> [(&'static str, SecurityScheme); 3] {
    let connect = ApiKeyValue::with_description(
        "Authorization",
        "A token of Atlassian Connect: `JWT ` and then the token. A context token, or a request token whose `qsh` is of this very \
         request.",
    );
    let bearer: Http = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "A session (`gps_…`) or a client key (`gp_…`); an invocation token of Forge's, used once; a token of a \
             configured OpenID Connect provider; or an access token of OAuth 2.0 (3LO) \
             from Atlassian, where the request names a site that takes such.",
        ))
        .build();
    let basic = HttpBuilder::new()
        .scheme(HttpAuthScheme::Basic)
        .description(Some(
            "A client key (`gp_…`) as the password, with any user name; or an e-mail address and an API token of Atlassian, where the \
             request names a site that takes such.",
        ))
        .build();
    [
        (CONNECT, SecurityScheme::ApiKey(ApiKey::Header(connect))),
        (BEARER, SecurityScheme::Http(bearer)),
        (BASIC, SecurityScheme::Http(basic)),
    ]
}
