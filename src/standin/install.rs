//! Lifecycle callbacks as Atlassian signs them: RS256 by the key that the key server publishes. For tests, the demo and commands,
//! who deliver them; nothing is sent from here.

use serde_json::{Value, json};

use super::jwt::{self, Signing};
use super::keys::Key;
use super::qsh;
use super::site::Site;

const LIFE_S: i64 = 180;

/// A callback that is ready to be sent: `POST {app base URL}{path}`, a JSON body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// The path, relative to the app's base URL.
    pub path: String,
    /// The `Authorization` header.
    pub authorization: String,
    /// The body.
    pub body: String,
}

/// A callback before it is signed, for tests that bend it.
#[derive(Clone, Debug)]
pub struct InstallDraft {
    /// The path, relative to the app's base URL. Does not change the `qsh` that is already in the claims.
    pub path: String,
    /// The header of the token.
    pub header: Value,
    /// The claims of the token.
    pub claims: Value,
    /// The body.
    pub payload: Value,
    /// What signs. Does not change `alg` and `kid` in the header.
    pub signing: Signing,
}

impl Site {
    /// Installs the app, or installs it anew: the callback that tells it. After an uninstall the secret is a new one.
    ///
    /// # Panics
    /// If the app is here through Forge alone.
    #[must_use]
    pub fn install(&self, app_base_url: &str) -> Callback {
        assert!(!self.is_forge_only(), "no Connect install on this site");
        {
            let mut live = self.place.live();
            if !live.installed {
                live.installed = true;
                live.rotate_secret(&self.state().chance);
            }
            let base_url = app_base_url.trim_end_matches('/');
            live.app_base_url = Some(base_url.to_owned());
        }
        self.install_with(app_base_url, |_| {})
    }

    /// Installs the app from its Forge manifest, as an app does that came from Connect: the same callback, which names the Forge
    /// installation as well.
    #[must_use]
    pub fn install_on_forge(&self, app_base_url: &str) -> Callback {
        {
            let mut live = self.place.live();
            live.by_forge = true;
            live.on_forge = true;
        }
        self.install(app_base_url)
    }

    /// Uninstalls the app: the callback that tells it. From now on the app gets no tokens, and those it has are worth nothing.
    #[must_use]
    pub fn uninstall(&self, app_base_url: &str) -> Callback {
        {
            let mut live = self.place.live();
            live.installed = false;
            if live.by_forge {
                live.on_forge = false;
            }
        }
        self.uninstall_with(app_base_url, |_| {})
    }

    /// An `installed` callback, changed before it is signed. The site stays as it is.
    #[must_use]
    pub fn install_with(
        &self,
        app_base_url: &str,
        change: impl FnOnce(&mut InstallDraft),
    ) -> Callback {
        self.callback("installed", app_base_url, change)
    }

    /// An `uninstalled` callback, changed before it is signed. The site stays as it is.
    #[must_use]
    pub fn uninstall_with(
        &self,
        app_base_url: &str,
        change: impl FnOnce(&mut InstallDraft),
    ) -> Callback {
        self.callback("uninstalled", app_base_url, change)
    }

    fn callback(
        &self,
        event: &str,
        app_base_url: &str,
        change: impl FnOnce(&mut InstallDraft),
    ) -> Callback {
        let path = format!("/connect/{event}");
        let mut draft = InstallDraft {
            header: json!({"alg": "RS256", "typ": "JWT", "kid": Key::published().kid()}),
            claims: self.install_claims(app_base_url, &path),
            payload: self.payload(event),
            signing: Signing::InstallKey,
            path,
        };
        change(&mut draft);
        let token = jwt::compact(&draft.header, &draft.claims, &draft.signing);
        Callback {
            path: draft.path,
            authorization: format!("JWT {token}"),
            body: draft.payload.to_string(),
        }
    }

    fn install_claims(&self, app_base_url: &str, path: &str) -> Value {
        let state = self.state();
        let iat = state.clock.now().seconds();
        // INVARIANT: a path without a query has no percent sequence to be wrong.
        let qsh = qsh::hash("POST", path).expect("a path without a query");
        json!({
            "iss": self.client_key(), "aud": [app_base_url], "iat": iat, "exp": iat + LIFE_S, "qsh": qsh,
            // Two installs within one second must not be the same token: that is what a replay is told by.
            "jti": state.chance.uuid(state.clock.now()).to_string(),
        })
    }

    fn payload(&self, event: &str) -> Value {
        let state = self.state();
        let installation = self.place.installation_ari();
        let live = self.place.live();
        let mut payload = json!({
            "key": state.app_key,
            "clientKey": live.client_key,
            "oauthClientId": live.oauth_client_id,
            "publicKey": Key::published().public_base64(),
            "serverVersion": "100287",
            "pluginsVersion": "1001.0.0-SNAPSHOT",
            "baseUrl": self.place.base_url,
            "displayUrl": self.place.base_url,
            "displayUrlServicedeskHelpCenter": self.place.base_url,
            "productType": "jira",
            "description": format!("Atlassian Jira at {}", self.place.base_url),
            "serviceEntitlementNumber": "SEN-1042",
            "entitlementId": self.place.cloud_id,
            "entitlementNumber": "E-3F2-8H1-77Q-5TZ",
            "cloudId": self.place.cloud_id,
            "eventType": event,
        });
        if live.by_forge {
            payload["installationId"] = Value::String(installation);
        }
        if event == "installed" {
            let secret = String::from_utf8_lossy(live.secret.expose()).into_owned();
            payload["sharedSecret"] = Value::String(secret);
        }
        payload
    }
}
