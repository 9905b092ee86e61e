//! Requests as Forge makes them.

use std::time::Duration;

use gatepost::tenant::{InstallationId, TenantId};

use super::{Answer, World};

impl World {
    /// Lets the moments after a start go by in which no token of Forge's is good.
    pub(crate) fn past_the_start(&self) {
        self.clock.advance(Duration::from_secs(10));
    }

    /// The tenant that Forge alone makes of the app's installation on a site, whether there is one or not.
    pub(crate) fn forge_tenant(&self, site: &str) -> TenantId {
        let ari: InstallationId = self.site(site).installation_id().parse().unwrap();
        ari.tenant_id()
    }

    /// A schedule of the app on a site.
    pub(crate) async fn trigger(&self, site: &str) -> Answer {
        let headers = self.site(site).forge_headers(None);
        self.invoke("POST", "/forge/remote/trigger", &headers).await
    }

    /// A world's node and one trigger of initech, which Forge alone knows.
    pub(crate) async fn with_initech() -> Self {
        let world = Self::new().await;
        world.past_the_start();
        let answer = world.trigger("initech").await;
        assert_eq!(answer.status, 204, "{:?}", world.log().await);
        world.jira.clear_requests();
        world
    }

    /// Any request with these headers.
    pub(crate) async fn invoke(
        &self,
        method: &str,
        target: &str,
        headers: &[(String, String)],
    ) -> Answer {
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.send(method, target, &headers).await
    }

    /// A client key of a person on a site of Forge's.
    pub(crate) async fn forge_key(&self, site: &str, person: &str) -> String {
        let token = self.site(site).invocation_token(Some(person));
        let (bearer, body) = (format!("Bearer {token}"), serde_json::json!({"name": "ci"}));
        let made = self.send_json("POST", "/v1/keys", &bearer, &body).await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.json()["key"].as_str().unwrap().to_owned()
    }

    /// `GET {target}` with an invocation token alone.
    pub(crate) async fn get_fit(&self, target: &str, token: &str) -> Answer {
        self.get_as(target, token).await
    }
}
