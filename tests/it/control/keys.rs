//! Client keys as operators make and end them, and the kill switch for a key.

use std::time::Duration;

use gatepost::control::command::{BlockedName, Command, WantedKey};
use gatepost::identity::issued::{NewKey, Owner};
use gatepost::standin::{Fault, Role, account};
use serde_json::{Value, json};

use crate::world::{Answer, World, until};

const OWN: &str = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";
const ACME: &str = "acme.atlassian.net";
const HOUR: Duration = Duration::from_hours(1);

fn wanted() -> WantedKey {
    WantedKey {
        tenant: ACME.to_owned(),
        account: account("ann"),
        name: "ci".to_owned(),
        ..WantedKey::default()
    }
}

/// Makes a key; gives its text and the rest.
async fn make(world: &World, new: WantedKey) -> (String, Value) {
    let mut made = world.command(Command::KeyCreate { new }).await;
    let text = made["key"].take();
    (text.as_str().unwrap().to_owned(), made)
}

fn id(key: &Value) -> String {
    key["id"].as_str().unwrap().to_owned()
}

fn on(key: &Value) -> BlockedName {
    BlockedName {
        key: Some(id(key)),
        ..BlockedName::default()
    }
}

/// Blocks for an hour.
fn blocking(on: BlockedName) -> Command {
    Command::Block {
        on,
        span_us: Some(HOUR.as_micros().try_into().unwrap()),
        reason: Some("found in a log".to_owned()),
    }
}

async fn list(world: &World, tenant: Option<&str>) -> Value {
    let tenant = tenant.map(str::to_owned);
    let account = None;
    world.command(Command::KeyList { tenant, account }).await
}

async fn last(world: &World, member: &str, value: &str) -> Value {
    let mut log = world.log().await.into_iter();
    let found = log.rfind(|record| record[member] == value);
    found.unwrap_or(Value::Null)
}

/// Carries one statement out, past every check.
async fn execute(world: &World, statement: &'static str) {
    let work = world.node.shared().opened.db.transact(move |connection| {
        Box::pin(async move {
            sqlx::query(statement).execute(connection).await?;
            Ok::<_, gatepost::db::DbError>(())
        })
    });
    work.await.unwrap();
}

#[tokio::test]
async fn a_key_of_an_operator_is_good_and_says_at_whoami_what_it_is_narrowed_to() {
    let world = World::new().await;
    let (plain, made) = make(&world, wanted()).await;
    assert_eq!(world.get_as(OWN, &plain).await.status, 200);
    let narrow = WantedKey {
        span_us: Some(HOUR.as_micros().try_into().unwrap()),
        sites: vec![ACME.to_owned()],
        actions: vec!["read".to_owned()],
        networks: vec!["127.0.0.0/8".to_owned(), "192.0.2.7".to_owned()],
        rate_per_minute: Some(60),
        ..wanted()
    };
    let (narrow, narrowed) = make(&world, narrow).await;
    let whoami = async |key: &str| {
        let answer = world.get_as("/v1/whoami", key).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["credential"].clone()
    };
    assert_eq!(
        whoami(&narrow).await,
        json!({
            "kind": "client_key", "id": narrowed["id"], "name": "ci",
            "issued_at": 1_795_435_200, "expires_at": 1_795_438_800,
            "limits": {
                "sites": ["https://acme.atlassian.net"], "actions": ["read"],
                "networks": ["127.0.0.0/8", "192.0.2.7/32"], "act_as": null, "rate_per_minute": 60,
            },
        })
    );
    let all = json!({"sites": [], "actions": [], "networks": [], "act_as": null, "rate_per_minute": null});
    assert_eq!(whoami(&plain).await["limits"], all);
    assert_eq!(made["expires_at"], "2027-02-21T12:00:00.000000Z", "90 days");
    let elsewhere = WantedKey {
        networks: vec!["192.0.2.0/24".to_owned()],
        ..wanted()
    };
    let (elsewhere, _) = make(&world, elsewhere).await;
    for target in [OWN, "/v1/whoami"] {
        assert_eq!(world.get_as(target, &elsewhere).await.status, 403);
    }
    let session = whoami(&world.session("acme", "ann").await).await;
    assert!(session["id"].as_str().unwrap().starts_with("session_"));
    assert_eq!(session.get("limits"), None);
}

#[tokio::test]
async fn keys_are_listed_with_what_they_are_worth_by_tenant_or_all() {
    let world = World::new().await;
    let (_, ann) = make(&world, wanted()).await;
    world.clock.advance(Duration::from_secs(1));
    let eve = WantedKey {
        tenant: "globex.atlassian.net".to_owned(),
        account: account("eve"),
        ..wanted()
    };
    let (_, eve) = make(&world, eve).await;
    let ids = |list: Value| -> Vec<String> { list.as_array().unwrap().iter().map(id).collect() };
    assert_eq!(ids(list(&world, None).await), [id(&eve), id(&ann)]);
    assert_eq!(ids(list(&world, Some(ACME)).await), [id(&ann)]);
    let state = async || list(&world, Some(ACME)).await[0]["state"].clone();
    assert_eq!(state().await, "active");
    world.command(blocking(on(&ann))).await;
    assert_eq!(state().await, "blocked");
    world.command(Command::Unblock { on: on(&ann) }).await;
    let revoked = world.command(Command::KeyRevoke { key: id(&ann) }).await;
    assert_eq!(
        (&revoked["state"], &revoked["revoked_at"]),
        (&json!("revoked"), &json!("2026-11-23T12:00:01.000000Z"))
    );
    assert_eq!(state().await, "revoked");
    world.clock.advance(HOUR * 24 * 91);
    let eve = list(&world, Some("globex.atlassian.net")).await;
    assert_eq!(eve[0]["state"], "expired");
}

/// Copies a key's row, made and ended a little later, so often.
const ENDED_LATER: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
    INSERT INTO client_keys (hash, id, tenant, epoch, account, name, bounds, made_by, made_at, ends_at, revoked_at)
    SELECT randomblob(32), printf('key_01941f29-7c00-7000-8000-%012d', i), tenant, epoch, account, 'old', bounds, made_by,
        made_at + 1, ends_at, made_at + 1 FROM n, client_keys";
const LIVE_TOO: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
    INSERT INTO client_keys (hash, id, tenant, epoch, account, name, bounds, made_by, made_at, ends_at)
    SELECT randomblob(32), printf('key_01941f29-7c00-7000-8000-%012d', i), tenant, epoch, account, 'more', bounds, made_by,
        made_at, ends_at FROM n, client_keys WHERE name = 'many'";

#[tokio::test]
async fn the_keys_in_force_come_first_and_a_list_that_was_cut_says_so() {
    let world = World::new().await;
    let (_, live) = make(&world, wanted()).await;
    let ann = world.session("acme", "ann").await;
    let carol = world.session("acme", "carol").await;
    let seen = async |target: &str, bearer: &str| {
        let answer = world.get_as(target, bearer).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let list = answer.json();
        (list["keys"][0]["id"].clone(), list["truncated"].clone())
    };
    let whole = (live["id"].clone(), json!(false));
    assert_eq!(seen("/v1/keys", &ann).await, whole);
    assert_eq!(seen("/v1/site", &carol).await, whole);
    execute(&world, ENDED_LATER).await;
    let cut = (live["id"].clone(), json!(true));
    assert_eq!(seen("/v1/keys", &ann).await, cut);
    assert_eq!(seen("/v1/site", &carol).await, cut);
    for tenant in [None, Some(ACME)] {
        let listed = list(&world, tenant).await;
        assert_eq!(listed[0]["id"], live["id"]);
        assert_eq!(listed.as_array().unwrap().len(), 500);
    }
}

/// How many keys each record of a revocation of many names, which is as many as it says.
async fn named_in_records(world: &World) -> Vec<usize> {
    let mut log = world.log().await;
    log.retain(|record| record["operation"] == "keys.revoked");
    let named = log.iter().map(|record| {
        let keys = record["detail"]["keys"].as_str().unwrap();
        let named = keys.split(' ').count();
        assert_eq!(record["detail"]["count"], named.to_string());
        assert_eq!(record["by"], "unix:1000");
        named
    });
    named.collect()
}

#[tokio::test]
async fn an_accounts_keys_are_listed_and_ended_wherever_they_are() {
    let world = World::new().await;
    let on = |tenant: &str, who: &str, name: &str| WantedKey {
        tenant: tenant.to_owned(),
        account: account(who),
        name: name.to_owned(),
        ..WantedKey::default()
    };
    let globex = "globex.atlassian.net";
    let (at_acme, one) = make(&world, on(ACME, "carol", "one")).await;
    let (at_globex, two) = make(&world, on(globex, "carol", "two")).await;
    let (anns, _) = make(&world, on(ACME, "ann", "many")).await;
    let (bobs, _) = make(&world, on(ACME, "bob", "bob")).await;
    execute(&world, LIVE_TOO).await;
    let status = async |site: &str, key: &str| {
        let target = OWN
            .replace("acme", site)
            .replace("ACME", &site.to_uppercase());
        world.get_as(&target, key).await.status
    };
    let carol = || Some(account("carol"));
    let command = Command::KeyList {
        tenant: None,
        account: carol(),
    };
    let listed = world.command(command).await;
    let mut listed: Vec<String> = listed.as_array().unwrap().iter().map(id).collect();
    listed.sort();
    assert_eq!(listed, [id(&one), id(&two)]);
    let revoke = async |tenant: Option<&str>, account: Option<String>| {
        let tenant = tenant.map(str::to_owned);
        world
            .command(Command::KeyRevokeAll { tenant, account })
            .await["revoked"]
            .clone()
    };
    assert_eq!(revoke(None, carol()).await, 2);
    assert_eq!(
        (
            status("acme", &at_acme).await,
            status("globex", &at_globex).await
        ),
        (401, 401)
    );
    assert_eq!(revoke(Some(ACME), Some(account("ann"))).await, 61);
    assert_eq!(
        (status("acme", &anns).await, status("acme", &bobs).await),
        (401, 200)
    );
    assert_eq!(named_in_records(&world).await, [1, 1, 50, 11]);
    assert_eq!(revoke(Some(ACME), None).await, 1);
    assert_eq!(status("acme", &bobs).await, 401);
    let nobodys = Command::KeyRevokeAll {
        tenant: None,
        account: None,
    };
    let told = world.command_in_vain(nobodys).await;
    assert!(told.contains("`--account`"), "{told}");
}

#[tokio::test]
async fn keys_that_ended_long_ago_are_forgotten() {
    let world = World::new().await;
    let (_, first) = make(
        &world,
        WantedKey {
            span_us: Some(1),
            ..wanted()
        },
    )
    .await;
    let names = async || -> Vec<String> {
        let listed = list(&world, None).await;
        listed.as_array().unwrap().iter().map(id).collect()
    };
    world.clock.advance(HOUR * 24 * 90);
    let (_, second) = make(&world, wanted()).await;
    assert_eq!(names().await, [id(&second), id(&first)]);
    world.clock.advance(Duration::from_micros(2));
    let (_, third) = make(&world, wanted()).await;
    assert_eq!(names().await, [id(&third), id(&second)]);
}

#[tokio::test]
async fn a_key_that_is_refused_is_not_called_active() {
    let world = World::new().await;
    let (text, made) = make(&world, wanted()).await;
    let state = async || list(&world, Some(ACME)).await[0]["state"].clone();
    let tenant = || Some(ACME.to_owned());
    for on in [
        on(&made),
        BlockedName {
            account: Some(account("ann")),
            ..BlockedName::default()
        },
        BlockedName {
            account: Some(account("ann")),
            tenant: tenant(),
            key: None,
        },
        BlockedName {
            tenant: tenant(),
            ..BlockedName::default()
        },
    ] {
        world.command(blocking(on.clone())).await;
        assert_eq!(world.get_as(OWN, &text).await.status, 401, "{on:?}");
        assert_eq!(state().await, "blocked", "{on:?}");
        world.command(Command::Unblock { on }).await;
        assert_eq!(state().await, "active");
    }
    let (tenant, reason) = (ACME.to_owned(), "a test".to_owned());
    world
        .command(Command::TenantSuspend { tenant, reason })
        .await;
    assert_eq!(state().await, "blocked", "suspended");
    assert_eq!(world.get_as(OWN, &text).await.status, 401);
    let tenant = ACME.to_owned();
    world.command(Command::TenantResume { tenant }).await;
    assert_eq!(
        (state().await, world.get_as(OWN, &text).await.status),
        (json!("active"), 200)
    );
}

#[tokio::test]
async fn a_rotated_key_and_its_successor_are_both_good_for_the_overlap() {
    let world = World::new().await;
    let narrow = WantedKey {
        actions: vec!["getIssue".to_owned()],
        rate_per_minute: Some(600),
        ..wanted()
    };
    let (old, made) = make(&world, narrow).await;
    let rotate = async |key: String, overlap: Duration| {
        let overlap_us = overlap.as_micros().try_into().unwrap();
        world
            .command(Command::KeyRotate {
                key,
                overlap_us,
                span_us: None,
            })
            .await
    };
    let next = rotate(id(&made), HOUR).await;
    for member in ["name", "account", "site", "actions", "rate_per_minute"] {
        assert_eq!(next[member], made[member], "{member}");
    }
    assert_eq!(next["replaces"], made["id"]);
    assert_eq!(next["old_expires_at"], "2026-11-23T13:00:00.000000Z");
    let record = last(&world, "operation", "key.rotated").await;
    assert_eq!(record["detail"]["replaced_until"], next["old_expires_at"]);
    let new = next["key"].as_str().unwrap();
    let both = async || {
        let old = world.get_as(OWN, &old).await.status;
        (old, world.get_as(OWN, new).await.status)
    };
    world
        .clock
        .advance(HOUR.checked_sub(Duration::from_micros(1)).unwrap());
    assert_eq!(both().await, (200, 200));
    world.clock.advance(Duration::from_micros(1));
    assert_eq!(both().await, (401, 200));
    let third = rotate(id(&next), Duration::ZERO).await;
    assert_eq!(both().await, (401, 401), "no overlap");
    let third = third["key"].as_str().unwrap();
    assert_eq!(world.get_as(OWN, third).await.status, 200);
    let record = last(&world, "operation", "key.rotated").await;
    assert_eq!(
        (&record["by"], &record["detail"]["replaces"]),
        (&json!("unix:1000"), &next["id"])
    );
}

#[tokio::test]
async fn a_key_that_makes_no_sense_is_refused_in_the_words_of_the_command_line() {
    let world = World::new().await;
    let of = |change: &dyn Fn(&mut WantedKey)| {
        let mut new = wanted();
        change(&mut new);
        Command::KeyCreate { new }
    };
    let one = |text: &str| vec![text.to_owned()];
    let refused = [
        (
            of(&|new| new.tenant = "nobody".to_owned()),
            "there is no tenant `nobody`",
        ),
        (of(&|new| new.account = "an n".to_owned()), "`an n`: "),
        (
            of(&|new| new.name = " ".to_owned()),
            "`--name`: 1 to 100 characters",
        ),
        (
            of(&|new| new.span_us = Some(0)),
            "`--for`: the key would have ended already",
        ),
        (
            of(&|new| new.span_us = Some(u64::MAX)),
            "`--for`: a key of this gateway lasts 365 days at most",
        ),
        (
            of(&|new| new.sites = one("globex.atlassian.net")),
            "`--site`: a key is good for its own site alone",
        ),
        (of(&|new| new.sites = one("http://x")), "`http://x`: "),
        (
            of(&|new| new.actions = one("fly")),
            "`fly` is no action; there are getIssue",
        ),
        (
            of(&|new| new.networks = one("192.0.2.0/33")),
            "`192.0.2.0/33` is no network",
        ),
        (
            of(&|new| new.act_as = Some(account("bob"))),
            "`--act-as`: no grant lets the account act as this one",
        ),
        (
            of(&|new| new.rate_per_minute = Some(0)),
            "`--rate`: 1 to 60000 requests a minute",
        ),
    ];
    for (command, told) in refused {
        let message = world.command_in_vain(command).await;
        assert!(message.contains(told), "{message}");
    }
    assert_eq!(list(&world, None).await, json!([]));
    let (_, made) = make(&world, wanted()).await;
    let reason = "incident 42".to_owned();
    let suspend = Command::TenantSuspend {
        tenant: ACME.to_owned(),
        reason,
    };
    world.command(suspend).await;
    let (key, overlap_us) = (id(&made), 0);
    let rotate = Command::KeyRotate {
        key,
        overlap_us,
        span_us: None,
    };
    for command in [of(&|_| ()), rotate] {
        let message = world.command_in_vain(command).await;
        assert!(message.contains("suspended"), "{message}");
    }
}

#[tokio::test]
async fn what_names_no_key_ends_none_and_a_pasted_key_is_not_echoed() {
    let world = World::new().await;
    let (text, made) = make(&world, wanted()).await;
    let nobody = "key_0192d3a0-0000-7000-8000-00000000abcd";
    let by = |key: &str| {
        let on = BlockedName {
            key: Some(key.to_owned()),
            ..BlockedName::default()
        };
        let (key, overlap_us) = (key.to_owned(), 0);
        [
            Command::KeyRevoke { key: key.clone() },
            Command::KeyRotate {
                key,
                overlap_us,
                span_us: None,
            },
            blocking(on),
        ]
    };
    for command in by(nobody) {
        let told = format!("there is no key `{nobody}`; `gatepost key list`");
        let message = world.command_in_vain(command).await;
        assert!(message.contains(&told), "{message}");
    }
    for command in by("ci") {
        let message = world.command_in_vain(command).await;
        assert!(
            message.contains("`ci`: the id of a client key"),
            "{message}"
        );
    }
    let header = format!("Bearer {text}");
    for command in by(&text).into_iter().chain(by(&header)) {
        let message = world.command_in_vain(command).await;
        assert!(message.contains("a credential itself"), "{message}");
        assert!(!message.contains(&text[3..]), "{message}");
    }
    world.command(Command::KeyRevoke { key: id(&made) }).await;
    for command in [
        Command::KeyRevoke { key: id(&made) },
        Command::KeyRotate {
            key: id(&made),
            overlap_us: 0,
            span_us: None,
        },
    ] {
        let message = world.command_in_vain(command).await;
        assert!(message.contains("there is no key"), "{message}");
    }
}

#[tokio::test]
async fn a_blocked_key_is_refused_like_a_bad_one_until_its_block_is_over() {
    let world = World::new().await;
    let (text, made) = make(&world, wanted()).await;
    let (other, _) = make(&world, wanted()).await;
    let bad = world.get_as(OWN, "gp_x").await;
    let block = world.command(blocking(on(&made))).await;
    world.jira.clear_requests();
    let refused = world.get_as(OWN, &text).await;
    assert_eq!(
        (refused.status, refused.without_ids()),
        (401, bad.without_ids())
    );
    assert!(world.nothing_left());
    let record = last(&world, "decision_id", refused.decision_id()).await;
    assert_eq!(record["authentication_error"], "key_blocked");
    assert_eq!(
        world.get_as(OWN, &other).await.status,
        200,
        "another of hers"
    );
    let expected = json!({
        "id": block["id"], "key": made["id"], "account": account("ann"), "tenant": made["tenant"],
        "site": "https://acme.atlassian.net", "until": "2026-11-23T13:00:00.000000Z",
        "reason": "found in a log", "made_by": "unix:1000", "made_at": "2026-11-23T12:00:00.000000Z",
    });
    assert_eq!(block, expected);
    let log = world.log().await;
    let mut made_a_block = log
        .iter()
        .filter(|entry| entry["operation"] == "block.created");
    assert_eq!(made_a_block.next().unwrap()["tenant"], made["tenant"]);
    assert_eq!(
        world.command(Command::BlockList {}).await,
        json!([expected])
    );
    let show = async |tenant: &str| {
        let tenant = tenant.to_owned();
        let shown = world.command(Command::TenantShow { tenant }).await;
        (shown["blocks"].clone(), shown["state"].clone())
    };
    assert_eq!(show(ACME).await, (json!([expected]), json!("installed")));
    assert_eq!(show("globex.atlassian.net").await.0, json!([]));
    let ended = world.command(Command::Unblock { on: on(&made) }).await;
    assert_eq!(ended["still_blocked_by"], json!([]));
    assert_eq!(world.get_as(OWN, &text).await.status, 200);
    world.command(blocking(on(&made))).await;
    assert_eq!(world.get_as(OWN, &text).await.status, 401);
    world.clock.advance(HOUR);
    assert_eq!(world.get_as(OWN, &text).await.status, 200);
    for operation in ["block.created", "block.ended"] {
        let record = last(&world, "operation", operation).await;
        assert_eq!(record["detail"]["key"], made["id"], "{operation}");
    }
}

#[tokio::test]
async fn a_block_names_a_key_alone() {
    let world = World::new().await;
    let (_, made) = make(&world, wanted()).await;
    for (person, tenant) in [
        (Some("ann"), None),
        (None, Some(ACME)),
        (Some("ann"), Some(ACME)),
    ] {
        let on = BlockedName {
            account: person.map(account),
            tenant: tenant.map(str::to_owned),
            key: Some(id(&made)),
        };
        let message = world.command_in_vain(blocking(on)).await;
        assert!(message.contains("by `--key` alone"), "{message}");
    }
    assert_eq!(world.command(Command::BlockList {}).await, json!([]));
    let message = world
        .command_in_vain(Command::Unblock { on: on(&made) })
        .await;
    let told = format!("no block on client key `{}` is in force", id(&made));
    assert!(message.contains(&told), "{message}");
}

/// Asks with `key`; when the request has reached `role`, carries `change` out while the answer is held back.
async fn meanwhile(world: &World, key: &str, role: Role, change: Command) -> Answer {
    world.jira.clear_requests();
    world.jira.set_fault(role, Some(Fault::Hold));
    let changed = async {
        until("the request is held", || !world.seen(role).is_empty()).await;
        world.command(change).await;
        world.jira.set_fault(role, None);
    };
    let (answer, ()) = tokio::join!(world.get_as(OWN, key), changed);
    answer
}

#[tokio::test]
async fn a_block_or_an_end_of_a_key_reaches_its_requests_under_way_and_no_other_keys() {
    for role in [Role::Token, Role::Jira] {
        let changes: [fn(&Value) -> Command; 3] = [
            |key| blocking(on(key)),
            |key| Command::KeyRevoke { key: id(key) },
            |key| Command::KeyRotate {
                key: id(key),
                overlap_us: 0,
                span_us: None,
            },
        ];
        for (index, change) in changes.into_iter().enumerate() {
            let world = World::new().await;
            let (_, other) = make(&world, wanted()).await;
            let (text, own) = make(&world, wanted()).await;
            // The first asks for a user token; those that come later have it.
            let answer = meanwhile(&world, &text, role, change(&own)).await;
            assert_eq!(answer.status, 401, "{role:?} {index}: {}", answer.text);
            let asked = !world.seen(Role::Jira).is_empty();
            assert_eq!(asked, role == Role::Jira, "{index}");
            let (text, _) = make(&world, wanted()).await;
            let answer = meanwhile(&world, &text, Role::Jira, change(&other)).await;
            assert_eq!(answer.status, 200, "{index}: another key's");
        }
    }
}

#[tokio::test]
async fn the_text_of_a_key_shows_in_no_debug_record_or_list() {
    let world = World::new().await;
    let opened = &world.node.shared().opened;
    let tenant = opened.tenants.by_any_name(ACME).unwrap();
    let owner = Owner::named(&tenant, account("ann").parse().unwrap());
    let new = NewKey {
        name: "ci".to_owned(),
        bounds: gatepost::identity::Bounds::default(),
        rate_per_minute: None,
        ends_at: None,
    };
    let made = opened
        .issued
        .make_key_by(owner, new, "unix:0")
        .await
        .unwrap();
    let text = std::str::from_utf8(made.text.expose()).unwrap().to_owned();
    assert_eq!(world.get_as(OWN, &text).await.status, 200);
    let log = serde_json::to_string(&world.log().await).unwrap();
    let whoami = world.get_as("/v1/whoami", &text).await.text;
    let listed = list(&world, None).await.to_string();
    for shown in [format!("{made:?} {:?}", opened.issued), log, whoami, listed] {
        assert!(shown.contains("key_"), "{shown}");
        assert!(!shown.contains(&text[3..43]), "{shown}");
    }
}
