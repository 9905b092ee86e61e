//! Tokens of an OpenID provider by everything that can befall one and every place that they can be used for, against the part of
//! `tests/cases/credentials.txt` that is about them.

use std::time::Duration;

use gatepost::standin::{Fault, Role, Signing, TokenDraft, account};
use serde_json::{Value, json};

use super::fates::{self, ACME, everywhere};
use crate::world::{COMPANY, World, claims};

/// Another company's provider, whose tokens are for globex alone.
const OTHER: &str = r#"
[[oidc]]
name = "other"
issuer = "{oidc-other}"
audience = "gatepost"
jwks = "{oidc-other}/jwks"
tenant_claim = "org"
account_claim = "atlassian_account_id"
tenants = { "globex-org" = "globex.atlassian.net" }
"#;

/// What befalls a token of Ann's at acme, in the order of the table.
const FATES: &[&str] = &[
    "fresh",
    "by ES256",
    "as an access token of another party",
    "sent as JWT",
    "sent as Basic password",
    "a second before its end",
    "at its end",
    "by a clock half a minute ahead",
    "by a clock further ahead",
    "not valid yet",
    "without an end",
    "living longer than an hour",
    "with another account written into it",
    "one letter changed in its signature",
    "cut by a letter",
    "signed by a key that nobody publishes",
    "signed by the other provider",
    "of the other provider",
    "of a provider that nobody configured",
    "HS256 with the public key",
    "unsigned",
    "signed with RS256 and called ES256",
    "naming no key",
    "naming an unknown key",
    "bringing its key along",
    "for another audience",
    "for several, made for another",
    "without the tenant's claim",
    "with two values of the tenant's claim",
    "with an unknown value of the tenant's claim",
    "without the account's claim",
    "with an e-mail address for the account",
    "keys rotated",
    "keys rotated and retired",
    "signed by the next key",
    "signed by the next key, too early",
    "key server down",
    "key server down for a day",
    "key server down, never read",
    "key server redirects, never read",
    "key server limits requests",
    "key server limits requests, never read",
];

/// A token, and how it is sent.
struct Held {
    scheme: &'static str,
    token: String,
}

/// The lines of one fate in a world of its own.
async fn lines(fate: &str) -> String {
    let world = World::builder().settings(&format!("{COMPANY}{OTHER}"));
    let world = world.start().await;
    let mut held = Held {
        scheme: "Bearer ",
        token: world.company_token("acme-org", "ann"),
    };
    if !fate.ends_with("never read") {
        // Remembered, before anything befalls it.
        let seen = world.get_as("/v1/whoami", &held.token).await;
        assert_eq!(seen.status, 200, "{}", seen.text);
    }
    befall(&world, fate, &mut held).await;
    // What is sent elsewhere than it belongs is sent there by the test.
    let authorization = format!("{}{}", held.scheme, held.token);
    let name = format!("oidc, {fate}");
    everywhere(&world, ACME, &name, async || authorization.clone()).await
}

async fn befall(world: &World, fate: &str, held: &mut Held) {
    match fate {
        "fresh" => {}
        "sent as JWT" => held.scheme = "JWT ",
        "sent as Basic password" => {
            use base64::Engine as _;
            let pair = format!("ann@example.com:{}", held.token);
            held.token = base64::engine::general_purpose::STANDARD.encode(pair);
            held.scheme = "Basic ";
        }
        // It lives for 300 seconds, and clocks may differ by 30.
        "a second before its end" => pass(world, 329),
        "at its end" => pass(world, 330),
        _ if fates::befalls_all(world, ACME, fate, None).await => {}
        _ if fate.starts_with("key") || fate.contains("next key") => {
            if let Some(token) = keys(world, fate) {
                held.token = token;
            }
        }
        _ => held.token = bent(world, fate, &held.token),
    }
}

fn pass(world: &World, seconds: u64) {
    world.clock.advance(Duration::from_secs(seconds));
}

/// What befalls the keys, and the token that is used then, if it is another one.
fn keys(world: &World, fate: &str) -> Option<String> {
    let provider = world.jira.oidc();
    let former = provider.rsa_key();
    let fail = |fault| world.jira.set_fault(Role::Provider, Some(fault));
    let fresh = || Some(world.company_token("acme-org", "ann"));
    match fate {
        "keys rotated" => {
            provider.rotate();
            None
        }
        "keys rotated and retired" => {
            provider.rotate();
            provider.retire();
            // As long as a set is fresh.
            pass(world, 600);
            Some(provider.token_with(former, &claims("acme-org", "ann"), |_| {}))
        }
        "signed by the next key" => {
            provider.rotate();
            pass(world, 30);
            fresh()
        }
        "signed by the next key, too early" => {
            provider.rotate();
            pass(world, 29);
            fresh()
        }
        "key server down" => {
            fail(Fault::Status(503));
            pass(world, 600);
            fresh()
        }
        "key server down for a day" => {
            fail(Fault::CloseConnection);
            pass(world, 24 * 3600);
            fresh()
        }
        "key server limits requests" => {
            fail(Fault::RateLimited { retry_after_s: 7 });
            pass(world, 600);
            fresh()
        }
        "key server limits requests, never read" => {
            fail(Fault::RateLimited { retry_after_s: 7 });
            None
        }
        "key server down, never read" => {
            fail(Fault::Status(503));
            None
        }
        "key server redirects, never read" => {
            fail(Fault::Redirect(world.jira.oidc_other().jwks()));
            None
        }
        _ => panic!("nothing is known of `{fate}`"),
    }
}

/// The token as the fate has it.
fn bent(world: &World, fate: &str, good: &str) -> String {
    let (provider, other) = (world.jira.oidc(), world.jira.oidc_other());
    let key = provider.rsa_key();
    let draft = |change: &dyn Fn(&mut TokenDraft)| {
        provider.token_with(key, &claims("acme-org", "ann"), |draft| change(draft))
    };
    let said = |changes: Value| draft(&|draft| draft.merge(&changes));
    let now = world.clock.clock().now().seconds();
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let turned = |letter: &str| if letter == "A" { "B" } else { "A" };
    match fate {
        "by ES256" => provider.token_es256(&claims("acme-org", "ann")),
        "as an access token of another party" => draft(&|draft| {
            draft.header["typ"] = json!("at+jwt");
            draft.header["x5t"] = json!("of a certificate");
            draft.claims["azp"] = json!("some-service");
        }),
        "by a clock half a minute ahead" => said(json!({"iat": now + 30, "exp": now + 330})),
        "by a clock further ahead" => said(json!({"iat": now + 31, "exp": now + 331})),
        "not valid yet" => said(json!({"nbf": now + 31})),
        "without an end" => said(json!({"exp": null})),
        "living longer than an hour" => said(json!({"exp": now + 3601})),
        "with another account written into it" => {
            let bob = world.company_token("acme-org", "bob");
            let (signed, _) = bob.rsplit_once('.').unwrap();
            format!("{signed}.{signature}")
        }
        "one letter changed in its signature" => {
            let letter = turned(&signature[..1]);
            format!("{signed}.{letter}{}", &signature[1..])
        }
        "cut by a letter" => good[..good.len() - 1].to_owned(),
        "signed by a key that nobody publishes" => {
            draft(&|draft| draft.signing = Signing::OtherKey)
        }
        "signed by the other provider" => {
            draft(&|draft| draft.signing = Signing::Key(other.rsa_key()))
        }
        "of the other provider" => other.token(&claims("acme-org", "ann")),
        "of a provider that nobody configured" => said(json!({"iss": "https://login.example"})),
        "HS256 with the public key" => draft(&|draft| {
            draft.header["alg"] = json!("HS256");
            draft.signing = Signing::Hs256(key.pem().into_bytes());
        }),
        "unsigned" => draft(&|draft| {
            draft.header["alg"] = json!("none");
            draft.signing = Signing::None;
        }),
        "signed with RS256 and called ES256" => {
            draft(&|draft| draft.header["alg"] = json!("ES256"))
        }
        "naming no key" => draft(&|draft| {
            draft.header.as_object_mut().unwrap().remove("kid");
        }),
        "naming an unknown key" => draft(&|draft| draft.header["kid"] = json!("made-up")),
        "bringing its key along" => draft(&|draft| draft.header["jwk"] = key.jwk()),
        "for another audience" => said(json!({"aud": "other"})),
        "for several, made for another" => {
            said(json!({"aud": ["gatepost", "other"], "azp": "other"}))
        }
        "without the tenant's claim" => said(json!({"org": null})),
        "with two values of the tenant's claim" => said(json!({"org": ["acme-org", "globex-org"]})),
        "with an unknown value of the tenant's claim" => said(json!({"org": "initech-org"})),
        "without the account's claim" => said(json!({"atlassian_account_id": null})),
        "with an e-mail address for the account" => {
            said(json!({"atlassian_account_id": "ann@example.com"}))
        }
        _ => panic!("nothing is known of `{fate}`"),
    }
}

#[tokio::test]
async fn a_providers_token_is_worth_what_the_table_says_whatever_befalls_it() {
    let mut table = Vec::new();
    for fate in fates::and_all(FATES) {
        table.push(lines(fate).await);
    }
    fates::compare("oidc", &table);
}

#[tokio::test]
async fn with_another_tenants_claim_a_token_is_that_tenants_alone() {
    let world = World::builder().settings(COMPANY).start().await;
    world.site("globex").activate(&account("ann"));
    world.site("globex").allow(&account("ann"), "GLOBEX");
    let site = |site: &str, issue: &str| {
        format!("/v1/issue?site=https://{site}.atlassian.net&issue={issue}")
    };
    let (acme, globex) = (site("acme", "ACME-1"), site("globex", "GLOBEX-1"));
    for (org, own, other) in [("acme-org", &acme, &globex), ("globex-org", &globex, &acme)] {
        let token = world.company_token(org, "ann");
        assert_eq!(world.get_as(own, &token).await.status, 200, "{org}");
        world.jira.clear_requests();
        assert_eq!(world.get_as(other, &token).await.status, 404, "{org}");
        assert!(world.nothing_left());
    }
}

#[tokio::test]
async fn what_a_principal_rests_on_is_told_and_recorded() {
    let world = World::builder().settings(COMPANY).start().await;
    let token = world.company_token("acme-org", "ann");
    let whoami = world.get_as("/v1/whoami", &token).await.json();
    assert_eq!(whoami["tenant_basis"], "configured");
    assert_eq!(whoami["credential"]["kind"], "oidc");
    assert_eq!(whoami["account"], account("ann"));
    let record = &world.decisions().await[0];
    assert_eq!(record["tenant_basis"], "configured");
    let credential = &record["credential"];
    assert_eq!(credential["issuer"], world.jira.oidc_issuer());
    assert_eq!(credential["key_id"], world.jira.oidc().rsa_key().kid());
    assert!(!record.to_string().contains(&token));
}

#[tokio::test]
async fn a_refused_token_is_on_record_with_its_provider_and_what_it_claimed() {
    let world = World::builder().settings(COMPANY).start().await;
    let token = world.jira.oidc().token(&claims("initech-org", "ann"));
    assert_eq!(world.get_as("/v1/whoami", &token).await.status, 401);
    let key = world.jira.oidc().rsa_key();
    let forged = world
        .jira
        .oidc()
        .token_with(key, &claims("acme-org", "ann"), |draft| {
            draft.signing = Signing::OtherKey;
        });
    assert_eq!(world.get_as("/v1/whoami", &forged).await.status, 401);
    let records = world.decisions().await;
    let said = |record: &Value| {
        let credential = &record["credential"];
        (
            credential["kind"].clone(),
            credential["issuer"] == world.jira.oidc_issuer(),
            record["tenant_claimed"].clone(),
            record["authentication_error"].clone(),
        )
    };
    assert_eq!(
        said(&records[0]),
        (
            json!("oidc"),
            true,
            Value::Null,
            json!("tenant_claim_unknown")
        )
    );
    assert_eq!(said(&records[1]).2, "acme-org");
}
