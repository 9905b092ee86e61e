//! Faults on demand: every way in which an upstream can fail its caller. For this folder; [`Fault`] is for everybody.
//! A fault falls on a whole role (all sites, the token server, the key server), never on the controls.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Collected};
use hyper::body::{Body as HyperBody, Frame};
use serde_json::json;
use tokio::sync::watch;

use super::gzip;
use super::seen::Role;

/// A way to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answer with this status and nothing done.
    Status(u16),
    /// Answer properly, so much later.
    Delay(Duration),
    /// Read the request and never answer.
    Hang,
    /// Read the request and answer properly once the fault is taken away or another takes its place, be it the same.
    Hold,
    /// Read the request and close the connection.
    CloseConnection,
    /// 200 and this text as JSON, whatever was asked for.
    Instead(String),
    /// 307 to this address: the redirect that keeps method and body, and thus the most that a careless client can lose.
    Redirect(String),
    /// 200 and JSON's content type over a page of HTML.
    NotJson,
    /// 200 and JSON of this many bytes, without a length in advance.
    Oversized(usize),
    /// 200 and JSON of this many bytes, compressed to less than a hundredth of it.
    Inflating(usize),
    /// The proper answer, cut off in the middle.
    Truncated,
    /// The proper answer as `text/html`.
    WrongContentType,
    /// 403, as Jira answers a login that wants a CAPTCHA first.
    Captcha,
    /// 404 for an issue, and a header that tells why: Jira takes whoever fails to log in for anybody, and shows what anybody may see.
    FailedLogin,
    /// 429, as Jira's burst limit answers.
    RateLimited {
        /// `Retry-After`, in seconds.
        retry_after_s: u32,
    },
}

/// The faults in force.
#[derive(Debug, Default)]
pub(super) struct Faults {
    planned: Mutex<HashMap<&'static str, Planned>>,
    count: AtomicU64,
    changes: watch::Sender<()>,
}

#[derive(Debug)]
struct Planned {
    fault: Fault,
    /// How many requests it still hits; nothing means all.
    left: Option<u32>,
    /// Which it is of all that were planned: the same fault planned again is another.
    number: u64,
}

impl Faults {
    pub(super) fn set(&self, role: Role, fault: Option<Fault>, times: Option<u32>) {
        let plan = |fault| Planned {
            fault,
            left: times,
            number: self.count.fetch_add(1, Ordering::Relaxed),
        };
        match fault.map(plan) {
            Some(plan) => self.planned().insert(role.as_str(), plan),
            None => self.planned().remove(role.as_str()),
        };
        self.changes.send_replace(());
    }

    /// Waits until the fault in force for `role` is not the one with this number any more.
    pub(super) async fn lifted(&self, role: Role, number: u64) {
        let holds = || {
            let planned = self.planned();
            let plan = planned.get(role.as_str());
            plan.is_some_and(|plan| plan.number == number)
        };
        let mut changes = self.changes.subscribe();
        // INVARIANT: the sender lives as long as `self`.
        let _ = changes.wait_for(|()| !holds()).await;
    }

    fn planned(&self) -> MutexGuard<'_, HashMap<&'static str, Planned>> {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fault that hits the request at hand, and its number.
    pub(super) fn next(&self, role: Role) -> Option<(Fault, u64)> {
        let mut planned = self.planned();
        let hit = planned.get_mut(role.as_str())?;
        match &mut hit.left {
            Some(0) => return None,
            Some(left) => *left -= 1,
            None => {}
        }
        Some((hit.fault.clone(), hit.number))
    }
}

/// The connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed by a fault that was asked for")]
pub(super) struct Closed;

/// Answers, if the fault lets it.
pub(super) async fn apply(
    fault: Option<Fault>,
    answer: impl Future<Output = Response>,
) -> Result<Response, Closed> {
    let Some(fault) = fault else {
        return Ok(answer.await);
    };
    Ok(match fault {
        Fault::Delay(span) => {
            tokio::time::sleep(span).await;
            answer.await
        }
        // The caller has waited already.
        Fault::Hold => answer.await,
        Fault::Hang => std::future::pending().await,
        Fault::CloseConnection => return Err(Closed),
        Fault::Truncated => truncated(answer.await).await,
        Fault::WrongContentType => with_content_type(answer.await, "text/html;charset=UTF-8"),
        Fault::Status(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            refusal(status, "The stand-in was told to fail.")
        }
        Fault::Instead(text) => json_of(Body::from(text)),
        Fault::Redirect(location) => redirect(&location),
        Fault::NotJson => json_of(Body::from(
            "<!DOCTYPE html><title>We'll be right back</title>",
        )),
        Fault::Oversized(bytes) => json_of(Body::new(Padding::of(bytes))),
        Fault::Inflating(bytes) => compressed(gzip::inflating(bytes)),
        Fault::Captcha => captcha(),
        Fault::FailedLogin => failed_login(),
        Fault::RateLimited { retry_after_s } => rate_limited(retry_after_s),
    })
}

fn json_of(body: Body) -> Response {
    with_content_type(Response::new(body), "application/json;charset=UTF-8")
}

fn compressed(file: Vec<u8>) -> Response {
    let mut answer = json_of(Body::from(file));
    let gzip = HeaderValue::from_static("gzip");
    answer.headers_mut().insert(header::CONTENT_ENCODING, gzip);
    answer
}

fn with_content_type(mut answer: Response, kind: &'static str) -> Response {
    let kind = HeaderValue::from_static(kind);
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

fn refusal(status: StatusCode, sentence: &str) -> Response {
    let body = json!({"errorMessages": [sentence], "errors": {}}).to_string();
    let mut answer = json_of(Body::from(body));
    *answer.status_mut() = status;
    answer
}

fn redirect(location: &str) -> Response {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    let location = HeaderValue::from_str(location).unwrap_or(HeaderValue::from_static("/"));
    answer.headers_mut().insert(header::LOCATION, location);
    answer
}

fn failed_login() -> Response {
    let sentence = "Issue does not exist or you do not have permission to see it.";
    let mut answer = refusal(StatusCode::NOT_FOUND, sentence);
    let reason = HeaderValue::from_static("AUTHENTICATED_FAILED");
    answer.headers_mut().insert("x-seraph-loginreason", reason);
    answer
}

fn captcha() -> Response {
    let sentence = "Basic Authentication Failure - Reason : AUTHENTICATION_DENIED";
    let mut answer = refusal(StatusCode::FORBIDDEN, sentence);
    let reason = HeaderValue::from_static("AUTHENTICATION_DENIED");
    answer.headers_mut().insert("x-seraph-loginreason", reason);
    answer
}

fn rate_limited(retry_after_s: u32) -> Response {
    let mut answer = refusal(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded.");
    let headers = answer.headers_mut();
    headers.insert(header::RETRY_AFTER, retry_after_s.into());
    headers.insert("x-ratelimit-limit", 100.into());
    headers.insert("x-ratelimit-remaining", 0.into());
    headers.insert(
        "ratelimit-reason",
        HeaderValue::from_static("jira-burst-based"),
    );
    answer
}

/// Announces the whole length and sends half of it.
async fn truncated(answer: Response) -> Response {
    let (mut head, body) = answer.into_parts();
    let whole = body
        .collect()
        .await
        .map(Collected::to_bytes)
        .unwrap_or_default();
    head.headers
        .insert(header::CONTENT_LENGTH, whole.len().into());
    let half = Half::Bytes(whole.slice(..whole.len() / 2));
    Response::from_parts(head, Body::new(half))
}

/// Gives its bytes, waits a turn, fails. Without the turn hyper drops what it has not yet flushed: head and bytes.
enum Half {
    Bytes(Bytes),
    Turn,
    End,
}

impl HyperBody for Half {
    type Data = Bytes;
    type Error = Closed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Closed>>> {
        match std::mem::replace(&mut *self, Self::End) {
            Self::Bytes(bytes) => {
                *self = Self::Turn;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Self::Turn => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Self::End => Poll::Ready(Some(Err(Closed))),
        }
    }
}

/// A JSON string of so many bytes, quotes included.
struct Padding {
    left: usize,
    opened: bool,
}

impl Padding {
    const CHUNK: &'static [u8] = &[b'x'; 16 * 1024];

    fn of(bytes: usize) -> Self {
        Self {
            left: bytes.max(2),
            opened: false,
        }
    }
}

impl HyperBody for Padding {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = match self.left {
            0 => return Poll::Ready(None),
            1 => Bytes::from_static(b"\""),
            _ if !self.opened => Bytes::from_static(b"\""),
            left => Bytes::from_static(&Self::CHUNK[..Self::CHUNK.len().min(left - 1)]),
        };
        self.opened = true;
        self.left -= chunk.len();
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }
}
