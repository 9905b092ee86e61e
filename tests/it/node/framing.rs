//! Messages that two parsers could read in two ways, that are too large, or that never end: raw bytes over TCP. The token and the issue
//! are good in each, so that nothing but the framing refuses them.
//!
//! What hyper refuses by itself has no record. What it normalises before anybody here sees it (bare LF, a fragment, equal lengths given
//! twice, a length beside `chunked`) is asserted as it is: one message, one answer, and the connection ends where the length was in doubt.

use std::time::Duration;

use gatepost::standin::{Fault, Role};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::wire;
use crate::world::World;

const ISSUE: &str = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";
const FOREIGN: &str = "/v1/issue?site=https://globex.atlassian.net&issue=GLOBEX-1";

/// A request in pieces: request line, then headers, then what follows the empty line. `{token}` stands for a good credential.
struct Case {
    what: &'static str,
    request: Vec<u8>,
    status: u16,
    recorded: bool,
}

fn case(what: &'static str, status: u16, recorded: bool, request: &str) -> Case {
    let request = request.as_bytes().to_vec();
    Case {
        what,
        request,
        status,
        recorded,
    }
}

/// A GET of the issue with these headers beside Host and credential.
fn get(headers: &str) -> String {
    format!(
        "GET {ISSUE} HTTP/1.1\r\nHost: a\r\nAuthorization: JWT {{token}}\r\n{headers}Connection: close\r\n\r\n"
    )
}

fn line(line: &str) -> String {
    get("").replacen(&format!("GET {ISSUE} HTTP/1.1"), line, 1)
}

fn cases() -> Vec<Case> {
    let smuggled = format!("GET {FOREIGN} HTTP/1.1\r\nHost: a\r\n\r\n");
    let with_body = |headers: &str, body: &str| get(headers) + body;
    let length = format!("Content-Length: {}\r\n", smuggled.len());
    let chunked = format!("{:x}\r\n{smuggled}\r\n0\r\n\r\n", smuggled.len());
    let many: String = (0..101).map(|n| format!("X-{n}: 1\r\n")).collect();
    let long = format!("X-Long: {}\r\n", "a".repeat(40 * 1024));
    vec![
        case("no Host", 400, true, &get("").replace("Host: a\r\n", "")),
        case("two Hosts", 400, true, &get("Host: b\r\n")),
        case(
            "HTTP/1.0",
            400,
            true,
            &line(&format!("GET {ISSUE} HTTP/1.0")),
        ),
        case("HTTP/0.9", 400, false, &line(&format!("GET {ISSUE}"))),
        case(
            "CONNECT",
            400,
            true,
            &line("CONNECT acme.atlassian.net:443 HTTP/1.1"),
        ),
        case("asterisk", 400, true, &line("GET * HTTP/1.1")),
        case(
            "absolute form",
            400,
            true,
            &line(&format!("GET http://127.0.0.1{ISSUE} HTTP/1.1")),
        ),
        case(
            "chunked twice",
            400,
            true,
            &with_body("Transfer-Encoding: chunked, chunked\r\n", &chunked),
        ),
        case(
            "two Transfer-Encodings",
            400,
            true,
            &with_body(
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                &chunked,
            ),
        ),
        case(
            "gzip, chunked",
            400,
            true,
            &with_body("Transfer-Encoding: gzip, chunked\r\n", &chunked),
        ),
        case(
            "chunked, gzip",
            400,
            false,
            &with_body("Transfer-Encoding: chunked, gzip\r\n", &chunked),
        ),
        case(
            "identity",
            400,
            false,
            &with_body("Transfer-Encoding: identity\r\n", &smuggled),
        ),
        case(
            "Transfer-Encoding, then a length",
            400,
            true,
            &with_body(&format!("Transfer-Encoding: chunked\r\n{length}"), &chunked),
        ),
        case(
            "a length, then Transfer-Encoding",
            400,
            true,
            &with_body(&format!("{length}Transfer-Encoding: chunked\r\n"), &chunked),
        ),
        case(
            "two lengths",
            400,
            false,
            &with_body(&format!("Content-Length: 1\r\n{length}"), &smuggled),
        ),
        case(
            "one length twice",
            400,
            true,
            &with_body(&format!("{length}{length}"), &smuggled),
        ),
        case(
            "a list of lengths",
            400,
            false,
            &with_body("Content-Length: 5, 5\r\n", "aaaaa"),
        ),
        case(
            "a signed length",
            400,
            false,
            &with_body("Content-Length: +5\r\n", "aaaaa"),
        ),
        case(
            "a negative length",
            400,
            false,
            &with_body("Content-Length: -5\r\n", "aaaaa"),
        ),
        case("a body on GET", 400, true, &with_body(&length, &smuggled)),
        case(
            "chunks on GET",
            400,
            true,
            &with_body("Transfer-Encoding: chunked\r\n", &chunked),
        ),
        case("obs-fold", 400, false, &get("X-Folded: a\r\n b\r\n")),
        case(
            "a space before the colon",
            400,
            false,
            &get("X-Space : a\r\n"),
        ),
        case("no name", 400, false, &get(": a\r\n")),
        case("NUL in a header", 400, false, &get("X-Nul: a\0b\r\n")),
        case("CR in a header", 400, false, &get("X-Cr: a\rb\r\n")),
        case(
            "two credentials",
            400,
            true,
            &get("Authorization: JWT x\r\n"),
        ),
        case(
            "two act-as",
            400,
            true,
            &get("X-Gatepost-Act-As: a\r\nX-Gatepost-Act-As: a\r\n"),
        ),
        case("101 headers", 431, false, &get(&many)),
        case("a header of 40 KiB", 431, false, &get(&long)),
        case(
            "raw UTF-8 in a header",
            400,
            true,
            &get("X-Name: Zo\u{eb}\r\n"),
        ),
        case(
            "raw UTF-8 in the target",
            400,
            true,
            &line(&format!("GET {ISSUE}\u{eb} HTTP/1.1")),
        ),
        case("HEAD", 404, true, &get("").replacen("GET", "HEAD", 1)),
        case("TRACE", 404, true, &get("").replacen("GET", "TRACE", 1)),
        case("OPTIONS", 404, true, &get("").replacen("GET", "OPTIONS", 1)),
        case(
            "POST",
            404,
            true,
            &get("X-HTTP-Method-Override: GET\r\n").replacen("GET", "POST", 1),
        ),
    ]
}

#[tokio::test]
async fn a_message_that_could_be_read_in_two_ways_is_refused_and_nothing_is_sent() {
    let world = World::new().await;
    let at = world.node.data_address();
    let token = world.token("acme", "ann");
    let good = wire::one(at, &get("X-Good: 1\r\n").replace("{token}", &token)).await;
    assert_eq!(good.status, 200, "{}", good.text);
    world.jira.clear_requests();
    let mut cases = cases();
    let raw = |what, header: &[u8]| Case {
        what,
        request: [get("").trim_end().as_bytes(), b"\r\n", header, b"\r\n\r\n"].concat(),
        status: 400,
        recorded: true,
    };
    cases.push(raw(
        "bytes that are no UTF-8 in a header",
        b"X-Name: \xff\xfe",
    ));
    let before = world.decisions().await.len();
    let mut recorded = 0;
    for Case {
        what,
        request,
        status,
        recorded: is_recorded,
    } in cases
    {
        let request = replace(&request, b"{token}", token.as_bytes());
        let answers = wire::raw(at, &request).await;
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [status], "{what}");
        let has_id = !answers[0].header("x-gatepost-decision").is_empty();
        assert_eq!(has_id, is_recorded, "{what}");
        recorded += usize::from(is_recorded);
        assert!(world.nothing_left(), "{what}");
    }
    let log = world.decisions().await.split_off(before);
    assert_eq!(log.len(), recorded);
    for record in &log {
        assert_eq!(record["effect"], "deny", "{record}");
        assert_eq!(record["stage"], "parse", "{record}");
    }
}

fn replace(bytes: &[u8], this: &[u8], by: &[u8]) -> Vec<u8> {
    let at = bytes.windows(this.len()).position(|window| window == this);
    let at = at.unwrap();
    [&bytes[..at], by, &bytes[at + this.len()..]].concat()
}

#[tokio::test]
async fn bare_lf_and_a_fragment_make_one_message_as_hyper_reads_them() {
    let world = World::new().await;
    let fragment = line(&format!("GET {ISSUE}#&issue=ACME-2 HTTP/1.1"));
    let request = fragment.replace("{token}", &world.token("acme", "ann"));
    let answer = wire::one(world.node.data_address(), &request).await;
    assert_eq!(answer.status, 200);
    assert!(world.jira_saw().iter().all(|seen| !seen.contains("ACME-2")));
    let request = get("")
        .replace("{token}", &world.token("acme", "ann"))
        .replace("\r\n", "\n");
    let answers = wire::raw(world.node.data_address(), request.as_bytes()).await;
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].status, 200);
}

#[tokio::test]
async fn a_callback_with_length_and_chunks_is_read_by_its_chunks_and_its_connection_ends() {
    let world = World::builder().not_installed().start().await;
    let callback = world.site("acme").install(world.app_url());
    let (length, body) = (callback.body.len(), &callback.body);
    let after = format!("GET {ISSUE} HTTP/1.1\r\nHost: a\r\n\r\n");
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: a\r\nAuthorization: {}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n\
         {length:x}\r\n{body}\r\n0\r\n\r\n{after}",
        callback.path, callback.authorization,
    );
    let answers = wire::raw(world.node.data_address(), request.as_bytes()).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [204]);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_turn_each_with_a_decision_of_its_own() {
    let world = World::new().await;
    let token = world.token("acme", "ann");
    let first = get("")
        .replace("{token}", &token)
        .replace("Connection: close\r\n", "");
    let second = get("").replace("{token}", &token).replace(ISSUE, FOREIGN);
    let answers = wire::raw(world.node.data_address(), (first + &second).as_bytes()).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 404]);
    let ids: Vec<&str> = answers
        .iter()
        .map(|answer| answer.header("x-gatepost-decision"))
        .collect();
    let log = world.decisions().await;
    let recorded: Vec<_> = log
        .iter()
        .filter(|record| record["kind"] == "decision")
        .collect();
    let recorded: Vec<_> = recorded
        .iter()
        .map(|record| record["decision_id"].as_str().unwrap())
        .collect();
    assert_eq!(recorded, ids);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_with_and_without_a_length() {
    let world = World::builder()
        .not_installed()
        .settings("limits.body_bytes_max = 1024")
        .start()
        .await;
    let callback = world.site("acme").install(world.app_url());
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: {}\r\n",
        callback.path, callback.authorization
    );
    let large = callback.body + &" ".repeat(4096);
    let with_length = format!("{head}Content-Length: {}\r\n\r\n{large}", large.len());
    let in_chunks = format!(
        "{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{large}\r\n0\r\n\r\n",
        large.len()
    );
    for request in [with_length, in_chunks] {
        let answers = wire::raw(world.node.data_address(), request.as_bytes()).await;
        assert_eq!(answers.len(), 1);
        assert_eq!(answers[0].status, 413, "{}", answers[0].text);
    }
    assert!(world.node.shared().opened.tenants.all().is_empty());
}

#[tokio::test]
async fn a_head_that_does_not_end_ends_its_connection() {
    let world = World::builder()
        .settings("limits.header_timeout_ms = 200")
        .start()
        .await;
    let at = world.node.data_address();
    // Nothing at all, half a head, and nothing more after a first request.
    let first = get("")
        .replace("Connection: close\r\n", "")
        .replace("{token}", &world.token("acme", "ann"));
    for (sent, answered) in [("", 0), (&first[..first.len() - 2], 0), (&first, 1)] {
        let mut stream = wire::connect(at).await;
        stream.write_all(sent.as_bytes()).await.unwrap();
        let answers = wire::replies(&mut stream).await;
        let good = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(good, answered, "{answers:?}");
    }
    // A byte now and then does not help.
    let mut stream = wire::connect(at).await;
    let (mut read, mut write) = stream.split();
    let trickle = async {
        for byte in first.as_bytes().iter().cycle() {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if write.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
    };
    let mut answer = Vec::new();
    tokio::select! {
        () = trickle => {}
        _ = read.read_to_end(&mut answer) => {}
        () = tokio::time::sleep(Duration::from_secs(10)) => panic!("the connection is open still"),
    }
}

#[tokio::test]
async fn a_body_that_does_not_end_is_answered_and_recorded() {
    let world = World::builder()
        .not_installed()
        .settings("limits.request_timeout_ms = 300")
        .start()
        .await;
    let callback = world.site("acme").install(world.app_url());
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: a\r\nAuthorization: {}\r\nContent-Length: {}\r\n\r\n{{",
        callback.path,
        callback.authorization,
        callback.body.len(),
    );
    let answers = wire::raw(world.node.data_address(), request.as_bytes()).await;
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].status, 408, "{}", answers[0].text);
    let log = world.decisions().await;
    assert_eq!(
        log[0]["decision_id"],
        answers[0].header("x-gatepost-decision")
    );
    assert_eq!(log[0]["code"], "body_too_slow");
}

#[tokio::test]
async fn a_connection_beyond_the_cap_waits_for_its_place() {
    let world = World::builder()
        .settings("limits.connections_max = 2")
        .start()
        .await;
    let at = world.node.data_address();
    world.jira.set_fault(Role::Jira, Some(Fault::Hang));
    let request = get("").replace("{token}", &world.token("acme", "ann"));
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = wire::connect(at).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        open.push(stream);
    }
    while world.jira_saw().len() < 2 {
        tokio::task::yield_now().await;
    }
    let mut third = wire::connect(at).await;
    let wish = "GET /v1/whoami HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    third.write_all(wish.as_bytes()).await.unwrap();
    let mut byte = [0];
    let early = tokio::time::timeout(Duration::from_millis(200), third.read(&mut byte)).await;
    assert!(early.is_err(), "it was served beside two others");
    drop(open);
    let answers = wire::replies(&mut third).await;
    assert_eq!(answers[0].status, 401);
}

#[tokio::test]
async fn the_descriptor_passes_the_front_like_every_route() {
    let world = World::new().await;
    let at = world.node.data_address();
    let path = "/connect/atlassian-connect.json";
    assert_eq!(wire::get(at, path, None).await.status, 200);
    let two_hosts =
        format!("GET {path} HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n");
    assert_eq!(wire::one(at, &two_hosts).await.status, 400);
}
