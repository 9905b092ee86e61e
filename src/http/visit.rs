//! One request on the data plane from its first byte to its answer: checked by the front, its record begun, its answer stamped.
//! Used by the routes. Whatever happens, there is a decision id, and nobody is answered before it is in the log.

use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, RawPathParams, Request};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Limited};

use crate::gateway::{Ask, Gateway, Managed, Stop, Trail};
use crate::identity::install::CallbackError;
use crate::identity::presented::{Call, Presented};
use crate::ledger::entry::{Entry, Stage, shorten};

use super::App;
use super::front::{self, FrontError};
use super::page::Page;
use super::parse::{Parameters, ParseError};
use super::problem::{Form, Problem};

/// The peer of a connection, put beside each request by the listener.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// A request that passed the front.
pub(super) struct Visit {
    pub(super) app: App,
    pub(super) parts: http::request::Parts,
    pub(super) ip: IpAddr,
    params: Vec<(String, String)>,
    body: Body,
    trail: Trail,
}

/// How a visit ends without what was asked for.
#[derive(Debug)]
pub(super) enum Failure {
    Parse(ParseError),
    Stop(Stop),
    Callback(CallbackError),
}

impl<E: Into<ParseError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Parse(error.into())
    }
}

/// How a visit ends well.
pub(super) enum Done {
    Json(Bytes),
    Created(Bytes),
    Page(Page),
    Empty,
}

impl FromRequest<App> for Visit {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let client = client(app, &parts);
        let trail = Trail::new(begin(app, &parts, client.ok()));
        let checked = front::check(&parts).and(client.map(drop));
        let checked = checked.map_err(ParseError::from);
        let route = parts
            .extensions
            .get::<MatchedPath>()
            .map(|path| path.as_str().to_owned());
        let params = RawPathParams::from_request_parts(&mut parts, &()).await;
        let ip = client.map_or(IpAddr::from([0, 0, 0, 0]), |(ip, _)| ip);
        let mut visit = Self {
            app: app.clone(),
            parts,
            ip,
            params: Vec::new(),
            body,
            trail,
        };
        visit.trail.entry.route = route;
        if let Err(error) = checked {
            return Err(visit.finish(Err(error.into())).await);
        }
        match params {
            Ok(params) => {
                visit.params = params
                    .iter()
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect();
                Ok(visit)
            }
            Err(_) => Err(visit.finish(Err(ParseError::Encoding.into())).await),
        }
    }
}

impl Visit {
    /// A path parameter, decoded once. Routes know their parameters.
    pub(super) fn param(&self, name: &str) -> &str {
        self.params
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    pub(super) fn parameters(&self, names: &[&str]) -> Result<Parameters, ParseError> {
        Parameters::read(self.parts.uri.query(), names)
    }

    /// The request target as it came: what a request token is bound to.
    pub(super) fn target(&self) -> String {
        self.parts
            .uri
            .path_and_query()
            .map_or_else(String::new, |target| target.as_str().to_owned())
    }

    pub(super) fn entry(&self) -> &Entry {
        &self.trail.entry
    }

    /// Writes down of what is asked for as much as can be read, whatever else may turn out to be wrong with the request.
    pub(super) fn note(&mut self, site: Option<&str>, issue: Option<&str>, act_as: Option<&str>) {
        if let Some(site) = site {
            self.trail.note_site(site);
        }
        if let Some(Ok(issue)) = issue.map(str::parse) {
            self.trail.note_issue(&issue);
        }
        if let Ok(Some(account)) = super::parse::act_as(&self.parts.headers, act_as) {
            self.trail.note_act_as(&account);
        }
    }

    pub(super) async fn body(&mut self) -> Result<Bytes, ParseError> {
        let max = self.app.limits().body_bytes_max;
        let body = Limited::new(std::mem::take(&mut self.body), max).collect();
        // A body that trickles would hold its connection's place for ever.
        match tokio::time::timeout(self.app.gateway().request_timeout, body).await {
            Ok(body) => body
                .map(http_body_util::Collected::to_bytes)
                .map_err(|_| ParseError::Body(max)),
            Err(_elapsed) => Err(ParseError::Slow),
        }
    }

    /// A body in JSON. What is wrong with it is told with its place.
    pub(super) async fn json_body<T: serde::de::DeserializeOwned>(
        &mut self,
    ) -> Result<T, ParseError> {
        let body = self.body().await?;
        serde_json::from_slice(&body)
            .map_err(|error| ParseError::Json(shorten(&error.to_string().replace('\n', " "), 200)))
    }

    /// Reads a body that has nothing to say: none, or an empty object.
    pub(super) async fn empty_body(&mut self) -> Result<(), ParseError> {
        let body = self.body().await?;
        let said = std::str::from_utf8(&body).map(str::trim);
        if matches!(said, Ok("" | "{}")) {
            Ok(())
        } else {
            Err(ParseError::Json("this route takes none".to_owned()))
        }
    }

    /// Walks the corridor with what the route made of the request.
    pub(super) async fn pass(mut self, ask: Result<Ask, Failure>) -> Response {
        let result = match ask {
            Ok(ask) => match self.app.gateway().pass(ask, &mut self.trail).await {
                Ok(reply) => Ok(Done::Json(reply.into_body())),
                Err(stop) => Err(Failure::Stop(stop)),
            },
            Err(failure) => Err(failure),
        };
        self.finish(result).await
    }

    pub(super) async fn identify(&mut self) -> Result<crate::identity::Principal, Failure> {
        let presented = super::parse::credential(&self.parts.headers);
        let target = self.target();
        let call = Call {
            method: self.parts.method.as_str(),
            target: &target,
        };
        self.app
            .gateway()
            .identify(&presented, call, &mut self.trail)
            .await
            .map_err(Failure::Stop)
    }

    /// The request as somebody makes it who manages what is theirs.
    pub(super) async fn manage<T>(
        &mut self,
        work: impl AsyncFnOnce(&Gateway, Managed<'_>, &mut Trail) -> Result<T, Stop>,
    ) -> Result<T, Failure> {
        let presented = super::parse::credential(&self.parts.headers);
        self.manage_by(&presented, work).await
    }

    /// The same, where the credential may stand elsewhere than in its header.
    pub(super) async fn manage_by<T>(
        &mut self,
        presented: &Presented,
        work: impl AsyncFnOnce(&Gateway, Managed<'_>, &mut Trail) -> Result<T, Stop>,
    ) -> Result<T, Failure> {
        let target = self.target();
        let page = self.parts.headers.get("x-gatepost-page");
        let page = page.map(HeaderValue::to_str).transpose();
        let by = Managed {
            presented,
            call: Call {
                method: self.parts.method.as_str(),
                target: &target,
            },
            page: page.map_err(|_| ParseError::Encoding)?,
        };
        let done = work(self.app.gateway(), by, &mut self.trail).await;
        done.map_err(Failure::Stop)
    }

    /// Refuses what another origin's page makes a browser send. Programs send neither header.
    pub(super) fn require_own_origin(&self) -> Result<(), ParseError> {
        let says = |name: &str| self.parts.headers.get(name).map(HeaderValue::as_bytes);
        let site = says("sec-fetch-site").is_none_or(|site| site == b"same-origin");
        let own = self.app.about().origin();
        let origin = says("origin").is_none_or(|origin| origin == own.as_bytes());
        if site && origin {
            Ok(())
        } else {
            Err(ParseError::Origin)
        }
    }

    /// Records that everybody gets this, then gives it.
    pub(super) async fn publish(mut self, action: &str, done: Done) -> Response {
        let gateway = self.app.gateway();
        let given = gateway.give(&mut self.trail, Stage::Parse, action).await;
        let result = given.map(|()| done).map_err(Failure::Stop);
        self.finish(result).await
    }

    /// Records what is not recorded yet, then makes the answer.
    pub(super) async fn finish(self, result: Result<Done, Failure>) -> Response {
        let form = Form::wanted(&self.parts.headers);
        self.finish_in(form, result).await
    }

    /// The same, in this form if it is one in error.
    pub(super) async fn finish_in(self, form: Form, result: Result<Done, Failure>) -> Response {
        let Self { app, trail, .. } = self;
        let problem = match &result {
            Ok(_) => None,
            Err(failure) => Some(problem(&app, failure, &trail).await),
        };
        if matches!(&result, Err(Failure::Stop(Stop::Denied(denied))) if denied.breach) {
            app.metrics().breached();
        }
        let (decision_id, request_id) = (
            trail.decision_id().to_owned(),
            trail.entry.request_id.clone(),
        );
        let code = problem
            .as_ref()
            .map_or_else(|| "allowed".to_owned(), |problem| problem.code.clone());
        let mut response = match (problem, result) {
            (Some(problem), _) => problem.into_response(&decision_id, form),
            (None, Ok(Done::Json(body))) => json(StatusCode::OK, body),
            (None, Ok(Done::Created(body))) => json(StatusCode::CREATED, body),
            (None, Ok(Done::Page(page))) => page.into_response(),
            (None, _) => empty(),
        };
        let bytes = axum::body::HttpBody::size_hint(response.body()).lower();
        stamp(&mut response, &decision_id, request_id.as_deref());
        app.metrics()
            .answered(trail.entry.route.as_deref(), response.status(), &code);
        app.gateway()
            .close(trail, response.status().as_u16(), &code, bytes)
            .await;
        response
    }
}

async fn problem(app: &App, failure: &Failure, trail: &Trail) -> Problem {
    let (stage, code, why, problem) = match failure {
        Failure::Stop(stop) => return Problem::from(stop),
        Failure::Parse(error) => (Stage::Parse, error.code(), None, Problem::from(error)),
        Failure::Callback(error) => (
            Stage::Authenticate,
            "callback_refused",
            Some(error.code()),
            Problem::from(error),
        ),
    };
    let told = (problem.code.as_str(), problem.status.as_u16());
    match app.gateway().refuse(trail, stage, code, why, told).await {
        Err(stop) => Problem::from(&stop),
        Ok(()) => problem,
    }
}

/// The request's part of every entry about it.
fn begin(app: &App, parts: &http::request::Parts, client: Option<(IpAddr, bool)>) -> Entry {
    let now = app.clock().now();
    let text = |name: HeaderName| {
        let value = parts.headers.get(name)?;
        Some(shorten(&String::from_utf8_lossy(value.as_bytes()), 256))
    };
    Entry {
        decision_id: Some(app.chance().uuid(now).to_string()),
        request_id: Some(app.chance().uuid(now).to_string()),
        method: Some(shorten(parts.method.as_str(), 16)),
        peer: parts
            .extensions
            .get::<Peer>()
            .map(|peer| peer.0.ip().to_string()),
        forwarded_for: client
            .filter(|(_, forwarded)| *forwarded)
            .map(|(ip, _)| ip.to_string()),
        user_agent: text(header::USER_AGENT),
        trace_id: parts
            .headers
            .get("traceparent")
            .and_then(|value| trace_id(value.to_str().ok()?)),
        ..Entry::default()
    }
}

/// W3C Trace Context: `00-{32 hex}-{16 hex}-{2 hex}`.
fn trace_id(traceparent: &str) -> Option<String> {
    let id = traceparent.split('-').nth(1)?;
    (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .then(|| id.to_ascii_lowercase())
}

/// The client's address, and whether a proxy gave it. Only a listed proxy is believed, and only for the last hop it added. One that
/// gives none that can be read is refused: its own address would open what rules keep for it.
fn client(app: &App, parts: &http::request::Parts) -> Result<(IpAddr, bool), FrontError> {
    let peer = parts
        .extensions
        .get::<Peer>()
        .map_or(IpAddr::from([0, 0, 0, 0]), |peer| {
            peer.0.ip().to_canonical()
        });
    if !app.trusted_proxies().contains(&peer) {
        return Ok((peer, false));
    }
    let mut hops = Vec::new();
    for value in parts.headers.get_all("x-forwarded-for") {
        let value = value.to_str().map_err(|_| FrontError::Forwarded)?;
        hops.extend(value.split(',').map(str::trim));
    }
    let mut outermost = None;
    for hop in hops.into_iter().rev() {
        let ip: IpAddr = hop.parse().map_err(|_| FrontError::Forwarded)?;
        outermost = Some((ip.to_canonical(), true));
        if !app.trusted_proxies().contains(&ip.to_canonical()) {
            break;
        }
    }
    outermost.ok_or(FrontError::Forwarded)
}

fn json(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json;charset=UTF-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn empty() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

fn stamp(response: &mut Response, decision_id: &str, request_id: Option<&str>) {
    let headers = response.headers_mut();
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    put("x-gatepost-decision", decision_id);
    put("x-request-id", request_id.unwrap_or_default());
    put("x-content-type-options", "nosniff");
    // Only a file that is the same for everybody says otherwise.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}
