//! The app's own JWT, by which it asks a site something as itself: HS256 by the shared secret, for one request. For this folder only;
//! checked as strictly as Atlassian may, by a reading of its own.

use axum::http::Method;
use serde::Deserialize;

use super::jwt;
use super::qsh;
use super::state::{Premises, State};

const LIFETIME_S_MAX: i64 = 180;
/// How far the app's clock may run ahead.
const SKEW_S: i64 = 30;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: Option<String>,
}

// No `sub`: a JWT of the app that names a user would be a wish to act as somebody.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: Vec<String>,
    iat: i64,
    exp: i64,
    qsh: String,
}

/// Whether `token` is the app's, for this very request to this site, now.
pub(super) fn is_good(
    state: &State,
    place: &Premises,
    method: &Method,
    target: &str,
    token: &str,
) -> bool {
    let Some((header, claims)) = jwt::parts::<Header, Claims>(token) else {
        return false;
    };
    let live = place.live();
    let now = state.clock.now().seconds();
    let lifetime = claims.exp.checked_sub(claims.iat);
    header.alg == "HS256"
        && header.typ.is_none_or(|typ| typ == "JWT")
        && live.installed
        && claims.iss == state.app_key
        && claims.aud == [live.client_key.as_str()]
        && lifetime.is_some_and(|seconds| (1..=LIFETIME_S_MAX).contains(&seconds))
        && claims.iat <= now + SKEW_S
        && claims.exp > now
        && qsh::hash(method.as_str(), target).is_ok_and(|expected| expected == claims.qsh)
        && jwt::is_signed(token, live.secret.expose())
}
