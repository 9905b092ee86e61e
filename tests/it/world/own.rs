//! Users' own credentials: which a site takes, and requests with them.

use gatepost::control::command::Command;

use super::{Answer, World};

/// Both kinds.
pub(crate) const BOTH: [&str; 2] = ["api_token", "oauth_token"];

impl World {
    /// The usual world, where these sites take users' own credentials of both kinds.
    pub(crate) async fn taking_own(sites: &[&str]) -> Self {
        let world = Self::new().await;
        for site in sites {
            world.allow_own(site, &BOTH).await;
        }
        world.jira.clear_requests();
        world
    }

    /// Says which kinds a site takes.
    pub(crate) async fn allow_own(&self, site: &str, kinds: &[&str]) {
        let tenant = self.site(site).host().to_owned();
        let allow = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        self.command(Command::TenantCredentials { tenant, allow })
            .await;
        self.jira.expect_own(site, kinds);
    }

    /// `GET {target}` with this `Authorization`.
    pub(crate) async fn get_by(&self, target: &str, authorization: &str) -> Answer {
        self.get_with(target, &[("authorization", authorization)])
            .await
    }

    /// A credential of a person's own: `api_token`, or an access token for these sites.
    pub(crate) fn own(&self, kind: &str, person: &str, sites: &[&str]) -> String {
        match kind {
            "api_token" => self.jira.api_token(person).authorization(),
            "oauth_token" => format!("Bearer {}", self.jira.oauth_token(person, sites)),
            "opaque_oauth_token" => {
                format!("Bearer {}", self.jira.opaque_oauth_token(person, sites))
            }
            _ => panic!("no kind `{kind}`"),
        }
    }

    /// The records of look-ups.
    pub(crate) async fn lookups(&self) -> Vec<serde_json::Value> {
        let mut all = self.log().await;
        all.retain(|record| record["kind"] == "lookup");
        all
    }
}
