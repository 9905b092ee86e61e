//! What a request presents as its credential: a claim. Made by `http` from the headers, read by `Verifiers`.
//! It must never be printed, stored or sent anywhere but to whoever issued it, and that only once the door of its kind says so.

use std::net::{IpAddr, Ipv4Addr};

use crate::ledger::entry::Entry;
use crate::outbound::Outbound;
use crate::secret::Secret;
use crate::tenant::registry::SiteAsked;

/// The credential of a request, unverified.
#[derive(Debug)]
pub enum Presented {
    /// No `Authorization` header.
    Nothing,
    /// `Authorization: JWT …`: a Connect context or request token.
    Jwt(Secret),
    /// `Authorization: Bearer gps_…` or `gp_…`, or the latter as the password of Basic: a credential of this gateway's own.
    Issued(Secret),
    /// `Authorization: Bearer …` of others: Forge's, an OpenID provider's, or Atlassian's.
    Bearer(Bearer),
    /// `Authorization: Basic …` with another password than a client key: perhaps an Atlassian API token.
    Password(Password),
    /// A scheme that no door of this gateway verifies. Its content is not kept.
    Other,
}

/// A Bearer token that is not this gateway's own, with what Forge sends beside its own.
#[derive(Debug)]
pub struct Bearer {
    /// The token.
    pub token: Secret,
    /// `x-forge-oauth-user`: a token that acts as the user, for the site's API.
    pub forge_user: Option<Secret>,
    /// `x-forge-oauth-system`: a token that acts as the app, for the site's API.
    pub forge_system: Option<Secret>,
}

/// A user name and a password.
#[derive(Debug)]
pub struct Password {
    /// The user name: of an API token the e-mail address of its owner. It is personal data and goes into no record.
    pub user: Secret,
    /// The password.
    pub password: Secret,
}

/// The request that a credential came with, as a request token's `qsh` covers it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// `GET`.
    pub method: &'a str,
    /// Path and query as they came, still encoded.
    pub target: &'a str,
}

/// What else is known of the request, for credentials that cannot be checked without asking whoever issued them.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The site that it names.
    pub site: &'a SiteAsked,
    /// Where it came from.
    pub ip: IpAddr,
    /// The worker's connections, for keys that are published to everybody: reading them tells nobody of the request.
    pub key_sets: Option<&'a Outbound>,
    /// With what others are asked; nobody is, if it is missing.
    pub asking: Option<Asking<'a>>,
}

/// With what others are asked about a credential.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The worker's connections.
    pub outbound: &'a Outbound,
    /// The request's part of the record that is written before.
    pub entry: &'a Entry,
}

impl<'a> Around<'a> {
    /// No site is named; others may be asked.
    #[must_use]
    pub const fn by(asking: Asking<'a>) -> Self {
        Self {
            key_sets: Some(asking.outbound),
            asking: Some(asking),
            ..Self::nowhere()
        }
    }

    /// No site is named, and nobody is asked.
    #[must_use]
    pub const fn nowhere() -> Self {
        Self {
            site: &SiteAsked::Own,
            ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            key_sets: None,
            asking: None,
        }
    }
}
