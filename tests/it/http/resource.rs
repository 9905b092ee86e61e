//! One canonical resource: sites, issues, paths and methods in every other spelling. What is sent is what was decided, or nothing.

use gatepost::standin::{Role, account};

use super::{ACME_1, lines};
use crate::world::World;

const NOT_VISIBLE: &str = "issue_not_visible";

pub(super) fn code(answer: &crate::world::Answer) -> String {
    answer.json()["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// What a lenient parser reads as a site's address, often as that of acme.
const NO_SITES: [&str; 38] = [
    "acme.atlassian.net",
    "http://acme.atlassian.net",
    "HTTPS:acme.atlassian.net",
    "https:/acme.atlassian.net",
    "https:///acme.atlassian.net",
    "//acme.atlassian.net",
    "https://acme.atlassian.net.",
    "https://acme.atlassian.net:444",
    "https://acme.atlassian.net:80",
    "https://acme.atlassian.net:",
    "https://acme.atlassian.net/jira",
    "https://acme.atlassian.net//",
    "https://acme.atlassian.net/?x",
    "https://acme.atlassian.net%23x",
    "https://ann@acme.atlassian.net",
    "https://acme.atlassian.net@globex.atlassian.net",
    "https://globex.atlassian.net%5C@acme.atlassian.net",
    "https:%5C%5Cacme.atlassian.net",
    "https://acme.atlassian.net%5C",
    "%20https://acme.atlassian.net",
    "https://acme.atlassian.net%20",
    "https://ac%09me.atlassian.net",
    "https://acme.atlassian.net%00",
    "https://acme.atlassian.net%0d%0aHost:%20globex.atlassian.net",
    "https://%2561cme.atlassian.net",
    "https://%EF%BD%81cme.atlassian.net",
    "https://acme%E3%80%82atlassian.net",
    "https://acme.atlassian%C2%ADnet",
    "https://xn--acme-.atlassian.net",
    "https://127.0.0.1",
    "https://2130706433",
    "https://0x7f.1",
    "https://[::1]",
    "https://localhost",
    "https://*.atlassian.net",
    "https://",
    "",
    "file:///etc/passwd",
];

#[tokio::test]
async fn a_site_has_one_name_and_a_few_spellings() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    let same = [
        "https://acme.atlassian.net/",
        "https://ACME.Atlassian.NET",
        "https://acme.atlassian.net:443",
        "https://acme.atlassian.net:443/",
        "https%3A%2F%2Facme.atlassian.net",
    ];
    for site in same {
        let answer = world
            .get(&format!("/v1/issue?site={site}&issue=ACME-1"), &ann)
            .await;
        assert_eq!(answer.status, 200, "{site}: {}", answer.text);
    }
    for seen in world.seen(Role::Jira) {
        assert_eq!(seen.host, "acme.atlassian.net");
    }
    world.jira.clear_requests();
    for site in NO_SITES {
        let answer = world
            .get(&format!("/v1/issue?site={site}&issue=ACME-1"), &ann)
            .await;
        assert_eq!(answer.status, 400, "{site}: {}", answer.text);
        assert_eq!(code(&answer), "malformed_site", "{site}");
    }
    let elsewhere = [
        "https://globex.atlassian.net",
        "https://acme.jira.com",
        "https://acme.atlassian.net.evil.example",
        "https://evil-acme.atlassian.net",
        "https://acme.atlassian.net.atlassian.net",
        "https://issues.acme.example",
        "https://api.atlassian.com",
    ];
    for site in elsewhere {
        let answer = world
            .get(&format!("/v1/issue?site={site}&issue=ACME-1"), &ann)
            .await;
        assert_eq!(answer.status, 404, "{site}: {}", answer.text);
        assert_eq!(code(&answer), NOT_VISIBLE, "{site}");
    }
    assert!(world.nothing_left());
}

#[tokio::test]
async fn the_jira_forms_name_the_same_tenant() {
    let world = World::new().await;
    let (acme, globex) = (world.site("acme"), world.site("globex"));
    let ann = world.token("acme", "ann");
    let own = [
        format!("/ex/jira/{}/rest/api/3/issue/ACME-1", acme.cloud_id()),
        format!("/ex/jira/{}/rest/api/2/issue/ACME-1", acme.cloud_id()),
        "/sites/acme.atlassian.net/rest/api/latest/issue/ACME-1".to_owned(),
        "/sites/ACME.atlassian.net/rest/api/3/issue/acme-1".to_owned(),
    ];
    let sent = ["3", "2", "latest", "3"];
    for (target, version) in own.iter().zip(sent) {
        world.jira.clear_requests();
        let answer = world.get(target, &ann).await;
        assert_eq!(answer.status, 200, "{target}: {}", answer.text);
        let path = format!("/rest/api/{version}/issue/ACME-1?fields=");
        assert!(
            world.jira_saw()[0].starts_with(&path),
            "{:?}",
            world.jira_saw()
        );
    }
    world.jira.clear_requests();
    let foreign = [
        format!("/ex/jira/{}/rest/api/3/issue/ACME-1", globex.cloud_id()),
        "/ex/jira/00000000-0000-4000-8000-000000000000/rest/api/3/issue/ACME-1".to_owned(),
        "/sites/globex.atlassian.net/rest/api/3/issue/ACME-1".to_owned(),
        "/sites/nobody.atlassian.net/rest/api/3/issue/ACME-1".to_owned(),
    ];
    for target in &foreign {
        let answer = world.get(target, &ann).await;
        assert_eq!(
            (answer.status, code(&answer).as_str()),
            (404, NOT_VISIBLE),
            "{target}"
        );
    }
    let malformed = [
        "/ex/jira/acme.atlassian.net/rest/api/3/issue/ACME-1".to_owned(),
        "/ex/jira/..%2f..%2fx/rest/api/3/issue/ACME-1".to_owned(),
        "/sites/acme.atlassian.net:443/rest/api/3/issue/ACME-1".to_owned(),
        "/sites/acme.atlassian.net.%2f/rest/api/3/issue/ACME-1".to_owned(),
        "/sites/ann@acme.atlassian.net/rest/api/3/issue/ACME-1".to_owned(),
        "/sites/https:%2f%2facme.atlassian.net/rest/api/3/issue/ACME-1".to_owned(),
    ];
    for target in &malformed {
        let answer = world.get(target, &ann).await;
        assert_eq!(
            (answer.status, code(&answer).as_str()),
            (400, "malformed_site"),
            "{target}"
        );
    }
    assert!(world.nothing_left());
}

/// What a lenient parser, or a path that is put together as text, reads as ACME-1 or as another issue.
const NO_ISSUES: [&str; 38] = [
    "ACME-1%00",
    "ACME-1%0d%0ax:y",
    "ACME-1%2F..%2FSECRET-1",
    "ACME-1%2Ftransitions",
    "ACME-1%5C..%5CSECRET-7",
    "ACME-1;x",
    "ACME-1%3Bx",
    "ACME-1%3Fexpand=changelog",
    "ACME-1%23",
    "ACME-1%20",
    "%20ACME-1",
    "ACME-1+",
    "ACME%252D1",
    "ACME-01",
    "ACME-0",
    "ACME--1",
    "ACME-1-1",
    "ACME-",
    "-1",
    "ACME",
    "1ACME-1",
    "ACME-1.json",
    "ACME-1,SECRET-7",
    "%E2%80%AEACME-1",
    "%EF%BC%A1CME-1",
    "ACME-%D9%A1",
    "ACME-99999999999999999999",
    "0",
    "010001",
    "0x2711",
    "1e4",
    "+10001",
    "99999999999999999999",
    "%2e%2e",
    "%2e",
    "*",
    "createmeta",
    "picker",
];

#[tokio::test]
async fn an_issue_is_a_key_or_an_id_and_nothing_else() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    let base = "/sites/acme.atlassian.net/rest/api/3/issue";
    for (spelled, sent) in [
        ("acme-1", "ACME-1"),
        ("ac%6De%2D1", "ACME-1"),
        ("%41CME-1", "ACME-1"),
        ("10001", "10001"),
    ] {
        world.jira.clear_requests();
        let answer = world.get(&format!("{base}/{spelled}"), &ann).await;
        assert_eq!(answer.status, 200, "{spelled}: {}", answer.text);
        let path = format!("/rest/api/3/issue/{sent}?");
        assert!(
            world.jira_saw()[0].starts_with(&path),
            "{:?}",
            world.jira_saw()
        );
    }
    world.jira.clear_requests();
    for issue in NO_ISSUES {
        // By hand: a client would tidy the path.
        let head = format!("GET {base}/{issue} HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n");
        let request = format!("{head}authorization: JWT {ann}\r\n\r\n");
        let (status, answer) = super::wire::raw(&world, request.as_bytes()).await;
        assert_eq!(status, 400, "{issue}: {answer}");
        assert!(
            answer.contains(r#""code":"malformed_issue""#),
            "{issue}: {answer}"
        );
    }
    for issue in ["%ff", "ACME-1%c0%af"] {
        let answer = world.get(&format!("{base}/{issue}"), &ann).await;
        assert_eq!(
            (answer.status, code(&answer).as_str()),
            (400, "malformed_target"),
            "{issue}"
        );
    }
    assert!(world.nothing_left());
}

/// Paths of Jira's other interfaces, of other versions, and of this gateway's in other spellings.
fn unlisted(ex: &str) -> [String; 37] {
    let sites = "/sites/acme.atlassian.net";
    [
        "/".to_owned(),
        "/rest/api/3/issue/ACME-1/comment".to_owned(),
        format!("{ex}/rest/api/1/issue/ACME-1"),
        format!("{ex}/rest/api/4/issue/ACME-1"),
        format!("{ex}/rest/api/03/issue/ACME-1"),
        format!("{ex}/rest/api/3%20/issue/ACME-1"),
        format!("{ex}/rest/api/LATEST/issue/ACME-1"),
        format!("{ex}/rest/api/3/issue"),
        format!("{ex}/rest/api/3/issue/"),
        format!("{ex}/rest/api/3/issue/ACME-1/"),
        format!("{ex}/rest/api/3/issue/ACME-1/comment"),
        format!("{ex}/rest/api/3/issue/ACME-1/transitions"),
        format!("{ex}/rest/api/3/issue/ACME-1/../SECRET-7"),
        format!("{ex}/rest/api/3/./issue/ACME-1"),
        format!("{ex}/rest/api/3/x/../issue/ACME-1"),
        format!("{ex}/rest/api/3/%2e%2e/3/issue/ACME-1"),
        format!("{ex}/rest/api/3/search/jql"),
        format!("{ex}/rest/api/3/user"),
        format!("{ex}/rest/agile/1.0/issue/ACME-1"),
        format!("{ex}/rest/servicedeskapi/request/ACME-1"),
        format!("{ex}/rest/internal/3/issue/ACME-1"),
        format!("{ex}/rest/gira/1"),
        format!("{ex}/rest/dev-status/1.0/issue/detail"),
        format!("{ex}/REST/api/3/issue/ACME-1"),
        format!("{ex}/gateway/api/graphql"),
        format!("{ex}/browse/ACME-1"),
        format!("{ex}/si/jira.issueviews:issue-xml/ACME-1/ACME-1.xml"),
        format!("{sites}/rest/agile/1.0/issue/ACME-1"),
        format!("{sites}/browse/ACME-1"),
        "/v1/issue/".to_owned(),
        "/V1/issue".to_owned(),
        "/v1/issue/ACME-1".to_owned(),
        "/v1/../v1/issue".to_owned(),
        "/livez".to_owned(),
        "/readyz".to_owned(),
        "/metrics".to_owned(),
        "/_standin/sites".to_owned(),
    ]
}

#[tokio::test]
async fn a_path_that_is_not_on_the_list_is_nothing() {
    let world = World::new().await;
    let cloud = world.site("acme").cloud_id().to_owned();
    let ex = format!("/ex/jira/{cloud}");
    let mut unknown = unlisted(&ex).to_vec();
    unknown.extend(
        [
            "//nowhere",
            "/v1//issue",
            "/connect//installed",
            "/ex//",
            "/a//rest/api",
        ]
        .map(str::to_owned),
    );
    let token = world.token("acme", "ann");
    for target in &unknown {
        // By hand: a client would tidy the path.
        let head = format!("GET {target} HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n");
        let request = format!("{head}authorization: JWT {token}\r\n\r\n");
        let (status, answer) = super::wire::raw(&world, request.as_bytes()).await;
        assert_eq!(status, 404, "{target}: {answer}");
        assert!(
            answer.contains(r#""code":"unknown_route""#),
            "{target}: {answer}"
        );
        assert!(
            answer.contains("x-gatepost-decision: "),
            "{target}: {answer}"
        );
    }
    let lost = [
        "/ex/jira/rest/api/3/issue/ACME-1".to_owned(),
        "/sites/rest/api/3/issue/ACME-1".to_owned(),
        format!("{ex}//rest/api/3/issue/ACME-1"),
        format!("/{ex}/rest/api/3/issue/ACME-1"),
    ];
    for target in &lost {
        let head = format!("GET {target} HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n");
        let request = format!("{head}authorization: JWT {token}\r\n\r\n");
        let (status, answer) = super::wire::raw(&world, request.as_bytes()).await;
        assert_eq!(status, 400, "{target}: {answer}");
        assert!(answer.contains("lost_path_segment"), "{target}: {answer}");
        assert!(answer.contains("base URL"), "{target}: {answer}");
    }
    assert!(world.nothing_left());
    let log = lines(&world.decisions().await);
    assert_eq!(log.len(), unknown.len() + lost.len());
    assert!(
        log.iter().all(|line| line.starts_with("deny parse ")),
        "{log:?}"
    );
}

#[tokio::test]
async fn no_other_method_is_served_nor_asked_for_by_a_header() {
    let world = World::new().await;
    let authorization = format!("JWT {}", world.token("acme", "ann"));
    let jira = "/sites/acme.atlassian.net/rest/api/3/issue/ACME-1";
    for target in [ACME_1, jira, "/v1/whoami"] {
        for method in [
            "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "GETT",
        ] {
            let answer = world
                .send(method, target, &[("authorization", &authorization)])
                .await;
            assert_eq!(answer.status, 404, "{method} {target}");
            assert!(!answer.decision_id().is_empty(), "{method} {target}");
            assert_eq!(answer.header("allow"), "", "{method} {target}");
        }
    }
    assert!(world.nothing_left());
    for name in [
        "x-http-method-override",
        "x-method-override",
        "x-http-method",
    ] {
        world.jira.clear_requests();
        let headers = [("authorization", authorization.as_str()), (name, "DELETE")];
        assert_eq!(world.send("GET", jira, &headers).await.status, 200);
        let seen = world.seen(Role::Jira);
        assert_eq!(seen[0].method, "GET");
        assert!(!seen[0].headers.iter().any(|header| header == name));
    }
    world.jira.clear_requests();
    let answer = world
        .get(
            &format!("{jira}?_method=DELETE"),
            &world.token("acme", "ann"),
        )
        .await;
    assert_eq!(
        (answer.status, code(&answer).as_str()),
        (400, "unknown_parameter")
    );
    assert!(world.nothing_left());
}

#[tokio::test]
async fn a_parameter_stands_once_and_is_known() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    let (me, bob) = (account("ann"), account("bob"));
    let cases = [
        (format!("{ACME_1}&issue=ACME-1"), "duplicate_parameter"),
        (format!("{ACME_1}&iss%75e=SECRET-7"), "duplicate_parameter"),
        (
            format!("{ACME_1}&site=https://globex.atlassian.net"),
            "duplicate_parameter",
        ),
        (
            format!("{ACME_1}&act_as={me}&act_as={me}"),
            "duplicate_parameter",
        ),
        (
            format!("{ACME_1}&fields=summary&fields=status"),
            "duplicate_parameter",
        ),
        (format!("{ACME_1}&expand&expand"), "duplicate_parameter"),
        (format!("{ACME_1}&Issue=SECRET-7"), "unknown_parameter"),
        (format!("{ACME_1}&issue%00=SECRET-7"), "unknown_parameter"),
        (format!("{ACME_1}&issue[]=SECRET-7"), "unknown_parameter"),
        (format!("{ACME_1}&fieldsByKeys=true"), "unknown_parameter"),
        (format!("{ACME_1}&updateHistory=true"), "unknown_parameter"),
        (format!("{ACME_1};x=1"), "malformed_issue"),
        (format!("{ACME_1}&jwt={ann}"), "several_credentials"),
        (format!("{ACME_1}&%6awt=x"), "several_credentials"),
        (format!("{ACME_1}&fields=%"), "malformed_target"),
        (format!("{ACME_1}&fields=%zz"), "malformed_target"),
        (format!("{ACME_1}&fields=%ff"), "malformed_target"),
        (format!("{ACME_1}&act_as="), "malformed_act_as"),
        (format!("{ACME_1}&act_as={me},{bob}"), "malformed_act_as"),
        (format!("{ACME_1}&act_as=*"), "malformed_act_as"),
        ("/v1/issue?issue=ACME-1".to_owned(), "missing_parameter"),
        (
            "/v1/issue?site=https://acme.atlassian.net".to_owned(),
            "missing_parameter",
        ),
        ("/v1/whoami?account=x".to_owned(), "unknown_parameter"),
        (format!("/v1/whoami?jwt={ann}"), "several_credentials"),
        (
            "/sites/acme.atlassian.net/rest/api/3/issue/ACME-1?act_as=x".to_owned(),
            "unknown_parameter",
        ),
        (
            format!("/sites/acme.atlassian.net/rest/api/3/issue/ACME-1?jwt={ann}"),
            "several_credentials",
        ),
    ];
    for (target, expected) in &cases {
        let answer = world.get(target, &ann).await;
        assert_eq!(
            (answer.status, code(&answer).as_str()),
            (400, *expected),
            "{target}"
        );
    }
    let only = world.send("GET", &format!("{ACME_1}&jwt={ann}"), &[]).await;
    assert_eq!(
        (only.status, code(&only).as_str()),
        (400, "several_credentials")
    );
    assert!(world.nothing_left());
    let text = serde_json::to_string(&world.decisions().await).unwrap();
    assert!(!text.contains(&ann), "no token in the log");
}
