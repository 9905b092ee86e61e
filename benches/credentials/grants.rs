//! Grants: given by people, each for a token of the last minute that is spent with it, and ended.

use std::time::Duration;

use anyhow::Context as _;
use gatepost::identity::issued::{Fresh, GrantWish};
use gatepost::identity::presented::{Around, Presented};
use gatepost::identity::verify::ConnectKind;
use gatepost::ledger::entry::Entry;
use gatepost::secret::Secret;
use gatepost::tenant::AccountId;
use gatepost::tenant::operations::By;

use super::cost::cost;
use super::filled::{self, Filled};
use super::{CALL, Figures, signed};

/// From none in force on the site to so many, and back. An account gives twenty, which is below what one may.
const GIVEN: u32 = 400;

/// What is given when, made ready before.
struct Ready {
    fresh: Fresh,
    wish: GrantWish,
    by: By,
}

pub(super) async fn measure(filled: &Filled, figures: &mut Figures) -> anyhow::Result<()> {
    let (issued, tenants) = (&filled.opened.issued, &filled.opened.tenants);
    let tenant = filled.tenant()?.id.clone();
    let mut ready = Vec::new();
    for number in 0..GIVEN {
        ready.push(prepare(filled, number).await?);
    }
    let give = async |_| {
        let Ready { fresh, wish, by } = ready.pop().context("a wish")?;
        Ok(issued.give_grant(fresh, &tenant, wish, by).await?)
    };
    let (given, grants) = cost(GIVEN, give).await?;
    figures.push(("give a grant", given));
    let mut grants = grants.into_iter();
    let end = async |_| {
        let grant = grants.next().context("a grant")?;
        let by = By::person(&tenant, &grant.act_as, Entry::default());
        Ok(tenants.take_back(&grant.id, by).await?)
    };
    figures.push(("end a grant", cost(GIVEN, end).await?.0));
    Ok(())
}

async fn prepare(filled: &Filled, number: u32) -> anyhow::Result<Ready> {
    let issued = &filled.opened.issued;
    let giver = filled::account(number);
    // Tokens of a number are one token, and others were spent on sessions.
    let token = signed::context_token(&giver, 1_000_000 + number);
    let token = Presented::Jwt(Secret::from(token));
    let verifiers = filled.verifiers(issued);
    let spendable = verifiers.spendable(&token, CALL, ConnectKind::Context, Around::nowhere());
    let (principal, fresh) = issued.freshen(spendable.await?, None)?;
    let giver: AccountId = giver.parse()?;
    Ok(Ready {
        fresh,
        wish: GrantWish {
            account: format!("deputy-{number}").parse()?,
            act_as: giver.clone(),
            actions: vec!["read".to_owned()],
            ends_at: filled.clock.now().plus(Duration::from_hours(24)),
            reason: "while I am away".to_owned(),
        },
        by: By::person(principal.tenant(), &giver, Entry::default()),
    })
}
