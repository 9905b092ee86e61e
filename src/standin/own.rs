//! Users' own credentials: API tokens, with and without scopes, and the access tokens of a consent (OAuth 2.0, 3LO). For tests, the
//! demo, commands and the controls, who give them out.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::secret::{hex, sha256};

use super::Standin;
use super::credentials::{ApiToken, Opens, SCOPES, opaque_jwt};
use super::jira;
use super::people;
use super::site::Site;
use super::state::{Premises, State, identifier};

/// The life of an access token, in seconds.
const ACCESS_LIFE_S: u64 = 3_600;

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
    /// The two as `curl -u` takes them.
    #[must_use]
    pub fn pair(&self) -> String {
        format!("{}:{}", self.email, self.token)
    }

    /// The `Authorization` header.
    #[must_use]
    pub fn authorization(&self) -> String {
        format!("Basic {}", STANDARD.encode(self.pair()))
    }
}

impl std::fmt::Debug for ApiCredential {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ApiCredential({})", self.email)
    }
}

impl State {
    /// A new API token of an account; without scopes it may do whatever its owner may.
    pub(super) fn api_token(&self, account: &str, scopes: Option<&[&str]>) -> ApiCredential {
        self.new_api_token("ATATT", account, people::email(account), scopes)
    }

    /// A new token of the service account with this name on a site, which it makes if need be.
    pub(super) fn service_account(&self, place: &Premises, name: &str) -> ApiCredential {
        let id = identifier(&place.host, &format!("service account {name}"), 0);
        let email = format!("{name}-{}@serviceaccount.atlassian.com", &id[..8]);
        let account = format!("712020:{id}");
        {
            let world = &mut place.live().world;
            world.add_robot(&account, &email);
            world.set_browse(&account, &jira::seed::project_key(&place.name), true);
        }
        self.new_api_token("ATSTT", &account, email, Some(&SCOPES))
    }

    fn new_api_token(
        &self,
        prefix: &str,
        account: &str,
        email: String,
        scopes: Option<&[&str]>,
    ) -> ApiCredential {
        let body = hex(&self.chance.bytes::<64>());
        // The sum at the end is of Atlassian's form; nobody checks it.
        let sum = hex(&sha256(body.as_bytes())[..4]).to_ascii_uppercase();
        let credential = ApiCredential {
            account: account.to_owned(),
            email,
            token: format!("{prefix}3xFfGF0{body}={sum}"),
        };
        let owned = |scopes: &[&str]| scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let token = ApiToken {
            account: credential.account.clone(),
            email: credential.email.clone(),
            scopes: scopes.map(owned),
        };
        self.credentials.add_api_token(&credential.token, token);
        credential
    }

    /// A new access token of an account for these sites, in one of the forms that Atlassian's have had.
    pub(super) fn access_token(
        &self,
        account: &str,
        sites: &[Arc<Premises>],
        scopes: &[&str],
        form: AccessForm,
    ) -> String {
        let token = match form {
            AccessForm::Jwt => opaque_jwt(&self.chance, self.clock.now(), ACCESS_LIFE_S),
            AccessForm::Opaque => hex(&self.chance.bytes::<32>()),
        };
        let cloud_ids = sites.iter().map(|site| site.cloud_id.clone()).collect();
        let opens = Opens::OAuth { cloud_ids };
        self.keep(&token, opens, Some(account), scopes, ACCESS_LIFE_S);
        token
    }
}

/// What an access token looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AccessForm {
    Jwt,
    Opaque,
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
        self.access_token(account, sites, scopes, AccessForm::Jwt)
    }

    /// As [`Standin::oauth_token`], in a form that tells nothing.
    #[must_use]
    pub fn opaque_oauth_token(&self, account: &str, sites: &[&str]) -> String {
        self.access_token(account, sites, &SCOPES, AccessForm::Opaque)
    }

    fn access_token(
        &self,
        account: &str,
        sites: &[&str],
        scopes: &[&str],
        form: AccessForm,
    ) -> String {
        let places = sites.iter().map(|name| self.site(name).place);
        let (places, account) = (places.collect::<Vec<_>>(), people::account(account));
        self.state().access_token(&account, &places, scopes, form)
    }

    /// Ends an access token of any kind now.
    pub fn expire_token(&self, token: &str) {
        let state = self.state();
        state.credentials.end(token, state.clock.now());
    }

    /// A user's API token without scopes: good on every site that the owner is an active user of, and on its api host.
    #[must_use]
    pub fn api_token(&self, account: &str) -> ApiCredential {
        self.state().api_token(&people::account(account), None)
    }

    /// A user's API token with the scopes for reading issues and people: good on the api host alone, a site's own host answers 401.
    #[must_use]
    pub fn scoped_api_token(&self, account: &str) -> ApiCredential {
        self.api_token_with_scopes(account, &SCOPES)
    }

    /// As [`Standin::scoped_api_token`], with these scopes.
    #[must_use]
    pub fn api_token_with_scopes(&self, account: &str, scopes: &[&str]) -> ApiCredential {
        let account = people::account(account);
        self.state().api_token(&account, Some(scopes))
    }

    /// Takes an API token back.
    pub fn revoke_api_token(&self, credential: &ApiCredential) {
        self.state().credentials.revoke_api_token(&credential.token);
    }
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
        self.state().service_account(&self.place, name)
    }
}
