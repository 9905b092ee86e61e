//! What an issued credential looks like: a prefix, 160 random bits, and a checksum. Used by this folder; the prefixes also by the edge,
//! to tell a Bearer of ours from any other.
//! The checksum proves nothing. It lets a typo be refused without a look-up, and a scanner tell a leaked key from noise: the last eight
//! digits are the first four bytes of SHA-256 over all before them.

use crate::clock::Chance;
use crate::secret::{Secret, hex, sha256};

/// What is issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A session: `gps_…`.
    Session,
    /// A client key: `gp_…`.
    Key,
}

const RANDOM_BYTES: usize = 20;
const CHECKSUM_BYTES: usize = 4;
const DIGITS: usize = 2 * (RANDOM_BYTES + CHECKSUM_BYTES);

impl Kind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Session => "gps_",
            Self::Key => "gp_",
        }
    }

    /// The word for policies (`context.auth`) and the record.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Key => "client_key",
        }
    }

    /// A new credential of this kind.
    pub(super) fn mint(self, chance: &Chance) -> Secret {
        let random = hex(&chance.bytes::<RANDOM_BYTES>());
        let text = format!("{}{random}", self.prefix());
        let sum = checksum(text.as_bytes());
        Secret::from(text + &sum)
    }

    /// Which kind a text is, if it is whole.
    pub(super) fn recognise(text: &[u8]) -> Option<Self> {
        let kind = claimed(text)?;
        let digits = &text[kind.prefix().len()..];
        let is_hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() != DIGITS || !digits.iter().all(is_hex) {
            return None;
        }
        let (body, sum) = text.split_at(text.len() - 2 * CHECKSUM_BYTES);
        (checksum(body).as_bytes() == sum).then_some(kind)
    }
}

/// Which kind a text claims to be by its prefix.
#[must_use]
pub fn claimed(text: &[u8]) -> Option<Kind> {
    [Kind::Session, Kind::Key]
        .into_iter()
        .find(|kind| text.starts_with(kind.prefix().as_bytes()))
}

fn checksum(text: &[u8]) -> String {
    hex(&sha256(text)[..CHECKSUM_BYTES])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_minted_is_recognised_and_no_typo_of_it_is() {
        let chance = Chance::seeded(7);
        for kind in [Kind::Session, Kind::Key] {
            let text = kind.mint(&chance).expose().to_vec();
            assert_eq!(Kind::recognise(&text), Some(kind));
            for at in 0..text.len() {
                let mut typo = text.clone();
                typo[at] = if typo[at] == b'0' { b'1' } else { b'0' };
                assert_eq!(Kind::recognise(&typo), None, "position {at}");
                assert_eq!(Kind::recognise(&text[..at]), None, "cut at {at}");
            }
            let upper = text.to_ascii_uppercase();
            assert_eq!(Kind::recognise(&upper), None);
        }
    }

    #[test]
    fn a_session_is_no_key_whatever_its_digits() {
        let session = Kind::Session.mint(&Chance::seeded(7));
        let renamed = [b"gp_", &session.expose()[4..]].concat();
        assert_eq!(Kind::recognise(&renamed), None);
    }

    #[test]
    fn the_form_is_what_scanners_are_told() {
        let key = Kind::Key.mint(&Chance::seeded(7));
        let text = std::str::from_utf8(key.expose()).unwrap();
        assert!(text.starts_with("gp_") && text.len() == 3 + 48, "{text}");
        assert_eq!(text[43..], hex(&sha256(&text.as_bytes()[..43])[..4]));
    }

    proptest::proptest! {
        #[test]
        fn no_single_change_of_a_credential_is_whole(seed in 0_u64.., kind in 0..2, at in 0_usize..52, byte: u8) {
            let kind = [Kind::Session, Kind::Key][usize::try_from(kind).unwrap()];
            let minted = kind.mint(&Chance::seeded(seed));
            let mut text = minted.expose().to_vec();
            let at = at % text.len();
            let is_same = text[at] == byte;
            text[at] = byte;
            proptest::prop_assert_eq!(Kind::recognise(&text).is_some(), is_same);
            text.insert(at, byte);
            proptest::prop_assert_eq!(Kind::recognise(&text), None);
        }

        #[test]
        fn no_bytes_of_a_stranger_are_whole(text: Vec<u8>, prefix in 0..3, digits in "[0-9a-f]{48}") {
            proptest::prop_assert_eq!(Kind::recognise(&text), None);
            let prefix = ["", "gp_", "gps_"][usize::try_from(prefix).unwrap()];
            let text = [prefix.as_bytes(), &text].concat();
            proptest::prop_assert_eq!(Kind::recognise(&text), None);
            // One in four thousand million has the right checksum by chance.
            let text = format!("{prefix}{digits}");
            proptest::prop_assert_eq!(Kind::recognise(text.as_bytes()), None);
        }
    }
}
