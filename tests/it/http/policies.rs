//! Policies from the folder to the answer: an edit takes effect live, a broken one never does, and each request has one snapshot.

use std::time::Duration;

use gatepost::control::command::Command;
use gatepost::standin::{Fault, Role, account};

use super::{ACME_1, lines};
use crate::world::{NOON, World, until};

const CLOSED: &str = r#"@id("closed") @code("closed") @reason("Closed for the holidays.") forbid (principal, action, resource);"#;
const DELEGATES: &str = r#"@id("delegates-read-issues")
    permit (principal, action in [Action::"getIssue", Action::"findIssue"], resource)
    when { principal.tenant == resource.tenant && principal.mayActAs.contains(context.actAs) };"#;

#[tokio::test]
async fn an_edit_takes_effect_live_and_so_does_taking_it_back() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    assert_eq!(world.get(ACME_1, &ann).await.status, 200);
    let before = world.admin("/readyz").await.json()["parts"]["policies"]["live"]["digest"].clone();
    world.edit_policy("30-closed.cedar", CLOSED).await;
    world.jira.clear_requests();
    let answer = world.get(ACME_1, &ann).await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (403, &"closed".into())
    );
    assert!(world.nothing_left());
    let after = world.admin("/readyz").await.json()["parts"]["policies"]["live"]["digest"].clone();
    assert_ne!(before, after);
    world.edit_policy("30-closed.cedar", "").await;
    assert_eq!(world.get(ACME_1, &ann).await.status, 200);
    let log = world.log().await;
    let activated: Vec<_> = log
        .iter()
        .filter(|record| record["kind"] == "policy_activated")
        .collect();
    assert_eq!(activated.len(), 3);
    let decisions: Vec<_> = log
        .iter()
        .filter(|record| record["kind"] == "decision")
        .collect();
    let sets: Vec<_> = decisions
        .iter()
        .map(|record| &record["policy_set"])
        .collect();
    assert_eq!(sets, [&before, &after, &activated[2]["policy_set"]]);
    // The record of a set is older than the first decision under it.
    assert!(activated[1]["seq"].as_u64() < decisions[1]["seq"].as_u64());
}

#[tokio::test]
async fn a_broken_edit_leaves_the_last_good_set_and_is_loud() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    let live = |ready: &serde_json::Value| ready["parts"]["policies"]["live"].clone();
    let before = live(&world.admin("/readyz").await.json());
    for broken in [
        "permit (",
        "permit (principal, action, resource);",
        "@id(\"x\") permit (principal, action, resource) when { principal.nothing };",
    ] {
        world.edit_policy("30-broken.cedar", broken).await;
        let answer = world.get(ACME_1, &ann).await;
        assert_eq!(answer.status, 200, "{broken}: {}", answer.text);
        let ready = world.admin("/readyz").await;
        assert_eq!(ready.status, 200);
        assert_eq!(live(&ready.json()), before, "{broken}");
        let refused = ready.json()["parts"]["policies"]["refused"].clone();
        let errors = refused["errors"].as_array().unwrap();
        let first = &errors[0];
        assert_eq!(
            (&first["file"], &first["line"]),
            (&"30-broken.cedar".into(), &1.into()),
            "{errors:?}"
        );
        let log = world.log().await;
        let rejected = log
            .iter()
            .rev()
            .find(|record| record["kind"] == "policy_rejected");
        let rejected = rejected.unwrap_or_else(|| panic!("no record: {broken}"));
        assert_eq!(rejected["policy_set"], refused["digest"]);
        let message = first["message"].as_str().unwrap();
        let told = format!("30-broken.cedar:1: {message}");
        assert_eq!(rejected["detail"]["fault_01"], told);
    }
    world.edit_policy("30-broken.cedar", CLOSED).await;
    assert_eq!(world.get(ACME_1, &ann).await.status, 403);
    let ready = world.admin("/readyz").await.json();
    assert!(ready["parts"]["policies"]["refused"].is_null(), "{ready}");
}

#[tokio::test]
async fn a_request_keeps_its_snapshot_from_question_to_record() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    // Held at Jira while the folder closes. Its answer is an issue that has moved, so it is decided a second time.
    world.site("acme").move_issue("ACME-2", "SECRET");
    let moved = ACME_1.replace("ACME-1", "ACME-2");
    world
        .jira
        .set_fault(Role::Jira, Some(Fault::Delay(Duration::from_millis(1500))));
    let closing = async {
        until("the request is at Jira", || {
            !world.seen(Role::Jira).is_empty()
        })
        .await;
        world.edit_policy("30-closed.cedar", CLOSED).await;
        world.jira.set_fault(Role::Jira, None);
    };
    let (answer, ()) = tokio::join!(world.get(&moved, &ann), closing);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let log = world.decisions().await;
    let expected = [
        "allow policy allowed",
        "allow answer allowed",
        "outcome 200 allowed",
    ];
    assert_eq!(lines(&log), expected);
    assert_eq!(log[0]["policy_set"], log[1]["policy_set"]);
    assert_eq!(world.get(ACME_1, &ann).await.status, 403);
}

/// Lets `person` act as Bob on acme, for reading.
async fn grant(world: &World, person: &str, until_s: Option<i64>, actions: &[&str]) -> String {
    let until = until_s.map(|seconds| {
        gatepost::clock::Timestamp::from_seconds(NOON.seconds() + seconds).rfc3339()
    });
    let given = world
        .command(Command::GrantCreate {
            tenant: "acme.atlassian.net".to_owned(),
            account: account(person),
            act_as: account("bob"),
            actions: actions.iter().map(|&action| action.to_owned()).collect(),
            until,
            reason: "holidays".to_owned(),
        })
        .await;
    given["id"].as_str().unwrap().to_owned()
}

fn as_bob() -> String {
    format!("{ACME_1}&act_as={}", account("bob"))
}

#[tokio::test]
async fn a_grant_and_a_policy_together_let_one_act_as_another() {
    let world = World::builder()
        .policy("30-delegates.cedar", DELEGATES)
        .start()
        .await;
    let ann = world.token("acme", "ann");
    assert_eq!(world.get(&as_bob(), &ann).await.status, 403, "no grant");
    let id = grant(&world, "ann", None, &["read"]).await;
    let answer = world.get(&as_bob(), &ann).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(world.seen(Role::Jira)[0].account, Some(account("bob")));
    // Bob's rights, not Ann's: she may see SECRET-7, he may not.
    let secret = as_bob().replace("ACME-1", "SECRET-7");
    assert_eq!(world.get(&secret, &ann).await.status, 404);
    let log = world.decisions().await;
    assert_eq!(log[1]["act_as_basis"], "delegated");
    assert_eq!(
        (&log[1]["account"], &log[1]["act_as"]),
        (&account("ann").into(), &account("bob").into())
    );
    // A grant is for one direction, one person, and until it is taken back.
    world.jira.clear_requests();
    let other_way = format!("{ACME_1}&act_as={}", account("ann"));
    assert_eq!(
        world
            .get(&other_way, &world.token("acme", "bob"))
            .await
            .status,
        403
    );
    assert_eq!(
        world
            .get(&as_bob(), &world.token("acme", "carol"))
            .await
            .status,
        403
    );
    world.command(Command::GrantRevoke { grant: id }).await;
    assert_eq!(world.get(&as_bob(), &ann).await.status, 403);
    assert!(world.nothing_left());
}

#[tokio::test]
async fn a_grant_alone_allows_nothing() {
    let world = World::new().await;
    grant(&world, "ann", None, &["read"]).await;
    let answer = world.get(&as_bob(), &world.token("acme", "ann")).await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (403, &"policy_denied".into())
    );
    assert!(world.nothing_left());
}

#[tokio::test]
async fn a_grant_ends_on_time_and_holds_for_its_actions_and_its_tenant() {
    let world = World::builder()
        .policy("30-delegates.cedar", DELEGATES)
        .start()
        .await;
    grant(&world, "ann", Some(60), &["read"]).await;
    assert_eq!(
        world
            .get(&as_bob(), &world.token("acme", "ann"))
            .await
            .status,
        200
    );
    world.clock.advance(Duration::from_secs(59));
    assert_eq!(
        world
            .get(&as_bob(), &world.token("acme", "ann"))
            .await
            .status,
        200
    );
    world.clock.advance(Duration::from_secs(1));
    world.jira.clear_requests();
    let ended = world.get(&as_bob(), &world.token("acme", "ann")).await;
    assert_eq!(
        (ended.status, &ended.json()["code"]),
        (403, &"act_as_denied".into())
    );
    // For writing only; and Carol's on acme is none on globex, though she is the same person there.
    grant(&world, "ann", None, &["write"]).await;
    assert_eq!(
        world
            .get(&as_bob(), &world.token("acme", "ann"))
            .await
            .status,
        403
    );
    grant(&world, "carol", None, &["read"]).await;
    let globex = "/v1/issue?site=https://globex.atlassian.net&issue=GLOBEX-1";
    let there = format!("{globex}&act_as={}", account("bob"));
    assert_eq!(
        world
            .get(&there, &world.token("globex", "carol"))
            .await
            .status,
        403
    );
    // Nor does acme's token open globex by it.
    assert_eq!(
        world
            .get(&there, &world.token("acme", "carol"))
            .await
            .status,
        404
    );
    assert!(world.nothing_left());
}

#[tokio::test]
async fn a_grant_that_is_taken_back_ends_what_is_under_way() {
    let world = World::builder()
        .policy("30-delegates.cedar", DELEGATES)
        .start()
        .await;
    let id = grant(&world, "ann", None, &["read"]).await;
    let ann = world.token("acme", "ann");
    world
        .jira
        .set_fault(Role::Token, Some(Fault::Delay(Duration::from_millis(600))));
    let target = as_bob();
    let revoked = async {
        until("a token is asked for", || {
            !world.seen(Role::Token).is_empty()
        })
        .await;
        world.command(Command::GrantRevoke { grant: id }).await;
        world.jira.set_fault(Role::Token, None);
    };
    let (answer, ()) = tokio::join!(world.get(&target, &ann), revoked);
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert!(world.seen(Role::Jira).is_empty());
}
