//! Tenants that Forge tells of: how one comes to be, whom it is linked to, what it lapses by, and who cannot take which from whom.

use std::time::Duration;

use gatepost::control::command::Command;
use gatepost::standin::{Fault, Role, account};
use gatepost::tenant::record::State;
use gatepost::tenant::{SharedTenant, Tenants};
use serde_json::{Value, json};

use crate::world::{Answer, World};

const WHOAMI: &str = "/v1/whoami";
const HOUR: Duration = Duration::from_hours(1);

fn tenants(world: &World) -> &Tenants {
    &world.node.shared().opened.tenants
}

fn of_forge(world: &World, site: &str) -> SharedTenant {
    tenants(world).current(&world.forge_tenant(site)).unwrap()
}

async fn whoami(world: &World, site: &str, person: &str) -> Answer {
    let token = world.site(site).invocation_token(Some(person));
    world.get_fit(WHOAMI, &token).await
}

async fn show(world: &World, site: &str) -> Value {
    let tenant = format!("{site}.atlassian.net");
    world.command(Command::TenantShow { tenant }).await
}

#[tokio::test]
async fn a_schedule_registers_its_installation() {
    let world = World::new().await;
    world.past_the_start();
    assert_eq!(whoami_without_registration(&world).await, 401);
    let answer = world.trigger("initech").await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    let tenant = of_forge(&world, "initech");
    assert_eq!(tenant.site.host(), "initech.atlassian.net");
    let cloud = tenant.cloud_id.unwrap().to_string();
    assert_eq!(cloud, world.site("initech").cloud_id());
    // Where the site is was asked once, as the app, at the API host, after a record.
    let asked = world.seen(Role::Api);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].credential, Some("forge_system_token"));
    assert!(asked[0].target.ends_with("/rest/api/3/serverInfo"));
    assert!(world.jira_saw().is_empty());
    let looked_up = world.admin_record("forge.site").await;
    assert_eq!(looked_up["kind"], "lookup");
    let installed = world.admin_record("tenant.installed").await;
    assert_eq!(installed["tenant"], tenant.id.as_str());
    assert_eq!(installed["site"], "initech.atlassian.net");
    assert_eq!(installed["detail"]["cloud_id"], cloud);
    let heard = world.admin_record("tenant.heard").await;
    assert_eq!(heard["tenant"], tenant.id.as_str());
    assert!(heard["detail"]["system_token_until"].is_string());
    assert_eq!(world.trigger("initech").await.status, 204);
    assert_eq!(world.seen(Role::Api).len(), 1);
    assert_eq!(whoami(&world, "initech", "ann").await.status, 200);
}

/// A token that says no site comes with no token for the app: nothing can be asked.
async fn whoami_without_registration(world: &World) -> u16 {
    let token = world
        .site("initech")
        .invocation_token_with(Some("ann"), |draft| {
            draft.merge(&json!({"context": {"siteUrl": null}}));
        });
    let answer = world.get_fit(WHOAMI, &token).await;
    assert_eq!(world.refusal().await, "no_site");
    answer.status
}

#[tokio::test]
async fn a_users_token_registers_its_installation_where_it_says_the_site() {
    let world = World::new().await;
    world.past_the_start();
    let who = whoami(&world, "initech", "ann").await;
    assert_eq!(who.status, 200, "{}", who.text);
    assert_eq!(who.json()["site"], "https://initech.atlassian.net");
    assert!(world.seen(Role::Api).is_empty());
    let shown = show(&world, "initech").await;
    assert_eq!(shown["forge"]["system_token"], "none");
    assert_eq!(shown["state"], "installed");
}

#[tokio::test]
async fn an_opinion_registers_nobody() {
    let world = World::new().await;
    world.past_the_start();
    let body = json!({"action": "getIssue", "site": "https://initech.atlassian.net", "issue": "INITECH-1"});
    let asked = async || {
        let token = world.site("initech").invocation_token(Some("ann"));
        let bearer = format!("Bearer {token}");
        world.send_json("POST", "/v1/check", &bearer, &body).await
    };
    let answer = asked().await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    let log = world.log().await;
    let refused = log
        .iter()
        .rfind(|record| record["authentication_error"].is_string());
    assert_eq!(refused.unwrap()["authentication_error"], "no_site");
    assert_eq!(tenants(&world).all().len(), 2);
    // Of whoever is known it says the same as of everybody.
    assert_eq!(whoami(&world, "initech", "ann").await.status, 200);
    let answer = asked().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let installed = world.admin_record("tenant.installed").await;
    assert!(installed["request_id"].is_string(), "{installed}");
}

#[tokio::test]
async fn a_site_must_pass_the_host_rule() {
    let world = World::new().await;
    world.past_the_start();
    for site in [
        "https://initech.example",
        "http://initech.atlassian.net",
        "https://atlassian.net",
    ] {
        let token = world
            .site("initech")
            .invocation_token_with(Some("ann"), |draft| {
                draft.merge(&json!({"context": {"siteUrl": site}}));
            });
        let answer = world.get_fit(WHOAMI, &token).await;
        assert_eq!(answer.status, 401, "{site} {}", answer.text);
        assert!(["foreign_site", "no_site"].contains(&world.refusal().await.as_str()));
    }
    assert_eq!(tenants(&world).all().len(), 2);
    assert!(world.nothing_left() || world.seen(Role::Api).is_empty());
}

#[tokio::test]
async fn a_site_that_cannot_be_asked_is_registered_with_the_next_trigger() {
    let world = World::new().await;
    world.past_the_start();
    world.jira.set_fault(Role::Api, Some(Fault::Status(503)));
    let answer = world.trigger("initech").await;
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert_eq!(answer.json()["code"], "forge_unavailable");
    world.jira.set_fault(Role::Api, Some(Fault::Status(404)));
    assert_eq!(world.trigger("initech").await.status, 401);
    assert_eq!(tenants(&world).all().len(), 2);
    world.jira.set_fault(Role::Api, None);
    assert_eq!(world.trigger("initech").await.status, 204);
}

#[tokio::test]
async fn a_trigger_is_for_nobody() {
    let world = World::with_initech().await;
    let headers = world.site("initech").forge_headers(Some("ann"));
    let answer = world
        .invoke("POST", "/forge/remote/trigger", &headers)
        .await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert_eq!(world.refusal().await, "user_token");
    // And a token without a user opens nothing that is somebody's.
    let token = world.site("initech").invocation_token(None);
    for target in [WHOAMI, "/v1/sessions", "/rest/api/3/issue/INITECH-1"] {
        let answer = world.get_fit(target, &token).await;
        assert_eq!(answer.status, 401, "{target} {}", answer.text);
    }
    // Nor does a body that says somebody.
    let token = world.site("initech").invocation_token(None);
    let body = json!({"name": "ci", "act_as": account("ann")});
    let answer = world
        .send_json("POST", "/v1/keys", &format!("Bearer {token}"), &body)
        .await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert_eq!(world.refusal().await, "no_user");
}

#[tokio::test]
async fn a_page_without_a_visitor_is_no_schedule() {
    let world = World::with_initech().await;
    let initech = world.site("initech");
    for context in [json!({}), json!({"cloudId": initech.cloud_id()})] {
        let mut headers = initech.forge_headers(None);
        let token = initech.invocation_token_with(None, |draft| {
            draft.merge(&json!({"context": context}));
        });
        headers[0].1 = format!("Bearer {token}");
        let answer = world
            .invoke("POST", "/forge/remote/trigger", &headers)
            .await;
        assert_eq!(answer.status, 401, "{context} {}", answer.text);
        assert_eq!(world.refusal().await, "page_token");
    }
    let heard = world.log().await;
    let heard = heard
        .iter()
        .filter(|record| record["operation"] == "tenant.heard");
    assert_eq!(heard.count(), 1);
}

/// A trigger of initech with this text as the token for the app.
async fn trigger_with(world: &World, system: &str) {
    let mut headers = world.site("initech").forge_headers(None);
    for (name, value) in &mut headers {
        if name == "x-forge-oauth-system" {
            system.clone_into(value);
        }
    }
    let answer = world
        .invoke("POST", "/forge/remote/trigger", &headers)
        .await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

/// An opaque token that tells its end, so many seconds from now.
fn ending(world: &World, in_s: i64) -> String {
    use base64::Engine as _;
    let end = world.clock.clock().now().seconds() + in_s;
    let claims = format!(r#"{{"exp":{end}}}"#);
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims);
    format!("h.{claims}.s")
}

/// In how many seconds the token ends that initech has.
fn ends_in(world: &World) -> i64 {
    let tenant = of_forge(world, "initech");
    let end = tenant.forge.as_ref().unwrap().system_token_ends_at;
    end.unwrap().seconds() - world.clock.clock().now().seconds()
}

#[tokio::test]
async fn the_better_token_for_the_app_is_kept() {
    let world = World::with_initech().await;
    let key = world.forge_key("initech", "ann").await;
    let life = ends_in(&world);
    for worse in [
        "",
        "two words",
        "opaque",
        &ending(&world, 0),
        &ending(&world, life - 1),
    ] {
        trigger_with(&world, worse).await;
        assert_eq!(ends_in(&world), life, "{worse:?}");
    }
    // Heard of it was all the same, and the token that works is still the one that is used.
    let heard = of_forge(&world, "initech").forge.as_ref().unwrap().heard_at;
    assert_eq!(heard, Some(world.clock.clock().now()));
    let issue = "/rest/api/3/issue/INITECH-1";
    assert_eq!(world.get_as(issue, &key).await.status, 200);
    trigger_with(&world, &ending(&world, life + 1)).await;
    assert_eq!(ends_in(&world), life + 1);
}

#[tokio::test]
async fn a_token_that_atlassian_refuses_gives_way_to_the_next() {
    let world = World::with_initech().await;
    let key = world.forge_key("initech", "ann").await;
    trigger_with(&world, &ending(&world, 86_000)).await;
    let issue = "/rest/api/3/issue/INITECH-1";
    assert_eq!(world.get_as(issue, &key).await.status, 502);
    assert_eq!(world.trigger("initech").await.status, 204);
    assert!(ends_in(&world) < 86_000);
    assert_eq!(world.get_as(issue, &key).await.status, 200);
}

#[tokio::test]
async fn an_installation_is_not_linked_by_being_presented() {
    let world = World::new().await;
    world.past_the_start();
    // acme is a Connect tenant whose install said nothing of an installation.
    let answer = whoami(&world, "acme", "ann").await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert_eq!(world.refusal().await, "site_held");
    assert_eq!(world.trigger("acme").await.status, 401);
    assert_eq!(tenants(&world).all().len(), 2);
    // The install says it.
    let acme = world.site("acme");
    world.clock.advance(Duration::from_secs(1));
    let installed = world.deliver(&acme.install_on_forge(world.app_url())).await;
    assert_eq!(installed.status, 204, "{}", installed.text);
    let who = whoami(&world, "acme", "ann").await.json();
    assert_eq!(who["tenant"], acme.client_key());
    assert_eq!(world.trigger("acme").await.status, 204);
    let shown = show(&world, "acme").await;
    assert_eq!(shown["forge"]["installation"], acme.installation_id());
    assert_eq!(shown["forge"]["system_token"], "good");
    assert_eq!(shown["forge"]["lapses_at"], Value::Null);
    let record = world.admin_record("tenant.installed").await;
    assert_eq!(record["detail"]["installation"], acme.installation_id());
}

#[tokio::test]
async fn a_linked_install_ends_the_tenant_that_forge_alone_knew() {
    let world = World::builder().not_installed().start().await;
    world.past_the_start();
    let acme = world.site("acme");
    // Both are sent at once, and Forge's came first, dated a second later.
    assert_eq!(whoami(&world, "acme", "ann").await.status, 200);
    let former = world.forge_tenant("acme");
    let tenant = former.to_string();
    let on = gatepost::control::command::BlockedName {
        account: Some(account("bob")),
        tenant: Some(tenant),
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
    let callback = acme.install_on_forge(world.app_url());
    let bent = acme.install_with(world.app_url(), |draft| {
        draft.claims["iat"] = (draft.claims["iat"].as_i64().unwrap() - 1).into();
    });
    drop(callback);
    let installed = world.deliver(&bent).await;
    assert_eq!(installed.status, 204, "{}", installed.text);
    let old = tenants(&world).current(&former).unwrap();
    assert_eq!(old.state, State::Replaced);
    let who = whoami(&world, "acme", "ann").await.json();
    assert_eq!(who["tenant"], acme.client_key());
    // Who was kept out stays out.
    let bob = whoami(&world, "acme", "bob").await;
    assert_eq!(bob.status, 401, "{}", bob.text);
    assert_eq!(world.refusal().await, "account_blocked");
    let record = world.admin_record("tenant.installed").await;
    assert_eq!(record["detail"]["replaced"], former.as_str());
    assert_eq!(record["detail"]["stays_blocked"], "1");
}

#[tokio::test]
async fn an_install_that_says_nothing_of_it_does_not_end_what_forge_signed() {
    let world = World::builder().not_installed().start().await;
    world.past_the_start();
    let acme = world.site("acme");
    assert_eq!(whoami(&world, "acme", "ann").await.status, 200);
    let globex = world.site("globex").installation_id();
    for installation in [None, Some(globex)] {
        let callback = acme.install_with(world.app_url(), |draft| {
            draft.payload["installationId"] = json!(installation);
        });
        let answer = world.deliver(&callback).await;
        assert_eq!(answer.status, 401, "{}", answer.text);
    }
    assert_eq!(of_forge(&world, "acme").state, State::Installed);
    // Once it has lapsed the site is free.
    world.clock.advance(HOUR * 7);
    let answer = world.deliver(&acme.install(world.app_url())).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    assert_eq!(of_forge(&world, "acme").state, State::Replaced);
}

#[tokio::test]
async fn a_body_cannot_claim_another_sites_installation() {
    let world = World::with_initech().await;
    // A Connect install of globex, which is genuine but for its body, claims initech's installation.
    let (globex, initech) = (world.site("globex"), world.site("initech"));
    world.clock.advance(Duration::from_secs(1));
    let callback = globex.install_with(world.app_url(), |draft| {
        draft.payload["installationId"] = json!(initech.installation_id());
    });
    assert_eq!(world.deliver(&callback).await.status, 204);
    let who = whoami(&world, "initech", "ann").await.json();
    assert_eq!(who["tenant"], world.forge_tenant("initech").as_str());
    // Nor, before anybody knew the installation, does it keep the rightful one out.
    let world = World::new().await;
    world.past_the_start();
    let (globex, initech) = (world.site("globex"), world.site("initech"));
    let callback = globex.install_with(world.app_url(), |draft| {
        draft.payload["installationId"] = json!(initech.installation_id());
    });
    assert_eq!(world.deliver(&callback).await.status, 204);
    let who = whoami(&world, "initech", "ann").await;
    assert_eq!(who.status, 200, "{}", who.text);
    assert_eq!(who.json()["tenant"], world.forge_tenant("initech").as_str());
}

#[tokio::test]
async fn a_client_key_is_no_name_of_forges() {
    let world = World::with_initech().await;
    let name = world.forge_tenant("initech").to_string();
    let acme = world.site("acme");
    let callback = acme.install_with(world.app_url(), |draft| {
        draft.claims["iss"] = json!(name);
        draft.payload["clientKey"] = json!(name);
    });
    assert_eq!(world.deliver(&callback).await.status, 401);
    let callback = acme.uninstall_with(world.app_url(), |draft| {
        draft.claims["iss"] = json!(name);
        draft.payload["clientKey"] = json!(name);
    });
    assert_eq!(world.deliver(&callback).await.status, 401);
    assert_eq!(of_forge(&world, "initech").state, State::Installed);
}

#[tokio::test]
async fn a_late_token_does_not_bring_an_ended_installation_back() {
    let world = World::builder().not_installed().start().await;
    world.past_the_start();
    let acme = world.site("acme");
    let callback = acme.install_on_forge(world.app_url());
    assert_eq!(world.deliver(&callback).await.status, 204);
    let late = acme.invocation_token(Some("ann"));
    let callback = acme.uninstall(world.app_url());
    assert_eq!(world.deliver(&callback).await.status, 204);
    let answer = world.get_fit(WHOAMI, &late).await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert_eq!(world.refusal().await, "stale_event");
    assert!(
        tenants(&world)
            .current(&world.forge_tenant("acme"))
            .is_none()
    );
}

#[tokio::test]
async fn a_tenant_that_is_not_heard_of_lapses_and_comes_back() {
    let world = World::with_initech().await;
    let session = {
        let token = world.site("initech").invocation_token(Some("ann"));
        let bearer = format!("Bearer {token}");
        let opened = world
            .send("POST", "/v1/sessions", &[("authorization", &bearer)])
            .await;
        assert_eq!(opened.status, 201, "{}", opened.text);
        opened.json()["token"].as_str().unwrap().to_owned()
    };
    let key = world.forge_key("initech", "ann").await;
    world
        .clock
        .advance(Duration::from_secs(6 * 3600 + 1800 - 1));
    assert_eq!(show(&world, "initech").await["state"], "installed");
    assert_eq!(world.get_as(WHOAMI, &key).await.status, 200);
    world.clock.advance(Duration::from_secs(1));
    let tenant = world.forge_tenant("initech").to_string();
    let shown = world.command(Command::TenantShow { tenant }).await;
    assert_eq!(shown["state"], "lapsed");
    assert_eq!(world.get_as(WHOAMI, &key).await.status, 401);
    assert_eq!(world.get_as(WHOAMI, &session).await.status, 401);
    let answer = whoami(&world, "initech", "ann").await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert_eq!(world.refusal().await, "tenant_inactive");
    // Nobody else's either.
    let asked = "/v1/issue?site=https://initech.atlassian.net&issue=INITECH-1";
    let other = world.get(asked, &world.token("acme", "ann")).await;
    assert_eq!(other.status, 404, "{}", other.text);
    let ready = world.admin("/readyz").await.json();
    assert_eq!(
        (&ready["ready"], &ready["parts"]["forge"]["lapsed"]),
        (&json!(true), &json!(1))
    );
    assert!(
        world
            .metrics()
            .await
            .contains("gatepost_forge_tenants_lapsed 1")
    );
    assert_eq!(world.trigger("initech").await.status, 204);
    assert_eq!(world.get_as(WHOAMI, &key).await.status, 200);
    assert_eq!(show(&world, "initech").await["state"], "installed");
}

#[tokio::test]
async fn what_the_gateway_did_not_hear_while_it_was_down_is_no_silence() {
    let world = World::with_initech().await;
    let (key, clock) = (world.forge_key("initech", "ann").await, world.clock.clone());
    let world = world.restart("", async |_| clock.advance(HOUR * 24)).await;
    world.past_the_start();
    assert_eq!(world.get_as(WHOAMI, &key).await.status, 200);
    assert_eq!(show(&world, "initech").await["state"], "installed");
    // Also after a second start, before which somebody called: what was before the first is no silence still.
    let world = world.restart("", async |_| {}).await;
    world.past_the_start();
    assert_eq!(world.get_as(WHOAMI, &key).await.status, 200);
    // Nor is anybody's tenant given away meanwhile.
    let former = world.forge_tenant("initech");
    world.site("initech").install_on_forge_anew();
    assert_eq!(world.trigger("initech").await.status, 401);
    assert_eq!(world.refusal().await, "site_held");
    // An hour and a half after the start, whoever is there has been heard of.
    world.clock.advance(Duration::from_mins(90));
    assert_eq!(world.get_as(WHOAMI, &key).await.status, 401);
    assert_eq!(world.trigger("initech").await.status, 204);
    let former = tenants(&world).current(&former).unwrap();
    assert_eq!(former.state, State::Replaced);
}

#[tokio::test]
async fn a_tenant_alone_that_had_lapsed_stays_so_over_a_restart() {
    let world = World::with_initech().await;
    let (key, clock) = (world.forge_key("initech", "ann").await, world.clock.clone());
    world.clock.advance(HOUR * 7);
    assert_eq!(world.get_as(WHOAMI, &key).await.status, 401);
    // However often it is started.
    let mut world = world;
    for _ in 0..2 {
        world = world.restart("", async |_| clock.advance(HOUR)).await;
        world.past_the_start();
        assert_eq!(world.get_as(WHOAMI, &key).await.status, 401);
        assert!(of_forge(&world, "initech").has_lapsed(clock.clock().now()));
    }
}

#[tokio::test]
async fn the_last_call_decides_who_had_lapsed_before_a_start() {
    for (early, expected) in [(Duration::ZERO, 401), (Duration::from_micros(1), 200)] {
        let world = World::with_initech().await;
        let (key, clock) = (world.forge_key("initech", "ann").await, world.clock.clone());
        let initech = of_forge(&world, "initech");
        let at = initech.forge.as_ref().unwrap().lapses_at.unwrap();
        clock.advance(at.minus(early).since(clock.clock().now()));
        assert_eq!(world.get_as(WHOAMI, &key).await.status, expected);
        let world = world.restart("", async |_| clock.advance(HOUR)).await;
        world.past_the_start();
        assert_eq!(world.get_as(WHOAMI, &key).await.status, expected);
    }
}

#[tokio::test]
async fn a_check_is_a_call_that_a_tenant_can_have_lapsed_before() {
    let world = World::with_initech().await;
    let (key, clock) = (world.forge_key("initech", "ann").await, world.clock.clone());
    world.clock.advance(HOUR * 7);
    let by = format!("JWT {}", world.token("acme", "ann"));
    let body = json!({"issue": "ACME-1"});
    let checked = world.send_json("POST", "/v1/check", &by, &body).await;
    assert_eq!(checked.status, 200, "{}", checked.text);
    let world = world.restart("", async |_| clock.advance(HOUR)).await;
    world.past_the_start();
    assert_eq!(world.get_as(WHOAMI, &key).await.status, 401);
}

#[tokio::test]
async fn who_had_lapsed_before_the_gateway_stopped_stays_so() {
    let world = World::with_initech().await;
    let (key, clock) = (world.forge_key("initech", "ann").await, world.clock.clone());
    world.clock.advance(HOUR * 7);
    // Others are heard of.
    let acme = world.site("acme");
    let installed = world.deliver(&acme.install_on_forge(world.app_url())).await;
    assert_eq!(installed.status, 204, "{}", installed.text);
    assert_eq!(world.trigger("acme").await.status, 204);
    let world = world.restart("", async |_| clock.advance(HOUR)).await;
    world.past_the_start();
    assert_eq!(world.get_as(WHOAMI, &key).await.status, 401);
    assert_eq!(of_forge(&world, "initech").state, State::Installed);
    assert!(of_forge(&world, "initech").has_lapsed(clock.clock().now()));
}

#[tokio::test]
async fn a_new_installation_of_a_site_waits_until_the_former_has_lapsed() {
    let world = World::with_initech().await;
    let former = world.forge_tenant("initech");
    let initech = world.site("initech");
    initech.install_on_forge_anew();
    let answer = world.trigger("initech").await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert_eq!(world.refusal().await, "site_held");
    world.clock.advance(HOUR * 7);
    assert_eq!(world.trigger("initech").await.status, 204);
    assert_eq!(of_forge(&world, "initech").state, State::Installed);
    let former = tenants(&world).current(&former).unwrap();
    assert_eq!(former.state, State::Replaced);
    let record = world.admin_record("tenant.installed").await;
    assert_eq!(record["detail"]["replaced"], former.id.as_str());
}

#[tokio::test]
async fn a_suspended_tenant_stays_so_and_is_heard_of_all_the_same() {
    let world = World::with_initech().await;
    let (tenant, reason) = ("initech.atlassian.net".to_owned(), "a test".to_owned());
    world
        .command(Command::TenantSuspend { tenant, reason })
        .await;
    assert_eq!(world.trigger("initech").await.status, 204);
    assert_eq!(whoami(&world, "initech", "ann").await.status, 401);
    world.clock.advance(HOUR * 7);
    world.site("initech").install_on_forge_anew();
    assert_eq!(world.trigger("initech").await.status, 204);
    assert_eq!(show(&world, "initech").await["state"], "suspended");
    assert_eq!(whoami(&world, "initech", "ann").await.status, 401);
}

#[tokio::test]
async fn two_first_tokens_at_once_register_once() {
    let world = World::new().await;
    world.past_the_start();
    let one = || whoami(&world, "initech", "ann");
    let answers = tokio::join!(one(), one(), one(), one());
    for answer in [answers.0, answers.1, answers.2, answers.3] {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let log = world.log().await;
    let installed = log.iter().filter(|record| {
        record["operation"] == "tenant.installed" && record["site"] == "initech.atlassian.net"
    });
    assert_eq!(installed.count(), 1);
}

#[tokio::test]
async fn tokens_for_the_app_are_sealed() {
    let world = World::with_initech().await;
    let file = std::fs::read(world.dir.path().join("gatepost.db")).unwrap();
    let wal = std::fs::read(world.dir.path().join("gatepost.db-wal")).unwrap_or_default();
    let token = world.jira.requests();
    drop(token);
    let headers = world.site("initech").forge_headers(None);
    let system = headers
        .iter()
        .find(|(name, _)| name == "x-forge-oauth-system")
        .unwrap();
    assert_eq!(
        world
            .invoke("POST", "/forge/remote/trigger", &headers)
            .await
            .status,
        204
    );
    let after = std::fs::read(world.dir.path().join("gatepost.db-wal")).unwrap_or_default();
    for bytes in [&file, &wal, &after] {
        let needle = system.1.as_bytes();
        assert!(!bytes.windows(needle.len()).any(|window| window == needle));
    }
    let ends_at = of_forge(&world, "initech")
        .forge
        .as_ref()
        .unwrap()
        .system_token_ends_at;
    assert!(ends_at.is_some());
}
