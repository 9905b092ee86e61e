//! What is printed is read as the gateway reads it.

use super::*;
use crate::clock::{Chance, Clock};
use crate::config::{Config, Environment, Loaded};
use crate::standin::Settings;

async fn standin(settings: Settings) -> Standin {
    let standin = Standin::start(settings, Clock::system(), Chance::seeded(1)).await;
    standin.unwrap()
}

fn greeting(standin: &Standin, gateway: &str) -> String {
    let gateway = Target::parse(gateway).unwrap();
    let greeting = Greeting {
        standin,
        gateway: &gateway,
    };
    greeting.to_string()
}

fn loaded(text: &str) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatepost.toml");
    std::fs::write(&path, text).unwrap();
    Config::load(Some(&path), &Environment::default()).unwrap()
}

fn hosts<T>(of: impl Fn(&str, String) -> T) -> [T; 3] {
    ["acme", "globex", "initech"].map(|name| of(name, format!("{name}.atlassian.net")))
}

#[tokio::test]
async fn the_greeting_is_a_whole_configuration() {
    const APP: &str = "ari:cloud:ecosystem::app/0d6ed3ee-5ee9-4f9c-9b25-7a4c3f3a7f10";
    let settings = Settings {
        app_key: "com.example.other".to_owned(),
        forge_app_id: APP.to_owned(),
        ..Settings::default()
    };
    let standin = standin(settings).await;
    let text = greeting(&standin, "http://localhost:8090/base/");
    let config = loaded(&text).config;
    assert_eq!(config.server.public_url, "http://localhost:8090/base");
    assert_eq!(config.server.listen, ([127, 0, 0, 1], 8090).into());
    assert_eq!(config.atlassian.app_key, "com.example.other");
    assert_eq!(config.atlassian.forge_app_id.as_deref(), Some(APP));
    let own = format!("http://{}", standin.address());
    let in_force = config.atlassian_in_force();
    assert_eq!(in_force.install_key_servers, [format!("{own}/keys")]);
    assert_eq!(in_force.oauth_server, own);
    assert_eq!(in_force.api_base, own);
    assert_eq!(in_force.forge_jwks, format!("{own}/forge/jwks.json"));
    assert_eq!(config.page_script(), format!("{own}/connect/all.js"));
    let near = hosts(|_, host| (host, standin.address()));
    assert_eq!(config.development.resolve, near.into());

    let [company] = &config.oidc[..] else {
        panic!("{:?}", config.oidc)
    };
    assert_eq!(company.name, "company");
    assert_eq!(company.issuer, format!("{own}/oidc"));
    assert_eq!(company.jwks, format!("{own}/oidc/jwks"));
    assert_eq!(company.audience, "gatepost");
    assert_eq!(company.tenant_claim, "org");
    assert_eq!(company.account_claim, "account");
    let tenants = hosts(|name, host| (name.to_owned(), host));
    assert_eq!(company.tenants, tenants.into());
}

/// What came from flags cannot end a string of the configuration and begin a key.
#[tokio::test]
async fn a_quote_in_a_flag_stays_in_its_string() {
    let key = "a\"\nenabled = false\\'''";
    let settings = Settings {
        app_key: key.to_owned(),
        ..Settings::default()
    };
    let standin = standin(settings).await;
    let text = greeting(&standin, "http://127.0.0.1:1");
    let parsed: toml::Table = toml::from_str(&text).unwrap();
    assert_eq!(parsed["atlassian"]["app_key"].as_str(), Some(key));
    assert_eq!(parsed["development"]["enabled"].as_bool(), Some(true));
}

#[tokio::test]
async fn the_lines_name_sites_and_people_that_are_there() {
    let settings = Settings {
        sites: vec!["globex".to_owned()],
        forge_sites: vec!["hooli".to_owned()],
        ..Settings::default()
    };
    let standin = standin(settings).await;
    let text = greeting(&standin, "http://127.0.0.1:8080");
    for part in [
        "/_standin/sites/globex/context-token?account=eve'",
        "/_standin/sites/hooli/invocation-token?account=ann'",
        "/sites/globex.atlassian.net/rest/api/3/issue/GLOBEX-1'",
        "/sites/globex/page?as=eve",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("acme"), "{text}");
}

/// The README shows the same for the command that it shows, beside what the stand-in has no say in.
#[tokio::test]
async fn the_readme_shows_what_is_printed() {
    let settings = Settings {
        sites: vec!["acme".to_owned()],
        ..Settings::default()
    };
    let standin = standin(settings).await;
    let text = greeting(&standin, "http://127.0.0.1:8080");
    let text = text.replace(&standin.address().to_string(), "127.0.0.1:9100");
    let readme = include_str!("../../../../README.md");
    let (_, rest) = readme.split_once("```toml\n").unwrap();
    let (shown, _) = rest.split_once("```").unwrap();
    let printed: toml::Table = toml::from_str(&text).unwrap();
    let mut shown: toml::Table = toml::from_str(shown).unwrap();
    for own in ["database", "policy"] {
        assert!(shown.remove(own).is_some(), "{own}");
    }
    assert_eq!(shown, printed);
}
