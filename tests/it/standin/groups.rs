//! The groups of an account, which a site tells the app and nobody else.

use gatepost::standin::{Site, account};
use serde_json::{Value, json};

use super::{Stage, sha256_hex};

const TARGET: &str = "/rest/api/3/user/groups?accountId=5b10a2844c20165700ede21g";

impl Stage {
    fn app_claims(&self, site: &Site) -> Value {
        json!({
            "iss": "com.example.gatepost", "aud": [site.client_key()], "iat": self.now_s(), "exp": self.now_s() + 60,
            "qsh": sha256_hex("GET&/rest/api/3/user/groups&accountId=5b10a2844c20165700ede21g"),
        })
    }

    async fn as_app(&self, site: &Site, claims: &Value, target: &str) -> (u16, Value) {
        let header = json!({"alg": "HS256", "typ": "JWT"});
        let authorization = format!("JWT {}", site.token_with(claims, &header, None));
        let answer = self
            .get_with(site, &[("authorization", &authorization)], target)
            .await;
        (answer.status, answer.json())
    }
}

#[tokio::test]
async fn the_app_is_told_groups_by_both_doors() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let (status, everybody) = stage.as_app(&acme, &stage.app_claims(&acme), TARGET).await;
    assert_eq!(
        (status, &everybody[0]["name"]),
        (200, &json!("jira-users-acme"))
    );
    acme.set_groups(
        "ann",
        &[
            ("finance", "6e87dc72-4f1f-421f-9382-2fee8b652487"),
            ("it", "1"),
        ],
    );
    let (_, told) = stage.as_app(&acme, &stage.app_claims(&acme), TARGET).await;
    assert_eq!(
        (&told[0]["name"], &told[1]["groupId"]),
        (&json!("finance"), &json!("1"))
    );
    let behind = stage.get_api(&acme, &acme.system_token(), TARGET).await;
    assert_eq!((behind.status, behind.json()), (200, told));
    let nobody = TARGET.replace(&account("ann"), &account("eve"));
    let system = acme.system_token();
    assert_eq!(stage.get_api(&acme, &system, &nobody).await.status, 404);
    assert_eq!(
        stage
            .get_api(&acme, &system, "/rest/api/3/user/groups")
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn users_and_other_sites_are_not_told_groups() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let user = stage.token(&acme, "ann").await;
    assert_eq!(stage.get(&acme, &user, TARGET).await.status, 403);
    assert_eq!(
        stage
            .get_api(&acme, &acme.user_token("ann"), TARGET)
            .await
            .status,
        403
    );
    assert_eq!(
        stage
            .get_api(&stage.globex(), &acme.system_token(), TARGET)
            .await
            .status,
        404
    );
    // The app as itself reads no issues.
    let issue = "/rest/api/3/issue/ACME-1";
    assert_eq!(
        stage
            .get_api(&acme, &acme.system_token(), issue)
            .await
            .status,
        403
    );
}

/// Each row spoils one thing of an app's JWT that is otherwise in order.
#[tokio::test]
async fn every_fault_of_the_apps_jwt_is_refused() {
    let stage = Stage::new().await;
    let (acme, now) = (stage.acme(), stage.now_s());
    let rows = [
        ("iss", json!("another.app")),
        ("aud", json!([stage.globex().client_key()])),
        ("aud", json!([])),
        ("sub", json!(account("ann"))),
        ("qsh", json!("context-qsh")),
        ("qsh", json!(sha256_hex("GET&/rest/api/3/user/groups&"))),
        ("exp", json!(now)),
        ("exp", json!(now + 181)),
        ("exp", Value::Null),
        ("iat", json!(now + 31)),
    ];
    for (claim, value) in rows {
        let mut claims = stage.app_claims(&acme);
        claims[claim] = value.clone();
        let (status, _) = stage.as_app(&acme, &claims, TARGET).await;
        assert_eq!(status, 401, "{claim} {value}");
    }
    let claims = stage.app_claims(&acme);
    assert_eq!(stage.as_app(&acme, &claims, TARGET).await.0, 200);
    let _ = acme.uninstall("https://gatepost.example");
    assert_eq!(stage.as_app(&acme, &claims, TARGET).await.0, 401);
}
