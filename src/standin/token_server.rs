//! The authorization server: a JWT-bearer assertion in, a user's access token out (RFC 7523, 2.1). For this folder only.
//! It answers 400 to whatever Atlassian might refuse: a client that passes here has nothing left to be lenient about.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as Held;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::secret::hex;

use super::assertion::{self, Accepted};
use super::credentials::{Grant, Opens};
use super::form;
use super::state::State;

/// The life of a user token, in seconds.
const TOKEN_LIFE_S: u32 = 900;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// What the app may do on a site, in words of the descriptor.
const SCOPES: &[&str] = &["READ", "WRITE", "DELETE", "PROJECT_ADMIN", "ADMIN"];

/// Why no token is given: the code of RFC 6749, 5.2, and a sentence.
pub(super) struct Refusal(pub(super) &'static str, pub(super) String);

/// Whose token was given, for the list of requests.
#[derive(Clone)]
pub(super) struct Given {
    pub(super) account: Option<String>,
    pub(super) scope: String,
}

pub(super) async fn token(
    Held(state): Held<Arc<State>>,
    headers: HeaderMap,
    body: String,
) -> Response {
    match grant(&state, &headers, &body) {
        Ok(grant) => given(&state, grant),
        Err(Refusal(error, description)) => {
            let body = json!({"error": error, "error_description": description});
            (StatusCode::BAD_REQUEST, no_store(), body.to_string()).into_response()
        }
    }
}

fn no_store() -> [(header::HeaderName, &'static str); 2] {
    [
        (header::CONTENT_TYPE, "application/json;charset=UTF-8"),
        (header::CACHE_CONTROL, "no-store"),
    ]
}

fn given(state: &State, grant: Grant) -> Response {
    let given = Given {
        account: grant.account.clone(),
        scope: grant.scopes.join(" "),
    };
    let token = hex(&state.chance.bytes::<32>());
    state.credentials.keep(&token, grant, state.clock.now());
    let body: Value = json!({
        "access_token": token, "expires_in": TOKEN_LIFE_S, "token_type": "Bearer",
    });
    let mut answer = (no_store(), body.to_string()).into_response();
    answer.extensions_mut().insert(given);
    answer
}

fn grant(state: &State, headers: &HeaderMap, body: &str) -> Result<Grant, Refusal> {
    let invalid = |sentence: &str| Refusal("invalid_request", sentence.to_owned());
    if !is_form(headers) {
        return Err(invalid(
            "the content type is not `application/x-www-form-urlencoded`",
        ));
    }
    if headers.contains_key(header::AUTHORIZATION) {
        return Err(invalid("the assertion is the only credential"));
    }
    let form = form::pairs(body).map_err(|error| invalid(&error.to_string()))?;
    let names = ["grant_type", "assertion", "scope"];
    if let Some((name, _)) = form
        .iter()
        .find(|(name, _)| !names.contains(&name.as_str()))
    {
        return Err(invalid(&format!("`{name}` is no parameter of this grant")));
    }
    match form::only(&form, "grant_type") {
        Some(GRANT_TYPE) => {}
        Some(other) => return Err(Refusal("unsupported_grant_type", format!("`{other}`"))),
        None => return Err(invalid("`grant_type` is not there exactly once")),
    }
    let assertion = form::only(&form, "assertion")
        .ok_or_else(|| invalid("`assertion` is not there exactly once"))?;
    let scopes = scopes(&form)?;
    let Accepted {
        site,
        oauth_client_id,
        account,
    } = assertion::check(state, assertion)
        .map_err(|error| Refusal(error.code(), error.to_string()))?;
    let life = Duration::from_secs(TOKEN_LIFE_S.into());
    Ok(Grant {
        opens: Opens::ConnectUser {
            site,
            oauth_client_id,
        },
        account: Some(account),
        scopes,
        expires: state.clock.now().plus(life),
    })
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind
        .and_then(|kind| kind.split(';').next())
        .unwrap_or_default();
    kind.trim()
        .eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Upper-case words, one space between them; all scopes of the app when the parameter is left out.
fn scopes(form: &[(String, String)]) -> Result<Vec<String>, Refusal> {
    let invalid = |text: &str| Refusal("invalid_scope", format!("`{text}`"));
    let asked = form.iter().filter(|(name, _)| name == "scope").count();
    let words: Vec<&str> = match (asked, form::only(form, "scope")) {
        (0, _) => SCOPES.to_vec(),
        (_, Some(text)) => text.split(' ').collect(),
        (_, None) => return Err(invalid("scope given twice")),
    };
    if let Some(unknown) = words.iter().find(|word| !SCOPES.contains(word)) {
        return Err(invalid(unknown));
    }
    Ok(words.into_iter().map(str::to_owned).collect())
}
