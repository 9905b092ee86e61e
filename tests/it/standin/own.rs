//! Users' own credentials: API tokens on the sites' hosts and on the api host, and the tokens of a consent.

use gatepost::standin::{ApiCredential, Site, account};
use serde_json::json;

use super::Stage;
use super::wire::Reply;

const MYSELF: &str = "/rest/api/3/myself";

impl Stage {
    async fn own(&self, site: &Site, credential: &ApiCredential, target: &str) -> Reply {
        let authorization = credential.authorization();
        self.get_with(site, &[("authorization", &authorization)], target)
            .await
    }

    async fn own_api(&self, site: &Site, credential: &ApiCredential, target: &str) -> Reply {
        let authorization = credential.authorization();
        self.get_api_with(site, &authorization, target).await
    }
}

#[tokio::test]
async fn a_token_without_scopes_is_its_owner_everywhere() {
    let stage = Stage::new().await;
    let (acme, globex) = (stage.acme(), stage.globex());
    let carol = acme.api_token("carol");
    for site in [&acme, &globex] {
        let own = stage.own(site, &carol, MYSELF).await;
        assert_eq!(own.status, 200, "{}", own.body);
        let body = own.json();
        assert_eq!(body["accountId"], account("carol"));
        assert_eq!(body["emailAddress"], carol.email);
        assert_eq!(body["active"], true);
        assert_eq!(stage.own_api(site, &carol, MYSELF).await.status, 200);
    }
    let seen = stage.standin.requests().pop().unwrap();
    assert_eq!(seen.credential, Some("api_token"));
    assert_eq!((seen.account, seen.scope), (Some(account("carol")), None));
    // What she may see is hers, not the app's.
    let bob = acme.api_token("bob");
    let secret = "/rest/api/3/issue/SECRET-7";
    assert_eq!(stage.own(&acme, &carol, secret).await.status, 200);
    assert_eq!(stage.own(&acme, &bob, secret).await.status, 404);
}

#[tokio::test]
async fn a_token_is_refused_to_the_wrong_and_where_its_owner_is_nobody() {
    let stage = Stage::new().await;
    let (acme, globex) = (stage.acme(), stage.globex());
    let ann = acme.api_token("ann");
    let wrong = [
        ApiCredential {
            email: "bob@acme.example".to_owned(),
            ..ann.clone()
        },
        ApiCredential {
            token: format!("{}x", ann.token),
            ..ann.clone()
        },
        ApiCredential {
            token: String::new(),
            ..ann.clone()
        },
    ];
    for credential in wrong {
        let refused = stage.own(&acme, &credential, MYSELF).await;
        assert_eq!(refused.status, 401);
        assert_eq!(
            refused.header("x-seraph-loginreason"),
            Some("AUTHENTICATED_FAILED")
        );
        let refused = stage.own_api(&acme, &credential, MYSELF).await;
        assert_eq!(
            refused.json(),
            json!({"code": 401, "message": "Unauthorized"})
        );
    }
    assert_eq!(stage.own(&globex, &ann, MYSELF).await.status, 403);
    assert_eq!(stage.own_api(&globex, &ann, MYSELF).await.status, 403);
    acme.deactivate("ann");
    assert_eq!(stage.own(&acme, &ann, MYSELF).await.status, 401);
    acme.activate("ann");
    assert_eq!(stage.own(&acme, &ann, MYSELF).await.status, 200);
    stage.standin.revoke_api_token(&ann);
    assert_eq!(stage.own(&acme, &ann, MYSELF).await.status, 401);
}

#[tokio::test]
async fn a_scoped_token_is_good_on_the_api_host_for_its_scopes() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let issue = "/rest/api/3/issue/ACME-1";
    let scoped = acme.scoped_api_token("ann");
    assert_eq!(stage.own(&acme, &scoped, MYSELF).await.status, 401);
    assert_eq!(stage.own_api(&acme, &scoped, MYSELF).await.status, 200);
    assert_eq!(stage.own_api(&acme, &scoped, issue).await.status, 200);
    let people = stage
        .standin
        .api_token_with_scopes("ann", &["read:jira-user"]);
    assert_eq!(stage.own_api(&acme, &people, MYSELF).await.status, 200);
    let refused = stage.own_api(&acme, &people, issue).await;
    let expected = json!({"code": 401, "message": "Unauthorized; scope does not match"});
    assert_eq!(refused.json(), expected);
}

#[tokio::test]
async fn a_service_account_is_an_account_of_one_site() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let robot = acme.service_account("robot");
    assert!(
        robot.email.starts_with("robot-") && robot.email.ends_with("@serviceaccount.atlassian.com")
    );
    assert_eq!(robot.account, acme.service_account("robot").account);
    let own = stage.own_api(&acme, &robot, MYSELF).await;
    assert_eq!(
        (&own.json()["accountId"], &own.json()["emailAddress"]),
        (&json!(robot.account), &json!(robot.email))
    );
    assert_eq!(stage.own(&acme, &robot, MYSELF).await.status, 401);
    assert_eq!(
        stage.own_api(&stage.globex(), &robot, MYSELF).await.status,
        403
    );
    assert_eq!(
        stage
            .own_api(&acme, &robot, "/rest/api/3/issue/ACME-1")
            .await
            .status,
        200
    );
    assert_eq!(
        stage
            .own_api(&acme, &robot, "/rest/api/3/issue/SECRET-7")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_consent_covers_its_sites_and_lists_exactly_them() {
    let stage = Stage::new().await;
    let (acme, globex) = (stage.acme(), stage.globex());
    let both = stage.standin.oauth_token("carol", &["acme", "globex"]);
    let one = stage.standin.opaque_oauth_token("carol", &["globex"]);
    assert_eq!((both.split('.').count(), one.contains('.')), (3, false));
    let listed = async |token: &str| {
        let bearer = format!("Bearer {token}");
        let answer = stage
            .get_own_with(
                "/oauth/token/accessible-resources",
                &[("authorization", &bearer)],
            )
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    };
    let all = listed(&both).await;
    assert_eq!(
        (&all[0]["id"], &all[1]["id"]),
        (&json!(acme.cloud_id()), &json!(globex.cloud_id()))
    );
    assert_eq!(all[0]["url"], acme.base_url());
    assert_eq!(
        all[0]["scopes"],
        json!(["read:jira-work", "read:jira-user"])
    );
    let own = listed(&one).await;
    assert_eq!(
        (own.as_array().unwrap().len(), &own[0]["id"]),
        (1, &json!(globex.cloud_id()))
    );

    assert_eq!(
        stage.get_api(&globex, &one, MYSELF).await.json()["accountId"],
        account("carol")
    );
    assert_eq!(stage.get_api(&acme, &one, MYSELF).await.status, 404);
    assert_eq!(stage.get(&globex, &one, MYSELF).await.status, 401);
    globex.deactivate("carol");
    assert_eq!(stage.get_api(&globex, &one, MYSELF).await.status, 401);
    globex.activate("carol");
    stage.standin.expire_token(&one);
    assert_eq!(stage.get_api(&globex, &one, MYSELF).await.status, 401);
    stage.pass(3600);
    assert_eq!(stage.get_api(&acme, &both, MYSELF).await.status, 401);
}

#[tokio::test]
async fn the_list_of_resources_is_for_a_consents_token_alone() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let bearer = |token: String| format!("Bearer {token}");
    let others = [
        String::new(),
        bearer("x".to_owned()),
        acme.api_token("ann").authorization(),
        bearer(acme.system_token()),
        bearer(acme.user_token("ann")),
        bearer(stage.token(&acme, "ann").await),
    ];
    for authorization in others {
        let headers = [("authorization", authorization.as_str())];
        let refused = stage
            .get_own_with("/oauth/token/accessible-resources", &headers)
            .await;
        assert_eq!(refused.status, 401, "{authorization}");
    }
}

#[tokio::test]
async fn the_api_host_knows_cloud_ids_and_the_rest_api() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let token = stage.standin.oauth_token("ann", &["acme"]);
    let bearer = format!("Bearer {token}");
    let get = async |target: &str| {
        stage
            .get_own_with(target, &[("authorization", &bearer)])
            .await
            .status
    };
    let cloud = acme.cloud_id();
    assert_eq!(
        get(&format!(
            "/ex/jira/{cloud}/rest/api/3/issue/ACME-1?fields=summary"
        ))
        .await,
        200
    );
    for target in [
        "/ex/jira/00000000-0000-0000-0000-000000000000/rest/api/3/myself".to_owned(),
        format!("/ex/jira/{cloud}/_edge/tenant_info"),
        format!("/ex/jira/{cloud}"),
        format!("/ex/confluence/{cloud}/rest/api/3/myself"),
    ] {
        assert_eq!(get(&target).await, 404, "{target}");
    }
    // A token of Connect is its site's, behind no other door.
    let connect = stage.token(&acme, "ann").await;
    assert_eq!(stage.get_api(&acme, &connect, MYSELF).await.status, 401);
}
