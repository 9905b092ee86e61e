//! The site's page for browsers, without one: what it embeds, to whom it gives tokens, and who administers a site.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::Stage;
use super::wire::{self, Reply};

const APP: &str = "https://gatepost.example.com/base";

/// The address of the frame, as the browser reads it.
fn frame(page: &Reply) -> String {
    let (_, frame) = page.body.split_once("<iframe").unwrap();
    let (_, source) = frame.split_once(" src=\"").unwrap();
    source.split_once('"').unwrap().0.replace("&amp;", "&")
}

fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

async fn token_from(stage: &Stage, target: &str, from: &[(&str, &str)]) -> Reply {
    let address = stage.standin.address();
    wire::send(address, &address.to_string(), "GET", target, from, "").await
}

#[tokio::test]
async fn the_page_of_a_site_frames_the_app_with_a_token_for_exactly_this_request() {
    let stage = Stage::new().await;
    let _ = stage.acme().install(&format!("{APP}/"));
    let page = stage.get_own("/sites/acme/page?as=bob").await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("Bob Baker"), "{}", page.body);
    let (target, token) = frame(&page)
        .strip_prefix(APP)
        .and_then(|target| target.split_once("&jwt="))
        .map(|(target, token)| (target.to_owned(), token.to_owned()))
        .unwrap();
    let start = "/connect/page?xdm_e=https%3A%2F%2Facme.atlassian.net&xdm_c=channel-";
    assert!(target.starts_with(start), "{target}");
    assert!(target.ends_with("&cp=&lic=none&cv=1001.0.0"), "{target}");
    assert_eq!(token, stage.acme().request_token("bob", "GET", &target));
    // A token is good once, so a page that is opened twice within a second carries two.
    let again = frame(&stage.get_own("/sites/acme/page?as=bob").await);
    assert_ne!(again.split_once("&jwt=").unwrap().1, token);
}

#[tokio::test]
async fn without_the_app_there_is_no_frame_and_no_token() {
    let stage = Stage::new().await;
    let own = [("sec-fetch-site", "same-origin")];
    for step in ["before the first install", "uninstalled"] {
        let page = stage.get_own("/sites/acme/page").await;
        assert_eq!(page.status, 200, "{step}");
        assert!(page.body.contains("not installed"), "{step}: {}", page.body);
        assert!(!page.body.contains("iframe"), "{step}");
        let token = token_from(&stage, "/sites/acme/context-token", &own).await;
        assert_eq!(token.status, 409, "{step}");
        let _ = stage.acme().install(APP);
        let _ = stage.acme().uninstall(APP);
    }
    let _ = stage.acme().install(APP);
    let page = stage.get_own("/sites/acme/page").await;
    assert!(page.body.contains("iframe"), "{}", page.body);
}

#[tokio::test]
async fn a_token_is_given_to_the_page_of_the_site_alone() {
    let stage = Stage::new().await;
    let _ = stage.acme().install(APP);
    let target = "/sites/acme/context-token?as=ann";
    for from in [
        &[][..],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "none")],
    ] {
        let refused = token_from(&stage, target, from).await;
        assert_eq!(refused.status, 403, "{from:?}");
        assert_eq!(refused.header("access-control-allow-origin"), None);
    }
    let own = [("sec-fetch-site", "same-origin")];
    let given = token_from(&stage, target, &own).await;
    assert_eq!(given.status, 200);
    assert_eq!(given.body, stage.acme().context_token("ann"));
    assert_eq!(claims(&given.body)["qsh"], "context-qsh");
    assert_eq!(given.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_page_has_one_origin() {
    let stage = Stage::new().await;
    let address = stage.standin.address();
    let name = format!("localhost:{}", address.port());
    let target = "/sites/acme/page?as=ann";
    let moved = wire::send(address, &name, "GET", target, &[], "").await;
    assert_eq!(moved.status, 307);
    let page = stage.acme().page_url("ann");
    assert_eq!(moved.header("location"), Some(page.as_str()));
}

#[tokio::test]
async fn nobody_looks_at_a_page_of_no_site_or_as_a_stranger() {
    let stage = Stage::new().await;
    for target in [
        "/sites/nobody/page",
        "/sites/acme/page?as=eve",
        "/sites/acme/page?as=%3Cb%3E",
        "/sites/acme/context-token?as=eve",
    ] {
        let own = [("sec-fetch-site", "same-origin")];
        assert_eq!(
            token_from(&stage, target, &own).await.status,
            404,
            "{target}"
        );
    }
}

#[tokio::test]
async fn what_browsers_load_is_not_written_down() {
    let stage = Stage::new().await;
    for target in [
        "/connect/all.js",
        "/sites/host.js",
        "/sites/host.css",
        "/sites/acme/page",
    ] {
        assert_eq!(stage.get_own(target).await.status, 200, "{target}");
    }
    assert_eq!(stage.standin.requests(), []);
    let script = stage.standin.page_script();
    assert_eq!(
        script,
        format!("http://{}/connect/all.js", stage.standin.address())
    );
    let url = stage.acme().page_url("ann");
    assert_eq!(
        url,
        format!("http://{}/sites/acme/page?as=ann", stage.standin.address())
    );
}

#[tokio::test]
async fn an_administrator_is_one_on_a_site_and_not_on_the_next() {
    let stage = Stage::new().await;
    let administrators = async || {
        let sites = stage.get_own("/_standin/sites").await.json();
        let of = |site: &Value| {
            let people = site["people"].as_array().unwrap().iter();
            let them = people.filter(|person| person["administrator"] == true);
            let mut them: Vec<_> = them
                .map(|person| person["nickname"].as_str().unwrap().to_owned())
                .collect();
            them.sort();
            them.join(" ")
        };
        [of(&sites[0]), of(&sites[1])]
    };
    assert_eq!(administrators().await, ["carol", "eve"]);
    stage.acme().promote("ann");
    stage.globex().demote("eve");
    assert_eq!(administrators().await, ["ann carol", ""]);
    stage.acme().deactivate("carol");
    assert_eq!(administrators().await, ["ann", ""]);
}
