//! Compact JWS (RFC 7515, section 7.1), in the one form that is accepted: three segments, canonical base64url, a header of `alg`,
//! `typ` and `kid`, and what else its [`Profile`] has. Used by the token verifiers. The header must never choose: the algorithm is pinned by the type of the key, and
//! what would bring a key or a rule along (`jwk`, `jku`, `x5u`, `crit`, `b64`, `zip`) is refused, not skipped.

mod header;

use std::borrow::Cow;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};

pub use header::Profile;

use super::claims::Claims;
use super::keys::{EcKey, HmacKey, PublicAlgorithm, PublicKey, RsaKey};
use super::strict_json::StrictJsonError;

/// The longest token that is looked at.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// Why a token is refused. For the log alone: the caller hears one text for all of these. Never holds a part of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Longer than [`TOKEN_BYTES_MAX`].
    #[error("a token of {0} bytes is too long")]
    TooLong(usize),
    /// Not three segments.
    #[error("a token has three segments")]
    Segments,
    /// A segment is not canonical base64url without padding.
    #[error("a segment is not canonical base64url")]
    Encoding,
    /// The header is not JSON, lacks `alg`, or has a member that its profile does not know.
    #[error("the header is not understood: {0}")]
    Header(StrictJsonError),
    /// `typ` is not `JWT`, nor what else the profile has.
    #[error("`typ` is not `JWT`")]
    Type,
    /// `kid` has a length or characters that its profile does not take.
    #[error("`kid` is not 1 to 128 characters that a key's name may have")]
    KeyId,
    /// None of HS256, RS256 and ES256, or not the one of the key.
    #[error("not the algorithm of the key")]
    Algorithm,
    /// The claims are not JSON, or one is missing or of another type.
    #[error("the claims are not understood: {0}")]
    Claims(StrictJsonError),
    /// `iss` is empty.
    #[error("`iss` is empty")]
    Issuer,
    /// `sub` is empty.
    #[error("`sub` is empty")]
    Subject,
    /// Nobody's secret is known by that issuer.
    #[error("the issuer is unknown")]
    UnknownIssuer,
    /// The signature is not that of this key over this token.
    #[error("the signature does not verify")]
    Signature,
    /// `exp` is not after `iat`.
    #[error("`exp` is not after `iat`")]
    Reversed,
    /// `exp` is not after `nbf`.
    #[error("`exp` is not after `nbf`")]
    NeverValid,
    /// `exp - iat` is above the limit.
    #[error("the token lives longer than is accepted")]
    LongLived,
    /// `iat` is in the future.
    #[error("the token was issued in the future")]
    FromFuture,
    /// `nbf` is in the future.
    #[error("the token is not valid yet")]
    NotYet,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
}

impl TokenError {
    /// The stable word for the log.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong(_) => "token_too_long",
            Self::Segments => "token_segments",
            Self::Encoding => "token_encoding",
            Self::Header(_) => "token_header",
            Self::Type => "token_type",
            Self::KeyId => "token_key_id",
            Self::Algorithm => "token_algorithm",
            Self::Claims(_) => "token_claims",
            Self::Issuer => "token_issuer",
            Self::Subject => "token_subject",
            Self::UnknownIssuer => "token_unknown_issuer",
            Self::Signature => "token_signature",
            Self::Reversed => "token_reversed",
            Self::NeverValid => "token_never_valid",
            Self::LongLived => "token_long_lived",
            Self::FromFuture => "token_from_future",
            Self::NotYet => "token_not_yet",
            Self::Expired => "token_expired",
        }
    }
}

/// A token that says things and has proven none of them.
#[must_use]
pub struct Unverified<'t> {
    compact: Compact<'t>,
    claims: Claims,
}

impl<'t> Unverified<'t> {
    /// Reads a token in full, so that verifying it cannot fail on its form.
    pub fn parse(token: &'t str) -> Result<Self, TokenError> {
        let compact = Compact::parse(token)?;
        let claims = Claims::parse(&compact.payload)?;
        Ok(Self { compact, claims })
    }

    /// The name of the key, fit to stand in a URL.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.compact.kid()
    }

    /// Refuses a token that says another algorithm before anybody fetches a key for it.
    pub fn require_rs256(&self) -> Result<(), TokenError> {
        if self.compact.algorithm == Algorithm::RS256 {
            Ok(())
        } else {
            Err(TokenError::Algorithm)
        }
    }

    /// The issuer that the token claims: only to fetch that one tenant's secret, and for the log as a claim.
    #[must_use]
    pub fn issuer_unverified(&self) -> &str {
        &self.claims.iss
    }

    /// The claims, if the token's header says HS256 and the key's HMAC is on it.
    pub fn verify_hs256(self, key: &HmacKey) -> Result<Claims, TokenError> {
        self.compact.verify_hs256(key)?;
        Ok(self.claims)
    }

    /// The claims, if the token's header says RS256 and the key's signature is on it.
    pub fn verify_rs256(self, key: &RsaKey) -> Result<Claims, TokenError> {
        self.compact.verify_rs256(key)?;
        Ok(self.claims)
    }

    /// The work of [`Unverified::verify_hs256`] for an issuer that nobody knows, so that time does not tell who is a tenant.
    #[must_use]
    pub fn dummy_verify(self) -> TokenError {
        // Public on purpose: whatever it verifies, the answer is no.
        static NOBODY: LazyLock<HmacKey> =
            LazyLock::new(|| HmacKey(DecodingKey::from_secret(&[0; 64])));
        match self.compact.verify_hs256(&NOBODY) {
            Err(error @ TokenError::Algorithm) => error,
            Ok(_) | Err(_) => TokenError::UnknownIssuer,
        }
    }
}

/// A signed text in compact form, whatever its payload.
#[must_use]
pub struct Compact<'t> {
    signed: &'t str,
    signature: &'t str,
    algorithm: Algorithm,
    kid: Option<String>,
    payload: Vec<u8>,
}

impl<'t> Compact<'t> {
    /// Reads the form and the header as Connect has them; the payload may be anything.
    pub fn parse(token: &'t str) -> Result<Self, TokenError> {
        Self::parse_as(token, Profile::Connect)
    }

    /// Reads the form and the header by this profile; the payload may be anything.
    pub fn parse_as(token: &'t str, profile: Profile) -> Result<Self, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::TooLong(token.len()));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Segments)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Segments)?;
        if payload.contains('.') {
            return Err(TokenError::Segments);
        }
        let (header, payload) = (decode(header)?, decode(payload)?);
        let header = profile.header(&header).map_err(TokenError::Header)?;
        if !header.typ.is_none_or(|typ| profile.has_type(&typ)) {
            return Err(TokenError::Type);
        }
        if !header
            .kid
            .as_deref()
            .is_none_or(|kid| profile.has_key_id(kid))
        {
            return Err(TokenError::KeyId);
        }
        let algorithm = match header.alg.as_ref() {
            "HS256" => Algorithm::HS256,
            "RS256" => Algorithm::RS256,
            "ES256" => Algorithm::ES256,
            _ => return Err(TokenError::Algorithm),
        };
        Ok(Self {
            signed,
            signature,
            algorithm,
            kid: header.kid.map(Cow::into_owned),
            payload,
        })
    }

    /// The name of the key; under [`Profile::Connect`] fit to stand in a URL.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// What the token says, proven by nothing: to choose the verifier, and to spare a fetch for what would be refused anyhow.
    #[must_use]
    pub fn payload_unverified(&self) -> &[u8] {
        &self.payload
    }

    /// Refuses a token that says an algorithm other than these before anybody fetches a key for it.
    pub fn require(&self, accepted: &[PublicAlgorithm]) -> Result<(), TokenError> {
        let says = |algorithm: &PublicAlgorithm| named(*algorithm) == self.algorithm;
        if accepted.iter().any(says) {
            Ok(())
        } else {
            Err(TokenError::Algorithm)
        }
    }

    /// The payload, if the header says HS256 and the key's HMAC is on it.
    pub fn verify_hs256(self, key: &HmacKey) -> Result<Vec<u8>, TokenError> {
        self.verify(Algorithm::HS256, &key.0)
    }

    /// The payload, if the header says RS256 and the key's signature is on it.
    pub fn verify_rs256(self, key: &RsaKey) -> Result<Vec<u8>, TokenError> {
        self.verify(Algorithm::RS256, &key.0)
    }

    /// The payload, if the header says ES256 and the key's signature is on it: `r` and `s` of 32 bytes each (RFC 7518, section 3.4).
    pub fn verify_es256(self, key: &EcKey) -> Result<Vec<u8>, TokenError> {
        self.verify(Algorithm::ES256, &key.0)
    }

    /// The payload, if the key is one for the `accepted` algorithms, the header says the key's, and the key's signature is on it.
    pub fn verify_by(
        self,
        key: &PublicKey,
        accepted: &[PublicAlgorithm],
    ) -> Result<Vec<u8>, TokenError> {
        if !accepted.contains(&key.algorithm()) {
            return Err(TokenError::Algorithm);
        }
        match key {
            PublicKey::Rsa(key) => self.verify_rs256(key),
            PublicKey::Ec(key) => self.verify_es256(key),
        }
    }

    fn verify(self, algorithm: Algorithm, key: &DecodingKey) -> Result<Vec<u8>, TokenError> {
        // The header is compared with what the key is for; it selects nothing (RFC 8725, section 3.1).
        if self.algorithm != algorithm {
            return Err(TokenError::Algorithm);
        }
        match jsonwebtoken::crypto::verify(self.signature, self.signed.as_bytes(), key, algorithm) {
            Ok(true) => Ok(self.payload),
            Ok(false) => Err(TokenError::Signature),
            Err(_) => Err(TokenError::Encoding),
        }
    }
}

/// Refuses padding, other alphabets and bits that are set behind the last byte: one token has one spelling.
fn decode(segment: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD
        .decode(segment)
        .map_err(|_| TokenError::Encoding)
}

const fn named(algorithm: PublicAlgorithm) -> Algorithm {
    match algorithm {
        PublicAlgorithm::Rs256 => Algorithm::RS256,
        PublicAlgorithm::Es256 => Algorithm::ES256,
    }
}

#[cfg(test)]
mod tests;
