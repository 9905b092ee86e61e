//! `[[oidc]]`: what a provider may say, and what it is told when it may not.

use gatepost::config::Origin;
use gatepost::identity::PublicAlgorithm::{Es256, Rs256};

use super::{Case, DEVELOPMENT};

/// A provider of which nothing can be left out.
const ENTRA: &str = "\
[[oidc]]
name = \"entra\"
issuer = \"https://login.example/contoso/v2.0\"
audience = \"api://gatepost\"
jwks = \"https://login.example/contoso/keys\"
tenant_claim = \"tid\"
account_claim = \"atlassian_account_id\"
[oidc.tenants]
\"72f988bf\" = \"6e9a7e5c-4d3b-4a0e-9c0e-0a1b2c3d4e5f\"
";

const SERVER: &str = "[server]\npublic_url = \"https://g.example.com\"\n";

fn production(providers: &str) -> String {
    format!("{SERVER}{providers}")
}

fn problems(text: &str) -> Vec<String> {
    Case::new(text).problems()
}

#[test]
fn a_provider_is_read_with_its_defaults_and_says_where_it_came_from() {
    let case = Case::new(&production(ENTRA));
    let loaded = case.loaded();
    let [provider] = &loaded.config.oidc[..] else {
        panic!("one provider");
    };
    assert_eq!(provider.issuer, "https://login.example/contoso/v2.0");
    let cloud = "6e9a7e5c-4d3b-4a0e-9c0e-0a1b2c3d4e5f";
    assert_eq!(provider.tenants["72f988bf"], cloud);
    assert_eq!(provider.algorithms, [Rs256, Es256]);
    assert_eq!(provider.token_lifetime_s_max, 3600);
    assert_eq!(
        loaded.origin_of_provider(0, "audience"),
        Origin::File(case.path(), 6, 1)
    );
    assert_eq!(loaded.origin_of_provider(0, "algorithms"), Origin::Default);
}

#[test]
fn what_is_printed_of_providers_can_be_read_back() {
    let other = ENTRA
        .replace("entra", "keycloak")
        .replace("contoso/v2.0", "realms/x")
        .replace(
            "[oidc.tenants]",
            "algorithms = [\"ES256\"]\ntoken_lifetime_s_max = 300\n[oidc.tenants]\n\"o'\\\"neill\" = \"globex\"",
        );
    let loaded = Case::new(&format!("{DEVELOPMENT}{ENTRA}{other}")).loaded();
    let printed = loaded.print();
    assert!(printed.contains("gatepost.toml:8\n"), "{printed}");
    let again = Case::new(&printed).loaded();
    assert_eq!(again.config.oidc.len(), 2);
    assert_eq!(
        format!("{:?}", again.config),
        format!("{:?}", loaded.config)
    );
}

#[test]
fn every_mistake_of_every_provider_is_told_at_once() {
    let text = production(
        "\
[[oidc]]
name = \"entra\"
isuer = \"https://login.example\"
jwks = 5
algorithms = [\"RS256\", \"HS256\"]
tenants = { \"x\" = 7 }
[[oidc]]
name = \"\"
issuer = \"http://login.example\"
audience = \" \"
jwks = \"https://login.example/keys?p=policy\"
tenant_claim = \"tid\"
account_claim = \"acc\"
algorithms = []
token_lifetime_s_max = 86400
tenants = { \"\" = \"acme\" }
",
    );
    insta::assert_snapshot!(problems(&text).join("\n"), @r#"
    gatepost.toml:3:1: `oidc.account_claim` is missing; write `account_claim = "atlassian_account_id"`
    gatepost.toml:3:1: `oidc.audience` is missing; write `audience = "api://gatepost"`
    gatepost.toml:3:1: `oidc.issuer` is missing; write `issuer = "https://login.example.com/v2.0"`
    gatepost.toml:3:1: `oidc.tenant_claim` is missing; write `tenant_claim = "tid"`
    gatepost.toml:5:1: unknown key `isuer` in [[oidc]]; did you mean `issuer`?
    gatepost.toml:6:8: `oidc.jwks`: invalid type: integer `5`, expected a string; write it like `jwks = "https://login.example.com/keys"`
    gatepost.toml:7:24: `oidc.algorithms`: unknown variant `HS256`, expected `RS256` or `ES256`; write it like `algorithms = ["RS256", "ES256"]`
    gatepost.toml:8:19: `oidc.tenants`: invalid type: integer `7`, expected a string; write it like `tenants = { "value of the claim" = "6e9a7e5c-4d3b-4a0e-9c0e-0a1b2c3d4e5f" }`
    gatepost.toml:10:1: `oidc.name` cannot name a provider; use 1 to 64 letters, digits, dots, hyphens and underscores
    gatepost.toml:11:1: `oidc.issuer` is `http://login.example`, which is no https URL of scheme, host and path; copy it from the provider's `/.well-known/openid-configuration`; plain HTTP is for addresses of this machine under [development]
    gatepost.toml:12:1: `oidc.audience` is empty; write what the provider's tokens say
    gatepost.toml:13:1: `oidc.jwks` is `https://login.example/keys?p=policy`, which is no https URL of scheme, host and path; copy it from the provider's `/.well-known/openid-configuration`; plain HTTP is for addresses of this machine under [development]
    gatepost.toml:16:1: `oidc.algorithms` is empty, or names one twice; write it like `algorithms = ["RS256", "ES256"]`
    gatepost.toml:17:1: `oidc.token_lifetime_s_max` is 86400; choose 1 to 7200: nobody can take a token back before it ends
    gatepost.toml:18:1: `oidc.tenants` says `` is `acme`, which cannot be; write each value of the claim with its tenant: client key or cloud id
    "#);
}

#[test]
fn what_is_missing_is_told_where_the_provider_begins() {
    insta::assert_snapshot!(problems(&production("[[oidc]]\n")).join("\n"), @r#"
    gatepost.toml:3:1: `oidc.account_claim` is missing; write `account_claim = "atlassian_account_id"`
    gatepost.toml:3:1: `oidc.audience` is missing; write `audience = "api://gatepost"`
    gatepost.toml:3:1: `oidc.issuer` is missing; write `issuer = "https://login.example.com/v2.0"`
    gatepost.toml:3:1: `oidc.jwks` is missing; write `jwks = "https://login.example.com/keys"`
    gatepost.toml:3:1: `oidc.name` is missing; write `name = "entra"`
    gatepost.toml:3:1: `oidc.tenant_claim` is missing; write `tenant_claim = "tid"`
    gatepost.toml:3:1: `oidc.tenants` is missing; write `tenants = { "value of the claim" = "6e9a7e5c-4d3b-4a0e-9c0e-0a1b2c3d4e5f" }`
    "#);
}

#[test]
fn two_providers_are_never_taken_for_each_other() {
    let twice = format!("{ENTRA}{ENTRA}");
    insta::assert_snapshot!(problems(&production(&twice)).join("\n"), @r#"
    gatepost.toml:13:1: `oidc.name` is `entra`, as another provider's is; a token must belong to one provider: put what it may say into one `[[oidc]]`
    gatepost.toml:14:1: `oidc.issuer` is `https://login.example/contoso/v2.0`, as another provider's is; a token must belong to one provider: put what it may say into one `[[oidc]]`
    "#);
}

#[test]
fn a_provider_stands_in_a_list_and_in_the_file() {
    let single = ENTRA.replace("[[oidc]]", "[oidc]");
    for text in [single.as_str(), "oidc = 1\n[server]\n", "oidc = [1]\n"] {
        let found = problems(text);
        let told = found
            .iter()
            .filter(|told| told.contains("write `[[oidc]]`"));
        assert_eq!(told.count(), 1, "{text}\n{found:?}");
    }
    let case = Case::new(DEVELOPMENT)
        .with("GATEPOST_OIDC_ISSUER", "https://login.example")
        .with("GATEPOST_OIDC_PORT", "tcp://10.0.0.1:80")
        .with("GATEPOST_OIDCX", "of somebody else");
    assert_eq!(
        case.problems(),
        [
            "GATEPOST_OIDC_ISSUER (environment): providers are not read from the environment; write `[[oidc]]` and its keys into the file"
        ]
    );
    let misnamed = problems(&production(&ENTRA.replace("[[oidc]]", "[[oicd]]")));
    assert!(misnamed[0].contains("did you mean `oidc`?"), "{misnamed:?}");
}

#[test]
fn plain_http_is_for_addresses_of_this_machine_under_development() {
    let near = |host: &str| ENTRA.replace("https://login.example", &format!("http://{host}:9100"));
    let development = |provider: &str| format!("{DEVELOPMENT}{provider}");
    Case::new(&development(&near("127.0.0.1"))).loaded();
    Case::new(&development(&near("[::1]"))).loaded();
    Case::new(&development(ENTRA)).loaded();
    for host in ["localhost", "10.0.0.1", "login.example"] {
        assert_eq!(problems(&development(&near(host))).len(), 2, "{host}");
    }
    assert_eq!(problems(&production(&near("127.0.0.1"))).len(), 2);
}

#[test]
fn a_companys_tokens_are_never_whoever_has_a_host() {
    let named = |tenant: &str| ENTRA.replace("6e9a7e5c-4d3b-4a0e-9c0e-0a1b2c3d4e5f", tenant);
    for host in [
        "acme.atlassian.net",
        "https://acme.atlassian.net",
        "ACME.jira.com",
    ] {
        let told = problems(&production(&named(host)));
        assert_eq!(told.len(), 1, "{host}: {told:?}");
        assert!(told[0].contains("a host can become another customer's"));
        // Hosts of a stand-in are nobody else's.
        Case::new(&format!("{DEVELOPMENT}{}", named(host))).loaded();
    }
    for tenant in ["acme-client-key", "3f9bd1d2-7f0e-4c35-8c62-8a9b9a3a6f11"] {
        Case::new(&production(&named(tenant))).loaded();
    }
}

#[test]
fn an_issuer_may_end_with_a_slash() {
    let slashed = ENTRA.replace("contoso/v2.0", "");
    let loaded = Case::new(&production(&slashed)).loaded();
    assert_eq!(loaded.config.oidc[0].issuer, "https://login.example/");
}
