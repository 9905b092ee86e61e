//! Where the site of a tenant is that Forge alone knows: what passes on with it, and what not.

use std::time::Duration;

use gatepost::control::command::Command;
use gatepost::tenant::Tenants;
use serde_json::{Value, json};

use crate::world::{Answer, World};

const WHOAMI: &str = "/v1/whoami";
const HOUR: Duration = Duration::from_hours(1);

fn tenants(world: &World) -> &Tenants {
    &world.node.shared().opened.tenants
}

/// What Forge signs for a person on a site of the stand-in's once its host is another.
fn token_at(world: &World, site: &str, person: &str, host: &str) -> String {
    let url = format!("https://{host}");
    world
        .site(site)
        .invocation_token_with(Some(person), |draft| {
            draft.merge(&json!({"context": {"siteUrl": url}}));
        })
}

async fn whoami_at(world: &World, site: &str, person: &str, host: &str) -> Answer {
    let token = token_at(world, site, person, host);
    world.get_fit(WHOAMI, &token).await
}

async fn suspend(world: &World, tenant: &str) {
    let (tenant, reason) = (tenant.to_owned(), "an incident".to_owned());
    world
        .command(Command::TenantSuspend { tenant, reason })
        .await;
}

#[tokio::test]
async fn a_rename_sheds_neither_suspension_nor_blocks() {
    let world = World::with_initech().await;
    world
        .block(Some("bob"), Some("initech.atlassian.net"))
        .await;
    suspend(&world, "initech.atlassian.net").await;
    // Renamed, and installed anew.
    world.site("initech").install_on_forge_anew();
    world.clock.advance(HOUR * 7);
    let answer = whoami_at(&world, "initech", "ann", "initech2.atlassian.net").await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert_eq!(world.refusal().await, "tenant_inactive");
    let record = world.admin_record("tenant.installed").await;
    assert_eq!(record["tenant"], world.forge_tenant("initech").as_str());
    assert_eq!(record["detail"]["stays_suspended"], "an incident");
    assert_eq!(record["detail"]["stays_blocked"], "1");
    let tenant = world.forge_tenant("initech").to_string();
    world.command(Command::TenantResume { tenant }).await;
    for (person, status) in [("ann", 200), ("bob", 401)] {
        let answer = whoami_at(&world, "initech", person, "initech2.atlassian.net").await;
        assert_eq!(answer.status, status, "{person} {}", answer.text);
    }
    assert_eq!(world.refusal().await, "account_blocked");
}

#[tokio::test]
async fn a_free_host_brings_nothing_of_its_former_owner() {
    let world = World::with_initech().await;
    let former = world.forge_tenant("initech");
    world
        .block(Some("ann"), Some("initech.atlassian.net"))
        .await;
    suspend(&world, "initech.atlassian.net").await;
    world.clock.advance(HOUR * 7);
    // Another customer is given the host.
    world.site("globex").install_on_forge_anew();
    let globex = world.site("globex");
    let callback = globex.uninstall(world.app_url());
    assert_eq!(world.deliver(&callback).await.status, 204);
    world.clock.advance(HOUR);
    let answer = whoami_at(&world, "globex", "ann", "initech.atlassian.net").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["cloud_id"], globex.cloud_id());
    let record = world.admin_record("tenant.installed").await;
    assert_eq!(record["detail"]["stays_suspended"], Value::Null);
    assert_eq!(record["detail"]["stays_blocked"], Value::Null);
    let former = tenants(&world).current(&former).unwrap();
    assert!(former.suspended.is_some());
    assert_eq!(tenants(&world).blocks_of(&former.id).len(), 1);
}
