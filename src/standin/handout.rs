//! Credentials for people at a terminal: `/_standin/…` gives each kind as text that `curl` takes. For `controls` only; at the
//! listener's own address, which is loopback: whoever reaches it is anybody.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery, State as Held};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde_json::Value;

use super::controls::wrong;
use super::credentials::SCOPES;
use super::forge;
use super::form;
use super::own::AccessForm;
use super::people;
use super::provider;
use super::state::{Premises, State};

pub(super) fn router() -> Router<Arc<State>> {
    Router::new()
        .route("/_standin/", get(overview))
        .route("/_standin/api-token", get(api_token))
        .route("/_standin/oauth-token", get(oauth_token))
        .route("/_standin/id-token", get(id_token))
        .route("/_standin/rotate", post(rotate))
        .route("/_standin/sites/{site}/forge-headers", get(forge_headers))
        .route(
            "/_standin/sites/{site}/invocation-token",
            get(invocation_token),
        )
        .route(
            "/_standin/sites/{site}/service-account",
            get(service_account),
        )
}

/// Why nothing is given out.
#[derive(Debug, thiserror::Error)]
enum HandoutError {
    #[error("no such site; see /_standin/sites")]
    Site,
    #[error("say whose: ?account=ann")]
    Nobody,
    #[error("nobody of this site; see /_standin/sites")]
    Stranger,
    #[error("nobody goes by `{0}`: say a nickname of /_standin/sites, or an account id")]
    Unknown(String),
    #[error("say what to rotate: ?of=forge|oidc|oidc-other[&retire]")]
    Ring,
    #[error("the query is not percent-encoded UTF-8")]
    Query,
}

impl HandoutError {
    fn into_answer(self) -> Response {
        let status = match self {
            Self::Site | Self::Stranger | Self::Unknown(_) => StatusCode::NOT_FOUND,
            Self::Nobody | Self::Ring | Self::Query => StatusCode::BAD_REQUEST,
        };
        wrong(status, &self.to_string())
    }
}

/// The parameters of a request.
struct Asked(Vec<(String, String)>);

impl Asked {
    fn parse(query: Option<String>) -> Result<Self, HandoutError> {
        let pairs = form::pairs(&query.unwrap_or_default());
        pairs.map(Self).map_err(|_| HandoutError::Query)
    }

    fn value(&self, name: &str) -> Option<&str> {
        form::only(&self.0, name)
    }

    fn account(&self) -> Result<String, HandoutError> {
        known(self.value("account").ok_or(HandoutError::Nobody)?)
    }

    /// The account, if one is asked for: an active user of the site.
    fn user_of(&self, place: &Premises) -> Result<Option<String>, HandoutError> {
        let account = self.value("account").map(people::account);
        match account {
            Some(stranger) if !place.live().world.is_active(&stranger) => {
                Err(HandoutError::Stranger)
            }
            account => Ok(account),
        }
    }
}

fn known(name: &str) -> Result<String, HandoutError> {
    people::known(name).ok_or_else(|| HandoutError::Unknown(name.to_owned()))
}

fn site<'a>(state: &'a State, name: &str) -> Result<&'a Arc<Premises>, HandoutError> {
    state.site(name).ok_or(HandoutError::Site)
}

fn told(text: Result<String, HandoutError>) -> Response {
    match text {
        Ok(text) => text.into_response(),
        Err(error) => error.into_answer(),
    }
}

async fn api_token(Held(state): Held<Arc<State>>, RawQuery(query): RawQuery) -> Response {
    let given = || {
        let asked = Asked::parse(query)?;
        let scopes = asked.value("scoped").map(|_| &SCOPES[..]);
        Ok(state.api_token(&asked.account()?, scopes).pair())
    };
    told(given())
}

async fn oauth_token(Held(state): Held<Arc<State>>, RawQuery(query): RawQuery) -> Response {
    let given = || {
        let asked = Asked::parse(query)?;
        let named = asked.0.iter().filter(|(name, _)| name == "site");
        let sites = named.map(|(_, name)| site(&state, name).cloned());
        let sites = sites.collect::<Result<Vec<_>, _>>()?;
        let account = asked.account()?;
        Ok(state.access_token(&account, &sites, &SCOPES, AccessForm::Jwt))
    };
    told(given())
}

/// A token with every parameter as a claim, but for `provider` and `alg`. The claim `account` says an account id, also where it was
/// asked for by a nickname: what the gateway compares must be what a real provider would say.
async fn id_token(Held(state): Held<Arc<State>>, RawQuery(query): RawQuery) -> Response {
    let given = || {
        let asked = Asked::parse(query)?;
        let number = usize::from(asked.value("provider") == Some("other"));
        let key = match asked.value("alg") {
            Some("ES256") => state.providers[number].ec_key(),
            _ => state.providers[number].rsa_key(),
        };
        let claims = asked
            .0
            .iter()
            .filter(|(name, _)| name != "provider" && name != "alg");
        let claims = claims.map(|(name, value)| {
            let value = match name.as_str() {
                "account" => known(value)?,
                _ => value.clone(),
            };
            Ok((name.clone(), Value::from(value)))
        });
        let claims = Value::Object(claims.collect::<Result<_, HandoutError>>()?);
        Ok(provider::token(&state, number, key, &claims, |_| {}))
    };
    told(given())
}

async fn invocation_token(
    Held(state): Held<Arc<State>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let given = || {
        let place = site(&state, &name)?;
        let account = Asked::parse(query)?.user_of(place)?;
        Ok(forge::invocation_token(
            &state,
            place,
            account.as_deref(),
            |_| {},
        ))
    };
    told(given())
}

/// All headers of an invocation, a line each: `curl -H @file`.
async fn forge_headers(
    Held(state): Held<Arc<State>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let given = || {
        let place = site(&state, &name)?;
        let account = Asked::parse(query)?.user_of(place)?;
        let headers = forge::headers(&state, place, account.as_deref()).into_iter();
        let lines = headers.map(|(name, value)| format!("{name}: {value}\n"));
        Ok(lines.collect())
    };
    told(given())
}

async fn service_account(
    Held(state): Held<Arc<State>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let given = || {
        let place = site(&state, &name)?;
        let asked = Asked::parse(query)?;
        let robot = asked.value("name").unwrap_or("robot");
        Ok(state.service_account(place, robot).pair())
    };
    told(given())
}

async fn rotate(Held(state): Held<Arc<State>>, RawQuery(query): RawQuery) -> Response {
    let turned = || {
        let asked = Asked::parse(query)?;
        let retires = asked.value("retire").is_some();
        let number = match asked.value("of") {
            Some("forge") => {
                state.forge.turn(retires);
                return Ok(());
            }
            Some("oidc") => 0,
            Some("oidc-other") => 1,
            _ => return Err(HandoutError::Ring),
        };
        state.providers[number].turn(retires);
        Ok(())
    };
    match turned() {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => error.into_answer(),
    }
}

async fn overview(Held(state): Held<Arc<State>>) -> Response {
    guide(&state).into_response()
}

/// How to get each kind of credential: each line is one that works, with sites and people that are there.
pub(super) fn guide(state: &State) -> String {
    let own = state.own_url();
    let first = |forge_only| {
        let mut places = state.sites.iter();
        let place = places.find(|place| place.forge_only == forge_only);
        place.or_else(|| state.sites.first())
    };
    let named = |forge_only| first(forge_only).map_or("acme", |place| place.name.as_str());
    // A gateway knows the app on Forge where it is there through Forge alone.
    let (site, forge) = (named(false), named(true));
    let (who, forge_who) = (people::of_site(site)[0], people::of_site(forge)[0]);
    format!(
        "Sites, people, issues:       curl -s {own}/_standin/sites
What was asked so far:       curl -s {own}/_standin/requests
Credentials that strayed:    curl -s {own}/_standin/strays
A fault, and none:           curl -s -X POST '{own}/_standin/faults?role=jira&fault=status&value=503&times=1'
                             curl -s -X DELETE {own}/_standin/faults

A user's token, as the app's page gets it:
  curl -s '{own}/_standin/sites/{site}/context-token?account={who}'
An invocation by Forge, from a page that a user looks at; without an account, from a schedule:
  curl -s '{own}/_standin/sites/{forge}/invocation-token?account={forge_who}'
  curl -s '{own}/_standin/sites/{forge}/forge-headers?account={forge_who}' > forge.headers     # curl -H @forge.headers …
A user's API token, without scopes and with them, and that of a service account, for curl -u:
  curl -s '{own}/_standin/api-token?account={who}'
  curl -s '{own}/_standin/api-token?account={who}&scoped'
  curl -s '{own}/_standin/sites/{site}/service-account?name=robot'
A user's token of a consent (OAuth 2.0, 3LO) for these sites:
  curl -s '{own}/_standin/oauth-token?account={who}&site={site}'
A token of an OpenID provider ({own}/oidc or, with provider=other, {own}/oidc-other) with these claims:
  curl -s '{own}/_standin/id-token?aud=gatepost&org={site}&account={who}&alg=ES256'
New keys, the old ones retired:
  curl -s -X POST '{own}/_standin/rotate?of=forge&retire'
"
    )
}
