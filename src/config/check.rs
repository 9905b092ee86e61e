//! Values and combinations that types alone cannot refuse. Used by `Config::load` only.
//! A check that names several keys is silent while one of them could not be read: one mistake, one message.

mod bounds;
mod near;
mod providers;

use url::Url;

use super::Config;
use super::error::Problems;
use super::given::Given;
use crate::policy::ProofMode;

/// Where a check reports to.
struct Checks<'a> {
    config: &'a Config,
    given: &'a Given<'a>,
    problems: &'a mut Problems,
}

/// Checks everything that can be checked without touching the world.
pub(super) fn combinations(config: &Config, given: &Given<'_>, problems: &mut Problems) {
    let mut checks = Checks {
        config,
        given,
        problems,
    };
    checks.public_url();
    checks.listeners();
    checks.database();
    checks.atlassian();
    checks.policy();
    checks.telemetry();
    checks.bounds();
    checks.development();
    checks.providers();
}

impl Checks<'_> {
    /// Reports a problem at the first of `keys`, unless one of them has one already.
    fn report(&mut self, keys: &[&str], what: impl Into<String>, remedy: impl Into<String>) {
        if keys.iter().any(|key| self.problems.is_faulty(key)) {
            return;
        }
        let Some((section, key)) = keys.first().and_then(|key| key.split_once('.')) else {
            return;
        };
        let place = self.given.place(section, key, None);
        let what = format!("`{section}.{key}` {}", what.into());
        self.problems.add_key(keys[0], place, what, remedy.into());
    }

    fn is_given(&self, section: &str, key: &str) -> bool {
        self.given.is_given(section, key)
    }

    fn public_url(&mut self) {
        let text = &self.config.server.public_url;
        let key = ["server.public_url", "development.enabled"];
        let url = match address(text) {
            Ok(url) => url,
            Err(what) => {
                return self.report(
                    &key,
                    what,
                    "write the app's base URL, like `https://gatepost.example.com`",
                );
            }
        };
        if self.config.development.enabled {
            if !near::is_loopback(&url) {
                self.report(
                    &key,
                    format!("is `{text}`, which is not this machine, but [development] is enabled"),
                    "write a loopback URL like `http://127.0.0.1:8080`, or take [development] out",
                );
            }
        } else if url.scheme() != "https" {
            self.report(
                &key,
                format!("is `{text}`, but Atlassian calls apps by https only"),
                "write the app's base URL, like `https://gatepost.example.com`",
            );
        }
    }

    fn listeners(&mut self) {
        let server = &self.config.server;
        let (data, admin) = (server.listen, server.admin_listen);
        let same_address =
            data.ip() == admin.ip() || data.ip().is_unspecified() || admin.ip().is_unspecified();
        if data.port() == admin.port() && data.port() != 0 && same_address {
            self.report(
                &["server.admin_listen", "server.listen"],
                format!("is `{admin}`, the address of the data plane"),
                "give it a port of its own: what is for operators is never reachable by clients",
            );
        }
        if server
            .trusted_proxies
            .iter()
            .any(std::net::IpAddr::is_unspecified)
        {
            self.report(
                &["server.trusted_proxies"],
                "names the address of no machine",
                "list each proxy by its own address; there is no form for everybody",
            );
        }
    }

    fn database(&mut self) {
        let url = &self.config.database.url;
        let (what, remedy) = match url.split_once("://") {
            Some(("sqlite", path)) if !path.is_empty() && !path.contains(['?', '#']) => return,
            Some(("sqlite", _)) => (
                format!("is `{url}`, which names no file"),
                "write `sqlite://` and a path, like `sqlite://data/gatepost.db`",
            ),
            Some(("postgres" | "postgresql", _)) => (
                "names PostgreSQL, which this version does not have yet".to_owned(),
                "write `sqlite://` and a path, like `sqlite://data/gatepost.db`",
            ),
            _ => (
                format!("is `{url}`, which is no database of Gatepost"),
                "write `sqlite://` and a path, like `sqlite://data/gatepost.db`",
            ),
        };
        self.report(&["database.url"], what, remedy);
    }

    fn atlassian(&mut self) {
        let settings = &self.config.atlassian;
        if !is_name(&settings.app_key) {
            self.report(
                &["atlassian.app_key"],
                "is not a Connect app key",
                "use 1 to 64 letters, digits, dots, hyphens and underscores",
            );
        }
        if settings.site_suffixes.is_empty() || !settings.site_suffixes.iter().all(|s| is_suffix(s))
        {
            self.report(
                &["atlassian.site_suffixes"],
                "has an entry that is no domain of sites, or none at all",
                "write lower-case domains of two labels or more with a dot before, like `.atlassian.net`",
            );
        }
        let is_server = |text: &String| address(text).is_ok_and(|url| url.scheme() == "https");
        let remedy = "write https origins without a slash at the end";
        let servers = &settings.install_key_servers;
        if servers.is_empty() || !servers.iter().all(is_server) {
            self.report(
                &["atlassian.install_key_servers"],
                "has an entry that is no https URL, or none at all",
                remedy,
            );
        }
        let servers = [
            ("atlassian.oauth_server", &settings.oauth_server),
            ("atlassian.api_base", &settings.api_base),
            ("atlassian.forge_jwks", &settings.forge_jwks),
        ];
        for (key, server) in servers {
            if !is_server(server) {
                self.report(&[key], "is no https URL", remedy);
            }
        }
        if settings
            .forge_app_id
            .as_deref()
            .is_some_and(|id| !is_app(id))
        {
            self.report(
                &["atlassian.forge_app_id"],
                "is no Forge app",
                "write `app.id` as the manifest has it: `ari:cloud:ecosystem::app/` and a UUID in lower case",
            );
        }
    }

    fn policy(&mut self) {
        let policy = &self.config.policy;
        if policy.proof == ProofMode::Off && !self.config.development.enabled {
            self.report(
                &["policy.proof", "development.enabled"],
                "is \"off\", which [development] alone may allow",
                "set `enabled = true` under [development]; never where real tenants are served",
            );
        }
        if policy
            .solver
            .as_ref()
            .is_some_and(|path| !path.is_absolute())
        {
            self.report(
                &["policy.solver"],
                "is no absolute path",
                "name the program in full, like `/usr/bin/cvc5`; no search path is asked for it",
            );
        }
        let (query, whole) = (policy.query_timeout_ms, policy.proof_timeout_ms);
        if query == 0 || whole < query {
            self.report(
                &["policy.query_timeout_ms", "policy.proof_timeout_ms"],
                format!("gives a question {query} ms and a whole proof {whole} ms"),
                "give a question one millisecond or more, and the whole no less than that",
            );
        }
        if self.config.policy.directory.as_os_str().is_empty() {
            self.report(
                &["policy.directory"],
                "is empty",
                "name the folder of the policies",
            );
        }
        if !is_name(&self.config.ledger.node) {
            self.report(
                &["ledger.node"],
                "cannot name a node",
                "use 1 to 64 letters, digits, dots, hyphens and underscores",
            );
        }
    }

    fn telemetry(&mut self) {
        let filter = &self.config.telemetry.log_filter;
        if let Err(error) = tracing_subscriber::EnvFilter::try_new(filter) {
            self.report(
                &["telemetry.log_filter"],
                format!("is `{filter}`: {error}"),
                "write a level like `info`, or levels by module like `info,gatepost::policy=debug`",
            );
        }
    }
}

/// An address of a server: nothing but scheme, host, port and path, in the one form that compares equal to itself.
fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("is `{text}`: {error}"))?;
    let plain = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if !plain || !url.has_host() {
        return Err(format!("is `{text}`, more than scheme, host and path"));
    }
    let canonical = url.as_str().trim_end_matches('/');
    if canonical == text {
        Ok(url)
    } else {
        Err(format!("is `{text}`, which is written `{canonical}`"))
    }
}

fn is_app(text: &str) -> bool {
    let uuid = text.strip_prefix("ari:cloud:ecosystem::app/");
    let is_uuid = |text: &str| {
        let parsed = uuid::Uuid::try_parse(text);
        parsed.is_ok_and(|uuid| uuid.as_hyphenated().to_string() == text)
    };
    uuid.is_some_and(is_uuid)
}

fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}

fn is_suffix(text: &str) -> bool {
    text.strip_prefix('.').is_some_and(near::is_host)
}
