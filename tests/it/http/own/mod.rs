//! Credentials that Atlassian gave to users: where they are taken, checked and used, and that nothing else comes of them.

mod alike;
mod ends;
mod hosts;
mod kept;
mod outlived;
mod renamed;
mod shares;
mod table;
mod trouble;

use base64::Engine as _;
use gatepost::standin::{Role, Seen, account};
use serde_json::{Value, json};

use super::{ACME_1, act_as_grant};
use crate::world::own::BOTH;
use crate::world::{Answer, World};

const GLOBEX_1: &str = "/v1/issue?site=https://globex.atlassian.net&issue=GLOBEX-1";

/// What reached Atlassian: role, and path without its query.
fn sent(world: &World) -> Vec<(Role, String)> {
    let seen = world.jira.requests().into_iter();
    seen.map(|seen| {
        let path = seen.target.split('?').next().unwrap().to_owned();
        (seen.role, path)
    })
    .collect()
}

fn told(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.json()["code"].clone())
}

#[tokio::test]
async fn a_user_reads_with_a_credential_of_their_own_in_each_form_that_names_the_site() {
    for kind in ["api_token", "oauth_token", "opaque_oauth_token"] {
        let world = World::taking_own(&["acme"]).await;
        let own = world.own(kind, "ann", &["acme"]);
        let cloud = world.site("acme").cloud_id().to_owned();
        for target in [
            ACME_1.to_owned(),
            "/sites/acme.atlassian.net/rest/api/3/issue/ACME-1".to_owned(),
            format!("/ex/jira/{cloud}/rest/api/3/issue/ACME-1"),
        ] {
            let answer = world.get_by(&target, &own).await;
            assert_eq!(answer.status, 200, "{kind} {target}: {}", answer.text);
            assert_eq!(answer.json()["key"], "ACME-1");
        }
        let seen = world.jira.requests();
        let credential = if kind == "api_token" {
            kind
        } else {
            "oauth_token"
        };
        for seen in &seen {
            assert_eq!(seen.credential, Some(credential), "{seen:?}");
            assert_eq!(seen.account, Some(account("ann")), "{seen:?}");
        }
        let whose = seen.iter().filter(|seen| seen.target.ends_with("/myself"));
        assert_eq!(whose.count(), 1, "{kind}");
        assert!(world.seen(Role::Token).is_empty());
        // The bare form names no site, and whose site it would be is what is to be found out.
        world.jira.clear_requests();
        let bare = world.get_by("/rest/api/3/issue/ACME-1", &own).await;
        assert_eq!(told(&bare), (401, "unauthenticated".into()));
        assert!(world.nothing_left());
    }
}

#[tokio::test]
async fn the_record_says_which_credential_it_was_and_holds_no_part_of_it() {
    let world = World::taking_own(&["acme"]).await;
    let ann = world.jira.api_token("ann");
    let answer = world.get_by(ACME_1, &ann.authorization()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let log = world.log().await;
    let of_request: Vec<&Value> = log
        .iter()
        .filter(|record| record["decision_id"] == answer.decision_id())
        .collect();
    let kinds: Vec<&str> = of_request
        .iter()
        .map(|record| record["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["lookup", "decision", "outcome"]);
    let (lookup, decision) = (of_request[0], of_request[1]);
    assert_eq!(lookup["action"], "verifyCredential");
    assert_eq!(lookup["site"], "acme.atlassian.net");
    assert_eq!(lookup["peer"], "127.0.0.1");
    assert_eq!(lookup["account"], Value::Null);
    assert_eq!(decision["tenant_basis"], "confirmed_by_site");
    assert_eq!(decision["account"], account("ann"));
    for record in [lookup, decision] {
        assert_eq!(record["credential"]["kind"], "api_token");
        assert_eq!(record["credential"]["issuer"], "atlassian");
    }
    let id = decision["credential"]["key_id"].as_str().unwrap();
    assert_eq!(lookup["credential"]["key_id"], id);
    assert!(id.starts_with("own_") && id.len() == 28, "{id}");
    let text = json!(log).to_string();
    let basic = ann.authorization();
    for secret in [&ann.email, &ann.token[10..40], &basic[6..40]] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn no_site_takes_any_unless_an_operator_says_so_and_then_the_named_kinds_alone() {
    let world = World::new().await;
    let owns = BOTH.map(|kind| world.own(kind, "ann", &["acme"]));
    for (allowed, expected) in [
        (&[][..], [401, 401]),
        (&["api_token"], [200, 401]),
        (&["oauth_token"], [401, 200]),
        (&[], [401, 401]),
    ] {
        world.allow_own("acme", allowed).await;
        for (own, expected) in owns.iter().zip(expected) {
            world.jira.clear_requests();
            let answer = world.get_by(ACME_1, own).await;
            assert_eq!(answer.status, expected, "{allowed:?}: {}", answer.text);
            assert_eq!(world.nothing_left(), expected == 401, "{allowed:?}");
        }
    }
}

#[tokio::test]
async fn a_credential_of_ones_own_acts_as_nobody_else_whatever_policies_and_grants_allow() {
    let world = World::taking_own(&["acme"]).await;
    world.edit_policy("50-delegates.cedar", "@id(\"delegates\") permit (principal, action, resource) when { principal.tenant == resource.tenant };").await;
    let acme = "acme.atlassian.net";
    world.command(act_as_grant(acme, "ann", "bob")).await;
    let acting = format!("{ACME_1}&act_as={}", account("bob"));
    let token = world.token("acme", "ann");
    assert_eq!(world.get(&acting, &token).await.status, 200);
    for kind in BOTH {
        let own = world.own(kind, "ann", &["acme"]);
        assert_eq!(world.get_by(ACME_1, &own).await.status, 200, "{kind}");
        world.jira.clear_requests();
        let answer = world.get_by(&acting, &own).await;
        assert_eq!(
            told(&answer),
            (403, "own_credential_act_as".into()),
            "{kind}"
        );
        assert!(world.nothing_left());
    }
}

#[tokio::test]
async fn it_is_for_requests_alone() {
    let world = World::taking_own(&["acme"]).await;
    for kind in BOTH {
        // Carol administers the site, and nothing of it by this.
        let own = world.own(kind, "carol", &["acme"]);
        assert_eq!(world.get_by(ACME_1, &own).await.status, 200, "{kind}");
        world.jira.clear_requests();
        for (method, target) in [
            ("GET", "/v1/sessions"),
            ("POST", "/v1/sessions"),
            ("DELETE", "/v1/sessions/current"),
            ("GET", "/v1/keys"),
            ("POST", "/v1/keys"),
            ("DELETE", "/v1/keys/key_0"),
            ("GET", "/v1/site"),
            ("GET", "/v1/whoami"),
            ("GET", "/oauth/token/accessible-resources"),
            ("POST", "/connect/installed"),
        ] {
            let headers = [("authorization", own.as_str())];
            let answer = world.send(method, target, &headers).await;
            assert_eq!(
                answer.status, 401,
                "{kind} {method} {target}: {}",
                answer.text
            );
        }
        let page = world.get_by("/connect/page", &own).await;
        assert_eq!(page.status, 401, "{kind}");
        assert!(world.nothing_left(), "{kind}");
    }
}

#[tokio::test]
async fn whoami_says_whose_it_is_at_a_site_that_is_named() {
    let world = World::taking_own(&["acme", "globex"]).await;
    let whoami = |site: &str| format!("/v1/whoami?site=https://{site}.atlassian.net");
    for kind in BOTH {
        let own = world.own(kind, "ann", &["acme"]);
        let answer = world.get_by(&whoami("acme"), &own).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let body = answer.json();
        assert_eq!(body["account"], account("ann"));
        assert_eq!(body["tenant_basis"], "confirmed_by_site");
        assert_eq!(body["credential"]["kind"], kind);
        assert!(
            body["credential"]["id"]
                .as_str()
                .unwrap()
                .starts_with("own_")
        );
        assert_eq!(world.get_by(&whoami("globex"), &own).await.status, 401);
        assert_eq!(world.get_by(&whoami("nowhere"), &own).await.status, 401);
    }
    // Whoever has one site is told of no other.
    let token = world.token("acme", "ann");
    assert_eq!(world.get(&whoami("acme"), &token).await.status, 200);
    let answers = [whoami("globex"), whoami("nowhere")];
    for target in answers {
        let answer = world.get(&target, &token).await;
        assert_eq!(told(&answer), (404, "issue_not_visible".into()));
    }
}

#[tokio::test]
async fn a_check_asks_nobody_and_knows_what_is_known_already() {
    let world = World::taking_own(&["acme"]).await;
    let body = json!({"site": "https://acme.atlassian.net", "issue": "ACME-1"});
    for kind in BOTH {
        let own = world.own(kind, "ann", &["acme"]);
        world.jira.clear_requests();
        let answer = world.send_json("POST", "/v1/check", &own, &body).await;
        assert_eq!(answer.status, 401, "{kind}: {}", answer.text);
        assert!(world.nothing_left());
        assert_eq!(world.get_by(ACME_1, &own).await.status, 200, "{kind}");
        world.jira.clear_requests();
        let answer = world.send_json("POST", "/v1/check", &own, &body).await;
        assert_eq!(answer.json()["allowed"], true, "{kind}: {}", answer.text);
        assert!(world.nothing_left());
    }
}

#[tokio::test]
async fn what_nobody_here_can_have_issued_is_sent_nowhere() {
    let world = World::taking_own(&["acme"]).await;
    let acme = world.site("acme");
    let claims = json!({"iss": "https://idp.example.com", "sub": "ann", "exp": 1_795_439_000});
    let header = json!({"typ": "JWT", "alg": "HS256"});
    let foreign = acme.token_with(
        &claims,
        &header,
        Some(b"a key that is nobody's, and is long"),
    );
    let twice =
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIiwiaXNzIjoiaHR0cHM6Ly9hdXRoLmF0bGFzc2lhbi5jb20ifQ.c2ln";
    for bearer in [
        foreign,
        acme.context_token("ann"),
        acme.invocation_token(Some("ann")),
        twice.to_owned(),
        "two words".to_owned(),
        format!("gps_{}", "0".repeat(48)),
        "x".repeat(9000),
    ] {
        let answer = world.get_by(ACME_1, &format!("Bearer {bearer}")).await;
        assert_eq!(told(&answer), (401, "unauthenticated".into()), "{bearer}");
    }
    for pair in [
        "ann:secret",
        ":secret",
        "ann@acme.example:",
        "ann@acme.example",
        "\u{0}@:x",
    ] {
        let pair = base64::engine::general_purpose::STANDARD.encode(pair);
        let answer = world.get_by(ACME_1, &format!("Basic {pair}")).await;
        assert_eq!(told(&answer), (401, "unauthenticated".into()), "{pair}");
    }
    // A token that says that it is Forge's has Forge's public keys read. That tells nobody of it.
    let sent = world.jira.requests();
    let tells = |seen: &&Seen| seen.role != Role::Forge || seen.authorization_kind.is_some();
    assert!(!sent.iter().any(|seen| tells(&seen)), "{sent:?}");
    assert!(world.lookups().await.is_empty());
}
