//! What the stand-in gave out: access tokens of every kind and users' API tokens, with what each opens. For this folder; the
//! handles of tests give them out. Nothing here decides whether a request may pass: `jira::door` does.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::clock::{Chance, Timestamp};
use crate::secret::{hex, sha256};

use super::people;
use super::site::Site;
use super::state::{State, identifier};
use super::{Standin, jira};

const KEPT_MAX: usize = 100_000;
/// The life of an access token of OAuth 2.0 (3LO), in seconds.
const OAUTH_LIFE_S: u64 = 3_600;

/// The scopes that what acts on Jira's platform API needs: issues, and people.
pub(super) const SCOPES: [&str; 2] = ["read:jira-work", "read:jira-user"];

/// What an access token opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Opens {
    /// The site of this Connect client, as one of its users.
    ConnectUser { oauth_client_id: String },
    /// The site of this Forge installation behind the api host, and the GraphQL gateway, as the app.
    ForgeApp { installation: String },
    /// The site of this Forge installation behind the api host, as one of its users.
    ForgeUser { installation: String },
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

/// A user's own credential for HTTP Basic: an e-mail address and an API token.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiCredential {
    /// The owner's account id.
    pub account: String,
    /// The owner's e-mail address.
    pub email: String,
    /// The token.
    pub token: String,
}

impl ApiCredential {
    /// The `Authorization` header.
    #[must_use]
    pub fn authorization(&self) -> String {
        let pair = format!("{}:{}", self.email, self.token);
        format!("Basic {}", STANDARD.encode(pair))
    }
}

impl std::fmt::Debug for ApiCredential {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ApiCredential({})", self.email)
    }
}

/// Everything that was given out.
#[derive(Default)]
pub(super) struct Credentials(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    access: HashMap<String, Grant>,
    api: HashMap<String, ApiToken>,
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
    fn end(&self, token: &str, now: Timestamp) {
        if let Some(grant) = self.kept().access.get_mut(token) {
            grant.expires = now;
        }
    }

    /// The API token, whoever names it.
    pub(super) fn api_token(&self, token: &str) -> Option<ApiToken> {
        self.kept().api.get(token).cloned()
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

    fn keep(&self, token: &str, opens: Opens, account: Option<&str>, scopes: &[&str], life_s: u64) {
        let now = self.clock.now();
        let grant = Grant {
            opens,
            account: account.map(str::to_owned),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            expires: now.plus(Duration::from_secs(life_s)),
        };
        self.credentials.keep(token, grant, now);
    }

    fn api_token(&self, prefix: &str, token: ApiToken) -> ApiCredential {
        let body = hex(&self.chance.bytes::<64>());
        // The sum at the end is of Atlassian's form; nobody checks it.
        let sum = hex(&sha256(body.as_bytes())[..4]).to_ascii_uppercase();
        let text = format!("{prefix}3xFfGF0{body}={sum}");
        let credential = ApiCredential {
            account: token.account.clone(),
            email: token.email.clone(),
            token: text.clone(),
        };
        self.credentials.kept().api.insert(text, token);
        credential
    }
}

impl Standin {
    /// An access token of OAuth 2.0 (3LO), good for an hour on the api host of these sites, for reading issues and people. It has the
    /// form of a JWT, as Atlassian's have today.
    #[must_use]
    pub fn oauth_token(&self, account: &str, sites: &[&str]) -> String {
        self.oauth_token_with_scopes(account, sites, &SCOPES)
    }

    /// As [`Standin::oauth_token`], with these scopes.
    #[must_use]
    pub fn oauth_token_with_scopes(
        &self,
        account: &str,
        sites: &[&str],
        scopes: &[&str],
    ) -> String {
        let (opens, account) = (self.consent(sites), people::account(account));
        self.state()
            .give(opens, Some(&account), scopes, OAUTH_LIFE_S)
    }

    /// As [`Standin::oauth_token`], in a form that tells nothing.
    #[must_use]
    pub fn opaque_oauth_token(&self, account: &str, sites: &[&str]) -> String {
        let (state, account) = (self.state(), people::account(account));
        let token = hex(&state.chance.bytes::<32>());
        state.keep(
            &token,
            self.consent(sites),
            Some(&account),
            &SCOPES,
            OAUTH_LIFE_S,
        );
        token
    }

    fn consent(&self, sites: &[&str]) -> Opens {
        let cloud_ids = sites
            .iter()
            .map(|name| self.site(name).cloud_id().to_owned());
        Opens::OAuth {
            cloud_ids: cloud_ids.collect(),
        }
    }

    /// Ends an access token of any kind now.
    pub fn expire_token(&self, token: &str) {
        let state = self.state();
        state.credentials.end(token, state.clock.now());
    }

    /// Takes an API token back.
    pub fn revoke_api_token(&self, credential: &ApiCredential) {
        let credentials = &self.state().credentials;
        credentials.kept().api.remove(&credential.token);
    }

    /// A user's API token without scopes: good on every site that the owner is an active user of, and on its api host.
    #[must_use]
    pub fn api_token(&self, account: &str) -> ApiCredential {
        self.user_token(account, None)
    }

    /// A user's API token with the scopes for reading issues and people: good on the api host alone, a site's own host answers 401.
    #[must_use]
    pub fn scoped_api_token(&self, account: &str) -> ApiCredential {
        self.api_token_with_scopes(account, &SCOPES)
    }

    /// As [`Standin::scoped_api_token`], with these scopes.
    #[must_use]
    pub fn api_token_with_scopes(&self, account: &str, scopes: &[&str]) -> ApiCredential {
        self.user_token(account, Some(scopes))
    }

    fn user_token(&self, account: &str, scopes: Option<&[&str]>) -> ApiCredential {
        let account = people::account(account);
        let email = people::email(&account);
        self.state().api_token(
            "ATATT",
            ApiToken {
                account,
                email,
                scopes: scopes.map(owned),
            },
        )
    }
}

fn owned(scopes: &[&str]) -> Vec<String> {
    scopes.iter().map(|scope| (*scope).to_owned()).collect()
}

impl Site {
    /// [`Standin::api_token`]: such a token is not tied to a site.
    #[must_use]
    pub fn api_token(&self, account: &str) -> ApiCredential {
        self.standin.api_token(account)
    }

    /// [`Standin::scoped_api_token`].
    #[must_use]
    pub fn scoped_api_token(&self, account: &str) -> ApiCredential {
        self.standin.scoped_api_token(account)
    }

    /// A service account that is a user of this site and sees its own project, with a scoped token, the only kind that it can have.
    /// The same name is the same account.
    #[must_use]
    pub fn service_account(&self, name: &str) -> ApiCredential {
        let host = self.host();
        let account = format!(
            "712020:{}",
            identifier(host, &format!("service account {name}"), 0)
        );
        self.allow(&account, &jira::seed::project_key(self.name()));
        let email = format!("{name}-{}@serviceaccount.atlassian.com", &account[7..17]);
        self.place.live().world.add_robot(&account, &email);
        self.state().api_token(
            "ATSTT",
            ApiToken {
                account,
                email,
                scopes: Some(owned(&SCOPES)),
            },
        )
    }
}
