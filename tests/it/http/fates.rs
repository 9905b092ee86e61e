//! What can befall any credential, and what it is worth then at every place: for the parts of `tests/cases/credentials.txt`. A line there:
//! where to, what the client is told, what the log says, and what was asked of others.

use std::fmt::Write as _;
use std::time::Duration;

use gatepost::control::command::Command;
use gatepost::standin::account;
use gatepost::tenant::TenantId;
use gatepost::tenant::block::Target;
use gatepost::tenant::operations::NewBlock;
use serde_json::Value;

use crate::world::{Answer, World};

/// Where the credential is Ann's, and where it is not.
#[derive(Clone, Copy)]
pub(super) struct Home {
    site: &'static str,
    other: &'static str,
}

/// A tenant that Connect installed.
pub(super) const ACME: Home = Home {
    site: "acme",
    other: "globex",
};

/// One that Forge alone knows.
pub(super) const INITECH: Home = Home {
    site: "initech",
    other: "acme",
};

impl Home {
    /// Where it is used: the name in the table, site and issue, and whether as somebody else.
    fn places(self) -> [(&'static str, String, bool); 4] {
        let at = |site: &str, of: &str| {
            let issue = of.to_uppercase();
            format!("/v1/issue?site=https://{site}.atlassian.net&issue={issue}-1")
        };
        let (own, other) = (at(self.site, self.site), at(self.other, self.other));
        [
            ("own site", own.clone(), false),
            ("other site", other, false),
            ("unknown site", at("nowhere", self.other), false),
            ("other account", own, true),
        ]
    }

    /// Whose it is.
    pub(super) const fn site(self) -> &'static str {
        self.site
    }

    fn host(self) -> String {
        format!("{}.atlassian.net", self.site)
    }
}

/// What Atlassian does to an app that Connect installed, on acme.
const OF_APP: [&str; 3] = [
    "app uninstalled",
    "app uninstalled and installed again",
    "shared secret rotated",
];

/// What an operator does to an account or a tenant, whatever the credential.
const OF_TENANT: [&str; 9] = [
    "tenant suspended",
    "tenant suspended and resumed",
    "account blocked on its site",
    "account blocked on its site, block over",
    "account blocked everywhere",
    "account blocked everywhere, block lifted",
    "account blocked on another site",
    "tenant blocked",
    "tenant blocked, block over",
];

/// These, and then what befalls all credentials where Connect installed the app.
pub(super) fn and_all(own: &[&'static str]) -> Vec<&'static str> {
    [own, &OF_APP, &OF_TENANT].concat()
}

/// These, and then what befalls all credentials where Forge alone knows the tenant.
pub(super) fn and_all_of_forge(own: &[&'static str]) -> Vec<&'static str> {
    [own, &OF_TENANT].concat()
}

/// Carries out what befalls all credentials; gives whether the fate is one of those. `key` is that of a fate that is about one.
pub(super) async fn befalls_all(world: &World, home: Home, fate: &str, key: Option<&str>) -> bool {
    if OF_APP.contains(&fate) {
        install(world, fate).await;
    } else if fate.starts_with("tenant suspended") {
        suspend(world, home, fate).await;
    } else if fate.contains("blocked") {
        block(world, home, fate, key).await;
    } else {
        return false;
    }
    true
}

async fn install(world: &World, fate: &str) {
    let (acme, app) = (world.site("acme"), world.app_url());
    let tick = || world.clock.advance(Duration::from_secs(1));
    tick();
    if fate.starts_with("app uninstalled") {
        assert_eq!(world.deliver(&acme.uninstall(app)).await.status, 204);
        tick();
    } else {
        acme.rotate_secret();
    }
    if fate != "app uninstalled" {
        assert_eq!(world.deliver(&acme.install(app)).await.status, 204);
    }
}

async fn suspend(world: &World, home: Home, fate: &str) {
    let (tenant, reason) = (home.host(), "a test".to_owned());
    world
        .command(Command::TenantSuspend { tenant, reason })
        .await;
    if fate.ends_with("resumed") {
        let tenant = home.host();
        world.command(Command::TenantResume { tenant }).await;
    }
}

/// Blocks for five minutes whoever the fate says, and lets the block end by the clock or by an operator where it says so.
async fn block(world: &World, home: Home, fate: &str, key: Option<&str>) {
    let tenants = &world.node.shared().opened.tenants;
    let ann = || account("ann").parse().unwrap();
    let on = |site: &str| -> TenantId {
        let host = format!("{site}.atlassian.net");
        tenants.by_any_name(&host).unwrap().id.clone()
    };
    let (whom, rest) = fate.split_once(',').unwrap_or((fate, ""));
    let target = match whom {
        "account blocked on its site" => Target::AccountOn(ann(), on(home.site)),
        "account blocked on another site" => Target::AccountOn(ann(), on(home.other)),
        "account blocked everywhere" => Target::Account(ann()),
        "tenant blocked" => Target::Tenant(on(home.site)),
        "key blocked" => Target::Key(key.unwrap().parse().unwrap(), on(home.site)),
        _ => panic!("nothing is known of `{whom}`"),
    };
    let (span, reason) = (Some(Duration::from_mins(5)), None);
    let new = NewBlock {
        target: target.clone(),
        span,
        reason,
    };
    tenants.block(new, "unix:0").await.unwrap();
    match rest {
        "" => {}
        " block over" => world.clock.advance(Duration::from_mins(5)),
        " block lifted" => drop(tenants.unblock(target, "unix:0").await.unwrap()),
        _ => panic!("nothing is known of `{rest}`"),
    }
}

/// The fate's part of the table: what a credential is worth at each place, whose header is asked for anew each time. An unknown site and
/// a foreign one are answered alike.
pub(super) async fn everywhere(
    world: &World,
    home: Home,
    name: &str,
    mut authorization: impl AsyncFnMut() -> String,
) -> String {
    let mut answers = Vec::new();
    for (place, mut target, as_bob) in home.places() {
        let authorization = authorization().await;
        world.jira.clear_requests();
        if as_bob {
            write!(target, "&act_as={}", account("bob")).unwrap();
        }
        let answer = world.get_by(&target, &authorization).await;
        answers.push((place, answer, world.asked()));
    }
    let (foreign, unknown) = (&answers[1].1, &answers[2].1);
    assert_eq!(foreign.status, unknown.status, "{name}");
    assert_eq!(foreign.without_ids(), unknown.without_ids(), "{name}");
    let log = world.decisions().await;
    let told = answers
        .iter()
        .map(|(place, answer, asked)| (*place, told(&log, answer, asked)));
    let told: Vec<(&str, String)> = told.collect();
    let lines = if told.iter().all(|(_, line)| *line == told[0].1) {
        vec![("anywhere", told[0].1.clone())]
    } else {
        told
    };
    let line = |(place, line)| format!("\n    {place:<15}{line}");
    let lines: String = lines.into_iter().map(line).collect();
    format!("{name}{lines}")
}

fn told(log: &[Value], answer: &Answer, asked: &str) -> String {
    let body: Value = serde_json::from_str(&answer.text).unwrap();
    let code = body["code"].as_str().unwrap_or("allowed");
    let (status, said) = (answer.status, recorded(log, answer));
    format!("{status} {code:<18} {said:<41} {asked}")
}

/// What the log says of an answer: its code, and why a credential was not accepted.
fn recorded(log: &[Value], answer: &Answer) -> String {
    let is_of = |record: &&Value| record["decision_id"] == answer.decision_id();
    let record = log.iter().find(is_of).unwrap();
    let code = record["code"].as_str().unwrap();
    match record["authentication_error"].as_str() {
        Some(cause) => format!("{code}: {cause}"),
        None => code.to_owned(),
    }
}

/// The kinds of credentials, in the order of the table.
const KINDS: [&str; 10] = [
    "context token",
    "session",
    "key",
    "forge token",
    "linked forge token",
    "api token",
    "access token",
    "api token without Connect",
    "access token without Connect",
    "oidc",
];

/// Compares the part of the table that is about this kind.
pub(super) fn compare(kind: &str, table: &[String]) {
    assert!(KINDS.contains(&kind), "{kind}");
    let expected: Vec<&str> = parts().filter(|part| kind_of(part) == kind).collect();
    let now = table.join("\n\n");
    assert!(table == expected, "the table is now:\n{now}");
}

fn parts() -> impl Iterator<Item = &'static str> {
    let reviewed = include_str!("../../cases/credentials.txt");
    reviewed.trim_end().split("\n\n")
}

fn kind_of(part: &str) -> &str {
    part.split_once(',').unwrap().0
}

#[test]
fn the_table_has_every_kind_once_and_no_other() {
    let mut kinds: Vec<&str> = parts().map(kind_of).collect();
    kinds.dedup();
    assert_eq!(kinds, KINDS);
}
