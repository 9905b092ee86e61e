//! What people at a terminal get: a credential of every kind, good where it belongs.

use gatepost::standin::account;
use serde_json::json;

use super::Stage;
use super::verify::{is_signed, parts};

impl Stage {
    async fn given(&self, target: &str) -> String {
        let answer = self.get_own(target).await;
        assert_eq!(answer.status, 200, "{target}: {}", answer.body);
        answer.body
    }
}

#[tokio::test]
async fn every_kind_of_credential_is_given_out() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let keys = stage.get_own("/forge/jwks.json").await.json();
    let invocation = stage
        .given("/_standin/sites/acme/invocation-token?account=ann")
        .await;
    assert!(is_signed(&invocation, &keys));
    assert_eq!(parts(&invocation).1["principal"], account("ann"));
    let headers = stage.given("/_standin/sites/initech/forge-headers").await;
    let names = headers.lines().filter_map(|line| line.split_once(": "));
    let names: Vec<_> = names.map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "authorization",
            "x-b3-traceid",
            "x-b3-spanid",
            "x-forge-oauth-system"
        ]
    );

    let myself = "/rest/api/3/myself";
    for (target, on_site) in [
        ("/_standin/api-token?account=ann", 200),
        ("/_standin/api-token?account=ann&scoped", 401),
        ("/_standin/sites/acme/service-account?name=robot", 401),
    ] {
        use base64::Engine as _;
        let pair = stage.given(target).await;
        let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
        let authorization = format!("Basic {encoded}");
        let headers = [("authorization", authorization.as_str())];
        assert_eq!(
            stage.get_with(&acme, &headers, myself).await.status,
            on_site,
            "{target}"
        );
        assert_eq!(
            stage
                .get_api_with(&acme, &authorization, myself)
                .await
                .status,
            200
        );
    }
    let access = stage
        .given("/_standin/oauth-token?account=carol&site=acme&site=globex")
        .await;
    for site in [acme, stage.globex()] {
        assert_eq!(stage.get_api(&site, &access, myself).await.status, 200);
    }
    let token = stage
        .given("/_standin/id-token?aud=gatepost&org=acme&account=ann&alg=ES256&provider=other")
        .await;
    let (header, claims) = parts(&token);
    assert_eq!(
        (&header["alg"], &claims["org"]),
        (&json!("ES256"), &json!("acme"))
    );
    assert_eq!(claims["iss"], stage.standin.oidc_other().issuer());
    assert_eq!(claims["account"], account("ann"));
    assert!(claims.get("alg").is_none() && claims.get("provider").is_none());
}

/// A company's tokens say account ids, and so do these, whichever way somebody was named; other claims stay as they were said.
#[tokio::test]
async fn an_id_token_names_an_account_by_its_id() {
    let stage = Stage::new().await;
    let carol = account("carol");
    for named in ["carol", &carol, &carol.replace(':', "%3A")] {
        let target = format!("/_standin/id-token?aud=gatepost&account={named}&sub=carol");
        let (_, claims) = parts(&stage.given(&target).await);
        assert_eq!(
            (&claims["account"], &claims["sub"]),
            (&json!(carol), &json!("carol")),
            "{named}"
        );
    }
    let stranger = "/_standin/id-token?account=712020:9f1e";
    assert_eq!(
        parts(&stage.given(stranger).await).1["account"],
        "712020:9f1e"
    );
    let (_, claims) = parts(&stage.given("/_standin/id-token?aud=gatepost").await);
    assert_eq!(claims.get("account"), None);
    for path in ["id-token", "api-token", "oauth-token"] {
        let answer = stage
            .get_own(&format!("/_standin/{path}?account=dave"))
            .await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (
                404,
                "nobody goes by `dave`: say a nickname of /_standin/sites, or an account id\n"
            ),
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_makes_no_sense_gets_nothing() {
    let stage = Stage::new().await;
    for (target, status) in [
        ("/_standin/api-token", 400),
        ("/_standin/api-token?account=%zz", 400),
        ("/_standin/oauth-token?account=ann&site=nowhere", 404),
        ("/_standin/sites/nowhere/forge-headers?account=ann", 404),
        ("/_standin/sites/acme/invocation-token?account=eve", 404),
    ] {
        assert_eq!(stage.get_own(target).await.status, status, "{target}");
    }
    assert_eq!(
        stage
            .post_own("/_standin/rotate?of=else", &[], "")
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn keys_are_rotated_from_a_terminal() {
    let stage = Stage::new().await;
    let old = stage.acme().invocation_token(None);
    let rotate = async |query: &str| {
        let target = format!("/_standin/rotate?{query}");
        assert_eq!(
            stage.post_own(&target, &[], "").await.status,
            204,
            "{query}"
        );
        stage.get_own("/forge/jwks.json").await.json()
    };
    assert!(is_signed(&old, &rotate("of=forge").await));
    assert!(!is_signed(&old, &rotate("of=forge&retire").await));
    let former = stage.standin.oidc().ec_key().kid();
    rotate("of=oidc-other&retire").await;
    assert_eq!(stage.standin.oidc().ec_key().kid(), former);
    rotate("of=oidc").await;
    assert_ne!(stage.standin.oidc().ec_key().kid(), former);
}

/// Every line that the guide shows as a command is one that works.
#[tokio::test]
async fn the_guide_tells_what_works() {
    let stage = Stage::new().await;
    let own = format!("http://{}", stage.standin.address());
    let guide = stage.given("/_standin/").await;
    assert_eq!(guide, stage.standin.guide());
    let mut tried = 0;
    for line in guide.lines().filter(|line| line.contains("curl -s")) {
        let (command, rest) = line.split_once(&own).unwrap();
        let target = rest.split(['\'', ' ']).next().unwrap();
        if !command.contains("-X ") {
            stage.given(target).await;
        } else if command.contains("POST") {
            assert_eq!(stage.post_own(target, &[], "").await.status, 204, "{line}");
        }
        tried += 1;
    }
    assert_eq!(tried, 14);
}
