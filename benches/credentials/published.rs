//! Tokens that are verified with keys that others publish: of an OpenID provider, new and from the cache, and of Forge, which are good
//! once and so always new. The key sets were read before; every token is signed before the clock starts.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use gatepost::identity::PublishedKeys;
use gatepost::identity::forge::{self, Forge};
use gatepost::identity::jwks::Pace;
use gatepost::identity::oidc::{self, Providers};
use gatepost::identity::presented::{Around, Asking, Bearer, Presented};
use gatepost::identity::verify::Verifiers;
use gatepost::ledger::entry::Entry;
use gatepost::outbound::{ApiHost, Jwks, Outbound};
use gatepost::secret::Secret;
use gatepost::standin::{Site, Standin, account};
use gatepost::tenant::registry::SiteAsked;
use serde_json::{Value, json};

use super::beside;
use super::cost::{cost, cost_at_hand};
use super::filled::Filled;
use super::{CALL, Figures, MADE};

/// New tokens of a kind. Forge's live for 25 seconds, and signing takes most of it.
const NEW: u32 = 10_000;
const LEEWAY_S: u32 = 5;

pub(super) async fn measure(
    filled: &Filled,
    jira: &Standin,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let outbound = beside::outbound(jira)?;
    let verifiers = filled
        .verifiers(&filled.opened.issued)
        .taking(providers(filled, jira)?)
        .with_forge(Some(forge(filled, jira)?));
    let door = Door {
        verifiers,
        outbound,
    };
    let provider = jira.oidc();
    let rs256 = |claims: &Value| provider.token(claims);
    let es256 = |claims: &Value| provider.token_es256(claims);
    let names = [
        "verify an OpenID token, RS256, new",
        "verify an OpenID token, RS256, from the cache",
    ];
    door.openid(rs256, names, figures).await?;
    let names = [
        "verify an OpenID token, ES256, new",
        "verify an OpenID token, ES256, from the cache",
    ];
    door.openid(es256, names, figures).await?;
    door.invocations(filled, &jira.site("initech"), figures)
        .await
}

struct Door {
    verifiers: Verifiers,
    outbound: Outbound,
}

impl Door {
    /// New ones, and then the last few of them in turn.
    async fn openid(
        &self,
        sign: impl Fn(&Value) -> String,
        [new, again]: [&'static str; 2],
        figures: &mut Figures,
    ) -> anyhow::Result<()> {
        let claims =
            json!({"aud": "gatepost", "org": "acme-org", "atlassian_account_id": account("ann")});
        let tokens: Vec<Presented> = (0..=NEW).map(|_| bearer(sign(&claims))).collect();
        let (first, tokens) = tokens.split_first().context("a token")?;
        // It has the key set read.
        self.verify(first).await?;
        let mut turn = tokens.iter();
        let verify = async |_| self.verify(turn.next().context("a token")?).await;
        figures.push((new, cost(NEW, verify).await?.0));

        let mut turn = tokens.iter().rev().take(usize::try_from(MADE)?).cycle();
        let verify = async |_| self.verify(turn.next().context("a token")?).await;
        figures.push((again, cost_at_hand(verify).await?));
        Ok(())
    }

    async fn invocations(
        &self,
        filled: &Filled,
        site: &Site,
        figures: &mut Figures,
    ) -> anyhow::Result<()> {
        // None is good that was made before the verifier, or so near that it may have been.
        filled.clock.pause(Duration::from_secs(7)).await;
        let token = || bearer(site.invocation_token(Some("ann")));
        // It has the key set read and the installation registered.
        self.verify(&token()).await?;
        let tokens: Vec<Presented> = (0..NEW).map(|_| token()).collect();
        let mut turn = tokens.iter();
        let verify = async |_| self.verify(turn.next().context("a token")?).await;
        figures.push((
            "verify an invocation token of Forge, RS256",
            cost(NEW, verify).await?.0,
        ));
        ensure!(
            self.verify(&tokens[0]).await.is_err(),
            "a token is good once"
        );
        Ok(())
    }

    async fn verify(&self, token: &Presented) -> anyhow::Result<()> {
        // An installation that nobody knew is registered by a request, which has a record.
        let entry = Entry::default();
        let around = Around {
            site: &SiteAsked::Own,
            ip: [127, 0, 0, 1].into(),
            key_sets: Some(&self.outbound),
            asking: Some(Asking {
                outbound: &self.outbound,
                entry: &entry,
            }),
        };
        let _principal = self.verifiers.verify(token, CALL, around).await?;
        Ok(())
    }
}

fn bearer(token: String) -> Presented {
    Presented::Bearer(Bearer {
        token: Secret::from(token),
        forge_user: None,
        forge_system: None,
    })
}

/// One whose issuer customers share, which is the dearer way.
fn providers(filled: &Filled, jira: &Standin) -> anyhow::Result<Providers> {
    let provider = jira.oidc();
    let settings = oidc::Settings {
        name: "company".to_owned(),
        issuer: provider.issuer(),
        audience: "gatepost".to_owned(),
        jwks: provider.jwks(),
        tenant_claim: "org".to_owned(),
        account_claim: "atlassian_account_id".to_owned(),
        tenants: [("acme-org".to_owned(), "acme.atlassian.net".to_owned())].into(),
        ..oidc::Settings::default()
    };
    let (tenants, clock) = (filled.opened.tenants.clone(), filled.clock.clone());
    Ok(Providers::new(&[settings], LEEWAY_S, tenants, clock)?)
}

fn forge(filled: &Filled, jira: &Standin) -> anyhow::Result<Forge> {
    let server = Jwks::new(&jira.forge_jwks())?;
    Ok(Forge::new(forge::Parts {
        app_id: jira.forge_app_id().to_owned(),
        api_base: "https://api.atlassian.com".to_owned(),
        api: ApiHost::new(&jira.api_base())?,
        keys: PublishedKeys::new(server, Pace::default()),
        tenants: filled.opened.tenants.clone(),
        ledger: filled.opened.ledger.clone(),
        leeway_s: LEEWAY_S,
        clock: filled.clock.clone(),
    }))
}
