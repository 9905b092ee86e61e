//! The sites: issues, versions, fields, permissions, and the traps that a gateway has to see.

use gatepost::standin::account;
use serde_json::{Value, json};

use super::{Stage, wire};

#[tokio::test]
async fn an_issue_is_found_by_key_in_any_case_and_by_id() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let token = stage.token(&acme, "ann").await;
    for name in ["ACME-1", "acme-1", "Acme-1", "10001"] {
        for version in ["2", "3", "latest"] {
            let target = format!("/rest/api/{version}/issue/{name}");
            let answer = stage.get(&acme, &token, &target).await;
            assert_eq!(answer.status, 200, "{target}");
            let issue = answer.json();
            assert_eq!(
                (&issue["key"], &issue["id"]),
                (&json!("ACME-1"), &json!("10001"))
            );
            let address = format!("https://acme.atlassian.net/rest/api/{version}/issue/10001");
            assert_eq!(issue["self"], json!(address));
        }
    }
}

#[tokio::test]
async fn version_2_shows_text_and_version_3_documents() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let token = stage.token(&acme, "ann").await;
    for (version, is_document) in [("2", false), ("latest", false), ("3", true)] {
        let target = format!("/rest/api/{version}/issue/ACME-1");
        let fields = stage.get(&acme, &token, &target).await.json()["fields"].take();
        let texts = [
            &fields["description"],
            &fields["comment"]["comments"][0]["body"],
            &fields["worklog"]["worklogs"][0]["comment"],
        ];
        for text in texts {
            assert_eq!(text["type"] == "doc", is_document, "{version}: {text}");
            assert_eq!(text.is_string(), !is_document, "{version}: {text}");
        }
    }
}

#[tokio::test]
async fn absent_and_forbidden_issues_are_the_same_404() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let (ann, bob) = (
        stage.token(&acme, "ann").await,
        stage.token(&acme, "bob").await,
    );
    assert_eq!(
        stage
            .get(&acme, &ann, "/rest/api/3/issue/SECRET-7")
            .await
            .status,
        200
    );
    let expected = json!({
        "errorMessages": ["Issue does not exist or you do not have permission to see it."], "errors": {},
    });
    for name in [
        "SECRET-7",
        "10107",
        "ACME-99",
        "99",
        "NOPE-1",
        "ACME-1%2Ftransitions",
        "..%2fACME-1",
    ] {
        let answer = stage
            .get(&acme, &bob, &format!("/rest/api/3/issue/{name}"))
            .await;
        assert_eq!(
            (answer.status, answer.json()),
            (404, expected.clone()),
            "{name}"
        );
    }
    acme.forbid("ann", "SECRET");
    assert_eq!(
        stage
            .get(&acme, &ann, "/rest/api/3/issue/SECRET-7")
            .await
            .status,
        404
    );
    acme.allow("bob", "SECRET");
    assert_eq!(
        stage
            .get(&acme, &bob, "/rest/api/3/issue/SECRET-7")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_moved_issue_answers_to_its_old_key_under_its_new_one() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let token = stage.token(&acme, "ann").await;
    assert_eq!(acme.move_issue("ACME-2", "SECRET"), "SECRET-9");
    for name in ["ACME-2", "acme-2", "SECRET-9", "10002"] {
        let issue = stage
            .get(&acme, &token, &format!("/rest/api/3/issue/{name}"))
            .await
            .json();
        assert_eq!(issue["key"], json!("SECRET-9"), "{name}");
        assert_eq!(issue["fields"]["project"]["key"], json!("SECRET"), "{name}");
    }
    // The permission is that of the new project.
    let bob = stage.token(&acme, "bob").await;
    assert_eq!(
        stage
            .get(&acme, &bob, "/rest/api/3/issue/ACME-2")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn issues_are_added_and_changed_while_it_runs() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let token = stage.token(&acme, "ann").await;
    let id = acme.add_issue("NEW-1", "Fresh");
    acme.edit_issue("NEW-1", |issue| issue.parent = Some(10_003));
    let target = format!("/rest/api/2/issue/{id}?fields=summary,parent");
    let issue = stage.get(&acme, &token, &target).await.json();
    assert_eq!(issue["fields"]["summary"], json!("Fresh"));
    assert_eq!(issue["fields"]["parent"]["key"], json!("ACME-3"));
}

#[tokio::test]
async fn an_issue_embeds_others_that_the_viewer_may_see_and_apps_tell_of_all() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    for (name, sees) in [("ann", true), ("bob", false)] {
        let token = stage.token(&acme, name).await;
        let fields = stage
            .get(&acme, &token, "/rest/api/3/issue/ACME-1")
            .await
            .json()["fields"]
            .take();
        let linked = fields["issuelinks"].to_string();
        assert_eq!(linked.contains("SECRET-7"), sees, "{name}");
        assert!(linked.contains("ACME-2"));
        assert_eq!(fields["parent"]["key"], json!("ACME-3"));
        assert_eq!(fields["subtasks"][0]["key"], json!("ACME-4"));
        // An app's field and the old epic link ask nobody.
        assert_eq!(fields["customfield_10014"], json!("SECRET-7"));
        assert!(fields["customfield_10100"].to_string().contains("Nightjar"));
    }
}

async fn keys_of(stage: &Stage, token: &str, query: &str) -> Vec<String> {
    let target = format!("/rest/api/3/issue/ACME-1{query}");
    let issue = stage.get(&stage.acme(), token, &target).await.json();
    let fields = issue["fields"].as_object().unwrap();
    fields.keys().cloned().collect()
}

#[tokio::test]
async fn fields_are_those_that_were_selected() {
    let stage = Stage::new().await;
    let token = stage.token(&stage.acme(), "ann").await;
    assert_eq!(
        keys_of(&stage, &token, "?fields=summary,status").await,
        ["status", "summary"]
    );
    assert_eq!(
        keys_of(&stage, &token, "?fields=summary&fields=status").await,
        ["status", "summary"]
    );
    let all = keys_of(&stage, &token, "").await;
    assert_eq!(all, keys_of(&stage, &token, "?fields=*all").await);
    for field in [
        "parent",
        "subtasks",
        "issuelinks",
        "comment",
        "worklog",
        "attachment",
        "customfield_10100",
    ] {
        assert!(all.iter().any(|found| found == field), "{field}");
    }
    let navigable = keys_of(&stage, &token, "?fields=*navigable").await;
    assert!(navigable.len() < all.len() && !navigable.iter().any(|found| found == "comment"));
    let without = keys_of(&stage, &token, "?fields=-comment,-summary").await;
    assert_eq!(without.len(), all.len() - 2);
}

#[tokio::test]
async fn expansions_and_properties_come_when_asked_for() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let token = stage.token(&acme, "ann").await;
    let plain = stage
        .get(&acme, &token, "/rest/api/3/issue/ACME-1")
        .await
        .json();
    let words = [
        "names",
        "schema",
        "renderedFields",
        "changelog",
        "transitions",
        "operations",
    ];
    for word in words
        .iter()
        .chain(&["versionedRepresentations", "properties"])
    {
        assert!(plain.get(*word).is_none(), "{word}");
    }
    let target = format!(
        "/rest/api/3/issue/ACME-1?expand={}&properties=*all",
        words.join(",")
    );
    let full = stage.get(&acme, &token, &target).await.json();
    for word in words {
        assert!(full[word].is_object() || full[word].is_array(), "{word}");
    }
    assert_eq!(full["names"]["summary"], json!("Summary"));
    assert_eq!(
        full["schema"]["customfield_10014"]["customId"],
        json!(10014)
    );
    assert!(
        full["renderedFields"]["description"]
            .as_str()
            .unwrap()
            .contains("<li>one form</li>")
    );
    assert!(
        full["changelog"]
            .to_string()
            .contains("This issue blocks SECRET-7")
    );
    assert_eq!(full["properties"].as_object().unwrap().len(), 2);

    let target = "/rest/api/3/issue/ACME-1?fields=summary&expand=versionedRepresentations&properties=com.example.planner";
    let versioned = stage.get(&acme, &token, target).await.json();
    assert!(versioned.get("fields").is_none());
    assert!(versioned["versionedRepresentations"]["summary"]["1"].is_string());
    assert_eq!(
        versioned["properties"]["com.example.planner"]["sprint"],
        json!(12)
    );
}

#[tokio::test]
async fn a_site_tells_who_asks_and_what_it_is() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let token = stage.token(&acme, "bob").await;
    let me = stage.get(&acme, &token, "/rest/api/3/myself").await.json();
    assert_eq!(
        (&me["accountId"], &me["active"]),
        (&json!(account("bob")), &json!(true))
    );
    let info = stage
        .get(&acme, &token, "/rest/api/latest/serverInfo")
        .await
        .json();
    assert_eq!(info["baseUrl"], json!("https://acme.atlassian.net"));
    let tenant = stage
        .get_with(&acme, &[], "/_edge/tenant_info")
        .await
        .json();
    assert_eq!(tenant, json!({"cloudId": acme.cloud_id()}));
    assert_ne!(acme.cloud_id(), stage.globex().cloud_id());
}

#[tokio::test]
async fn answers_carry_what_the_edge_of_atlassian_adds() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let token = stage.token(&acme, "bob").await;
    let answer = stage.get(&acme, &token, "/rest/api/3/issue/ACME-1").await;
    assert_eq!(
        answer.header("content-type"),
        Some("application/json;charset=UTF-8")
    );
    assert_eq!(answer.header("atl-traceid").unwrap().len(), 32);
    assert!(answer.header("x-arequestid").is_some());
    assert!(
        answer
            .header("set-cookie")
            .unwrap()
            .starts_with("atlassian.xsrf.token=")
    );
    let account = "557058%3Af58131cb-b67d-43c7-b30d-6b58d40bd077";
    assert_eq!(answer.header("x-aaccountid"), Some(account));
}

#[tokio::test]
async fn other_paths_versions_and_methods_have_nothing() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let token = format!("Bearer {}", stage.token(&acme, "ann").await);
    let headers = [("authorization", token.as_str())];
    let table = [
        ("GET", "/rest/api/4/issue/ACME-1", 404),
        ("GET", "/rest/api/3/issue/ACME-1/transitions", 404),
        ("GET", "/rest/agile/1.0/issue/ACME-1", 404),
        ("GET", "//rest/api/3/issue/ACME-1", 404),
        ("GET", "/rest/api/3/x/../issue/ACME-1", 404),
        ("DELETE", "/rest/api/3/issue/ACME-1", 405),
        ("GET", "/_standin/sites", 404),
        ("GET", "/rest/api/3/issue/ACME-1?fields=%zz", 400),
    ];
    for (method, target, expected) in table {
        let address = stage.standin.address();
        let answer = wire::send(address, acme.host(), method, target, &headers, "").await;
        assert_eq!(answer.status, expected, "{method} {target}");
    }
}

#[tokio::test]
async fn a_site_answers_to_its_host_alone() {
    let stage = Stage::new().await;
    let token = format!("Bearer {}", stage.token(&stage.acme(), "ann").await);
    let headers = [("authorization", token.as_str())];
    let address = stage.standin.address();
    let with_port = format!("ACME.atlassian.net:{}", address.port());
    let path = "/rest/api/3/issue/ACME-1";
    let absolute = format!("http://acme.atlassian.net{path}");
    let table = [
        (with_port.as_str(), path, 200),
        ("acme.atlassian.net", &absolute, 404),
        ("hooli.atlassian.net", path, 404),
        ("acme.atlassian.net.", path, 404),
        ("acme.atlassian.net:443", path, 404),
        ("", path, 404),
    ];
    for (host, target, expected) in table {
        let answer = wire::send(address, host, "GET", target, &headers, "").await;
        assert_eq!(answer.status, expected, "{host} {target}");
    }
    let two = [("host", "acme.atlassian.net"), headers[0]];
    let answer = wire::send(address, "acme.atlassian.net", "GET", path, &two, "").await;
    assert_eq!(answer.status, 404, "two hosts are none");
}

#[tokio::test]
async fn people_see_and_steer_it_under_a_path_of_its_own() {
    let stage = Stage::new().await;
    let sites = stage.get_own("/_standin/sites").await.json();
    assert_eq!(sites[0]["cloudId"], json!(stage.acme().cloud_id()));
    assert_eq!(sites[1]["people"][0]["active"], json!(true));
    assert!(!sites.to_string().contains("ATCO"), "no secret is shown");
    let token = stage
        .get_own("/_standin/sites/acme/context-token?account=ann")
        .await;
    assert_eq!(token.body, stage.acme().context_token("ann"));
    assert_eq!(
        token.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    for target in [
        "/_standin/sites/nowhere/context-token?account=ann",
        "/_standin/sites/acme/context-token?account=eve",
    ] {
        assert_eq!(stage.get_own(target).await.status, 404, "{target}");
    }
    assert_eq!(stage.get_own("/_standin/requests").await.json(), json!([]));
    stage.get_own("/nowhere").await;
    let seen: Value = stage.get_own("/_standin/requests").await.json();
    assert_eq!(
        (&seen[0]["role"], &seen[0]["status"]),
        (&json!("unknown"), &json!(404))
    );
    stage.standin.clear_requests();
    assert_eq!(stage.standin.requests(), []);
}
