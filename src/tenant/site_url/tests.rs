//! The traps of naming a site, each by name.

use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Result<String, SiteUrlError> {
    text.parse::<SiteUrl>().map(|site| site.to_string())
}

#[test]
fn the_spellings_of_one_site_are_one_value() {
    for text in [
        "https://acme.atlassian.net",
        "https://acme.atlassian.net/",
        "https://acme.atlassian.net:443",
        "https://acme.atlassian.net:443/",
        "HTTPS://ACME.Atlassian.NET",
    ] {
        assert_eq!(
            parse(text).as_deref(),
            Ok("https://acme.atlassian.net"),
            "{text}"
        );
    }
}

#[test]
fn every_trick_is_refused_and_named() {
    use SiteUrlError::{AfterHost, Character, IpAddress, Labels, Port, Punycode, Scheme, UserInfo};
    for (text, error) in [
        ("", Scheme),
        ("acme.atlassian.net", Scheme),
        ("http://acme.atlassian.net", Scheme),
        (" https://acme.atlassian.net", Scheme),
        ("https:acme.atlassian.net", Scheme),
        ("https:/acme.atlassian.net", Scheme),
        ("https:\\\\acme.atlassian.net", Scheme),
        ("ht\ttps://acme.atlassian.net", Scheme),
        ("https:///acme.atlassian.net", AfterHost),
        ("https://acme.atlassian.net//", AfterHost),
        ("https://acme.atlassian.net/jira", AfterHost),
        ("https://acme.atlassian.net?", AfterHost),
        ("https://acme.atlassian.net/?x", AfterHost),
        ("https://acme.atlassian.net#", AfterHost),
        ("https://acme.atlassian.net@evil.example", UserInfo),
        ("https://@acme.atlassian.net", UserInfo),
        ("https://a:b@acme.atlassian.net", UserInfo),
        ("https://acme.atlassian.net:8443", Port),
        ("https://acme.atlassian.net:", Port),
        ("https://acme.atlassian.net:0443", Port),
        ("https://acme.atlassian.net:443:443", Port),
        ("https://evil.example\\.atlassian.net", Character('\\')),
        ("https://acme.atlassian.net\\", Character('\\')),
        ("https://ac\tme.atlassian.net", Character('\t')),
        ("https://acme.atlassian.net\n", Character('\n')),
        ("https://acme.atlassian.net ", Character(' ')),
        ("https://acme.atlassian.net\0", Character('\0')),
        ("https://%61cme.atlassian.net", Character('%')),
        ("https://acme%2eatlassian.net", Character('%')),
        ("https://\u{ff41}cme.atlassian.net", Character('\u{ff41}')),
        ("https://acme\u{3002}atlassian.net", Character('\u{3002}')),
        ("https://acme\u{ad}.atlassian.net", Character('\u{ad}')),
        ("https://a_b.atlassian.net", Character('_')),
        ("https://acme.atlassian.net.", Labels),
        ("https://acme..atlassian.net", Labels),
        ("https://.atlassian.net", Labels),
        ("https://-acme.atlassian.net", Labels),
        ("https://acme-.atlassian.net", Labels),
        ("https://", Labels),
        ("https://localhost", Labels),
        ("https://2130706433", Labels),
        ("https://127.0.0.1", IpAddress),
        ("https://127.1", IpAddress),
        ("https://0177.0.0.1", IpAddress),
        ("https://1.0x7f", IpAddress),
        ("https://[::1]", IpAddress),
        ("https://xn--a.example", Punycode),
        ("https://xn--mller-kva.example", Punycode),
        ("https://acme.XN--mller-kva.net", Punycode),
        ("https://xn--.example", Labels),
        ("https://xn--abc-.example", Labels),
        ("https://xn--acme-.atlassian.net", Labels),
    ] {
        assert_eq!(parse(text), Err(error), "{text:?}");
    }
}

#[test]
fn a_host_may_be_long_but_not_longer_than_names_are() {
    let host = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "b".repeat(61));
    assert_eq!(host.len(), 253);
    assert!(parse(&format!("https://{host}:443/")).is_ok());
    assert_eq!(
        SiteUrl::from_host(&format!("{host}b")),
        Err(SiteUrlError::TooLong(254))
    );
    assert_eq!(
        SiteUrl::from_host(&format!("{}.net", "a".repeat(64))),
        Err(SiteUrlError::Labels)
    );
    assert!(matches!(
        parse(&"h".repeat(300)),
        Err(SiteUrlError::TooLong(300))
    ));
}

#[test]
fn a_host_alone_follows_the_same_rule() {
    assert_eq!(
        SiteUrl::from_host("ACME.jira.com").unwrap().host(),
        "acme.jira.com"
    );
    for host in [
        "acme.jira.com:443",
        "acme.jira.com/",
        "https://acme.jira.com",
        "a@b.com",
        "..",
        "127.0.0.1",
        "",
    ] {
        assert!(SiteUrl::from_host(host).is_err(), "{host:?}");
    }
}

#[test]
fn a_suffix_counts_with_a_label_before_it_only() {
    let suffixes = [
        ".atlassian.net".to_owned(),
        "jira.com".to_owned(),
        String::new(),
    ];
    let under = |host: &str| SiteUrl::from_host(host).unwrap().is_under(&suffixes);
    assert!(under("acme.atlassian.net") && under("a.b.atlassian.net") && under("acme.jira.com"));
    assert!(!under("atlassian.net") && !under("evilatlassian.net") && !under("eviljira.com"));
    assert!(!under("acme.atlassian.net.evil.example") && !under("acme.atlassian.com"));
}

proptest! {
    #[test]
    fn a_site_reads_as_it_prints(text in "(https://)?[a-zA-Z0-9.-]{1,40}(:443)?/?") {
        if let Ok(site) = text.parse::<SiteUrl>() {
            prop_assert_eq!(site.to_string().parse(), Ok(site.clone()));
            prop_assert_eq!(SiteUrl::from_host(site.host()), Ok(site));
        }
    }

    #[test]
    fn two_readers_see_the_same_host(text in "https:[/\\\\]{0,3}[a-z0-9.@:%\\\\/?# \\t\u{3002}\u{ff41}-]{0,24}") {
        if let Ok(site) = text.parse::<SiteUrl>() {
            let seen = Url::parse(&text).unwrap();
            prop_assert_eq!(seen.host_str(), Some(site.host()));
        }
    }
}

#[test]
fn a_site_that_is_nowhere_has_a_host_that_is_nobodys() {
    let cloud = "11223344-a1b2-4c3d-8e9f-112233445566".parse().unwrap();
    let nowhere = SiteUrl::nowhere(cloud);
    assert_eq!(
        nowhere.host(),
        "11223344-a1b2-4c3d-8e9f-112233445566.invalid"
    );
    assert_eq!(SiteUrl::from_host(nowhere.host()), Ok(nowhere.clone()));
    assert!(nowhere.is_nowhere());
    let somewhere: SiteUrl = "https://acme.atlassian.net".parse().unwrap();
    assert!(!somewhere.is_nowhere());
}
