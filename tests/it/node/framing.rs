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

/// A request, and the one answer to it.
struct Case {
    what: &'static str,
    request: Vec<u8>,
    status: u16,
    /// Whether it got as far as to a record. What hyper refuses does not.
    recorded: bool,
}

fn case(what: &'static str, status: u16, recorded: bool, request: &str) -> Case {
    Case {
        what,
        request: request.as_bytes().to_vec(),
        status,
        recorded,
    }
}

/// Refused by the front.
fn here(what: &'static str, request: &str) -> Case {
    case(what, 400, true, request)
}

/// Refused by hyper.
fn below(what: &'static str, request: &str) -> Case {
    case(what, 400, false, request)
}

/// A GET of the issue with these headers beside Host and credential; `{token}` stands for a good one.
fn get(headers: &str) -> String {
    format!(
        "GET {ISSUE} HTTP/1.1\r\nHost: a\r\nAuthorization: JWT {{token}}\r\n{headers}Connection: close\r\n\r\n"
    )
}

/// The same with another request line.
fn line(line: &str) -> String {
    get("").replacen(&format!("GET {ISSUE} HTTP/1.1"), line, 1)
}

fn method(method: &str, headers: &str) -> String {
    get(headers).replacen("GET", method, 1)
}

fn request_lines() -> Vec<Case> {
    let absolute = format!("GET http://127.0.0.1{ISSUE} HTTP/1.1");
    let connect = "CONNECT acme.atlassian.net:443 HTTP/1.1";
    vec![
        here("HTTP/1.0", &line(&format!("GET {ISSUE} HTTP/1.0"))),
        below("HTTP/0.9", &line(&format!("GET {ISSUE}"))),
        here("CONNECT", &line(connect)),
        here("asterisk", &line("GET * HTTP/1.1")),
        here("absolute form", &line(&absolute)),
        here("UTF-8", &line(&format!("GET {ISSUE}\u{eb} HTTP/1.1"))),
        case("HEAD", 404, true, &method("HEAD", "")),
        case("TRACE", 404, true, &method("TRACE", "")),
        case("OPTIONS", 404, true, &method("OPTIONS", "")),
        case(
            "POST",
            404,
            true,
            &method("POST", "X-HTTP-Method-Override: GET\r\n"),
        ),
    ]
}

fn headers() -> Vec<Case> {
    let many: Vec<String> = (0..101).map(|n| format!("X-{n}: 1\r\n")).collect();
    let long = format!("X-Long: {}\r\n", "a".repeat(40 * 1024));
    let act_as = "X-Gatepost-Act-As: a\r\n";
    let mut no_text = here("no UTF-8", &get("X-Name: ##\r\n"));
    no_text.request = replace(&no_text.request, b"##", b"\xff\xfe");
    vec![
        here("no Host", &get("").replace("Host: a\r\n", "")),
        here("two Hosts", &get("Host: b\r\n")),
        here("two credentials", &get("Authorization: JWT x\r\n")),
        here("two act-as", &get(&act_as.repeat(2))),
        here("UTF-8", &get("X-Name: Zo\u{eb}\r\n")),
        no_text,
        below("obs-fold", &get("X-Folded: a\r\n b\r\n")),
        below("a space before the colon", &get("X-Space : a\r\n")),
        below("no name", &get(": a\r\n")),
        below("NUL", &get("X-Nul: a\0b\r\n")),
        below("CR", &get("X-Cr: a\rb\r\n")),
        case("101 headers", 431, false, &get(&many.concat())),
        case("a header of 40 KiB", 431, false, &get(&long)),
    ]
}

/// The body is a request that must not be taken for one. No `Connection: close` here, which would hide that it was.
fn lengths() -> Vec<Case> {
    let smuggled = format!("GET {FOREIGN} HTTP/1.1\r\nHost: a\r\n\r\n");
    let length = format!("Content-Length: {}\r\n", smuggled.len());
    let in_chunks = format!("{:x}\r\n{smuggled}\r\n0\r\n\r\n", smuggled.len());
    let head = |headers: &str| get(headers).replace("Connection: close\r\n", "");
    let plain = |headers: &str| head(headers) + &smuggled;
    let chunks = |headers: &str| head(headers) + &in_chunks;
    let chunked = "Transfer-Encoding: chunked\r\n";
    let coded = |codings: &str| format!("Transfer-Encoding: {codings}\r\n");
    let long = |length: &str| format!("Content-Length: {length}\r\n");
    vec![
        here("a body on GET", &plain(&length)),
        here("chunks on GET", &chunks(chunked)),
        here("chunked twice", &chunks(&coded("chunked, chunked"))),
        here("two encodings", &chunks(&chunked.repeat(2))),
        here("gzip, chunked", &chunks(&coded("gzip, chunked"))),
        below("chunked, gzip", &chunks(&coded("chunked, gzip"))),
        below("identity", &plain(&coded("identity"))),
        here("chunked and length", &chunks(&[chunked, &length].concat())),
        here("length and chunked", &chunks(&[&length, chunked].concat())),
        here("one length twice", &plain(&length.repeat(2))),
        below("two lengths", &plain(&(long("1") + &length))),
        below("a list of lengths", &plain(&long("5, 5"))),
        below("a signed length", &plain(&long("+5"))),
        below("a negative length", &plain(&long("-5"))),
        below("a hexadecimal length", &plain(&long("0x5"))),
    ]
}

#[tokio::test]
async fn a_message_that_could_be_read_in_two_ways_is_refused_and_nothing_is_sent() {
    // Where a connection stays open after its answer, this is how long the test waits for a second one.
    let settings = "limits.header_timeout_ms = 150";
    let world = World::builder().settings(settings).start().await;
    let at = world.node.data_address();
    let token = world.token("acme", "ann");
    let good = wire::one(at, &get("X-Good: 1\r\n").replace("{token}", &token)).await;
    assert_eq!(good.status, 200, "{}", good.text);
    world.jira.clear_requests();
    let before = world.decisions().await.len();
    let mut recorded = 0;
    for Case {
        what,
        request,
        status,
        recorded: is_recorded,
    } in request_lines()
        .into_iter()
        .chain(headers())
        .chain(lengths())
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
        () = tokio::time::sleep(Duration::from_mins(1)) => panic!("the connection is open still"),
    }
}

#[tokio::test]
async fn a_body_that_does_not_end_is_answered_and_recorded() {
    let world = World::builder()
        .not_installed()
        .settings("limits.request_timeout_ms = 2350\nlimits.own_credential_wait_ms = 100")
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
    // The connections that installed the app hold places until they have been idle for so long.
    let world = World::builder()
        .settings("limits.connections_max = 2\nlimits.header_timeout_ms = 300")
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

#[tokio::test]
async fn a_client_that_never_reads_its_answers_is_cut_off() {
    let settings = "limits.request_timeout_ms = 2350\nlimits.own_credential_wait_ms = 100";
    let world = World::builder().settings(settings).start().await;
    let mut stream = wire::connect(world.node.data_address()).await;
    let requests = "GET /connect/atlassian-connect.json HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000);
    // The answers fill every buffer, then the requests do, and nobody reads: without an end this would wait for ever.
    let flood = async { while stream.write_all(requests.as_bytes()).await.is_ok() {} };
    let ended = tokio::time::timeout(Duration::from_mins(1), flood).await;
    assert!(ended.is_ok(), "the connection is open still");
}
