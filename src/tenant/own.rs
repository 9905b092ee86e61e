//! Which credentials of users' own, given to them by Atlassian, a tenant takes: none unless an operator says so. Data; read by
//! `identity`, changed by `control`. What cannot be read must count as none.

use std::str::FromStr;

/// A kind of credential that a user has from Atlassian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OwnKind {
    /// An API token, with the e-mail address of its owner.
    ApiToken,
    /// An access token of OAuth 2.0 (3LO).
    OauthToken,
}

impl OwnKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::ApiToken, Self::OauthToken];

    /// The word for policies (`context.auth`), the record and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiToken => "api_token",
            Self::OauthToken => "oauth_token",
        }
    }
}

/// There is no such kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of credential; there are api_token and oauth_token")]
pub struct OwnKindError(String);

impl FromStr for OwnKind {
    type Err = OwnKindError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str() == word);
        known.ok_or_else(|| OwnKindError(word.to_owned()))
    }
}

/// The kinds that a tenant takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnKinds {
    api_token: bool,
    oauth_token: bool,
}

impl OwnKinds {
    /// Whether this kind is taken.
    #[must_use]
    pub const fn takes(self, kind: OwnKind) -> bool {
        match kind {
            OwnKind::ApiToken => self.api_token,
            OwnKind::OauthToken => self.oauth_token,
        }
    }

    /// The words, in a fixed order.
    #[must_use]
    pub fn words(self) -> Vec<&'static str> {
        let taken = OwnKind::ALL.into_iter().filter(|kind| self.takes(*kind));
        taken.map(OwnKind::as_str).collect()
    }

    /// Those of them that go to the API host alone, below the site's cloud id.
    pub(super) const fn below_cloud_id(self) -> Self {
        Self {
            api_token: false,
            ..self
        }
    }

    /// What the database says. A word that a newer version wrote takes nothing here.
    pub(super) fn read(words: &str) -> Self {
        let known = words.split(' ').filter_map(|word| word.parse().ok());
        known.collect()
    }
}

impl FromIterator<OwnKind> for OwnKinds {
    fn from_iter<I: IntoIterator<Item = OwnKind>>(kinds: I) -> Self {
        let mut taken = Self::default();
        for kind in kinds {
            match kind {
                OwnKind::ApiToken => taken.api_token = true,
                OwnKind::OauthToken => taken.oauth_token = true,
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_read_as_they_are_written_and_unknown_words_take_nothing() {
        for kinds in [
            vec![],
            vec![OwnKind::ApiToken],
            vec![OwnKind::OauthToken],
            OwnKind::ALL.to_vec(),
        ] {
            let kinds: OwnKinds = kinds.into_iter().collect();
            assert_eq!(OwnKinds::read(&kinds.words().join(" ")), kinds);
        }
        assert_eq!(OwnKinds::read("api-token password  *"), OwnKinds::default());
    }
}
