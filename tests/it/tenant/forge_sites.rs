//! Where the site of a tenant is that Forge alone knows: what passes on with it, and what not.

use std::time::Duration;

use gatepost::control::command::{BlockedName, Command};
use gatepost::standin::account;
use gatepost::tenant::record::State;
use gatepost::tenant::{SharedTenant, TenantId, Tenants};
use serde_json::{Value, json};

use crate::world::{Answer, World};

const WHOAMI: &str = "/v1/whoami";
const HOUR: Duration = Duration::from_hours(1);

fn tenants(world: &World) -> &Tenants {
    &world.node.shared().opened.tenants
}

fn id(world: &World, site: &str) -> TenantId {
    let ari = world.site(site).installation_id();
    let uuid = ari.rsplit('/').next().unwrap();
    format!("forge-{uuid}").parse().unwrap()
}

fn current(world: &World, site: &str) -> SharedTenant {
    tenants(world).current(&id(world, site)).unwrap()
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

/// The last of what the log says of an operation.
async fn admin(world: &World, operation: &str) -> Value {
    let log = world.log().await;
    let found = log
        .into_iter()
        .rfind(|record| record["operation"] == operation);
    found.unwrap_or(Value::Null)
}

async fn refusal(world: &World) -> String {
    let log = world.log().await;
    let last = log
        .iter()
        .rfind(|record| record["kind"] == "decision" && record["effect"] == "deny");
    last.unwrap()["authentication_error"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn block(world: &World, person: &str, tenant: &str) {
    let on = BlockedName {
        account: Some(account(person)),
        tenant: Some(tenant.to_owned()),
        key: None,
    };
    let (span_us, reason) = (None, None);
    world
        .command(Command::Block {
            on,
            span_us,
            reason,
        })
        .await;
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
    block(&world, "bob", "initech.atlassian.net").await;
    suspend(&world, "initech.atlassian.net").await;
    // Renamed, and installed anew.
    world.site("initech").install_on_forge_anew();
    world.clock.advance(HOUR * 7);
    let answer = whoami_at(&world, "initech", "ann", "initech2.atlassian.net").await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert_eq!(refusal(&world).await, "tenant_inactive");
    let record = admin(&world, "tenant.installed").await;
    assert_eq!(record["tenant"], id(&world, "initech").as_str());
    assert_eq!(record["detail"]["stays_suspended"], "an incident");
    assert_eq!(record["detail"]["stays_blocked"], "1");
    let tenant = id(&world, "initech").to_string();
    world.command(Command::TenantResume { tenant }).await;
    for (person, status) in [("ann", 200), ("bob", 401)] {
        let answer = whoami_at(&world, "initech", person, "initech2.atlassian.net").await;
        assert_eq!(answer.status, status, "{person} {}", answer.text);
    }
    assert_eq!(refusal(&world).await, "account_blocked");
}

#[tokio::test]
async fn a_free_host_brings_nothing_of_its_former_owner() {
    let world = World::with_initech().await;
    let former = id(&world, "initech");
    block(&world, "ann", "initech.atlassian.net").await;
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
    let record = admin(&world, "tenant.installed").await;
    assert_eq!(record["detail"]["stays_suspended"], Value::Null);
    assert_eq!(record["detail"]["stays_blocked"], Value::Null);
    let former = tenants(&world).current(&former).unwrap();
    assert!(former.suspended.is_some());
    assert_eq!(tenants(&world).blocks_of(&former.id).len(), 1);
}

const NEW: &str = "initech2.atlassian.net";
const ISSUE: &str = "INITECH-1";

fn issue_at(site: &str) -> String {
    format!("/v1/issue?site=https://{site}&issue={ISSUE}")
}

/// A world of Forge's alone, in which initech has its host.
async fn of_forge_alone() -> World {
    let world = World::builder().not_installed().start().await;
    world.past_the_start();
    assert_eq!(world.trigger("initech").await.status, 204);
    world.clock.advance(Duration::from_secs(1));
    world.jira.clear_requests();
    world
}

fn nowhere(world: &World, site: &str) -> String {
    format!("{}.invalid", world.site(site).cloud_id())
}

#[tokio::test]
async fn a_renamed_site_is_followed_by_the_next_token_of_a_user() {
    let world = of_forge_alone().await;
    let key = world.forge_key("initech", "ann").await;
    let before = current(&world, "initech");
    let who = whoami_at(&world, "initech", "ann", NEW).await;
    assert_eq!(who.status, 200, "{}", who.text);
    assert_eq!(who.json()["site"], format!("https://{NEW}"));
    let after = current(&world, "initech");
    assert_eq!(after.epoch, before.epoch + 1);
    assert_eq!(after.sessions_since, before.sessions_since);
    let record = admin(&world, "tenant.moved").await;
    assert_eq!(record["tenant"], after.id.as_str());
    assert_eq!(record["site"], NEW);
    assert_eq!(record["detail"]["former_site"], "initech.atlassian.net");
    assert!(record["request_id"].is_string(), "{record}");
    // What was made under the former name is good under the new one, which alone is known.
    for (site, status) in [(NEW, 200), ("initech.atlassian.net", 404)] {
        let answer = world.get_as(&issue_at(site), &key).await;
        assert_eq!(answer.status, status, "{site} {}", answer.text);
    }
}

#[tokio::test]
async fn of_two_words_about_a_site_the_later_one_counts() {
    let world = of_forge_alone().await;
    let old = "initech.atlassian.net";
    let earlier = token_at(&world, "initech", "ann", old);
    world.clock.advance(Duration::from_secs(1));
    let same_second = token_at(&world, "initech", "ann", old);
    let newest = token_at(&world, "initech", "ann", NEW);
    for token in [&newest, &earlier, &same_second] {
        let who = world.get_fit(WHOAMI, token).await;
        assert_eq!(who.status, 200, "{}", who.text);
        assert_eq!(who.json()["site"], format!("https://{NEW}"));
    }
    // A trigger, a host that the app may not be installed on, and an opinion say nothing.
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.trigger("initech").await.status, 204);
    let custom = whoami_at(&world, "initech", "ann", "jira.initech.example").await;
    assert_eq!(custom.status, 200, "{}", custom.text);
    let bearer = format!("Bearer {}", token_at(&world, "initech", "ann", old));
    let body = json!({"action": "getIssue", "issue": ISSUE});
    let told = world.send_json("POST", "/v1/check", &bearer, &body).await;
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!(current(&world, "initech").site.host(), NEW);
    // Renamed back.
    let who = whoami_at(&world, "initech", "ann", old).await;
    assert_eq!(who.json()["site"], format!("https://{old}"));
}

#[tokio::test]
async fn a_host_that_another_site_has_now_is_lost_and_its_tenant_is_not() {
    for is_known_before in [true, false] {
        let world = of_forge_alone().await;
        let old = "initech.atlassian.net";
        if is_known_before {
            let answer = whoami_at(&world, "globex", "ann", "globex.atlassian.net").await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        world.allow_own("initech", &crate::world::own::BOTH).await;
        let key = world.forge_key("initech", "ann").await;
        let late = token_at(&world, "initech", "ann", old);
        world.clock.advance(Duration::from_secs(1));
        // initech was renamed, and none of its users was here since: globex has the host now.
        let who = whoami_at(&world, "globex", "ann", old).await;
        assert_eq!(who.status, 200, "{}", who.text);
        assert_eq!(who.json()["tenant"], id(&world, "globex").as_str());
        let loser = current(&world, "initech");
        assert_eq!(loser.state, State::Installed);
        assert_eq!(loser.site.host(), nowhere(&world, "initech"));
        let record = admin(&world, "tenant.site_lost").await;
        assert_eq!(record["tenant"], loser.id.as_str());
        assert_eq!(record["detail"]["former_site"], old);
        let globex = world.site("globex").cloud_id().to_owned();
        assert!(!record.to_string().contains(&globex), "{record}");
        // Its users' own credentials go to no host, and what goes by the cloud id goes on.
        world.jira.clear_requests();
        let cloud = world.site("initech").cloud_id().to_owned();
        let by_cloud = format!("/ex/jira/{cloud}/rest/api/3/issue/{ISSUE}");
        let own = world.own("api_token", "ann", &["initech"]);
        for target in [
            issue_at(old),
            issue_at(&nowhere(&world, "initech")),
            by_cloud.clone(),
        ] {
            assert_eq!(world.get_by(&target, &own).await.status, 401, "{target}");
        }
        assert!(world.nothing_left());
        let own = world.own("oauth_token", "ann", &["initech"]);
        assert_eq!(world.get_by(&by_cloud, &own).await.status, 200);
        assert_eq!(world.get_as(&by_cloud, &key).await.status, 200);
        assert_eq!(world.get_as(&issue_at(old), &key).await.status, 404);
        // A token of before does not take the host back; the next one says where the site is.
        let who = world.get_fit(WHOAMI, &late).await;
        assert_eq!(
            who.json()["site"],
            format!("https://{}", nowhere(&world, "initech"))
        );
        world.clock.advance(Duration::from_secs(1));
        let who = whoami_at(&world, "initech", "ann", NEW).await;
        assert_eq!(who.json()["site"], format!("https://{NEW}"));
        assert!(
            current(&world, "initech")
                .own_credentials
                .takes(gatepost::tenant::own::OwnKind::ApiToken)
        );
        assert_eq!(current(&world, "globex").site.host(), old);
    }
}

#[tokio::test]
async fn what_connect_installed_keeps_its_host() {
    let world = World::with_initech().await;
    world.clock.advance(Duration::from_secs(1));
    let acme = world.site("acme");
    let held = acme.host().to_owned();
    // Not by its own tenant: where that is, nobody knows then.
    for _ in 0..2 {
        let who = whoami_at(&world, "initech", "ann", &held).await;
        assert_eq!(who.status, 200, "{}", who.text);
        assert_eq!(
            who.json()["site"],
            format!("https://{}", nowhere(&world, "initech"))
        );
        world.clock.advance(Duration::from_secs(1));
    }
    let log = world.log().await;
    let lost = log
        .iter()
        .filter(|record| record["operation"] == "tenant.site_lost");
    assert_eq!(lost.count(), 1);
    let target = format!("/v1/issue?site=https://{held}&issue=ACME-1");
    let answer = world.get(&target, &world.token("acme", "ann")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    // Nor by an installation that nobody knew.
    world.site("initech").install_on_forge_anew();
    world.clock.advance(HOUR * 7);
    let answer = whoami_at(&world, "initech", "ann", &held).await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert_eq!(refusal(&world).await, "site_held");
}

#[tokio::test]
async fn what_is_not_signed_takes_no_host() {
    let world = World::builder().not_installed().start().await;
    world.past_the_start();
    // globex is said to be where the API host says that initech is.
    let old = "initech.atlassian.net";
    let answer = whoami_at(&world, "globex", "ann", old).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.trigger("initech").await.status, 401);
    assert_eq!(refusal(&world).await, "site_held");
    assert_eq!(current(&world, "globex").site.host(), old);
    // Forge signs it.
    assert_eq!(whoami_at(&world, "initech", "ann", old).await.status, 200);
    assert_eq!(current(&world, "initech").site.host(), old);
    assert_eq!(
        current(&world, "globex").site.host(),
        nowhere(&world, "globex")
    );
    assert_eq!(world.trigger("initech").await.status, 204);
}
