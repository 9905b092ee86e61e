//! A world to test in: a stand-in for Jira, a clock that stands still, and a whole node on `SQLite` in a fresh folder, reached over
//! its real listeners on free ports. Everything ends with the world.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its world has failed"
)]

mod credentials;
mod forge;
pub(crate) mod own;
mod providers;

use std::path::{Path, PathBuf};
use std::time::Duration;

use gatepost::clock::{Chance, TestClock, Timestamp};
use gatepost::config::{Config, Environment, Loaded};
use gatepost::control::command::{BlockedName, Command};
use gatepost::ledger::read::{Filter, Reader};
use gatepost::node::Node;
pub(crate) use providers::{COMPANY, claims};

use gatepost::standin::{Callback, Role, Seen, Settings, Site, Standin, account};
use serde_json::Value;

/// 2026-11-23T12:00:00Z.
pub(crate) const NOON: Timestamp = Timestamp::from_seconds(1_795_435_200);
/// Of the tests alone.
pub(crate) const MASTER_KEY: &str =
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

pub(crate) struct World {
    pub(crate) clock: TestClock,
    pub(crate) jira: Standin,
    pub(crate) node: Node,
    pub(crate) dir: tempfile::TempDir,
    http: reqwest::Client,
    app_url: String,
    /// The path of the app's base URL.
    base_path: &'static str,
    /// Last, so that everything that could still send something is gone.
    _no_strays: NoStrays,
}

/// Fails a test that let a credential reach a host that it does not belong to.
pub(crate) struct NoStrays(pub(crate) Standin);

impl Drop for NoStrays {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(
                self.0.strays(),
                [""; 0],
                "credentials where they do not belong"
            );
        }
    }
}

/// How to make a world. `World::new()` is the usual one: acme and globex, installed, with the shipped policies.
pub(crate) struct Builder {
    policies: PathBuf,
    settings: String,
    installed: bool,
    base_path: &'static str,
    files: Vec<(&'static str, String)>,
    without: Option<&'static str>,
    proven: bool,
    /// Whether the base URL is where the node listens: browsers follow it.
    reachable: bool,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::builder().start().await
    }

    pub(crate) fn builder() -> Builder {
        let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        Builder {
            policies,
            settings: String::new(),
            installed: true,
            base_path: "",
            files: Vec::new(),
            without: None,
            proven: false,
            reachable: false,
        }
    }

    pub(crate) fn site(&self, name: &str) -> Site {
        self.jira.site(name)
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}{}", self.node.data_address(), self.base_path)
    }

    /// A fresh context token of a person (`ann`, or an account id) on a site (`acme`).
    pub(crate) fn token(&self, site: &str, person: &str) -> String {
        self.site(site).context_token(&account(person))
    }

    /// `GET {target}` with this token.
    pub(crate) async fn get(&self, target: &str, token: &str) -> Answer {
        self.get_with(target, &[("authorization", &format!("JWT {token}"))])
            .await
    }

    pub(crate) async fn get_with(&self, target: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.http.get(format!("{}{target}", self.base_url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request.send().await.unwrap()).await
    }

    /// Delivers a lifecycle callback as Atlassian does.
    pub(crate) async fn deliver(&self, callback: &Callback) -> Answer {
        let request = self
            .http
            .post(format!("{}{}", self.base_url(), callback.path))
            .header("authorization", &callback.authorization)
            .header("content-type", "application/json")
            .body(callback.body.clone());
        Answer::of(request.send().await.unwrap()).await
    }

    /// The app's base URL, as the configuration and the stand-in's callbacks know it.
    pub(crate) fn app_url(&self) -> &str {
        &self.app_url
    }

    /// Every record so far, oldest first, without the start of the log and the shipped policies. Waits until the queue is empty.
    pub(crate) async fn log(&self) -> Vec<Value> {
        self.settle().await;
        let reader = Reader::of(&self.node.shared().opened.db);
        let mut filter = Filter::default();
        let mut all = Vec::new();
        loop {
            let page = reader.page(&filter, 1000).await.unwrap();
            all.extend(
                page.records
                    .iter()
                    .map(|record| serde_json::from_str::<Value>(&record.json()).unwrap()),
            );
            match page.next {
                Some(next) => filter.after_seq = Some(next),
                None => return all,
            }
        }
    }

    /// The records about requests: decisions and outcomes.
    pub(crate) async fn decisions(&self) -> Vec<Value> {
        let all = self.log().await;
        all.into_iter()
            .filter(|record| record["kind"] == "decision" || record["kind"] == "outcome")
            .collect()
    }

    /// An outcome is written after its answer: wait for it by writing behind it.
    async fn settle(&self) {
        let entry = gatepost::ledger::entry::Entry {
            kind: gatepost::ledger::entry::Kind::Admin,
            operation: Some("test.settle".to_owned()),
            ..Default::default()
        };
        let ledger = &self.node.shared().opened.ledger;
        let _receipt = ledger
            .append(gatepost::ledger::Draft::new(&entry).unwrap())
            .await;
    }

    /// What reached Jira's REST API, token server left out.
    pub(crate) fn jira_saw(&self) -> Vec<String> {
        let seen = self.jira.requests();
        seen.iter()
            .filter(|seen| seen.role == gatepost::standin::Role::Jira)
            .map(|seen| seen.target.clone())
            .collect()
    }

    /// Who was asked since the last `clear_requests`, in the words of the tables.
    pub(crate) fn asked(&self) -> &'static str {
        use gatepost::standin::Role::{Forge, Keys, Provider};
        let seen = self.jira.requests();
        let whose = [
            "/rest/api/3/myself",
            "/oauth/token/accessible-resources",
            "/_edge/tenant_info",
        ];
        let is_key = |seen: &Seen| matches!(seen.role, Forge | Keys | Provider);
        let is_whose = |seen: &Seen| whose.iter().any(|path| seen.target.ends_with(path));
        if seen.is_empty() {
            "nothing left"
        } else if seen.iter().any(|seen| seen.target.contains("/issue/")) {
            "Jira was asked"
        } else if seen.iter().all(is_key) {
            "keys were asked for"
        } else if seen.iter().all(is_whose) {
            "asked whose it is"
        } else {
            "a token was asked for"
        }
    }

    /// Whether anything at all left the gateway since the last `clear_requests`.
    pub(crate) fn nothing_left(&self) -> bool {
        self.jira.requests().is_empty()
    }

    pub(crate) fn policies(&self) -> PathBuf {
        self.dir.path().join("policies")
    }

    /// Any request, with these headers and nothing of its own but `Host` and `Accept`.
    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let method = http::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("{}{target}", self.base_url());
        let mut request = self.http.request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request.send().await.unwrap()).await
    }

    /// `GET {path}` on the admin plane.
    pub(crate) async fn admin(&self, path: &str) -> Answer {
        let url = format!("http://{}{path}", self.node.admin_address());
        Answer::of(self.http.get(url).send().await.unwrap()).await
    }

    /// `/metrics`, with a token made for it.
    pub(crate) async fn metrics(&self) -> String {
        let name = "metrics".to_owned();
        let role = gatepost::control::tokens::Role::Operator;
        let made = self.command(Command::TokenCreate { role, name }).await;
        let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
        let url = format!("http://{}/metrics", self.node.admin_address());
        let request = self.http.get(url).header("authorization", bearer);
        Answer::of(request.send().await.unwrap()).await.text
    }

    /// The requests that reached this part of Atlassian.
    pub(crate) fn seen(&self, role: Role) -> Vec<Seen> {
        let mut seen = self.jira.requests();
        seen.retain(|seen| seen.role == role);
        seen
    }

    /// Carries out an operator's command as the control socket does.
    pub(crate) async fn command(&self, command: Command) -> Value {
        let office = self.node.shared().office();
        office.run(command, "unix:1000").await.unwrap()
    }

    /// Keeps somebody out as an operator does, until further notice: an account everywhere or on a tenant's site, or a tenant.
    pub(crate) async fn block(&self, person: Option<&str>, tenant: Option<&str>) {
        self.block_for(None, person, tenant).await;
    }

    /// The same for so long.
    pub(crate) async fn block_for(
        &self,
        span: Option<Duration>,
        person: Option<&str>,
        tenant: Option<&str>,
    ) {
        let on = BlockedName {
            account: person.map(account),
            tenant: tenant.map(str::to_owned),
            key: None,
        };
        let span_us = span.map(|span| u64::try_from(span.as_micros()).unwrap());
        let reason = None;
        self.command(Command::Block {
            on,
            span_us,
            reason,
        })
        .await;
    }

    /// The newest record of an operation.
    pub(crate) async fn admin_record(&self, operation: &str) -> Value {
        let log = self.log().await;
        let found = log
            .into_iter()
            .rfind(|record| record["operation"] == operation);
        found.unwrap_or(Value::Null)
    }

    /// Why the newest credential that was refused was.
    pub(crate) async fn refusal(&self) -> String {
        let log = self.log().await;
        let last = log
            .iter()
            .rfind(|record| record["kind"] == "decision" && record["effect"] == "deny");
        let cause = last.unwrap()["authentication_error"].as_str();
        cause.unwrap().to_owned()
    }

    /// Writes a policy file and waits until the folder's new state is in force or refused.
    pub(crate) async fn edit_policy(&self, name: &str, text: &str) {
        let live = &self.node.shared().live;
        let state = || {
            let status = live.status();
            let refused = status.refused.map(|refused| refused.digest);
            let candidate = status.candidate.map(|candidate| candidate.digest);
            (status.live.map(|live| live.digest), refused, candidate)
        };
        let before = state();
        std::fs::write(self.policies().join(name), text).unwrap();
        self.node.rescan_policies();
        until("the policy folder is read", || state() != before).await;
    }

    /// Ends the node in order, has `between` done, and starts it again with more lines of configuration.
    pub(crate) async fn restart(self, settings: &str, between: impl AsyncFnOnce(&Path)) -> Self {
        let Self {
            clock, node, dir, ..
        } = self;
        node.stop().await;
        between(dir.path()).await;
        let config = dir.path().join("gatepost.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, format!("{settings}\n{text}")).unwrap();
        let loaded = load(&config);
        let node = Node::start(&loaded, clock.clock(), Chance::seeded(12));
        Self {
            clock,
            node: node.await.unwrap(),
            dir,
            ..self
        }
    }

    /// Asks the admin plane, with a token of this role.
    pub(crate) async fn admin_as(
        &self,
        role: gatepost::control::tokens::Role,
        method: &str,
        path: &str,
        body: &str,
    ) -> Answer {
        let name = "test".to_owned();
        let made = self.command(Command::TokenCreate { role, name }).await;
        let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
        let method = http::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("http://{}{path}", self.node.admin_address());
        let request = self.http.request(method, url);
        let request = request.header("authorization", bearer);
        Answer::of(request.body(body.to_owned()).send().await.unwrap()).await
    }

    /// What `/readyz` says of the policies.
    pub(crate) async fn policy_status(&self) -> Value {
        self.admin("/readyz").await.json()["parts"]["policies"].clone()
    }

    /// Carries out an operator's command that is refused; gives what is told.
    pub(crate) async fn command_in_vain(&self, command: Command) -> String {
        let office = self.node.shared().office();
        let refused = office.run(command, "unix:1000").await.unwrap_err();
        assert!(refused.wrong, "{refused:?}");
        refused.message
    }

    /// Delivers a lifecycle callback through a proxy that says whose it is.
    pub(crate) async fn deliver_from(&self, client: &str, callback: &Callback) -> Answer {
        let headers = [
            ("authorization", callback.authorization.as_str()),
            ("x-forwarded-for", client),
        ];
        let url = format!("{}{}", self.base_url(), callback.path);
        let request = headers
            .iter()
            .fold(self.http.post(url), |request, (name, value)| {
                request.header(*name, *value)
            })
            .header("content-type", "application/json");
        let request = request.body(callback.body.clone());
        Answer::of(request.send().await.unwrap()).await
    }
}

/// Waits for `condition`, by asking again and again.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let asking = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    let met = tokio::time::timeout(Duration::from_secs(20), asking).await;
    met.unwrap_or_else(|_| panic!("not in time: {what}"));
}

const WAIVED: &str = r#"policy.proof = "off""#;
const PROVEN: &str = r#"policy.proof = "required""#;

pub(crate) const APP_URL: &str = "http://127.0.0.1:8080";

impl Builder {
    /// More lines of configuration, such as `[limits]\nbody_bytes_max = 10`.
    pub(crate) fn settings(mut self, toml: &str) -> Self {
        self.settings.push_str(toml);
        self.settings.push('\n');
        self
    }

    /// Takes a line of the usual configuration out.
    pub(crate) fn without(mut self, key: &'static str) -> Self {
        self.without = Some(key);
        self
    }

    /// Only a proven set goes live, as everywhere but in development.
    pub(crate) fn proven(mut self) -> Self {
        self.proven = true;
        self
    }

    /// Sites are there, but the app is not installed.
    pub(crate) fn not_installed(mut self) -> Self {
        self.installed = false;
        self
    }

    /// Another file in the policy folder, or another text for one that is there.
    pub(crate) fn policy(mut self, name: &'static str, text: &str) -> Self {
        self.files.push((name, text.to_owned()));
        self
    }

    /// The app's base URL ends with this path: `/gate`.
    pub(crate) fn base_path(mut self, path: &'static str) -> Self {
        self.base_path = path;
        self
    }

    /// The app's base URL is where the node listens, so that a browser finds it.
    pub(crate) fn reachable(mut self) -> Self {
        self.reachable = true;
        self
    }

    pub(crate) async fn start(self) -> World {
        let dir = tempfile::tempdir().unwrap();
        copy(&self.policies, &dir.path().join("policies"));
        for (name, text) in &self.files {
            std::fs::write(dir.path().join("policies").join(name), text).unwrap();
        }
        let clock = TestClock::at(NOON);
        let jira = Standin::start(Settings::default(), clock.clock(), Chance::seeded(7))
            .await
            .unwrap();
        // Until a test opts a site in, no credential of a user's own belongs anywhere.
        jira.expect_own("acme", &[]);
        let config = config(dir.path(), &jira, &self.settings);
        let text = std::fs::read_to_string(&config).unwrap();
        let kept = |line: &&str| self.without.is_none_or(|key| !line.contains(key));
        let lines: Vec<&str> = text.lines().filter(kept).collect();
        let text = lines.join("\n");
        let (origin, text) = if self.reachable {
            let at = free_address();
            let listen = r#"server.listen = "127.0.0.1:0""#;
            let there = format!(r#"server.listen = "{at}""#);
            (format!("http://{at}"), text.replace(listen, &there))
        } else {
            (APP_URL.to_owned(), text)
        };
        let app_url = format!("{origin}{}", self.base_path);
        let text = text.replace(APP_URL, &app_url);
        let text = if self.proven {
            text.replace(WAIVED, PROVEN)
        } else {
            text
        };
        std::fs::write(&config, text).unwrap();
        let loaded = load(&config);
        let node = Node::start(&loaded, clock.clock(), Chance::seeded(11))
            .await
            .unwrap();
        let world = World {
            clock,
            jira: jira.clone(),
            node,
            dir,
            http: client(),
            app_url,
            base_path: self.base_path,
            _no_strays: NoStrays(jira),
        };
        if self.installed {
            for site in world.jira.sites() {
                let answer = world.deliver(&site.install(world.app_url())).await;
                assert_eq!(answer.status, 204, "{}", answer.text);
            }
            world.jira.clear_requests();
        }
        world
    }
}

/// An address that was free a moment ago.
fn free_address() -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// Writes a configuration for a node beside this stand-in and gives its path.
pub(crate) fn config(dir: &Path, jira: &Standin, more: &str) -> PathBuf {
    let at = jira.address();
    let more = providers::placed(more, jira);
    let text = format!(
        r#"
        server.public_url = "{APP_URL}"
        server.listen = "127.0.0.1:0"
        server.admin_listen = "127.0.0.1:0"
        server.workers = 2
        database.url = "sqlite://{dir}/gatepost.db"
        policy.directory = "{dir}/policies"
        policy.proof = "off"
        development.enabled = true
        development.install_key_server = "{keys}"
        development.oauth_server = "{oauth}"
        development.api_base = "{api}"
        development.page_script = "{script}"
        development.forge_jwks = "{forge}"
        atlassian.forge_app_id = "{app}"
        development.resolve = {{ "acme.atlassian.net" = "{at}", "globex.atlassian.net" = "{at}", "initech.atlassian.net" = "{at}" }}
        {more}
        "#,
        dir = dir.display(),
        keys = jira.key_server(),
        oauth = jira.oauth_server(),
        api = jira.api_base(),
        script = jira.page_script(),
        forge = jira.forge_jwks(),
        app = jira.forge_app_id(),
    );
    let path = dir.join("gatepost.toml");
    std::fs::write(&path, text).unwrap();
    path
}

/// Loads a configuration with the tests' master key.
pub(crate) fn load(path: &Path) -> Loaded {
    let key = ("GATEPOST_MASTER_KEY".to_owned(), MASTER_KEY.to_owned());
    Config::load(Some(path), &Environment::from_iter([key])).unwrap()
}

/// What a client got.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self {
            status,
            headers,
            text: response.text().await.unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn decision_id(&self) -> &str {
        self.header("x-gatepost-decision")
    }

    /// The body without what differs from request to request.
    pub(crate) fn without_ids(&self) -> String {
        self.text.replace(self.decision_id(), "<id>")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a client of the gateway, not the gateway's client"
)]
fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
