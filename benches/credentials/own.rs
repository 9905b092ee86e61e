//! Users' own credentials, from the cache: confirmed once by a stand-in for Atlassian, then believed.

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use gatepost::clock::Chance;
use gatepost::identity::own::{self, OwnCredentials};
use gatepost::identity::presented::{Around, Asking, Bearer, Password, Presented};
use gatepost::ledger::entry::Entry;
use gatepost::outbound::ApiHost;
use gatepost::secret::Secret;
use gatepost::standin::{self, Standin};
use gatepost::tenant::own::OwnKind;
use gatepost::tenant::registry::SiteAsked;

use super::cost::cost_at_hand;
use super::filled::Filled;
use super::{CALL, Figures, beside};

/// The stand-in's acme, which has the same after every start.
pub(super) const CLOUD: &str = "01aecfb3-b8ed-4a81-a69f-7c3546a293e4";

/// Look-ups one after the other.
pub(super) async fn from_cache(filled: &Filled, figures: &mut Figures) -> anyhow::Result<()> {
    let jira = Standin::start(
        standin::Settings::default(),
        filled.clock.clone(),
        Chance::seeded(7),
    )
    .await?;
    ensure!(jira.site("acme").cloud_id() == CLOUD, "another cloud id");
    let tenant = filled.tenant()?;
    let kinds = OwnKind::ALL.into_iter().collect();
    filled
        .opened
        .tenants
        .take_own(&tenant.id, kinds, "unix:0")
        .await?;
    let outbound = beside::outbound(&jira)?;
    let verifiers = filled
        .verifiers(&filled.opened.issued)
        .taking_own(own(filled, &jira)?);
    let site = SiteAsked::Site("https://acme.atlassian.net".parse()?);
    let entry = Entry::default();
    let around = Around {
        key_sets: None,
        site: &site,
        ip: [127, 0, 0, 1].into(),
        asking: Some(Asking {
            outbound: &outbound,
            entry: &entry,
        }),
    };
    for (name, presented) in [
        ("verify an API token from the cache", api_token(&jira)?),
        ("verify an access token from the cache", access_token(&jira)),
    ] {
        let verify = async |_| {
            let _principal = verifiers.verify(&presented, CALL, around).await?;
            Ok(())
        };
        figures.push((name, cost_at_hand(verify).await?));
    }
    let asked = jira.requests().len();
    ensure!(asked == 3, "asked {asked} times in place of once for each");
    Ok(())
}

fn own(filled: &Filled, jira: &Standin) -> anyhow::Result<OwnCredentials> {
    Ok(OwnCredentials::new(own::Parts {
        tenants: filled.opened.tenants.clone(),
        ledger: filled.opened.ledger.clone(),
        vault: Arc::new(filled.loaded.master_key.vault()?),
        api: ApiHost::new(&jira.api_base())?,
        issuers: vec!["https://auth.atlassian.com".to_owned()],
        limits: own::Limits {
            believed: Duration::from_mins(10),
            wait: Duration::from_secs(3),
            per_source: 20,
            per_site: 300,
        },
        clock: filled.clock.clone(),
    }))
}

fn api_token(jira: &Standin) -> anyhow::Result<Presented> {
    let ann = jira.api_token("ann");
    ensure!(ann.token.len() > 128, "shorter than Atlassian's");
    Ok(Presented::Password(Password {
        user: Secret::from(ann.email),
        password: Secret::from(ann.token),
    }))
}

fn access_token(jira: &Standin) -> Presented {
    let token = jira.oauth_token("ann", &["acme"]);
    Presented::Bearer(Bearer {
        token: Secret::from(token),
        forge_user: None,
        forge_system: None,
    })
}
