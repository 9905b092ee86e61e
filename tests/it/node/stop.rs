//! The end in order: an open request ends, the log is closed, the exit code says so.

use std::time::Duration;

use gatepost::standin::{Fault, Role};
use tokio::io::AsyncWriteExt as _;

use super::program::Ground;
use super::wire;

const ISSUE: &str = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";

#[tokio::test]
async fn a_signal_to_stop_lets_an_open_request_end_and_closes_the_log() {
    let ground = Ground::new().await;
    let program = ground.serve();
    ground.install(&program).await;
    let delay = Fault::Delay(Duration::from_millis(600));
    ground.jira.set_fault(Role::Jira, Some(delay));
    ground.jira.clear_requests();
    let token = ground.jira.site("acme").context_token("ann");
    let mut open = wire::connect(program.data).await;
    let request =
        format!("GET {ISSUE} HTTP/1.1\r\nhost: gatepost\r\nauthorization: JWT {token}\r\n\r\n");
    open.write_all(request.as_bytes()).await.unwrap();
    until_jira_sees(&ground, Role::Jira).await;
    let data = program.data;
    program.terminate();
    let answers = wire::replies(&mut open).await;
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0].status, 200, "{}", answers[0].text);
    let status = program.ended().await;
    assert_eq!(status.code(), Some(0));
    assert!(tokio::net::TcpStream::connect(data).await.is_err());
    let log = ground.log();
    let kinds: Vec<_> = log.iter().rev().take(3).map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["log_stopped", "outcome", "decision"]);
    assert!(!ground.path("gatepost.db.sock").exists());
}

/// Turns until the request has reached the stand-in; what is waited for is an event, not a time.
async fn until_jira_sees(ground: &Ground, role: Role) {
    let seen = async {
        while !ground.jira.requests().iter().any(|seen| seen.role == role) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), seen)
        .await
        .unwrap();
}
