//! The page inside Jira in a browser: what a person does there, by keyboard, and what programs can do with it afterwards.

use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::routing::post;
use gatepost::clock::TestClock;
use gatepost::control::command::{BlockedName, Command};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::world::World;

/// Where a scenario moves the clock of the world: it stands still by itself.
async fn clock(clock: TestClock) -> String {
    let advance = async move |Path(seconds): Path<u64>| {
        clock.advance(Duration::from_secs(seconds));
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/advance/{seconds}", post(advance));
    tokio::spawn(axum::serve(listener, router).into_future());
    origin
}

async fn arguments(world: &World) -> Value {
    json!({
        "standin": world.jira.oauth_server(),
        "app": world.base_url(),
        "clock": clock(world.clock.clone()).await,
    })
}

#[tokio::test]
async fn a_key_is_made_used_and_revoked_by_keyboard_alone() {
    let world = World::builder().reachable().start().await;
    let mut arguments = arguments(&world).await;
    arguments["session"] = world.session("acme", "ann").await.into();
    let Some(played) = super::play("page_keys", &arguments).await else {
        return;
    };
    assert_eq!(played.step("used")["status"], 200);
    let copied = played.step("copied");
    assert_eq!(
        (&copied["status"], &copied["pasted"]),
        (&json!("Copied."), &json!(true))
    );
    assert_eq!(played.step("by hand")["pasted"], true);
    assert_eq!(played.step("done")["left"], json!([]));
    assert_eq!(played.step("kept")["focus"], "button Revoke nightly");
    assert_eq!(played.step("revoked")["status"], 401);
    let ended = played.step("ended");
    assert_eq!(ended["status"], 401);
    assert_eq!(ended["focus"], "h2 Your sessions");
}

#[tokio::test]
async fn the_page_fits_and_is_legible_at_every_width_in_light_and_dark() {
    let world = World::builder().reachable().start().await;
    let arguments = arguments(&world).await;
    let Some(played) = super::play("page_looks", &arguments).await else {
        return;
    };
    let hostile = played.step("hostile");
    let name = r#"<img src=x onerror="document.title=1">"#;
    assert_eq!(hostile["shown"], name, "a name is a text");
    assert_eq!(hostile["title"], "Gatepost on acme.atlassian.net");
    assert_eq!(hostile["images"], 0);
    for step in ["plain", "full"] {
        let looks = played.steps(step);
        assert_eq!(looks.len(), 4);
        for look in looks {
            assert_eq!(look["fits"], true, "{look}");
        }
    }
}

#[tokio::test]
async fn keys_rotate_and_expire_and_sessions_end_and_renew() {
    let world = World::builder().reachable().start().await;
    let arguments = arguments(&world).await;
    let Some(played) = super::play("page_time", &arguments).await else {
        return;
    };
    let rotated = played.step("rotated");
    assert_eq!(rotated["overlap"], "1 hour");
    let field = rotated["focus"].as_str().unwrap();
    assert!(field.starts_with("input Copy it now"), "{field}");
    let overlap = played.step("overlap");
    assert_eq!(
        (&overlap["first"], &overlap["second"]),
        (&json!(200), &json!(200))
    );
    let over = played.step("overlap over");
    assert_eq!(
        (&over["first"], &over["second"]),
        (&json!(401), &json!(200))
    );
    assert_eq!(played.step("renewed")["third"], 200);
    let expired = played.step("expired");
    assert_eq!(
        (&expired["second"], &expired["third"]),
        (&json!(401), &json!(200))
    );
    let states = &played.step("states")["states"];
    let of = |row: usize| (&states[row][0], &states[row][1]);
    assert_eq!(of(0), (&json!("spare"), &json!("active")));
    assert_eq!(of(1), (&json!("last"), &json!("expired")));
    assert_eq!(of(2), (&json!("ci"), &json!("expired")));
    assert_eq!(of(3), (&json!("ci"), &json!("expired")));
    let id = |row: usize| states[row][2].as_str().unwrap();
    assert!(id(0).starts_with("key_"), "{states}");
    assert_eq!(states[2][3], format!("replaces {}", id(3)));
    assert_eq!(states[3][3], format!("replaced by {}", id(2)));
    let ended = played.step("ended");
    assert_eq!(
        (&ended["status"], &ended["shown"]),
        (&json!(401), &json!(false))
    );
    assert_eq!(ended["focus"], "button Start again");
    assert_eq!(played.step("again")["sessions"], 1);
}

#[tokio::test]
async fn the_page_opens_once_inside_its_own_site_and_nowhere_else() {
    let world = World::builder().reachable().start().await;
    let arguments = arguments(&world).await;
    let Some(played) = super::play("page_doors", &arguments).await else {
        return;
    };
    let twice = played.step("twice");
    assert_eq!(twice["title"], "Open Gatepost again from Jira");
    assert_eq!(twice["fits"], true);
    let log = world.decisions().await;
    let refused = log.iter().find(|entry| entry["code"] == "token_replayed");
    assert_eq!(twice["decision"], refused.unwrap()["decision_id"]);
    let stranger = played.step("stranger");
    assert_eq!(stranger["url"], "chrome-error://chromewebdata/");
    assert_eq!(stranger["ours"], 0);
    assert_eq!(played.step("outside")["shown"], false);
    assert_eq!(played.step("without the script")["shown"], false);
    let refused = played.step("no administrator");
    let told = refused["told"].as_str().unwrap();
    assert!(told.contains("administer"), "{told}");
    assert_eq!(refused["focus"], "h2 Your sessions");
}

#[tokio::test]
async fn an_administrator_sees_all_of_the_site_and_ends_it_there() {
    let world = World::builder().reachable().start().await;
    let ann = gatepost::standin::account("ann");
    let key = world
        .key(
            "acme",
            "bob",
            json!({"name": "nightly", "actions": ["read"]}),
        )
        .await;
    let session = world.session("acme", "ann").await;
    world
        .command(crate::http::act_as_grant(
            "acme.atlassian.net",
            "ann",
            "bob",
        ))
        .await;
    let foreign = "/v1/issue?site=https://globex.atlassian.net&issue=GLOBEX-1";
    let refused = world.get_as(foreign, &session).await;
    assert_eq!(refused.status, 404);
    let decision = refused.decision_id().to_owned();
    let whoami = world.get_as("/v1/whoami", &session).await.json();
    let session_id = whoami["credential"]["id"].as_str().unwrap().to_owned();
    let mut arguments = arguments(&world).await;
    arguments["key"] = key["key"].clone();
    arguments["session"] = session.into();
    arguments["account"] = ann.clone().into();
    let Some(played) = super::play("page_admin", &arguments).await else {
        return;
    };
    for seen in played.steps("seen") {
        assert_eq!(seen["focus"], "h2 All of this site");
        assert_eq!(seen["fits"], true);
    }
    let denials = &played.step("denials")["cells"];
    assert_eq!(denials.as_array().map(Vec::len), Some(1), "{denials}");
    let denial = &denials[0];
    let told = (&denial[0], &denial[1], &denial[2]);
    assert_eq!(told, (&json!(ann), &json!("getIssue"), &json!("GLOBEX-1")));
    assert_eq!(denial[3], format!("session {session_id}"));
    assert_eq!(denial[4], "issue_not_visible");
    assert_eq!(denial[5], decision);
    let key = played.step("key");
    assert_eq!((&key["before"], &key["after"]), (&json!(200), &json!(401)));
    assert_eq!(played.step("grants")["left"], 0);
    let session = played.step("session");
    let told = (&session["open"], &session["left"], &session["status"]);
    assert_eq!(told, (&json!(1), &json!(0), &json!(401)));
}

/// A world in which everybody reads under a grant, and what a scenario of grants is told of it.
async fn delegating() -> (World, Value) {
    let delegates = r#"@id("delegates") permit (principal, action in Action::"read", resource)
        when { principal.tenant == resource.tenant && principal.mayActAs.contains(context.actAs) };"#;
    let builder = World::builder().policy("30-delegates.cedar", delegates);
    let world = builder.reachable().start().await;
    let mut arguments = arguments(&world).await;
    for person in ["ann", "bob"] {
        arguments[person] = gatepost::standin::account(person).into();
    }
    (world, arguments)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn grants_are_given_used_and_ended_on_the_page() {
    let (world, arguments) = delegating().await;
    let (ann, bob) = (text(&arguments["ann"]), text(&arguments["bob"]));
    let Some(played) = super::play("page_grants", &arguments).await else {
        return;
    };
    let given = played.step("given");
    let order = json!([
        "input Account",
        "input For actions",
        "select Ends after",
        "input Reason"
    ]);
    assert_eq!(given["order"], order);
    assert_eq!(given["cells"][0], json!(ann));
    assert_eq!(given["cells"][1], "read");
    assert_eq!(given["cells"][3], "holidays");
    assert_eq!(given["cells"][4], "you");
    assert_eq!(given["focus"], "h2 Who may act as you");
    let key = played.step("key");
    assert_eq!(key["status"], 200);
    assert!(text(&key["held"][0]).contains(&bob), "{key}");
    assert!(
        text(&key["limits"]).contains(&format!("as {bob} under grant_")),
        "{key}"
    );
    assert_eq!(played.step("asked")["focus"], "button Revoke grant");
    let revoked = played.step("revoked");
    assert_eq!(
        (&revoked["status"], &revoked["left"], &revoked["focus"]),
        (&json!(403), &json!(0), &json!("h2 Who may act as you"))
    );
    let given_up = played.step("given up");
    assert!(text(&given_up["limits"]).contains("under grant_"));
    assert!(text(&given_up["after"]).contains("no grant lets it any more"));
    assert_eq!(
        (&given_up["left"], &given_up["focus"]),
        (&json!(0), &json!("h2 You may act as"))
    );
    let log = world.decisions().await;
    let used = log.iter().find(|it| !it["act_as_grant"].is_null());
    let by = &used.unwrap()["act_as_grant"]["given_by"];
    assert_eq!(*by, json!(format!("account:{bob}")));
}

#[tokio::test]
async fn an_administrator_gives_grants_to_others_on_the_page() {
    let (_world, arguments) = delegating().await;
    let (ann, bob) = (text(&arguments["ann"]), text(&arguments["bob"]));
    let Some(played) = super::play("page_site_grants", &arguments).await else {
        return;
    };
    let administered = played.step("administered");
    assert!(text(&administered["alert"]).contains("not yours to give"));
    let grants = administered["grants"].as_array().unwrap();
    assert_eq!(grants.len(), 1, "{grants:?}");
    for part in [&ann, &bob, "<b>cover</b> for Bob", "you"] {
        assert!(text(&grants[0]).contains(part), "{part} in {grants:?}");
    }
    assert_eq!(administered["focus"], "h2 All of this site");
    let looks = played.steps("look");
    assert_eq!(looks.len(), 8);
    for look in looks {
        assert_eq!(look["fits"], true, "{look}");
    }
}

#[tokio::test]
async fn what_was_done_is_told_when_the_list_cannot_be_shown_anew() {
    let world = World::builder().reachable().start().await;
    let arguments = arguments(&world).await;
    let Some(played) = super::play("page_faults", &arguments).await else {
        return;
    };
    assert_eq!(played.step("busy")["alert"], "", "Jira was not asked");
    let stale = played.step("stale");
    assert_eq!(stale["focus"], "h2 Your client keys");
    assert_eq!(stale["fits"], true);
    let fresh = played.step("fresh");
    assert_eq!(fresh["status"], 401);
    assert_eq!(fresh["focus"], "h2 Your client keys");
    let rotated = played.step("rotated");
    assert_eq!(rotated["shown"], true);
    assert_eq!(
        (&rotated["old"], &rotated["made"]),
        (&json!(401), &json!(200))
    );
    assert_eq!(played.step("listed")["left"], 1);
    let not_started = played.step("not started");
    assert_eq!(
        (&not_started["shown"], &not_started["fits"]),
        (&json!(false), &json!(true))
    );
    let started = played.step("started");
    assert_eq!(started["focus"], "h2 Your client keys");
    assert_eq!(started["alert"], "");
}

#[tokio::test]
async fn a_key_that_is_blocked_can_be_revoked() {
    let world = World::builder().reachable().start().await;
    for name in ["one", "two"] {
        let key = world.key("acme", "ann", json!({"name": name})).await;
        let on = BlockedName {
            key: Some(key["id"].as_str().unwrap().to_owned()),
            ..BlockedName::default()
        };
        let block = Command::Block {
            on,
            span_us: None,
            reason: None,
        };
        world.command(block).await;
    }
    let mut arguments = arguments(&world).await;
    arguments["own"] = "one".into();
    arguments["other"] = "two".into();
    let Some(played) = super::play("page_blocked", &arguments).await else {
        return;
    };
    let revoked = played.steps("revoked");
    assert_eq!(revoked.len(), 2);
    for step in revoked {
        assert_eq!(step["before"], "blocked", "{step}");
        assert_eq!(step["choices"], json!(["Revoke"]), "{step}");
        assert_eq!(step["after"], "revoked", "{step}");
    }
}

#[tokio::test]
async fn an_administrator_blocks_an_account_and_lifts_the_block_by_keyboard_alone() {
    let world = World::builder().reachable().start().await;
    let (bob, carol) = ["bob", "carol"].map(gatepost::standin::account).into();
    let key = world.key("acme", "bob", json!({"name": "nightly"})).await;
    let mut arguments = arguments(&world).await;
    arguments["key"] = key["key"].clone();
    arguments["account"] = bob.clone().into();
    arguments["own"] = carol.clone().into();
    let Some(played) = super::play("page_block", &arguments).await else {
        return;
    };
    let heading = "h2 All of this site";
    assert_eq!(played.step("opened")["focus"], heading);
    let oneself = played.step("oneself");
    assert_eq!(oneself["kept"], carol, "what was typed stays");
    let blocked = played.step("blocked");
    let by = format!("account:{carol}");
    assert_eq!(blocked["cells"], json!([bob, "a lost laptop", by]));
    assert_eq!(
        (&blocked["form"], &blocked["status"]),
        (&json!(""), &json!(401))
    );
    assert_eq!(
        (&blocked["focus"], &blocked["fits"]),
        (&json!(heading), &json!(true))
    );
    let lifted = played.step("lifted");
    assert_eq!(
        (&lifted["focus"], &lifted["status"]),
        (&json!(heading), &json!(200))
    );
}
