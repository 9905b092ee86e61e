//! Two OpenID providers, as companies run them for their own services: discovery, key sets with RSA and elliptic-curve keys, and the
//! tokens that they sign. For tests, the demo and commands.

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Held;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};

use super::Standin;
use super::forge::{answer, key_set};
use super::jwt::TokenDraft;
use super::keys::{Key, Ring};
use super::state::State;
use super::strays;

/// Where each provider is.
const PATHS: [&str; 2] = ["/oidc", "/oidc-other"];
/// The life of a token, in seconds.
const LIFE_S: i64 = 300;

/// The keys of one provider.
pub(super) struct Signers {
    rsa: Ring,
    ec: Ring,
}

impl Signers {
    pub(super) fn new(number: usize) -> Self {
        Self {
            rsa: Ring::provider_rsa(number),
            ec: Ring::provider_ec(number),
        }
    }

    pub(super) fn rsa_key(&self) -> Key {
        self.rsa.current()
    }

    pub(super) fn ec_key(&self) -> Key {
        self.ec.current()
    }

    pub(super) fn turn(&self, retires: bool) {
        self.rsa.turn(retires);
        self.ec.turn(retires);
    }

    /// What is published. Between the keys that verify stand two that a reader must pass over: one of a kind that it may not know, and
    /// one that is for encryption.
    fn key_set(&self) -> Value {
        let mut set = key_set(&[self.rsa.published(), self.ec.published()].concat());
        let encryption = json!({"kty": "RSA", "use": "enc", "alg": "RSA-OAEP", "kid": "for-encryption", "n": "AQAB", "e": "AQAB"});
        let strange = json!({"kty": "OKP", "crv": "Ed25519", "kid": "strange", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        if let Some(keys) = set["keys"].as_array_mut() {
            keys.splice(0..0, [strange, encryption]);
        }
        set
    }
}

/// Whether a path belongs to one of them.
pub(super) fn is_provider(path: &str) -> bool {
    let inside = |base: &&str| {
        path.strip_prefix(base)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    PATHS.iter().any(inside)
}

pub(super) fn router() -> Router<Arc<State>> {
    let mut router = Router::new();
    for (number, path) in PATHS.into_iter().enumerate() {
        let discovery =
            async move |Held(state): Held<Arc<State>>| answer(&described(&state, number));
        let keys = async move |Held(state): Held<Arc<State>>| -> Response {
            answer(&state.providers[number].key_set())
        };
        router = router
            .route(
                &format!("{path}/.well-known/openid-configuration"),
                get(discovery),
            )
            .route(&format!("{path}/jwks"), get(keys));
    }
    router
}

fn issuer(state: &State, number: usize) -> String {
    format!("{}{}", state.own_url(), PATHS[number])
}

fn described(state: &State, number: usize) -> Value {
    let issuer = issuer(state, number);
    json!({
        "issuer": issuer, "jwks_uri": format!("{issuer}/jwks"), "token_endpoint": format!("{issuer}/token"),
        "authorization_endpoint": format!("{issuer}/authorize"), "response_types_supported": ["code"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256", "ES256"],
    })
}

/// A token of a provider with these claims beside those that all have, by `key`, changed before it is signed.
pub(super) fn token(
    state: &State,
    number: usize,
    key: Key,
    claims: &Value,
    change: impl FnOnce(&mut TokenDraft),
) -> String {
    let now = state.clock.now();
    let iat = now.seconds();
    let own = json!({
        "iss": issuer(state, number), "iat": iat, "exp": iat + LIFE_S, "jti": state.chance.uuid(now).to_string(),
    });
    let mut draft = TokenDraft::new(key, own);
    draft.merge(claims);
    let token = draft.sign(change);
    state.credentials.keep_homeless(&token, strays::OPENID);
    token
}

/// A handle on one OpenID provider. Cheap to clone; keeps the stand-in running.
#[derive(Clone)]
pub struct Provider {
    standin: Standin,
    number: usize,
}

impl Provider {
    fn signers(&self) -> &Signers {
        &self.standin.state().providers[self.number]
    }

    /// The issuer; its metadata is at `{this}/.well-known/openid-configuration`.
    #[must_use]
    pub fn issuer(&self) -> String {
        issuer(self.standin.state(), self.number)
    }

    /// The key set.
    #[must_use]
    pub fn jwks(&self) -> String {
        format!("{}/jwks", self.issuer())
    }

    /// A token with these claims beside `iss`, `iat`, `exp`, `jti`, signed with RS256. A claim that is null is left out.
    #[must_use]
    pub fn token(&self, claims: &Value) -> String {
        self.token_with(self.rsa_key(), claims, |_| {})
    }

    /// As [`Provider::token`], signed with ES256.
    #[must_use]
    pub fn token_es256(&self, claims: &Value) -> String {
        self.token_with(self.ec_key(), claims, |_| {})
    }

    /// As [`Provider::token`], by this key and changed before it is signed.
    #[must_use]
    pub fn token_with(
        &self,
        key: Key,
        claims: &Value,
        change: impl FnOnce(&mut TokenDraft),
    ) -> String {
        token(self.standin.state(), self.number, key, claims, change)
    }

    /// The RSA key that signs now.
    #[must_use]
    pub fn rsa_key(&self) -> Key {
        self.signers().rsa_key()
    }

    /// The elliptic-curve key that signs now.
    #[must_use]
    pub fn ec_key(&self) -> Key {
        self.signers().ec_key()
    }

    /// New keys sign from now on; the old ones stay published.
    pub fn rotate(&self) {
        self.signers().turn(false);
    }

    /// Only the keys that sign now stay published.
    pub fn retire(&self) {
        self.signers().rsa.retire();
        self.signers().ec.retire();
    }
}

impl Standin {
    /// The OpenID provider of a company.
    #[must_use]
    pub fn oidc(&self) -> Provider {
        self.provider(0)
    }

    /// Another one, of another company.
    #[must_use]
    pub fn oidc_other(&self) -> Provider {
        self.provider(1)
    }

    fn provider(&self, number: usize) -> Provider {
        let standin = self.clone();
        Provider { standin, number }
    }

    /// The issuer of [`Standin::oidc`].
    #[must_use]
    pub fn oidc_issuer(&self) -> String {
        self.oidc().issuer()
    }

    /// The key set of [`Standin::oidc`].
    #[must_use]
    pub fn oidc_jwks(&self) -> String {
        self.oidc().jwks()
    }

    /// A token of [`Standin::oidc`] with these claims, RS256.
    #[must_use]
    pub fn id_token(&self, claims: &Value) -> String {
        self.oidc().token(claims)
    }

    /// A token of [`Standin::oidc`] with these claims, ES256.
    #[must_use]
    pub fn id_token_es256(&self, claims: &Value) -> String {
        self.oidc().token_es256(claims)
    }
}
