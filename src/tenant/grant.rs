//! A grant as the registry holds it: that one account may act as another of the same tenant. Data; it lifts one rule and opens nothing:
//! what may be done under it is for policies to say.

use crate::clock::Timestamp;

use super::AccountId;

/// What the names of accounts begin with, in records and rows. Operators are `unix:…` and `token:…`.
pub(super) const ACCOUNT: &str = "account:";

/// Who may act as whom, for which actions, until when, given by whom.
#[derive(Clone, Debug)]
pub struct Grant {
    /// `grant_` and a UUID.
    pub id: String,
    /// Who may.
    pub account: AccountId,
    /// As whom.
    pub act_as: AccountId,
    /// Names of actions or of groups of them: `getIssue`, `read`.
    pub actions: Vec<String>,
    /// Until when; for ever if missing.
    pub expires_at: Option<Timestamp>,
    /// What for.
    pub reason: String,
    /// Given by whom: `account:…`, `unix:1000`.
    pub given_by: String,
    /// Given when.
    pub given_at: Timestamp,
}

impl Grant {
    /// Whether its time is not over.
    #[must_use]
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether it is good for an action with these names: its own and its groups'.
    #[must_use]
    pub fn covers(&self, names: &[&str]) -> bool {
        self.actions
            .iter()
            .any(|action| names.contains(&action.as_str()))
    }

    /// Whether a person gave it, for oneself or as an administrator of the site; otherwise an operator did.
    #[must_use]
    pub fn is_by_people(&self) -> bool {
        self.given_by.starts_with(ACCOUNT)
    }

    /// Of two the one that lasts longer; of two that end together, `self`.
    pub(super) fn longer<'a>(&'a self, other: &'a Self) -> &'a Self {
        let (own, others) = (self.expires_at, other.expires_at);
        if own.is_some_and(|own| others.is_none_or(|others| others > own)) {
            other
        } else {
            self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(seconds: Option<i64>) -> Grant {
        Grant {
            id: format!("grant_{seconds:?}"),
            account: "ann".parse().unwrap(),
            act_as: "bob".parse().unwrap(),
            actions: vec!["read".to_owned()],
            expires_at: seconds.map(Timestamp::from_seconds),
            reason: "a stand-in".to_owned(),
            given_by: "unix:0".to_owned(),
            given_at: Timestamp::from_seconds(0),
        }
    }

    #[test]
    fn a_grant_ends_with_its_last_moment_and_one_without_never() {
        let short = until(Some(60));
        assert!(short.is_in_force(Timestamp::from_micros(59_999_999)));
        assert!(!short.is_in_force(Timestamp::from_seconds(60)));
        assert!(until(None).is_in_force(Timestamp::from_seconds(i64::from(u32::MAX))));
    }

    #[test]
    fn the_longer_of_two_is_the_one_without_an_end_or_with_the_later_one() {
        let (none, early, late) = (until(None), until(Some(1)), until(Some(2)));
        for (one, other, longer) in [
            (&early, &late, &late),
            (&late, &early, &late),
            (&none, &late, &none),
            (&late, &none, &none),
        ] {
            assert_eq!(one.longer(other).id, longer.id);
        }
    }
}
