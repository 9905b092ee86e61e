//! An installation as Forge names it, and what Forge tells of it. A value, no proof: it may be nobody's.
//! Used by `forge`, `lifecycle` and the verifier of Forge's tokens. It must never be accepted in a second spelling: it finds a tenant.

use std::str::FromStr;
use std::time::Duration;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::secret::Secret;

use super::TenantId;

const PREFIX: &str = "ari:cloud:ecosystem::installation/";

/// One installation of a Forge app, by its ARI. A new one comes with every reinstallation.
///
/// ```
/// # use gatepost::tenant::InstallationId;
/// let id: InstallationId = "ari:cloud:ecosystem::installation/0a3a7799-53ae-4a5b-9e7e-03338980abb5".parse()?;
/// assert_eq!(id.tenant_id().as_str(), "forge-0a3a7799-53ae-4a5b-9e7e-03338980abb5");
/// # Ok::<(), gatepost::tenant::InstallationIdError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstallationId(Uuid);

/// Why a text is no installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an installation is `ari:cloud:ecosystem::installation/` and a UUID in lower case")]
pub struct InstallationIdError;

impl InstallationId {
    /// The name of the tenant that this installation is when no Connect tenant is linked to it.
    #[must_use]
    pub fn tenant_id(&self) -> TenantId {
        let text = format!("{}{}", TenantId::OF_FORGE, self.0);
        // INVARIANT: letters, digits and hyphens.
        text.parse().expect("a UUID names a tenant")
    }

    /// The UUID alone, as a row has it.
    #[must_use]
    pub fn uuid(&self) -> String {
        self.0.to_string()
    }

    /// From a row.
    pub(super) fn from_uuid(text: &str) -> Result<Self, InstallationIdError> {
        format!("{PREFIX}{text}").parse()
    }
}

impl FromStr for InstallationId {
    type Err = InstallationIdError;

    fn from_str(text: &str) -> Result<Self, InstallationIdError> {
        let uuid = text.strip_prefix(PREFIX).ok_or(InstallationIdError)?;
        let id = Uuid::try_parse(uuid).map(Self);
        // One text an installation: a UUID can be written in several ways.
        id.ok()
            .filter(|id| id.0.as_hyphenated().to_string() == uuid)
            .ok_or(InstallationIdError)
    }
}

impl std::fmt::Display for InstallationId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{PREFIX}{}", self.0.as_hyphenated())
    }
}

text_value!(InstallationId, InstallationIdError);

/// What Forge told of a tenant's installation.
#[derive(Debug)]
pub struct Forge {
    /// Which.
    pub installation: InstallationId,
    /// When it was last heard of: its first token, or a trigger. Nothing yet, where an install linked it.
    pub heard_at: Option<Timestamp>,
    /// Until when the kept token is good.
    pub system_token_ends_at: Option<Timestamp>,
    /// The moment at which the tenant is nobody's if it is not heard of again. A linked Connect tenant has none.
    pub lapses_at: Option<Timestamp>,
    pub(super) system_token: Option<Secret>,
}

impl Forge {
    /// Whether it was not heard of for so long that the app counts as removed: Forge does not tell when it is.
    #[must_use]
    pub fn has_lapsed(&self, now: Timestamp) -> bool {
        self.lapses_at.is_some_and(|at| at <= now)
    }

    /// The token that acts as the app, if one is kept that is good at `now`.
    #[must_use]
    pub(crate) fn system_token(&self, now: Timestamp) -> Option<&Secret> {
        let good = self.system_token_ends_at.is_some_and(|end| now < end);
        self.system_token.as_ref().filter(|_| good)
    }
}

/// When a tenant lapses that Forge alone knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lapse {
    /// After how long without a word of Forge's.
    pub(super) after: Duration,
}

/// From one of the hourly triggers to the next, and the half hour by which one may be late: so long after a start, whoever is still
/// there has been heard of, however long the gateway itself was not.
const FIRST_TRIGGERS: Duration = Duration::from_mins(90);

impl Lapse {
    /// The moment for a tenant that was last heard of at `heard_at` and does not lapse before `spared_until`.
    pub(super) fn of(self, heard_at: Timestamp, spared_until: Option<Timestamp>) -> Timestamp {
        let at = heard_at.plus(self.after);
        spared_until.map_or(at, |until| at.max(until))
    }

    /// Until when a start at `started_at` spares whoever had not lapsed before it.
    pub(super) fn spares_until(started_at: Timestamp) -> Timestamp {
        started_at.plus(FIRST_TRIGGERS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_lapses_by_the_hours_and_not_before_it_is_spared() {
        let hours = |hours: u64| Timestamp::from_seconds(0).plus(Duration::from_hours(hours));
        let lapse = Lapse {
            after: Duration::from_hours(6),
        };
        assert_eq!(lapse.of(hours(100), None), hours(106));
        assert_eq!(lapse.of(hours(100), Some(hours(107))), hours(107));
        assert_eq!(lapse.of(hours(100), Some(hours(101))), hours(106));
    }

    #[test]
    fn an_installation_has_one_spelling() {
        let ari = "ari:cloud:ecosystem::installation/0a3a7799-53ae-4a5b-9e7e-03338980abb5";
        let id: InstallationId = ari.parse().unwrap();
        assert_eq!(id.to_string(), ari);
        assert_eq!(InstallationId::from_uuid(&id.uuid()), Ok(id));
        for other in [
            "",
            "0a3a7799-53ae-4a5b-9e7e-03338980abb5",
            "ari:cloud:ecosystem::installation/",
            "ari:cloud:ecosystem::app/0a3a7799-53ae-4a5b-9e7e-03338980abb5",
            "ari:cloud:ecosystem::installation/0A3A7799-53AE-4A5B-9E7E-03338980ABB5",
            "ari:cloud:ecosystem::installation/0a3a779953ae4a5b9e7e03338980abb5",
            "ari:cloud:ecosystem::installation/{0a3a7799-53ae-4a5b-9e7e-03338980abb5}",
            "ari:cloud:ecosystem::installation/0a3a7799-53ae-4a5b-9e7e-03338980abb5/",
            "ARI:cloud:ecosystem::installation/0a3a7799-53ae-4a5b-9e7e-03338980abb5",
        ] {
            assert_eq!(
                other.parse::<InstallationId>(),
                Err(InstallationIdError),
                "{other}"
            );
        }
    }
}
