//! HTTP/1.1 by hand: what a test sends is exactly what goes over the wire, in the pieces that it says.

use std::net::SocketAddr;
use std::time::Duration;

use gatepost::standin::Callback;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longer than anything here may take: a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer; status 0 if the connection was closed without one.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

pub(crate) async fn connect(at: SocketAddr) -> TcpStream {
    TcpStream::connect(at).await.unwrap()
}

/// Everything until the peer closes, as answers. Panics if it does not close.
pub(crate) async fn replies(stream: &mut TcpStream) -> Vec<Reply> {
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    // A reset after the answer is an end as well.
    let _ = tokio::time::timeout(PATIENCE, read)
        .await
        .expect("the connection ends");
    split(&String::from_utf8_lossy(&bytes))
}

/// Sends `request` and reads until the peer closes.
pub(crate) async fn raw(at: SocketAddr, request: &[u8]) -> Vec<Reply> {
    let mut stream = connect(at).await;
    // The peer may have refused and closed before it read everything.
    let _ = stream.write_all(request).await;
    replies(&mut stream).await
}

/// Sends `request`, which asks for the connection to be closed, and gives the one answer.
pub(crate) async fn one(at: SocketAddr, request: &str) -> Reply {
    let mut all = raw(at, request.as_bytes()).await;
    assert!(all.len() <= 1, "{all:?}");
    all.pop().unwrap_or(Reply {
        status: 0,
        head: String::new(),
        text: String::new(),
    })
}

pub(crate) async fn get(at: SocketAddr, target: &str, authorization: Option<&str>) -> Reply {
    let credential = authorization.map(|value| format!("authorization: {value}\r\n"));
    let credential = credential.unwrap_or_default();
    let request =
        format!("GET {target} HTTP/1.1\r\nhost: gatepost\r\nconnection: close\r\n{credential}\r\n");
    one(at, &request).await
}

/// As [`get`], from a peer that may be gone, or go meanwhile: then nothing.
pub(crate) async fn try_get(at: SocketAddr, target: &str, authorization: &str) -> Option<Reply> {
    let mut stream = TcpStream::connect(at).await.ok()?;
    let request = format!(
        "GET {target} HTTP/1.1\r\nhost: gatepost\r\nconnection: close\r\nauthorization: {authorization}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    replies(&mut stream).await.pop()
}

pub(crate) async fn post(at: SocketAddr, callback: &Callback) -> Reply {
    let Callback {
        path,
        authorization,
        body,
    } = callback;
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: gatepost\r\nconnection: close\r\nauthorization: {authorization}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len(),
    );
    one(at, &request).await
}

/// Answers one after the other, each with a length.
fn split(mut text: &str) -> Vec<Reply> {
    let mut all = Vec::new();
    while let Some((head, rest)) = text.split_once("\r\n\r\n") {
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        let mut reply = Reply {
            status: status.unwrap_or(0),
            head: head.to_owned(),
            text: String::new(),
        };
        let length = reply
            .header("content-length")
            .parse()
            .unwrap_or(0)
            .min(rest.len());
        rest[..length].clone_into(&mut reply.text);
        text = &rest[length..];
        all.push(reply);
    }
    all
}
