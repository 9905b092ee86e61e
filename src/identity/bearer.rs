//! Whose a Bearer is that this gateway did not issue: what was good before, byte by byte, is known by its hash; of any other, one look
//! at it, one match, and one verifier. Used by `Verifiers`.
//! A Bearer of one kind must never fall through to another kind once its own verifier refused it, and what nobody here can be the
//! issuer of must be sent nowhere.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::secret::Secret;
use crate::tenant::SharedTenant;

use super::error::IdentityError;
use super::forge::{ForgeError, ISSUER as FORGE};
use super::presented::{Around, Asking, Bearer, Presented};
use super::principal::Principal;
use super::spendable::Spendable;
use super::strict_json;
use super::verify::Verifiers;

/// What a token says of its issuer. Unverified: it chooses a verifier, which believes nothing of it.
#[derive(Debug, PartialEq, Eq)]
enum Claimed {
    /// Forge.
    Forge,
    /// This issuer.
    Issuer(String),
    /// It tells nothing: it is no JWT, or one without an issuer.
    Nobody,
    /// By its form it is a JWT, and it cannot be read in one way only.
    Unreadable,
}

impl Verifiers {
    /// The principal behind a Bearer that is not this gateway's own.
    pub(super) async fn bearer(
        &self,
        bearer: &Bearer,
        around: Around<'_>,
    ) -> Result<Principal, IdentityError> {
        let token = bearer.token.expose();
        // Before the token is even read: it is one that was good, byte by byte.
        if let Some(principal) = self.providers().remember(token).await {
            return Ok(principal);
        }
        if let Some(own) = self.own()
            && let Some(principal) = own.remember(bearer, &around).await
        {
            return Ok(principal);
        }
        let claimed = Claimed::by(token);
        if claimed == Claimed::Forge {
            return Ok(self.forge(bearer, around).await?.into_principal());
        }
        if let Claimed::Issuer(issuer) = &claimed
            && let Some(provider) = self.providers().of(issuer)
        {
            let outbound = around.key_sets;
            return self.providers().verify(provider, token, outbound).await;
        }
        let own = self.own().ok_or(IdentityError::Scheme)?;
        match claimed {
            Claimed::Forge => Err(IdentityError::Scheme),
            Claimed::Issuer(issuer) if !own.is_issuer(&issuer) => Err(IdentityError::UnknownIssuer),
            Claimed::Issuer(_) | Claimed::Nobody => own.oauth_token(bearer, around).await,
            Claimed::Unreadable => Err(IdentityError::UnknownIssuer),
        }
    }

    /// The user of a token of Forge's that is to be exchanged. No other Bearer can be.
    pub(super) async fn spendable_bearer(
        &self,
        bearer: &Bearer,
        around: Around<'_>,
    ) -> Result<Spendable, IdentityError> {
        match Claimed::by(bearer.token.expose()) {
            Claimed::Forge => self.forge(bearer, around).await,
            _ => Err(IdentityError::Scheme),
        }
    }

    /// What Forge itself tells of an installation.
    pub async fn hear(
        &self,
        presented: &Presented,
        asking: Asking<'_>,
    ) -> Result<SharedTenant, IdentityError> {
        match (presented, &self.forge) {
            (Presented::Nothing, _) => Err(IdentityError::Missing),
            (Presented::Bearer(bearer), Some(forge)) if is_of_forge(&bearer.token) => {
                forge.hear(bearer, asking).await
            }
            _ => Err(IdentityError::Scheme),
        }
    }

    async fn forge(&self, bearer: &Bearer, around: Around<'_>) -> Result<Spendable, IdentityError> {
        match &self.forge {
            Some(forge) => forge.user(bearer, around).await,
            None => Err(IdentityError::Forge {
                cause: ForgeError::Off,
                claimed: None,
            }),
        }
    }
}

/// Whether a Bearer says that it is Forge's: what Forge sends beside one has no place beside another.
#[must_use]
pub fn is_of_forge(token: &Secret) -> bool {
    Claimed::by(token.expose()) == Claimed::Forge
}

impl Claimed {
    fn by(token: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Claims {
            iss: Option<String>,
        }
        if !is_jose(token) {
            return Self::Nobody;
        }
        let mut parts = token.split(|&byte| byte == b'.');
        let (Some(header), Some(claims), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Self::Unreadable;
        };
        if URL_SAFE_NO_PAD.decode(header).is_err() {
            return Self::Unreadable;
        }
        let claims = URL_SAFE_NO_PAD.decode(claims).unwrap_or_default();
        match strict_json::parse(&claims) {
            Ok(Claims { iss: None }) => Self::Nobody,
            Ok(Claims { iss: Some(iss) }) if iss == FORGE => Self::Forge,
            Ok(Claims { iss: Some(iss) }) => Self::Issuer(iss),
            Err(_) => Self::Unreadable,
        }
    }
}

/// Whether a token is a JOSE object by its form (RFC 7515, RFC 7516): its first letters decode to the beginning of an object, and a dot
/// comes somewhere behind. Somebody issued it, also if it is encrypted, or not well formed.
pub(super) fn is_jose(token: &[u8]) -> bool {
    if !token.contains(&b'.') {
        return false;
    }
    let is_letter = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let letters = token.iter().take(BEGINNING).take_while(is_letter);
    let mut letters: Vec<u8> = letters.copied().collect();
    // To whole groups: what comes behind may be cut or wrong.
    letters.resize(letters.len().next_multiple_of(4), b'A');
    let beginning = URL_SAFE_NO_PAD.decode(letters).unwrap_or_default();
    beginning.trim_ascii_start().starts_with(b"{")
}

/// Room for a few blanks before the object.
const BEGINNING: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn claimed(claims: &str) -> Claimed {
        let [header, claims] =
            [r#"{"alg":"RS256"}"#, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        Claimed::by(format!("{header}.{claims}.c2lnbmF0dXJl").as_bytes())
    }

    #[test]
    fn a_token_says_its_issuer_in_one_way_or_is_unreadable() {
        let issuer = |name: &str| Claimed::Issuer(name.to_owned());
        assert_eq!(
            claimed(r#"{"iss":"forge/invocation-token"}"#),
            Claimed::Forge
        );
        assert_eq!(
            claimed(r#"{"iss":"https://idp.example"}"#),
            issuer("https://idp.example")
        );
        assert_eq!(claimed(r#"{"sub":"ann"}"#), Claimed::Nobody);
        for unreadable in [
            r#"{"iss":"https://idp.example","iss":"forge/invocation-token"}"#,
            r#"{"iss":"https://idp.example","\u0069ss":"forge/invocation-token"}"#,
            r#"{"iss":["forge/invocation-token"]}"#,
            r#"{"iss":7}"#,
            "{",
            "",
        ] {
            assert_eq!(claimed(unreadable), Claimed::Unreadable, "{unreadable}");
        }
    }

    #[test]
    fn what_somebody_issued_and_cannot_be_read_is_nobodys_to_send() {
        let encrypted = URL_SAFE_NO_PAD.encode(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#);
        let padded = base64::engine::general_purpose::URL_SAFE.encode(r#"{"alg":"RS256"}x"#);
        assert!(padded.ends_with('='));
        for form in [
            "e30.e30".to_owned(),
            "e30.e30.e30.e30".to_owned(),
            "e31.e30.x.y".to_owned(),
            format!("{encrypted}.a.b.c.d"),
            format!("{padded}.a"),
            format!("{}A.e30.c2ln", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#)),
            format!(
                "{}+/%.e30.c2ln",
                URL_SAFE_NO_PAD.encode(r#"  {"alg":"RS256"}"#)
            ),
        ] {
            assert_eq!(Claimed::by(form.as_bytes()), Claimed::Unreadable, "{form}");
        }
    }

    #[test]
    fn what_is_no_jwt_by_its_form_says_nothing() {
        for opaque in ["", "ATOAabc", "a.b", "a.b.c", "\u{e9}.\u{e9}.x"] {
            assert_eq!(Claimed::by(opaque.as_bytes()), Claimed::Nobody, "{opaque}");
        }
    }
}
