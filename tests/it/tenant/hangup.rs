//! Callers that go away in the middle of a change: what commits is in force, whoever still listens.

use std::future::{Future, ready};

use gatepost::clock::Timestamp;
use gatepost::db::{Db, DbError};
use gatepost::ledger::entry::{Credential, Entry};
use gatepost::tenant::lifecycle::{Signed, Uninstall};
use gatepost::tenant::operations::NewGrant;
use gatepost::tenant::{SharedTenant, TenantId, Tenants};
use tokio::sync::oneshot;

use crate::world::{NOON, World, until};

/// Asks, and goes away while the change still waits for its turn to write.
async fn ask_and_hang_up(db: &Db, change: impl Future) {
    let (begun, beginning) = oneshot::channel::<()>();
    let (go, gone) = oneshot::channel::<()>();
    let lane = db.clone();
    let before = tokio::spawn(async move {
        let waiting = lane.transact(move |_| {
            Box::pin(async move {
                let _ = begun.send(());
                let _ = gone.await;
                Ok::<_, DbError>(())
            })
        });
        waiting.await
    });
    beginning.await.unwrap();
    tokio::select! {
        biased;
        _ = change => panic!("it did not wait for its turn"),
        () = ready(()) => {}
    }
    go.send(()).unwrap();
    before.await.unwrap().unwrap();
}

fn acme(world: &World) -> (Tenants, TenantId) {
    let tenants = world.node.shared().opened.tenants.clone();
    (tenants, world.site("acme").client_key().parse().unwrap())
}

fn now(tenants: &Tenants, id: &TenantId) -> SharedTenant {
    tenants.current(id).unwrap()
}

#[tokio::test]
async fn an_uninstall_whose_client_hangs_up_is_in_force() {
    let world = World::new().await;
    let (tenants, tenant) = acme(&world);
    let signed = Signed {
        token_hash: [1; 32],
        body_hash: [2; 32],
        iat: NOON.seconds(),
        exp: NOON.seconds() + 60,
        credential: Credential::default(),
        entry: Entry::default(),
    };
    let uninstall = Uninstall {
        signed,
        tenant: tenant.clone(),
    };
    let db = &world.node.shared().opened.db;
    ask_and_hang_up(db, tenants.uninstall(uninstall)).await;
    let off = || !now(&tenants, &tenant).is_active(NOON);
    until("the tenant is off", off).await;
}

#[tokio::test]
async fn an_operators_change_whose_client_hangs_up_is_in_force() {
    let world = World::new().await;
    let (tenants, tenant) = acme(&world);
    let db = &world.node.shared().opened.db;
    let grant = NewGrant {
        account: "ann".parse().unwrap(),
        act_as: "bob".parse().unwrap(),
        actions: vec!["read".to_owned()],
        expires_at: None::<Timestamp>,
        reason: "a stand-in".to_owned(),
    };
    ask_and_hang_up(db, tenants.give(&tenant, grant, "unix:0")).await;
    let given = || now(&tenants, &tenant).grants(tenants.now()).len();
    until("the grant is there", || given() == 1).await;
    let grant = now(&tenants, &tenant).grants(tenants.now())[0].id.clone();
    ask_and_hang_up(db, tenants.take_back(&grant, "unix:0")).await;
    until("the grant is gone", || given() == 0).await;
    let why = "an incident".to_owned();
    ask_and_hang_up(db, tenants.suspend(&tenant, why, "unix:0")).await;
    let on = || now(&tenants, &tenant).is_active(NOON);
    until("the tenant is off", || !on()).await;
    ask_and_hang_up(db, tenants.resume(&tenant, "unix:0")).await;
    until("the tenant is on", on).await;
}
