//! The name of a tenant: one installation of the app on one site. A value, no proof: it may name nobody.
//! Used wherever a tenant is named. It must never hold a `/`: Cedar entity ids are `{tenant}/{account}`, and a slash in the first
//! part would let one pair read as another.

use std::str::FromStr;
use std::sync::Arc;

use super::InstallationId;

/// Names one installation of the app: for Connect its `clientKey`, which never changes while the site may be renamed; for one that
/// Forge alone knows `forge-` and the UUID of the installation.
///
/// ```
/// # use gatepost::tenant::TenantId;
/// assert!("0a1b2c3d-4e5f".parse::<TenantId>().is_ok());
/// assert!("acme/admin".parse::<TenantId>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(Arc<str>);

/// Why a text is no tenant id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TenantIdError {
    /// Nothing there.
    #[error("a tenant id is empty; it has 1 to 128 characters")]
    Empty,
    /// More than 128 characters.
    #[error("a tenant id of {0} bytes is too long; it has 1 to 128 characters")]
    TooLong(usize),
    /// A character outside of the set.
    #[error(
        "`{}` has no place in a tenant id; it is made of letters, digits, `_`, `.`, `:` and `-`",
        .0.escape_default()
    )]
    Character(char),
}

impl TenantId {
    /// The most bytes that one has.
    pub const BYTES_MAX: usize = 128;
    /// What the names of tenants begin with that Forge alone knows. No client key does.
    pub(super) const OF_FORGE: &'static str = "forge-";

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names a tenant that Forge alone knows.
    #[must_use]
    pub fn is_of_forge(&self) -> bool {
        self.0.starts_with(Self::OF_FORGE)
    }

    /// The installation that it names, if it names one of Forge's.
    #[must_use]
    pub fn installation(&self) -> Option<InstallationId> {
        let uuid = self.0.strip_prefix(Self::OF_FORGE)?;
        InstallationId::from_uuid(uuid).ok()
    }
}

impl FromStr for TenantId {
    type Err = TenantIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(TenantIdError::Empty);
        }
        if text.len() > Self::BYTES_MAX {
            return Err(TenantIdError::TooLong(text.len()));
        }
        match text.chars().find(|&character| !allowed(character)) {
            Some(character) => Err(TenantIdError::Character(character)),
            None => Ok(Self(text.into())),
        }
    }
}

fn allowed(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | ':' | '-')
}

impl std::fmt::Display for TenantId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

text_value!(TenantId, TenantIdError);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_would_end_the_tenant_part_of_an_entity_id_is_refused() {
        let parse = str::parse::<TenantId>;
        assert_eq!(parse("acme/x"), Err(TenantIdError::Character('/')));
        assert_eq!(parse(""), Err(TenantIdError::Empty));
        assert_eq!(parse(&"a".repeat(129)), Err(TenantIdError::TooLong(129)));
        for text in ["a b", "a\"", "a\n", "a\0", "é", "a%2F", "a\u{202e}"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert!(parse(&"a".repeat(128)).is_ok());
    }

    #[test]
    fn an_error_prints_no_control_or_bidi_character() {
        let error = "a\u{202e}".parse::<TenantId>().unwrap_err();
        assert!(error.to_string().starts_with("`\\u{202e}` has no place"));
    }

    #[test]
    fn serde_goes_through_the_same_check() {
        let tenant: TenantId = serde_json::from_str("\"acme-1\"").unwrap();
        assert_eq!(serde_json::to_string(&tenant).unwrap(), "\"acme-1\"");
        assert!(serde_json::from_str::<TenantId>("\"acme/1\"").is_err());
    }

    proptest! {
        #[test]
        fn a_tenant_id_reads_as_it_prints(text in "[A-Za-z0-9_.:-]{1,128}") {
            let tenant: TenantId = text.parse().unwrap();
            prop_assert_eq!(tenant.to_string(), text);
        }

        #[test]
        fn no_accepted_text_holds_a_slash(text in "\\PC{0,140}") {
            if let Ok(tenant) = text.parse::<TenantId>() {
                prop_assert!(!tenant.as_str().contains('/'));
                prop_assert_eq!(tenant.as_str(), text);
            }
        }
    }
}
