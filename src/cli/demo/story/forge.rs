//! The scene on Forge: a site that has no install of Connect's, and a token that is good once.

use super::{Teller, body, issue};

impl Teller<'_> {
    pub(super) async fn forge(&self) -> anyhow::Result<bool> {
        let token = self
            .stage
            .jira
            .site("initech")
            .invocation_token(Some("ann"));
        let (target, bearer) = (issue("initech", "INITECH-1"), format!("Bearer {token}"));
        let first = self.send("GET", &target, &bearer, "").await?;
        let again = self.send("GET", &target, &bearer, "").await?;
        let held = first.status == 200 && body(&first)["key"] == "INITECH-1" && again.status == 401;
        let curl = format!(
            "curl -s -H \"Authorization: Bearer $(curl -s '{}/_standin/sites/initech/invocation-token?account=ann')\" 'http://{}{target}'",
            self.stage.jira.oauth_server(),
            self.stage.authority(),
        );
        self.step(
            held,
            "Ann reads on initech, where the app is a Forge app, with a token of Forge's: 200, and the same token again: 401",
            &curl,
            if first.status == 200 { &again } else { &first },
        )
    }
}
