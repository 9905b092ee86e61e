//! The bound on grants: those in force count, one account at a time.

use std::time::Duration;

use gatepost::clock::Timestamp;
use gatepost::tenant::operations::NewGrant;
use gatepost::tenant::{TenantError, TenantId};

use crate::world::World;

#[tokio::test]
async fn an_account_has_256_grants_in_force_at_most() {
    let world = World::new().await;
    let acme: TenantId = world.site("acme").client_key().parse().unwrap();
    let tenants = world.node.shared().opened.tenants.clone();
    let give = async |account: &str, expires_at: Option<Timestamp>| {
        let grant = NewGrant {
            account: account.parse().unwrap(),
            act_as: "bob".parse().unwrap(),
            actions: vec!["read".to_owned()],
            expires_at,
            reason: "a stand-in".to_owned(),
        };
        tenants.give(&acme, grant, "unix:0").await
    };
    let minute = Duration::from_mins(1);
    let soon = world.clock.clock().now().plus(minute);
    let first = give("ann", None).await.unwrap();
    give("ann", Some(soon)).await.unwrap();
    for _ in 2..256 {
        give("ann", None).await.unwrap();
    }
    let refused = give("ann", None).await.unwrap_err();
    assert!(
        matches!(refused, TenantError::TooManyGrants(..)),
        "{refused:?}"
    );
    assert!(refused.to_string().contains("grant revoke"), "{refused}");
    give("cat", None).await.unwrap();
    // Neither a revoked grant nor one that has ended counts.
    tenants.take_back(&first, "unix:0").await.unwrap();
    give("ann", None).await.unwrap();
    assert!(give("ann", None).await.is_err());
    world.clock.advance(minute);
    give("ann", None).await.unwrap();
    assert!(give("ann", None).await.is_err());
}
