//! The kill switches: whoever is blocked gets nothing from the moment on, until the block is over, and nobody else is disturbed.

use std::time::Duration;

use gatepost::control::command::{BlockedName, Command};
use gatepost::db::DbError;
use gatepost::standin::{Fault, Role, account};
use gatepost::tenant::block::Target;
use gatepost::tenant::operations::NewBlock;
use gatepost::tenant::{Tenants, registry};
use serde_json::{Value, json};

use crate::world::{Answer, World, load, until};

const ACME_1: &str = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";
const GLOBEX_1: &str = "/v1/issue?site=https://globex.atlassian.net&issue=GLOBEX-1";
const ACME: &str = "acme.atlassian.net";
const HOUR: Duration = Duration::from_hours(1);
const DELEGATES: &str = r#"@id("delegates-read-issues")
    permit (principal, action in [Action::"getIssue", Action::"findIssue"], resource)
    when { principal.tenant == resource.tenant && principal.mayActAs.contains(context.actAs) };"#;

fn name(person: Option<&str>, tenant: Option<&str>) -> BlockedName {
    BlockedName {
        account: person.map(account),
        tenant: tenant.map(str::to_owned),
        key: None,
    }
}

/// Blocks for an hour.
async fn block(world: &World, person: Option<&str>, tenant: Option<&str>) -> Value {
    block_for(world, person, tenant, Some(HOUR)).await
}

async fn block_for(
    world: &World,
    person: Option<&str>,
    tenant: Option<&str>,
    span: Option<Duration>,
) -> Value {
    let command = Command::Block {
        on: name(person, tenant),
        span_us: span.map(|span| span.as_micros().try_into().unwrap()),
        reason: Some("incident 42".to_owned()),
    };
    world.command(command).await
}

async fn unblock(world: &World, person: Option<&str>, tenant: Option<&str>) -> Value {
    let on = name(person, tenant);
    world.command(Command::Unblock { on }).await
}

async fn read(world: &World, site: &str, person: &str) -> Answer {
    let target = if site == "acme" { ACME_1 } else { GLOBEX_1 };
    world.get(target, &world.token(site, person)).await
}

async fn status(world: &World, site: &str, person: &str) -> u16 {
    read(world, site, person).await.status
}

async fn last(world: &World, member: &str, value: &str) -> Value {
    let mut log = world.log().await.into_iter();
    let found = log.rfind(|record| record[member] == value);
    found.unwrap_or(Value::Null)
}

#[tokio::test]
async fn a_blocked_account_is_refused_like_a_bad_token_and_only_the_log_knows_why() {
    let world = World::new().await;
    assert_eq!(status(&world, "acme", "ann").await, 200);
    let bad = world.get(ACME_1, "x.y.z").await;
    world.jira.clear_requests();
    block(&world, Some("ann"), Some(ACME)).await;
    let refused = read(&world, "acme", "ann").await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.without_ids(), bad.without_ids());
    let whoami = world.get("/v1/whoami", &world.token("acme", "ann")).await;
    assert_eq!(whoami.status, 401);
    assert!(world.nothing_left());
    let record = last(&world, "decision_id", refused.decision_id()).await;
    assert_eq!(record["authentication_error"], "account_blocked");
    assert_eq!(record["code"], "unauthenticated");
    assert_eq!(record["tenant_claimed"], world.site("acme").client_key());
    assert_eq!(status(&world, "acme", "bob").await, 200);
}

#[tokio::test]
async fn a_block_and_its_end_leave_records_that_say_everything() {
    let world = World::new().await;
    let made = block(&world, Some("ann"), Some(ACME)).await;
    unblock(&world, Some("ann"), Some(ACME)).await;
    let key = world.site("acme").client_key();
    for operation in ["block.created", "block.ended"] {
        let record = last(&world, "operation", operation).await;
        assert_eq!(record["by"], "unix:1000");
        assert_eq!(
            (&record["kind"], &record["tenant"]),
            (&json!("admin"), &json!(key))
        );
        let detail = json!({
            "account": account("ann"), "block": made["id"], "reason": "incident 42",
            "until": "2026-11-23T13:00:00.000000Z",
        });
        assert_eq!(record["detail"], detail, "{operation}");
    }
    block_for(&world, Some("ann"), None, None).await;
    let record = last(&world, "operation", "block.created").await;
    assert_eq!(
        (&record["tenant"], &record["detail"]["until"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn an_account_is_blocked_on_one_site_or_on_all() {
    let world = World::new().await;
    block(&world, Some("carol"), Some(ACME)).await;
    assert_eq!(status(&world, "acme", "carol").await, 401);
    assert_eq!(status(&world, "globex", "carol").await, 200);
    block(&world, Some("carol"), None).await;
    assert_eq!(status(&world, "globex", "carol").await, 401);
    let ended = unblock(&world, Some("carol"), None).await;
    assert_eq!(
        ended["still_blocked_by"][0]["site"],
        "https://acme.atlassian.net"
    );
    assert_eq!(
        status(&world, "acme", "carol").await,
        401,
        "blocked there apart"
    );
    assert_eq!(status(&world, "globex", "carol").await, 200);
}

#[tokio::test]
async fn a_block_on_all_sites_holds_on_a_site_that_is_installed_later() {
    let world = World::builder().not_installed().start().await;
    block(&world, Some("carol"), None).await;
    let callback = world.site("acme").install(world.app_url());
    assert_eq!(world.deliver(&callback).await.status, 204);
    assert_eq!(status(&world, "acme", "carol").await, 401);
    assert_eq!(status(&world, "acme", "ann").await, 200);
}

#[tokio::test]
async fn a_blocked_tenant_is_nobodys_and_not_there_by_whatever_name_it_was_blocked() {
    let world = World::new().await;
    let acme = world.site("acme");
    let names = [ACME, acme.base_url(), acme.cloud_id(), &acme.client_key()];
    for name in names {
        block(&world, None, Some(name)).await;
        world.jira.clear_requests();
        let refused = read(&world, "acme", "ann").await;
        assert_eq!(refused.status, 401, "{name}");
        let foreign = world.get(ACME_1, &world.token("globex", "eve")).await;
        let unknown = ACME_1.replace("acme.", "nobody.");
        let unknown = world.get(&unknown, &world.token("globex", "eve")).await;
        assert_eq!(
            (foreign.status, foreign.without_ids()),
            (404, unknown.without_ids())
        );
        assert!(world.nothing_left(), "{name}");
        let record = last(&world, "decision_id", foreign.decision_id()).await;
        assert_eq!(record["code"], "site_unknown", "{name}");
        let record = last(&world, "decision_id", refused.decision_id()).await;
        assert_eq!(record["authentication_error"], "tenant_blocked");
        assert_eq!(status(&world, "globex", "eve").await, 200);
        unblock(&world, None, Some(name)).await;
        assert_eq!(status(&world, "acme", "ann").await, 200, "{name}");
    }
}

#[tokio::test]
async fn a_block_is_in_force_however_busy_the_database_and_whatever_is_wrong_with_the_blocks_of_others()
 {
    let world = World::new().await;
    let opened = &world.node.shared().opened;
    let work = opened.db.transact(|connection| {
        Box::pin(async move {
            let damaged = "INSERT INTO blocks (id, account, made_by, made_at) VALUES ('damaged', 'a b', '', 0)";
            sqlx::query(damaged).execute(connection).await?;
            Ok::<_, DbError>(())
        })
    });
    work.await.unwrap();
    let mut readers = Vec::new();
    while let Some(reader) = opened.db.reads().try_acquire() {
        readers.push(reader);
    }
    let ann = account("ann").parse().unwrap();
    let target = Target::Account(account("ann").parse().unwrap());
    let new = NewBlock {
        target: target.clone(),
        span: None,
        reason: None,
    };
    let acme = opened.tenants.by_any_name(ACME).unwrap();
    let made = opened.tenants.block(new, "unix:0");
    let made = tokio::time::timeout(Duration::from_secs(5), made).await;
    made.unwrap().unwrap();
    assert!(acme.keeps_out(&ann, opened.tenants.now()).is_some());
    let ended = opened.tenants.unblock(target, "unix:0");
    let ended = tokio::time::timeout(Duration::from_secs(5), ended).await;
    ended.unwrap().unwrap();
    assert!(acme.keeps_out(&ann, opened.tenants.now()).is_none());
    drop(readers);
    assert_eq!(status(&world, "globex", "eve").await, 200);
}

#[tokio::test]
async fn a_tenant_that_was_replaced_is_not_blocked_in_place_of_the_one_that_has_its_site() {
    let world = World::new().await;
    let (acme, app) = (world.site("acme"), world.app_url());
    let old = acme.client_key();
    acme.import();
    assert_eq!(world.deliver(&acme.install(app)).await.status, 204);
    let tenants = world.node.shared().opened.tenants.clone();
    let before = world.log().await.len();
    for target in [
        Target::Tenant(old.parse().unwrap()),
        Target::AccountOn(account("ann").parse().unwrap(), old.parse().unwrap()),
    ] {
        let new = NewBlock {
            target,
            span: None,
            reason: None,
        };
        let error = tenants.block(new, "unix:0").await.unwrap_err();
        assert!(
            error.to_string().contains("name the site by its host"),
            "{error}"
        );
    }
    assert_eq!(tenants.blocks().len(), 0);
    // A look at the log leaves one record of its own.
    assert_eq!(world.log().await.len(), before + 1);
}

/// Asks for ACME-1 in `person`'s name; when the request has reached `role`, carries `change` out while the answer is held back.
async fn meanwhile(world: &World, target: &str, role: Role, change: impl Future) -> Answer {
    let ann = world.token("acme", "ann");
    world.jira.clear_requests();
    world.jira.set_fault(role, Some(Fault::Hold));
    let changed = async {
        until("the request is held", || !world.seen(role).is_empty()).await;
        change.await;
        world.jira.set_fault(role, None);
    };
    let (answer, ()) = tokio::join!(world.get(target, &ann), changed);
    answer
}

#[tokio::test]
async fn a_block_ends_the_requests_under_way_of_whom_it_is_on_and_of_nobody_else() {
    for role in [Role::Token, Role::Jira] {
        for (person, tenant, expected) in [
            (Some("ann"), Some(ACME), 401),
            (Some("ann"), None, 401),
            (None, Some(ACME), 401),
            (Some("bob"), Some(ACME), 200),
            (Some("ann"), Some("globex.atlassian.net"), 200),
            (None, Some("globex.atlassian.net"), 200),
        ] {
            let world = World::new().await;
            let answer = meanwhile(&world, ACME_1, role, block(&world, person, tenant)).await;
            assert_eq!(answer.status, expected, "{role:?} {person:?} {tenant:?}");
            let asked = role == Role::Jira || expected == 200;
            assert_eq!(
                !world.seen(Role::Jira).is_empty(),
                asked,
                "{role:?} {person:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_tenants_block_that_is_over_already_has_ended_what_was_under_way() {
    let world = World::new().await;
    let change = async {
        block(&world, None, Some(ACME)).await;
        world.clock.advance(HOUR);
    };
    // The token outlives the hour for whoever reads the clock afterwards, and the request does not.
    let answer = meanwhile(&world, ACME_1, Role::Token, change).await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert!(world.seen(Role::Jira).is_empty());
    assert_eq!(status(&world, "acme", "ann").await, 200);
}

#[tokio::test]
async fn nobody_acts_as_a_blocked_account() {
    let world = World::builder()
        .policy("30-delegates.cedar", DELEGATES)
        .start()
        .await;
    let grant = Command::GrantCreate {
        tenant: ACME.to_owned(),
        account: account("ann"),
        act_as: account("bob"),
        actions: vec!["read".to_owned()],
        until: None,
        reason: "holidays".to_owned(),
    };
    world.command(grant).await;
    let as_bob = format!("{ACME_1}&act_as={}", account("bob"));
    let ann = world.token("acme", "ann");
    assert_eq!(world.get(&as_bob, &ann).await.status, 200);
    // Under way: the credential for Bob is not handed out.
    let answer = meanwhile(
        &world,
        &as_bob,
        Role::Jira,
        block(&world, Some("bob"), None),
    )
    .await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    // Anew: as without a grant, so that the caller does not learn of the block.
    world.jira.clear_requests();
    let answer = world.get(&as_bob, &ann).await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (403, &json!("act_as_denied"))
    );
    assert!(world.nothing_left());
    assert_eq!(status(&world, "acme", "ann").await, 200, "as oneself");
    world.clock.advance(HOUR);
    let ann = world.token("acme", "ann");
    assert_eq!(
        world.get(&as_bob, &ann).await.status,
        200,
        "the grant is there again"
    );
}

#[tokio::test]
async fn a_block_ends_by_itself_at_its_time_and_does_not_come_back() {
    let world = World::new().await;
    block(&world, Some("ann"), None).await;
    block_for(&world, Some("bob"), None, None).await;
    world
        .clock
        .advance(HOUR.checked_sub(Duration::from_micros(1)).unwrap());
    assert_eq!(status(&world, "acme", "ann").await, 401);
    world.clock.advance(Duration::from_micros(1));
    assert_eq!(status(&world, "acme", "ann").await, 200);
    world.clock.advance(HOUR * 24 * 365);
    assert_eq!(
        status(&world, "acme", "bob").await,
        401,
        "for ever is for ever"
    );
    // A registry that is opened anew, as after a restart.
    let opened = &world.node.shared().opened;
    let loaded = load(&world.dir.path().join("gatepost.toml"));
    let parts = registry::Parts {
        db: opened.db.clone(),
        ledger: opened.ledger.clone(),
        vault: std::sync::Arc::new(loaded.master_key.vault().unwrap()),
        site_suffixes: Vec::new(),
        lapses_after: Duration::from_hours(6),
        clock: world.clock.clock(),
        chance: gatepost::clock::Chance::seeded(3),
    };
    let again = Tenants::open(parts).await.unwrap().blocks();
    let accounts: Vec<_> = again
        .iter()
        .map(|block| block.target.account().unwrap().as_str())
        .collect();
    assert_eq!(accounts, [account("bob")]);
}

#[tokio::test]
async fn a_second_block_never_lets_in_whom_the_first_keeps_out_for_longer() {
    let world = World::new().await;
    let (first, minute) = (
        block(&world, Some("ann"), None).await,
        Duration::from_mins(1),
    );
    let second = block_for(&world, Some("ann"), None, Some(minute)).await;
    assert_eq!(second["until"], first["until"]);
    let record = last(&world, "operation", "block.created").await;
    assert_eq!(record["detail"]["replaced"], first["id"]);
    let ever = block_for(&world, Some("ann"), None, None).await;
    let fourth = block(&world, Some("ann"), None).await;
    assert_eq!(
        (&ever["until"], &fourth["until"]),
        (&Value::Null, &Value::Null)
    );
    let list = world.command(Command::BlockList {}).await;
    assert_eq!(list, json!([fourth]), "one block on one account");
    unblock(&world, Some("ann"), None).await;
    let shorter = block_for(&world, Some("ann"), None, Some(minute)).await;
    assert_eq!(shorter["until"], "2026-11-23T12:01:00.000000Z");
    assert_eq!(world.command(Command::BlockList {}).await, json!([shorter]));
}

#[tokio::test]
async fn a_block_stays_with_its_site_through_an_import() {
    for uninstalled in [false, true] {
        let world = World::new().await;
        let (acme, app) = (world.site("acme"), world.app_url());
        block(&world, Some("ann"), Some(ACME)).await;
        world.clock.advance(Duration::from_secs(1));
        if uninstalled {
            assert_eq!(world.deliver(&acme.uninstall(app)).await.status, 204);
            world.clock.advance(Duration::from_secs(1));
        }
        acme.import();
        assert_eq!(world.deliver(&acme.install(app)).await.status, 204);
        assert_eq!(status(&world, "acme", "ann").await, 401, "{uninstalled}");
        assert_eq!(status(&world, "acme", "bob").await, 200);
        let record = last(&world, "operation", "tenant.installed").await;
        assert_eq!(record["detail"]["stays_blocked"], "1");
        unblock(&world, Some("ann"), Some(ACME)).await;
        block(&world, None, Some(ACME)).await;
        world.clock.advance(Duration::from_secs(1));
        acme.import();
        assert_eq!(world.deliver(&acme.install(app)).await.status, 204);
        assert_eq!(status(&world, "acme", "bob").await, 401, "{uninstalled}");
    }
}

#[tokio::test]
async fn an_operator_sees_what_is_blocked() {
    let world = World::new().await;
    let ann = block(&world, Some("ann"), Some(ACME)).await;
    let carol = block_for(&world, Some("carol"), None, None).await;
    let globex = block(&world, None, Some("globex.atlassian.net")).await;
    let list = world.command(Command::BlockList {}).await;
    let mut listed: Vec<_> = list.as_array().unwrap().clone();
    listed.sort_by_key(|one| one["id"].as_str().unwrap().to_owned());
    let mut expected = vec![ann.clone(), carol, globex.clone()];
    expected.sort_by_key(|one| one["id"].as_str().unwrap().to_owned());
    assert_eq!(listed, expected);
    assert_eq!(
        (&ann["made_by"], &ann["reason"]),
        (&json!("unix:1000"), &json!("incident 42"))
    );
    let show = |tenant: &str| Command::TenantShow {
        tenant: tenant.to_owned(),
    };
    let shown = world.command(show(ACME)).await;
    assert_eq!(
        (&shown["blocks"], &shown["state"]),
        (&json!([ann]), &json!("installed"))
    );
    let shown = world.command(show("globex.atlassian.net")).await;
    assert_eq!(
        (&shown["blocks"], &shown["state"]),
        (&json!([globex]), &json!("blocked"))
    );
    world.clock.advance(HOUR);
    let shown = world.command(show("globex.atlassian.net")).await;
    assert_eq!(
        (&shown["blocks"], &shown["state"]),
        (&json!([]), &json!("installed"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_is_in_force_within_a_second_while_requests_run() {
    let world = World::new().await;
    let (ann, bob) = (world.token("acme", "ann"), world.token("acme", "bob"));
    let allowed = std::sync::atomic::AtomicUsize::new(0);
    let running = async || {
        // Before the block, through it, and until the first refusal.
        for _ in 0..10_000 {
            if world.get(ACME_1, &ann).await.status == 401 {
                return;
            }
            allowed.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        panic!("never refused");
    };
    let blocking = async {
        let some = || allowed.load(std::sync::atomic::Ordering::Relaxed) > 20;
        until("requests run", some).await;
        let watch = gatepost::clock::Clock::system().stopwatch();
        block(&world, Some("ann"), None).await;
        let refused = world.get(ACME_1, &ann).await.status;
        (refused, watch.elapsed())
    };
    let ((), (), (), (refused, took)) = tokio::join!(running(), running(), running(), blocking);
    assert_eq!(refused, 401);
    assert!(took < Duration::from_secs(1), "{took:?}");
    // Every worker: connections of their own.
    for _ in 0..8 {
        assert_eq!(world.get(ACME_1, &ann).await.status, 401);
    }
    assert_eq!(world.get(ACME_1, &bob).await.status, 200);
}
