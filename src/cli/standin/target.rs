//! Where the gateway is that the stand-in calls and speaks of. Used by this command only.

use anyhow::{Context as _, bail};

/// The base URL of a gateway in development.
#[derive(Debug)]
pub(super) struct Target {
    /// As it was written, without a slash at the end: what a gateway calls its `public_url`.
    pub(super) base_url: String,
    /// Host and port.
    pub(super) authority: String,
    path: String,
}

impl Target {
    pub(super) fn parse(base_url: &str) -> anyhow::Result<Self> {
        let url = url::Url::parse(base_url).with_context(|| format!("`{base_url}` is no URL"))?;
        let is_bare =
            url.username().is_empty() && url.query().is_none() && url.fragment().is_none();
        if url.scheme() != "http" || !is_bare {
            bail!(
                "`{base_url}` is no base URL of a gateway in development: http, host, port, path"
            );
        }
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or(80);
        Ok(Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            authority: format!("{host}:{port}"),
            path: url.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The target of a request to one of the gateway's own paths.
    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_http_base_url_is_called() {
        for url in [
            "https://x.example",
            "http://a@127.0.0.1",
            "http://127.0.0.1/?a",
            "127.0.0.1:8080",
        ] {
            assert!(Target::parse(url).is_err(), "{url}");
        }
        let target = Target::parse("http://127.0.0.1:8080/base/").unwrap();
        assert_eq!(
            (target.authority.as_str(), target.at("/a").as_str()),
            ("127.0.0.1:8080", "/base/a")
        );
        assert_eq!(target.base_url, "http://127.0.0.1:8080/base");
    }
}
