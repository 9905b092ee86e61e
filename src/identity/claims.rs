//! What a token claims, typed. Used by the token verifiers. Data, no proof: whoever holds `Claims` from a verified token still has to
//! check its time window and its qsh. The `context` member is never read: `context.user` must not stand in for `sub`.

use serde::{Deserialize, Deserializer, de};

use super::jws::TokenError;
use super::strict_json;

/// The registered claims of RFC 7519, section 4.1, and `qsh`. Members that are not named here are skipped.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Claims {
    /// Who issued the token: for Connect the `clientKey`. Never empty.
    pub iss: String,
    /// The account of the user, if there is one. Never empty.
    #[serde(default)]
    pub sub: Option<String>,
    /// When it was issued, in seconds since 1970.
    #[serde(deserialize_with = "seconds")]
    pub iat: i64,
    /// When it ends, in seconds since 1970.
    #[serde(deserialize_with = "seconds")]
    pub exp: i64,
    /// When it begins, in seconds since 1970.
    #[serde(default, deserialize_with = "some_seconds")]
    pub nbf: Option<i64>,
    /// The hash of the one request it is good for, or [`CONTEXT_QSH`](super::qsh::CONTEXT_QSH).
    #[serde(default, deserialize_with = "some")]
    pub qsh: Option<String>,
    /// Whom it is meant for.
    #[serde(default, deserialize_with = "one_or_many")]
    pub aud: Vec<String>,
    /// Its own name.
    #[serde(default, deserialize_with = "some")]
    pub jti: Option<String>,
}

impl Claims {
    pub(super) fn parse(payload: &[u8]) -> Result<Self, TokenError> {
        let claims: Self = strict_json::parse(payload).map_err(TokenError::Claims)?;
        if claims.iss.is_empty() {
            return Err(TokenError::Issuer);
        }
        if claims.sub.as_deref() == Some("") {
            return Err(TokenError::Subject);
        }
        Ok(claims)
    }

    /// Its moments alone, for what is kept of many tokens.
    pub(super) fn times(self) -> Self {
        Self {
            iss: String::new(),
            sub: None,
            qsh: None,
            aud: Vec::new(),
            jti: None,
            ..self
        }
    }
}

/// A whole number from 0 to the end of `i64`. jsonwebtoken takes fractions, and reports text or null as missing.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let seconds = u64::deserialize(deserializer)?;
    i64::try_from(seconds).map_err(|_| de::Error::custom("out of range"))
}

fn some_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    seconds(deserializer).map(Some)
}

/// A member that may be absent, but not null.
fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

/// One text, or a list of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    /// The one that is named, if there is no other.
    pub(super) fn only(&self) -> Option<&String> {
        match self {
            Self::One(one) => Some(one),
            Self::Many(many) => many.first().filter(|_| many.len() == 1),
        }
    }
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(match Audience::deserialize(deserializer)? {
        Audience::One(one) => vec![one],
        Audience::Many(many) => many,
    })
}

#[cfg(test)]
mod tests;
