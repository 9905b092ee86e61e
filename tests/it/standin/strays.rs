//! Strays: every credential that comes where it does not belong is noticed, and none that comes where it does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatepost::standin::account;
use serde_json::json;

use super::Stage;

const MYSELF: &str = "/rest/api/3/myself";
const RESOURCES: &str = "/oauth/token/accessible-resources";

impl Stage {
    /// What strayed since the last time.
    fn strays(&self) -> Vec<String> {
        let strays = self.standin.strays();
        self.standin.pardon_strays();
        strays
    }
}

#[tokio::test]
async fn what_comes_where_it_belongs_is_no_stray() {
    let stage = Stage::new().await;
    let (acme, globex) = (stage.acme(), stage.globex());
    let connect = stage.token(&acme, "carol").await;
    stage.get(&acme, &connect, MYSELF).await;
    let api = acme.api_token("carol");
    let scoped = acme.scoped_api_token("carol");
    for site in [&acme, &globex] {
        for credential in [&api, &scoped] {
            let authorization = credential.authorization();
            stage
                .get_with(site, &[("authorization", &authorization)], MYSELF)
                .await;
            stage.get_api_with(site, &authorization, MYSELF).await;
        }
    }
    let consent = stage.standin.oauth_token("carol", &["acme"]);
    stage.get_api(&acme, &consent, MYSELF).await;
    stage.get_api(&globex, &consent, MYSELF).await;
    for bearer in [&consent, &api.token] {
        let bearer = format!("Bearer {bearer}");
        stage
            .get_own_with(RESOURCES, &[("authorization", &bearer)])
            .await;
    }
    stage.get_api(&acme, &acme.user_token("ann"), MYSELF).await;
    let bearer = format!("Bearer {}", acme.system_token());
    stage
        .post_own("/graphql", &[("authorization", &bearer)], "{}")
        .await;
    let of_app = acme.token_with(
        &json!({"iss": "com.example.gatepost", "aud": [acme.client_key()]}),
        &json!({"alg": "HS256"}),
        None,
    );
    let of_app = format!("JWT {of_app}");
    stage
        .get_with(&acme, &[("authorization", &of_app)], MYSELF)
        .await;
    stage.get_own("/forge/jwks.json").await;
    // What nobody gave out is no credential.
    for authorization in ["Bearer x", "Basic YW5uOng=", "Bearer a.b.c", "JWT"] {
        let headers = [("authorization", authorization)];
        stage.get_with(&acme, &headers, MYSELF).await;
        stage.get_own_with(RESOURCES, &headers).await;
    }
    assert_eq!(stage.strays(), [""; 0]);
}

#[tokio::test]
async fn a_users_own_credential_strays_at_a_site_that_takes_none() {
    let stage = Stage::new().await;
    let (acme, globex) = (stage.acme(), stage.globex());
    stage.standin.expect_own("acme", &["api_token"]);
    stage.standin.expect_own("globex", &["oauth_token"]);
    let api = acme.api_token("carol").authorization();
    let consent = stage.standin.oauth_token("carol", &["acme", "globex"]);
    let covers_acme = stage.standin.oauth_token("carol", &["acme"]);
    let at = |site: &str| format!("in the header `authorization` of a GET to the site {site}");
    stage
        .get_with(&acme, &[("authorization", &api)], MYSELF)
        .await;
    stage.get_api_with(&acme, &api, MYSELF).await;
    stage.get_api(&globex, &consent, MYSELF).await;
    assert_eq!(stage.strays(), [""; 0]);
    stage
        .get_with(&globex, &[("authorization", &api)], MYSELF)
        .await;
    assert_eq!(stage.strays(), [format!("an API token {}", at("globex"))]);
    stage.get_api_with(&globex, &api, MYSELF).await;
    let behind = at("globex behind the api host");
    assert_eq!(stage.strays(), [format!("an API token {behind}")]);
    // A consent counts where it covers the site and the site takes it.
    for (token, site) in [(&consent, &acme), (&covers_acme, &globex)] {
        stage.get_api(site, token, MYSELF).await;
        let behind = at(&format!("{} behind the api host", site.name()));
        assert_eq!(stage.strays(), [format!("a token of a consent {behind}")]);
    }
    // What takes none any more is told like what never did.
    stage.standin.expect_own("acme", &[]);
    stage
        .get_with(&acme, &[("authorization", &api)], MYSELF)
        .await;
    assert_eq!(stage.strays(), [format!("an API token {}", at("acme"))]);
}

#[tokio::test]
async fn what_is_for_the_app_alone_belongs_nowhere() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let key = "a".repeat(48);
    let rows = [
        (acme.context_token("ann"), "a token of a site's page"),
        (
            acme.request_token("ann", "GET", "/"),
            "a token of a site's page",
        ),
        (acme.invocation_token(Some("ann")), "an invocation token"),
        (acme.foreign_invocation_token(None), "an invocation token"),
        (
            stage
                .standin
                .id_token(&json!({"iss": "https://login.example"})),
            "a token of an OpenID provider",
        ),
        (
            stage.standin.oidc_other().token_es256(&json!({})),
            "a token of an OpenID provider",
        ),
        (format!("gps_{key}"), "a session"),
        (format!("gp_{key}"), "a client key"),
        (format!("gpa_{key}"), "an operator's token"),
    ];
    for (token, what) in rows {
        for scheme in ["Bearer", "JWT"] {
            let value = format!("{scheme} {token}");
            let headers = [("authorization", value.as_str())];
            stage.get_with(&acme, &headers, MYSELF).await;
            let expected =
                format!("{what} in the header `authorization` of a GET to the site acme");
            assert_eq!(stage.strays(), [expected], "{scheme}");
        }
        for target in [
            "/keys/x",
            RESOURCES,
            "/forge/jwks.json",
            "/oidc/jwks",
            "/else",
        ] {
            let value = format!("Bearer {token}");
            stage
                .get_own_with(target, &[("authorization", &value)])
                .await;
            assert_eq!(stage.strays().len(), 1, "{what} {target}");
        }
    }
    let secret = acme.shared_secret();
    let secret = std::str::from_utf8(secret.expose()).unwrap();
    stage.get_own_with("/keys/x", &[("x-any", secret)]).await;
    let expected = "a shared secret in the header `x-any` of a GET to the key server";
    assert_eq!(stage.strays(), [expected]);
}

#[tokio::test]
async fn what_opens_one_door_strays_at_every_other() {
    let stage = Stage::new().await;
    let (acme, globex) = (stage.acme(), stage.globex());
    let connect = stage.token(&acme, "carol").await;
    stage.get(&globex, &connect, MYSELF).await;
    stage.get_api(&acme, &connect, MYSELF).await;
    assert_eq!(
        stage.strays(),
        [
            "a user's token of Connect in the header `authorization` of a GET to the site globex",
            "a user's token of Connect in the header `authorization` of a GET to the site acme behind the api host",
        ]
    );
    for token in [acme.system_token(), acme.user_token("carol")] {
        stage.get(&acme, &token, MYSELF).await;
        stage.get_api(&globex, &token, MYSELF).await;
        let bearer = format!("Bearer {token}");
        stage
            .get_own_with(RESOURCES, &[("authorization", &bearer)])
            .await;
        assert_eq!(stage.strays().len(), 3);
    }
    let user = format!("Bearer {}", acme.user_token("ann"));
    stage
        .post_own("/graphql", &[("authorization", &user)], "{}")
        .await;
    let consent = stage.standin.oauth_token("carol", &["acme", "globex"]);
    stage.get(&acme, &consent, MYSELF).await;
    assert_eq!(stage.strays().len(), 2);
    // The app's JWT for one site at another, and an assertion at neither place that it is for.
    let header = json!({"alg": "HS256"});
    let claims = json!({"iss": "com.example.gatepost", "aud": [acme.client_key()]});
    let of_app = format!("JWT {}", acme.token_with(&claims, &header, None));
    stage
        .get_with(&globex, &[("authorization", &of_app)], MYSELF)
        .await;
    let assertion = acme.token_with(&stage.assertion_claims(&acme, "ann"), &header, None);
    stage.get(&acme, &assertion, MYSELF).await;
    assert_eq!(stage.strays().len(), 2);
    // After an import as before it: whose it was does not change.
    acme.import();
    stage.get(&globex, &connect, MYSELF).await;
    assert_eq!(stage.strays().len(), 1);
}

#[tokio::test]
async fn a_credential_is_found_wherever_it_hides() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let own = acme.api_token("ann");
    let session = format!("gps_{}", "b".repeat(48));
    let escaped = own.token.replace('=', "%3D");
    let encoded = STANDARD.encode(format!("ann:{session}"));
    for target in [
        format!("/rest/api/3/issue/{}", own.token),
        format!("{MYSELF}?a={escaped}&b=1"),
        format!("{MYSELF}?jwt={}", acme.context_token("ann")),
        format!("{MYSELF}?s=gps%5F{}", "b".repeat(48)),
    ] {
        stage.get_with(&acme, &[], &target).await;
        let strays = stage.strays();
        assert_eq!(strays.len(), 1, "{target}");
        assert!(strays[0].contains("in path or query of a GET to the site acme"));
    }
    for (name, value) in [
        ("cookie", format!("a={session}; b=2")),
        ("x-forge-oauth-user", acme.user_token("ann")),
        ("authorization", format!("Basic {encoded}")),
        ("x-authorization", own.authorization()),
    ] {
        stage.get_with(&acme, &[(name, &value)], MYSELF).await;
        let strays = stage.strays();
        assert_eq!(strays.len(), 1, "{name}");
        assert!(!strays[0].contains(&session) && !strays[0].contains(&own.token));
    }
    let json = json!({"variables": {"token": session, "user": account("ann")}});
    stage.post_own("/graphql", &[], &json.to_string()).await;
    let expected = "a session in the body of a POST to the GraphQL gateway";
    assert_eq!(stage.strays(), [expected]);
    let form = format!("assertion={}", session.replace('_', "%5F"));
    stage.post_form("text/plain", &form).await;
    assert_eq!(stage.strays().len(), 1);
    stage.standin.revoke_api_token(&own);
    stage
        .get_own_with("/keys/x", &[("authorization", &own.authorization())])
        .await;
    assert_eq!(stage.strays().len(), 1, "also after it was taken back");
}

#[tokio::test]
async fn people_see_and_forget_strays() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    stage.get(&acme, &acme.context_token("ann"), MYSELF).await;
    let told = stage.get_own("/_standin/strays").await.json();
    assert_eq!(told.as_array().unwrap().len(), 1);
    let (address, path) = (stage.standin.address(), "/_standin/strays");
    let host = address.to_string();
    let forgotten = super::wire::send(address, &host, "DELETE", path, &[], "").await;
    assert_eq!(forgotten.status, 204);
    assert_eq!(stage.standin.strays(), [""; 0]);
}

#[tokio::test]
#[should_panic(expected = "credentials where they do not belong")]
async fn a_test_that_ends_with_a_stray_fails() {
    let stage = Stage::new().await;
    let _no_strays = crate::world::NoStrays(stage.standin.clone());
    let acme = stage.acme();
    stage.get(&acme, &acme.context_token("ann"), MYSELF).await;
}
