//! The name of a client key: what operators, records and pages call it by. Never a part of the key itself.

use uuid::Uuid;

const PREFIX: &str = "key_";

/// `key_` and a UUID in lower case.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(String);

/// Not the name of a client key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of a client key is `key_` and a UUID in lower case")]
pub struct KeyIdError;

text_value!(KeyId, KeyIdError);

impl KeyId {
    /// A new name.
    #[must_use]
    pub fn new(uuid: Uuid) -> Self {
        Self(format!("{PREFIX}{uuid}"))
    }

    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::str::FromStr for KeyId {
    type Err = KeyIdError;

    fn from_str(text: &str) -> Result<Self, KeyIdError> {
        let uuid: Uuid = text
            .strip_prefix(PREFIX)
            .and_then(|uuid| uuid.parse().ok())
            .ok_or(KeyIdError)?;
        let id = Self::new(uuid);
        // One text a key: a UUID can be written in several ways.
        if id.0 == text {
            Ok(id)
        } else {
            Err(KeyIdError)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_name() {
        let name = "key_0192d3a0-0000-7000-8000-00000000abcd";
        assert_eq!(name.parse::<KeyId>().unwrap().as_str(), name);
        for other in [
            "",
            "key_",
            "key_0192D3A0-0000-7000-8000-00000000ABCD",
            "key_0192d3a00000700080000000000 0abcd",
            "key_0192d3a0000070008000 00000000abcd",
            "session_0192d3a0-0000-7000-8000-00000000abcd",
        ] {
            assert_eq!(other.parse::<KeyId>(), Err(KeyIdError), "{other}");
        }
    }
}
