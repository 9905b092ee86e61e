//! A change between two doors: the site was looked up before it, the credential verified after it. Nothing is signed then.

use std::time::Duration;

use gatepost::decision::{ApiVersion, Query, Reading, Wish, decide};
use gatepost::identity::Window;
use gatepost::identity::presented::{Around, Call, Presented};
use gatepost::identity::verify::Verifiers;
use gatepost::ledger::entry::{Entry, Kind};
use gatepost::outbound::{ApiHost, Bounds, Outbound, Resolutions, TokenServer};
use gatepost::secret::Secret;
use gatepost::tenant::Thing;
use gatepost::tenant::operations::NewGrant;
use gatepost::tenant::registry::SiteAsked;
use gatepost::upstream::{Exchange, Jira, Shared, UpstreamError};

use crate::world::World;

pub(crate) fn jira(world: &World) -> Jira {
    let tenants = world.node.shared().opened.tenants.clone();
    let server = TokenServer::new(&world.jira.oauth_server()).unwrap();
    let api = ApiHost::new(&world.jira.oauth_server()).unwrap();
    let bounds = Bounds {
        connect_timeout: Duration::from_secs(1),
        site_timeout: Duration::from_secs(1),
        site_body_bytes_max: 100_000,
    };
    let resolve = ("acme.atlassian.net".to_owned(), world.jira.address());
    let outbound = Outbound::new(bounds, Resolutions::from_iter([resolve])).unwrap();
    Jira::new(
        Shared::new(tenants, server, api, world.clock.clock()),
        outbound,
    )
}

/// Sends what is allowed to ann, with or without a revocation between the site's door and the credential's.
async fn send(world: &World, revoked: bool) -> Result<(), UpstreamError> {
    let shared = world.node.shared();
    let tenants = &shared.opened.tenants;
    let id = world.site("acme").client_key().parse().unwrap();
    let grant = NewGrant {
        account: "cat".parse().unwrap(),
        act_as: "bob".parse().unwrap(),
        actions: vec!["read".to_owned()],
        expires_at: None,
        reason: "a stand-in".to_owned(),
    };
    let grant = tenants.give(&id, grant, "unix:0").await.unwrap();
    let asked = "https://acme.atlassian.net".parse().unwrap();
    let named = tenants.find(&SiteAsked::Site(asked), &id);
    if revoked {
        tenants.take_back(&grant, "unix:0").await.unwrap();
    }
    let window = Window {
        leeway_s: 30,
        lifetime_s_max: 3600,
    };
    let clock = world.clock.clock();
    let issued = shared.opened.issued.clone();
    let verifiers = Verifiers::new(
        tenants.clone(),
        issued,
        window,
        String::new(),
        clock.clone(),
    );
    let token = Presented::Jwt(Secret::from(world.token("acme", "ann")));
    let call = Call {
        method: "GET",
        target: "/v1/issue",
    };
    let principal = verifiers
        .verify(&token, call, Around::nowhere())
        .await
        .unwrap();
    let thing = Thing::Issue("ACME-1".parse().unwrap());
    let resource = tenants.resolve(named, thing).unwrap();
    let now = clock.now();
    let wish = Wish {
        reading: Reading::new(ApiVersion::Three, None, None, None).unwrap(),
        act_as: None,
        ip: [127, 0, 0, 1].into(),
        now,
        deadline: now.plus(Duration::from_secs(20)),
        entry: Entry {
            kind: Kind::Decision,
            ..Entry::default()
        },
    };
    let rules = shared.live.current().unwrap();
    let step = decide(rules, Query::new(principal, resource, wish)).unwrap();
    let ruling = step.settled().unwrap();
    let receipt = shared.opened.ledger.append(ruling.entry()).await.unwrap();
    let permit = ruling.seal(receipt).unwrap();
    let mut exchange = Exchange::default();
    jira(world).send(permit, &mut exchange).await.map(drop)
}

#[tokio::test]
async fn a_change_after_the_site_was_looked_up_ends_the_request() {
    let world = World::new().await;
    let stopped = send(&world, true).await;
    assert!(
        matches!(stopped, Err(UpstreamError::Revoked(_))),
        "{stopped:?}"
    );
    assert!(world.nothing_left());
    // The twin, or the world of this test may be what stops it.
    send(&world, false).await.unwrap();
    assert!(!world.nothing_left());
}
