//! Faults on demand, and the life of the server itself.

use std::time::Duration;

use gatepost::clock::{Chance, Clock};
use gatepost::standin::{Fault, Role, Settings, Standin};
use tokio::net::TcpStream;

use super::Stage;

const ISSUE: &str = "/rest/api/3/issue/ACME-1";

#[tokio::test]
async fn each_fault_fails_in_its_own_way() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let token = stage.token(&acme, "ann").await;
    let whole = stage.get(&acme, &token, ISSUE).await;
    let next = async |fault| {
        stage.standin.set_fault_times(Role::Jira, fault, 1);
        stage.get(&acme, &token, ISSUE).await
    };
    assert_eq!(next(Fault::Status(503)).await.status, 503);
    assert_eq!(next(Fault::CloseConnection).await.status, 0);
    let redirect = next(Fault::Redirect("https://evil.example/".to_owned())).await;
    assert_eq!(
        (redirect.status, redirect.header("location")),
        (307, Some("https://evil.example/"))
    );
    let page = next(Fault::NotJson).await;
    assert_eq!(
        page.header("content-type"),
        Some("application/json;charset=UTF-8")
    );
    assert!(page.body.starts_with('<'));
    let big = next(Fault::Oversized(100_000)).await;
    assert_eq!(big.body.matches('x').count(), 99_998);
    let small = next(Fault::Inflating(1_000_000)).await;
    assert_eq!(small.header("content-encoding"), Some("gzip"));
    assert_eq!(small.header("content-length").map(str::len), Some(4));
    let cut = next(Fault::Truncated).await;
    assert_eq!(cut.header("content-length"), whole.header("content-length"));
    assert_eq!(cut.body.len(), whole.body.len() / 2);
    let html = next(Fault::WrongContentType).await;
    assert_eq!(
        (html.header("content-type"), &html.body),
        (Some("text/html;charset=UTF-8"), &whole.body)
    );
    let limited = next(Fault::RateLimited { retry_after_s: 7 }).await;
    assert_eq!(
        (limited.status, limited.header("retry-after")),
        (429, Some("7"))
    );
    for (fault, status, reason) in [
        (Fault::Captcha, 403, "AUTHENTICATION_DENIED"),
        (Fault::FailedLogin, 404, "AUTHENTICATED_FAILED"),
    ] {
        let refused = next(fault).await;
        let told = refused.header("x-seraph-loginreason");
        assert_eq!((refused.status, told), (status, Some(reason)));
    }
    assert_eq!(
        next(Fault::Delay(Duration::from_millis(1))).await.status,
        200
    );
    assert_eq!(stage.get(&acme, &token, ISSUE).await.status, 200);
}

#[tokio::test]
async fn a_fault_stays_with_its_role_until_it_is_lifted() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let token = stage.token(&acme, "ann").await;
    stage
        .standin
        .set_fault(Role::Jira, Some(Fault::Status(500)));
    for _ in 0..3 {
        assert_eq!(stage.get(&acme, &token, ISSUE).await.status, 500);
    }
    stage.token(&acme, "bob").await;
    assert_eq!(stage.get_own("/_standin/sites").await.status, 200);
    stage.standin.set_fault(Role::Jira, None);
    assert_eq!(stage.get(&acme, &token, ISSUE).await.status, 200);
}

#[tokio::test]
async fn a_request_that_hangs_is_seen_without_an_answer() {
    let stage = Stage::new().await;
    let acme = stage.acme();
    let token = stage.token(&acme, "ann").await;
    stage.standin.set_fault(Role::Jira, Some(Fault::Hang));
    stage.standin.clear_requests();
    let hanging = stage.get(&acme, &token, ISSUE);
    let seen = async {
        while stage.standin.requests().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = seen => {}
        _ = hanging => panic!("a request that hangs was answered"),
    }
    let seen = stage.standin.requests().pop().unwrap();
    assert_eq!(
        (seen.role, seen.status, seen.target.as_str()),
        (Role::Jira, 0, ISSUE)
    );
    assert_eq!(seen.authorization_kind.as_deref(), Some("Bearer"));
}

#[tokio::test]
async fn it_ends_with_its_last_handle() {
    let stage = Stage::new().await;
    let address = stage.standin.address();
    let site = stage.acme();
    drop(stage);
    assert!(
        TcpStream::connect(address).await.is_ok(),
        "a site is a handle, too"
    );
    drop(site);
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn it_listens_on_loopback_only_and_wants_names_of_sites() {
    for (listen, site) in [
        ("0.0.0.0:0", "acme"),
        ("127.0.0.1:0", "acme.example"),
        ("127.0.0.1:0", ""),
        // One that is there through Forge alone already.
        ("127.0.0.1:0", "initech"),
    ] {
        let settings = Settings {
            listen: listen.parse().unwrap(),
            sites: vec![site.to_owned()],
            ..Settings::default()
        };
        let refused = Standin::start(settings, Clock::system(), Chance::system()).await;
        assert!(refused.is_err(), "{listen} {site}");
    }
}
