//! Users' own credentials by everything that can befall one and every place that it can be used for, against the reviewed table
//! `tests/cases/credentials.txt`, which says the same of sessions and keys.

use std::time::Duration;

use gatepost::standin::ApiCredential;

use super::super::fates::{self, ACME, Home, INITECH, everywhere};
use crate::world::World;
use crate::world::own::BOTH;

/// What befalls one, in the order of the table.
const FATES: &[&str] = &[
    "fresh",
    "unused for 15 minutes",
    "taken back by its owner",
    "taken back by its owner, unused for 15 minutes",
    "its owner deactivated",
    "never given by Atlassian",
    "sent as JWT",
    "sent as the other kind",
    "site takes the other kind alone",
    "site takes it no longer",
    "site takes it no longer, and again",
];

/// What befalls a site that Forge alone knows, besides.
const RENAMED: &str = "site renamed, and its host another's";

/// Ann's, for one site.
struct Brought {
    home: Home,
    kind: &'static str,
    authorization: String,
    given: Given,
}

enum Given {
    Api(ApiCredential),
    Access(String),
}

impl Brought {
    fn of(world: &World, home: Home, kind: &'static str) -> Self {
        let given = match kind {
            "api_token" => Given::Api(world.jira.api_token("ann")),
            _ => Given::Access(world.jira.oauth_token("ann", &[home.site()])),
        };
        let authorization = match &given {
            Given::Api(credential) => credential.authorization(),
            Given::Access(token) => format!("Bearer {token}"),
        };
        Self {
            home,
            kind,
            authorization,
            given,
        }
    }

    /// What another kind would be sent as.
    fn as_the_other_kind(&self) -> String {
        match &self.given {
            Given::Api(credential) => format!("Bearer {}", credential.token),
            Given::Access(token) => {
                use base64::Engine as _;
                let pair = format!("ann@acme.example:{token}");
                let pair = base64::engine::general_purpose::STANDARD.encode(pair);
                format!("Basic {pair}")
            }
        }
    }

    fn take_back(&self, world: &World) {
        match &self.given {
            Given::Api(credential) => world.jira.revoke_api_token(credential),
            Given::Access(token) => world.jira.expire_token(token),
        }
    }
}

async fn befall(world: &World, fate: &str, brought: &mut Brought) {
    let (home, site) = (brought.home, brought.home.site());
    match fate {
        "fresh" => {}
        "unused for 15 minutes" => world.clock.advance(Duration::from_mins(15)),
        "its owner deactivated" => world.site(site).deactivate("ann"),
        "never given by Atlassian" => brought.authorization = made_up(brought.kind),
        RENAMED => {
            world.site(site).lose_host();
            // What was good at the host is believed to be for so long.
            world.clock.advance(Duration::from_mins(10));
        }
        "sent as JWT" => {
            let (_, text) = brought.authorization.split_once(' ').unwrap();
            brought.authorization = format!("JWT {text}");
        }
        "sent as the other kind" => brought.authorization = brought.as_the_other_kind(),
        "site takes the other kind alone" => {
            let other = BOTH.into_iter().find(|kind| *kind != brought.kind);
            world.allow_own(site, &[other.unwrap()]).await;
        }
        _ if fate.starts_with("taken back") => {
            brought.take_back(world);
            if fate.ends_with("15 minutes") {
                world.clock.advance(Duration::from_mins(15));
            }
        }
        _ if fate.starts_with("site takes it no longer") => {
            world.allow_own(site, &[]).await;
            if fate.ends_with("again") {
                world.allow_own(site, &BOTH).await;
            }
        }
        _ => assert!(fates::befalls_all(world, home, fate, None).await, "{fate}"),
    }
}

fn made_up(kind: &str) -> String {
    match kind {
        "api_token" => "Basic YW5uQGFjbWUuZXhhbXBsZTptYWRlLXVw".to_owned(),
        _ => "Bearer made-up".to_owned(),
    }
}

/// The lines of one fate in a world of its own.
async fn lines(fate: &str, home: Home, kind: &'static str, name: &str) -> String {
    let world = World::with_initech().await;
    world.allow_own(home.site(), &BOTH).await;
    let mut brought = Brought::of(&world, home, kind);
    let whoami = format!("/v1/whoami?site=https://{}.atlassian.net", home.site());
    let known = world.get_by(&whoami, &brought.authorization).await;
    assert_eq!(known.status, 200, "{}", known.text);
    befall(&world, fate, &mut brought).await;
    let name = format!("{name}, {fate}");
    everywhere(&world, home, &name, async || brought.authorization.clone()).await
}

#[tokio::test]
async fn an_api_token_is_worth_what_the_table_says_whatever_befalls_it() {
    compare(&fates::and_all(FATES), ACME, "api_token", "api token").await;
}

#[tokio::test]
async fn an_access_token_is_worth_what_the_table_says_whatever_befalls_it() {
    compare(&fates::and_all(FATES), ACME, "oauth_token", "access token").await;
}

#[tokio::test]
async fn where_forge_alone_knows_the_site_an_api_token_is_worth_what_the_table_says() {
    let name = "api token without Connect";
    compare(&of_forge_alone(), INITECH, "api_token", name).await;
}

#[tokio::test]
async fn where_forge_alone_knows_the_site_an_access_token_is_worth_what_the_table_says() {
    let name = "access token without Connect";
    compare(&of_forge_alone(), INITECH, "oauth_token", name).await;
}

fn of_forge_alone() -> Vec<&'static str> {
    let mut fates = fates::and_all_of_forge(FATES);
    fates.push(RENAMED);
    fates
}

async fn compare(fates: &[&str], home: Home, kind: &'static str, name: &str) {
    let mut table = Vec::new();
    for fate in fates {
        table.push(lines(fate, home, kind, name).await);
    }
    fates::compare(name, &table);
}
