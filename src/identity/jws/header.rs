//! What a token's header may have: by the profile that the verifier reads it with, never by what the token is. Used by `jws`.
//! No member may be skipped that could bring a key or a rule along; those that are skipped are named here.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::identity::strict_json::{self, StrictJsonError};

/// The longest name of a key.
const KEY_ID_BYTES_MAX: usize = 128;

/// Whose tokens are read: what a header may have is agreed with the issuer, not with the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Connect: `alg`, `typ` and `kid`, the latter fit to stand in a URL.
    Connect,
    /// Forge: the same, and the key is looked up in a set, so that its name may have any visible character.
    Forge,
    /// A provider of OpenID Connect: `x5t` and `x5t#S256` besides, which name the key once more and are not read, and access tokens by
    /// their own type (RFC 9068, section 2.1).
    OpenId,
}

impl Profile {
    pub(super) fn header(self, bytes: &[u8]) -> Result<Header<'_>, StrictJsonError> {
        match self {
            Self::Connect | Self::Forge => strict_json::parse(bytes),
            Self::OpenId => strict_json::parse(bytes).map(OpenIdHeader::without_thumbprints),
        }
    }

    pub(super) fn has_type(self, typ: &str) -> bool {
        let is = |name: &str| typ.eq_ignore_ascii_case(name);
        is("JWT") || self == Self::OpenId && (is("at+jwt") || is("application/at+jwt"))
    }

    pub(super) fn has_key_id(self, kid: &str) -> bool {
        let fits = |byte: u8| match self {
            // It goes into the key server's URL: `../`, `?` and `%` must not.
            Self::Connect => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Self::Forge | Self::OpenId => byte.is_ascii_graphic(),
        };
        (1..=KEY_ID_BYTES_MAX).contains(&kid.len()) && kid.bytes().all(fits)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header<'h> {
    #[serde(borrow)]
    pub(super) alg: Cow<'h, str>,
    #[serde(default, borrow, deserialize_with = "some")]
    pub(super) typ: Option<Cow<'h, str>>,
    #[serde(default, borrow, deserialize_with = "some")]
    pub(super) kid: Option<Cow<'h, str>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenIdHeader<'h> {
    #[serde(borrow)]
    alg: Cow<'h, str>,
    #[serde(default, borrow, deserialize_with = "some")]
    typ: Option<Cow<'h, str>>,
    #[serde(default, borrow, deserialize_with = "some")]
    kid: Option<Cow<'h, str>>,
    #[serde(default, rename = "x5t")]
    _x5t: IgnoredAny,
    #[serde(default, rename = "x5t#S256")]
    _x5t_s256: IgnoredAny,
}

impl<'h> OpenIdHeader<'h> {
    fn without_thumbprints(self) -> Header<'h> {
        let Self { alg, typ, kid, .. } = self;
        Header { alg, typ, kid }
    }
}

/// A member that may be absent, but not null.
fn some<'de: 'h, 'h, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Cow<'h, str>>, D::Error> {
    String::deserialize(deserializer).map(|text| Some(Cow::Owned(text)))
}
