//! One listener for all roles: reads whom a request is for, writes it down, answers or fails as told. For this folder only.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use super::api;
use super::controls;
use super::faults::{self, Closed, Fault};
use super::forge;
use super::graph;
use super::jira;
use super::jira::door;
use super::keys::Key;
use super::page;
use super::provider;
use super::seen::{Role, Seen};
use super::state::{Premises, State};
use super::strays::{self, Place};
use super::token_server::{self, Given};

const CONNECTIONS_MAX: usize = 4096;
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Serves until the task is aborted; its connections end with it.
pub(super) async fn serve(listener: TcpListener, state: Arc<State>) {
    let desk = Arc::new(Desk {
        own: own(state.clone()),
        jira: jira::router(state.clone()),
        state,
    });
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted
                    && connections.len() < CONNECTIONS_MAX
                {
                    connections.spawn(converse(stream, desk.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, desk: Arc<Desk>) {
    // Nagle's algorithm holds small answers back for up to 40 ms.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| desk.answer(request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    // An error is a client that went away, or a fault that was asked for.
    let _ = connection.await;
}

/// The roles at the listener's own address.
fn own(state: Arc<State>) -> Router {
    Router::new()
        .route("/keys/{kid}", get(key))
        .route("/oauth2/token", post(token_server::token))
        .route("/graphql", post(graph::query))
        .route("/forge/jwks.json", get(forge::jwks))
        .merge(provider::router())
        .merge(api::router())
        .merge(controls::router())
        .merge(page::router())
        .fallback(async || nothing_here())
        .with_state(state)
}

async fn key(Path(kid): Path<String>) -> Response {
    let key = Key::published();
    if kid != key.kid() {
        return (StatusCode::NOT_FOUND, "unknown key").into_response();
    }
    let headers = [(header::CONTENT_TYPE, "application/x-pem-file")];
    (headers, key.pem()).into_response()
}

fn nothing_here() -> Response {
    jira::refusal(
        StatusCode::NOT_FOUND,
        "The stand-in has nothing at this address.",
    )
}

/// Whom a request is for.
enum Addressee {
    Own(Role),
    /// What people and their browsers use: neither written down nor failed.
    Controls,
    Site(Arc<Premises>),
    Nobody,
}

struct Desk {
    state: Arc<State>,
    own: Router,
    jira: Router,
}

impl Desk {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response, Closed> {
        let request = request.map(Body::new);
        let addressee = self.addressee(&request);
        if matches!(addressee, Addressee::Controls) {
            return Ok(routed(&self.own, request).await);
        }
        let seen = self.seen(&addressee, &request);
        let (role, account) = (seen.role, seen.account.clone());
        let number = self.state.requests.arrived(seen);
        let request = match whole(request).await {
            Ok((head, body)) => {
                let place = self.place(&addressee, head.uri.path());
                strays::look(&self.state, &place, &head, &body);
                Request::from_parts(head, Body::from(body))
            }
            Err(answer) => return Ok(answer),
        };
        let answer = async {
            let mut answer = self.dispatch(&addressee, request).await;
            if matches!(role, Role::Jira | Role::Api) {
                jira::dress(&self.state, account.as_deref(), &mut answer);
            }
            answer
        };
        let fault = self.state.faults.next(role);
        if let Some((Fault::Hold, number)) = fault {
            self.state.faults.lifted(role, number).await;
        }
        let fault = fault.map(|(fault, _)| fault);
        let answer = faults::apply(fault, answer).await?;
        self.state.requests.answered(number, |seen| {
            seen.status = answer.status().as_u16();
            if let Some(given) = answer.extensions().get::<Given>() {
                seen.account.clone_from(&given.account);
                seen.scope = Some(given.scope.clone());
            }
        });
        Ok(answer)
    }

    async fn dispatch(&self, addressee: &Addressee, mut request: Request) -> Response {
        match addressee {
            Addressee::Own(Role::Api) if request.uri().path().starts_with(api::SITES) => {
                api::pass(&self.state, self.jira.clone(), request).await
            }
            Addressee::Own(_) | Addressee::Controls => routed(&self.own, request).await,
            Addressee::Nobody => nothing_here(),
            Addressee::Site(site) => {
                request.extensions_mut().insert(site.clone());
                routed(&self.jira, request).await
            }
        }
    }

    /// By the one `Host` header, with or without our port. A target with a host of its own, or `*`, is for nobody.
    fn addressee(&self, request: &Request) -> Addressee {
        let Some(host) = host(request.headers()) else {
            return Addressee::Nobody;
        };
        if request.uri().authority().is_some() || !request.uri().path().starts_with('/') {
            return Addressee::Nobody;
        }
        let address = self.state.address;
        let port = format!(":{}", address.port());
        if host == address.to_string() || host == format!("localhost{port}") {
            return own_addressee(request.uri().path());
        }
        let host = host.strip_suffix(&port).unwrap_or(&host);
        let site = self.state.sites.iter().find(|site| site.host == host);
        site.map_or(Addressee::Nobody, |site| Addressee::Site(site.clone()))
    }

    /// The same as seen by credentials.
    fn place(&self, addressee: &Addressee, path: &str) -> Place {
        match addressee {
            Addressee::Site(site) => Place::Site(site.clone()),
            Addressee::Own(Role::Token) => Place::Token,
            Addressee::Own(Role::Graph) => Place::Graph,
            Addressee::Own(Role::Api) if path == api::RESOURCES => Place::Resources,
            Addressee::Own(Role::Api) => {
                let site = api::site(&self.state, path).cloned();
                site.map_or(Place::Other("the api host"), Place::Behind)
            }
            Addressee::Own(Role::Keys) => Place::Other("the key server"),
            Addressee::Own(Role::Forge) => Place::Other("the key set of Forge"),
            Addressee::Own(Role::Provider) => Place::Other("an OpenID provider"),
            _ => Place::Other("nobody"),
        }
    }

    fn seen(&self, addressee: &Addressee, request: &Request) -> Seen {
        let headers = request.headers();
        let known = door::recognized(&self.state, headers);
        let (credential, account, scope) = match known {
            Some((kind, account, scope)) => (Some(kind), account, scope),
            None => (None, None, None),
        };
        let authorization = headers.get(header::AUTHORIZATION);
        let scheme = authorization.map(|value| {
            let text = value.to_str().unwrap_or_default();
            text.split(' ').next().unwrap_or_default().to_owned()
        });
        Seen {
            role: match addressee {
                Addressee::Own(role) => *role,
                Addressee::Site(_) => Role::Jira,
                Addressee::Controls | Addressee::Nobody => Role::Unknown,
            },
            host: host(headers).unwrap_or_default(),
            method: request.method().to_string(),
            target: request.uri().to_string(),
            credential,
            account,
            scope,
            status: 0,
            authorization_kind: scheme,
            headers: headers.keys().map(ToString::to_string).collect(),
        }
    }
}

/// A request with its body read.
async fn whole(request: Request) -> Result<(Parts, Bytes), Response> {
    let (head, body) = request.into_parts();
    match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(body) => Ok((head, body.to_bytes())),
        Err(_) => Err(StatusCode::PAYLOAD_TOO_LARGE.into_response()),
    }
}

fn own_addressee(path: &str) -> Addressee {
    if path.starts_with("/_standin/") || page::is_page(path) {
        Addressee::Controls
    } else if path.starts_with("/keys/") {
        Addressee::Own(Role::Keys)
    } else if path.starts_with("/oauth2/") {
        Addressee::Own(Role::Token)
    } else if path.starts_with(api::SITES) || path.starts_with("/oauth/") {
        Addressee::Own(Role::Api)
    } else if path == "/graphql" {
        Addressee::Own(Role::Graph)
    } else if path.starts_with("/forge/") {
        Addressee::Own(Role::Forge)
    } else if provider::is_provider(path) {
        Addressee::Own(Role::Provider)
    } else {
        Addressee::Own(Role::Unknown)
    }
}

fn host(headers: &HeaderMap) -> Option<String> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => Some(host.to_str().ok()?.to_ascii_lowercase()),
        _ => None,
    }
}

async fn routed(router: &Router, request: Request) -> Response {
    match router.clone().oneshot(request).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    }
}
