//! Who comes to a site, and by which door: its own host takes Connect's user tokens, the app's own JWTs and users' API tokens; the api
//! host takes Forge's tokens, those of a consent, and API tokens with or without scopes. For the stand-in only. A credential at the
//! wrong door is worth nothing there, whoever holds it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::app_jwt;
use super::super::credentials::{ApiToken, Grant, Opens};
use super::super::state::{Premises, State};

/// By which address a request came to a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Door {
    /// The site's own host.
    Site,
    /// The api host, with the site's cloud id.
    Api,
}

/// What a page is about, as scopes see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    Work,
    People,
    /// The site itself, which the app may see as well.
    Site,
}

/// A request at a site's door.
pub(super) struct Arrival {
    pub(super) state: Arc<State>,
    pub(super) site: Arc<Premises>,
    door: Door,
    method: Method,
    target: String,
    headers: HeaderMap,
}

impl FromRequestParts<Arc<State>> for Arrival {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<State>) -> Result<Self, Infallible> {
        // INVARIANT: both doors say the site before they let anybody in.
        let site = parts.extensions.get::<Arc<Premises>>();
        let site = site
            .expect("the site is an extension of the request")
            .clone();
        Ok(Self {
            state: state.clone(),
            site,
            door: parts.extensions.get().copied().unwrap_or(Door::Site),
            method: parts.method.clone(),
            target: target(&parts.uri),
            headers: parts.headers.clone(),
        })
    }
}

fn target(uri: &Uri) -> String {
    uri.path_and_query()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// Whoever was let in.
pub(super) struct Caller {
    /// Nobody where the app itself comes.
    pub(super) account: Option<String>,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// No credential, or none that is good here and now.
    Credential,
    /// The owner of the credential is nobody on this site.
    Product,
    /// The credential is for other sites.
    Elsewhere,
    /// The credential may not do this.
    Scope,
}

impl Arrival {
    /// Lets in whoever has a credential for this door and this kind of page.
    pub(super) fn admit(&self, about: About) -> Result<Caller, Refused> {
        if self.door == Door::Site && self.site.has_lost_its_host() {
            return Err(Refused::Credential);
        }
        let value = authorization(&self.headers).ok_or(Refused::Credential)?;
        if let Some(token) = value.strip_prefix("JWT ") {
            return self.application(token);
        }
        let (account, scopes) = if let Some(owned) = basic(&self.state, value) {
            self.admit_owner(&owned)?;
            (Some(owned.account), owned.scopes)
        } else {
            let token = value.strip_prefix("Bearer ");
            let grant = token.and_then(|token| self.state.credentials.grant(token));
            let grant = grant.ok_or(Refused::Credential)?;
            self.admit_bearer(&grant)?;
            (grant.account, Some(grant.scopes))
        };
        let needed = match (self.door, about) {
            (Door::Site, _) => "READ",
            (Door::Api, About::Work | About::Site) => "read:jira-work",
            (Door::Api, About::People) => "read:jira-user",
        };
        match scopes {
            Some(scopes) if !scopes.iter().any(|scope| scope == needed) => Err(Refused::Scope),
            _ => Ok(Caller { account }),
        }
    }

    /// The app itself, which signs each request with the secret that it shares with the site.
    fn application(&self, token: &str) -> Result<Caller, Refused> {
        let accepted = self.door == Door::Site
            && app_jwt::is_good(&self.state, &self.site, &self.method, &self.target, token);
        if accepted {
            Ok(Caller { account: None })
        } else {
            Err(Refused::Credential)
        }
    }

    fn admit_owner(&self, token: &ApiToken) -> Result<(), Refused> {
        if self.door == Door::Site && token.scopes.is_some() {
            return Err(Refused::Credential);
        }
        match self.site.live().world.standing(&token.account) {
            Some(true) => Ok(()),
            Some(false) => Err(Refused::Credential),
            None => Err(Refused::Product),
        }
    }

    /// A Connect token was given to one client id, which is that of one site; a Forge token to one installation.
    fn admit_bearer(&self, grant: &Grant) -> Result<(), Refused> {
        if grant.expires <= self.state.clock.now() {
            return Err(Refused::Credential);
        }
        let live = self.site.live();
        match (self.door, &grant.opens) {
            (
                Door::Site,
                Opens::ConnectUser {
                    oauth_client_id, ..
                },
            ) => {
                is_good(live.installed && *oauth_client_id == live.oauth_client_id)?;
            }
            (
                Door::Api,
                Opens::ForgeApp { site, installation } | Opens::ForgeUser { site, installation },
            ) => {
                if *site != self.site.name {
                    return Err(Refused::Elsewhere);
                }
                is_good(live.on_forge && *installation == live.installation)?;
            }
            (Door::Api, Opens::OAuth { cloud_ids }) if !cloud_ids.contains(&self.site.cloud_id) => {
                return Err(Refused::Elsewhere);
            }
            (Door::Api, Opens::OAuth { .. }) => {}
            (Door::Site, _) | (Door::Api, Opens::ConnectUser { .. }) => {
                return Err(Refused::Credential);
            }
        }
        let account = grant.account.as_ref();
        is_good(account.is_none_or(|account| live.world.is_active(account)))
    }

    /// The refusal, as this door words it.
    pub(super) fn refusal(&self, refused: Refused) -> Response {
        match self.door {
            Door::Api => match refused {
                Refused::Credential => unauthorized("Unauthorized"),
                // 401 as well: https://jira.atlassian.com/browse/CLOUD-12617 and what clients report of it.
                Refused::Scope => unauthorized("Unauthorized; scope does not match"),
                Refused::Product => gateway_refusal(StatusCode::FORBIDDEN, "Forbidden"),
                Refused::Elsewhere => not_found(),
            },
            Door::Site => self.own_refusal(refused),
        }
    }

    fn own_refusal(&self, refused: Refused) -> Response {
        let (status, sentence) = match refused {
            Refused::Credential | Refused::Elsewhere => (
                StatusCode::UNAUTHORIZED,
                "Client must be authenticated to access this resource.",
            ),
            Refused::Scope => (
                StatusCode::FORBIDDEN,
                "The app's token does not have the scope READ.",
            ),
            Refused::Product => (
                StatusCode::FORBIDDEN,
                "The user has no access to Jira on this site.",
            ),
        };
        let mut answer = super::refusal(status, sentence);
        let tried = authorization(&self.headers).is_some_and(|value| value.starts_with("Basic "));
        if tried {
            let reason = HeaderValue::from_static("AUTHENTICATED_FAILED");
            answer.headers_mut().insert("x-seraph-loginreason", reason);
        }
        answer
    }
}

fn is_good(good: bool) -> Result<(), Refused> {
    if good {
        Ok(())
    } else {
        Err(Refused::Credential)
    }
}

/// The one `Authorization` header; two are none.
fn authorization(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// The token of the one `Authorization` header.
pub(in super::super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    authorization(headers)?.strip_prefix("Bearer ")
}

/// The API token of an `Authorization` header, if the e-mail address beside it is its owner's.
fn basic(state: &State, value: &str) -> Option<ApiToken> {
    let pair = STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let pair = String::from_utf8(pair).ok()?;
    let (email, token) = pair.split_once(':')?;
    let token = state.credentials.api_token(token)?;
    token.email.eq_ignore_ascii_case(email).then_some(token)
}

/// Whose credential a request has, of which kind and with which scopes, whether or not it is good: for the list of requests.
pub(in super::super) fn recognized(
    state: &State,
    headers: &HeaderMap,
) -> Option<(&'static str, Option<String>, Option<String>)> {
    let value = authorization(headers)?;
    if let Some(token) = basic(state, value) {
        let scopes = token.scopes.map(|scopes| scopes.join(" "));
        return Some(("api_token", Some(token.account), scopes));
    }
    let grant = state.credentials.grant(value.strip_prefix("Bearer ")?)?;
    Some((
        grant.opens.kind(),
        grant.account,
        Some(grant.scopes.join(" ")),
    ))
}

pub(in super::super) fn page(body: &Value) -> Response {
    super::page(StatusCode::OK, body)
}

/// An error of the gateway before the api host.
fn gateway_refusal(status: StatusCode, message: &str) -> Response {
    let body = json!({"code": status.as_u16(), "message": message});
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, body.to_string()).into_response()
}

pub(in super::super) fn unauthorized(message: &str) -> Response {
    gateway_refusal(StatusCode::UNAUTHORIZED, message)
}

pub(in super::super) fn not_found() -> Response {
    gateway_refusal(StatusCode::NOT_FOUND, "Not Found")
}
