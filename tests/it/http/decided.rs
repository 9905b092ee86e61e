//! What is decided is what is fetched, and what comes back is decided again: acting as another, moved issues, numeric ids, two sites.

use gatepost::standin::account;

use super::resource::code;
use super::{ACME_1, lines};
use crate::world::World;

#[tokio::test]
async fn acting_as_another_takes_more_than_asking() {
    let world = World::new().await;
    let (ann, me, bob) = (world.token("acme", "ann"), account("ann"), account("bob"));
    let authorization = format!("JWT {ann}");
    let as_bob = [
        ("authorization", authorization.as_str()),
        ("x-gatepost-act-as", bob.as_str()),
    ];
    let jira = "/sites/acme.atlassian.net/rest/api/3/issue/ACME-1";
    for (target, headers) in [
        (format!("{ACME_1}&act_as={bob}"), &as_bob[..1]),
        (ACME_1.to_owned(), &as_bob),
        (jira.to_owned(), &as_bob),
        // In two places, and the same: one wish.
        (format!("{ACME_1}&act_as={bob}"), &as_bob),
        // An account that exists on the other site only, and one that exists nowhere.
        (format!("{ACME_1}&act_as={}", account("eve")), &as_bob[..1]),
        (format!("{ACME_1}&act_as=nobody"), &as_bob[..1]),
    ] {
        let answer = world.get_with(&target, headers).await;
        assert_eq!(
            (answer.status, code(&answer).as_str()),
            (403, "act_as_denied"),
            "{target}"
        );
        assert_eq!(answer.json()["detail"], "You may not act as this account.");
    }
    let differ = world
        .get_with(&format!("{ACME_1}&act_as={me}"), &as_bob)
        .await;
    assert_eq!(
        (differ.status, code(&differ).as_str()),
        (400, "malformed_act_as")
    );
    // Nor does the wish tell a foreign site from an unknown one.
    for site in ["globex", "nobody"] {
        let target =
            format!("/v1/issue?site=https://{site}.atlassian.net&issue=ACME-1&act_as={bob}");
        assert_eq!(world.get(&target, &ann).await.status, 404, "{site}");
    }
    assert!(world.nothing_left());
    let log = world.decisions().await;
    assert_eq!(
        (&log[0]["act_as"], &log[0]["act_as_basis"]),
        (&bob.as_str().into(), &"none".into())
    );
    assert_eq!(log[0]["account"], me);
    let oneself = world.get(&format!("{ACME_1}&act_as={me}"), &ann).await;
    assert_eq!(oneself.status, 200, "{}", oneself.text);
}

const SECRET_IS_CLOSED: &str = r#"@id("secret-is-closed") @reason("SECRET is closed.")
    forbid (principal, action == Action::"getIssue", resource) when { resource.project.key == "SECRET" };"#;

#[tokio::test]
async fn a_moved_issue_is_decided_again_under_its_new_key() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    assert_eq!(
        world.site("acme").move_issue("ACME-2", "SECRET"),
        "SECRET-9"
    );
    let target = ACME_1.replace("ACME-1", "ACME-2");
    let answer = world.get(&target, &ann).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["key"], "SECRET-9");
    let log = world.decisions().await;
    let expected = [
        "allow policy allowed",
        "allow answer allowed",
        "outcome 200 allowed",
    ];
    assert_eq!(lines(&log), expected);
    assert_eq!(log[0]["resource"]["id"], "ACME-2");
    assert_eq!(log[1]["resource"]["id"], "SECRET-9");
    assert_eq!(log[1]["resource"]["project"], "SECRET");
    assert!(
        log[1]["outcome"].is_null(),
        "it ended with its request, and nothing of that is unknown"
    );
    assert_eq!(log[0]["request_id"], log[1]["request_id"]);
    assert_ne!(log[0]["decision_id"], log[1]["decision_id"]);
}

#[tokio::test]
async fn an_answer_that_a_policy_forbids_is_not_there() {
    let world = World::builder()
        .policy("30-secret.cedar", SECRET_IS_CLOSED)
        .start()
        .await;
    let site = world.site("acme");
    let ann = world.token("acme", "ann");
    let unknown = world.get(&ACME_1.replace("ACME-1", "ACME-999"), &ann).await;
    site.move_issue("ACME-2", "SECRET");
    // By its former key, by its id, and an issue that was always there by id alone.
    for issue in ["ACME-2", "acme-2", "10002", "10107"] {
        let before = world.decisions().await.len();
        let answer = world.get(&ACME_1.replace("ACME-1", issue), &ann).await;
        assert_eq!(answer.status, 404, "{issue}: {}", answer.text);
        assert_eq!(answer.without_ids(), unknown.without_ids(), "{issue}");
        let log = world.decisions().await.split_off(before);
        let expected = [
            "allow policy allowed",
            "deny answer policy_denied",
            "outcome 404 issue_not_visible",
        ];
        assert_eq!(lines(&log), expected, "{issue}");
        assert_eq!(log[1]["policies"][0]["id"], "secret-is-closed");
        assert_eq!(log[1]["told_code"], "issue_not_visible");
        assert_eq!(log[2]["detail"]["answer_decision"], log[1]["decision_id"]);
        assert_eq!(log[0]["decision_id"], answer.decision_id());
    }
    // Asked for by its key, it is decided from the request alone: nobody learns from that whether it exists.
    world.jira.clear_requests();
    for issue in ["SECRET-7", "SECRET-12345"] {
        let answer = world.get(&ACME_1.replace("ACME-1", issue), &ann).await;
        assert_eq!(
            (answer.status, code(&answer).as_str()),
            (403, "policy_denied"),
            "{issue}"
        );
        assert_eq!(answer.json()["detail"], "SECRET is closed.");
    }
    assert!(world.nothing_left());
}

#[tokio::test]
async fn a_numeric_id_is_two_decisions() {
    let world = World::new().await;
    let answer = world
        .get(
            &ACME_1.replace("ACME-1", "10001"),
            &world.token("acme", "ann"),
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let log = world.decisions().await;
    let actions: Vec<_> = log[..2]
        .iter()
        .map(|record| record["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["findIssue", "getIssue"]);
    assert_eq!(
        (&log[0]["resource"]["id"], &log[1]["resource"]["id"]),
        (&"10001".into(), &"ACME-1".into())
    );
    assert_eq!(
        (&log[0]["stage"], &log[1]["stage"]),
        (&"policy".into(), &"answer".into())
    );
}

#[tokio::test]
async fn the_same_id_and_the_same_key_on_two_sites_are_two_issues() {
    let world = World::new().await;
    for site in ["acme", "globex"] {
        let carol = world.token(site, "carol");
        for issue in ["SECRET-7", "10107"] {
            let target = format!("/v1/issue?site=https://{site}.atlassian.net&issue={issue}");
            let answer = world.get(&target, &carol).await;
            assert_eq!(answer.status, 200, "{site} {issue}: {}", answer.text);
            let summary = format!("Project Nightjar ({site})");
            assert_eq!(answer.json()["fields"]["summary"], summary);
        }
    }
}
