//! Every step of atlassian.md 1.1, each with a callback that is good but for one fault: refused, recorded with its cause, nothing
//! stored, and no answer that tells one cause from another.

use gatepost::standin::{Callback, InstallDraft, Signing};
use serde_json::{Value, json};

use crate::world::{APP_URL, NOON, World};

type Bend = Box<dyn Fn(&mut InstallDraft)>;

fn bend(change: impl Fn(&mut InstallDraft) + 'static) -> Bend {
    Box::new(change)
}

fn header(name: &'static str, value: Value) -> Bend {
    bend(move |draft| draft.header[name] = value.clone())
}

fn claim(name: &'static str, value: Value) -> Bend {
    bend(move |draft| draft.claims[name] = value.clone())
}

fn without_claim(name: &'static str) -> Bend {
    bend(move |draft| drop(draft.claims.as_object_mut().unwrap().remove(name)))
}

fn payload(name: &'static str, value: Value) -> Bend {
    bend(move |draft| draft.payload[name] = value.clone())
}

fn without_payload(name: &'static str) -> Bend {
    bend(move |draft| drop(draft.payload.as_object_mut().unwrap().remove(name)))
}

fn base_url(url: &'static str) -> Bend {
    payload("baseUrl", json!(url))
}

/// Steps 1 to 4: header, key, signature, time.
fn tokens(secret: String) -> Vec<(&'static str, Bend)> {
    let now = NOON.seconds();
    vec![
        (
            "token_algorithm",
            bend(|draft| {
                draft.header["alg"] = json!("none");
                draft.signing = Signing::None;
            }),
        ),
        (
            "token_algorithm",
            bend(move |draft| {
                draft.header["alg"] = json!("HS256");
                draft.signing = Signing::Hs256(secret.clone().into_bytes());
            }),
        ),
        ("token_algorithm", header("alg", json!("RS384"))),
        ("token_algorithm", header("alg", json!("PS256"))),
        ("token_algorithm", header("alg", json!("rs256"))),
        (
            "no_key_id",
            bend(|draft| drop(draft.header.as_object_mut().unwrap().remove("kid"))),
        ),
        ("token_key_id", header("kid", json!("../keys/x"))),
        ("token_key_id", header("kid", json!(""))),
        ("token_key_id", header("kid", json!("a".repeat(129)))),
        ("token_key_id", header("kid", json!("a?b"))),
        ("unknown_key", header("kid", json!("unknown"))),
        ("token_header", header("crit", json!(["x"]))),
        ("token_header", header("jwk", json!({}))),
        (
            "token_signature",
            bend(|draft| draft.signing = Signing::OtherKey),
        ),
        (
            "token_signature",
            bend(|draft| draft.signing = Signing::None),
        ),
        (
            "token_expired",
            bend(move |draft| {
                draft.claims["iat"] = json!(now - 300);
                draft.claims["exp"] = json!(now - 30);
            }),
        ),
        ("token_claims", without_claim("exp")),
        ("token_claims", claim("exp", json!(null))),
        ("token_claims", claim("exp", json!((now + 180).to_string()))),
        ("token_claims", without_claim("iat")),
        (
            "token_from_future",
            bend(move |draft| {
                draft.claims["iat"] = json!(now + 31);
                draft.claims["exp"] = json!(now + 100);
            }),
        ),
        ("token_not_yet", claim("nbf", json!(now + 31))),
        ("token_long_lived", claim("exp", json!(now + 3601))),
    ]
}

/// Steps 5 to 7: audience, qsh, payload.
fn contents(app: &'static str) -> Vec<(&'static str, Bend)> {
    let refused = "payload_refused";
    vec![
        (
            "wrong_audience",
            claim("aud", json!("https://other.example")),
        ),
        (
            "wrong_audience",
            claim("aud", json!([format!("{app}.evil.example")])),
        ),
        (
            "wrong_audience",
            claim("aud", json!(format!("https://evil.example/?{app}"))),
        ),
        ("wrong_audience", claim("aud", json!(&app[..app.len() - 1]))),
        ("wrong_audience", claim("aud", json!(format!("{app}//")))),
        ("wrong_audience", claim("aud", json!([]))),
        ("wrong_audience", without_claim("aud")),
        ("qsh_mismatch", claim("qsh", json!("context-qsh"))),
        ("qsh_mismatch", without_claim("qsh")),
        ("qsh_mismatch", bend(|draft| draft.path.push_str("?x=1"))),
        (
            refused,
            bend(|draft| draft.claims["iss"] = json!("another-client-key")),
        ),
        (refused, payload("clientKey", json!("another-client-key"))),
        (refused, without_payload("clientKey")),
        (refused, payload("key", json!("com.example.other"))),
        (refused, payload("eventType", json!("uninstalled"))),
        (refused, payload("eventType", json!("enabled"))),
        (refused, without_payload("sharedSecret")),
        (refused, payload("sharedSecret", json!(""))),
        (refused, payload("sharedSecret", json!(null))),
        (
            "short_secret",
            payload("sharedSecret", json!("a".repeat(31))),
        ),
        (refused, without_payload("baseUrl")),
        (refused, base_url("http://acme.atlassian.net")),
        (refused, base_url("https://user@acme.atlassian.net")),
        (refused, base_url("https://acme.atlassian.net:8443")),
        (refused, base_url("https://acme.atlassian.net/wiki")),
        (refused, base_url("https://acme.atlassian.net?x")),
        (refused, base_url("https://127.0.0.1")),
        (refused, base_url("https://[::1]")),
        (refused, base_url("https://2130706433")),
        (refused, base_url("https://\u{ff41}cme.atlassian.net")),
        (refused, base_url("https://evil.example\\.atlassian.net")),
        (refused, base_url("https://xn--cme-7qa.atlassian.net")),
        ("foreign_site", base_url("https://acme.example.com")),
        ("foreign_site", base_url("https://evilatlassian.net")),
        (
            "foreign_site",
            base_url("https://acme.atlassian.net.evil.example"),
        ),
        ("foreign_site", base_url("https://atlassian.net")),
        (refused, payload("cloudId", json!("not-a-cloud-id"))),
    ]
}

/// Bodies that cannot be bent as values.
fn bodies(good: &Callback) -> Vec<Callback> {
    let with = |body: String| Callback {
        body,
        ..good.clone()
    };
    let twice = good
        .body
        .replacen('{', r#"{"baseUrl":"https://globex.atlassian.net","#, 1);
    vec![
        with(String::new()),
        with("not json".to_owned()),
        with("[]".to_owned()),
        with("null".to_owned()),
        with(format!("{} x", good.body)),
        with(twice),
    ]
}

#[tokio::test]
async fn a_callback_with_one_fault_is_refused_like_any_other_and_nothing_is_stored() {
    let world = World::builder().not_installed().start().await;
    let (acme, app) = (world.site("acme"), APP_URL);
    let secret = String::from_utf8(acme.shared_secret().expose().to_vec()).unwrap();
    let mut faulty: Vec<(&str, Callback)> = Vec::new();
    for (cause, bend) in tokens(secret).into_iter().chain(contents(app)) {
        faulty.push((cause, acme.install_with(app, bend)));
    }
    let good = acme.install_with(app, |_| {});
    faulty.extend(
        bodies(&good)
            .into_iter()
            .map(|callback| ("payload_refused", callback)),
    );
    for authorization in ["", "JWT", "JWT ", "JWT a.b", "Bearer x", "Basic eDp5"] {
        let callback = Callback {
            authorization: authorization.to_owned(),
            ..good.clone()
        };
        faulty.push(("", callback));
    }
    let token = good.authorization.strip_prefix("JWT ").unwrap();
    let mut text = None;
    for (cause, callback) in &faulty {
        let answer = world.deliver(callback).await;
        assert_eq!(answer.status, 401, "{cause}: {}", answer.text);
        assert!(!answer.text.contains(token), "{cause}");
        let told = answer.without_ids();
        assert_eq!(*text.get_or_insert_with(|| told.clone()), told, "{cause}");
        assert!(
            world.node.shared().opened.tenants.all().is_empty(),
            "{cause}"
        );
    }
    let log = world.decisions().await;
    assert_eq!(log.len(), faulty.len());
    let mut wrong = Vec::new();
    for (record, (cause, callback)) in log.iter().zip(&faulty) {
        assert_eq!(record["effect"], "deny");
        assert_eq!(record["code"], "callback_refused");
        let told = record["authentication_error"].as_str().unwrap();
        if !cause.is_empty() && told != *cause {
            wrong.push(format!("{told} instead of {cause}: {}", callback.body));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    // The token of all the bent bodies was good all the time: nothing of them was remembered.
    assert_eq!(world.deliver(&good).await.status, 204);
}

#[tokio::test]
async fn an_audience_may_be_a_string_or_end_with_a_slash() {
    let world = World::builder().not_installed().start().await;
    let (acme, app) = (world.site("acme"), world.app_url());
    for audience in [
        json!(app),
        json!([app]),
        json!(format!("{app}/")),
        json!(["https://other.example", app]),
    ] {
        let callback = acme.install_with(app, |draft| draft.claims["aud"] = audience.clone());
        assert_eq!(world.deliver(&callback).await.status, 204, "{audience}");
    }
}

#[tokio::test]
async fn an_installs_token_does_not_open_the_uninstall_nor_the_other_way_round() {
    let world = World::new().await;
    let (acme, app) = (world.site("acme"), world.app_url());
    let as_uninstall = acme.install_with(app, |draft| {
        draft.path = "/connect/uninstalled".to_owned();
        draft.payload["eventType"] = json!("uninstalled");
    });
    let as_install = acme.uninstall_with(app, |draft| draft.path = "/connect/installed".to_owned());
    for callback in [as_uninstall, as_install] {
        assert_eq!(world.deliver(&callback).await.status, 401);
    }
    let of_a_page = Callback {
        authorization: format!("JWT {}", world.token("acme", "ann")),
        ..acme.install_with(app, |_| {})
    };
    assert_eq!(world.deliver(&of_a_page).await.status, 401);
    assert_eq!(
        world
            .get("/v1/whoami", &world.token("acme", "ann"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn members_that_nobody_asked_for_are_ignored() {
    let world = World::builder().not_installed().start().await;
    let callback = world.site("acme").install_with(world.app_url(), |draft| {
        draft.payload["aNewMember"] = json!({"of": ["any", "form"]});
        draft.claims["context"] = json!({"any": 1});
    });
    assert_eq!(world.deliver(&callback).await.status, 204);
}
