//! A credential as a user brought it, of a form that Atlassian's have. Used by this folder.
//! Neither the token nor the e-mail address beside it may be kept or written down: what is kept is a keyed hash.

use crate::identity::bearer::is_jose;
use crate::identity::means::Carried;
use crate::identity::presented::{Bearer, Password};
use crate::secret::{Secret, Vault, hex};
use crate::tenant::own::OwnKind;

/// RFC 5321, section 4.5.3.1, as everybody reads it.
const EMAIL_BYTES_MAX: usize = 254;
/// Atlassian's API tokens have some two hundred characters, and their length may change.
const TOKEN_BYTES_MAX: usize = 2048;
/// Access tokens are JWTs of some two thousand characters.
const ACCESS_BYTES_MAX: usize = 8192;
/// Service accounts have tokens with scopes alone, which the site's own host does not know.
const SERVICE: &[u8] = b"@serviceaccount.atlassian.com";
/// What API tokens begin with, those of people and those of service accounts. As a Bearer they are good nowhere.
const API_TOKENS: [&[u8]; 2] = [b"ATATT", b"ATSTT"];
/// Bytes of a hash that name a credential in records.
const ID_BYTES: usize = 12;

/// A credential, and by what it is known.
#[derive(Clone, Debug)]
pub(super) struct Brought {
    /// What is sent.
    pub(super) carried: Carried,
    /// The e-mail address of an API token's owner in the one spelling by which it is known here.
    address: Option<Secret>,
    /// Whether it can be good at the API host alone, by what it looks like.
    pub(super) is_for_api_host: bool,
}

impl Brought {
    /// An e-mail address and an API token. A password of another form is none that Atlassian gave, and goes nowhere.
    pub(super) fn password(pair: &Password) -> Option<Self> {
        let (user, password) = (pair.user.expose(), pair.password.expose());
        let is_email = user.len() <= EMAIL_BYTES_MAX
            && user.contains(&b'@')
            && user.iter().all(|byte| *byte > b' ' && *byte != 0x7f);
        // Atlassian's API tokens are no JWTs: somebody's token of another kind must not go where API tokens do.
        let is_jwt = is_jose(password);
        if !is_email || is_jwt || !is_plain(password, TOKEN_BYTES_MAX) {
            return None;
        }
        let ending = user.len().checked_sub(SERVICE.len()).map(|at| &user[at..]);
        Some(Self {
            carried: Carried::Pair {
                user: pair.user.clone(),
                token: pair.password.clone(),
            },
            address: Some(lower(&pair.user)),
            is_for_api_host: ending.is_some_and(|ending| ending.eq_ignore_ascii_case(SERVICE)),
        })
    }

    /// An access token. What came with tokens of Forge is another kind of request.
    pub(super) fn token(bearer: &Bearer) -> Option<Self> {
        let is_forges = bearer.forge_user.is_some() || bearer.forge_system.is_some();
        let token = bearer.token.expose();
        let is_api_token = API_TOKENS.iter().any(|start| token.starts_with(start));
        if is_forges || is_api_token || !is_plain(token, ACCESS_BYTES_MAX) {
            return None;
        }
        Some(Self {
            carried: Carried::Token(bearer.token.clone()),
            address: None,
            is_for_api_host: true,
        })
    }

    pub(super) const fn kind(&self) -> OwnKind {
        match self.carried {
            Carried::Pair { .. } => OwnKind::ApiToken,
            Carried::Token(_) => OwnKind::OauthToken,
        }
    }

    /// What it is looked up by: good for one tenant, as the tenant is now.
    pub(super) fn hash(&self, vault: &Vault, tenant: &str, epoch: u64) -> [u8; 32] {
        let [address, token] = self.known_by();
        let parts = [tenant.as_bytes(), &epoch.to_le_bytes(), address, token];
        vault.keyed_hash("own credential v1", &parts)
    }

    /// Its name in records, the same at every site: whoever tries one credential everywhere is seen to.
    pub(super) fn id(&self, vault: &Vault) -> String {
        let hash = vault.keyed_hash("own credential id v1", &self.known_by());
        format!("own_{}", hex(&hash[..ID_BYTES]))
    }

    /// Address and token. No address is empty, so the two kinds never meet.
    fn known_by(&self) -> [&[u8]; 2] {
        let address = self.address.as_ref().map_or(&b""[..], Secret::expose);
        let (Carried::Pair { token, .. } | Carried::Token(token)) = &self.carried;
        [address, token.expose()]
    }
}

/// Atlassian does not tell the cases of an address apart. If they were told apart here, one token would be as many credentials as its
/// owner's address has spellings.
fn lower(address: &Secret) -> Secret {
    if address.expose().iter().any(u8::is_ascii_uppercase) {
        Secret::new(address.expose().to_ascii_lowercase())
    } else {
        address.clone()
    }
}

fn is_plain(token: &[u8], bytes_max: usize) -> bool {
    let length = 1..=bytes_max;
    // Each byte, and no branch for each: that is several at once. A loop that ends at the first costs as much as to hash the token.
    let all = |plain: bool, byte: &u8| plain & byte.is_ascii_graphic();
    length.contains(&token.len()) && token.iter().fold(true, all)
}

#[cfg(test)]
mod tests {
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
}
