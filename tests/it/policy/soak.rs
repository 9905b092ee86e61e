//! Too long for every day: policies are edited while the server is killed, again and again. `make soak` runs it.

use gatepost::policy::Draft;
use serde_json::Value;

use crate::node::program::Ground;
use crate::node::wire;

const ROUNDS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a hundred restarts: `make soak`"]
async fn no_edit_is_lost_and_no_record_missing_however_often_the_server_is_killed() {
    let ground = Ground::new().await;
    let mut program = ground.serve();
    for round in 0..ROUNDS {
        let policy = format!(
            r#"@id("round-{round}") @reason("Closed.") forbid (principal, action, resource)
            when {{ resource.tenant == Tenant::"{round}" }};"#
        );
        std::fs::write(ground.path("policies/50-round.cedar"), policy).expect("it is written");
        // Now and then in the middle of the reload, sometimes before it, sometimes after.
        for _ in 0..round % 10 {
            wire::get(program.admin, "/readyz", None).await;
        }
        program.kill();
        program = ground.serve();
        let ready = wire::get(program.admin, "/readyz", None).await;
        let body: Value = serde_json::from_str(&ready.text).expect("JSON");
        let draft = Draft::read(&ground.path("policies")).expect("it can be read");
        let live = &body["parts"]["policies"]["live"]["digest"];
        assert_eq!(live, draft.digest(), "round {round}: {}", ready.text);
    }
    let log = ground.log();
    let sequence: Vec<u64> = log.iter().filter_map(|one| one["seq"].as_u64()).collect();
    assert_eq!(sequence, (1..=log.len() as u64).collect::<Vec<_>>());
}
