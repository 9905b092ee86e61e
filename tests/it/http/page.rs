//! The page inside Jira as it is served: opened once, framed by its own site, without a secret. What people do on it is in `browser`.

use std::time::Duration;

use gatepost::standin::account;

use crate::world::{Answer, World};

const TARGET: &str = "/connect/page?xdm_e=https%3A%2F%2Facme.atlassian.net&lic=none";

/// The address that Jira would open for a person of acme.
fn address(world: &World, person: &str) -> String {
    let token = world.site("acme").request_token(person, "GET", TARGET);
    format!("{TARGET}&jwt={token}")
}

async fn open(world: &World, person: &str) -> Answer {
    world.send("GET", &address(world, person), &[]).await
}

#[tokio::test]
async fn the_page_says_who_and_where_and_holds_no_secret() {
    let world = World::new().await;
    let target = address(&world, "bob");
    let answer = world.send("GET", &target, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert!(answer.text.contains(&account("bob")), "{}", answer.text);
    assert!(
        answer
            .text
            .contains(r#"<dd id="site">acme.atlassian.net</dd>"#)
    );
    let token = target.rsplit_once("jwt=").unwrap().1;
    assert!(!answer.text.contains(token), "the token is in the page");
    assert!(!answer.text.contains(&world.site("acme").client_key()));
    for (name, value) in [
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(answer.header("x-frame-options").is_empty());
    assert!(
        answer
            .header("permissions-policy")
            .contains("clipboard-read=()")
    );
    let log = world.decisions().await;
    let opened: Vec<_> = log
        .iter()
        .filter(|entry| entry["action"] == "openPage")
        .collect();
    assert_eq!(opened[0]["account"], account("bob"));
}

#[tokio::test]
async fn the_page_runs_two_scripts_and_is_framed_by_its_own_site_alone() {
    let world = World::new().await;
    let answer = open(&world, "ann").await;
    let standin = world.jira.oauth_server();
    assert_eq!(
        answer.header("content-security-policy"),
        format!(
            "default-src 'none'; script-src 'self' {standin}; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; \
             form-action 'none'; frame-ancestors https://acme.atlassian.net {standin}"
        )
    );
    assert!(!answer.text.contains("style="), "no style in a line");
    assert_eq!(answer.text.matches("<script").count(), 2);
}

#[tokio::test]
async fn a_page_opens_once() {
    let world = World::new().await;
    let target = address(&world, "ann");
    assert_eq!(world.send("GET", &target, &[]).await.status, 200);
    let again = world.send("GET", &target, &[]).await;
    assert_eq!(again.status, 401);
    assert!(
        again.text.contains("Open Gatepost again from Jira"),
        "{}",
        again.text
    );
    let decision = again.header("x-gatepost-decision");
    assert!(again.text.contains(decision), "{}", again.text);
    // Whose page it was is known: its site shows the refusal.
    let policy = again.header("content-security-policy");
    assert!(
        policy.contains("frame-ancestors https://acme.atlassian.net "),
        "{policy}"
    );
    // A browser that reads `Basic` asks for a password.
    assert_eq!(again.header("www-authenticate"), r#"JWT realm="gatepost""#);
}

#[tokio::test]
async fn whoever_has_no_good_token_gets_a_page_that_says_so_and_that_no_site_frames() {
    let world = World::new().await;
    let good = address(&world, "ann");
    let forged = format!("{good}x");
    let moved = good.replace("lic=none", "lic=active");
    let context = format!("{TARGET}&jwt={}", world.token("acme", "ann"));
    for target in [TARGET, &forged, &moved, &context] {
        let answer = world.send("GET", target, &[]).await;
        assert_eq!(answer.status, 401, "{target}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.ends_with("frame-ancestors 'self'"),
            "{target}: {policy}"
        );
        assert!(!answer.text.contains("acme"), "{}", answer.text);
    }
    world.clock.advance(Duration::from_hours(1));
    assert_eq!(world.send("GET", &good, &[]).await.status, 401);
}

#[tokio::test]
async fn two_tokens_that_differ_are_two_credentials() {
    let world = World::new().await;
    let target = address(&world, "ann");
    let token = target.rsplit_once("jwt=").unwrap().1.to_owned();
    let other = world.fresh_token("acme", "bob");
    for authorization in [
        format!("JWT {other}"),
        format!("Bearer {token}"),
        "Basic YTpi".to_owned(),
    ] {
        let headers = [("authorization", authorization.as_str())];
        let answer = world.send("GET", &target, &headers).await;
        assert_eq!(answer.status, 400, "{authorization}");
        assert!(answer.text.contains("only one"), "{}", answer.text);
    }
    let twice = format!("{target}&jwt={token}");
    assert_eq!(world.send("GET", &twice, &[]).await.status, 400);
    let same = format!("JWT {token}");
    let headers = [("authorization", same.as_str())];
    assert_eq!(world.send("GET", &target, &headers).await.status, 200);
}

#[tokio::test]
async fn the_token_may_stand_in_the_header() {
    let world = World::new().await;
    let token = world.site("acme").request_token("ann", "GET", TARGET);
    let headers = [("authorization", format!("JWT {token}"))];
    let headers = headers
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    assert_eq!(world.send("GET", TARGET, &headers).await.status, 200);
}

#[tokio::test]
async fn a_session_of_a_page_is_of_no_use_without_it() {
    let world = World::new().await;
    let answer = open(&world, "ann").await;
    let nonce = answer
        .text
        .split(r#"name="gatepost-page" content=""#)
        .nth(1)
        .unwrap();
    let nonce = nonce.split('"').next().unwrap().to_owned();
    let token = format!("JWT {}", world.fresh_token("acme", "ann"));
    let headers = [
        ("authorization", token.as_str()),
        ("x-gatepost-page", &nonce),
    ];
    let opened = world.send("POST", "/v1/sessions", &headers).await;
    assert_eq!(opened.status, 201, "{}", opened.text);
    let bearer = format!("Bearer {}", opened.json()["token"].as_str().unwrap());
    let with = [
        ("authorization", bearer.as_str()),
        ("x-gatepost-page", &nonce),
    ];
    assert_eq!(world.send("GET", "/v1/keys", &with).await.status, 200);
    assert_eq!(world.send("GET", "/v1/keys", &with[..1]).await.status, 401);
    let other = open(&world, "bob").await;
    assert!(!other.text.contains(&nonce), "each page has its own");
}

/// The values of an attribute in a page.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    let marked = html.split(&start).skip(1);
    marked.filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn the_files_of_the_page_are_small_and_the_same_for_everybody() {
    let world = World::builder().base_path("/gate").start().await;
    let page = open(&world, "ann").await;
    assert_eq!(page.status, 200, "{}", page.text);
    let folder = format!("page/{}/", gatepost::http::connect_page::edition());
    let mut loaded = attributes(&page.text, "href");
    loaded.extend(attributes(&page.text, "src"));
    loaded.retain(|name| name.starts_with(&folder));
    assert!(loaded.len() > 3, "{loaded:?}");
    for path in &loaded {
        let answer = world.send("GET", &format!("/connect/{path}"), &[]).await;
        let kind = match path.rsplit_once('.').unwrap().1 {
            "css" => "text/css; charset=utf-8",
            _ => "text/javascript; charset=utf-8",
        };
        assert_eq!((answer.status, answer.header("content-type")), (200, kind));
        assert_eq!(answer.header("cache-control"), "public, max-age=3600");
        assert!(
            answer.text.len() < 12 * 1024,
            "{path}: {}",
            answer.text.len()
        );
        assert!(!answer.text.contains("innerHTML"), "{path}");
        // Whatever a script names beside itself is loaded ahead.
        for (import, _) in answer.text.match_indices("\"./") {
            let name = answer.text[import + 3..].split('"').next().unwrap();
            let beside = format!("{folder}{name}");
            assert!(loaded.contains(&beside.as_str()), "{path} names {name}");
        }
    }
    let descriptor = world
        .send("GET", "/connect/atlassian-connect.json", &[])
        .await;
    let module = &descriptor.json()["modules"]["generalPages"][0];
    assert_eq!(module["url"], "/connect/page");
}

#[tokio::test]
async fn files_of_another_edition_and_of_other_names_are_not_there() {
    let world = World::new().await;
    let edition = gatepost::http::connect_page::edition();
    for path in [
        "0/page.js",
        &format!("{edition}/page.html"),
        &format!("{edition}/..%2Fpage.rs"),
    ] {
        let answer = world
            .send("GET", &format!("/connect/page/{path}"), &[])
            .await;
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_form_offers_no_life_that_is_refused() {
    let settings = "limits.key_lifetime_days_max = 5";
    let world = World::builder().settings(settings).start().await;
    let page = open(&world, "ann").await;
    let form = page.text.split("<select id=\"days\"").nth(1).unwrap();
    let form = form.split("</div>").next().unwrap();
    assert_eq!(attributes(form, "value"), ["5"]);
    assert!(
        form.contains("<option value=\"5\" selected>5 days<"),
        "{form}"
    );
    assert!(form.contains("The longest: 5 days."), "{form}");
    let wished = |days: u32| serde_json::json!({"expires_in_days": days});
    let made = world.try_key("acme", "ann", wished(5)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(world.try_key("acme", "ann", wished(7)).await.status, 400);
}
