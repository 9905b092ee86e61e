//! One HTTP/1.1 exchange on loopback over a connection of its own: how `demo` and `standin` play the client and Atlassian. Nothing of
//! the gateway uses it; no name is resolved and nothing but plain HTTP is spoken.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const ANSWER_BYTES_MAX: u64 = 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);

/// What to send.
#[derive(Clone, Debug)]
pub(super) struct Message<'a> {
    pub(super) method: &'a str,
    /// `127.0.0.1:8080`.
    pub(super) authority: &'a str,
    pub(super) target: &'a str,
    pub(super) authorization: &'a str,
    /// More headers, each name with its value.
    pub(super) headers: &'a [(String, String)],
    pub(super) body: &'a str,
}

/// What came back.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) status: u16,
    pub(super) body: String,
}

/// Sends the message and reads its answer whole.
pub(super) async fn exchange(message: &Message<'_>) -> io::Result<Received> {
    let answer = tokio::time::timeout(TIMEOUT, talk(message)).await;
    read(&answer.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??)
}

async fn talk(message: &Message<'_>) -> io::Result<Vec<u8>> {
    let Message {
        method,
        authority,
        target,
        authorization,
        headers,
        body,
    } = message;
    let credential = match *authorization {
        "" => String::new(),
        credential => format!("Authorization: {credential}\r\n"),
    };
    let more = headers.iter();
    let more: Vec<String> = more
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let more = more.concat();
    let content = match body.len() {
        0 => String::new(),
        length => format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"),
    };
    let start = format!("{method} {target} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n");
    let mut stream = TcpStream::connect(authority).await?;
    stream
        .write_all(format!("{start}{credential}{more}{content}\r\n{body}").as_bytes())
        .await?;
    let mut answer = Vec::new();
    stream
        .take(ANSWER_BYTES_MAX)
        .read_to_end(&mut answer)
        .await?;
    Ok(answer)
}

fn read(answer: &[u8]) -> io::Result<Received> {
    let text = String::from_utf8_lossy(answer);
    let status = text.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.ok_or_else(|| io::Error::other("the answer is no HTTP"))?;
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok(Received {
        status,
        body: body.to_owned(),
    })
}
