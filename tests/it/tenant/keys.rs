//! Where the keys of signed installs come from: asked once a key, of a second server when the first fails, never of anybody else.

use std::time::Duration;

use gatepost::clock::Chance;
use gatepost::identity::Window;
use gatepost::identity::install::{About, Callback, CallbackError, Callbacks, Event};
use gatepost::identity::presented::{Call, Presented};
use gatepost::ledger::entry::Entry;
use gatepost::outbound::{Bounds, KeyServer, Outbound};
use gatepost::secret::Secret;
use gatepost::standin::{self, Fault, InstallDraft, Role, Standin};
use serde_json::json;

use crate::world::{NOON, World, until};

fn asked(jira: &Standin) -> usize {
    let seen = jira.requests();
    seen.iter().filter(|seen| seen.role == Role::Keys).count()
}

#[tokio::test]
async fn a_key_is_asked_for_once() {
    let world = World::builder().not_installed().start().await;
    for site in world.jira.sites() {
        for _ in 0..2 {
            let callback = site.install_with(world.app_url(), |_| {});
            assert_eq!(world.deliver(&callback).await.status, 204);
        }
    }
    assert_eq!(asked(&world.jira), 1);
}

#[tokio::test]
async fn without_a_key_server_a_callback_is_to_be_sent_again() {
    let world = World::builder().not_installed().start().await;
    let callback = world.site("acme").install(world.app_url());
    let elsewhere = format!("{}/keys/x", world.jira.oauth_server());
    for fault in [
        Fault::Status(500),
        Fault::Status(403),
        Fault::CloseConnection,
        Fault::Hang,
        Fault::Oversized(100_000),
        Fault::Truncated,
        Fault::Redirect(elsewhere),
    ] {
        world.jira.set_fault_times(Role::Keys, fault.clone(), 1);
        let before = asked(&world.jira);
        let answer = world.deliver(&callback).await;
        assert_eq!(answer.status, 503, "{fault:?}: {}", answer.text);
        assert_eq!(answer.header("retry-after"), "2");
        assert_eq!(asked(&world.jira), before + 1, "{fault:?}");
        let last = world.decisions().await.pop().unwrap();
        assert_eq!(last["authentication_error"], "key_server_unavailable");
    }
    assert!(world.node.shared().opened.tenants.all().is_empty());
    assert_eq!(world.deliver(&callback).await.status, 204);
}

#[tokio::test]
async fn what_is_no_key_verifies_nothing() {
    let world = World::builder().not_installed().start().await;
    let callback = world.site("acme").install(world.app_url());
    world.jira.set_fault_times(Role::Keys, Fault::NotJson, 1);
    assert_eq!(world.deliver(&callback).await.status, 401);
    let last = world.decisions().await.pop().unwrap();
    assert_eq!(last["authentication_error"], "unusable_key");
    assert_eq!(world.deliver(&callback).await.status, 204);
}

#[tokio::test]
async fn a_callback_that_cannot_be_good_makes_nobody_ask_for_its_key() {
    let world = World::builder().not_installed().start().await;
    let (acme, app) = (world.site("acme"), world.app_url());
    let bends: [fn(&mut InstallDraft); 8] = [
        |draft| draft.claims["exp"] = json!(NOON.seconds() + 3601),
        |draft| draft.claims["iat"] = json!(NOON.seconds() + 60),
        |draft| draft.claims["aud"] = json!("https://other.example"),
        |draft| draft.claims["qsh"] = json!("context-qsh"),
        |draft| draft.claims["iss"] = json!("another-client-key"),
        |draft| draft.payload["key"] = json!("com.example.other"),
        |draft| draft.payload["eventType"] = json!("uninstalled"),
        |draft| draft.payload = json!([]),
    ];
    for bend in bends {
        let callback = acme.install_with(app, |draft| {
            draft.header["kid"] = json!("made-up");
            bend(draft);
        });
        assert_eq!(world.deliver(&callback).await.status, 401);
    }
    assert_eq!(asked(&world.jira), 0);
}

#[tokio::test]
async fn made_up_keys_do_not_push_a_real_install_out() {
    let world = World::builder().not_installed().start().await;
    let (acme, app) = (world.site("acme"), world.app_url());
    let made_up = async |index: usize| {
        let callback = acme.install_with(app, |draft| {
            draft.header["kid"] = json!(format!("made-up-{index}"));
        });
        world.deliver(&callback).await.status
    };
    let held = Fault::Delay(Duration::from_millis(300));
    world.jira.set_fault_times(Role::Keys, held, 8);
    let flood = async {
        tokio::join!(
            made_up(1),
            made_up(2),
            made_up(3),
            made_up(4),
            made_up(5),
            made_up(6),
            made_up(7),
            made_up(8)
        )
    };
    let real = async {
        until("all places are taken", || asked(&world.jira) == 8).await;
        world.deliver(&acme.install_with(app, |_| {})).await
    };
    let (flood, real) = tokio::join!(flood, real);
    assert_eq!(real.status, 204, "{}", real.text);
    assert_eq!(flood, (401, 401, 401, 401, 401, 401, 401, 401));
}

#[tokio::test]
async fn without_a_token_the_body_is_not_read() {
    let settings = "[limits]\nbody_bytes_max = 1024";
    let builder = World::builder().settings(settings);
    let world = builder.not_installed().start().await;
    let large = standin::Callback {
        body: "x".repeat(2000),
        ..world.site("acme").install(world.app_url())
    };
    assert_eq!(world.deliver(&large).await.status, 413);
    for authorization in ["", "Bearer x"] {
        let large = standin::Callback {
            authorization: authorization.to_owned(),
            ..large.clone()
        };
        assert_eq!(world.deliver(&large).await.status, 401);
    }
}

/// Carries an install of acme out with these key servers.
async fn with_servers(world: &World, servers: &[String]) -> Result<(), CallbackError> {
    let app = About {
        key: "com.example.gatepost".to_owned(),
        base_url: world.app_url().to_owned(),
        base_path: String::new(),
    };
    let servers = servers.iter().map(|base| KeyServer::new(base).unwrap());
    let window = Window {
        leeway_s: 30,
        lifetime_s_max: 3600,
    };
    let tenants = world.node.shared().opened.tenants.clone();
    let callbacks = Callbacks::new(app, tenants, servers.collect(), window, world.clock.clock());
    let bounds = Bounds {
        connect_timeout: Duration::from_secs(1),
        site_timeout: Duration::from_secs(1),
        site_body_bytes_max: 1000,
    };
    let outbound = Outbound::new(bounds, gatepost::outbound::Resolutions::new()).unwrap();
    let sent = world.site("acme").install(world.app_url());
    let token = sent.authorization.strip_prefix("JWT ").unwrap().to_owned();
    let callback = Callback {
        event: Event::Installed,
        presented: &Presented::Jwt(Secret::from(token)),
        call: Call {
            method: "POST",
            target: &sent.path,
        },
        body: sent.body.as_bytes(),
        entry: Entry::default(),
    };
    callbacks.carry_out(&outbound, callback).await
}

#[tokio::test]
async fn a_second_key_server_stands_in_for_the_first() {
    let world = World::builder().not_installed().start().await;
    let clock = world.clock.clock();
    let second = Standin::start(standin::Settings::default(), clock, Chance::seeded(3));
    let second = second.await.unwrap();
    let _no_strays = crate::world::NoStrays(second.clone());
    let servers = [world.jira.key_server(), second.key_server()];
    for (fault, reached) in [
        (None, 0),
        (Some(Fault::Status(404)), 1),
        (Some(Fault::Status(502)), 1),
        (Some(Fault::CloseConnection), 1),
        (Some(Fault::Hang), 1),
        (Some(Fault::NotJson), 1),
    ] {
        world.jira.set_fault(Role::Keys, fault.clone());
        second.clear_requests();
        let done = with_servers(&world, &servers).await;
        assert!(done.is_ok(), "{fault:?}: {done:?}");
        assert_eq!(asked(&second), reached, "{fault:?}");
    }
    second.set_fault(Role::Keys, Some(Fault::Status(404)));
    world.jira.set_fault(Role::Keys, Some(Fault::Status(404)));
    let unknown = with_servers(&world, &servers).await;
    assert!(
        matches!(unknown, Err(CallbackError::UnknownKey)),
        "{unknown:?}"
    );
    // One that does not know the key does not make up for one that could not be asked.
    world.jira.set_fault(Role::Keys, Some(Fault::Status(500)));
    let unsure = with_servers(&world, &servers).await;
    assert!(
        matches!(unsure, Err(CallbackError::KeyServer(_))),
        "{unsure:?}"
    );
}
