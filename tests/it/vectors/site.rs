//! What holds for every text that is accepted as a site.

use gatepost::tenant::SiteUrl;

/// Panics unless `site`, read from `source`, is canonical: ASCII in lower case, and read again as itself by us and by the `url` crate.
pub(super) fn assert_canonical(site: &SiteUrl, source: &str) {
    let host = site.host();
    assert!(
        host.bytes().all(|byte| byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'-' | b'.')),
        "{source:?}: `{host}`"
    );
    assert_eq!(site.to_string(), format!("https://{host}"), "{source:?}");
    assert_eq!(site.to_string().parse().as_ref(), Ok(site), "{source:?}");
    assert_eq!(SiteUrl::from_host(host).as_ref(), Ok(site), "{source:?}");
    assert_eq!(
        url::Host::parse(host)
            .map(|seen| seen.to_string())
            .as_deref(),
        Ok(host),
        "{source:?}"
    );
    let seen = url::Url::parse(&site.to_string()).expect("a site is a URL");
    assert_eq!(
        (seen.scheme(), seen.host_str(), seen.port(), seen.path()),
        ("https", Some(host), None, "/"),
        "{source:?}"
    );
}
