//! What a credential is narrowed to, beside all policies: sites, actions, networks, an account to act as. Data; read from a row, carried
//! by the principal, enforced where a query is decided. Bounds must never allow anything: they only take away.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::tenant::{AccountId, SiteUrl};

/// The narrowing. What is empty narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    /// The one account to act as; also what a request acts as that names nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act_as: Option<AccountId>,
    /// Names of actions or of groups of them: `getIssue`, `read`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// Where requests may come from: `192.0.2.0/24`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<IpNet>,
    /// Sites of the tenant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<SiteUrl>,
}

/// Which bound a request is beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// The site is not one of the key's.
    Site,
    /// The action is not one of the key's.
    Action,
    /// The address is not in the key's networks.
    Network,
    /// The key acts as another account.
    ActAs,
    /// The credential is for requests alone, and supervises: that is for persons.
    Supervises,
    /// The session is another site's or account's than the request: somebody rewrote it.
    Rewritten,
    /// The user's own credential speaks for that user alone.
    Own,
}

impl Beyond {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Site => "key_site",
            Self::Action => "key_action",
            Self::Network => "key_network",
            Self::ActAs => "key_act_as",
            Self::Supervises => "key_cannot_manage",
            Self::Rewritten => "request_rewritten",
            Self::Own => "own_credential_act_as",
        }
    }

    /// The sentence for the caller.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Site => "This key is not good for this site.",
            Self::Action => "This key is not good for this action.",
            Self::Network => "This key is not good from this network.",
            Self::ActAs => "This key is not good for acting as this account.",
            Self::Supervises => "This credential is for requests alone: it manages nothing.",
            Self::Rewritten => "This session belongs to another account than the request.",
            Self::Own => "With a credential of your own you act as nobody but yourself.",
        }
    }
}

impl Bounds {
    /// Whether requests may come from this address. Asked at the door, before a use counts, and once more where a query is decided.
    #[must_use]
    pub fn admits(&self, ip: IpAddr) -> bool {
        // An address that came in IPv6's clothes is the IPv4 address that it is.
        let ip = ip.to_canonical();
        self.networks.is_empty() || self.networks.iter().any(|net| net.contains(&ip))
    }

    /// The first bound that a request is beyond; `names` are those of its action and its groups.
    #[must_use]
    pub fn refuse(
        &self,
        site: &SiteUrl,
        names: &[&str],
        ip: IpAddr,
        act_as: &AccountId,
    ) -> Option<Beyond> {
        let is_asked = |action: &String| names.contains(&action.as_str());
        if !self.sites.is_empty() && !self.sites.contains(site) {
            Some(Beyond::Site)
        } else if !self.actions.is_empty() && !self.actions.iter().any(is_asked) {
            Some(Beyond::Action)
        } else if !self.admits(ip) {
            Some(Beyond::Network)
        } else if self.act_as.as_ref().is_some_and(|only| only != act_as) {
            Some(Beyond::ActAs)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bounds: &Bounds, site: &str, ip: &str, act_as: &str) -> Option<Beyond> {
        bounds.refuse(
            &SiteUrl::from_host(site).unwrap(),
            &["getIssue", "read"],
            ip.parse().unwrap(),
            &act_as.parse().unwrap(),
        )
    }

    #[test]
    fn no_bounds_narrow_nothing() {
        let met = refused(&Bounds::default(), "acme.atlassian.net", "192.0.2.1", "ann");
        assert_eq!(met, None);
    }

    #[test]
    fn each_bound_takes_away_what_is_beyond_it_and_nothing_else() {
        let acme = "acme.atlassian.net";
        let bounds: Bounds = serde_json::from_str(
            r#"{"sites":["https://acme.atlassian.net"],"actions":["read"],"networks":["192.0.2.0/24"],"act_as":"bob"}"#,
        )
        .unwrap();
        assert_eq!(refused(&bounds, acme, "192.0.2.9", "bob"), None);
        assert_eq!(refused(&bounds, acme, "::ffff:192.0.2.9", "bob"), None);
        let other = "acme2.atlassian.net";
        let met = [
            refused(&bounds, other, "192.0.2.9", "bob"),
            refused(&bounds, acme, "192.0.3.9", "bob"),
            refused(&bounds, acme, "192.0.2.9", "ann"),
            refused(
                &Bounds {
                    actions: vec!["write".to_owned()],
                    ..bounds
                },
                acme,
                "192.0.2.9",
                "bob",
            ),
        ];
        assert_eq!(
            met.map(Option::unwrap),
            [Beyond::Site, Beyond::Network, Beyond::ActAs, Beyond::Action]
        );
    }

    #[test]
    fn bounds_that_a_newer_version_wrote_are_not_read_as_none() {
        assert!(serde_json::from_str::<Bounds>(r#"{"projects":["PAY"]}"#).is_err());
    }
}
