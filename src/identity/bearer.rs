//! Whose a Bearer is that this gateway did not issue: one look at it, one match, and one verifier. Used by `Verifiers`.
//! A Bearer of one kind must never fall through to another kind once its own verifier refused it, and what nobody here can be the
//! issuer of must be sent nowhere.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::error::IdentityError;
use super::presented::{Around, Bearer};
use super::principal::Principal;
use super::strict_json;
use super::verify::Verifiers;

/// The issuer of Forge's invocation tokens.
const FORGE: &str = "forge/invocation-token";

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
        let own = self.own().ok_or(IdentityError::Scheme)?;
        match Claimed::by(bearer.token.expose()) {
            Claimed::Forge => Err(IdentityError::Scheme),
            Claimed::Issuer(issuer) if !own.is_issuer(&issuer) => Err(IdentityError::UnknownIssuer),
            Claimed::Issuer(_) | Claimed::Nobody => own.oauth_token(bearer, around).await,
            Claimed::Unreadable => Err(IdentityError::UnknownIssuer),
        }
    }
}

impl Claimed {
    fn by(token: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Claims {
            iss: Option<String>,
        }
        let Some(claims) = claims_of_jwt(token) else {
            return Self::Nobody;
        };
        let claims = URL_SAFE_NO_PAD.decode(claims).unwrap_or_default();
        match strict_json::parse(&claims) {
            Ok(Claims { iss: None }) => Self::Nobody,
            Ok(Claims { iss: Some(iss) }) if iss == FORGE => Self::Forge,
            Ok(Claims { iss: Some(iss) }) => Self::Issuer(iss),
            Err(_) => Self::Unreadable,
        }
    }
}

/// The encoded claims of what is a JWT by its form: three parts, of which the first is an object.
pub(super) fn claims_of_jwt(token: &[u8]) -> Option<&[u8]> {
    let mut parts = token.split(|&byte| byte == b'.');
    let (Some(header), Some(claims), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let header = URL_SAFE_NO_PAD.decode(header).ok()?;
    header
        .trim_ascii_start()
        .starts_with(b"{")
        .then_some(claims)
}

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
    fn what_is_no_jwt_by_its_form_says_nothing() {
        for opaque in [
            "",
            "ATOAabc",
            "a.b",
            "a.b.c",
            "e30.e30",
            "e30.e30.e30.e30",
            "\u{e9}.\u{e9}.x",
        ] {
            assert_eq!(Claimed::by(opaque.as_bytes()), Claimed::Nobody, "{opaque}");
        }
    }
}
