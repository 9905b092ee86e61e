//! Forge: its key set, invocation tokens, the tokens beside them, and the exchange for a user's token.

use gatepost::standin::{Role, Signing, Site, account};
use serde_json::{Value, json};

use super::Stage;
use super::verify::{is_signed, parts};
use super::wire::Reply;

const MUTATION: &str = "mutation forge_remote_offlineUserAuthToken($input: OfflineUserAuthTokenInput!) {\n  \
                        offlineUserAuthToken(input: $input) {\n    success\n    errors {\n      message\n    }\n    \
                        authToken {\n      token\n      ttl\n    }\n  }\n}";

impl Stage {
    async fn forge_keys(&self) -> Value {
        self.get_own("/forge/jwks.json").await.json()
    }

    async fn mutate(&self, bearer: &str, body: &Value) -> Reply {
        let bearer = format!("Bearer {bearer}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        self.post_own("/graphql", &headers, &body.to_string()).await
    }

    async fn impersonate(&self, site: &Site, bearer: &str, person: &str) -> Reply {
        let context = format!("ari:cloud:jira::site/{}", site.cloud_id());
        let input = json!({"contextIds": [context], "userId": account(person)});
        let body = json!({"query": MUTATION, "variables": {"input": input}});
        self.mutate(bearer, &body).await
    }
}

#[tokio::test]
async fn an_invocation_token_is_as_forge_signs_it() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let token = acme.invocation_token(Some("ann"));
    assert!(is_signed(&token, &stage.forge_keys().await));
    let (_, claims) = parts(&token);
    let app = stage.standin.forge_app_id();
    assert_eq!(
        (&claims["aud"], &claims["app"]["id"]),
        (&json!(app), &json!(app))
    );
    assert_eq!(claims["iss"], "forge/invocation-token");
    assert_eq!(claims["exp"], stage.now_s() + 25);
    assert_eq!(claims["principal"], account("ann"));
    assert_eq!(claims["context"]["cloudId"], acme.cloud_id());
    assert_eq!(claims["app"]["installationId"], acme.installation_id());
    let base = format!("https://api.atlassian.com/ex/jira/{}", acme.cloud_id());
    assert_eq!(claims["app"]["apiBaseUrl"], base);

    let (_, scheduled) = parts(&acme.invocation_token(None));
    assert!(scheduled.get("principal").is_none() && scheduled.get("context").is_none());
    assert_ne!(scheduled["jti"], claims["jti"]);
    assert_ne!(acme.installation_id(), stage.globex().installation_id());
}

#[tokio::test]
async fn another_apps_token_is_in_order_but_for_the_app() {
    let stage = Stage::new().await;
    let token = stage.acme().foreign_invocation_token(Some("ann"));
    assert!(is_signed(&token, &stage.forge_keys().await));
    let (_, claims) = parts(&token);
    assert_ne!(claims["aud"], stage.standin.forge_app_id());
    assert_eq!(claims["aud"], claims["app"]["id"]);
    assert_eq!(
        claims["app"]["installationId"],
        stage.acme().installation_id()
    );
}

#[tokio::test]
async fn a_bent_token_is_bent_where_it_was_told() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let keys = stage.forge_keys().await;
    let bent = acme.invocation_token_with(None, |draft| {
        draft.merge(&json!({"jti": null, "app": {"installationId": "x"}}));
    });
    let (_, claims) = parts(&bent);
    assert!(claims.get("jti").is_none());
    assert_eq!(claims["app"]["installationId"], "x");
    assert!(claims["app"]["apiBaseUrl"].is_string() && is_signed(&bent, &keys));
    let stranger = acme.invocation_token_with(None, |draft| draft.signing = Signing::OtherKey);
    assert!(!is_signed(&stranger, &keys));
}

#[tokio::test]
async fn a_rotated_key_stays_published_until_it_is_retired() {
    let stage = Stage::new().await;
    let old = stage.acme().invocation_token(None);
    stage.standin.rotate_forge_key();
    let new = stage.acme().invocation_token(None);
    assert_ne!(parts(&old).0["kid"], parts(&new).0["kid"]);
    let both = stage.forge_keys().await;
    assert!(is_signed(&old, &both) && is_signed(&new, &both));
    stage.standin.retire_forge_keys();
    let one = stage.forge_keys().await;
    assert!(!is_signed(&old, &one) && is_signed(&new, &one));
}

#[tokio::test]
async fn an_invocation_has_the_headers_of_its_kind() {
    let stage = Stage::new().await;
    let names = |headers: Vec<(String, String)>| -> Vec<String> {
        headers.into_iter().map(|(name, _)| name).collect()
    };
    let scheduled = [
        "authorization",
        "x-b3-traceid",
        "x-b3-spanid",
        "x-forge-oauth-system",
    ];
    assert_eq!(names(stage.acme().forge_headers(None)), scheduled);
    let seen = names(stage.acme().forge_headers(Some("ann")));
    assert_eq!(seen.last().map(String::as_str), Some("x-forge-oauth-user"));
}

#[tokio::test]
async fn the_system_token_gets_a_users_token_for_that_site() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let answer = stage.impersonate(&acme, &acme.system_token(), "ann").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let given = &answer.json()["data"]["offlineUserAuthToken"];
    assert_eq!(given["success"], true);
    assert_eq!(given["authToken"]["ttl"], 3600);
    let token = given["authToken"]["token"].as_str().unwrap();
    let issue = "/rest/api/3/issue/ACME-1";
    let read = stage.get_api(&acme, token, issue).await;
    assert_eq!(read.status, 200, "{}", read.body);
    assert_eq!(
        stage.get_api(&stage.globex(), token, issue).await.status,
        404
    );
    assert_eq!(stage.get(&acme, token, issue).await.status, 401);
    stage.pass(3600);
    assert_eq!(stage.get_api(&acme, token, issue).await.status, 401);

    let seen = stage.standin.requests();
    assert_eq!((seen[0].role, seen[1].role), (Role::Graph, Role::Api));
    assert_eq!(seen[0].account, Some(account("ann")));
    assert_eq!(seen[0].credential, Some("forge_system_token"));
    assert_eq!(seen[1].credential, Some("forge_user_token"));
}

#[tokio::test]
async fn whom_the_app_may_not_be_it_gets_no_token_for() {
    let stage = Stage::new().await;
    let (acme, globex) = (stage.acme(), stage.globex());
    let system = acme.system_token();
    let success = async |site: &Site, person: &str| {
        let answer = stage.impersonate(site, &system, person).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let told = answer.json()["data"]["offlineUserAuthToken"].clone();
        assert_eq!(told["success"] == true, told["authToken"].is_object());
        assert_eq!(
            told["success"] == false,
            told["errors"][0]["message"].is_string()
        );
        told["success"] == true
    };
    assert!(success(&acme, "carol").await);
    assert!(!success(&globex, "carol").await, "another site's context");
    assert!(!success(&acme, "eve").await, "nobody of this site");
    acme.set_out_of_reach("carol", true);
    assert!(!success(&acme, "carol").await);
    acme.set_out_of_reach("carol", false);
    acme.deactivate("carol");
    assert!(!success(&acme, "carol").await);
}

#[tokio::test]
async fn only_a_good_system_token_asks() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let invocation = acme.invocation_token(Some("ann"));
    let oauth = stage.standin.oauth_token("ann", &["acme"]);
    for bearer in ["", "x", &invocation, &oauth, &acme.user_token("ann")] {
        let refused = stage.impersonate(&acme, bearer, "ann").await;
        assert_eq!(refused.status, 401, "{bearer}");
        assert_eq!(refused.json()["code"], 401);
    }
    let system = acme.system_token();
    stage.pass(4 * 3600);
    assert_eq!(stage.impersonate(&acme, &system, "ann").await.status, 401);
    let system = acme.system_token();
    acme.install_on_forge_anew();
    assert_eq!(stage.impersonate(&acme, &system, "ann").await.status, 401);
    let system = acme.system_token();
    assert_eq!(stage.impersonate(&acme, &system, "ann").await.status, 200);
    acme.uninstall_from_forge();
    assert_eq!(stage.impersonate(&acme, &system, "ann").await.status, 401);
}

#[tokio::test]
async fn a_query_has_the_documented_form_or_is_refused() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let system = acme.system_token();
    let context = format!("ari:cloud:jira::site/{}", acme.cloud_id());
    let input = json!({"contextIds": [context], "userId": account("ann")});
    let good = json!({"query": MUTATION, "variables": {"input": input}});
    let spoil = |spoil: &dyn Fn(&mut Value)| {
        let mut body = good.clone();
        spoil(&mut body);
        body
    };
    let spoiled = [
        spoil(&|body| body["query"] = json!(MUTATION.replace("$input)", "{userId: \"x\"})"))),
        spoil(&|body| body["query"] = json!("{ me { id } }")),
        spoil(&|body| body["variables"]["input"]["userId"] = Value::Null),
        spoil(&|body| body["variables"]["input"]["scope"] = json!("x")),
        spoil(&|body| body["operationName"] = json!("other")),
        spoil(&|body| body["more"] = json!(1)),
    ];
    for body in spoiled {
        let refused = stage.mutate(&system, &body).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.json()["errors"][0]["message"].is_string());
    }
    assert_eq!(stage.mutate(&system, &good).await.status, 200);
    let bearer = format!("Bearer {system}");
    let form = [
        ("authorization", bearer.as_str()),
        ("content-type", "text/plain"),
    ];
    let sent = stage.post_own("/graphql", &form, &good.to_string()).await;
    assert_eq!(sent.status, 400);
}

#[tokio::test]
async fn a_site_on_forge_alone_has_no_connect_install() {
    let stage = Stage::new().await;
    let names = |sites: Vec<Site>| -> Vec<String> {
        sites.iter().map(|site| site.name().to_owned()).collect()
    };
    assert_eq!(names(stage.standin.sites()), ["acme", "globex"]);
    assert_eq!(names(stage.standin.forge_sites()), ["initech"]);
    let initech = stage.standin.site("initech");
    assert!(initech.is_forge_only());
    let given = stage
        .impersonate(&initech, &initech.system_token(), "ann")
        .await;
    assert_eq!(
        given.json()["data"]["offlineUserAuthToken"]["success"],
        true
    );
    let claims = stage.assertion_claims(&initech, "ann");
    let assertion = initech.token_with(&claims, &json!({"alg": "HS256", "typ": "JWT"}), None);
    assert_eq!(stage.exchange(&assertion, "").await.status, 400);
}

#[tokio::test]
async fn an_app_that_came_from_connect_tells_its_installation() {
    const APP: &str = "https://gatepost.example";
    let stage = Stage::new().await;
    let acme = stage.acme();
    let told = |body: &str| -> Value {
        serde_json::from_str::<Value>(body).unwrap()["installationId"].clone()
    };
    assert_eq!(told(&acme.install(APP).body), Value::Null);
    assert_eq!(
        told(&acme.install_on_forge(APP).body),
        acme.installation_id()
    );
    let system = acme.system_token();
    assert_eq!(told(&acme.uninstall(APP).body), acme.installation_id());
    assert_eq!(stage.impersonate(&acme, &system, "ann").await.status, 401);
}
