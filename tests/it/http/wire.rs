//! Messages that no HTTP library would send: what two parsers could read in two ways is refused in one place, before routing.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{ACME_1, lines};
use crate::world::World;

/// The status and the text of the answer to exactly these bytes, which ask to close the connection or deserve it.
pub(super) async fn raw(world: &World, request: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(world.node.data_address()).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).unwrap_or("0").parse().unwrap();
    (status, answer)
}

#[tokio::test]
async fn a_message_that_can_be_read_in_two_ways_is_refused() {
    let world = World::new().await;
    let ours = world.token("acme", "ann");
    let jwt = format!("authorization: JWT {ours}\r\nconnection: close\r\n");
    let other = format!("authorization: JWT {}\r\n", world.token("globex", "eve"));
    let ann = "x-gatepost-act-as: 5b10a2844c20165700ede21g\r\n";
    let bob = "x-gatepost-act-as: 557058:f58131cb-b67d-43c7-b30d-6b58d40bd077\r\n";
    let host = "host: gate\r\n";
    let cases = [
        // Two answers to who asks, for whom, and where.
        format!("GET {ACME_1} HTTP/1.1\r\n{host}{jwt}{jwt}"),
        format!("GET {ACME_1} HTTP/1.1\r\n{host}{jwt}{other}"),
        format!("GET {ACME_1} HTTP/1.1\r\n{host}{jwt}authorization: Basic YTpi\r\n"),
        format!("GET {ACME_1} HTTP/1.1\r\n{host}{jwt}{ann}{ann}"),
        format!("GET {ACME_1} HTTP/1.1\r\n{host}{jwt}{ann}{bob}"),
        format!("GET {ACME_1} HTTP/1.1\r\n{host}{host}{jwt}"),
        format!("GET {ACME_1} HTTP/1.1\r\n{jwt}"),
        // Targets that are no path.
        format!("GET https://globex.atlassian.net{ACME_1} HTTP/1.1\r\n{host}{jwt}"),
        format!("GET http://gate{ACME_1} HTTP/1.1\r\n{host}{jwt}"),
        format!("GET * HTTP/1.1\r\n{host}{jwt}"),
        format!("CONNECT globex.atlassian.net:443 HTTP/1.1\r\n{host}{jwt}"),
        // Bodies whose length, or whose place, is in doubt.
        format!(
            "GET {ACME_1} HTTP/1.1\r\n{host}{jwt}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n"
        ),
        format!(
            "GET {ACME_1} HTTP/1.1\r\n{host}{jwt}transfer-encoding: gzip, chunked\r\n\r\n0\r\n"
        ),
        format!(
            "GET {ACME_1} HTTP/1.1\r\n{host}{jwt}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n"
        ),
        format!("GET {ACME_1} HTTP/1.1\r\n{host}{jwt}content-length: 1\r\n\r\nx"),
        format!("GET {ACME_1} HTTP/1.1\r\n{host}{jwt}content-length: 0, 0\r\n"),
        format!("GET {ACME_1} HTTP/1.1\r\n{host}{jwt}content-length: -1\r\n"),
        // Old and new versions.
        format!("GET {ACME_1} HTTP/1.0\r\n{host}{jwt}"),
        format!("GET {ACME_1} HTTP/2.0\r\n{host}{jwt}"),
        // Lines that are folded, spaced or ended otherwise.
        format!("GET {ACME_1} HTTP/1.1\r\n{host}{jwt}x-a: 1\r\n 2\r\n"),
        format!("GET {ACME_1} HTTP/1.1\r\n{host}authorization : JWT x\r\n"),
        format!("GET {ACME_1} HTTP/1.1\r\n{host}{jwt}x-a: a\u{e9}\r\n"),
        format!("GET {ACME_1}&fields=\u{e9} HTTP/1.1\r\n{host}{jwt}"),
        format!("GET {ACME_1} HTTP/1.1\r\n{host}{jwt}x-a: a\0b\r\n"),
    ];
    for case in &cases {
        let request = format!("{case}\r\n");
        let (status, answer) = raw(&world, request.as_bytes()).await;
        assert!([400, 505].contains(&status), "{case:?}: {answer}");
        assert!(!answer.contains("ACME-1"), "{case:?}: {answer}");
    }
    assert!(world.nothing_left());
    for line in lines(&world.decisions().await) {
        assert_eq!(line, "deny parse malformed_message");
    }
    let good = format!("GET {ACME_1} HTTP/1.1\r\n{host}{jwt}\r\n");
    assert_eq!(raw(&world, good.as_bytes()).await.0, 200);
}

#[tokio::test]
async fn a_second_request_on_a_connection_is_a_request_of_its_own() {
    let world = World::new().await;
    let token = world.token("acme", "ann");
    let head = "HTTP/1.1\r\nhost: gate\r\n";
    let first = format!("GET {ACME_1} {head}authorization: JWT {token}\r\n\r\n");
    let second = format!("GET {ACME_1} {head}connection: close\r\n\r\n");
    let (_, answers) = raw(&world, format!("{first}{second}").as_bytes()).await;
    let statuses: Vec<&str> = answers
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| &answer[..3])
        .collect();
    assert_eq!(
        statuses,
        ["200", "401"],
        "no credential outlives its request"
    );
}
