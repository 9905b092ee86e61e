//! Grants that people give: who may, what for, until when; what acts under one, what stands in the record, and how it ends.

use std::time::Duration;

use gatepost::standin::{Fault, Role, account};
use serde_json::{Value, json};

use super::{ACME_1, act_as_grant, names};
use crate::world::{Answer, World, until};

const GRANTS: &str = "/v1/grants";
const SITE_GRANTS: &str = "/v1/site/grants";
const DELEGATES: &str = r#"@id("delegates-read") permit (principal, action in Action::"read", resource)
    when { principal.tenant == resource.tenant && principal.mayActAs.contains(context.actAs) };"#;

/// A world whose policies let everybody read under a grant.
async fn delegating() -> World {
    let builder = World::builder().policy("30-delegates.cedar", DELEGATES);
    builder.start().await
}

/// What is usually given, with these members in place.
fn wish(who: &str, more: &Value) -> Value {
    let mut body =
        json!({"account": account(who), "actions": ["read"], "for_s": 3600, "reason": "holidays"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn send_grant(world: &World, route: &str, giver: (&str, &str), body: &Value) -> Answer {
    let token = format!("JWT {}", world.fresh_token(giver.0, giver.1));
    world.send_json("POST", route, &token, body).await
}

/// `whose` lets `who` act as themselves, on acme.
async fn give(world: &World, whose: &str, who: &str, more: Value) -> Value {
    let answer = send_grant(world, GRANTS, ("acme", whose), &wish(who, &more)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

async fn revoke(world: &World, who: (&str, &str), id: &Value) -> Answer {
    let bearer = format!("Bearer {}", world.session(who.0, who.1).await);
    let target = format!("{GRANTS}/{}", id.as_str().unwrap());
    world
        .send("DELETE", &target, &[("authorization", &bearer)])
        .await
}

/// The ids of what a person sees in one of the two lists.
async fn seen(world: &World, who: (&str, &str), list: &str) -> Vec<Value> {
    let answer = world.get(GRANTS, &world.fresh_token(who.0, who.1)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let grants = answer.json()[list].as_array().unwrap().clone();
    grants
        .into_iter()
        .map(|grant| grant["id"].clone())
        .collect()
}

fn as_bob() -> String {
    format!("{ACME_1}&act_as={}", account("bob"))
}

fn status_and_code(answer: &Answer) -> (u16, String) {
    (answer.status, super::resource::code(answer))
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn who_is_acted_as_lets_another_in_and_both_see_it() {
    let world = delegating().await;
    let ann = world.token("acme", "ann");
    assert_eq!(world.get(&as_bob(), &ann).await.status, 403, "no grant");
    let grant = give(
        &world,
        "bob",
        "ann",
        json!({"actions": ["read", "editIssue", "read"]}),
    )
    .await;
    assert_eq!(world.get(&as_bob(), &ann).await.status, 200);
    assert_eq!(world.seen(Role::Jira)[0].account, Some(account("bob")));
    let bob = format!("account:{}", account("bob"));
    assert_eq!(
        (&grant["account"], &grant["act_as"], &grant["given_by"]),
        (&json!(account("ann")), &json!(account("bob")), &json!(bob))
    );
    assert_eq!(grant["actions"], json!(["editIssue", "read"]));
    assert_eq!(grant["until"], "2026-11-23T13:00:00.000000Z");
    let mut both = Vec::new();
    for who in ["ann", "bob"] {
        both.push(seen(&world, ("acme", who), "given").await);
        both.push(seen(&world, ("acme", who), "held").await);
    }
    let own = vec![grant["id"].clone()];
    assert_eq!(both, [vec![], own.clone(), own, vec![]]);
    assert_eq!(seen(&world, ("acme", "carol"), "given").await, [""; 0]);
    assert_eq!(seen(&world, ("acme", "carol"), "held").await, [""; 0]);
}

#[tokio::test]
async fn each_use_names_its_grant_and_who_gave_it() {
    let world = delegating().await;
    let ann = world.token("acme", "ann");
    give(&world, "bob", "ann", json!({"for_s": 60})).await;
    let longest = give(&world, "bob", "ann", json!({"for_s": 7200})).await;
    give(
        &world,
        "bob",
        "ann",
        json!({"actions": ["write"], "for_s": 9000}),
    )
    .await;
    world.get(&as_bob(), &ann).await;
    world.get(ACME_1, &ann).await;
    world.get(&as_bob(), &world.token("acme", "carol")).await;
    let log = world.decisions().await;
    let read = log.iter().filter(|record| record["action"] == "getIssue");
    let told: Vec<_> = read
        .map(|record| (&record["act_as_basis"], &record["act_as_grant"]))
        .collect();
    let by_bob = json!({"given_by": format!("account:{}", account("bob")), "id": longest["id"]});
    assert_eq!(
        told,
        [
            (&json!("delegated"), &by_bob),
            (&json!("self"), &Value::Null),
            (&json!("none"), &Value::Null)
        ]
    );
    let operators = act_as_grant("acme.atlassian.net", "carol", "bob");
    let operators = world.command(operators).await;
    let asked = json!({"issue": "ACME-1", "act_as": account("bob")});
    let carol = format!("JWT {}", world.token("acme", "carol"));
    let checked = world.send_json("POST", "/v1/check", &carol, &asked).await;
    assert_eq!(checked.json()["allowed"], true, "{}", checked.text);
    let log = world.log().await;
    let check = log.iter().find(|record| record["kind"] == "check").unwrap();
    let by_operator = json!({"given_by": "unix:1000", "id": operators["id"]});
    assert_eq!(check["act_as_grant"], by_operator);
}

#[tokio::test]
async fn what_is_given_and_taken_back_is_on_record_with_its_request() {
    let world = World::new().await;
    let grant = give(&world, "bob", "ann", json!({})).await;
    let revoked = revoke(&world, ("acme", "bob"), &grant["id"]).await;
    assert_eq!(revoked.status, 204, "{}", revoked.text);
    let log = world.log().await;
    let record = |operation: &str| {
        let mut found = log.iter().filter(|it| it["operation"] == operation);
        found.next().unwrap()
    };
    let (created, ended) = (record("grant.created"), record("grant.revoked"));
    let by = json!(format!("account:{}", account("bob")));
    assert_eq!((&created["by"], &ended["by"]), (&by, &by));
    assert_eq!(
        (&created["action"], &ended["action"]),
        (&json!("giveGrant"), &json!("revokeGrant"))
    );
    assert_eq!(ended["decision_id"], revoked.decision_id());
    assert_eq!(ended["detail"], json!({"grant": grant["id"]}));
    assert_eq!(
        created["detail"],
        json!({
            "account": account("ann"), "act_as": account("bob"), "actions": "read", "grant": grant["id"],
            "expires_at": grant["until"], "reason": "holidays",
        })
    );
}

#[tokio::test]
async fn a_grant_takes_a_token_of_the_last_minute_used_once() {
    let world = World::new().await;
    let body = wish("ann", &json!({}));
    let token = format!("JWT {}", world.fresh_token("acme", "bob"));
    world.clock.advance(Duration::from_secs(61));
    let late = world.send_json("POST", GRANTS, &token, &body).await;
    assert_eq!(status_and_code(&late), refused(401, "token_stale"));
    let token = format!("JWT {}", world.fresh_token("acme", "bob"));
    world.clock.advance(Duration::from_mins(1));
    for status in [201, 401] {
        let answer = world.send_json("POST", GRANTS, &token, &body).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    let open = world
        .send("POST", "/v1/sessions", &[("authorization", &token)])
        .await;
    assert_eq!(open.status, 401, "it is spent for everything");
    let key = world.key("acme", "bob", json!({})).await;
    for bearer in [
        &world.session("acme", "bob").await,
        key["key"].as_str().unwrap(),
    ] {
        let bearer = format!("Bearer {bearer}");
        let answer = world.send_json("POST", GRANTS, &bearer, &body).await;
        assert_eq!(answer.status, 401, "{}", answer.text);
    }
    let keys = format!("Bearer {}", key["key"].as_str().unwrap());
    let listed = world.get_with(GRANTS, &[("authorization", &keys)]).await;
    assert_eq!(status_and_code(&listed), refused(403, "key_cannot_manage"));
    assert_eq!(seen(&world, ("acme", "bob"), "given").await.len(), 1);
}

#[tokio::test]
async fn a_grant_that_makes_no_sense_is_not_given() {
    let world = World::new().await;
    for (more, part) in [
        (json!({"account": account("bob")}), "`account`"),
        (json!({"account": ""}), "account id"),
        (json!({"act_as": account("carol")}), "`act_as`"),
        (json!({"act_as": account("bob")}), "`act_as`"),
        (json!({"actions": []}), "`actions`"),
        (json!({"actions": ["fly"]}), "`fly`"),
        (json!({"actions": ["read", "admin"]}), "`admin`"),
        (json!({"actions": ["superviseSite"]}), "`superviseSite`"),
        (json!({"actions": ["administerSite"]}), "`administerSite`"),
        (json!({"for_s": null}), "for_s"),
        (json!({"until": "2026-12-01T12:00:00Z"}), "either"),
        (json!({"for_s": 0}), "`until`"),
        (json!({"for_s": 90 * 86_400 + 1}), "90 days"),
        (json!({"for_s": u64::MAX}), "90 days"),
        (json!({"for_s": null, "until": "soon"}), "`until`"),
        (
            json!({"for_s": null, "until": "2020-01-01T00:00:00Z"}),
            "`until`",
        ),
        (json!({"reason": " "}), "`reason`"),
        (json!({"reason": "two\nlines"}), "`reason`"),
        (json!({"reason": "yek\u{202e}"}), "`reason`"),
        (json!({"reason": "x".repeat(201)}), "`reason`"),
        (json!({"given_by": "account:bob"}), "given_by"),
    ] {
        let body = wish("ann", &more);
        let answer = send_grant(&world, GRANTS, ("acme", "bob"), &body).await;
        assert_eq!(answer.status, 400, "{more}: {}", answer.text);
        assert!(answer.text.contains(part), "{more}: {}", answer.text);
    }
    assert_eq!(seen(&world, ("acme", "bob"), "given").await, [""; 0]);
    let longest = json!({"for_s": null, "until": "2027-02-21T12:00:00Z"});
    give(&world, "bob", "ann", longest).await;
}

#[tokio::test]
async fn the_longest_life_of_a_grant_is_configured_and_operators_are_not_bound_by_it() {
    let settings = "[limits]\ngrant_lifetime_days_max = 1";
    let world = World::builder().settings(settings).start().await;
    give(&world, "bob", "ann", json!({"for_s": 86_400})).await;
    let longer = wish("ann", &json!({"for_s": 86_401}));
    let answer = send_grant(&world, GRANTS, ("acme", "bob"), &longer).await;
    assert!(answer.text.contains("1 days"), "{}", answer.text);
    world
        .command(act_as_grant("acme.atlassian.net", "ann", "bob"))
        .await;
    let held = world
        .get(GRANTS, &world.fresh_token("acme", "ann"))
        .await
        .json()["held"]
        .clone();
    let mut held = held.as_array().unwrap().iter();
    let of_operator = held.find(|grant| grant["until"].is_null()).unwrap();
    assert_eq!(of_operator["given_by"], "operator");
}

#[tokio::test]
async fn a_grant_ends_by_itself_and_with_whoever_it_is_about_and_with_nobody_else() {
    let world = delegating().await;
    let ann = || world.token("acme", "ann");
    give(&world, "bob", "ann", json!({"for_s": 60})).await;
    world.clock.advance(Duration::from_micros(59_999_999));
    assert_eq!(world.get(&as_bob(), &ann()).await.status, 200);
    world.clock.advance(Duration::from_micros(1));
    assert_eq!(world.get(&as_bob(), &ann()).await.status, 403);
    assert_eq!(seen(&world, ("acme", "ann"), "held").await, [""; 0]);

    for ending in ["bob", "ann"] {
        let id = give(&world, "bob", "ann", json!({})).await["id"].clone();
        let unknown = json!("grant_01941f29-7c00-7000-8000-000000000009");
        for stranger in [("acme", "carol"), ("globex", "eve"), ("globex", "carol")] {
            let answer = revoke(&world, stranger, &id).await;
            assert_eq!(status_and_code(&answer), refused(404, "no_such_credential"));
            let never = revoke(&world, stranger, &unknown).await;
            assert_eq!(answer.without_ids(), never.without_ids());
        }
        assert_eq!(world.get(&as_bob(), &ann()).await.status, 200);
        let ended = revoke(&world, ("acme", ending), &id).await;
        assert_eq!(ended.status, 204, "{ending}: {}", ended.text);
        assert_eq!(world.get(&as_bob(), &ann()).await.status, 403, "{ending}");
        assert_eq!(revoke(&world, ("acme", ending), &id).await.status, 404);
    }
    // What an operator gave in one's name is one's own to end, too.
    let given = world
        .command(act_as_grant("acme.atlassian.net", "ann", "bob"))
        .await;
    assert_eq!(
        revoke(&world, ("acme", "bob"), &given["id"]).await.status,
        204
    );
}

/// A person who is on two sites gives and holds on each of them apart.
#[tokio::test]
async fn a_grant_is_good_on_its_own_site_alone() {
    let world = delegating().await;
    let body = wish("carol", &json!({}));
    let given = send_grant(&world, GRANTS, ("globex", "eve"), &body).await;
    assert_eq!(given.status, 201, "{}", given.text);
    let as_eve = format!("{ACME_1}&act_as={}", account("eve"));
    let answer = world.get(&as_eve, &world.token("acme", "carol")).await;
    assert_eq!(answer.status, 403, "{}", answer.text);
    assert_eq!(seen(&world, ("acme", "carol"), "held").await, [""; 0]);
    assert_eq!(seen(&world, ("globex", "carol"), "held").await.len(), 1);
}

#[tokio::test]
async fn a_key_acts_as_another_as_long_as_a_grant_lets_its_holder() {
    let world = delegating().await;
    let act_as = json!({"act_as": account("bob")});
    let early = world.try_key("acme", "ann", act_as.clone()).await;
    assert_eq!(early.status, 400, "{}", early.text);
    assert!(early.text.contains("no grant"), "{}", early.text);
    let grant = give(&world, "bob", "ann", json!({})).await;
    let key = world.key("acme", "ann", act_as).await;
    assert_eq!(key["act_as_grants"], json!([grant["id"]]));
    let text = key["key"].as_str().unwrap();
    assert_eq!(world.get_as(ACME_1, text).await.status, 200);
    assert_eq!(world.seen(Role::Jira)[0].account, Some(account("bob")));
    let log = world.decisions().await;
    let read = log
        .iter()
        .find(|record| record["action"] == "getIssue")
        .unwrap();
    assert_eq!(read["act_as_grant"]["id"], grant["id"]);
    assert_eq!(read["credential"]["key_id"], key["id"]);

    assert_eq!(
        revoke(&world, ("acme", "bob"), &grant["id"]).await.status,
        204
    );
    let answer = world.get_as(ACME_1, text).await;
    assert_eq!(status_and_code(&answer), refused(403, "act_as_denied"));
    let session = world.session("acme", "ann").await;
    let listed = async || world.get_as("/v1/keys", &session).await.json()["keys"][0].clone();
    assert_eq!(listed().await["act_as_grants"], json!([]));
    assert_eq!(listed().await["state"], "active");

    // The key is the holder's; whether it may act as Bob is asked at each use.
    let again = give(&world, "bob", "ann", json!({"for_s": 60})).await;
    assert_eq!(listed().await["act_as_grants"], json!([again["id"]]));
    assert_eq!(world.get_as(ACME_1, text).await.status, 200);
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(world.get_as(ACME_1, text).await.status, 403);
}

#[tokio::test]
async fn a_grant_that_is_taken_back_ends_what_acts_under_it_within_a_second_and_disturbs_nobody() {
    let world = delegating().await;
    let grant = give(&world, "bob", "ann", json!({})).await;
    let other = give(&world, "bob", "carol", json!({})).await;
    let key = world
        .key("acme", "ann", json!({"act_as": account("bob")}))
        .await;
    let (ann, bob) = (
        world.session("acme", "ann").await,
        world.session("acme", "bob").await,
    );
    let carol = world.token("acme", "carol");
    world.jira.clear_requests();
    world.jira.set_fault(Role::Jira, Some(Fault::Hold));
    let own = world.get_as(ACME_1, &ann);
    let acting = world.get_as(ACME_1, key["key"].as_str().unwrap());
    let bobs = world.get_as(ACME_1, &bob);
    let carol_as_bob = as_bob();
    let carols = world.get(&carol_as_bob, &carol);
    let ending = async {
        until("all are at Jira", || world.jira_saw().len() == 4).await;
        let watch = gatepost::clock::Clock::system().stopwatch();
        let headers = format!("Bearer {bob}");
        let target = format!("{GRANTS}/{}", grant["id"].as_str().unwrap());
        let ended = world
            .send("DELETE", &target, &[("authorization", &headers)])
            .await;
        assert_eq!(ended.status, 204, "{}", ended.text);
        world.jira.set_fault(Role::Jira, None);
        watch
    };
    let (own, acting, bobs, carols, watch) = tokio::join!(own, acting, bobs, carols, ending);
    let took = watch.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(acting.status, 401, "{}", acting.text);
    for (who, answer) in [("ann", own), ("bob", bobs), ("carol as bob", carols)] {
        assert_eq!(answer.status, 200, "{who}: {}", answer.text);
    }
    // Nor what comes after: neither sessions nor the tokens that Atlassian gave.
    world.jira.clear_requests();
    for session in [&ann, &bob] {
        assert_eq!(world.get_as(ACME_1, session).await.status, 200);
    }
    assert_eq!(world.seen(Role::Token).len(), 0);
    assert_eq!(
        seen(&world, ("acme", "carol"), "held").await,
        [other["id"].clone()]
    );
}

#[tokio::test]
async fn a_session_acts_as_itself_whatever_was_granted_and_no_one_as_a_blocked_account() {
    let world = delegating().await;
    give(&world, "bob", "ann", json!({})).await;
    let session = world.session("acme", "ann").await;
    let answer = world.get_as(&as_bob(), &session).await;
    assert_eq!(status_and_code(&answer), refused(403, "request_rewritten"));
    let minute = Some(Duration::from_mins(1));
    world.block_for(minute, Some("bob"), None).await;
    let ann = || world.token("acme", "ann");
    assert_eq!(world.get(&as_bob(), &ann()).await.status, 403);
    let answer = send_grant(&world, GRANTS, ("acme", "bob"), &wish("carol", &json!({}))).await;
    assert_eq!(answer.status, 401, "whoever is blocked gives nothing");
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(world.get(&as_bob(), &ann()).await.status, 200);
}

#[tokio::test]
async fn one_person_gives_50_grants_a_day_and_a_site_does_not_run_full_of_them() {
    let world = World::new().await;
    let mut last = Value::Null;
    for number in 0..50 {
        let to = json!({"account": format!("robot-{number}"), "for_s": 200_000});
        last = give(&world, "bob", "ann", to).await;
    }
    let try_once =
        async || send_grant(&world, GRANTS, ("acme", "bob"), &wish("ann", &json!({}))).await;
    let answer = try_once().await;
    assert_eq!(status_and_code(&answer), refused(409, "too_many_grants"));
    // Neither others nor those who administer the site are kept from giving.
    give(&world, "ann", "carol", json!({})).await;
    let to_act_as_bob = wish("ann", &json!({"act_as": account("bob")}));
    let by_admin = send_grant(&world, SITE_GRANTS, ("acme", "carol"), &to_act_as_bob).await;
    assert_eq!(by_admin.status, 201, "{}", by_admin.text);
    // To give and take in a loop is no way around it.
    assert_eq!(
        revoke(&world, ("acme", "bob"), &last["id"]).await.status,
        204
    );
    assert_eq!(try_once().await.status, 409);
    world.clock.advance(Duration::from_hours(24));
    assert_eq!(try_once().await.status, 201);
    assert_eq!(try_once().await.status, 409, "those in force count on");
}

#[tokio::test]
async fn an_administrator_gives_500_grants_a_day() {
    const MANY: &str = "INSERT INTO grants (id, tenant, account, act_as, actions, expires_at, reason, given_by, given_at)
        WITH RECURSIVE counted(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM counted WHERE i < 499)
        SELECT 'grant_' || i, tenants.id, 'robot-' || i, 'boss-' || i, 'read', 1795435199000000, 'a crowd', 'account:' || ?1, 1795435198000000
        FROM counted JOIN tenants ON host = 'acme.atlassian.net'";
    let world = World::new().await;
    let db = &world.node.shared().opened.db;
    let inserted = db.transact(|connection| {
        Box::pin(async move {
            let many = sqlx::query(MANY).bind(account("carol"));
            many.execute(connection).await?;
            Ok::<(), gatepost::db::DbError>(())
        })
    });
    inserted.await.unwrap();
    let body = wish("ann", &json!({"act_as": account("bob")}));
    for status in [201, 409] {
        let answer = send_grant(&world, SITE_GRANTS, ("acme", "carol"), &body).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    give(&world, "carol", "ann", json!({})).await;
}

#[tokio::test]
async fn an_administrator_lets_one_account_of_the_own_site_act_as_another() {
    let world = delegating().await;
    let body = wish("ann", &json!({"act_as": account("bob")}));
    world.jira.clear_requests();
    let given = send_grant(&world, SITE_GRANTS, ("acme", "carol"), &body).await;
    assert_eq!(given.status, 201, "{}", given.text);
    let asked = "/rest/api/3/mypermissions?permissions=ADMINISTER";
    assert_eq!(world.jira_saw(), [asked]);
    let ann = world.token("acme", "ann");
    assert_eq!(world.get(&as_bob(), &ann).await.status, 200);
    let by = format!("account:{}", account("carol"));
    let log = world.log().await;
    let created = log
        .iter()
        .find(|it| it["operation"] == "grant.created")
        .unwrap();
    assert_eq!(
        (&created["by"], created["decision_id"].as_str()),
        (&json!(by), Some(given.decision_id()))
    );
    let read = log.iter().rfind(|it| it["action"] == "getIssue").unwrap();
    assert_eq!(read["act_as_grant"]["given_by"], by);
    // Who is acted as sees it, and has the last word.
    let id = given.json()["id"].clone();
    let given_by_bob = seen(&world, ("acme", "bob"), "given").await;
    assert_eq!(given_by_bob, std::slice::from_ref(&id));
    assert_eq!(revoke(&world, ("acme", "bob"), &id).await.status, 204);
    assert_eq!(world.get(&as_bob(), &ann).await.status, 403);
}

#[tokio::test]
async fn nobody_but_another_administrator_gives_for_others() {
    let world = World::new().await;
    let as_bob = |who: &str| wish(who, &json!({"act_as": account("bob")}));
    let member = send_grant(&world, SITE_GRANTS, ("acme", "ann"), &as_bob("carol")).await;
    assert_eq!(status_and_code(&member), refused(403, "not_site_admin"));
    let oneself = send_grant(&world, SITE_GRANTS, ("acme", "carol"), &as_bob("carol")).await;
    assert_eq!(status_and_code(&oneself), refused(403, "not_to_give"));
    world.jira.clear_requests();
    let unnamed = send_grant(
        &world,
        SITE_GRANTS,
        ("acme", "carol"),
        &wish("ann", &json!({})),
    )
    .await;
    assert_eq!(status_and_code(&unnamed), refused(400, "malformed_body"));
    assert!(world.nothing_left());
    let admin = json!({"act_as": account("bob"), "actions": ["admin"]});
    let admin = send_grant(&world, SITE_GRANTS, ("acme", "carol"), &wish("ann", &admin)).await;
    assert_eq!(status_and_code(&admin), refused(400, "malformed_member"));
    // The token is one of the last minute here too, and is spent.
    let token = format!("JWT {}", world.fresh_token("acme", "carol"));
    for status in [201, 401] {
        let answer = world
            .send_json("POST", SITE_GRANTS, &token, &as_bob("ann"))
            .await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    world.clock.advance(Duration::from_secs(61));
    world.jira.clear_requests();
    let late = world
        .send_json("POST", SITE_GRANTS, &token, &as_bob("ann"))
        .await;
    assert_eq!(status_and_code(&late), refused(401, "token_stale"));
    assert!(world.nothing_left());
    assert_eq!(seen(&world, ("acme", "bob"), "given").await.len(), 1);
}

#[tokio::test]
async fn pages_of_others_give_and_take_nothing() {
    let world = World::new().await;
    let grant = give(&world, "bob", "ann", json!({})).await;
    let target = format!("{GRANTS}/{}", grant["id"].as_str().unwrap());
    for (method, target) in [("POST", GRANTS), ("DELETE", &target), ("POST", SITE_GRANTS)] {
        let token = format!("JWT {}", world.fresh_token("acme", "bob"));
        let headers = [
            ("authorization", token.as_str()),
            ("origin", "https://evil.example"),
        ];
        let answer = world.send(method, target, &headers).await;
        assert_eq!(
            status_and_code(&answer),
            refused(403, "other_origin"),
            "{target}"
        );
    }
    // Nor a page of somebody else, of which the token's owner knows nothing.
    let (gateway, _outbound) = world.node.shared().gateway().unwrap();
    let tenant = world.site("acme").client_key().parse().unwrap();
    let nonce = gateway
        .issued
        .page_nonce(&tenant, &account("ann").parse().unwrap());
    let token = format!("JWT {}", world.fresh_token("acme", "bob"));
    let headers = [
        ("authorization", token.as_str()),
        ("x-gatepost-page", &nonce),
    ];
    let body = wish("ann", &json!({}));
    let answer = world.send_with_body("POST", GRANTS, &headers, &body).await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert_eq!(
        seen(&world, ("acme", "bob"), "given").await,
        [grant["id"].clone()]
    );
}

#[tokio::test]
async fn an_uninstall_ends_what_people_gave_and_leaves_what_the_operator_did() {
    let world = delegating().await;
    give(&world, "bob", "ann", json!({})).await;
    let site = wish("carol", &json!({"act_as": account("bob")}));
    world.site("acme").promote("ann");
    let given = send_grant(&world, SITE_GRANTS, ("acme", "ann"), &site).await;
    assert_eq!(given.status, 201, "{}", given.text);
    let kept = world
        .command(act_as_grant("acme.atlassian.net", "carol", "ann"))
        .await;
    let uninstall = world.site("acme").uninstall(world.app_url());
    assert_eq!(world.deliver(&uninstall).await.status, 204);
    world.clock.advance(Duration::from_secs(1));
    let install = world.site("acme").install(world.app_url());
    assert_eq!(world.deliver(&install).await.status, 204);
    assert_eq!(
        world
            .get(&as_bob(), &world.token("acme", "ann"))
            .await
            .status,
        403
    );
    assert_eq!(seen(&world, ("acme", "bob"), "given").await, [""; 0]);
    assert_eq!(
        seen(&world, ("acme", "ann"), "given").await,
        [kept["id"].clone()]
    );
}

#[tokio::test]
async fn without_a_log_nothing_is_given_and_nothing_ends() {
    let world = delegating().await;
    let grant = give(&world, "bob", "ann", json!({})).await;
    let bob = format!("Bearer {}", world.session("acme", "bob").await);
    let target = format!("{GRANTS}/{}", grant["id"].as_str().unwrap());
    super::doors::execute(&world, super::doors::BREAK).await;
    let given = send_grant(&world, GRANTS, ("acme", "bob"), &wish("carol", &json!({}))).await;
    let ended = world
        .send("DELETE", &target, &[("authorization", &bob)])
        .await;
    for answer in [given, ended] {
        assert_eq!(answer.status, 503, "{}", answer.text);
    }
    super::doors::execute(&world, "DROP TRIGGER broken").await;
    assert_eq!(
        seen(&world, ("acme", "bob"), "given").await,
        [grant["id"].clone()]
    );
    assert_eq!(
        world
            .get(&as_bob(), &world.token("acme", "ann"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_grant_has_the_shape_that_is_described() {
    let world = World::new().await;
    let grant = give(&world, "bob", "ann", json!({})).await;
    let document = world.send("GET", "/openapi.json", &[]).await.json();
    let schemas = &document["components"]["schemas"];
    assert_eq!(names(&grant), names(&schemas["Grant"]["properties"]));
    let lists = world
        .get(GRANTS, &world.fresh_token("acme", "bob"))
        .await
        .json();
    assert_eq!(names(&lists), names(&schemas["Grants"]["properties"]));
    assert_eq!(lists["given"], json!([grant]));
    let key = world.key("acme", "ann", json!({})).await;
    assert_eq!(key["act_as_grants"], Value::Null);
}

#[tokio::test]
async fn a_site_has_10000_grants_of_its_people_at_most() {
    const MANY: &str = "INSERT INTO grants (id, tenant, account, act_as, actions, reason, given_by, given_at)
        WITH RECURSIVE counted(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM counted WHERE i < 9999)
        SELECT 'grant_' || i, tenants.id, 'robot-' || i, 'boss-' || i, 'read', 'a crowd', 'account:boss-' || i, 0
        FROM counted JOIN tenants ON host = 'acme.atlassian.net'";
    let world = World::new().await;
    super::doors::execute(&world, MANY).await;
    give(&world, "bob", "ann", json!({})).await;
    let answer = send_grant(&world, GRANTS, ("acme", "bob"), &wish("ann", &json!({}))).await;
    assert_eq!(status_and_code(&answer), refused(409, "too_many_grants"));
    assert!(answer.text.contains("on the site"), "{}", answer.text);
    // The operator is not bound by what the people of a site do, nor is another site.
    world
        .command(act_as_grant("acme.atlassian.net", "ann", "bob"))
        .await;
    let body = wish("carol", &json!({}));
    let elsewhere = send_grant(&world, GRANTS, ("globex", "eve"), &body).await;
    assert_eq!(elsewhere.status, 201, "{}", elsewhere.text);
}

#[tokio::test]
async fn what_ended_long_ago_is_in_the_log_alone() {
    let world = World::new().await;
    let kept = async || -> i64 {
        let reads = world.node.shared().opened.db.reads().clone();
        let count = sqlx::query_scalar("SELECT count(*) FROM grants");
        count.fetch_one(&reads).await.unwrap()
    };
    give(&world, "bob", "ann", json!({"for_s": 60})).await;
    let id = give(&world, "bob", "ann", json!({"for_s": 7_776_000})).await["id"].clone();
    assert_eq!(revoke(&world, ("acme", "bob"), &id).await.status, 204);
    let day = Duration::from_hours(24);
    world.clock.advance(30 * day);
    give(&world, "bob", "ann", json!({"for_s": 7_776_000})).await;
    assert_eq!(kept().await, 3);
    world.clock.advance(day);
    give(&world, "bob", "ann", json!({})).await;
    assert_eq!(kept().await, 2);
    let log = world.log().await;
    let given = log.iter().filter(|it| it["operation"] == "grant.created");
    assert_eq!(given.count(), 4);
}

#[tokio::test]
async fn whom_something_ended_while_jira_answered_gives_nothing() {
    let world = World::new().await;
    world.jira.clear_requests();
    world.jira.set_fault(Role::Jira, Some(Fault::Hold));
    let body = wish("ann", &json!({"act_as": account("bob")}));
    let asked = send_grant(&world, SITE_GRANTS, ("acme", "carol"), &body);
    let blocked = async {
        until("Jira is asked", || world.jira_saw().len() == 1).await;
        world.block(Some("carol"), None).await;
        world.jira.set_fault(Role::Jira, None);
    };
    let (answer, ()) = tokio::join!(asked, blocked);
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert_eq!(seen(&world, ("acme", "bob"), "given").await, [""; 0]);
}
