//! By which names an operator reaches a tenant that has several, and whom a kill switch falls on.

use std::time::Duration;

use gatepost::control::command::Command;
use gatepost::tenant::record::State;
use gatepost::tenant::{TenantError, Tenants};
use serde_json::json;

use crate::world::World;

const WHOAMI: &str = "/v1/whoami";

fn tenants(world: &World) -> &Tenants {
    &world.node.shared().opened.tenants
}

async fn whoami(world: &World, site: &str) -> u16 {
    let token = world.site(site).invocation_token(Some("ann"));
    world.get_fit(WHOAMI, &token).await.status
}

fn suspend(tenant: &str) -> Command {
    let (tenant, reason) = (tenant.to_owned(), "a test".to_owned());
    Command::TenantSuspend { tenant, reason }
}

fn resume(tenant: &str) -> Command {
    let tenant = tenant.to_owned();
    Command::TenantResume { tenant }
}

/// Installs Connect's side of a site, whose body claims an installation.
async fn claim(world: &World, site: &str, installation: &str) {
    world.clock.advance(Duration::from_secs(1));
    let site = world.site(site);
    let callback = site.install_with(world.app_url(), |draft| {
        draft.payload["installationId"] = json!(installation);
    });
    assert_eq!(world.deliver(&callback).await.status, 204);
}

#[tokio::test]
async fn a_linked_tenant_is_switched_off_by_each_of_its_names() {
    for known_to_forge_first in [true, false] {
        let world = World::builder().not_installed().start().await;
        world.past_the_start();
        let acme = world.site("acme");
        if known_to_forge_first {
            assert_eq!(whoami(&world, "acme").await, 200);
        }
        let callback = acme.install_on_forge(world.app_url());
        assert_eq!(world.deliver(&callback).await.status, 204);
        let forge = world.forge_tenant("acme");
        for name in [
            acme.installation_id(),
            forge.to_string(),
            acme.client_key(),
            acme.cloud_id().to_owned(),
        ] {
            let done = world.command(suspend(&name)).await;
            assert_eq!(done["tenant"], acme.client_key(), "{name}");
            assert_eq!(done["state"], "suspended", "{name}");
            assert_eq!(whoami(&world, "acme").await, 401, "{name}");
            world.command(resume(&name)).await;
            assert_eq!(whoami(&world, "acme").await, 200, "{name}");
        }
    }
}

#[tokio::test]
async fn what_was_replaced_is_neither_switched_off_nor_on() {
    let world = World::builder().not_installed().start().await;
    world.past_the_start();
    let acme = world.site("acme");
    assert_eq!(whoami(&world, "acme").await, 200);
    let callback = acme.install_on_forge(world.app_url());
    assert_eq!(world.deliver(&callback).await.status, 204);
    let former = world.forge_tenant("acme");
    let (registry, reason) = (tenants(&world), "a test".to_owned());
    for refused in [
        registry.suspend(&former, reason, "a test").await,
        registry.resume(&former, "a test").await,
    ] {
        let refused = refused.unwrap_err();
        assert!(matches!(&refused, TenantError::Replaced(id) if *id == former));
    }
    let log = world.log().await;
    let switched = ["tenant.suspended", "tenant.resumed"];
    let mut operations = log.iter().filter_map(|record| record["operation"].as_str());
    assert!(!operations.any(|operation| switched.contains(&operation)));
    let former = registry.current(&former).unwrap();
    assert_eq!((former.state, &former.suspended), (State::Replaced, &None));
}

#[tokio::test]
async fn what_another_site_claims_to_be_does_not_draw_the_switch_away() {
    let world = World::with_initech().await;
    let (ari, forge) = (
        world.site("initech").installation_id(),
        world.forge_tenant("initech"),
    );
    claim(&world, "globex", &ari).await;
    for name in [ari.as_str(), forge.as_str()] {
        let done = world.command(suspend(name)).await;
        assert_eq!(done["tenant"], forge.as_str());
        world.command(resume(name)).await;
    }
    // Where nothing is signed, several who say so are none.
    let world = World::new().await;
    claim(&world, "globex", &ari).await;
    claim(&world, "acme", &ari).await;
    let refused = tenants(&world).by_any_name(&ari).unwrap_err();
    assert!(matches!(refused, TenantError::Ambiguous(name) if name == ari));
}
