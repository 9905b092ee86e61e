//! What is kept of a look-up: what was confirmed, for minutes; what was refused, for seconds; each for one tenant and credential.

use std::time::Duration;

use gatepost::standin::{Fault, Role};

use super::{ACME_1, GLOBEX_1, sent};
use crate::world::World;
use crate::world::own::BOTH;

/// How often it was asked whose a credential is.
fn whose(world: &World) -> usize {
    let sent = sent(world);
    sent.iter()
        .filter(|(_, path)| path.ends_with("/myself"))
        .count()
}

#[tokio::test]
async fn what_was_confirmed_is_believed_for_as_long_as_is_configured() {
    for (settings, seconds) in [("", 300), ("[limits]\nown_credential_cache_s = 20", 20)] {
        for kind in BOTH {
            let world = World::builder().settings(settings).start().await;
            world.allow_own("acme", &BOTH).await;
            let own = world.own(kind, "ann", &["acme"]);
            for (pause, expected) in [(0, 1), (seconds - 1, 1), (1, 2), (seconds - 1, 2), (1, 3)] {
                world.clock.advance(Duration::from_secs(pause));
                assert_eq!(world.get_by(ACME_1, &own).await.status, 200, "{kind}");
                assert_eq!(whose(&world), expected, "{kind} {seconds} {pause}");
            }
            assert_eq!(world.lookups().await.len(), 3, "{kind}");
        }
    }
}

#[tokio::test]
async fn many_requests_at_once_make_one_look_up() {
    for kind in BOTH {
        let world = World::builder()
            .settings("[limits]\nown_credentials_per_source = 1000")
            .start()
            .await;
        world.allow_own("acme", &BOTH).await;
        world.jira.clear_requests();
        let own = world.own(kind, "ann", &["acme"]);
        let delay = Fault::Delay(Duration::from_millis(300));
        for role in [Role::Jira, Role::Api] {
            world.jira.set_fault(role, Some(delay.clone()));
        }
        let requests = (0..20).map(|_| world.get_by(ACME_1, &own));
        let statuses = super::super::user_tokens::join_all(requests).await;
        assert_eq!(statuses, [200; 20], "{kind}");
        assert_eq!(whose(&world), 1, "{kind}");
        assert_eq!(world.lookups().await.len(), 1, "{kind}");
    }
}

#[tokio::test]
async fn one_token_is_one_credential_however_its_owners_address_is_spelt() {
    use base64::Engine as _;
    let world = World::taking_own(&["acme"]).await;
    let token = world.jira.api_token("ann").token;
    for address in ["ann@acme.example", "aNn@acme.example", "ANN@Acme.Example"] {
        let pair = format!("{address}:{token}");
        let pair = base64::engine::general_purpose::STANDARD.encode(pair);
        let answer = world.get_by(ACME_1, &format!("Basic {pair}")).await;
        assert_eq!(answer.status, 200, "{address}: {}", answer.text);
    }
    assert_eq!(whose(&world), 1);
    assert_eq!(world.lookups().await.len(), 1);
    let log = world.decisions().await;
    let names: std::collections::BTreeSet<_> = log
        .iter()
        .filter_map(|record| record["credential"]["key_id"].as_str())
        .collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[tokio::test]
async fn a_wrong_credential_is_not_asked_about_again_for_some_seconds() {
    let world = World::taking_own(&["acme"]).await;
    let mut made_up = world.jira.api_token("ann");
    made_up.token.push('x');
    let own = made_up.authorization();
    for (pause, expected) in [(0, 2), (0, 2), (9, 2), (1, 4)] {
        world.clock.advance(Duration::from_secs(pause));
        assert_eq!(world.get_by(ACME_1, &own).await.status, 401);
        // At the site's own host, and once at the API host.
        assert_eq!(sent(&world).len(), expected, "{pause}");
    }
    assert_eq!(world.lookups().await.len(), 2);
}

#[tokio::test]
async fn what_one_site_confirmed_is_worth_nothing_at_another() {
    for kind in BOTH {
        let world = World::taking_own(&["acme", "globex"]).await;
        // Ann is nobody at globex.
        let ann = world.own(kind, "ann", &["acme"]);
        assert_eq!(world.get_by(ACME_1, &ann).await.status, 200, "{kind}");
        assert_eq!(world.get_by(GLOBEX_1, &ann).await.status, 401, "{kind}");
        // Carol is somebody at both, and that is asked at both.
        world.jira.clear_requests();
        let carol = world.own(kind, "carol", &["acme", "globex"]);
        for _ in 0..2 {
            assert_eq!(world.get_by(ACME_1, &carol).await.status, 200, "{kind}");
            assert_eq!(world.get_by(GLOBEX_1, &carol).await.status, 200, "{kind}");
        }
        assert_eq!(whose(&world), 2, "{kind}");
        let lookups = world.lookups().await;
        let sites: Vec<&str> = lookups
            .iter()
            .map(|record| record["site"].as_str().unwrap())
            .collect();
        let (acme, globex) = ("acme.atlassian.net", "globex.atlassian.net");
        assert_eq!(sites, [acme, globex, acme, globex], "{kind}");
    }
}

#[tokio::test]
async fn a_tenant_that_changed_believes_nothing_of_before() {
    use gatepost::control::command::Command;
    let world = World::taking_own(&["acme"]).await;
    let own = world.own("api_token", "ann", &[]);
    let ask = async |expected: u16, asked: usize| {
        world.jira.clear_requests();
        let answer = world.get_by(ACME_1, &own).await;
        assert_eq!(answer.status, expected, "{}", answer.text);
        assert_eq!(whose(&world), asked);
    };
    ask(200, 1).await;
    ask(200, 0).await;
    // Opted out and in again.
    world.allow_own("acme", &[]).await;
    ask(401, 0).await;
    world.allow_own("acme", &BOTH).await;
    ask(200, 1).await;
    let (tenant, reason) = ("acme.atlassian.net".to_owned(), "a test".to_owned());
    world
        .command(Command::TenantSuspend { tenant, reason })
        .await;
    ask(401, 0).await;
    let tenant = "acme.atlassian.net".to_owned();
    world.command(Command::TenantResume { tenant }).await;
    ask(200, 1).await;
    // A new secret is another installation; what was allowed stays allowed. An uninstall takes it back.
    world.clock.advance(Duration::from_secs(1));
    let (acme, app) = (world.site("acme"), world.app_url());
    assert_eq!(world.deliver(&acme.install(app)).await.status, 204);
    ask(200, 1).await;
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.deliver(&acme.uninstall(app)).await.status, 204);
    ask(401, 0).await;
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.deliver(&acme.install(app)).await.status, 204);
    ask(401, 0).await;
}
