//! The assertion by which the app asks for a user's token: checked as strictly as Atlassian may. For `token_server` only.
//! Its own reading of the rules; the gateway's code that makes assertions is not to be used here.

use serde::Deserialize;

use super::jwt;
use super::state::State;

const CLIENT: &str = "urn:atlassian:connect:clientid:";
const USER: &str = "urn:atlassian:connect:useraccountid:";
const LIFETIME_S_MAX: i64 = 120;
/// How far the app's clock may run ahead.
const SKEW_S: i64 = 30;

/// What an assertion proves.
pub(super) struct Accepted {
    /// The site's name.
    pub(super) site: String,
    pub(super) oauth_client_id: String,
    pub(super) account: String,
}

/// Why an assertion is refused. The stand-in is a teacher: it says more than Atlassian does.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum AssertionError {
    #[error(
        "the assertion is no JWT with alg and typ alone in its header and iss, sub, tnt, aud, iat, exp of the right types"
    )]
    Malformed,
    #[error("alg is `{0}`, not `HS256`")]
    Algorithm(String),
    #[error("typ is `{0}`, not `JWT`")]
    Type(String),
    #[error("iss is `{0}`, no client of this server")]
    Client(String),
    #[error("iss is a client id that an import of the site has replaced")]
    StaleClient,
    #[error("the app is not installed on this site")]
    NotInstalled,
    #[error("the signature is not by the current shared secret")]
    Signature,
    #[error("tnt is `{0}`, not the site's base URL")]
    Tenant(String),
    #[error("aud is `{0}`, not this server's base URL")]
    Audience(String),
    #[error("the assertion lives longer than 120 s, or not at all")]
    Lifetime,
    #[error("iat is in the future")]
    Early,
    #[error("the assertion has expired")]
    Expired,
    #[error("sub is `{0}`, no active user of this site")]
    User(String),
}

impl AssertionError {
    /// The error code of RFC 6749, 5.2.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Client(_) | Self::StaleClient | Self::NotInstalled => "unauthorized_client",
            _ => "invalid_grant",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    tnt: String,
    aud: String,
    iat: i64,
    exp: i64,
}

pub(super) fn check(state: &State, assertion: &str) -> Result<Accepted, AssertionError> {
    let (header, claims): (Header, Claims) =
        jwt::parts(assertion).ok_or(AssertionError::Malformed)?;
    if header.alg != "HS256" {
        return Err(AssertionError::Algorithm(header.alg));
    }
    if let Some(typ) = header.typ.filter(|typ| typ != "JWT") {
        return Err(AssertionError::Type(typ));
    }
    let accepted = check_issuer(state, assertion, &claims)?;
    if claims.aud != state.own_url() {
        return Err(AssertionError::Audience(claims.aud));
    }
    check_time(state.clock.now().seconds(), &claims)?;
    Ok(accepted)
}

/// The site by its client id, then all that is checked against that site alone.
fn check_issuer(
    state: &State,
    assertion: &str,
    claims: &Claims,
) -> Result<Accepted, AssertionError> {
    let unknown = || AssertionError::Client(claims.iss.clone());
    let client = claims.iss.strip_prefix(CLIENT).ok_or_else(unknown)?;
    for site in &state.sites {
        let live = site.live();
        if live
            .former_oauth_client_ids
            .iter()
            .any(|former| former == client)
        {
            return Err(AssertionError::StaleClient);
        }
        if live.oauth_client_id != client {
            continue;
        }
        if !live.installed {
            return Err(AssertionError::NotInstalled);
        }
        if !jwt::is_signed(assertion, live.secret.expose()) {
            return Err(AssertionError::Signature);
        }
        if claims.tnt != site.base_url {
            return Err(AssertionError::Tenant(claims.tnt.clone()));
        }
        let account = claims.sub.strip_prefix(USER);
        let account = account.filter(|account| live.world.is_active(account));
        return Ok(Accepted {
            site: site.name.clone(),
            oauth_client_id: client.to_owned(),
            account: account
                .ok_or_else(|| AssertionError::User(claims.sub.clone()))?
                .to_owned(),
        });
    }
    Err(unknown())
}

fn check_time(now_s: i64, claims: &Claims) -> Result<(), AssertionError> {
    let lifetime = claims.exp.checked_sub(claims.iat);
    if !lifetime.is_some_and(|lifetime| (1..=LIFETIME_S_MAX).contains(&lifetime)) {
        return Err(AssertionError::Lifetime);
    }
    if claims.iat > now_s + SKEW_S {
        return Err(AssertionError::Early);
    }
    if claims.exp <= now_s {
        return Err(AssertionError::Expired);
    }
    Ok(())
}
