//! What the stand-in gave out: access tokens of every kind and users' API tokens, with what each opens. For this folder. Nothing here
//! decides whether a request may pass: `jira::door` does.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::clock::{Chance, Timestamp};

use super::state::State;

const KEPT_MAX: usize = 100_000;

/// The scopes that what acts on Jira's platform API needs: issues, and people.
pub(super) const SCOPES: [&str; 2] = ["read:jira-work", "read:jira-user"];

/// What an access token opens. Sites are called by their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Opens {
    /// The site of this Connect client, as one of its users.
    ConnectUser {
        site: String,
        oauth_client_id: String,
    },
    /// The site of this Forge installation behind the api host, and the GraphQL gateway, as the app.
    ForgeApp { site: String, installation: String },
    /// The site of this Forge installation behind the api host, as one of its users.
    ForgeUser { site: String, installation: String },
    /// These sites behind the api host, as the user who consented.
    OAuth { cloud_ids: Vec<String> },
}

impl Opens {
    /// The word for it in lists of requests.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::ConnectUser { .. } => "connect_user_token",
            Self::ForgeApp { .. } => "forge_system_token",
            Self::ForgeUser { .. } => "forge_user_token",
            Self::OAuth { .. } => "oauth_token",
        }
    }

    /// The same in words.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::ConnectUser { .. } => "a user's token of Connect",
            Self::ForgeApp { .. } => "the app's token of Forge",
            Self::ForgeUser { .. } => "a user's token of Forge",
            Self::OAuth { .. } => "a token of a consent",
        }
    }
}

/// What an access token stands for.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) opens: Opens,
    /// Nobody where the app itself acts.
    pub(super) account: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) expires: Timestamp,
}

/// An API token of a user.
#[derive(Clone, Debug)]
pub(super) struct ApiToken {
    pub(super) account: String,
    pub(super) email: String,
    /// Nothing for a token without scopes, which may do whatever its owner may.
    pub(super) scopes: Option<Vec<String>>,
}

/// An API token without the sum at its end.
fn stem(token: &str) -> &str {
    token.split('=').next().unwrap_or_default()
}

/// Everything that was given out.
#[derive(Default)]
pub(super) struct Credentials(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    access: HashMap<String, Grant>,
    api: HashMap<String, ApiToken>,
    /// The stems of all API tokens ever, also of those that were taken back.
    stems: HashSet<String>,
    /// Tokens that are for the app alone, by what they are.
    homeless: HashMap<String, &'static str>,
}

impl Credentials {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an access token; ends make room where there is none.
    pub(super) fn keep(&self, token: &str, grant: Grant, now: Timestamp) {
        let access = &mut self.kept().access;
        if access.len() >= KEPT_MAX {
            access.retain(|_, grant| grant.expires > now);
        }
        if access.len() < KEPT_MAX {
            access.insert(token.to_owned(), grant);
        }
    }

    /// What an access token was given for, whether or not it is still good.
    pub(super) fn grant(&self, token: &str) -> Option<Grant> {
        self.kept().access.get(token).cloned()
    }

    /// Ends an access token at `now`, if it is one.
    pub(super) fn end(&self, token: &str, now: Timestamp) {
        if let Some(grant) = self.kept().access.get_mut(token) {
            grant.expires = now;
        }
    }

    /// The API token, whoever names it.
    pub(super) fn api_token(&self, token: &str) -> Option<ApiToken> {
        self.kept().api.get(token).cloned()
    }

    /// Takes an API token back.
    pub(super) fn revoke_api_token(&self, token: &str) {
        self.kept().api.remove(token);
    }

    /// Whether this is an API token that was given out, with or without the sum at its end.
    pub(super) fn was_api_token(&self, text: &str) -> bool {
        self.kept().stems.contains(stem(text))
    }

    /// Remembers a token that is for the app alone.
    pub(super) fn keep_homeless(&self, token: &str, what: &'static str) {
        let homeless = &mut self.kept().homeless;
        if homeless.len() < KEPT_MAX {
            homeless.insert(token.to_owned(), what);
        }
    }

    /// What a token that is for the app alone is.
    pub(super) fn homeless(&self, token: &str) -> Option<&'static str> {
        self.kept().homeless.get(token).copied()
    }

    pub(super) fn add_api_token(&self, text: &str, token: ApiToken) {
        let mut kept = self.kept();
        kept.stems.insert(stem(text).to_owned());
        kept.api.insert(text.to_owned(), token);
    }
}

/// A token as Atlassian's look: three parts, the middle one readable, the last one nothing that this stand-in could verify. It names a
/// subject that is nobody, for those who read identities where they must not.
pub(super) fn opaque_jwt(chance: &Chance, now: Timestamp, life_s: u64) -> String {
    let header = json!({"kid": "auth.atlassian.com-ACCESS-01", "alg": "RS256"});
    let iat = now.seconds();
    let claims = json!({
        "jti": chance.uuid(now).to_string(), "sub": "557058:00000000-0000-0000-0000-000000000000",
        "iss": "https://auth.atlassian.com", "aud": "gatepost", "iat": iat, "nbf": iat,
        "exp": now.plus(Duration::from_secs(life_s)).seconds(),
    });
    let parts = [header.to_string(), claims.to_string()];
    let [header, claims] = parts.map(|part| URL_SAFE_NO_PAD.encode(part));
    let noise = URL_SAFE_NO_PAD.encode(chance.bytes::<96>());
    format!("{header}.{claims}.{noise}")
}

impl State {
    /// Gives out an access token in the form of a JWT.
    pub(super) fn give(
        &self,
        opens: Opens,
        account: Option<&str>,
        scopes: &[&str],
        life_s: u64,
    ) -> String {
        let token = opaque_jwt(&self.chance, self.clock.now(), life_s);
        self.keep(&token, opens, account, scopes, life_s);
        token
    }

    pub(super) fn keep(
        &self,
        token: &str,
        opens: Opens,
        account: Option<&str>,
        scopes: &[&str],
        life_s: u64,
    ) {
        let now = self.clock.now();
        let grant = Grant {
            opens,
            account: account.map(str::to_owned),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            expires: now.plus(Duration::from_secs(life_s)),
        };
        self.credentials.keep(token, grant, now);
    }
}
