//! What a request wants, whoever it is from: a claim, as [`Ask`] is, without the credential. Used by `gateway`.
//! It must never say who asks: that is a principal, verified before.

use std::net::IpAddr;

use crate::decision::{ApiVersion, Target};
use crate::identity::presented::Presented;
use crate::tenant::registry::SiteAsked;
use crate::tenant::{AccountId, SiteRead};

use super::Ask;

/// What is wanted.
pub(super) struct Errand {
    pub(super) site: SiteAsked,
    pub(super) target: Target,
    pub(super) act_as: Option<AccountId>,
    pub(super) ip: IpAddr,
}

impl Errand {
    /// What an ask wants, apart from what it is proven with: credential, method, target.
    pub(super) fn of(ask: Ask) -> (Presented, &'static str, String, Self) {
        let errand = Self {
            site: ask.site,
            target: ask.target,
            act_as: ask.act_as,
            ip: ask.ip,
        };
        (ask.credential, ask.method, ask.raw_target, errand)
    }

    /// To learn from Jira whether one administers one's own site, as oneself.
    pub(super) fn supervision(ip: IpAddr) -> Self {
        Self {
            site: SiteAsked::Own,
            target: Target::Site(SiteRead::Administrators, ApiVersion::Three),
            act_as: None,
            ip,
        }
    }
}
