//! The guards of `[development]`: nothing of it may reach beyond this machine.
//! Used by the checks of `config` only. Taking one out would let a forgotten switch put an unproven gateway on a network.

use url::{Host, Url};

use super::{Checks, address};

impl Checks<'_> {
    pub(super) fn development(&mut self) {
        if self.config.development.enabled {
            self.loopback_listeners();
            self.loopback_servers();
            self.resolve();
        } else {
            self.unused_keys();
        }
    }

    fn unused_keys(&mut self) {
        for key in [
            "install_key_server",
            "oauth_server",
            "api_base",
            "forge_jwks",
            "page_script",
            "resolve",
        ] {
            if self.is_given("development", key) {
                self.report(
                    &[&format!("development.{key}"), "development.enabled"],
                    "is set, but [development] is not enabled",
                    "take the key out; `enabled = true` is for machines that serve no real tenant",
                );
            }
        }
    }

    fn loopback_listeners(&mut self) {
        let server = &self.config.server;
        let listeners = [
            ("server.listen", server.listen),
            ("server.admin_listen", server.admin_listen),
        ];
        for (key, listener) in listeners {
            if !listener.ip().is_loopback() {
                self.report(
                    &[key, "development.enabled"],
                    format!(
                        "is `{listener}`, which others can reach, but [development] is enabled"
                    ),
                    "listen on 127.0.0.1 or [::1], or take [development] out",
                );
            }
        }
    }

    fn loopback_servers(&mut self) {
        let development = &self.config.development;
        let servers = [
            (
                "development.install_key_server",
                &development.install_key_server,
            ),
            ("development.oauth_server", &development.oauth_server),
            ("development.api_base", &development.api_base),
            ("development.forge_jwks", &development.forge_jwks),
            ("development.page_script", &development.page_script),
        ];
        for (key, server) in servers {
            let Some(text) = server else { continue };
            let url = address(text);
            if url.as_ref().is_ok_and(is_named_plainly) {
                self.report(
                    &[key],
                    format!("is `{text}`, but plain HTTP goes to addresses only: what a name stands for can change"),
                    format!("write 127.0.0.1: `{}`", text.replacen("localhost", "127.0.0.1", 1)),
                );
            } else if !url.is_ok_and(|url| is_loopback(&url)) {
                self.report(
                    &[key],
                    format!("is `{text}`, which is no server on this machine"),
                    "write a loopback URL without a slash at the end, like `http://127.0.0.1:9100`",
                );
            }
        }
    }

    fn resolve(&mut self) {
        let suffixes = &self.config.atlassian.site_suffixes;
        for (host, address) in &self.config.development.resolve {
            let keys = ["development.resolve", "atlassian.site_suffixes"];
            if !address.ip().is_loopback() {
                self.report(
                    &keys,
                    format!("sends `{host}` to `{address}`, which is not this machine"),
                    "write a loopback address like `127.0.0.1:9001`",
                );
            } else if !is_host(host) || !suffixes.iter().any(|suffix| host.ends_with(suffix)) {
                self.report(
                    &keys,
                    format!("names `{host}`, which no site can have"),
                    format!("write a host that ends in {}", suffixes.join(" or ")),
                );
            }
        }
    }
}

/// Whether `url` is plain or secured HTTP to this machine, by an address or the one name that RFC 6761 keeps for it.
pub(super) fn is_loopback(url: &Url) -> bool {
    let near = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    near && matches!(url.scheme(), "http" | "https")
}

/// Whether `url` is plain HTTP to `localhost`, which the client of these servers refuses.
fn is_named_plainly(url: &Url) -> bool {
    url.scheme() == "http" && url.host() == Some(Host::Domain("localhost"))
}

/// Whether `text` is a lower-case ASCII host of two labels or more.
pub(super) fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(fits)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(is_label)
}
