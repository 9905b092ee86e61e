//! What a provider's token must say, and who may sign it: against a server whose keys are the test's own, so that tokens can be signed
//! that no provider would sign.

use std::fmt::Write as _;
use std::sync::LazyLock;
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gatepost::identity::Principal;
use gatepost::identity::PublicAlgorithm::{Es256, Rs256};
use gatepost::identity::oidc::{Providers, Settings};
use gatepost::ledger::entry::TenantBasis;
use gatepost::standin::account;
use serde_json::{Value, json};

use super::jwks::{Server, ok, outbound};
use crate::world::{NOON, World};

// Made once: generating 2048 bits takes up to half a second.
static PUBLISHED: LazyLock<Signer> = LazyLock::new(Signer::new);
static STRANGER: LazyLock<Signer> = LazyLock::new(Signer::new);

/// Keys of the test's own.
struct Signer {
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
}

impl Signer {
    fn new() -> Self {
        Self {
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
            ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
        }
    }

    fn keys(&self) -> String {
        let text = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
        let numbers = PublicKeyComponents::<Vec<u8>>::from(self.rsa.public_key());
        let (x, y) = self.ec.public_key().as_ref()[1..].split_at(32);
        let keys = json!({"keys": [
            {"kty": "RSA", "kid": "rsa", "n": text(&numbers.n), "e": text(&numbers.e)},
            {"kty": "EC", "crv": "P-256", "kid": "ec", "x": text(x), "y": text(y)},
        ]});
        keys.to_string()
    }

    fn rs256(&self, header: &str, claims: &str) -> String {
        signed(header, claims, |text| {
            let mut signature = vec![0; self.rsa.public_modulus_len()];
            self.rsa
                .sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    text,
                    &mut signature,
                )
                .unwrap();
            signature
        })
    }

    fn es256(&self, header: &str, claims: &str) -> String {
        signed(header, claims, |text| {
            let signature = self.ec.sign(&SystemRandom::new(), text).unwrap();
            signature.as_ref().to_vec()
        })
    }
}

fn signed(header: &str, claims: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    let text = format!("{header}.{claims}");
    let signature = sign(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

const ISSUER: &str = "https://login.example/shared";
const RSA: &str = r#"{"alg":"RS256","typ":"JWT","kid":"rsa"}"#;
const EC: &str = r#"{"alg":"ES256","typ":"JWT","kid":"ec"}"#;

/// A world with one shared issuer, whose tokens are for both sites.
struct Stage {
    world: World,
    server: Server,
    signer: &'static Signer,
    providers: Providers,
}

impl Stage {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let (world, server) = (World::new().await, Server::start().await);
        let signer = &*PUBLISHED;
        server.answers(ok(&signer.keys()));
        let tenants = [("org-a", "acme"), ("org-b", "globex")];
        let host = |name| format!("{name}.atlassian.net");
        let mut settings = Settings {
            name: "shared".to_owned(),
            issuer: ISSUER.to_owned(),
            audience: "gatepost".to_owned(),
            jwks: server.url.clone(),
            tenant_claim: "org".to_owned(),
            account_claim: "account".to_owned(),
            tenants: tenants
                .map(|(value, name)| (value.to_owned(), host(name)))
                .into(),
            ..Settings::default()
        };
        change(&mut settings);
        let registry = world.node.shared().opened.tenants.clone();
        let providers = Providers::new(&[settings], 30, registry, world.clock.clock()).unwrap();
        Self {
            world,
            server,
            signer,
            providers,
        }
    }

    async fn verify(&self, token: &str) -> Result<Principal, &'static str> {
        let provider = self.providers.of(ISSUER).unwrap();
        let outbound = outbound();
        let verified = self
            .providers
            .verify(provider, token.as_bytes(), Some(&outbound));
        verified.await.map_err(|error| error.code())
    }

    /// The site and account behind a token.
    async fn who(&self, token: &str) -> Result<String, &'static str> {
        let principal = self.verify(token).await?;
        let site = self
            .world
            .jira
            .sites()
            .into_iter()
            .find(|site| site.client_key() == principal.tenant().as_str());
        let name = site.unwrap().name().to_owned();
        Ok(format!("{name}/{}", principal.account()))
    }

    /// What becomes of a token with these members in place of the usual ones.
    async fn judge(&self, over: Value) -> Result<String, &'static str> {
        let token = self.signer.rs256(RSA, &claims(&over));
        self.who(&token).await
    }
}

/// Good claims of Ann's at acme, with `over` laid on them; a null takes a member away.
fn claims(over: &Value) -> String {
    let now = NOON.seconds();
    let mut claims = json!({
        "iss": ISSUER, "sub": "ann@login.example", "aud": "gatepost", "iat": now, "exp": now + 300,
        "org": "org-a", "account": account("ann"),
    });
    let members = claims.as_object_mut().unwrap();
    for (name, value) in over.as_object().unwrap() {
        members.insert(name.clone(), value.clone());
    }
    members.retain(|_, value| *value != "-");
    claims.to_string()
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "what it is compared with is a result"
)]
fn ann(site: &str) -> Result<String, &'static str> {
    Ok(format!("{site}/{}", account("ann")))
}

#[tokio::test]
async fn a_token_of_either_algorithm_gives_its_account_at_the_tenant_of_its_claim() {
    let stage = Stage::new().await;
    let good = claims(&json!({}));
    assert_eq!(
        stage.who(&stage.signer.rs256(RSA, &good)).await,
        ann("acme")
    );
    assert_eq!(stage.who(&stage.signer.es256(EC, &good)).await, ann("acme"));
    let principal = stage.verify(&stage.signer.es256(EC, &good)).await.unwrap();
    assert_eq!(principal.tenant_basis(), TenantBasis::Configured);
    let credential = principal.credential();
    assert_eq!(
        (
            &*credential.kind,
            credential.issuer.as_deref(),
            credential.key_id.as_deref()
        ),
        ("oidc", Some(ISSUER), Some("ec"))
    );
}

#[tokio::test]
async fn a_shared_issuer_maps_nobody_to_the_tenant_of_another_value() {
    let stage = Stage::new().await;
    assert_eq!(stage.judge(json!({"org": "org-a"})).await, ann("acme"));
    assert_eq!(stage.judge(json!({"org": "org-b"})).await, ann("globex"));
    for value in [
        "org-c",
        "ORG-A",
        "org-a ",
        "",
        "acme.atlassian.net",
        "org-a\u{0}",
    ] {
        let judged = stage.judge(json!({"org": value})).await;
        assert_eq!(judged, Err("tenant_claim_unknown"), "{value}");
    }
    for value in [
        json!("-"),
        Value::Null,
        json!(7),
        json!(true),
        json!(["org-a"]),
        json!(["org-b", "org-a"]),
        json!({"org-a": "org-a"}),
    ] {
        let judged = stage.judge(json!({"org": value})).await;
        assert_eq!(judged, Err("no_tenant_claim"), "{value}");
    }
    // Another claim that says so, does not.
    let elsewhere = json!({"org": "-", "Org": "org-a", "ext": {"org": "org-a"}});
    assert_eq!(stage.judge(elsewhere).await, Err("no_tenant_claim"));
}

#[tokio::test]
async fn the_account_is_an_account_id_and_nothing_else() {
    let stage = Stage::new().await;
    for value in [
        json!("-"),
        Value::Null,
        json!(""),
        json!("ann@example.com"),
        json!("a/b"),
        json!([account("ann")]),
        json!(5),
    ] {
        let judged = stage.judge(json!({"account": value})).await;
        assert_eq!(judged, Err("no_account_claim"), "{value}");
    }
    // The subject of the provider is nobody at Atlassian.
    let subject = json!({"account": "-", "sub": account("ann")});
    assert_eq!(stage.judge(subject).await, Err("no_account_claim"));
}

#[tokio::test]
async fn a_token_is_for_us_and_was_made_for_us() {
    let stage = Stage::new().await;
    for (aud, azp, outcome) in [
        (json!("gatepost"), json!("-"), ann("acme")),
        (json!(["gatepost"]), json!("-"), ann("acme")),
        // Of an access token the party is whoever asked for it.
        (json!("gatepost"), json!("some-service"), ann("acme")),
        (json!(["other", "gatepost"]), json!("-"), ann("acme")),
        (json!(["other", "gatepost"]), json!("gatepost"), ann("acme")),
        (
            json!(["other", "gatepost"]),
            json!("other"),
            Err("wrong_party"),
        ),
        (
            json!(["gatepost", "gatepost"]),
            json!("other"),
            Err("wrong_party"),
        ),
        (
            json!(["other", "gatepost"]),
            json!(["gatepost"]),
            Err("wrong_party"),
        ),
        (
            json!(["other", "gatepost"]),
            Value::Null,
            Err("wrong_party"),
        ),
        (json!("other"), json!("gatepost"), Err("wrong_audience")),
        (json!("gatepost/"), json!("-"), Err("wrong_audience")),
        (json!("GATEPOST"), json!("-"), Err("wrong_audience")),
        (json!([]), json!("-"), Err("wrong_audience")),
        (json!("-"), json!("gatepost"), Err("wrong_audience")),
        (json!([["gatepost"]]), json!("-"), Err("token_claims")),
        (json!({"gatepost": 1}), json!("-"), Err("token_claims")),
    ] {
        let judged = stage.judge(json!({"aud": aud, "azp": azp})).await;
        assert_eq!(judged, outcome, "{aud} {azp}");
    }
}

#[tokio::test]
async fn the_issuer_is_compared_letter_by_letter() {
    let stage = Stage::new().await;
    for iss in [
        format!("{ISSUER}/"),
        ISSUER.to_uppercase(),
        ISSUER.replace("https", "http"),
        "forge/invocation-token".to_owned(),
    ] {
        let judged = stage.judge(json!({"iss": iss})).await;
        assert_eq!(judged, Err("wrong_issuer"), "{iss}");
    }
    for iss in [json!("-"), json!([ISSUER]), Value::Null] {
        assert_eq!(stage.judge(json!({"iss": iss})).await, Err("token_claims"));
    }
}

#[tokio::test]
async fn clocks_may_differ_by_the_leeway_and_no_token_lives_for_long() {
    let stage = Stage::new().await;
    let now = NOON.seconds();
    for (times, outcome) in [
        (json!({"iat": now + 30, "exp": now + 60}), ann("acme")),
        (
            json!({"iat": now + 31, "exp": now + 60}),
            Err("token_from_future"),
        ),
        (json!({"nbf": now + 30}), ann("acme")),
        (json!({"nbf": now + 31}), Err("token_not_yet")),
        (json!({"iat": now - 300, "exp": now - 29}), ann("acme")),
        (
            json!({"iat": now - 300, "exp": now - 30}),
            Err("token_expired"),
        ),
        (json!({"exp": now + 3600}), ann("acme")),
        (json!({"exp": now + 3601}), Err("token_long_lived")),
        (json!({"exp": now}), Err("token_reversed")),
        (json!({"exp": "-"}), Err("token_claims")),
        (json!({"iat": "-"}), Err("token_claims")),
        (json!({"exp": (now + 300).to_string()}), Err("token_claims")),
        (json!({"exp": f64::from(u32::MAX)}), Err("token_claims")),
        (json!({"exp": null}), Err("token_claims")),
        (json!({"nbf": null}), Err("token_claims")),
    ] {
        assert_eq!(stage.judge(times.clone()).await, outcome, "{times}");
    }
}

#[tokio::test]
async fn the_longest_life_of_a_token_is_the_providers() {
    let stage = Stage::with(|settings| settings.token_lifetime_s_max = 7200).await;
    let exp = NOON.seconds() + 7200;
    assert_eq!(stage.judge(json!({"exp": exp})).await, ann("acme"));
    let longer = stage.judge(json!({"exp": exp + 1})).await;
    assert_eq!(longer, Err("token_long_lived"));
}

#[tokio::test]
async fn a_claim_that_is_there_twice_is_there_in_no_way() {
    let stage = Stage::new().await;
    let good = claims(&json!({}));
    for member in [
        r#""org":"org-b""#.to_owned(),
        r#""\u006frg":"org-b""#.to_owned(),
        format!(r#""account":"{}""#, account("bob")),
        r#""aud":"other""#.to_owned(),
        r#""exp":4102444800"#.to_owned(),
        r#""iss":"https://login.example/other""#.to_owned(),
        r#""x":{"y":1,"y":1}"#.to_owned(),
    ] {
        for twice in [
            good.replacen('{', &format!("{{{member},"), 1),
            format!("{},{member}}}", &good[..good.len() - 1]),
        ] {
            let token = stage.signer.rs256(RSA, &twice);
            assert_eq!(stage.who(&token).await, Err("token_claims"), "{twice}");
        }
    }
}

#[tokio::test]
async fn the_algorithm_is_the_keys_and_one_that_the_provider_has() {
    let stage = Stage::new().await;
    let (signer, good) = (stage.signer, claims(&json!({})));
    let header = |alg: &str, kid: &str| format!(r#"{{"alg":"{alg}","kid":"{kid}"}}"#);
    // A signature by one key under the name of the other.
    let crossed = signer.rs256(&header("RS256", "ec"), &good);
    assert_eq!(stage.who(&crossed).await, Err("token_algorithm"));
    let crossed = signer.es256(&header("ES256", "rsa"), &good);
    assert_eq!(stage.who(&crossed).await, Err("token_algorithm"));
    for alg in [
        "HS256", "HS384", "none", "None", "PS256", "RS384", "ES384", "EdDSA", "",
    ] {
        for token in [
            signer.rs256(&header(alg, "rsa"), &good),
            signed(&header(alg, "rsa"), &good, |_| Vec::new()),
        ] {
            assert_eq!(stage.who(&token).await, Err("token_algorithm"), "{alg}");
        }
    }
    let only = Stage::with(|settings| settings.algorithms = vec![Es256]).await;
    let token = only.signer.rs256(RSA, &good);
    assert_eq!(only.who(&token).await, Err("token_algorithm"));
    assert_eq!(only.server.asked(), 0, "not even the keys were asked for");
    assert_eq!(only.who(&only.signer.es256(EC, &good)).await, ann("acme"));
    let only = Stage::with(|settings| settings.algorithms = vec![Rs256]).await;
    assert_eq!(only.who(&only.signer.rs256(RSA, &good)).await, ann("acme"));
    let token = only.signer.es256(EC, &good);
    assert_eq!(only.who(&token).await, Err("token_algorithm"));
}

#[tokio::test]
async fn a_public_key_is_nobodys_secret() {
    use aws_lc_rs::hmac;
    let stage = Stage::new().await;
    let good = claims(&json!({}));
    let spki: PublicKeyX509Der<'_> = stage.signer.rsa.public_key().as_der().unwrap();
    let mut pem = "-----BEGIN PUBLIC KEY-----\n".to_owned();
    for line in STANDARD.encode(spki.as_ref()).as_bytes().chunks(64) {
        writeln!(pem, "{}", std::str::from_utf8(line).unwrap()).unwrap();
    }
    pem.push_str("-----END PUBLIC KEY-----\n");
    let keys = stage.signer.keys();
    let numbers = PublicKeyComponents::<Vec<u8>>::from(stage.signer.rsa.public_key());
    for secret in [
        spki.as_ref(),
        pem.as_bytes(),
        pem.trim_end().as_bytes(),
        keys.as_bytes(),
        numbers.n.as_slice(),
        stage.signer.rsa.public_key().as_ref(),
        stage.signer.ec.public_key().as_ref(),
    ] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        for (alg, kid) in [
            ("HS256", "rsa"),
            ("HS256", "ec"),
            ("RS256", "rsa"),
            ("ES256", "ec"),
        ] {
            let header = format!(r#"{{"alg":"{alg}","typ":"JWT","kid":"{kid}"}}"#);
            let token = signed(&header, &good, |text| {
                hmac::sign(&key, text).as_ref().to_vec()
            });
            let refused = stage.who(&token).await;
            let expected = if alg == "HS256" {
                "token_algorithm"
            } else {
                "token_signature"
            };
            assert_eq!(refused, Err(expected), "{header}");
        }
    }
}

#[tokio::test]
async fn a_header_brings_no_key_and_names_one_that_is_published() {
    let stage = Stage::new().await;
    let good = claims(&json!({}));
    let stranger = &*STRANGER;
    let key: Value = serde_json::from_str(&stranger.keys()).unwrap();
    let header = |more: Value| {
        let mut header = json!({"alg": "RS256", "kid": "rsa"});
        let members = header.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        members.retain(|_, value| *value != "-");
        header.to_string()
    };
    let cases = [
        (json!({"jwk": key["keys"][0]}), "token_header"),
        (json!({"jku": "https://evil.example/keys"}), "token_header"),
        (json!({"x5u": "https://evil.example/cert"}), "token_header"),
        (json!({"x5c": []}), "token_header"),
        (json!({"crit": ["exp"]}), "token_header"),
        (json!({"b64": false}), "token_header"),
        (json!({"typ": "dpop+jwt"}), "token_type"),
        (json!({"kid": "-"}), "no_key_id"),
        (json!({"kid": "RSA"}), "unknown_key"),
        (json!({"kid": "../rsa"}), "unknown_key"),
        (json!({}), "token_signature"),
    ];
    for (more, expected) in cases {
        let token = stranger.rs256(&header(more.clone()), &good);
        assert_eq!(stage.who(&token).await, Err(expected), "{more}");
    }
    for more in [
        json!({"typ": "at+jwt"}),
        json!({"typ": "application/at+jwt"}),
        json!({"x5t": "anything", "x5t#S256": "at all"}),
    ] {
        let token = stage.signer.rs256(&header(more.clone()), &good);
        assert_eq!(stage.who(&token).await, ann("acme"), "{more}");
    }
}

#[tokio::test]
async fn what_would_be_refused_anyhow_costs_no_fetch() {
    let stage = Stage::new().await;
    for over in [
        json!({"aud": "other"}),
        json!({"org": "org-c"}),
        json!({"exp": NOON.seconds() - 100, "iat": NOON.seconds() - 200}),
        json!({"account": "-"}),
    ] {
        stage.judge(over).await.unwrap_err();
    }
    assert_eq!(stage.server.asked(), 0);
    assert_eq!(stage.judge(json!({})).await, ann("acme"));
    assert_eq!(stage.server.asked(), 1);
}

#[tokio::test]
async fn made_up_key_names_cost_one_fetch_an_interval() {
    let stage = Stage::new().await;
    let good = claims(&json!({}));
    for number in 0..200 {
        let header = format!(r#"{{"alg":"RS256","kid":"made-up-{number}"}}"#);
        let token = stage.signer.rs256(&header, &good);
        assert_eq!(stage.who(&token).await, Err("unknown_key"));
    }
    assert_eq!(stage.server.asked(), 1);
    assert_eq!(stage.judge(json!({})).await, ann("acme"));
    assert_eq!(stage.server.asked(), 1);
}

#[tokio::test]
async fn a_key_server_that_is_down_is_told_apart_from_a_bad_token() {
    let stage = Stage::new().await;
    stage.server.answers(String::new());
    assert_eq!(stage.judge(json!({})).await, Err("keys_unavailable"));
    stage.server.answers(ok(&stage.signer.keys()));
    assert_eq!(stage.judge(json!({})).await, Err("keys_unavailable"));
    stage.world.clock.advance(Duration::from_secs(30));
    assert_eq!(stage.judge(json!({})).await, ann("acme"));
}

/// Whether a token that verified is still taken without being verified again.
async fn is_remembered(stage: &Stage, token: &str) -> bool {
    let remembered = stage.providers.remember(token.as_bytes()).await;
    remembered.is_some_and(|principal| principal.account().as_str() == account("ann"))
}

#[tokio::test]
async fn what_verified_is_remembered_until_anything_it_rests_on_changes() {
    use gatepost::tenant::block::Target;
    use gatepost::tenant::operations::NewBlock;
    let stage = Stage::new().await;
    let (world, token) = (&stage.world, stage.signer.rs256(RSA, &claims(&json!({}))));
    let other = stage.signer.rs256(RSA, &claims(&json!({"jti": "other"})));
    assert!(!is_remembered(&stage, &token).await);
    assert_eq!(stage.who(&token).await, ann("acme"));
    assert!(is_remembered(&stage, &token).await);
    assert!(!is_remembered(&stage, &other).await);
    assert!(!is_remembered(&stage, &format!("{token}A")).await);
    assert!(!is_remembered(&stage, &token[..token.len() - 1]).await);

    // The account is kept out, for a minute.
    let new = NewBlock {
        target: Target::Account(account("ann").parse().unwrap()),
        span: Some(Duration::from_mins(1)),
        reason: None,
    };
    let tenants = &world.node.shared().opened.tenants;
    tenants.block(new, "unix:0").await.unwrap();
    assert!(!is_remembered(&stage, &token).await);
    assert_eq!(stage.who(&token).await, Err("account_blocked"));
    world.clock.advance(Duration::from_mins(1));
    assert!(is_remembered(&stage, &token).await);

    // The app is installed again: another epoch.
    let install = world.site("acme").install(world.app_url());
    assert_eq!(world.deliver(&install).await.status, 204);
    assert!(!is_remembered(&stage, &token).await);
    assert_eq!(stage.who(&token).await, ann("acme"));
    assert!(is_remembered(&stage, &token).await);

    // The provider takes its keys back.
    stage.server.answers(ok(r#"{"keys":[]}"#));
    let made_up = stage
        .signer
        .rs256(r#"{"alg":"RS256","kid":"x"}"#, &claims(&json!({})));
    assert_eq!(stage.who(&made_up).await, Err("unknown_key"));
    assert!(!is_remembered(&stage, &token).await);
    assert_eq!(stage.who(&token).await, Err("unknown_key"));

    stage.server.answers(ok(&stage.signer.keys()));
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(stage.who(&token).await, ann("acme"));
    assert!(is_remembered(&stage, &token).await);

    // Its time is over: 300 seconds and the leeway, of which 90 are gone.
    world.clock.advance(Duration::from_secs(239));
    assert!(is_remembered(&stage, &token).await);
    world.clock.advance(Duration::from_secs(1));
    assert!(!is_remembered(&stage, &token).await);
    assert_eq!(stage.who(&token).await, Err("token_expired"));
}

#[tokio::test]
async fn a_set_that_grew_old_is_read_before_a_remembered_token_is_good_again() {
    let stage = Stage::new().await;
    let exp = json!({"exp": NOON.seconds() + 3600});
    let token = stage.signer.rs256(RSA, &claims(&exp));
    assert_eq!(stage.who(&token).await, ann("acme"));
    stage.world.clock.advance(Duration::from_secs(599));
    assert!(is_remembered(&stage, &token).await);
    stage.world.clock.advance(Duration::from_secs(1));
    assert!(!is_remembered(&stage, &token).await);
    assert_eq!(
        (stage.who(&token).await, stage.server.asked()),
        (ann("acme"), 2)
    );
    assert!(is_remembered(&stage, &token).await);
}

#[tokio::test]
async fn a_value_stands_for_an_active_tenant_by_any_of_its_names_or_for_none() {
    for (name, outcome) in [
        ("acme.atlassian.net", ann("acme")),
        ("https://acme.atlassian.net", ann("acme")),
        ("nowhere.atlassian.net", Err("tenant_inactive")),
        ("acme", Err("tenant_inactive")),
    ] {
        let stage = Stage::with(|settings| {
            settings.tenants.insert("org-a".to_owned(), name.to_owned());
        });
        assert_eq!(stage.await.judge(json!({})).await, outcome, "{name}");
    }
    let stage = Stage::new().await;
    let by_key = stage.world.site("acme").client_key();
    let cloud = stage.world.site("acme").cloud_id().to_owned();
    for name in [by_key, cloud] {
        let stage = Stage::with(|settings| {
            settings.tenants.insert("org-a".to_owned(), name.clone());
        });
        assert_eq!(stage.await.judge(json!({})).await, ann("acme"), "{name}");
    }
    let uninstall = stage.world.site("acme").uninstall(stage.world.app_url());
    assert_eq!(stage.judge(json!({})).await, ann("acme"));
    assert_eq!(stage.world.deliver(&uninstall).await.status, 204);
    assert_eq!(stage.judge(json!({})).await, Err("tenant_inactive"));
    assert_eq!(stage.judge(json!({"org": "org-b"})).await, ann("globex"));
}

#[tokio::test]
async fn a_name_that_two_tenants_have_stands_for_neither() {
    let cloud = World::new().await.site("acme").cloud_id().to_owned();
    let stage = Stage::with(|settings| {
        settings.tenants.insert("org-a".to_owned(), cloud.clone());
    });
    let stage = stage.await;
    assert_eq!(stage.judge(json!({})).await, ann("acme"));
    // Another site comes back under a client key that reads like it.
    let callback = stage
        .world
        .site("globex")
        .install_with(stage.world.app_url(), |draft| {
            draft.claims["iss"] = json!(cloud);
            draft.payload["clientKey"] = json!(cloud);
        });
    assert_eq!(stage.world.deliver(&callback).await.status, 204);
    assert_eq!(stage.judge(json!({})).await, Err("tenant_inactive"));
    let tenants = &stage.world.node.shared().opened.tenants;
    let refused = tenants.by_any_name(&cloud).unwrap_err();
    assert!(refused.to_string().starts_with("two tenants are called"));
}
