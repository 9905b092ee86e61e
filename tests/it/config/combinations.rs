//! Combinations that cannot be meant. Each row is a whole configuration and what its one problem must say.

use super::{Case, DEVELOPMENT};

fn refused(text: &str, wanted: &str) {
    let problems = Case::new(text).problems();
    assert!(
        problems.len() == 1 && problems[0].contains(wanted),
        "wanted one problem with `{wanted}` for\n{text}\ngot {problems:#?}"
    );
}

fn with(section: &str, line: &str) -> String {
    if section == "development" {
        return format!("{DEVELOPMENT}{line}\n");
    }
    if section == "policy" {
        return DEVELOPMENT.replace("[policy]\n", &format!("[policy]\n{line}\n"));
    }
    format!("{DEVELOPMENT}[{section}]\n{line}\n")
}

/// A configuration without `[development]`.
fn production(lines: &str) -> String {
    format!("[server]\npublic_url = \"https://g.example.com\"\n{lines}")
}

#[test]
fn a_policy_set_without_proof_is_for_development_only() {
    Case::new(&production("")).loaded();
    Case::new(&DEVELOPMENT.replace("off", "required")).loaded();
    let unproven = production("[policy]\nproof = \"off\"\n");
    refused(&unproven, "[development] alone may allow");
}

#[test]
fn a_solver_is_named_in_full_and_given_time() {
    let relative = with("policy", "solver = \"cvc5\"");
    refused(&relative, "no search path is asked for it");
    let never = with("policy", "query_timeout_ms = 0");
    refused(&never, "gives a question 0 ms");
    let shorter = with("policy", "proof_timeout_ms = 9999");
    refused(&shorter, "a whole proof 9999 ms");
}

#[test]
fn development_never_leaves_this_machine() {
    for listen in ["0.0.0.0:8080", "[::]:8080", "10.0.0.1:8080"] {
        refused(
            &with("server", &format!("listen = \"{listen}\"")),
            "others can reach",
        );
        refused(
            &with("server", &format!("admin_listen = \"{listen}\"")),
            "admin_listen",
        );
    }
    for url in [
        "https://gatepost.example.com",
        "http://10.0.0.1:8080",
        "http://127.0.0.1.example.com",
        "ftp://127.0.0.1",
    ] {
        refused(
            &with("server", &format!("public_url = \"{url}\"")),
            "not this machine",
        );
    }
    for key in ["install_key_server", "oauth_server", "page_script"] {
        for url in [
            "https://example.com",
            "http://127.0.0.1:9100/",
            "http://user@127.0.0.1",
            "file:///etc",
        ] {
            refused(
                &with("development", &format!("{key} = \"{url}\"")),
                "no server on this machine",
            );
        }
    }
}

#[test]
fn development_resolves_hosts_of_sites_to_loopback_only() {
    let resolve = |host: &str, to: &str| {
        with(
            "development",
            &format!("resolve = {{ \"{host}\" = \"{to}\" }}"),
        )
    };
    refused(
        &resolve("acme.atlassian.net", "10.0.0.1:1"),
        "not this machine",
    );
    refused(
        &resolve("acme.atlassian.net", "[::ffff:127.0.0.1]:1"),
        "not this machine",
    );
    refused(
        &resolve("acme.example.com", "127.0.0.1:1"),
        "no site can have",
    );
    refused(
        &resolve("ACME.atlassian.net", "127.0.0.1:1"),
        "no site can have",
    );
    refused(
        &resolve(".atlassian.net", "127.0.0.1:1"),
        "no site can have",
    );
}

#[test]
fn keys_of_development_without_it_are_refused() {
    for line in [
        "install_key_server = \"http://127.0.0.1:1\"",
        "oauth_server = \"http://127.0.0.1:1\"",
        "page_script = \"http://127.0.0.1:1/connect/all.js\"",
        "resolve = { \"acme.atlassian.net\" = \"127.0.0.1:1\" }",
    ] {
        refused(
            &production(&format!("[development]\n{line}\n")),
            "[development] is not enabled",
        );
    }
}

#[test]
fn the_public_url_is_one_that_atlassian_can_call_and_compare() {
    for url in [
        "http://g.example.com",
        "https://g.example.com/",
        "https://g.example.com/a/",
        "https://G.example.com",
        "https://g.example.com/a/../b",
        "https://g.example.com:443",
        "https://g.example.com?a=1",
        "https://g.example.com#a",
        "https://user@g.example.com",
        "g.example.com",
        "",
    ] {
        let text = format!("[server]\npublic_url = \"{url}\"\n");
        let problems = Case::new(&text).problems();
        assert!(
            problems
                .iter()
                .any(|problem| problem.starts_with("gatepost.toml:2:1: `server.public_url`")),
            "{url}: {problems:?}"
        );
    }
}

#[test]
fn the_two_planes_never_share_a_port() {
    refused(
        &with(
            "server",
            "listen = \"127.0.0.1:9\"\nadmin_listen = \"127.0.0.1:9\"",
        ),
        "address of the data plane",
    );
    let text = "[server]\npublic_url = \"https://g.example.com\"\nlisten = \"0.0.0.0:9\"\nadmin_listen = \"127.0.0.1:9\"\n";
    assert!(
        Case::new(text)
            .problems()
            .concat()
            .contains("address of the data plane")
    );
    let free = with(
        "server",
        "listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"",
    );
    assert_eq!(Case::new(&free).loaded().config.server.listen.port(), 0);
}

#[test]
fn nobody_is_trusted_by_the_address_of_everybody() {
    for address in ["0.0.0.0", "::"] {
        refused(
            &with("server", &format!("trusted_proxies = [\"{address}\"]")),
            "address of no machine",
        );
    }
}

#[test]
fn the_database_is_a_sqlite_file() {
    for url in ["postgres://localhost/g", "postgresql://localhost/g"] {
        refused(&with("database", &format!("url = \"{url}\"")), "PostgreSQL");
    }
    for url in [
        "sqlite://",
        "sqlite://a?mode=memory",
        "sqlite::memory:",
        "mysql://a",
        "data.db",
    ] {
        refused(
            &with("database", &format!("url = \"{url}\"")),
            "database.url",
        );
    }
}

#[test]
fn a_suffix_names_a_domain_and_not_a_part_of_a_word() {
    for list in [
        "[]",
        "[\"atlassian.net\"]",
        "[\".net\"]",
        "[\".Atlassian.net\"]",
        "[\".a..b\"]",
        "[\"\"]",
    ] {
        refused(
            &with("atlassian", &format!("site_suffixes = {list}")),
            "site_suffixes",
        );
    }
}

#[test]
fn servers_of_atlassian_are_called_by_https() {
    for list in [
        "[]",
        "[\"http://k.example.com\"]",
        "[\"https://k.example.com/\"]",
    ] {
        refused(
            &with("atlassian", &format!("install_key_servers = {list}")),
            "install_key_servers",
        );
    }
    refused(
        &with("atlassian", "oauth_server = \"http://o.example.com\""),
        "oauth_server",
    );
    refused(&with("atlassian", "app_key = \"a/b\""), "app_key");
}

#[test]
fn limits_have_ends() {
    for line in [
        "token_lifetime_s_max = 3601",
        "token_lifetime_s_max = 0",
        "token_leeway_s = 31",
        "headers_max = 0",
        "connections_max = 0",
        "header_bytes_max = 1",
        "body_bytes_max = 0",
        "request_timeout_ms = 0",
        "upstream_body_bytes_max = 999999999999",
    ] {
        let key = line.split(' ').next().unwrap();
        refused(&with("limits", line), &format!("`limits.{key}` is "));
    }
    refused(
        &with("limits", "upstream_timeout_ms = 100"),
        "upstream_connect_timeout_ms",
    );
    refused(
        &with("ledger", "queue_entries_max = 10"),
        "batch_entries_max",
    );
    refused(
        &with("ledger", "queue_entries_max = 0"),
        "queue_entries_max",
    );
    refused(&with("ledger", "node = \"a b\""), "cannot name a node");
    refused(&with("limits", "token_leeway_s = -1"), "token_leeway_s");
}

#[test]
fn a_request_lasts_longer_than_a_users_own_credential_is_waited_for() {
    for (request, wait, least) in [
        (2_000, 3_000, 5_250),
        (5_249, 3_000, 5_250),
        (2_349, 100, 2_350),
        (12_000, 10_000, 12_250),
    ] {
        let lines = |request: u64| {
            format!("request_timeout_ms = {request}\nown_credential_wait_ms = {wait}")
        };
        let short = with("limits", &lines(request));
        refused(&short, "`limits.request_timeout_ms` ends a request before");
        refused(
            &short,
            &format!("at least {least}, which is `limits.own_credential_wait_ms` and 2250 more"),
        );
        Case::new(&with("limits", &lines(least))).loaded();
    }
}

#[test]
fn an_activation_is_one_of_three() {
    for word in ["auto", "narrowing", "manual"] {
        Case::new(&with("policy", &format!("activation = \"{word}\""))).loaded();
    }
    refused(&with("policy", "activation = \"often\""), "activation");
}

#[test]
fn a_filter_of_the_log_is_checked_at_the_start() {
    refused(&with("telemetry", "log_filter = \"info,=[\""), "log_filter");
    let text = with(
        "telemetry",
        "log_filter = \"info,gatepost::policy=debug\"\nlog_format = \"json\"",
    );
    assert_eq!(
        Case::new(&text).loaded().config.telemetry.log_filter,
        "info,gatepost::policy=debug"
    );
}

#[test]
fn one_mistake_gives_one_message() {
    // The listener that cannot be read is not also said to be reachable, and `proof` not also to need [development].
    refused(
        &with("server", "listen = \"everywhere\""),
        "invalid socket address",
    );
    let text = "[server]\npublic_url = \"https://g.example.com\"\n[policy]\nproof = \"off\"\n[development]\nenabled = 1\n";
    refused(text, "development.enabled");
}

#[test]
fn plain_http_goes_to_addresses_only() {
    for key in ["install_key_server", "oauth_server", "page_script"] {
        let by_name = with("development", &format!("{key} = \"http://localhost:9100\""));
        refused(&by_name, "write 127.0.0.1: `http://127.0.0.1:9100`");
    }
}
