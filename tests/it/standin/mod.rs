//! The stand-in's own behaviour, asked over a socket as a stranger would.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what cannot go on is a failed test"
)]

mod callbacks;
mod faults;
mod forge;
mod groups;
mod handout;
mod jira;
mod own;
mod pages;
mod providers;
mod strays;
mod tokens;
mod verify;
mod wire;

use std::time::Duration;

use gatepost::clock::{Chance, TestClock, Timestamp};
use gatepost::standin::{Settings, Site, Standin};
use serde_json::{Value, json};

use wire::Reply;

/// A stand-in with acme and globex, and the clock that it goes by.
struct Stage {
    standin: Standin,
    clock: TestClock,
}

impl Stage {
    async fn new() -> Self {
        let clock = TestClock::at(Timestamp::from_seconds(1_795_000_000));
        let standin = Standin::start(Settings::default(), clock.clock(), Chance::seeded(1)).await;
        let standin = standin.unwrap();
        Self { standin, clock }
    }

    fn acme(&self) -> Site {
        self.standin.site("acme")
    }

    fn globex(&self) -> Site {
        self.standin.site("globex")
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn now_s(&self) -> i64 {
        self.clock.clock().now().seconds()
    }

    /// An assertion that is in order.
    fn assertion_claims(&self, site: &Site, account: &str) -> Value {
        let account = gatepost::standin::account(account);
        json!({
            "iss": format!("urn:atlassian:connect:clientid:{}", site.oauth_client_id()),
            "sub": format!("urn:atlassian:connect:useraccountid:{account}"),
            "tnt": site.base_url(),
            "aud": self.standin.oauth_server(),
            "iat": self.now_s(),
            "exp": self.now_s() + 60,
        })
    }

    async fn exchange(&self, assertion: &str, scope: &str) -> Reply {
        let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
        let form = format!("grant_type={grant}&assertion={assertion}{scope}");
        self.post_form("application/x-www-form-urlencoded", &form)
            .await
    }

    async fn post_form(&self, kind: &str, form: &str) -> Reply {
        let address = self.standin.address();
        let headers = [("content-type", kind)];
        wire::send(
            address,
            &address.to_string(),
            "POST",
            "/oauth2/token",
            &headers,
            form,
        )
        .await
    }

    /// A user's token for a site, by an assertion that is in order.
    async fn token(&self, site: &Site, account: &str) -> String {
        let claims = self.assertion_claims(site, account);
        let assertion = site.token_with(&claims, &json!({"alg": "HS256", "typ": "JWT"}), None);
        let answer = self.exchange(&assertion, "&scope=READ").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// GET on a site with a token.
    async fn get(&self, site: &Site, token: &str, target: &str) -> Reply {
        let bearer = format!("Bearer {token}");
        self.get_with(site, &[("authorization", &bearer)], target)
            .await
    }

    async fn get_with(&self, site: &Site, headers: &[(&str, &str)], target: &str) -> Reply {
        wire::send(
            self.standin.address(),
            site.host(),
            "GET",
            target,
            headers,
            "",
        )
        .await
    }

    /// GET at the stand-in's own address.
    async fn get_own(&self, target: &str) -> Reply {
        self.get_own_with(target, &[]).await
    }

    async fn get_own_with(&self, target: &str, headers: &[(&str, &str)]) -> Reply {
        let address = self.standin.address();
        wire::send(address, &address.to_string(), "GET", target, headers, "").await
    }

    async fn post_own(&self, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let address = self.standin.address();
        wire::send(address, &address.to_string(), "POST", target, headers, body).await
    }

    /// GET on a site behind the api host, with a token.
    async fn get_api(&self, site: &Site, token: &str, target: &str) -> Reply {
        self.get_api_with(site, &format!("Bearer {token}"), target)
            .await
    }

    async fn get_api_with(&self, site: &Site, authorization: &str, target: &str) -> Reply {
        let target = format!("/ex/jira/{}{target}", site.cloud_id());
        self.get_own_with(&target, &[("authorization", authorization)])
            .await
    }
}

fn sha256_hex(text: &str) -> String {
    gatepost::secret::hex(&gatepost::secret::sha256(text.as_bytes()))
}
