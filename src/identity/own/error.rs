//! Why a user's own credential is not good. The caller hears one text for all causes, except of the budget, and of Atlassian's troubles
//! if it is known here. Nothing here holds a part of a credential.

use std::sync::Arc;

use crate::ledger::LedgerError;
use crate::outbound::OutboundError;

/// Why it is not good.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotGood {
    /// Nobody has such a credential from Atlassian.
    #[error("the credential is not of a form that Atlassian gives")]
    Malformed,
    /// There is no site to check it at.
    #[error("the request names no site at which the credential can be checked")]
    NoSite,
    /// Too many were tried.
    #[error("too many credentials were tried; one may be tried in {retry_after_s} s")]
    TooMany {
        /// When to come again.
        retry_after_s: u64,
    },
    /// The site is not registered, or does not take such credentials.
    #[error("no tenant takes such a credential at the site that the request names")]
    NotTaken,
    /// It is not known, and this request asks nobody.
    #[error("the credential is not known, and nobody is asked on this route")]
    NotKnown,
    /// Atlassian says no.
    #[error("Atlassian does not confirm the credential")]
    Refused(#[source] Refused),
    /// Atlassian's trouble, of which this caller is told nothing.
    #[error("Atlassian could not be asked, and the caller is not known")]
    Unsure(#[source] Trouble),
    /// Atlassian's trouble, for a caller whose credential was good here before.
    #[error("Atlassian could not be asked")]
    Trouble(#[source] Trouble),
    /// The tenant changed meanwhile.
    #[error("the tenant changed since the request came or the credential was confirmed")]
    Outlived,
    /// The look-up could not be recorded, so nobody was asked.
    #[error("the look-up could not be recorded")]
    Unrecorded(#[source] Arc<Unrecorded>),
}

/// What Atlassian says against a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is wrong, ended, or not for this host.
    #[error("it is not accepted")]
    Credential,
    /// Its owner may not use the product, or the credential not say who that is.
    #[error("it is not allowed here")]
    Forbidden,
    /// Atlassian wants to see a person first.
    #[error("Atlassian asks for a CAPTCHA")]
    Captcha,
    /// It is good, for other sites.
    #[error("it does not cover this site")]
    OtherSite,
    /// Its owner is not active.
    #[error("its account is not active")]
    Inactive,
    /// Its owner is a customer of a service desk, who is no user of the site.
    #[error("its account is no user's")]
    NoUser,
    /// It can be good at the API host alone, where the site's name is not known.
    #[error("the site's cloud id is not known")]
    NoCloudId,
}

/// What hinders Atlassian from saying anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No answer in time.
    #[error("no answer came in time")]
    Slow,
    /// An answer that is none.
    #[error("no usable answer came")]
    Broken,
    /// Atlassian has had enough of us, for so many seconds.
    #[error("Atlassian limits requests")]
    Limited(Option<u64>),
}

/// Why a look-up is not on record.
#[derive(Debug, thiserror::Error)]
pub enum Unrecorded {
    /// The log failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The log took too long.
    #[error("the decision log did not answer in time")]
    Slow,
}

impl From<OutboundError> for Trouble {
    fn from(error: OutboundError) -> Self {
        if error.is_timeout() {
            Self::Slow
        } else {
            Self::Broken
        }
    }
}

impl NotGood {
    /// The stable code for the log.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "own_malformed",
            Self::NoSite => "own_no_site",
            Self::TooMany { .. } => "own_budget",
            Self::NotTaken => "own_not_taken",
            Self::NotKnown => "own_not_known",
            Self::Refused(why) => why.code(),
            Self::Unsure(trouble) | Self::Trouble(trouble) => trouble.code(),
            Self::Outlived => "own_outlived",
            Self::Unrecorded(_) => "own_unrecorded",
        }
    }

    /// The code that the caller is told, if it is not the one that every refusal has.
    #[must_use]
    pub const fn told(&self) -> Option<&'static str> {
        match self {
            Self::TooMany { .. } => Some("credential_limit"),
            Self::Trouble(Trouble::Slow) => Some("atlassian_slow"),
            Self::Trouble(Trouble::Broken) => Some("atlassian_failed"),
            Self::Trouble(Trouble::Limited(_)) => Some("atlassian_limit"),
            Self::Malformed
            | Self::NoSite
            | Self::NotTaken
            | Self::NotKnown
            | Self::Refused(_)
            | Self::Unsure(_)
            | Self::Outlived
            | Self::Unrecorded(_) => None,
        }
    }

    /// Whether the moment at which it is told must not tell more than its text.
    pub(super) const fn is_told_late(&self) -> bool {
        matches!(
            self,
            Self::NotTaken
                | Self::Refused(_)
                | Self::Unsure(_)
                | Self::Outlived
                | Self::Unrecorded(_)
        )
    }
}

impl Refused {
    const fn code(self) -> &'static str {
        match self {
            Self::Credential => "own_refused",
            Self::Forbidden => "own_forbidden",
            Self::Captcha => "own_captcha",
            Self::OtherSite => "own_other_site",
            Self::Inactive => "own_inactive",
            Self::NoUser => "own_no_user",
            Self::NoCloudId => "own_no_cloud_id",
        }
    }
}

impl Trouble {
    const fn code(self) -> &'static str {
        match self {
            Self::Slow => "own_slow",
            Self::Broken => "own_broken",
            Self::Limited(_) => "own_limited",
        }
    }
}
