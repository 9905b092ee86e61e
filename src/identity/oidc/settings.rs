//! `[[oidc]]`: a provider of OpenID Connect whose tokens are taken, and what its claims mean here. Composed by `config`.
//! Nothing here may have a default that lets somebody in: who is whose is said by the operator, value by value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::identity::keys::PublicAlgorithm;

/// One provider.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What people call it; in logs.
    pub name: String,
    /// `iss` of its tokens, compared letter by letter.
    pub issuer: String,
    /// What `aud` of its tokens must hold.
    pub audience: String,
    /// Where it publishes its keys.
    pub jwks: String,
    /// The claim that says whose token it is, where several customers share the issuer.
    pub tenant_claim: String,
    /// The claim that holds the Atlassian account id.
    pub account_claim: String,
    /// What its tokens may be signed with.
    pub algorithms: Vec<PublicAlgorithm>,
    /// The greatest `exp - iat`, in seconds.
    pub token_lifetime_s_max: u32,
    /// The values of `tenant_claim`, each with the tenant that it stands for: client key or cloud id, in development also a host.
    pub tenants: BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: String::new(),
            issuer: String::new(),
            audience: String::new(),
            jwks: String::new(),
            tenant_claim: String::new(),
            account_claim: String::new(),
            algorithms: vec![PublicAlgorithm::Rs256, PublicAlgorithm::Es256],
            token_lifetime_s_max: 3600,
            tenants: BTreeMap::new(),
        }
    }
}
