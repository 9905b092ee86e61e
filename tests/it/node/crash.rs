//! Kill -9 under load: whoever was answered is in the log, whole, and the log has no gap.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use gatepost::clock::Clock;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::program::{Ground, Program};
use super::wire;

const KILLS: usize = 5;
const CLIENTS: usize = 8;
/// Answers before the kill, so that it falls into the middle of the load and not on its start.
const ANSWERS: u32 = 150;
const RESTART_US_MAX: u64 = 2_000_000;
const ISSUE: &str = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";
const FOREIGN: &str = "/v1/issue?site=https://globex.atlassian.net&issue=GLOBEX-1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_under_load_loses_no_record_of_an_answered_request() {
    let ground = Ground::new().await;
    let mut program = ground.serve();
    ground.install(&program).await;
    let answered = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..KILLS {
        load_and_kill(&ground, program, &answered).await;
        let watch = Clock::system().stopwatch();
        program = ground.serve();
        let ready = wire::get(program.admin, "/readyz", None).await;
        assert_eq!(ready.status, 200, "{}", ready.text);
        let took_us = watch.elapsed_us();
        assert!(took_us < RESTART_US_MAX, "the restart took {took_us} µs");
    }
    let log = ground.log();
    let sequence: Vec<u64> = log.iter().filter_map(|one| one["seq"].as_u64()).collect();
    assert_eq!(sequence, (1..=log.len() as u64).collect::<Vec<_>>());
    let whole = |name: &str| log.iter().all(|record| record[name].is_string());
    assert!(whole("kind") && whole("time") && whole("log_id") && whole("node"));
    let of_kind = |kind: &'static str| log.iter().filter(move |record| record["kind"] == kind);
    assert_eq!(of_kind("log_started").count(), KILLS + 1);
    assert_eq!(of_kind("log_stopped").count(), 0);
    let recorded: HashSet<(&str, &str)> = of_kind("decision")
        .map(|record| {
            let text = |name: &str| record[name].as_str().unwrap();
            (text("decision_id"), text("effect"))
        })
        .collect();
    let answered = answered.lock().unwrap();
    assert!(answered.len() >= KILLS * ANSWERS as usize);
    for (id, effect) in answered.iter() {
        assert!(recorded.contains(&(id.as_str(), *effect)), "{id} {effect}");
    }
}

type Answered = Arc<Mutex<Vec<(String, &'static str)>>>;

/// Kills the program while its clients are in the middle of their requests; they end with it.
async fn load_and_kill(ground: &Ground, program: Program, answered: &Answered) {
    let authorization = format!("JWT {}", ground.jira.site("acme").context_token("ann"));
    let counted = Arc::new(Semaphore::new(0));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let wish = if number % 4 == 0 { FOREIGN } else { ISSUE };
        let (at, authorization) = (program.data, authorization.clone());
        let (answered, counted) = (answered.clone(), counted.clone());
        clients.spawn(async move {
            while let Some(answer) = ask(at, wish, &authorization).await {
                answered.lock().unwrap().push(answer);
                counted.add_permits(1);
            }
        });
    }
    let enough = counted.acquire_many(ANSWERS).await;
    enough.unwrap().forget();
    program.kill();
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
}

/// The id of the decision and what it was; nothing once the program is gone.
async fn ask(at: SocketAddr, target: &str, authorization: &str) -> Option<(String, &'static str)> {
    let reply = wire::try_get(at, target, authorization).await?;
    let effect = match reply.status {
        200 => "allow",
        404 => "deny",
        other => panic!("{other}: {}", reply.text),
    };
    Some((reply.header("x-gatepost-decision").to_owned(), effect))
}
