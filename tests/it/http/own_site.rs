//! Paths that name no site: the one that the credential is bound to, and never another.

use serde_json::json;

use super::lines;
use super::resource::code;
use crate::world::World;

#[tokio::test]
async fn a_path_without_a_site_is_of_the_site_of_the_credential() {
    let world = World::new().await;
    for (site, person, title) in [
        ("acme", "ann", "Project Nightjar (acme)"),
        ("globex", "eve", "Project Nightjar (globex)"),
    ] {
        let token = world.token(site, person);
        for version in ["2", "3", "latest"] {
            let target = format!("/rest/api/{version}/issue/SECRET-7?fields=summary");
            let answer = world.get(&target, &token).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!(answer.json()["fields"]["summary"], title);
            let log = world.decisions().await;
            let decision = &log[log.len() - 2];
            assert_eq!(decision["decision_id"], answer.decision_id());
            assert_eq!(decision["site"], format!("{site}.atlassian.net"));
            assert_eq!(decision.get("site_asked"), None, "none was named");
        }
    }
}

#[tokio::test]
async fn a_number_without_a_site_is_decided_again_as_the_issue_that_it_is() {
    let world = World::new().await;
    let target = "/rest/api/3/issue/10001?fields=summary";
    let answer = world.get(target, &world.token("acme", "ann")).await;
    assert_eq!(answer.json()["key"], "ACME-1");
    let log = lines(&world.decisions().await);
    let expected = [
        "allow policy allowed",
        "allow answer allowed",
        "outcome 200 allowed",
    ];
    assert_eq!(log, expected);
}

#[tokio::test]
async fn without_a_credential_there_is_no_site() {
    let world = World::new().await;
    for target in ["/rest/api/3/issue/ACME-1", "/rest/api/3/serverInfo"] {
        let answer = world.get_with(target, &[]).await;
        assert_eq!(answer.status, 401, "{target}");
        let record = world.decisions().await.pop().unwrap();
        assert_eq!(record.get("site_asked"), None);
        assert_eq!(record.get("site"), None);
    }
    assert!(world.nothing_left());
}

#[tokio::test]
async fn an_issue_of_another_site_is_not_reached_by_its_key() {
    let world = World::new().await;
    let target = "/rest/api/3/issue/GLOBEX-1";
    let answer = world.get(target, &world.token("acme", "ann")).await;
    assert_eq!(
        (answer.status, code(&answer).as_str()),
        (404, "issue_not_visible")
    );
    let hosts = world.seen(gatepost::standin::Role::Jira);
    assert!(hosts.iter().all(|seen| seen.host == "acme.atlassian.net"));
}

#[tokio::test]
async fn the_resources_of_a_credential_are_its_own_site_alone() {
    let world = World::new().await;
    let target = "/oauth/token/accessible-resources";
    for (site, person) in [("acme", "ann"), ("globex", "eve"), ("acme", "carol")] {
        let answer = world.get(target, &world.token(site, person)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(
            answer.json(),
            json!([{
                "id": world.site(site).cloud_id(),
                "url": format!("https://{site}.atlassian.net"),
                "name": site,
                "scopes": ["read:jira-work"],
                "avatarUrl": format!("https://{site}.atlassian.net/favicon.ico"),
            }])
        );
        let log = world.decisions().await;
        let [.., decision, outcome] = log.as_slice() else {
            panic!("{log:?}")
        };
        assert_eq!(decision["action"], "accessible-resources");
        assert_eq!(decision["decision_id"], answer.decision_id());
        assert_eq!(outcome["kind"], "outcome");
    }
    let (odd, ann) = (format!("{target}?x=1"), world.token("acme", "ann"));
    assert_eq!(world.get(&odd, &ann).await.status, 400);
    assert_eq!(world.get(target, "x").await.status, 401);
    assert!(world.nothing_left());
}
