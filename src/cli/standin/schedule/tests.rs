//! The schedule against something that answers by a script.

use super::*;
use crate::clock::{Chance, Clock};
use crate::standin::{Settings, Standin};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const AT_ONCE: Pace = Pace {
    starting: Duration::ZERO,
    mending: Duration::ZERO,
    round: Duration::ZERO,
};

/// Something that answers like a gateway, by a script.
struct Pretended {
    listener: TcpListener,
    target: Target,
}

impl Pretended {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/base", listener.local_addr().unwrap());
        let target = Target::parse(&base_url).unwrap();
        Self { listener, target }
    }

    /// Answers one request with each status; gives the requests.
    async fn answer(&self, statuses: &[u16]) -> Vec<String> {
        let mut requests = Vec::new();
        for status in statuses {
            let (mut stream, _) = self.listener.accept().await.unwrap();
            let (mut request, mut piece) = (Vec::new(), [0; 4096]);
            while !request.ends_with(b"\r\n\r\n{}") {
                let read = stream.read(&mut piece).await.unwrap();
                assert_ne!(read, 0, "the request ends early");
                request.extend_from_slice(&piece[..read]);
            }
            let answer = format!("HTTP/1.1 {status} Said\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            requests.push(String::from_utf8(request).unwrap());
        }
        requests
    }
}

async fn initech() -> Site {
    let standin = Standin::start(Settings::default(), Clock::system(), Chance::seeded(1)).await;
    standin.unwrap().site("initech")
}

/// How many different values the requests have of a header that each of them has.
fn different(requests: &[String], header: &str) -> usize {
    let value = |request: &String| {
        let value = request.lines().find_map(|line| line.strip_prefix(header));
        value.unwrap_or_else(|| panic!("{request}")).to_owned()
    };
    let values: std::collections::HashSet<_> = requests.iter().map(value).collect();
    values.len()
}

#[tokio::test]
async fn a_gateway_that_starts_is_tried_again_each_time_with_a_fresh_token() {
    let (site, gateway) = (initech().await, Pretended::new().await);
    let (requests, outcome) = tokio::join!(
        gateway.answer(&[401, 401, 204]),
        send(&site, &gateway.target, &AT_ONCE)
    );
    assert_eq!(outcome, Outcome::Taken);
    for request in &requests {
        let start = "POST /base/forge/remote/trigger HTTP/1.1\r\n";
        assert!(request.starts_with(start), "{request}");
        // Behind a token with a user is a browser, which could send any token as the app's.
        assert!(!request.contains("x-forge-oauth-user"), "{request}");
    }
    assert_eq!(different(&requests, "authorization: Bearer "), 3);
    assert_eq!(different(&requests, "x-forge-oauth-system: "), 3);
}

#[tokio::test]
async fn what_is_no_question_of_time_is_not_tried_again() {
    let (site, gateway) = (initech().await, Pretended::new().await);
    let sent = send(&site, &gateway.target, &AT_ONCE);
    let (_, outcome) = tokio::join!(gateway.answer(&[404]), sent);
    assert_eq!(outcome, Outcome::Refused(404));
}

#[tokio::test]
async fn patience_with_a_gateway_ends() {
    let (site, gateway) = (initech().await, Pretended::new().await);
    let refusals = [401; ATTEMPTS_MAX as usize];
    let sent = send(&site, &gateway.target, &AT_ONCE);
    let (_, outcome) = tokio::join!(gateway.answer(&refusals), sent);
    assert_eq!(outcome, Outcome::Refused(401));
    let Pretended { listener, target } = gateway;
    drop(listener);
    assert_eq!(
        send(&site, &target, &AT_ONCE).await,
        Outcome::Unsent(io::ErrorKind::ConnectionRefused)
    );
}

/// The token for the app ends, so it must come again; also after a round that failed.
#[tokio::test]
async fn it_comes_again_for_as_long_as_the_stand_in_runs() {
    let (sites, gateway) = ([initech().await], Pretended::new().await);
    let requests = tokio::select! {
        never = keep(&sites, &gateway.target, &AT_ONCE) => match never {},
        requests = gateway.answer(&[204, 500, 204, 204]) => requests,
    };
    assert_eq!(different(&requests, "x-forge-oauth-system: "), 4);
}

#[tokio::test]
async fn what_came_of_it_is_told_with_what_to_do() {
    let gateway = Target::parse("http://127.0.0.1:8080").unwrap();
    let site = initech().await;
    let said = |outcome| told(&site, &gateway, &outcome);
    assert_eq!(
        said(Outcome::Taken).unwrap(),
        "# Forge's schedule of initech.atlassian.net: 204; it comes again every hour."
    );
    assert_eq!(
        said(Outcome::Refused(401)).unwrap_err(),
        "Forge's schedule of initech.atlassian.net: the gateway refused it with 401: `atlassian.forge_app_id` and [development] must be \
         as printed; its log says why (`gatepost log query`). What Forge calls does not work there; tried again every minute."
    );
    assert_eq!(
        said(Outcome::Unsent(io::ErrorKind::TimedOut)).unwrap_err(),
        "Forge's schedule of initech.atlassian.net: the gateway at 127.0.0.1:8080 was not reached: timed out. What Forge calls does not \
         work there; tried again every minute."
    );
}
