//! A credential is ended while four clients use it: no request that begins after the call has returned gets anything, and what Jira
//! answers to one that began before does not come out.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use gatepost::control::command::Command;
use gatepost::standin::{Callback, Fault, Role, account};
use gatepost::tenant::block::Target;
use gatepost::tenant::operations::NewBlock;
use serde_json::json;

use crate::world::{World, until};

const OWN: &str = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";
const REQUESTS_MAX: usize = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Session,
    Key,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    ByOwner,
    Uninstall,
    Rotation,
    Suspension,
    BlockOfAccount,
    BlockOfTenant,
    BlockOfKey,
}

impl Way {
    /// Whether it ends all that is done at the site, and not this credential or its owner alone.
    fn ends_the_site(self) -> bool {
        matches!(
            self,
            Self::Uninstall | Self::Suspension | Self::BlockOfTenant
        )
    }
}

const CASES: [(Kind, Way); 12] = [
    (Kind::Session, Way::ByOwner),
    (Kind::Session, Way::Uninstall),
    (Kind::Session, Way::Rotation),
    (Kind::Session, Way::Suspension),
    (Kind::Session, Way::BlockOfAccount),
    (Kind::Session, Way::BlockOfTenant),
    (Kind::Key, Way::ByOwner),
    (Kind::Key, Way::Uninstall),
    (Kind::Key, Way::Suspension),
    (Kind::Key, Way::BlockOfAccount),
    (Kind::Key, Way::BlockOfTenant),
    (Kind::Key, Way::BlockOfKey),
];

/// A credential of Ann's, and what its owner ends it with.
struct Held {
    text: String,
    id: String,
    /// A request that ends it, and its credential.
    end: (String, String),
}

async fn hold(world: &World, kind: Kind) -> Held {
    let session = world.session("acme", "ann").await;
    if kind == Kind::Session {
        return Held {
            text: session.clone(),
            id: String::new(),
            end: ("/v1/sessions/current".to_owned(), session),
        };
    }
    let made = world.key("acme", "ann", json!({})).await;
    let id = made["id"].as_str().unwrap().to_owned();
    Held {
        text: made["key"].as_str().unwrap().to_owned(),
        end: (format!("/v1/keys/{id}"), session),
        id,
    }
}

async fn end(world: &World, held: &Held, way: Way) {
    let acme = world.site("acme");
    let deliver = async |callback: Callback| {
        assert_eq!(world.deliver(&callback).await.status, 204);
    };
    let tenant = || acme.client_key().parse().unwrap();
    match way {
        Way::ByOwner => {
            let (target, session) = &held.end;
            let bearer = format!("Bearer {session}");
            let headers = [("authorization", bearer.as_str())];
            let ended = world.send("DELETE", target, &headers).await;
            assert_eq!(ended.status, 204, "{}", ended.text);
        }
        Way::Uninstall => deliver(acme.uninstall(world.app_url())).await,
        Way::Rotation => {
            acme.rotate_secret();
            deliver(acme.install(world.app_url())).await;
        }
        Way::Suspension => {
            let (tenant, reason) = (acme.host().to_owned(), "a test".to_owned());
            world
                .command(Command::TenantSuspend { tenant, reason })
                .await;
        }
        Way::BlockOfAccount => block(world, Target::Account(account("ann").parse().unwrap())).await,
        Way::BlockOfTenant => block(world, Target::Tenant(tenant())).await,
        Way::BlockOfKey => {
            block(
                world,
                Target::Key(
                    held.id.parse().unwrap(),
                    world.site("acme").client_key().parse().unwrap(),
                ),
            )
            .await;
        }
    }
}

async fn block(world: &World, target: Target) {
    let (span, reason) = (None, None);
    let new = NewBlock {
        target,
        span,
        reason,
    };
    let tenants = &world.node.shared().opened.tenants;
    tenants.block(new, "unix:0").await.unwrap();
}

async fn world() -> World {
    let world = World::new().await;
    // A callback counts when its second is later than that of the install.
    world.clock.advance(Duration::from_secs(1));
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_a_credential_is_in_force_within_a_second_while_requests_run() {
    for (kind, way) in CASES {
        let world = world().await;
        let held = hold(&world, kind).await;
        let (ended, allowed) = (AtomicBool::new(false), AtomicUsize::new(0));
        let client = async || {
            let mut refused = 0;
            for _ in 0..REQUESTS_MAX {
                let began_after = ended.load(Ordering::SeqCst);
                let status = world.get_as(OWN, &held.text).await.status;
                match status {
                    200 if !began_after => drop(allowed.fetch_add(1, Ordering::Relaxed)),
                    401 => refused += 1,
                    // The site went after the credential was verified, and before it was looked up: it is nobody's then.
                    404 if !began_after && way.ends_the_site() => {}
                    // Jira has let go of the app before it tells so.
                    502 if !began_after && way == Way::Uninstall => {}
                    _ => panic!("{kind:?} {way:?}: {status}, began after: {began_after}"),
                }
                if began_after && refused > 5 {
                    return;
                }
            }
            panic!("{kind:?} {way:?}: never ended");
        };
        let ending = async {
            let some = || allowed.load(Ordering::Relaxed) > 10;
            until("requests run", some).await;
            let watch = gatepost::clock::Clock::system().stopwatch();
            end(&world, &held, way).await;
            ended.store(true, Ordering::SeqCst);
            watch.elapsed()
        };
        let (took, (), (), (), ()) = tokio::join!(ending, client(), client(), client(), client());
        assert!(took < Duration::from_secs(1), "{kind:?} {way:?}: {took:?}");
    }
}

#[tokio::test]
async fn a_credential_that_ends_ends_what_jira_is_answering() {
    for (kind, way) in CASES {
        let world = world().await;
        let held = hold(&world, kind).await;
        world.jira.set_fault(Role::Jira, Some(Fault::Hold));
        let ending = async {
            until("Jira is asked", || !world.seen(Role::Jira).is_empty()).await;
            end(&world, &held, way).await;
            world.jira.set_fault(Role::Jira, None);
        };
        let (answer, ()) = tokio::join!(world.get_as(OWN, &held.text), ending);
        assert_eq!(answer.status, 401, "{kind:?} {way:?}: {}", answer.text);
        assert!(!answer.text.contains("summary"), "{kind:?} {way:?}");
    }
}

#[tokio::test]
async fn a_key_outlives_the_secret_under_which_it_was_made() {
    let world = world().await;
    let held = hold(&world, Kind::Key).await;
    end(&world, &held, Way::Rotation).await;
    assert_eq!(world.get_as(OWN, &held.text).await.status, 200);
}
