//! Strays: credentials that arrive where they do not belong. Whatever the stand-in gave out, and whatever looks like a credential of
//! the gateway's own, has its places; in any other header, query, path or body it is written down, and a test that ends with one
//! fails. For this folder; lists are read by everybody. A credential is never written down, only what it was and where it came.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use super::credentials::Opens;
use super::form;
use super::jwt;
use super::state::{Premises, State};

/// A run of letters shorter than this is no base64 of a credential.
const ENCODED_MIN: usize = 16;
const KEPT_MAX: usize = 1000;

/// What Forge signs for an invocation.
pub(super) const INVOCATION: &str = "an invocation token";
/// What an OpenID provider signs.
pub(super) const OPENID: &str = "a token of an OpenID provider";

/// Where a request came to.
#[derive(Clone)]
pub(super) enum Place {
    /// A site's own host.
    Site(Arc<Premises>),
    /// A site behind the api host.
    Behind(Arc<Premises>),
    /// The list of sites that a consent covers.
    Resources,
    Graph,
    Token,
    /// Anything else: key servers and sets, hosts and paths that are nobody's. No credential belongs there.
    Other(&'static str),
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Site(site) => write!(formatter, "the site {}", site.name),
            Self::Behind(site) => write!(formatter, "the site {} behind the api host", site.name),
            Self::Resources => formatter.write_str("the list of accessible resources"),
            Self::Graph => formatter.write_str("the GraphQL gateway"),
            Self::Token => formatter.write_str("the authorization server"),
            Self::Other(name) => formatter.write_str(name),
        }
    }
}

/// In what part of a request.
#[derive(Clone, PartialEq, Eq)]
enum Part {
    Authorization,
    Header(String),
    Target,
    Body,
}

impl std::fmt::Display for Part {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Authorization => formatter.write_str("the header `authorization`"),
            Self::Header(name) => write!(formatter, "the header `{name}`"),
            Self::Target => formatter.write_str("path or query"),
            Self::Body => formatter.write_str("the body"),
        }
    }
}

/// A credential that was found.
struct Found {
    what: &'static str,
    home: Home,
}

/// Where a credential belongs. All belong into `Authorization`, but for an assertion, which is the body's.
enum Home {
    Nowhere,
    /// The site with this name.
    Site(String),
    /// The site with this name behind the api host, and for the app's own token the GraphQL gateway.
    Behind {
        site: String,
        graph: bool,
    },
    /// Whose it is shows only when it is asked: every site that takes such, at its own host and behind the api host. Where nobody has
    /// said which those are, a client may call it a Bearer as well.
    ApiToken,
    /// The sites with these cloud ids behind the api host, as far as they take such, and the list of them. Where nobody has said which
    /// those are, the whole api host.
    Consent(Vec<String>),
    /// The authorization server.
    Token,
}

impl Home {
    fn takes(&self, own: &Own, place: &Place, part: &Part) -> bool {
        if let (Self::Token, Place::Token) = (self, place) {
            return *part == Part::Body;
        }
        if matches!(place, Place::Site(site) if site.has_lost_its_host()) {
            return false;
        }
        let there = match (self, place) {
            (Self::Site(name), Place::Site(site))
            | (Self::Behind { site: name, .. }, Place::Behind(site)) => *name == site.name,
            (Self::Behind { graph, .. }, Place::Graph) => *graph,
            (Self::ApiToken, Place::Site(site) | Place::Behind(site)) => {
                own.is_taken("api_token", &site.name)
            }
            (Self::ApiToken, Place::Resources) => own.is_unsaid(),
            (Self::Consent(clouds), Place::Behind(site)) => {
                let is_covered = own.is_unsaid() || clouds.contains(&site.cloud_id);
                is_covered && own.is_taken("oauth_token", &site.name)
            }
            (Self::Consent(_), Place::Resources) => own.is_taken_anywhere("oauth_token"),
            _ => false,
        };
        there && *part == Part::Authorization
    }
}

/// Which sites take which credentials of users' own: kind and site. Nothing where nobody has said it, and then all take all.
#[derive(Default)]
struct Own(Option<BTreeSet<(String, String)>>);

impl Own {
    fn is_unsaid(&self) -> bool {
        self.0.is_none()
    }

    fn is_taken(&self, kind: &str, site: &str) -> bool {
        let said = self.0.as_ref();
        said.is_none_or(|said| said.contains(&(kind.to_owned(), site.to_owned())))
    }

    fn is_taken_anywhere(&self, kind: &str) -> bool {
        let said = self.0.as_ref();
        said.is_none_or(|said| said.iter().any(|(taken, _)| taken == kind))
    }
}

/// The strays so far, and what users' own credentials are measured by.
#[derive(Default)]
pub(super) struct Strays {
    kept: Mutex<Vec<String>>,
    own: Mutex<Own>,
}

impl Strays {
    fn kept(&self) -> MutexGuard<'_, Vec<String>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn own(&self) -> MutexGuard<'_, Own> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on a site takes these kinds of users' own credentials, and one of which nothing is said takes none.
    pub(super) fn expect_own(&self, site: &str, kinds: &[&str]) {
        let mut own = self.own();
        let said = own.0.get_or_insert_default();
        said.retain(|(_, taker)| taker != site);
        said.extend(
            kinds
                .iter()
                .map(|kind| ((*kind).to_owned(), site.to_owned())),
        );
    }

    pub(super) fn list(&self) -> Vec<String> {
        self.kept().clone()
    }

    pub(super) fn clear(&self) {
        self.kept().clear();
    }
}

/// Writes down what strayed here with a request.
pub(super) fn look(state: &State, place: &Place, head: &Parts, body: &[u8]) {
    let mut strays = BTreeSet::new();
    let own = state.strays.own();
    for (part, text) in texts(head, body) {
        for found in examine(state, &text, true) {
            if !found.home.takes(&own, place, &part) {
                let (what, method) = (found.what, &head.method);
                strays.insert(format!("{what} in {part} of a {method} to {place}"));
            }
        }
    }
    drop(own);
    let mut kept = state.strays.kept();
    let room = KEPT_MAX.saturating_sub(kept.len());
    kept.extend(strays.into_iter().take(room));
}

/// Everything of a request that can carry a credential; what is percent-encoded also as it is meant.
fn texts(head: &Parts, body: &[u8]) -> Vec<(Part, String)> {
    let mut texts = headers(&head.headers);
    let target = head.uri.to_string();
    texts.push((Part::Target, form::lenient(&target)));
    texts.push((Part::Target, target));
    let body = String::from_utf8_lossy(body);
    texts.push((Part::Body, form::lenient(&body)));
    texts.push((Part::Body, body.into_owned()));
    texts
}

fn headers(headers: &HeaderMap) -> Vec<(Part, String)> {
    let part = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        let part = if name == AUTHORIZATION {
            Part::Authorization
        } else {
            Part::Header(name.to_string())
        };
        (part, String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    headers.iter().map(part).collect()
}

/// The credentials in a text, and in what its base64 stands for.
fn examine(state: &State, text: &str, decode: bool) -> Vec<Found> {
    let word = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
    let words = text
        .split(|letter| !word(letter))
        .filter(|word| !word.is_empty());
    let mut found: Vec<_> = words.filter_map(|word| recognize(state, word)).collect();
    if decode {
        let encoded = |letter: char| letter.is_ascii_alphanumeric() || "+/=_-".contains(letter);
        let runs = text.split(|letter| !encoded(letter));
        for inner in runs
            .filter(|run| run.len() >= ENCODED_MIN)
            .filter_map(decoded)
        {
            found.extend(examine(state, &inner, false));
        }
    }
    found
}

fn decoded(run: &str) -> Option<String> {
    let bytes = STANDARD.decode(run).ok();
    let bytes = bytes.or_else(|| URL_SAFE_NO_PAD.decode(run.trim_end_matches('=')).ok())?;
    String::from_utf8(bytes).ok()
}

fn recognize(state: &State, word: &str) -> Option<Found> {
    let known = |what, home| Some(Found { what, home });
    let long = word.len() > 40;
    if long && word.starts_with("gps_") {
        return known("a session", Home::Nowhere);
    }
    if long && word.starts_with("gp_") {
        return known("a client key", Home::Nowhere);
    }
    if long && word.starts_with("gpa_") {
        return known("an operator's token", Home::Nowhere);
    }
    if long && word.starts_with("ATCO") {
        return known("a shared secret", Home::Nowhere);
    }
    if state.credentials.was_api_token(word) {
        return known("an API token", Home::ApiToken);
    }
    if let Some(grant) = state.credentials.grant(word) {
        return Some(of_grant(grant.opens));
    }
    if let Some(what) = state.credentials.homeless(word) {
        return known(what, Home::Nowhere);
    }
    let (_, claims) = jwt::parts::<Value, Value>(word)?;
    of_jwt(state, &claims)
}

fn of_grant(opens: Opens) -> Found {
    let what = opens.name();
    let home = match opens {
        Opens::ConnectUser { site, .. } => Home::Site(site),
        Opens::ForgeApp { site, .. } => Home::Behind { site, graph: true },
        Opens::ForgeUser { site, .. } => Home::Behind { site, graph: false },
        Opens::OAuth { cloud_ids } => Home::Consent(cloud_ids),
    };
    Found { what, home }
}

/// A JWT by its issuer, whoever signed it: one that was bent is as much a credential as the one that it was made from.
fn of_jwt(state: &State, claims: &Value) -> Option<Found> {
    let issuer = claims["iss"].as_str()?;
    let known = |what, home| Some(Found { what, home });
    if issuer.starts_with("urn:atlassian:connect:clientid:") {
        return known("an assertion", Home::Token);
    }
    if issuer == "forge/invocation-token" {
        return known(INVOCATION, Home::Nowhere);
    }
    if issuer.starts_with(&state.own_url()) {
        return known(OPENID, Home::Nowhere);
    }
    if issuer == state.app_key {
        let audience = claims["aud"][0].as_str().unwrap_or_default();
        let of = |site: &&Arc<Premises>| site.was_client(audience);
        let site = state.sites.iter().find(of);
        let home = site.map_or(Home::Nowhere, |site| Home::Site(site.name.clone()));
        return known("a JWT of the app", home);
    }
    if state.sites.iter().any(|site| site.was_client(issuer)) {
        return known("a token of a site's page", Home::Nowhere);
    }
    None
}
