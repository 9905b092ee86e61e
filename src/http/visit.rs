//! One request on the data plane from its first byte to its answer: checked by the front, its record begun, its answer stamped.
//! Used by the routes. Whatever happens, there is a decision id, and nobody is answered before it is in the log.

use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, RawPathParams, Request};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Limited};

use crate::decision::Action;
use crate::gateway::{Ask, Gateway, Inquiry, Managed, Stop, Told, Trail};
use crate::identity::install::CallbackError;
use crate::identity::presented::{Call, Presented};
use crate::ledger::entry::{Entry, Kind, Stage, shorten};
use crate::tenant::registry::SiteAsked;

use super::App;
use super::arrival::{begin, client};
use super::form::Form;
use super::front;
use super::page::Page;
use super::parse::{Parameters, ParseError};
use super::problem::Problem;

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

    /// Writes down what is to be done.
    pub(super) fn note_action(&mut self, action: Action) {
        self.trail.entry.action = Some(action.as_str().to_owned());
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
        serde_json::from_slice(&body).map_err(|error| {
            ParseError::Members(shorten(&error.to_string().replace('\n', " "), 200))
        })
    }

    /// Reads a body that has nothing to say: none, or an empty object.
    pub(super) async fn empty_body(&mut self) -> Result<(), ParseError> {
        let body = self.body().await?;
        let said = std::str::from_utf8(&body).map(str::trim);
        if matches!(said, Ok("" | "{}")) {
            Ok(())
        } else {
            Err(ParseError::Members("this route takes none".to_owned()))
        }
    }

    /// Walks the corridor with what the route made of the request.
    pub(super) async fn pass(mut self, ask: Result<Ask, Failure>) -> Response {
        let result = match ask {
            // On the heap: the whole corridor is larger than what a stack should have to carry.
            Ok(ask) => match Box::pin(self.app.gateway().pass(ask, &mut self.trail)).await {
                Ok(reply) => Ok(Done::Json(reply.into_body())),
                Err(stop) => Err(Failure::Stop(stop)),
            },
            Err(failure) => Err(failure),
        };
        self.finish(result).await
    }

    /// The verified principal, who is given what is called `action` in the record. `site` is the one that the request names.
    pub(super) async fn identify(
        &mut self,
        site: &SiteAsked,
        action: &str,
    ) -> Result<crate::identity::Principal, Failure> {
        self.manage(async |gateway, by, trail| gateway.identify(by, site, action, trail).await)
            .await
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
        super::parse::refuse_act_as(&self.parts.headers)?;
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
            ip: self.ip,
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

    /// From here on, what is recorded is a check: nothing is going to be done.
    pub(super) fn begin_check(&mut self) {
        self.trail.entry.kind = Kind::Check;
    }

    /// What the policies say to a question.
    pub(super) async fn check(&mut self, inquiry: Inquiry) -> Result<Told, Failure> {
        let told = self.app.gateway().check(inquiry, &mut self.trail).await;
        let told = told.map_err(Failure::Stop)?;
        if told.breach {
            self.app.metrics().breached();
        }
        Ok(told)
    }

    /// The id of the decision, as the answer's header has it.
    pub(super) fn decision_id(&self) -> &str {
        self.trail.decision_id()
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
            Err(failure) => {
                let (method, route) = (&trail.entry.method, &trail.entry.route);
                let problem = problem(&app, failure, &trail).await;
                Some(problem.on(method.as_deref(), route.as_deref()))
            }
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
