//! The URL vectors of web-platform-tests against the parser of sites: each input is refused or gives one canonical host.

use std::collections::BTreeSet;

use gatepost::tenant::SiteUrl;
use serde_json::Value;

use super::site::assert_canonical;

#[test]
fn urls() {
    let Some(file) = super::json("vectors::url::urls", "url/urltestdata.json") else {
        return;
    };
    let (mut accepted, mut refused) = (BTreeSet::new(), 0);
    // Comments are plain texts between the vectors.
    for vector in file
        .as_array()
        .expect("a list")
        .iter()
        .filter(|vector| vector.is_object())
    {
        let input = vector["input"].as_str().expect("an input");
        let host = vector["hostname"].as_str().unwrap_or_default();
        // Hardly any vector is an https address, so each is also tried as one, and each host alone.
        for text in [
            input.to_owned(),
            input.replacen("http:", "https:", 1),
            format!("https://{host}"),
        ] {
            let Ok(site) = text.parse::<SiteUrl>() else {
                refused += 1;
                continue;
            };
            assert_canonical(&site, &text);
            // What the vector says of an absolute address does not depend on its base, nor its host on which of the two schemes.
            assert_eq!(
                (&vector["failure"], host),
                (&Value::Null, site.host()),
                "{text:?}"
            );
            let seen = ::url::Url::parse(&text).expect("a site is a URL");
            assert_eq!(
                (seen.as_str(), seen.host_str()),
                (format!("{site}/").as_str(), Some(host)),
                "{text:?}"
            );
            accepted.insert(text);
        }
    }
    assert_eq!((accepted.len(), refused), (23, 2420));
}

#[test]
fn hosts() {
    let Some(file) = super::json("vectors::url::hosts", "url/setters_tests.json") else {
        return;
    };
    let (mut accepted, mut refused) = (BTreeSet::new(), 0);
    for vector in ["host", "hostname"]
        .iter()
        .flat_map(|setter| file[setter].as_array().expect("a list"))
    {
        let host = vector["new_value"].as_str().expect("a value");
        match SiteUrl::from_host(host) {
            Ok(site) => {
                assert_canonical(&site, host);
                accepted.insert(host);
            }
            Err(_) => refused += 1,
        }
    }
    assert_eq!((accepted.len(), refused), (2, 107));
}
