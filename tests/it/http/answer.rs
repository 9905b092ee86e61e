//! What leaves: the parts of an issue that were asked for and are its own, and headers from a list, in both directions.

use gatepost::standin::{Role, account};

use super::{ACME_1, names};
use crate::world::World;

const JIRA: &str = "/sites/acme.atlassian.net/rest/api/3/issue/ACME-1";
/// Every custom field that the stand-in's crowded issue has.
const CUSTOM: &str = "customfield_10014,customfield_10016,customfield_10019,customfield_10100";

/// Titles and keys of what Bob may not see.
fn leaks(text: &str) -> bool {
    [
        "Nightjar",
        "SECRET-7",
        "SECRET-8",
        "competitor",
        "Letter to the board",
        "10107",
    ]
    .iter()
    .any(|word| text.contains(word))
}

#[tokio::test]
async fn values_that_embed_other_issues_are_refused() {
    let world = World::new().await;
    let bob = world.token("acme", "bob");
    let values = [
        "fields=*all",
        "fields=*navigable",
        "fields=summary,*all",
        "fields=*all,-comment",
        "fields=-summary",
        "fields=parent",
        "fields=subtasks",
        "fields=issuelinks",
        "fields=comment",
        "fields=worklog",
        "fields=summary,%20parent",
        "fields=summary%2Cissuelinks",
        "fields=issuerestriction",
        "expand=renderedFields",
        "expand=changelog",
        "expand=names,changelog",
        "expand=operations",
        "expand=transitions",
        "expand=transitions.fields",
        "expand=versionedRepresentations",
        "expand=editmeta",
        "expand=*",
        "properties=*all",
        "properties=-x",
    ];
    for value in values {
        let answer = world.get(&format!("{JIRA}?{value}"), &bob).await;
        assert_eq!(answer.status, 400, "{value}: {}", answer.text);
        assert_eq!(answer.json()["code"], "embeds_issues", "{value}");
    }
    let unknown = [
        "fields=Parent",
        "fields=all",
        "fields=customfield_",
        "fields=customfield_1%26expand=changelog",
        "fields=epic",
        "expand=Names",
        "expand=names%26fields",
        "properties=a%20b",
        "properties=%C3%A9",
    ];
    for value in unknown {
        let answer = world.get(&format!("{JIRA}?{value}"), &bob).await;
        assert_eq!(answer.status, 400, "{value}: {}", answer.text);
        assert_eq!(answer.json()["code"], "unknown_value", "{value}");
    }
    assert!(world.nothing_left());
}

#[tokio::test]
async fn nothing_that_bob_may_not_see_reaches_him_by_any_parameter() {
    let world = World::new().await;
    let bob = world.token("acme", "bob");
    // The stand-in shows these fields to whoever looks, as Jira does: nothing but the screen keeps them from Bob.
    let own = gatepost::decision::OWN_FIELDS.join(",");
    let properties = "com.example.planner,com.example.signing";
    let everything = format!("fields={own},{CUSTOM}&expand=names,schema&properties={properties}");
    let values = [
        String::new(),
        "fields=".to_owned(),
        "fields=summary".to_owned(),
        format!("fields={CUSTOM}"),
        "expand=names".to_owned(),
        "expand=schema,names".to_owned(),
        format!("properties={properties}"),
        everything,
    ];
    for version in ["2", "3", "latest"] {
        for issue in ["ACME-1", "10001"] {
            for value in &values {
                let target =
                    format!("/sites/acme.atlassian.net/rest/api/{version}/issue/{issue}?{value}");
                let answer = world.get(&target, &bob).await;
                assert_eq!(answer.status, 200, "{target}: {}", answer.text);
                assert!(!leaks(&answer.text), "{target}: {}", answer.text);
                assert_eq!(answer.json()["key"], "ACME-1");
            }
        }
    }
    for hidden in ["SECRET-7", "10107", "SECRET-8"] {
        let answer = world
            .get(
                &format!("/sites/acme.atlassian.net/rest/api/3/issue/{hidden}"),
                &bob,
            )
            .await;
        assert_eq!(answer.status, 404);
        assert!(!leaks(&answer.text), "{}", answer.text);
    }
    let log = serde_json::to_string(&world.decisions().await).unwrap();
    for text in ["Nightjar", "competitor", "Checkout"] {
        assert!(!log.contains(text), "no issue text in the log");
    }
}

#[tokio::test]
async fn what_names_another_issue_is_held_back_and_the_log_says_what() {
    let world = World::new().await;
    let target = format!(
        "{JIRA}?fields=summary,{CUSTOM}&properties=com.example.planner,com.example.signing"
    );
    let answer = world.get(&target, &world.token("acme", "bob")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let body = answer.json();
    assert_eq!(
        names(&body["fields"]),
        ["customfield_10016", "customfield_10019", "summary"]
    );
    assert_eq!(names(&body["properties"]), ["com.example.signing"]);
    let log = world.decisions().await;
    let held = serde_json::json!([
        "fields.customfield_10014",
        "fields.customfield_10100",
        "properties.com.example.planner",
    ]);
    assert_eq!(log[1]["outcome"]["withheld_fields"], held);
}

#[tokio::test]
async fn another_issue_is_found_in_every_shape_of_a_value() {
    let world = World::new().await;
    world.site("acme").edit_issue("ACME-1", |issue| {
        let values = [
            serde_json::json!("secret-7"),
            serde_json::json!(["a", ["SECRET-7"]]),
            serde_json::json!({"SECRET-7": {"title": "Nightjar"}}),
            serde_json::json!({"a": {"b": {"key": "SECRET-7"}}}),
            serde_json::json!("ACME-1"),
            serde_json::json!("re-use"),
            serde_json::json!({"url": "https://acme.atlassian.net/browse/SECRET-7"}),
            serde_json::json!("SECRET-7 - Merger plan"),
            serde_json::json!("{\"text\":\"\\nSECRET-7\"}"),
        ];
        for (number, value) in values.into_iter().enumerate() {
            issue
                .custom_fields
                .insert(format!("customfield_{}", 20_000 + number), value);
        }
    });
    let fields = "customfield_20000,customfield_20001,customfield_20002,customfield_20003,customfield_20004,customfield_20005,customfield_20006,customfield_20007,customfield_20008";
    let answer = world
        .get(
            &format!("{JIRA}?fields={fields}"),
            &world.token("acme", "bob"),
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        names(&answer.json()["fields"]),
        ["customfield_20004", "customfield_20005"]
    );
}

/// Headers by which clients try to be somebody, somewhere or something else; Bob's account stands for another.
const CLIENTS: [(&str, &str); 31] = [
    ("cookie", "cloud.session.token=stolen; a=b"),
    ("forwarded", "for=203.0.113.9;host=globex.atlassian.net"),
    ("x-forwarded-for", "203.0.113.9"),
    ("x-forwarded-host", "globex.atlassian.net"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-prefix", "/admin"),
    ("x-real-ip", "203.0.113.9"),
    ("x-original-url", "/rest/api/3/issue/SECRET-7"),
    ("x-rewrite-url", "/rest/api/3/issue/SECRET-7"),
    ("x-atlassian-token", "no-check"),
    (
        "x-atlassian-account",
        "557058:f58131cb-b67d-43c7-b30d-6b58d40bd077",
    ),
    ("x-ausername", "bob"),
    ("x-acpt", "token"),
    ("x-force-accept-language", "true"),
    ("forge-proxy-authorization", "token"),
    ("proxy-authorization", "Basic YTpi"),
    ("accept-language", "de"),
    ("if-none-match", "\"x\""),
    ("range", "bytes=0-9"),
    ("origin", "https://evil.example"),
    ("referer", "https://evil.example/"),
    ("upgrade", "websocket"),
    ("connection", "upgrade, authorization"),
    ("te", "trailers"),
    ("via", "1.1 evil"),
    (
        "x_gatepost_act_as",
        "557058:f58131cb-b67d-43c7-b30d-6b58d40bd077",
    ),
    ("x-gatepost-decision", "mine"),
    ("x-request-id", "mine"),
    (
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ),
    ("user-agent", "evil/1"),
    ("accept", "text/html"),
];

#[tokio::test]
async fn headers_leave_and_arrive_from_a_list() {
    let world = World::new().await;
    let authorization = format!("JWT {}", world.token("acme", "ann"));
    let mut sent = CLIENTS.to_vec();
    sent.push(("authorization", &authorization));
    let answer = world.get_with(JIRA, &sent).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let seen = world.seen(Role::Jira);
    let mut arrived = seen[0].headers.clone();
    arrived.sort();
    let expected = [
        "accept",
        "accept-encoding",
        "authorization",
        "host",
        "user-agent",
        "x-request-id",
    ];
    assert_eq!(arrived, expected);
    assert_eq!(seen[0].host, "acme.atlassian.net");
    assert_eq!(seen[0].authorization_kind.as_deref(), Some("Bearer"));
    assert_eq!(seen[0].account, Some(account("ann")));
    let mut arrived = world.seen(Role::Token)[0].headers.clone();
    arrived.sort();
    let expected = [
        "accept",
        "accept-encoding",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    ];
    assert_eq!(arrived, expected);
    let mut left: Vec<&str> = answer
        .headers
        .keys()
        .map(http::HeaderName::as_str)
        .collect();
    left.sort_unstable();
    let expected = [
        "cache-control",
        "content-length",
        "content-type",
        "date",
        "x-content-type-options",
        "x-gatepost-decision",
        "x-request-id",
    ];
    assert_eq!(left, expected, "no cookie, no trace, no account of Jira's");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(
        answer.header("content-type"),
        "application/json;charset=UTF-8"
    );
    assert_ne!(answer.header("x-request-id"), "mine");
    let log = world.decisions().await;
    assert_eq!(log[0]["request_id"], answer.header("x-request-id"));
    assert_eq!(log[0]["peer"], "127.0.0.1");
    assert_eq!(
        log[0]["forwarded_for"],
        serde_json::Value::Null,
        "nobody is trusted about addresses"
    );
    assert_eq!(log[0]["act_as"], account("ann"));
}

#[tokio::test]
async fn a_listed_proxy_is_believed_for_the_last_hop_that_it_added() {
    let settings = "[server]\ntrusted_proxies = [\"127.0.0.1\"]";
    let settings = settings.replace("[server]\n", "server.");
    let builder = World::builder().settings(&settings).not_installed();
    let world = builder.start().await;
    let install = world.site("acme").install(world.app_url());
    let installed = world.deliver_from("198.51.100.1", &install).await;
    assert_eq!(installed.status, 204, "{}", installed.text);
    let authorization = format!("JWT {}", world.token("acme", "ann"));
    let before = world.decisions().await.len();
    let forwarded = "198.51.100.7, 203.0.113.9, 127.0.0.1";
    let headers = [
        ("authorization", authorization.as_str()),
        ("x-forwarded-for", forwarded),
    ];
    assert_eq!(world.get_with(ACME_1, &headers).await.status, 200);
    let log = world.decisions().await.split_off(before);
    assert_eq!(log[0]["forwarded_for"], "203.0.113.9");
    world.jira.clear_requests();
    // Not the proxy's own address, which policies may hold dear.
    for unreadable in [
        "",
        "unknown",
        "203.0.113.9, _hidden",
        "203.0.113.9,",
        "203.0.113.9:80",
    ] {
        let headers = [headers[0], ("x-forwarded-for", unreadable)];
        let answer = world.get_with(ACME_1, &headers).await;
        assert_eq!(answer.status, 400, "{unreadable}: {}", answer.text);
        assert_eq!(answer.json()["code"], "malformed_message");
    }
    assert_eq!(world.get_with(ACME_1, &headers[..1]).await.status, 400);
    assert!(world.nothing_left());
}

#[tokio::test]
async fn only_the_fields_that_were_asked_for_leave() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    let answer = world.get(&format!("{JIRA}?fields=summary"), &ann).await;
    assert_eq!(names(&answer.json()["fields"]), ["summary"]);
    assert!(
        world.jira_saw()[0].contains("fields=summary%2Cproject"),
        "{:?}",
        world.jira_saw()
    );
    let log = world.decisions().await;
    assert!(
        log[1]["outcome"]["withheld_fields"].is_null(),
        "nothing was held back"
    );
    let whole = world.get(JIRA, &ann).await.json();
    for other in ["parent", "subtasks", "issuelinks", "comment", "worklog"] {
        assert!(whole["fields"].get(other).is_none(), "{other}");
    }
    assert_eq!(whole["fields"]["project"]["key"], "ACME");
}
