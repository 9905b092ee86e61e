//! What an operator or Atlassian says of a tenant while a credential of its user is looked up: nothing more is sent anywhere.

use gatepost::control::command::Command;
use gatepost::ledger::Draft;
use gatepost::ledger::entry::{Entry, Kind};
use gatepost::standin::{Fault, Role};

use super::super::doors::hold_lane;
use super::{ACME_1, sent, told};
use crate::world::{World, until};

const ACME: &str = "acme.atlassian.net";

async fn befall(world: &World, ended: &str) {
    let (acme, app) = (world.site("acme"), world.app_url());
    let (tenant, reason) = (ACME.to_owned(), "a test".to_owned());
    match ended {
        "opted out" => world.allow_own("acme", &[]).await,
        "blocked" => world.block(None, Some(ACME)).await,
        "suspended" => {
            let command = Command::TenantSuspend { tenant, reason };
            world.command(command).await;
        }
        "uninstalled" => assert_eq!(world.deliver(&acme.uninstall(app)).await.status, 204),
        "installed anew" => {
            acme.rotate_secret();
            assert_eq!(world.deliver(&acme.install(app)).await.status, 204);
        }
        _ => panic!("nothing is `{ended}`"),
    }
}

#[tokio::test]
async fn what_ends_between_two_questions_keeps_the_second_back() {
    for ended in [
        "opted out",
        "blocked",
        "suspended",
        "uninstalled",
        "installed anew",
    ] {
        for (kind, first) in [("api_token", Role::Jira), ("oauth_token", Role::Api)] {
            let world = World::taking_own(&["acme"]).await;
            // The site will refuse a token with scopes, and then it is tried at the API host.
            let own = match kind {
                "api_token" => world.jira.scoped_api_token("ann").authorization(),
                _ => world.own(kind, "ann", &["acme"]),
            };
            world.jira.set_fault(first, Some(Fault::Hold));
            let changed = async {
                until("the first is asked", || !world.nothing_left()).await;
                world.clock.advance(std::time::Duration::from_secs(1));
                befall(&world, ended).await;
                world.jira.set_fault(first, None);
            };
            let (answer, ()) = tokio::join!(world.get_by(ACME_1, &own), changed);
            assert_eq!(
                told(&answer),
                (401, "unauthenticated".into()),
                "{kind} {ended}"
            );
            let asked = sent(&world);
            assert_eq!(asked.len(), 1, "{kind} {ended}: {asked:?}");
            let log = world.decisions().await;
            let last = log.last().unwrap();
            assert_eq!(
                last["authentication_error"], "own_outlived",
                "{kind} {ended}"
            );
        }
    }
}

#[tokio::test]
async fn what_ends_while_the_log_is_waited_for_keeps_the_credential_here() {
    for (site, kind) in [
        ("acme", "api_token"),
        ("acme", "oauth_token"),
        // Its host would be asked first whose it is.
        ("initech", "api_token"),
    ] {
        let world = World::builder()
            .settings("[ledger]\nbatch_entries_max = 1")
            .start()
            .await;
        world.past_the_start();
        assert_eq!(world.trigger("initech").await.status, 204);
        world.allow_own(site, &super::BOTH).await;
        world.jira.clear_requests();
        let (host, key) = (world.site(site).host().to_owned(), site.to_uppercase());
        let issue = format!("/v1/issue?site=https://{host}&issue={key}-1");
        let own = world.own(kind, "ann", &[site]);
        let ledger = world.node.shared().opened.ledger.clone();
        let (release, lane) = hold_lane(&world);
        // The block waits for the lane, and so does an entry. Behind both comes the record of the look-up.
        let asked = async {
            let entry = Entry {
                kind: Kind::Admin,
                operation: Some("test.fill".to_owned()),
                ..Entry::default()
            };
            ledger.note(Draft::new(&entry).unwrap()).await.unwrap();
            until("the lane is waited for", || ledger.health().queued == 0).await;
            let freed = async {
                until("the record waits", || ledger.health().queued == 1).await;
                assert!(world.nothing_left(), "{kind}");
                release.send(()).unwrap();
            };
            let (answer, ()) = tokio::join!(world.get_by(&issue, &own), freed);
            answer
        };
        let ((), answer) = tokio::join!(world.block(None, Some(&host)), asked);
        lane.await.unwrap().unwrap();
        let expected = (401, "unauthenticated".into());
        assert_eq!(told(&answer), expected, "{site} {kind}");
        assert!(world.nothing_left(), "{site} {kind}: {:?}", sent(&world));
        let mut lookups = world.lookups().await;
        lookups.retain(|lookup| lookup["action"] == "verifyCredential");
        assert_eq!(lookups.len(), 1, "{site} {kind}");
        let log = world.decisions().await;
        assert_eq!(log.last().unwrap()["authentication_error"], "own_outlived");
    }
}
