//! A reading of the database that begins before a credential ends and arrives after it. Two runtimes: the reader's stands still
//! whenever the test does not drive it, so that its answer lies there while the credential is ended.

use std::time::Duration;

use gatepost::identity::issued::{NewKey, Owner, Whose};
use gatepost::identity::presented::{Around, Call, Presented};
use gatepost::identity::verify::Verifiers;
use gatepost::identity::{Bounds, Window};
use gatepost::ledger::entry::Entry;
use gatepost::secret::Secret;
use tokio::runtime::Builder;

use crate::world::World;

/// How often the reader gets a turn before the credential ends: for each number, it has come as far as it can.
const TURNS: std::ops::Range<usize> = 0..40;
/// Longer than ends are listed beside the cache.
const LISTED: Duration = Duration::from_mins(11);

const CALL: Call<'_> = Call {
    method: "GET",
    target: "/v1/whoami",
};

fn verifiers(world: &World) -> Verifiers {
    let opened = &world.node.shared().opened;
    let window = Window {
        leeway_s: 30,
        lifetime_s_max: 3600,
    };
    let (tenants, issued) = (opened.tenants.clone(), opened.issued.clone());
    Verifiers::new(tenants, issued, window, String::new(), world.clock.clock())
}

/// A key of Ann's: its id, and the key as a request brings it.
async fn key(world: &World) -> (String, String) {
    let opened = &world.node.shared().opened;
    let tenant = opened.tenants.by_any_name("acme.atlassian.net").unwrap();
    let owner = Owner::named(&tenant, gatepost::standin::account("ann").parse().unwrap());
    let new = NewKey {
        name: "ci".to_owned(),
        bounds: Bounds::default(),
        rate_per_minute: None,
        ends_at: None,
    };
    let made = opened.issued.make_key_by(owner, new, "unix:0").await;
    let made = made.unwrap();
    let text = String::from_utf8(made.text.expose().to_vec()).unwrap();
    (made.key.id.to_string(), text)
}

async fn revoke(world: &World, id: &str) {
    let issued = &world.node.shared().opened.issued;
    let ended = issued.revoke_key(id, Whose::Everybody, "unix:0", Entry::default());
    ended.await.unwrap();
}

fn presented(text: &str) -> Presented {
    Presented::Issued(Secret::from(text.to_owned()))
}

#[test]
fn what_was_read_before_a_revocation_and_arrives_after_it_opens_nothing_and_does_not_stay() {
    let others = Builder::new_multi_thread().enable_all().build().unwrap();
    let world = others.block_on(World::new());
    let verifiers = verifiers(&world);
    let mut keys = Vec::new();
    for turns in TURNS {
        let (id, text) = others.block_on(key(&world));
        let reader = Builder::new_current_thread().enable_all().build().unwrap();
        let reading = {
            let (verifiers, text) = (verifiers.clone(), text.clone());
            reader.spawn(async move {
                verifiers
                    .verify(&presented(&text), CALL, Around::nowhere())
                    .await
            })
        };
        reader.block_on(async {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
        });
        others.block_on(revoke(&world, &id));
        // It may have been verified before; then its permit asks again whether it is over.
        let read = reader.block_on(reading).unwrap();
        let tenants = &world.node.shared().opened.tenants;
        let tenant = tenants.by_any_name("acme.atlassian.net").unwrap();
        let is_good =
            read.is_ok_and(|principal| !principal.is_over(&tenant, world.clock.clock().now()));
        assert!(!is_good, "{turns} turns");
        keys.push(text);
    }
    world.clock.advance(LISTED);
    // Another end, so that the list forgets the old ones.
    let (id, _) = others.block_on(key(&world));
    others.block_on(revoke(&world, &id));
    for text in keys {
        let verified =
            others.block_on(verifiers.verify(&presented(&text), CALL, Around::nowhere()));
        assert!(verified.is_err());
    }
    others.block_on(async move { drop(world) });
}
