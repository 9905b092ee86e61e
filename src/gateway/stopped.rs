//! What is written down of a stop before the ruling, and how long it is kept back. Used by `gateway`.
//! A caller's answer must never rest on more than what is written here.

use std::time::Duration;

use crate::decision::UNSEEN;
use crate::identity::Beyond;
use crate::identity::own::{NotGood, Trouble};
use crate::identity::verify::IdentityError;
use crate::ledger::entry::{Effect, Entry, Stage};
use crate::screen::ScreenError;
use crate::tenant::registry::ResolveError;

use super::Stop;

impl Stop {
    /// How long it is still kept back, where the moment at which it is told would tell more than its text.
    pub(super) fn kept_back(&self) -> Option<Duration> {
        match self {
            Self::Identity(IdentityError::Own(refusal)) => refusal.kept_back(),
            _ => None,
        }
    }
}

/// Entries of stops that no ruling wrote. A ruling's denial is in the log already; so is an answer's.
pub(super) fn stop_entry(stop: &Stop, base: &Entry) -> Option<Entry> {
    let denied = |stage, code: &str| Entry {
        effect: Some(Effect::Deny),
        stage: Some(stage),
        code: Some(code.to_owned()),
        ..base.clone()
    };
    match stop {
        Stop::Identity(error) => Some(refused_credential(error, base)),
        Stop::Issue(error) => Some(denied(Stage::Authenticate, error.code())),
        // A session has one site. Whoever asks for another with it has rewritten the request, also where there is no such site.
        Stop::Resolve(ResolveError) => {
            let credential = base.credential.as_ref().map(|credential| &*credential.kind);
            let code = match credential {
                Some("session") => Beyond::Rewritten.code(),
                _ => "site_unknown",
            };
            Some(denied(Stage::Resolve, code).told(UNSEEN.0, UNSEEN.1))
        }
        Stop::NoPolicies => Some(denied(Stage::Policy, "no_policies")),
        Stop::Denied(denial) if denial.breach => {
            tracing::error!(
                decision.id = base.decision_id,
                "ALARM: policies allowed another tenant's resource"
            );
            (!denial.is_logged)
                .then(|| denied(Stage::Policy, "tenant_breach").told(UNSEEN.0, UNSEEN.1))
        }
        // The permit only let the question through; it is Jira that says no, and that is a denial like any other.
        Stop::Screen(ScreenError::NotAdministrator) => {
            Some(denied(Stage::Answer, "not_site_admin"))
        }
        // Of an administrator who was let through, the outcome says what came of it.
        Stop::Supervise(_)
        | Stop::Denied(_)
        | Stop::Ledger(_)
        | Stop::LogSlow
        | Stop::Upstream(_)
        | Stop::Screen(_) => None,
    }
}

fn refused_credential(error: &IdentityError, base: &Entry) -> Entry {
    let denied = Entry {
        effect: Some(Effect::Deny),
        credential: error.credential(),
        ..base.clone()
    };
    let (stage, code) = match error {
        // The credential is good: it is known for sure who was too fast, or in the wrong place.
        IdentityError::Issued { cause, .. } if cause.is_of_good() => {
            let stage = if cause.is_limit() {
                Stage::Limit
            } else {
                Stage::Authenticate
            };
            return Entry {
                stage: Some(stage),
                code: Some(cause.code().to_owned()),
                tenant: error.claimed().map(str::to_owned),
                account: error.account().map(ToString::to_string),
                ..denied
            };
        }
        IdentityError::Own(refusal) => match refusal.cause.told() {
            Some(told) => (own_stage(&refusal.cause), told),
            None => (Stage::Authenticate, "unauthenticated"),
        },
        IdentityError::Issued { cause, .. } if cause.is_lookup() => {
            (Stage::Authenticate, cause.code())
        }
        _ => (Stage::Authenticate, "unauthenticated"),
    };
    Entry {
        stage: Some(stage),
        code: Some(code.to_owned()),
        authentication_error: Some(error.code().to_owned()),
        tenant_claimed: error.claimed().map(str::to_owned),
        ..denied
    }
}

/// Whose limit or trouble it is that a caller is told of.
const fn own_stage(cause: &NotGood) -> Stage {
    match cause {
        NotGood::TooMany { .. } | NotGood::Trouble(Trouble::Limited(_)) => Stage::Limit,
        _ => Stage::Upstream,
    }
}
