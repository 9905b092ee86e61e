//! The id of an Atlassian account. A value, no proof. Used wherever an account is named.
//! Account ids are global: one person has the same id on every site, so an account alone never says which tenant. It must never
//! be a key of a cache or of an entity without its tenant.

use std::str::FromStr;
use std::sync::Arc;

/// Names one Atlassian account, opaque: `5b10a2844c20165700ede21g`, `557058:f58131cb-b67d-43c7-b30d-6b58d40bd077`.
///
/// ```
/// # use gatepost::tenant::AccountId;
/// assert!("557058:f58131cb".parse::<AccountId>().is_ok());
/// assert!("someone@example.com".parse::<AccountId>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(Arc<str>);

/// Why a text is no account id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountIdError {
    /// Nothing there.
    #[error("an account id is empty; it has 1 to 128 characters")]
    Empty,
    /// More than 128 characters.
    #[error("an account id of {0} bytes is too long; it has 1 to 128 characters")]
    TooLong(usize),
    /// A character outside of the set.
    #[error(
        "`{}` has no place in an account id; it is made of letters, digits, `_`, `.`, `:` and `-`",
        .0.escape_default()
    )]
    Character(char),
}

impl AccountId {
    /// The most bytes that one has.
    pub const BYTES_MAX: usize = 128;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountId {
    type Err = AccountIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(AccountIdError::Empty);
        }
        if text.len() > Self::BYTES_MAX {
            return Err(AccountIdError::TooLong(text.len()));
        }
        match text.chars().find(|&character| !allowed(character)) {
            Some(character) => Err(AccountIdError::Character(character)),
            None => Ok(Self(text.into())),
        }
    }
}

fn allowed(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | ':' | '-')
}

impl std::fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

text_value!(AccountId, AccountIdError);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_an_account_id_is_refused() {
        let parse = str::parse::<AccountId>;
        assert_eq!(parse("a@b"), Err(AccountIdError::Character('@')));
        assert_eq!(parse(""), Err(AccountIdError::Empty));
        assert_eq!(parse(&"a".repeat(129)), Err(AccountIdError::TooLong(129)));
        for text in ["a/b", " a", "a ", "a\r\nX: y", "\u{ff41}"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn an_account_id_reads_as_it_prints(text in "[A-Za-z0-9_.:-]{1,128}") {
            let account: AccountId = text.parse().unwrap();
            prop_assert_eq!(account.to_string(), text);
        }
    }
}
