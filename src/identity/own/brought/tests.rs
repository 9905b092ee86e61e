//! What credentials must look like, and by what they are known.

use super::*;
use crate::outbound::Authorization;

fn password(user: &str, password: &str) -> Option<Brought> {
    Brought::password(&Password {
        user: Secret::from(user.to_owned()),
        password: Secret::from(password.to_owned()),
    })
}

fn bearer(token: &str, forge: Option<&str>) -> Option<Brought> {
    Brought::token(&Bearer {
        token: Secret::from(token.to_owned()),
        forge_user: None,
        forge_system: forge.map(|token| Secret::from(token.to_owned())),
    })
}

#[test]
fn what_goes_on_is_what_came() {
    let brought = password("ann@acme.example", "ATATT3x=AB").unwrap();
    assert!(matches!(
        brought.carried.authorization(),
        Authorization::Basic(user, token)
            if user.expose() == b"ann@acme.example" && token.expose() == b"ATATT3x=AB"
    ));
    assert!(!brought.is_for_api_host);
    let brought = bearer("abc.def", None).unwrap();
    assert!(matches!(
        brought.carried.authorization(),
        Authorization::Bearer(token) if token.expose() == b"abc.def"
    ));
}

#[test]
fn a_service_account_is_told_by_the_domain_of_its_address() {
    for (email, expected) in [
        ("bot-1@serviceaccount.atlassian.com", true),
        ("bot-1@ServiceAccount.Atlassian.COM", true),
        ("bot-1@serviceaccount.atlassian.com.example", false),
        ("bot-1@notserviceaccount.atlassian.com", false),
        ("@", false),
    ] {
        assert_eq!(
            password(email, "x").unwrap().is_for_api_host,
            expected,
            "{email}"
        );
    }
}

#[test]
fn what_atlassian_gives_to_nobody_goes_nowhere() {
    let long = "x".repeat(TOKEN_BYTES_MAX + 1);
    for (user, token) in [
        ("ann", "token"),
        ("", "token"),
        ("ann@acme.example", ""),
        ("ann@acme.example", "two words"),
        ("ann@acme.example", "\u{e9}"),
        ("ann @acme.example", "token"),
        ("ann@acme.example\r\n", "token"),
        ("ann@acme.example", long.as_str()),
        ("ann@acme.example", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"),
    ] {
        assert!(password(user, token).is_none(), "{user} {token}");
    }
    assert!(bearer("", None).is_none());
    assert!(bearer("a b", None).is_none());
    assert!(bearer(&"x".repeat(ACCESS_BYTES_MAX + 1), None).is_none());
    assert!(bearer("abc", Some("system")).is_none());
    assert!(bearer("ATATT3xFfGF0abc=1234", None).is_none());
    assert!(bearer("ATSTT3xFfGF0abc=1234", None).is_none());
}

#[test]
fn a_credential_is_kept_for_one_tenant_in_one_epoch_and_has_one_name() {
    let vault = Vault::new(&Vault::generate(&crate::clock::Chance::seeded(1))).unwrap();
    let [ann, bob] = ["ann@x.example", "bob@x.example"].map(|who| password(who, "t").unwrap());
    let hash = ann.hash(&vault, "acme", 1);
    assert_ne!(hash, ann.hash(&vault, "globex", 1));
    assert_ne!(hash, ann.hash(&vault, "acme", 2));
    assert_ne!(hash, bob.hash(&vault, "acme", 1));
    assert_ne!(ann.id(&vault), bob.id(&vault));
    assert_eq!(ann.id(&vault).len(), 4 + 2 * ID_BYTES);
}

#[test]
fn however_an_address_is_spelt_it_is_one_credential_and_sent_as_it_came() {
    let vault = Vault::new(&Vault::generate(&crate::clock::Chance::seeded(1))).unwrap();
    let ann = password("ann@acme.example", "ATATT3x=AB").unwrap();
    let spelt = password("aNn@Acme.Example", "ATATT3x=AB").unwrap();
    assert_eq!(ann.hash(&vault, "acme", 1), spelt.hash(&vault, "acme", 1));
    assert_eq!(ann.id(&vault), spelt.id(&vault));
    assert!(matches!(
        spelt.carried.authorization(),
        Authorization::Basic(user, _) if user.expose() == b"aNn@Acme.Example"
    ));
    // Of the token itself every letter counts.
    let other = password("ann@acme.example", "ATATT3x=Ab").unwrap();
    assert_ne!(ann.hash(&vault, "acme", 1), other.hash(&vault, "acme", 1));
    let [one, other] = ["abc.def", "Abc.def"].map(|token| bearer(token, None).unwrap());
    assert_ne!(one.id(&vault), other.id(&vault));
}
