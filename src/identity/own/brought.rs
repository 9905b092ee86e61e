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
mod tests;
