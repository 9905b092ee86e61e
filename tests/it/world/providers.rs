//! A company's OpenID provider beside the world, and its tokens.

use gatepost::standin::{Standin, account};
use serde_json::{Value, json};

use super::World;

/// Lines of configuration for [`Builder::settings`](super::Builder::settings): the stand-in's provider, whose issuer two customers share.
pub(crate) const COMPANY: &str = r#"
[[oidc]]
name = "company"
issuer = "{oidc}"
audience = "gatepost"
jwks = "{oidc}/jwks"
tenant_claim = "org"
account_claim = "atlassian_account_id"
tenants = { "acme-org" = "acme.atlassian.net", "globex-org" = "globex.atlassian.net" }
"#;

/// The lines with the addresses of this stand-in's providers: `{oidc}`, and `{oidc-other}`.
pub(super) fn placed(settings: &str, jira: &Standin) -> String {
    settings
        .replace("{oidc}", &jira.oidc().issuer())
        .replace("{oidc-other}", &jira.oidc_other().issuer())
}

/// What a token of the company's says of a person.
pub(crate) fn claims(org: &str, person: &str) -> Value {
    json!({"aud": "gatepost", "org": org, "atlassian_account_id": account(person), "sub": person})
}

impl World {
    /// A fresh token of the company's provider, `acme-org` for acme.
    pub(crate) fn company_token(&self, org: &str, person: &str) -> String {
        self.jira.oidc().token(&claims(org, person))
    }
}
