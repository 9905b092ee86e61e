//! Forge Remote: invocation tokens as Atlassian signs them, the tokens that travel beside them, and the key set that verifies the
//! former. For tests, the demo and commands, who send them; nothing is sent from here.

use std::sync::Arc;

use axum::extract::State as Held;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::secret::hex;

use super::Standin;
use super::credentials::{Opens, SCOPES};
use super::jwt::TokenDraft;
use super::keys::{Key, Ring};
use super::people;
use super::site::Site;
use super::state::{Premises, State, identifier};
use super::strays;

/// The life of an invocation token, in seconds.
const INVOCATION_LIFE_S: i64 = 25;
/// Four hours: a scheduled trigger is promised two.
const SYSTEM_LIFE_S: u64 = 4 * 3_600;
const USER_LIFE_S: u64 = 3_600;

/// A JSON Web Key set of these keys (RFC 7517, 5).
pub(super) fn key_set(keys: &[Key]) -> Value {
    json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()})
}

pub(super) async fn jwks(Held(state): Held<Arc<State>>) -> Response {
    answer(&key_set(&state.forge.published()))
}

pub(super) fn answer(value: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, value.to_string()).into_response()
}

impl Premises {
    /// The name of the app's Forge installation.
    pub(super) fn installation_ari(&self) -> String {
        let installation = &self.live().installation;
        format!("ari:cloud:ecosystem::installation/{installation}")
    }

    /// What invocation tokens call the base of this site's API, wherever a test's api host is.
    fn api_base_url(&self) -> String {
        format!("https://api.atlassian.com/ex/jira/{}", self.cloud_id)
    }
}

/// The claims of an invocation: from a module of the user interface if somebody looks at it, otherwise from an event or a schedule.
fn claims(state: &State, place: &Premises, account: Option<&str>) -> Value {
    let (iat, app) = (state.clock.now().seconds(), &state.forge_app_id);
    let (installation, base) = (place.installation_ari(), place.api_base_url());
    let module = match account {
        Some(_) => json!({"type": "jira:globalPage", "key": "gatepost-page"}),
        None => json!({"type": "core:endpoint", "key": "gatepost-trigger"}),
    };
    let environment = identifier(app, "environment", 0);
    let mut claims = json!({
        "app": {
            "id": app, "appVersion": "2.3.0", "installationId": installation, "apiBaseUrl": base,
            "environment": {"type": "PRODUCTION", "id": format!("ari:cloud:ecosystem::environment/{environment}")},
            "module": module,
            "installation": {"id": installation, "contexts": [{"name": place.host, "apiBaseUrl": base}]},
        },
        "aud": app, "iss": "forge/invocation-token", "iat": iat, "nbf": iat, "exp": iat + INVOCATION_LIFE_S,
        "jti": hex(&state.chance.bytes::<20>()),
    });
    if let Some(account) = account {
        claims["principal"] = account.into();
        claims["context"] = json!({
            "cloudId": place.cloud_id, "siteUrl": place.base_url, "moduleKey": "gatepost-page",
            "localId": identifier(&place.host, "local id", 0), "extension": {"type": "jira:globalPage"},
        });
    }
    claims
}

/// An invocation token, changed before it is signed.
pub(super) fn invocation_token(
    state: &State,
    place: &Premises,
    account: Option<&str>,
    change: impl FnOnce(&mut TokenDraft),
) -> String {
    let claims = claims(state, place, account);
    let token = TokenDraft::new(state.forge.current(), claims).sign(change);
    state.credentials.keep_homeless(&token, strays::INVOCATION);
    token
}

/// The app's own token on a site.
pub(super) fn system_token(state: &State, place: &Premises) -> String {
    let opens = Opens::ForgeApp {
        site: place.name.clone(),
        installation: place.live().installation.clone(),
    };
    state.give(opens, None, &SCOPES, SYSTEM_LIFE_S)
}

/// A user's token on a site, and its life in seconds.
pub(super) fn user_token(state: &State, place: &Premises, account: &str) -> (String, u64) {
    let opens = Opens::ForgeUser {
        site: place.name.clone(),
        installation: place.live().installation.clone(),
    };
    let token = state.give(opens, Some(account), &SCOPES, USER_LIFE_S);
    (token, USER_LIFE_S)
}

/// The headers of an invocation.
pub(super) fn headers(
    state: &State,
    place: &Premises,
    account: Option<&str>,
) -> Vec<(String, String)> {
    let trace = hex(&state.chance.bytes::<16>());
    let invocation = invocation_token(state, place, account, |_| {});
    let mut headers = vec![
        ("authorization", format!("Bearer {invocation}")),
        ("x-b3-traceid", trace[..16].to_owned()),
        ("x-b3-spanid", trace[16..].to_owned()),
        ("x-forge-oauth-system", system_token(state, place)),
    ];
    let user = account.map(|account| user_token(state, place, account).0);
    headers.extend(user.map(|token| ("x-forge-oauth-user", token)));
    let headers = headers.into_iter();
    headers
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

impl Standin {
    /// The base URL of the api host: `{this}/ex/jira/{cloud id}/rest/…`, `{this}/oauth/token/accessible-resources`, `{this}/graphql`.
    #[must_use]
    pub fn api_base(&self) -> String {
        self.state().own_url()
    }

    /// The key set that verifies invocation tokens.
    #[must_use]
    pub fn forge_jwks(&self) -> String {
        format!("{}/forge/jwks.json", self.state().own_url())
    }

    /// The key of the app that Connect installs.
    #[must_use]
    pub fn app_key(&self) -> &str {
        &self.state().app_key
    }

    /// The app on Forge: `ari:cloud:ecosystem::app/…`.
    #[must_use]
    pub fn forge_app_id(&self) -> &str {
        &self.state().forge_app_id
    }

    fn forge(&self) -> &Ring {
        &self.state().forge
    }

    /// The key that signs invocation tokens now.
    #[must_use]
    pub fn forge_key(&self) -> Key {
        self.forge().current()
    }

    /// Forge signs with another key from now on; the old one stays published.
    pub fn rotate_forge_key(&self) {
        self.forge().rotate();
    }

    /// Only the key that signs now stays published.
    pub fn retire_forge_keys(&self) {
        self.forge().retire();
    }
}

impl Site {
    /// The app's Forge installation here: `ari:cloud:ecosystem::installation/…`.
    #[must_use]
    pub fn installation_id(&self) -> String {
        self.place.installation_ari()
    }

    /// A fresh invocation token: of a page that the account looks at, or of a schedule.
    #[must_use]
    pub fn invocation_token(&self, account: Option<&str>) -> String {
        self.invocation_token_with(account, |_| {})
    }

    /// An invocation token, changed before it is signed.
    #[must_use]
    pub fn invocation_token_with(
        &self,
        account: Option<&str>,
        change: impl FnOnce(&mut TokenDraft),
    ) -> String {
        let account = account.map(people::account);
        invocation_token(self.state(), &self.place, account.as_deref(), change)
    }

    /// An invocation token of another app, signed with the same keys: theirs in audience and id, and ours in all else.
    #[must_use]
    pub fn foreign_invocation_token(&self, account: Option<&str>) -> String {
        let app = "ari:cloud:ecosystem::app/0d6ed3ee-5ee9-4f9c-9b25-7a4c3f3a7f10";
        self.invocation_token_with(account, |draft| {
            draft.merge(&json!({"aud": app, "app": {"id": app}}));
        })
    }

    /// The app's own token here, good for four hours: behind the api host and for the GraphQL gateway.
    #[must_use]
    pub fn system_token(&self) -> String {
        system_token(self.state(), &self.place)
    }

    /// A user's token here, as it comes with an invocation: good for an hour, behind the api host.
    #[must_use]
    pub fn user_token(&self, account: &str) -> String {
        user_token(self.state(), &self.place, &people::account(account)).0
    }

    /// The headers of an invocation: the invocation token, both trace ids, the system token, and the user's if there is a user.
    #[must_use]
    pub fn forge_headers(&self, account: Option<&str>) -> Vec<(String, String)> {
        let account = account.map(people::account);
        headers(self.state(), &self.place, account.as_deref())
    }

    /// Takes the app off Forge here: its tokens are worth nothing. Nobody is told, as with Atlassian.
    pub fn uninstall_from_forge(&self) {
        self.place.live().on_forge = false;
    }

    /// Installs the app anew on Forge: another installation id, and what was given to the former is worth nothing.
    pub fn install_on_forge_anew(&self) {
        self.place.install_on_forge_anew();
    }

    /// Forbids the app to act as an account that is not there, or allows it again.
    pub fn set_out_of_reach(&self, account: &str, out_of_reach: bool) {
        let (mut live, account) = (self.place.live(), people::account(account));
        if out_of_reach {
            live.out_of_reach.insert(account);
        } else {
            live.out_of_reach.remove(&account);
        }
    }
}
