//! `POST /v1/check`: what would be allowed, said without sending or looking anything up.

use gatepost::standin::account;
use serde_json::{Value, json};

use super::wire;
use crate::world::World;

/// The status and the body of the answer to a check with this body.
async fn check(world: &World, token: &str, body: &str) -> (u16, Value) {
    let length = body.len();
    let head = "POST /v1/check HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n";
    let request =
        format!("{head}authorization: JWT {token}\r\ncontent-length: {length}\r\n\r\n{body}");
    let (status, answer) = wire::raw(world, request.as_bytes()).await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    (status, serde_json::from_str(body).unwrap())
}

/// The records of checks, oldest first.
async fn checks(world: &World) -> Vec<Value> {
    let mut log = world.log().await;
    log.retain(|record| record["kind"] == "check");
    log
}

/// `allowed`, or the code and the sentence.
fn said(answer: &(u16, Value)) -> String {
    let (status, body) = answer;
    assert_eq!(*status, 200, "{body}");
    let text = |name: &str| body[name].as_str().unwrap_or("-").to_owned();
    if body["allowed"].as_bool().unwrap() {
        text("code")
    } else {
        format!("{}: {}", text("code"), text("reason"))
    }
}

const UNSEEN: &str =
    "issue_not_visible: Issue does not exist or you do not have permission to see it.";

#[tokio::test]
async fn each_action_is_answered_as_the_policies_say_and_nothing_is_sent() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    let bob = account("bob");
    let none = "policy_denied: No policy allows this.";
    let cases = [
        (json!({"issue": "ACME-1"}), "allowed"),
        (json!({"issue": "ACME-999"}), "allowed"),
        (json!({"issue": "10001"}), "allowed"),
        (json!({"issue": "10001", "action": "getIssue"}), "allowed"),
        (json!({"issue": "ACME-1", "action": "editIssue"}), "allowed"),
        (json!({"issue": "ACME-1", "action": "deleteIssue"}), none),
        (json!({"action": "getServerInfo"}), "allowed"),
        (
            json!({"action": "listFields", "site": "https://acme.atlassian.net"}),
            "allowed",
        ),
        (json!({"action": "superviseSite"}), "allowed"),
        (json!({"action": "administerSite"}), none),
        (
            json!({"issue": "ACME-1", "act_as": bob}),
            "act_as_denied: You may not act as this account.",
        ),
        (
            json!({"issue": "GLOBEX-1", "site": "https://globex.atlassian.net"}),
            UNSEEN,
        ),
        (
            json!({"issue": "GLOBEX-1", "site": "https://nobody.atlassian.net"}),
            UNSEEN,
        ),
        (
            json!({"action": "getMyself", "site": "https://globex.atlassian.net"}),
            UNSEEN,
        ),
    ];
    for (body, expected) in &cases {
        let answer = check(&world, &ann, &body.to_string()).await;
        assert_eq!(said(&answer), *expected, "{body}");
    }
    assert!(world.nothing_left());
    assert_eq!(checks(&world).await.len(), cases.len());
    assert_eq!(
        world.decisions().await.len(),
        0,
        "nothing was done, so nothing ended"
    );
}

#[tokio::test]
async fn a_check_is_recorded_with_what_it_rests_on_and_under_the_id_that_is_told() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    let body = json!({"issue": "ACME-1", "action": "editIssue"}).to_string();
    let (_, answer) = check(&world, &ann, &body).await;
    let record = checks(&world).await.pop().unwrap();
    assert_eq!(record["decision_id"], answer["decision_id"]);
    assert_eq!(
        (&record["kind"], &record["action"]),
        (&json!("check"), &json!("editIssue"))
    );
    assert_eq!(record["policies"][0]["id"], "members-edit-issues");
    assert_eq!(record["site"], "acme.atlassian.net");
    assert_eq!(record["effect"], "allow");
    assert_eq!(record.get("site_asked"), None);
}

#[tokio::test]
async fn a_foreign_site_reads_as_an_unknown_one_and_only_the_log_knows() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    let mut told = Vec::new();
    for site in ["globex", "nobody"] {
        let body = json!({"issue": "GLOBEX-1", "site": format!("https://{site}.atlassian.net")});
        let (status, mut answer) = check(&world, &ann, &body.to_string()).await;
        answer["decision_id"] = Value::Null;
        told.push((status, answer));
        let record = checks(&world).await.pop().unwrap();
        assert_eq!(
            (
                &record["kind"],
                &record["effect"],
                &record["told_code"],
                &record["told_status"]
            ),
            (
                &json!("check"),
                &json!("deny"),
                &json!("issue_not_visible"),
                &json!(200)
            ),
        );
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn what_is_not_a_question_is_refused_with_what_is_wrong() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    for (body, code, names) in [
        ("", "malformed_body", "not a JSON object"),
        ("[]", "malformed_body", "not a JSON object"),
        (
            r#"{"issue":"ACME-1","issue":"ACME-2"}"#,
            "malformed_body",
            "two members",
        ),
        (
            r#"{"issue":"ACME-1","isue":"ACME-2"}"#,
            "unknown_member",
            "`isue`",
        ),
        (r#"{"issue":1}"#, "unknown_value", "`issue` is not a text"),
        ("{}", "missing_member", "`issue`"),
        (r#"{"issue":"../x"}"#, "malformed_issue", ""),
        (r#"{"issue":"ACME-1","site":"acme"}"#, "malformed_site", ""),
        (
            r#"{"issue":"ACME-1","action":"readIssue"}"#,
            "unknown_value",
            "`readIssue`",
        ),
        (
            r#"{"issue":"ACME-1","action":"getMyself"}"#,
            "unknown_value",
            "a site and no `issue`",
        ),
        (r#"{"action":"editIssue"}"#, "unknown_value", "an `issue`"),
        (
            r#"{"issue":"10001","action":"editIssue"}"#,
            "unknown_value",
            "by its key",
        ),
        (
            r#"{"issue":"ACME-1","action":"findIssue"}"#,
            "unknown_value",
            "by its number",
        ),
        (
            r#"{"action":"findIssue"}"#,
            "unknown_value",
            "by its number",
        ),
    ] {
        let (status, answer) = check(&world, &ann, body).await;
        assert_eq!(
            (status, &answer["code"]),
            (400, &json!(code)),
            "{body}: {answer}"
        );
        let detail = answer["detail"].as_str().unwrap();
        assert!(detail.contains(names), "{body}: {detail}");
    }
    let (status, _) = check(&world, "x", r#"{"issue":"ACME-1"}"#).await;
    assert_eq!(status, 401);
    assert_eq!(checks(&world).await.len(), 15);
    assert!(world.nothing_left());
}
