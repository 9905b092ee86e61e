//! What a configuration may say, and what it is told when it may not.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like tests: the lint knows only functions marked `#[test]`"
)]

mod combinations;
mod master_key;
mod providers;

use std::path::PathBuf;

use gatepost::config::{Config, Environment, Loaded, Origin, Place};
use tempfile::TempDir;

/// The least that is a configuration in this version.
pub(crate) const DEVELOPMENT: &str = "\
[policy]
proof = \"off\"
[development]
enabled = true
";

/// A file in a fresh folder, and an environment.
pub(crate) struct Case {
    folder: TempDir,
    text: String,
    environment: Vec<(String, String)>,
}

impl Case {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            text: text.to_owned(),
            environment: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("gatepost.toml")
    }

    fn load(&self) -> Result<Loaded, gatepost::config::ConfigError> {
        std::fs::write(self.path(), &self.text).unwrap();
        let environment: Environment = self.environment.iter().cloned().collect();
        Config::load(Some(&self.path()), &environment)
    }

    pub(crate) fn loaded(&self) -> Loaded {
        self.load().unwrap()
    }

    /// Every problem as it is printed, with the file's name alone.
    pub(crate) fn problems(&self) -> Vec<String> {
        let error = self.load().unwrap_err();
        let folder = format!("{}/", self.folder.path().display());
        let problems = error.problems.iter();
        problems
            .map(|problem| problem.to_string().replace(&folder, ""))
            .collect()
    }
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
    let text = format!("{DEVELOPMENT}[server]\nlisten = \"127.0.0.1:1\"\nshutdown_ms = 7\n");
    let case = Case::new(&text).with("GATEPOST_SERVER_LISTEN", "127.0.0.1:2");
    let loaded = case.loaded();
    assert_eq!(loaded.config.server.listen.port(), 2);
    assert_eq!(loaded.config.server.shutdown_ms, 7);
    assert_eq!(loaded.config.server.admin_listen.port(), 8081);
    let variable = Origin::Environment("GATEPOST_SERVER_LISTEN".to_owned());
    assert_eq!(loaded.origin("server", "listen"), variable);
    assert_eq!(
        loaded.origin("server", "shutdown_ms"),
        Origin::File(case.path(), 7, 1)
    );
    assert_eq!(loaded.origin("server", "admin_listen"), Origin::Default);
}

#[test]
fn every_kind_of_value_can_come_from_the_environment() {
    let resolve = r#"{ "acme.atlassian.net" = "127.0.0.1:9001" }"#;
    let environment: Environment = [
        ("GATEPOST_DEVELOPMENT_ENABLED", "true"),
        ("GATEPOST_DEVELOPMENT_RESOLVE", resolve),
        ("GATEPOST_POLICY_PROOF", "off"),
        ("GATEPOST_POLICY_EXTENSION", "schemas/local.cedarschema"),
        ("GATEPOST_LIMITS_HEADERS_MAX", "12"),
        ("GATEPOST_LEDGER_NODE", "7"),
        ("GATEPOST_SERVER_TRUSTED_PROXIES", "10.0.0.1, 10.0.0.2"),
        ("GATEPOST_ATLASSIAN_SITE_SUFFIXES", r#"[".atlassian.net"]"#),
        ("GATEPOST_TELEMETRY_LOG_FORMAT", "json"),
        ("GATEPOST_DATABASE_URL", ""),
    ]
    .into_iter()
    .collect();
    let config = Config::load(None, &environment).unwrap().config;
    assert_eq!(
        config.development.resolve["acme.atlassian.net"].port(),
        9001
    );
    assert_eq!(config.limits.headers_max, 12);
    assert_eq!(config.ledger.node, "7");
    assert_eq!(config.server.trusted_proxies.len(), 2);
    assert_eq!(config.atlassian.site_suffixes, [".atlassian.net"]);
    assert_eq!(config.database.url, "sqlite://data/gatepost.db");
}

#[test]
fn every_mistake_is_told_at_once_with_its_place_and_remedy() {
    let case = Case::new(
        "\
[server]
listn = \"x\"
listen = 5
trusted_proxies = [\"10.0.0.1\", \"home\"]
[polycy]
proof = \"off\"
[policy]
proof = \"off\"
activation = \"by hand\"
[development]
enabled = true
",
    );
    let case = case
        .with("GATEPOST_LIMITS_HEADERS_MAX", "many")
        .with("GATEPOST_SERVER_LISTN", "127.0.0.1:1");
    insta::assert_snapshot!(case.problems().join("\n"), @r#"
    gatepost.toml:2:1: unknown key `listn` in [server]; did you mean `listen`?
    gatepost.toml:3:10: `server.listen`: invalid type: integer `5`, expected socket address; write it like `listen = "127.0.0.1:8080"`
    gatepost.toml:4:32: `server.trusted_proxies`: invalid IP address syntax; write it like `trusted_proxies = ["10.0.0.1"]`
    gatepost.toml:5:2: unknown section `polycy`; did you mean `policy`?
    gatepost.toml:9:14: `policy.activation`: unknown variant `by hand`, expected one of `auto`, `narrowing`, `manual`; write it like `activation = "auto"`
    GATEPOST_LIMITS_HEADERS_MAX (environment): `limits.headers_max`: invalid type: string "many", expected a whole number; write it like `GATEPOST_LIMITS_HEADERS_MAX=100`
    GATEPOST_SERVER_LISTN (environment): no key of [server] has this name; did you mean `GATEPOST_SERVER_LISTEN`?
    "#);
}

#[test]
fn a_file_that_is_not_toml_is_told_by_line_and_column() {
    let problems = Case::new("[server]\nlisten = \n[policy\n").problems();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].starts_with("gatepost.toml:2:"), "{problems:?}");
    assert!(problems[1].starts_with("gatepost.toml:3:"), "{problems:?}");
    // What the rest of the file would have said is not guessed at.
    assert!(!problems.concat().contains("(default)"), "{problems:?}");
}

#[test]
fn a_value_at_the_top_and_a_key_twice_are_refused() {
    let problems = Case::new(&format!("server = 1\n{DEVELOPMENT}")).problems();
    assert_eq!(
        problems,
        ["gatepost.toml:1:1: `server` is a section, not a value; write `[server]` above its keys"]
    );
    let twice = format!("{DEVELOPMENT}enabled = false\n");
    assert!(
        Case::new(&twice).problems()[0].contains("duplicate key"),
        "{:?}",
        Case::new(&twice).problems()
    );
}

#[test]
fn a_missing_file_is_an_error_that_names_it() {
    let error = Config::load(
        Some(std::path::Path::new("no/such.toml")),
        &Environment::default(),
    )
    .unwrap_err();
    assert_eq!(error.problems.len(), 1);
    assert_eq!(
        error.problems[0].place,
        Place::File("no/such.toml".into()),
        "{error}"
    );
}

#[test]
fn columns_count_characters_and_not_bytes() {
    let problems = Case::new("[server]\n\"größe\" = 1\n[policy]\nproof = \"ö\"\n").problems();
    assert!(
        problems[0].starts_with("gatepost.toml:2:1:"),
        "{problems:?}"
    );
    assert!(
        problems[1].starts_with("gatepost.toml:4:9:"),
        "{problems:?}"
    );
}

#[test]
fn variables_of_a_kubernetes_service_are_nobodys_mistake() {
    let case = Case::new(DEVELOPMENT)
        .with("GATEPOST_SERVER_PORT", "tcp://10.0.0.1:80")
        .with("GATEPOST_SERVER_PORT_80_TCP_ADDR", "10.0.0.1")
        .with("GATEPOST_SERVER_SERVICE_HOST", "10.0.0.1")
        .with("GATEPOST_SERVER_SERVICE_PORT_HTTP", "80");
    assert!(case.loaded().config.development.enabled);
}

#[test]
fn what_is_printed_can_be_read_back_and_says_where_it_came_from() {
    let text = format!(
        "{DEVELOPMENT}install_key_server = \"http://127.0.0.1:9100\"\n[development.resolve]\n\"acme.atlassian.net\" = \"127.0.0.1:9001\"\n"
    );
    let loaded = Case::new(&text)
        .with("GATEPOST_LIMITS_TOKEN_LEEWAY_S", "5")
        .loaded();
    let printed = loaded.print();
    assert!(
        printed.contains("# GATEPOST_LIMITS_TOKEN_LEEWAY_S\n"),
        "{printed}"
    );
    assert!(printed.contains("gatepost.toml:4\n"), "{printed}");
    assert!(printed.contains("# master key: missing\n"), "{printed}");
    let again = Case::new(&printed).loaded();
    assert_eq!(again.config.limits.token_leeway_s, 5);
    assert_eq!(
        format!("{:?}", again.config),
        format!("{:?}", loaded.config)
    );
}

#[test]
fn every_key_of_every_section_is_printed() {
    let printed = Case::new(DEVELOPMENT).loaded().print();
    let sections = printed.lines().filter(|line| line.starts_with('['));
    assert_eq!(sections.count(), 8);
    for key in [
        "public_url",
        "extension",
        "oauth_server",
        "resolve",
        "token_leeway_s",
    ] {
        assert!(printed.contains(key), "{key}");
    }
}

#[test]
fn the_base_path_is_what_stands_behind_the_host() {
    let mut config = Config::default();
    for (url, path) in [
        ("https://gatepost.example.com", ""),
        ("https://gatepost.example.com/gate", "/gate"),
        ("http://127.0.0.1:8080/a/b", "/a/b"),
    ] {
        url.clone_into(&mut config.server.public_url);
        assert_eq!(config.base_path(), path);
    }
}

#[test]
fn development_servers_stand_in_for_atlassians() {
    let text = format!(
        "{DEVELOPMENT}install_key_server = \"http://127.0.0.1:1\"\noauth_server = \"http://127.0.0.1:2\"\n"
    );
    let settings = Case::new(&text).loaded().config.atlassian_in_force();
    assert_eq!(settings.install_key_servers, ["http://127.0.0.1:1"]);
    assert_eq!(settings.oauth_server, "http://127.0.0.1:2");
}

#[test]
fn the_page_runs_the_script_of_jira_or_the_one_that_stands_in_for_it() {
    let mut config = Config::default();
    assert_eq!(
        config.page_script(),
        "https://connect-cdn.atl-paas.net/all.js"
    );
    let script = "http://127.0.0.1:9100/connect/all.js";
    config.development.page_script = Some(script.to_owned());
    assert_ne!(config.page_script(), script, "not without [development]");
    let text = format!("{DEVELOPMENT}page_script = \"{script}\"\n");
    assert_eq!(Case::new(&text).loaded().config.page_script(), script);
}

#[test]
fn a_page_is_framed_by_its_own_site_alone() {
    let mut config = Config::default();
    let near = "127.0.0.1:9100".parse().unwrap();
    let host = "acme.atlassian.net";
    config.development.resolve = [(host.to_owned(), near)].into();
    let own = ["https://acme.atlassian.net"];
    assert_eq!(config.framing_origins(host), own, "not without it");
    config.development.enabled = true;
    let both = [own[0], "http://127.0.0.1:9100"];
    assert_eq!(config.framing_origins(host), both);
    let other = config.framing_origins("globex.atlassian.net");
    assert_eq!(other, ["https://globex.atlassian.net"]);
}

#[test]
fn the_environment_does_not_print_its_values() {
    let environment: Environment = [("GATEPOST_MASTER_KEY", "c0ffee")].into_iter().collect();
    assert_eq!(format!("{environment:?}"), r#"{"GATEPOST_MASTER_KEY"}"#);
}
