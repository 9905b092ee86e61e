//! Key sets as they are read from a server that changes them, fails, and is asked about names that it never had.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatepost::clock::Timestamp;
use gatepost::identity::PublishedKeys;
use gatepost::identity::jwks::{JwksError, Pace};
use gatepost::outbound::{Bounds, Jwks, Outbound, Resolutions};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::world::NOON;

/// A server that answers every request alike, and counts.
pub(super) struct Server {
    answer: watch::Sender<String>,
    asked: Arc<AtomicUsize>,
    keys: PublishedKeys,
    outbound: Outbound,
    pub(super) url: String,
}

impl Server {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap());
        let (answer, answers) = watch::channel(ok(&set(&[])));
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 2048];
                let _read = stream.read(&mut request).await;
                count.fetch_add(1, Ordering::Relaxed);
                let answer = answers.borrow().clone();
                let _sent = stream.write_all(answer.as_bytes()).await;
            }
        });
        let server = Jwks::new(&url).unwrap();
        Self {
            answer,
            asked,
            keys: PublishedKeys::new(server, Pace::default()),
            outbound: outbound(),
            url,
        }
    }

    pub(super) fn answers(&self, answer: String) {
        self.answer.send_replace(answer);
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// Whether the key is there so many seconds after noon.
    async fn key(&self, kid: &str, seconds: i64) -> Result<(), JwksError> {
        let key = self.keys.key(&self.outbound, kid, at(seconds)).await;
        key.map(|_| ())
    }
}

pub(super) fn outbound() -> Outbound {
    let bounds = Bounds {
        connect_timeout: Duration::from_secs(2),
        site_timeout: Duration::from_secs(2),
        site_body_bytes_max: 1,
    };
    Outbound::new(bounds, Resolutions::new()).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(NOON.seconds() + seconds)
}

fn set(kids: &[&str]) -> String {
    let keys: Vec<Value> = kids.iter().map(|kid| jwk(kid)).collect();
    json!({"keys": keys}).to_string()
}

fn jwk(kid: &str) -> Value {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": x, "y": y})
}

pub(super) fn ok(body: &str) -> String {
    answer("200 OK", "", body)
}

fn answer(status: &str, header: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{header}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

const UNKNOWN: Result<(), JwksError> = Err(JwksError::UnknownKey);
const UNAVAILABLE: Result<(), JwksError> = Err(JwksError::Unavailable);

#[tokio::test]
async fn a_set_is_read_once_and_kept() {
    let server = Server::start().await;
    server.answers(ok(&set(&["one", "two"])));
    for second in 0..100 {
        assert_eq!(server.key("one", second).await, Ok(()));
        assert_eq!(server.key("two", second).await, Ok(()));
    }
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn made_up_names_cost_one_fetch_an_interval_together() {
    let server = Server::start().await;
    server.answers(ok(&set(&["one"])));
    assert_eq!(server.key("one", 0).await, Ok(()));
    for second in 0..300 {
        let name = format!("made-up-{second}");
        assert_eq!(server.key(&name, second).await, UNKNOWN);
    }
    // At noon, and at each half minute after it.
    assert_eq!(server.asked(), 10);
}

#[tokio::test]
async fn who_comes_at_once_waits_for_one_fetch() {
    let server = Server::start().await;
    server.answers(ok(&set(&["one"])));
    let ask = |name: String| {
        let (keys, outbound) = (server.keys.clone(), server.outbound.clone());
        tokio::spawn(async move { keys.key(&outbound, &name, at(0)).await.map(|_| ()) })
    };
    let known: Vec<_> = (0..100).map(|_| ask("one".to_owned())).collect();
    let made_up: Vec<_> = (0..100).map(|number| ask(format!("x{number}"))).collect();
    for answer in known {
        assert_eq!(answer.await.unwrap(), Ok(()));
    }
    for answer in made_up {
        assert_eq!(answer.await.unwrap(), UNKNOWN);
    }
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_new_key_is_learnt_when_it_is_first_used() {
    let server = Server::start().await;
    server.answers(ok(&set(&["old"])));
    assert_eq!(server.key("old", 0).await, Ok(()));
    server.answers(ok(&set(&["old", "new"])));
    assert_eq!(server.key("new", 29).await, UNKNOWN);
    assert_eq!(server.key("new", 30).await, Ok(()));
    assert_eq!((server.key("old", 30).await, server.asked()), (Ok(()), 2));
}

#[tokio::test]
async fn a_key_that_was_taken_out_ends_when_the_set_is_no_longer_fresh() {
    let server = Server::start().await;
    server.answers(ok(&set(&["old"])));
    assert_eq!(server.key("old", 0).await, Ok(()));
    server.answers(ok(&set(&["new"])));
    assert_eq!(server.key("old", 599).await, Ok(()));
    assert_eq!(server.key("old", 600).await, UNKNOWN);
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn what_is_known_outlives_a_server_that_is_down_but_not_for_ever() {
    const DAY: i64 = 24 * 3600;
    for failure in [
        answer("503 Service Unavailable", "", "{}"),
        answer("404 Not Found", "", &set(&["new"])),
        answer("301 Moved Permanently", "location: /elsewhere\r\n", ""),
        ok("<html>a page of a proxy</html>"),
        ok(&set(&["new"])).replace("\"kid\"", "\"kid\":\"new\",\"kid\""),
        ok(&" ".repeat(128 * 1024 + 1)),
        String::new(),
    ] {
        let server = Server::start().await;
        server.answers(ok(&set(&["old"])));
        assert_eq!(server.key("old", 0).await, Ok(()));
        server.answers(failure.clone());
        // Whether the new one is good cannot be said; the old one is.
        assert_eq!(server.key("new", 60).await, UNAVAILABLE, "{failure}");
        assert_eq!(server.key("old", 60).await, Ok(()));
        assert_eq!(server.key("old", DAY - 1).await, Ok(()), "{failure}");
        assert_eq!(server.key("old", DAY).await, UNAVAILABLE, "{failure}");
        assert_eq!(server.key("old", DAY + 29).await, UNAVAILABLE);
        let asked = server.asked();
        server.answers(ok(&set(&["new"])));
        // A failed fetch is a fetch: the next one waits for its time.
        assert_eq!(server.key("new", DAY + 28).await, UNAVAILABLE);
        assert_eq!(server.asked(), asked);
        assert_eq!(server.key("new", DAY + 60).await, Ok(()), "{failure}");
        assert_eq!(server.key("old", DAY + 60).await, UNKNOWN);
    }
}

#[tokio::test]
async fn without_any_set_nothing_verifies() {
    let server = Server::start().await;
    server.answers(answer("500 Internal Server Error", "", ""));
    for second in 0..60 {
        assert_eq!(server.key("one", second).await, UNAVAILABLE);
    }
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (server, target) = (Server::start().await, Server::start().await);
    target.answers(ok(&set(&["one"])));
    let redirects = [
        "301 Moved Permanently",
        "302 Found",
        "307 Temporary Redirect",
    ];
    for (status, second) in redirects.iter().zip([0, 30, 60]) {
        let header = format!("location: {}\r\n", target.url);
        server.answers(answer(status, &header, &set(&["one"])));
        assert_eq!(server.key("one", second).await, UNAVAILABLE);
    }
    assert_eq!(server.asked(), redirects.len());
    assert_eq!(target.asked(), 0);
}

#[tokio::test]
async fn who_hangs_up_does_not_take_the_fetch_along() {
    let server = Server::start().await;
    server.answers(ok(&set(&["one"])));
    let (keys, outbound) = (server.keys.clone(), server.outbound.clone());
    let caller = tokio::spawn(async move { keys.key(&outbound, "one", at(0)).await.map(|_| ()) });
    // On this runtime of one thread the caller runs until it waits for the server, and no further.
    tokio::task::yield_now().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    assert_eq!(server.key("one", 1).await, Ok(()));
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn an_edition_is_current_until_the_set_changes_or_grows_old() {
    let server = Server::start().await;
    let first = set(&["one"]);
    server.answers(ok(&first));
    let edition = async |kid: &str, second| {
        let current = server.keys.key(&server.outbound, kid, at(second)).await;
        current.map(|current| current.edition).ok()
    };
    let is_current = |edition, second| server.keys.is_current(edition, at(second));
    assert!(!is_current(0, 0) && !is_current(1, 0));
    assert_eq!(edition("one", 0).await, Some(1));
    assert!(is_current(1, 599) && !is_current(1, 600) && !is_current(2, 0));
    // The same text again is the same edition, and fresh again.
    assert_eq!(edition("one", 600).await, Some(1));
    assert!(is_current(1, 1199));
    server.answers(ok(&set(&["one"])));
    assert_eq!(edition("made-up", 700).await, None);
    assert_eq!(edition("one", 700).await, Some(2));
    assert!(!is_current(1, 700) && is_current(2, 700));
}

#[tokio::test]
async fn a_clock_that_is_set_back_neither_keeps_a_set_nor_stops_the_next() {
    let server = Server::start().await;
    server.answers(ok(&set(&["old"])));
    assert_eq!(server.key("old", 100_000).await, Ok(()));
    server.answers(ok(&set(&["new"])));
    assert_eq!(server.key("old", 0).await, UNKNOWN);
    assert_eq!(server.key("new", 0).await, Ok(()));
}
