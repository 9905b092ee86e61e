//! The pretended Jira, for demo, tests and people who develop against Gatepost: several sites, a key server that signs installs, an
//! authorization server, Forge, the api host and two OpenID providers, behind one listener on loopback. May be used by `cli` and tests, never by the corridor; it uses only
//! `clock` and `secret` of this crate. It shares no code with the gateway's own checks: a stranger's second implementation
//! finds faults that a shared one hides.
//!
//! Sites are told apart by `Host`. At the listener's own address are `GET /keys/{kid}`, `POST /oauth2/token`, the api host with
//! `/ex/jira/{cloud id}/rest/…`, `/oauth/token/accessible-resources` and `POST /graphql`, `/forge/jwks.json`, the providers `/oidc` and
//! `/oidc-other`, `/_standin/…`, and for browsers `/sites/{name}/page` with the app's page in its frame and `/connect/all.js`, Jira's
//! script.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::clock::{Chance, Clock};

mod api;
mod app_jwt;
mod assertion;
mod controls;
mod credentials;
mod faults;
mod forge;
mod form;
mod graph;
mod gzip;
mod handout;
mod install;
mod jira;
mod jwt;
mod keys;
mod own;
mod page;
mod people;
mod provider;
mod qsh;
mod seen;
mod server;
mod site;
mod state;
mod strays;
mod token_server;

pub use faults::Fault;
pub use install::{Callback, InstallDraft};
pub use jira::{Issue, Link, Remark};
pub use jwt::{Signing, TokenDraft};
pub use keys::Key;
pub use own::ApiCredential;
pub use people::{PEOPLE, Person, account};
pub use provider::Provider;
pub use seen::{Role, Seen};
pub use site::Site;

use state::State;

/// The app on Forge, unless the settings say another.
pub const FORGE_APP_ID: &str = "ari:cloud:ecosystem::app/8db33809-1f32-48bb-8c52-5877dab48107";

/// How to start a [`Standin`].
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen: on loopback; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The sites with a Connect install: `acme` is `acme.atlassian.net`.
    pub sites: Vec<String>,
    /// More sites, where the app is there through Forge alone and no Connect install was or will be.
    pub forge_sites: Vec<String>,
    /// The key of the app that is installed on all of them.
    pub app_key: String,
    /// The same app on Forge.
    pub forge_app_id: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            sites: vec!["acme".to_owned(), "globex".to_owned()],
            forge_sites: vec!["initech".to_owned()],
            app_key: "com.example.gatepost".to_owned(),
            forge_app_id: FORGE_APP_ID.to_owned(),
        }
    }
}

/// A running stand-in. Cheap to clone; it ends with its last handle, or when it is stopped.
#[derive(Clone)]
pub struct Standin(Arc<Running>);

struct Running {
    state: Arc<State>,
    serving: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Standin {
    /// Binds and serves on the runtime that it is called on.
    pub async fn start(settings: Settings, clock: Clock, chance: Chance) -> io::Result<Self> {
        check(&settings)?;
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let state = State::new(address, settings, clock, chance);
        let state = Arc::new(state);
        let serving = tokio::spawn(server::serve(listener, state.clone()));
        Ok(Self(Arc::new(Running { state, serving })))
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.state.address
    }

    /// The key server: `GET {this}/{kid}`.
    #[must_use]
    pub fn key_server(&self) -> String {
        format!("{}/keys", self.0.state.own_url())
    }

    /// The base URL of the authorization server: `POST {this}/oauth2/token`.
    #[must_use]
    pub fn oauth_server(&self) -> String {
        self.0.state.own_url()
    }

    /// How to get credentials of every kind at a terminal.
    #[must_use]
    pub fn guide(&self) -> String {
        handout::guide(&self.0.state)
    }

    /// The script that an app's page loads in place of Jira's own.
    #[must_use]
    pub fn page_script(&self) -> String {
        format!("{}{}", self.0.state.own_url(), page::SCRIPT)
    }

    /// The public key of signed installs, as the key server answers it.
    #[must_use]
    pub fn install_key_pem(&self) -> String {
        Key::published().pem()
    }

    /// The site with this name.
    ///
    /// # Panics
    /// If it was not started with one.
    #[must_use]
    pub fn site(&self, name: &str) -> Site {
        let place = self.0.state.site(name);
        let place = place.unwrap_or_else(|| panic!("no site `{name}` in this stand-in"));
        self.handle(place)
    }

    /// The sites with a Connect install.
    #[must_use]
    pub fn sites(&self) -> Vec<Site> {
        self.places(false)
    }

    /// The sites where the app is there through Forge alone.
    #[must_use]
    pub fn forge_sites(&self) -> Vec<Site> {
        self.places(true)
    }

    fn places(&self, forge_only: bool) -> Vec<Site> {
        let places = self.0.state.sites.iter();
        let wanted = places.filter(|place| place.forge_only == forge_only);
        wanted.map(|place| self.handle(place)).collect()
    }

    fn handle(&self, place: &Arc<state::Premises>) -> Site {
        let (standin, place) = (self.clone(), place.clone());
        Site { standin, place }
    }

    /// The requests so far, in the order of their arrival, without those to `/_standin/` and to the pages.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        self.0.state.requests.list()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.0.state.requests.clear();
    }

    /// The credentials that came where they do not belong, each in a sentence that tells what came where.
    #[must_use]
    pub fn strays(&self) -> Vec<String> {
        self.0.state.strays.list()
    }

    /// Says which kinds of users' own credentials (`api_token`, `oauth_token`) a site takes: at any other they are strays from now on.
    /// Before it is said of one site, they belong to all.
    pub fn expect_own(&self, site: &str, kinds: &[&str]) {
        self.0.state.strays.expect_own(site, kinds);
    }

    /// Forgets the strays so far: for tests that made them on purpose.
    pub fn pardon_strays(&self) {
        self.0.state.strays.clear();
    }

    /// Makes every request to a role fail this way, or none.
    pub fn set_fault(&self, role: Role, fault: Option<Fault>) {
        self.0.state.faults.set(role, fault, None);
    }

    /// Makes the next `times` requests to a role fail this way.
    pub fn set_fault_times(&self, role: Role, fault: Fault, times: u32) {
        self.0.state.faults.set(role, Some(fault), Some(times));
    }

    /// Ends it: the listener closes, and every connection with it.
    pub fn stop(&self) {
        self.0.serving.abort();
    }

    fn state(&self) -> &Arc<State> {
        &self.0.state
    }
}

/// Whoever reaches the stand-in gets tokens of anybody, so only this machine may.
fn check(settings: &Settings) -> io::Result<()> {
    let wrong = |text: String| Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    if !settings.listen.ip().is_loopback() {
        return wrong(format!("`{}` is not a loopback address", settings.listen));
    }
    let is_label = |name: &String| {
        let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&name.len()) && name.bytes().all(letters) && !name.starts_with('-')
    };
    let mut seen = HashSet::new();
    for name in settings.sites.iter().chain(&settings.forge_sites) {
        if !is_label(name) {
            return wrong(format!(
                "`{name}` is no name of a site: lower-case letters, digits and hyphens"
            ));
        }
        // One host cannot be two sites, with an install of Connect's and without.
        if !seen.insert(name) {
            return wrong(format!(
                "the site `{name}` is named twice; those with Connect and those on Forge alone are different ones"
            ));
        }
    }
    Ok(())
}
