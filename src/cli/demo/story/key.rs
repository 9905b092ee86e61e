//! The scene with the key: how a program without a browser proves whose user it acts for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Teller, account, body};

/// As a client that demands an e-mail address sends it.
const USER: &str = "ann@example.com";

impl Teller<'_> {
    pub(super) async fn key(&self) -> anyhow::Result<bool> {
        let site = self.stage.jira.site("acme");
        let token = format!("JWT {}", site.context_token(&account("ann")));
        let made = self
            .send("POST", "/v1/keys", &token, r#"{"name":"a script"}"#)
            .await?;
        let key = body(&made)["key"].as_str().unwrap_or_default().to_owned();
        let issue = format!("/ex/jira/{}/rest/api/3/issue/ACME-1", site.cloud_id());
        let basic = format!("Basic {}", STANDARD.encode(format!("{USER}:{key}")));
        let received = self.send("GET", &issue, &basic, "").await?;
        let held = made.status == 201 && received.status == 200;
        let base = format!("http://{}", self.stage.authority());
        let held = self.step(
            held,
            "Ann makes a key on the app's page in Jira; a program reads her issue with it: 200",
            &format!("curl -s -u '{USER}:{key}' '{base}{issue}'"),
            if made.status == 201 { &received } else { &made },
        )?;
        let client = format!(
            "python3 -c 'import jira; print(jira.JIRA(\"{base}/sites/{}\", token_auth=\"{key}\").issue(\"ACME-1\").fields.summary)'",
            site.host()
        );
        self.say(&format!("    {}", self.paint(&client, "2")))?;
        let page = format!("The page itself, in a browser: {}", site.page_url("ann"));
        self.say(&format!("    {}", self.paint(&page, "2")))?;
        Ok(held)
    }
}
