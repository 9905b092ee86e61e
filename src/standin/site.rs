//! A handle on one site: its names and secrets, the tokens that its pages would hand out, and changes to what it holds.
//! For tests, the demo and commands. What it signs is as Jira signs it, unless a `…_with` was told otherwise.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::secret::Secret;

use super::Standin;
use super::form::{self, Malformed};
use super::jira::Issue;
use super::jwt::{self, Signing};
use super::people;
use super::qsh;
use super::state::{Premises, State};

const CONTEXT_TOKEN_LIFE_S: i64 = 900;
const REQUEST_TOKEN_LIFE_S: i64 = 180;

/// One Jira site of a [`Standin`]. Cheap to clone; keeps the stand-in running.
#[derive(Clone)]
pub struct Site {
    pub(super) standin: Standin,
    pub(super) place: Arc<Premises>,
}

impl Site {
    /// The name that it was started under: `acme`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.place.name
    }

    /// The host: `acme.atlassian.net`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.place.host
    }

    /// The base URL: `https://acme.atlassian.net`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.place.base_url
    }

    /// The cloud id: the same after every restart.
    #[must_use]
    pub fn cloud_id(&self) -> &str {
        &self.place.cloud_id
    }

    /// Somebody who works here, by nickname: for lines that are to be pasted.
    #[must_use]
    pub fn somebody(&self) -> &'static str {
        people::of_site(&self.place.name)[0]
    }

    /// The key of the site's first issue, which everybody here may read.
    #[must_use]
    pub fn first_issue(&self) -> String {
        let live = self.place.live();
        let first = live.world.keys().next();
        first.unwrap_or_default().to_owned()
    }

    /// Whether the app is here through Forge alone: there is no Connect install, nor a secret that the app ever learned.
    #[must_use]
    pub fn is_forge_only(&self) -> bool {
        self.place.forge_only
    }

    /// The client key of the app's installation here.
    #[must_use]
    pub fn client_key(&self) -> String {
        self.place.live().client_key.clone()
    }

    /// The OAuth client id of the app's installation here.
    #[must_use]
    pub fn oauth_client_id(&self) -> String {
        self.place.live().oauth_client_id.clone()
    }

    /// The secret that the next install carries and that tokens are signed with.
    #[must_use]
    pub fn shared_secret(&self) -> Secret {
        self.place.live().secret.clone()
    }

    /// A new shared secret. The app learns it with the next install.
    pub fn rotate_secret(&self) {
        let chance = &self.state().chance;
        self.place.live().rotate_secret(chance);
    }

    /// An import of data: the same address is another tenant from now on, with a client key, an OAuth client id and a secret of
    /// its own. The old OAuth client id gets 400, tokens given to it 401.
    pub fn import(&self) {
        self.place.import(&self.state().chance);
    }

    /// The token of `AP.context.getToken()`. The account is a nickname or an account id, of this site or not.
    #[must_use]
    pub fn context_token(&self, account: &str) -> String {
        context_token(self.state(), &self.place, &people::account(account))
    }

    /// The token of one request to the app. `target` is path and query, relative to the app's base URL.
    ///
    /// # Panics
    /// If `target` is not percent-encoded UTF-8.
    #[must_use]
    pub fn request_token(&self, account: &str, method: &str, target: &str) -> String {
        let account = people::account(account);
        let token = request_token(self.state(), &self.place, &account, method, target);
        token.unwrap_or_else(|error| panic!("a target to sign: {error}"))
    }

    /// Where a browser sees this site's page with the app's page in it, as a person: a nickname or an account id.
    #[must_use]
    pub fn page_url(&self, person: &str) -> String {
        let (own, person) = (self.state().own_url(), form::encode(person));
        format!("{own}/sites/{}/page?as={person}", self.place.name)
    }

    /// A token with any claims and header: HS256 by `secret`, or by the site's own if none is given.
    #[must_use]
    pub fn token_with(&self, claims: &Value, header: &Value, secret: Option<&[u8]>) -> String {
        let own = self.shared_secret();
        let secret = secret.unwrap_or(own.expose()).to_vec();
        jwt::compact(header, claims, &Signing::Hs256(secret))
    }

    /// Adds an issue and, if need be, its project, open to everybody on the site. Gives its id.
    #[expect(clippy::must_use_candidate, reason = "mostly called for what it does")]
    pub fn add_issue(&self, key: &str, summary: &str) -> u64 {
        let mut live = self.place.live();
        let reporter = live.world.users().next().cloned().unwrap_or_default();
        live.world.add(Issue {
            key: key.to_owned(),
            kind: "Story".to_owned(),
            status: "To Do".to_owned(),
            summary: summary.to_owned(),
            reporter,
            ..Issue::default()
        })
    }

    /// Changes an issue in any way.
    ///
    /// # Panics
    /// If there is no such issue.
    pub fn edit_issue(&self, key: &str, change: impl FnOnce(&mut Issue)) {
        let mut live = self.place.live();
        let issue = live.world.issue_mut(key);
        change(issue.unwrap_or_else(|| panic!("no issue `{key}` on `{}`", self.place.name)));
    }

    /// Moves an issue to another project; the old key keeps resolving. Gives the new key.
    ///
    /// # Panics
    /// If there is no such issue.
    #[expect(clippy::must_use_candidate, reason = "mostly called for what it does")]
    pub fn move_issue(&self, key: &str, project: &str) -> String {
        let moved = self.place.live().world.relocate(key, project);
        moved.unwrap_or_else(|| panic!("no issue `{key}` on `{}`", self.place.name))
    }

    /// Lets an account browse a project.
    pub fn allow(&self, account: &str, project: &str) {
        let account = people::account(account);
        self.place.live().world.set_browse(&account, project, true);
    }

    /// Forbids an account to browse a project.
    pub fn forbid(&self, account: &str, project: &str) {
        let account = people::account(account);
        self.place.live().world.set_browse(&account, project, false);
    }

    /// Renames the site, and gives its host to another customer's: the site is behind the api host alone, and what belongs to it strays at
    /// the host.
    pub fn lose_host(&self) {
        self.place.lose_host();
    }

    /// Makes an account an active user of this site.
    pub fn activate(&self, account: &str) {
        let account = people::account(account);
        self.place.live().world.set_active(&account, true);
    }

    /// Takes an account off this site: no new tokens, and those it has are worth nothing.
    pub fn deactivate(&self, account: &str) {
        let account = people::account(account);
        self.place.live().world.set_active(&account, false);
    }

    /// Makes an account an administrator of this site: the permission `ADMINISTER`.
    pub fn promote(&self, account: &str) {
        let account = people::account(account);
        self.place.live().set_administrator(&account, true);
    }

    /// Takes the permission `ADMINISTER` from an account.
    pub fn demote(&self, account: &str) {
        let account = people::account(account);
        self.place.live().set_administrator(&account, false);
    }

    /// The groups of an account: name and id each. Without it, everybody is in one group of the site's users.
    pub fn set_groups(&self, account: &str, groups: &[(&str, &str)]) {
        let groups = groups
            .iter()
            .map(|(name, id)| ((*name).to_owned(), (*id).to_owned()));
        let (mut live, account) = (self.place.live(), people::account(account));
        live.groups.insert(account, groups.collect());
    }

    pub(super) fn state(&self) -> &Arc<State> {
        self.standin.state()
    }
}

fn header() -> Value {
    json!({"typ": "JWT", "alg": "HS256"})
}

fn claims(state: &State, place: &Premises, account: &str, qsh: &str, life_s: i64) -> Value {
    let iat = state.clock.now().seconds();
    json!({
        "iss": place.live().client_key, "sub": account, "iat": iat, "exp": iat + life_s, "qsh": qsh, "context": {},
    })
}

fn sign(place: &Premises, claims: &Value) -> String {
    let secret = place.live().secret.expose().to_vec();
    jwt::compact(&header(), claims, &Signing::Hs256(secret))
}

/// The token of one request to the app.
pub(super) fn request_token(
    state: &State,
    place: &Premises,
    account: &str,
    method: &str,
    target: &str,
) -> Result<String, Malformed> {
    let qsh = qsh::hash(method, target)?;
    let claims = claims(state, place, account, &qsh, REQUEST_TOKEN_LIFE_S);
    Ok(sign(place, &claims))
}

/// A context token, as an issue panel gets one.
pub(super) fn context_token(state: &State, place: &Premises, account: &str) -> String {
    let mut claims = claims(state, place, account, qsh::CONTEXT, CONTEXT_TOKEN_LIFE_S);
    claims["context"] =
        json!({"jira": {"project": {"id": "10000"}}, "url": {"displayUrl": place.base_url}});
    sign(place, &claims)
}
