//! Groups of Jira users where Forge alone knows the tenant: asked for at the API host, with Forge's token for the app.

use std::time::Duration;

use gatepost::control::command::Command;
use gatepost::standin::{Fault, Role, account};
use serde_json::Value;

use crate::decision::groups::{LEAVERS, STAFF};
use crate::world::{Answer, World};

const ISSUE: &str = "/rest/api/3/issue/INITECH-1";
const HOUR: Duration = Duration::from_hours(1);

/// A world in which initech's issues are for the group staff, whose groups Jira is asked for.
async fn world() -> World {
    let builder = World::builder().settings("policy.jira_groups = true");
    let world = builder.start().await;
    world.past_the_start();
    assert_eq!(world.trigger("initech").await.status, 204);
    let tenant = show(&world).await["tenant"].as_str().unwrap().to_owned();
    let rule = format!(
        r#"@id("staff-only") @reason("Staff only.") forbid (principal, action, resource in Project::"{tenant}/INITECH")
           unless {{ principal in Group::"{tenant}/{STAFF}" }};"#
    );
    world.edit_policy("40-groups.cedar", &rule).await;
    world.jira.clear_requests();
    world
}

async fn show(world: &World) -> Value {
    let tenant = "initech.atlassian.net".to_owned();
    world.command(Command::TenantShow { tenant }).await
}

/// With the user's own token beside the request, which no look-up may use.
async fn reads(world: &World, person: &str) -> Answer {
    let headers = world.site("initech").forge_headers(Some(person));
    world.invoke("GET", ISSUE, &headers).await
}

fn told(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.json()["code"].clone())
}

fn unknown() -> (u16, Value) {
    (503, "groups_unknown".into())
}

/// Role, credential and path of what was asked.
fn asked(world: &World) -> Vec<(Role, Option<&'static str>, String)> {
    let seen = world.jira.requests().into_iter();
    seen.map(|seen| (seen.role, seen.credential, seen.target))
        .collect()
}

#[tokio::test]
async fn groups_are_asked_for_at_the_api_host_with_forges_token_for_the_app() {
    let world = world().await;
    let initech = world.site("initech");
    initech.set_groups("ann", &[("staff", STAFF)]);
    initech.set_groups("bob", &[("others", LEAVERS)]);
    let ann = reads(&world, "ann").await;
    assert_eq!(ann.status, 200, "{}", ann.text);
    let bob = reads(&world, "bob").await;
    assert_eq!(told(&bob), (403, "policy_denied".into()));
    let seen = asked(&world);
    let cloud = initech.cloud_id();
    let look_up = |person| {
        let account = account(person).replace(':', "%3A");
        let path = format!("/ex/jira/{cloud}/rest/api/3/user/groups?accountId={account}");
        (Role::Api, Some("forge_system_token"), path)
    };
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert_eq!((&seen[0], &seen[3]), (&look_up("ann"), &look_up("bob")));
    for read in &seen[1..3] {
        assert_eq!((read.0, read.1), (Role::Api, Some("forge_user_token")));
    }
    let mut log = world.log().await;
    log.retain(|record| record["action"] == "listGroups");
    let about: Vec<_> = log.iter().map(|record| &record["resource"]["id"]).collect();
    assert_eq!(about, [&account("ann"), &account("bob")]);
}

#[tokio::test]
async fn without_a_good_token_for_the_app_groups_are_unknown_until_the_next_trigger() {
    let world = world().await;
    world.site("initech").set_groups("ann", &[("staff", STAFF)]);
    world.clock.advance(HOUR * 4);
    assert_eq!(told(&reads(&world, "ann").await), unknown());
    // Forge's keys are fetched anew after hours; beside that nothing is sent.
    let mut seen = asked(&world);
    seen.retain(|(role, ..)| *role != Role::Forge);
    assert_eq!(seen, []);
    let record = world.decisions().await.pop().unwrap();
    assert_eq!(record["detail"]["groups_unknown"], "forge_token_stale");
    assert_eq!(world.trigger("initech").await.status, 204);
    world.clock.advance(Duration::from_secs(1));
    let answer = reads(&world, "ann").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn a_refusal_of_the_apps_token_is_shown_and_one_of_its_rights_is_not() {
    let world = world().await;
    for (status, shown) in [(403, Value::Null), (401, 401.into())] {
        world
            .jira
            .set_fault_times(Role::Api, Fault::Status(status), 1);
        assert_eq!(told(&reads(&world, "ann").await), unknown());
        let record = world.decisions().await.pop().unwrap();
        let why = format!("status_{status}");
        assert_eq!(record["detail"]["groups_unknown"], why.as_str());
        assert_eq!(show(&world).await["forge"]["refused"]["status"], shown);
        world.clock.advance(Duration::from_secs(1));
    }
}
