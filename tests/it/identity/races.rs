//! A reading of the database that begins before a credential ends and arrives after it. Two runtimes: the reader's stands still
//! whenever the test does not drive it, so that its answer lies there while the credential is ended.

use std::time::Duration;

use gatepost::identity::issued::{NewKey, Owner, Rotation, Whose};
use gatepost::identity::presented::{Around, Call, Presented};
use gatepost::identity::verify::{ConnectKind, Verifiers};
use gatepost::identity::{Bounds, Window};
use gatepost::ledger::entry::Entry;
use gatepost::secret::Secret;
use gatepost::standin::account;
use gatepost::tenant::block::Target;
use gatepost::tenant::operations::NewBlock;
use gatepost::tenant::{AccountId, KeyId};
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

#[tokio::test]
async fn what_closes_the_door_while_a_credential_is_made_is_not_outlived_by_it() {
    let world = World::new().await;
    let opened = &world.node.shared().opened;
    let (issued, tenants) = (&opened.issued, &opened.tenants);
    let acme = tenants
        .by_any_name("acme.atlassian.net")
        .unwrap()
        .id
        .clone();
    let ann: AccountId = account("ann").parse().unwrap();
    let old = world.key("acme", "ann", serde_json::json!({})).await;
    let replaces: KeyId = old["id"].as_str().unwrap().parse().unwrap();
    let verified = || {
        let token = Presented::Jwt(Secret::from(world.fresh_token("acme", "ann")));
        let token = verifiers(&world).spendable(&token, CALL, ConnectKind::Context);
        token.unwrap()
    };
    for blocked in [true, false] {
        let made_before = [verified(), verified(), verified()];
        let target = Target::AccountOn(ann.clone(), acme.clone());
        if blocked {
            let new = NewBlock {
                target: target.clone(),
                span: None,
                reason: None,
            };
            tenants.block(new, "unix:0").await.unwrap();
        } else {
            let reason = "a test".to_owned();
            tenants.suspend(&acme, reason, "unix:0").await.unwrap();
            tenants.resume(&acme, "unix:0").await.unwrap();
        }
        let [for_key, for_successor, for_session] = made_before;
        let new = NewKey {
            name: "late".to_owned(),
            bounds: Bounds::default(),
            rate_per_minute: None,
            ends_at: None,
        };
        let rotation = Rotation {
            replaces: replaces.clone(),
            overlap: Duration::from_hours(1),
            ends_at: None,
        };
        let entry = Entry::default;
        let key = issued.make_key_for(&for_key, None, new, entry()).await;
        assert!(key.is_err(), "blocked: {blocked}: {key:?}");
        let key = issued.rotate_key_for(&for_successor, None, rotation, entry());
        let key = key.await;
        assert!(key.is_err(), "blocked: {blocked}: {key:?}");
        let session = issued.open_session(for_session, None, entry()).await;
        assert!(session.is_err(), "blocked: {blocked}: {session:?}");
        if blocked {
            tenants.unblock(target, "unix:0").await.unwrap();
        }
    }
    // A session of the same moment would count as blocked.
    world.clock.advance(Duration::from_secs(1));
    let session = world.session("acme", "ann").await;
    let keys = world.get_as("/v1/keys", &session).await.json()["keys"].clone();
    assert_eq!(keys.as_array().unwrap().len(), 1, "{keys}");
}
