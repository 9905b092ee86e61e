//! The data plane, from a client's side.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its world has failed"
)]

mod answer;
mod check;
mod client_keys;
mod connect_table;
mod credentials_table;
mod decided;
mod doors;
mod errors;
mod fates;
mod forge;
mod forge_groups;
mod forge_table;
mod grants;
mod groups;
mod matrix;
mod openapi;
mod own;
mod own_site;
mod page;
mod policies;
mod provider_table;
mod refused;
mod resource;
mod sessions;
mod site_reads;
mod supervision;
mod tenants;
mod tokens;
mod upstream;
mod user_tokens;
mod wire;

use gatepost::control::command::Command;
use gatepost::standin::account;
use serde_json::Value;

use crate::world::World;

const ACME_1: &str = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";

#[tokio::test]
async fn a_member_reads_an_issue_of_the_own_site_as_oneself() {
    let world = World::new().await;
    let answer = world.get(ACME_1, &world.token("acme", "ann")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["key"], "ACME-1");
    let log = world.decisions().await;
    let summary: Vec<_> = log
        .iter()
        .map(|record| (record["kind"].as_str().unwrap(), &record["decision_id"]))
        .collect();
    assert_eq!(summary.len(), 2, "{log:?}");
    assert_eq!((summary[0].0, summary[1].0), ("decision", "outcome"));
    assert_eq!(summary[0].1, answer.decision_id());
    assert_eq!(log[0]["effect"], "allow");
}

#[tokio::test]
async fn another_tenants_issue_is_not_there_and_nothing_is_sent() {
    let world = World::new().await;
    let foreign = "/v1/issue?site=https://globex.atlassian.net&issue=GLOBEX-1";
    let answer = world.get(foreign, &world.token("acme", "ann")).await;
    assert_eq!(answer.status, 404, "{}", answer.text);
    assert!(world.nothing_left());
    let log = world.decisions().await;
    assert_eq!(
        (&log[0]["effect"], &log[0]["cross_tenant"]),
        (&"deny".into(), &true.into())
    );
}

/// That `account` may act as `act_as` on a tenant, for reading.
pub(crate) fn act_as_grant(tenant: &str, who: &str, whom: &str) -> Command {
    Command::GrantCreate {
        tenant: tenant.to_owned(),
        account: account(who),
        act_as: account(whom),
        actions: vec!["read".to_owned()],
        until: None,
        reason: "a stand-in".to_owned(),
    }
}

/// Each record in a line: a decision with effect, stage and code, an outcome with its status and code.
fn lines(log: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let line = |record: &Value| match record["kind"].as_str() {
        Some("outcome") => format!(
            "outcome {} {}",
            record["outcome"]["status"],
            text(&record["code"])
        ),
        _ => format!(
            "{} {} {}",
            text(&record["effect"]),
            text(&record["stage"]),
            text(&record["code"])
        ),
    };
    log.iter().map(line).collect()
}

/// The names of a JSON object's members, sorted.
fn names(object: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names
}
