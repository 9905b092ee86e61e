//! What events do to tenants: replays, order, imports, renames, uninstalls, suspension; each whole or not at all.

use std::time::Duration;

use gatepost::db::DbError;
use gatepost::standin::Callback;
use gatepost::tenant::record::State;
use gatepost::tenant::{SharedTenant, TenantId};
use serde_json::{Value, json};

use crate::world::{Answer, World};

const WHOAMI: &str = "/v1/whoami";

fn tenant(world: &World, client_key: &str) -> SharedTenant {
    let id: TenantId = client_key.parse().unwrap();
    world.node.shared().opened.tenants.current(&id).unwrap()
}

/// What an event may move.
fn standing(world: &World, site: &str) -> (u64, u64, State, String) {
    let tenant = tenant(world, &world.site(site).client_key());
    (
        tenant.epoch,
        tenant.secret_version,
        tenant.state,
        tenant.site.to_string(),
    )
}

async fn whoami(world: &World, token: &str) -> u16 {
    world.get(WHOAMI, token).await.status
}

async fn admin_records(world: &World) -> Vec<Value> {
    let all = world.log().await.into_iter();
    all.filter(|record| record["kind"] == "admin" && record["operation"] != "test.settle")
        .collect()
}

async fn sql(world: &World, statement: &'static str) {
    let work = world.node.shared().opened.db.transact(move |connection| {
        Box::pin(async move {
            sqlx::query(statement).execute(connection).await?;
            Ok::<_, DbError>(())
        })
    });
    work.await.unwrap();
}

fn assert_refused(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text);
}

#[tokio::test]
async fn a_repeated_callback_is_answered_like_the_first_and_changes_nothing() {
    let world = World::builder().not_installed().start().await;
    // Without a cloud id in its body: the site is asked for it.
    let callback = world.site("acme").install_with(world.app_url(), |draft| {
        drop(draft.payload.as_object_mut().unwrap().remove("cloudId"));
    });
    let (one, other) = tokio::join!(world.deliver(&callback), world.deliver(&callback));
    assert_eq!((one.status, other.status), (204, 204));
    let before = standing(&world, "acme");
    assert_eq!((before.0, before.1), (1, 1));
    let asked = world.jira_saw().len();
    assert!(asked > 0);
    assert_eq!(world.deliver(&callback).await.status, 204);
    assert_eq!(standing(&world, "acme"), before);
    assert_eq!(world.jira_saw().len(), asked);
    let records = admin_records(&world).await;
    let operations: Vec<_> = records.iter().map(|record| &record["operation"]).collect();
    let (installed, repeated) = ("tenant.installed", "tenant.event_repeated");
    assert_eq!(operations, [installed, repeated, repeated]);
    assert_eq!(records[2]["detail"]["event"], "installed");
    assert_eq!(records[2]["by"], "atlassian");
}

#[tokio::test]
async fn a_token_with_another_body_is_refused_as_long_as_it_is_accepted() {
    let world = World::builder().not_installed().start().await;
    let (acme, app) = (world.site("acme"), world.app_url());
    let callback = acme.install(app);
    assert_eq!(world.deliver(&callback).await.status, 204);
    let (before, token) = (standing(&world, "acme"), world.token("acme", "ann"));
    let mut body: Value = serde_json::from_str(&callback.body).unwrap();
    body["sharedSecret"] = json!("an attacker's secret, long enough to be one");
    let bent = Callback {
        body: body.to_string(),
        ..callback
    };
    // At once, and in the leeway after the token's end, when it is accepted still.
    for pass_s in [0, 180, 29] {
        world.clock.advance(Duration::from_secs(pass_s));
        // Another event, which forgets what has ended.
        let globex = world.site("globex").install_with(app, |_| {});
        assert_eq!(world.deliver(&globex).await.status, 204);
        assert_refused(&world.deliver(&bent).await, 401);
        assert_eq!(standing(&world, "acme"), before);
    }
    assert_eq!(whoami(&world, &token).await, 200);
    let last = world.decisions().await;
    let causes: Vec<_> = last
        .iter()
        .filter_map(|one| one["authentication_error"].as_str())
        .collect();
    assert_eq!(causes, ["token_replayed"; 3]);
    world.clock.advance(Duration::from_secs(1));
    assert_refused(&world.deliver(&bent).await, 401);
}

#[tokio::test]
async fn an_older_event_does_not_undo_a_newer_one() {
    let world = World::builder().not_installed().start().await;
    let (acme, app) = (world.site("acme"), world.app_url());
    let (old_install, old_uninstall) = (
        acme.install_with(app, |_| {}),
        acme.uninstall_with(app, |_| {}),
    );
    world.clock.advance(Duration::from_secs(2));
    acme.rotate_secret();
    assert_eq!(world.deliver(&acme.install(app)).await.status, 204);
    let before = standing(&world, "acme");
    for old in [&old_install, &old_uninstall] {
        assert_refused(&world.deliver(old).await, 409);
    }
    assert_eq!(standing(&world, "acme"), before);
    assert_eq!(whoami(&world, &world.token("acme", "ann")).await, 200);
    // Nor does an install that was overtaken by the uninstall bring the tenant back.
    world.clock.advance(Duration::from_secs(2));
    let overtaken = acme.install_with(app, |_| {});
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(world.deliver(&acme.uninstall(app)).await.status, 204);
    assert_refused(&world.deliver(&overtaken).await, 409);
    assert_eq!(standing(&world, "acme").2, State::Uninstalled);
}

#[tokio::test]
async fn an_import_ends_the_old_tenant_with_one_record_of_both() {
    let world = World::new().await;
    let (acme, app) = (world.site("acme"), world.app_url());
    let (old_key, old_token) = (acme.client_key(), world.token("acme", "ann"));
    acme.import();
    let before = admin_records(&world).await.len();
    assert_eq!(world.deliver(&acme.install(app)).await.status, 204);
    let old = tenant(&world, &old_key);
    assert_eq!(
        (old.state, old.is_active(world.clock.clock().now())),
        (State::Replaced, false)
    );
    assert_eq!(whoami(&world, &old_token).await, 401);
    let issue = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";
    let answer = world.get(issue, &world.token("acme", "ann")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let records = admin_records(&world).await.split_off(before);
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert_eq!(record["operation"], "tenant.installed");
    assert_eq!(record["by"], "atlassian");
    assert_eq!(record["tenant"], acme.client_key());
    assert_eq!(record["detail"]["replaced"], old_key);
}

#[tokio::test]
async fn an_import_that_is_older_than_the_sites_tenant_is_refused() {
    let world = World::builder().not_installed().start().await;
    let (acme, app) = (world.site("acme"), world.app_url());
    let stale = acme.install_with(app, |draft| {
        draft.claims["iss"] = json!("an-older-client-key");
        draft.payload["clientKey"] = json!("an-older-client-key");
    });
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(world.deliver(&acme.install(app)).await.status, 204);
    assert_refused(&world.deliver(&stale).await, 409);
    assert_eq!(standing(&world, "acme").2, State::Installed);
    assert_eq!(world.node.shared().opened.tenants.all().len(), 1);
}

#[tokio::test]
async fn another_sites_cloud_id_is_not_given_away() {
    let world = World::new().await;
    let (acme, globex) = (world.site("acme"), world.site("globex"));
    let before = (standing(&world, "acme"), standing(&world, "globex"));
    let stolen = globex.cloud_id().to_owned();
    let callback = acme.install_with(world.app_url(), |draft| {
        draft.payload["cloudId"] = json!(stolen);
    });
    assert_refused(&world.deliver(&callback).await, 401);
    assert_eq!(
        (standing(&world, "acme"), standing(&world, "globex")),
        before
    );
    let last = world.decisions().await.pop().unwrap();
    assert_eq!(last["authentication_error"], "cloud_id_taken");
}

#[tokio::test]
async fn a_renamed_site_moves_with_its_client_key() {
    let world = World::new().await;
    let acme = world.site("acme");
    let callback = acme.install_with(world.app_url(), |draft| {
        draft.payload["baseUrl"] = json!("https://acme-new.atlassian.net");
    });
    assert_eq!(world.deliver(&callback).await.status, 204);
    let moved = tenant(&world, &acme.client_key());
    assert_eq!(moved.site.host(), "acme-new.atlassian.net");
    let tenants = &world.node.shared().opened.tenants;
    assert_eq!(
        tenants.by_any_name("acme-new.atlassian.net").unwrap().id,
        moved.id
    );
    assert_eq!(tenants.by_any_name(acme.cloud_id()).unwrap().id, moved.id);
    assert!(tenants.by_any_name("acme.atlassian.net").is_err());
    let old = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";
    assert_eq!(
        world.get(old, &world.token("acme", "ann")).await.status,
        404
    );
    assert!(world.jira_saw().is_empty());
}

#[tokio::test]
async fn after_an_uninstall_nothing_opens_and_an_install_brings_a_new_secret() {
    let world = World::new().await;
    let (acme, app) = (world.site("acme"), world.app_url());
    let old_token = world.token("acme", "ann");
    assert_eq!(whoami(&world, &old_token).await, 200);
    world.clock.advance(Duration::from_secs(1));
    let uninstall = acme.uninstall(app);
    assert_eq!(world.deliver(&uninstall).await.status, 204);
    assert_eq!(whoami(&world, &old_token).await, 401);
    let reads = world.node.shared().opened.db.reads().clone();
    let secret: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT shared_secret FROM tenants WHERE id = ?1")
            .bind(acme.client_key())
            .fetch_one(&reads)
            .await
            .unwrap();
    assert_eq!(secret, None);
    // Removed twice, as by a webhook that is sent again under a token of its own.
    assert_eq!(world.deliver(&acme.uninstall(app)).await.status, 204);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.deliver(&acme.install(app)).await.status, 204);
    assert_eq!(whoami(&world, &old_token).await, 401);
    assert_eq!(whoami(&world, &world.token("acme", "ann")).await, 200);
    let records = admin_records(&world).await;
    let operations: Vec<_> = records
        .iter()
        .filter(|record| record["tenant"] == acme.client_key())
        .map(|record| record["operation"].as_str().unwrap())
        .collect();
    let (installed, uninstalled) = ("tenant.installed", "tenant.uninstalled");
    assert_eq!(operations, [installed, uninstalled, uninstalled, installed]);
}

#[tokio::test]
async fn an_uninstall_of_a_tenant_that_never_was_is_refused_like_a_bad_token() {
    let world = World::builder().not_installed().start().await;
    let (acme, app) = (world.site("acme"), world.app_url());
    let unknown = world.deliver(&acme.uninstall_with(app, |_| {})).await;
    let bad = acme.uninstall_with(app, |draft| draft.claims["aud"] = json!("x"));
    let bad = world.deliver(&bad).await;
    assert_refused(&unknown, 401);
    assert_eq!(unknown.without_ids(), bad.without_ids());
}

#[tokio::test]
async fn a_suspended_tenant_stays_suspended_when_it_is_installed_anew() {
    let world = World::new().await;
    let (acme, app) = (world.site("acme"), world.app_url());
    let id: TenantId = acme.client_key().parse().unwrap();
    let tenants = world.node.shared().opened.tenants.clone();
    tenants
        .suspend(&id, "an incident".to_owned(), "unix:0")
        .await
        .unwrap();
    assert_eq!(whoami(&world, &world.token("acme", "ann")).await, 401);
    for event in 0..3 {
        world.clock.advance(Duration::from_secs(1));
        let callback = if event == 1 {
            acme.uninstall(app)
        } else {
            acme.install(app)
        };
        assert_eq!(world.deliver(&callback).await.status, 204);
        assert_eq!(
            whoami(&world, &world.token("acme", "ann")).await,
            401,
            "{event}"
        );
    }
    tenants.resume(&id, "unix:0").await.unwrap();
    assert_eq!(whoami(&world, &world.token("acme", "ann")).await, 200);
}

#[tokio::test]
async fn an_event_that_cannot_be_recorded_changes_nothing() {
    let world = World::new().await;
    let (acme, app) = (world.site("acme"), world.app_url());
    let (before, token) = (standing(&world, "acme"), world.token("acme", "ann"));
    sql(&world, "CREATE TRIGGER broken BEFORE INSERT ON ledger_entries BEGIN SELECT RAISE(ABORT, 'disk full'); END").await;
    world.clock.advance(Duration::from_secs(1));
    let install = acme.install_with(app, |draft| {
        draft.payload["sharedSecret"] = json!("another secret that is long enough to be one");
    });
    let uninstall = acme.uninstall_with(app, |_| {});
    for callback in [&install, &uninstall] {
        let answer = world.deliver(callback).await;
        assert_refused(&answer, 503);
        assert_eq!(answer.header("retry-after"), "2");
        assert_eq!(standing(&world, "acme"), before);
    }
    sql(&world, "DROP TRIGGER broken").await;
    assert_eq!(whoami(&world, &token).await, 200);
    // Nor was the token remembered: the administrator's second try is carried out.
    assert_eq!(world.deliver(&install).await.status, 204);
    assert_eq!(whoami(&world, &token).await, 401);
}

#[tokio::test]
async fn an_install_that_its_uninstall_overtook_stays_out() {
    let world = World::builder().not_installed().start().await;
    let (acme, app) = (world.site("acme"), world.app_url());
    let overtaken = acme.install_with(app, |_| {});
    let of_the_same_second = acme.uninstall_with(app, |_| {});
    world.clock.advance(Duration::from_secs(2));
    let uninstall = acme.uninstall_with(app, |_| {});
    // A third is older than what is known: it moves nothing back.
    for early in [&uninstall, &uninstall, &of_the_same_second] {
        assert_refused(&world.deliver(early).await, 401);
    }
    let in_its_second = acme.install_with(app, |_| {});
    for late in [&overtaken, &in_its_second] {
        assert_refused(&world.deliver(late).await, 409);
    }
    let tenants = world.node.shared().opened.tenants.clone();
    assert!(tenants.all().is_empty());
    let records = admin_records(&world).await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["operation"], "tenant.uninstalled_early");
    assert_eq!(records[0]["tenant"], acme.client_key());
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.deliver(&acme.install(app)).await.status, 204);
    // What came too early is too old now.
    assert_refused(&world.deliver(&uninstall).await, 409);
    assert_eq!(standing(&world, "acme").2, State::Installed);
}

#[tokio::test]
async fn of_one_second_the_uninstall_wins_whichever_comes_first() {
    let world = World::builder().not_installed().start().await;
    let (acme, app) = (world.site("acme"), world.app_url());
    let first = acme.install(app);
    assert_eq!(world.deliver(&first).await.status, 204);
    let uninstall = acme.uninstall_with(app, |_| {});
    assert_eq!(world.deliver(&uninstall).await.status, 204);
    // A repetition is answered like the first time, and brings nothing back.
    assert_eq!(world.deliver(&first).await.status, 204);
    let new = acme.install_with(app, |draft| draft.claims["jti"] = json!("another"));
    assert_refused(&world.deliver(&new).await, 409);
    assert_eq!(standing(&world, "acme").2, State::Uninstalled);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.deliver(&acme.install(app)).await.status, 204);
    assert_eq!(standing(&world, "acme").2, State::Installed);
}

#[tokio::test]
async fn a_replaced_tenant_is_not_revived_by_an_install_that_was_overtaken() {
    let world = World::new().await;
    let (acme, app) = (world.site("acme"), world.app_url());
    let old_key = acme.client_key();
    world.clock.advance(Duration::from_secs(1));
    let overtaken = acme.install_with(app, |_| {});
    world.clock.advance(Duration::from_secs(1));
    let in_its_second = acme.install_with(app, |_| {});
    acme.import();
    assert_eq!(world.deliver(&acme.install(app)).await.status, 204);
    for late in [&overtaken, &in_its_second] {
        assert_refused(&world.deliver(late).await, 409);
    }
    assert_eq!(tenant(&world, &old_key).state, State::Replaced);
    assert_eq!(standing(&world, "acme").2, State::Installed);
}

#[tokio::test]
async fn an_import_does_not_shed_a_suspension() {
    let world = World::new().await;
    let (acme, app) = (world.site("acme"), world.app_url());
    let old: TenantId = acme.client_key().parse().unwrap();
    let tenants = world.node.shared().opened.tenants.clone();
    let why = "an incident".to_owned();
    tenants.suspend(&old, why.clone(), "unix:0").await.unwrap();
    acme.import();
    assert_eq!(world.deliver(&acme.install(app)).await.status, 204);
    let new = tenant(&world, &acme.client_key());
    assert_eq!(
        (
            new.suspended.as_ref(),
            new.is_active(world.clock.clock().now())
        ),
        (Some(&why), false)
    );
    assert_eq!(whoami(&world, &world.token("acme", "ann")).await, 401);
    let record = admin_records(&world).await.pop().unwrap();
    assert_eq!(record["detail"]["replaced"], old.as_str());
    assert_eq!(record["detail"]["stays_suspended"], why);
    tenants.resume(&new.id, "unix:0").await.unwrap();
    assert_eq!(whoami(&world, &world.token("acme", "ann")).await, 200);
    // What was lifted stays lifted.
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.deliver(&acme.install(app)).await.status, 204);
    assert_eq!(whoami(&world, &world.token("acme", "ann")).await, 200);
}

#[tokio::test]
async fn an_uninstall_before_the_import_does_not_shed_a_suspension() {
    let world = World::new().await;
    let (acme, app) = (world.site("acme"), world.app_url());
    let old: TenantId = acme.client_key().parse().unwrap();
    let tenants = world.node.shared().opened.tenants.clone();
    let why = "an incident".to_owned();
    tenants.suspend(&old, why, "unix:0").await.unwrap();
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.deliver(&acme.uninstall(app)).await.status, 204);
    acme.import();
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.deliver(&acme.install(app)).await.status, 204);
    assert!(!tenant(&world, &acme.client_key()).is_active(world.clock.clock().now()));
    assert_eq!(whoami(&world, &world.token("acme", "ann")).await, 401);
}
