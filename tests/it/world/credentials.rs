//! Sessions and client keys, made as the page makes them.

use serde_json::Value;

use super::{Answer, World};

impl World {
    /// Any request with a body of JSON.
    pub(crate) async fn send_json(
        &self,
        method: &str,
        target: &str,
        authorization: &str,
        body: &Value,
    ) -> Answer {
        let headers = [("authorization", authorization)];
        self.send_with_body(method, target, &headers, body).await
    }

    /// The same with these headers.
    pub(crate) async fn send_with_body(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let method = http::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("{}{target}", self.base_url());
        let mut request = self.http.request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header("content-type", "application/json");
        Answer::of(request.body(body.to_string()).send().await.unwrap()).await
    }

    /// A fresh session of a person on a site: `gps_…`.
    pub(crate) async fn session(&self, site: &str, person: &str) -> String {
        let token = format!("JWT {}", self.fresh_token(site, person));
        let answer = self
            .send("POST", "/v1/sessions", &[("authorization", &token)])
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    /// A fresh client key of a person on a site, with these members in its request.
    pub(crate) async fn key(&self, site: &str, person: &str, body: Value) -> Value {
        let answer = self.try_key(site, person, body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()
    }

    /// Asks for a client key.
    pub(crate) async fn try_key(&self, site: &str, person: &str, mut body: Value) -> Answer {
        if body.get("name").is_none() && body.get("replaces").is_none() {
            body["name"] = "ci".into();
        }
        let token = format!("JWT {}", self.fresh_token(site, person));
        self.send_json("POST", "/v1/keys", &token, &body).await
    }

    /// `GET {target}` with this Bearer.
    pub(crate) async fn get_as(&self, target: &str, bearer: &str) -> Answer {
        self.get_with(target, &[("authorization", &format!("Bearer {bearer}"))])
            .await
    }

    /// A context token that nobody has used: under a clock that stands still, two for the same person would be the same token.
    pub(crate) fn fresh_token(&self, site: &str, person: &str) -> String {
        use std::sync::atomic::{AtomicU64, Ordering};
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let iat = self.clock.clock().now().seconds();
        let claims = serde_json::json!({
            "iss": self.site(site).client_key(), "sub": gatepost::standin::account(person), "iat": iat, "exp": iat + 900,
            "qsh": "context-qsh", "jti": format!("token-{}", COUNT.fetch_add(1, Ordering::Relaxed)),
        });
        let header = serde_json::json!({"typ": "JWT", "alg": "HS256"});
        self.site(site).token_with(&claims, &header, None)
    }
}
