//! The checks of `[[oidc]]`: what a token must say is said in full, and no two providers can be taken for each other.
//! Used by the checks of `config` only.

use std::collections::BTreeMap;

use url::Url;

use super::{Checks, is_name, near};
use crate::config::list;
use crate::identity::oidc::Settings;
use crate::tenant::{CloudId, SiteUrl, TenantId};

/// More than anybody has; each is a server that is asked for its keys.
const PROVIDERS_MAX: usize = 32;
/// Entra's access tokens live 90 minutes at most; a token cannot be taken back.
const LIFETIME_S_MAX: u32 = 7200;

impl Checks<'_> {
    pub(super) fn providers(&mut self) {
        let providers = &self.config.oidc;
        for (index, provider) in providers.iter().enumerate().skip(PROVIDERS_MAX) {
            let what = format!("is one of more than {PROVIDERS_MAX} providers");
            self.of_provider(
                index,
                "name",
                &format!("`{}` {what}", provider.name),
                "take some out",
            );
        }
        for (index, provider) in providers.iter().enumerate() {
            self.names(index, provider);
            self.urls(index, provider);
            self.meanings(index, provider);
            self.strength(index, provider);
        }
        self.distinct("name", |provider| &provider.name);
        self.distinct("issuer", |provider| &provider.issuer);
    }

    fn names(&mut self, index: usize, provider: &Settings) {
        if !is_name(&provider.name) {
            self.of_provider(
                index,
                "name",
                "cannot name a provider",
                "use 1 to 64 letters, digits, dots, hyphens and underscores",
            );
        }
        let claims = [
            ("audience", &provider.audience),
            ("tenant_claim", &provider.tenant_claim),
            ("account_claim", &provider.account_claim),
        ];
        for (key, text) in claims {
            if text.trim().is_empty() {
                self.of_provider(
                    index,
                    key,
                    "is empty",
                    "write what the provider's tokens say",
                );
            }
        }
    }

    fn urls(&mut self, index: usize, provider: &Settings) {
        let development = self.config.development.enabled;
        for (key, text) in [("issuer", &provider.issuer), ("jwks", &provider.jwks)] {
            if !is_server(text, development) {
                self.of_provider(
                    index,
                    key,
                    &format!("is `{text}`, which is no https URL of scheme, host and path"),
                    "copy it from the provider's `/.well-known/openid-configuration`; plain HTTP is for \
                     addresses of this machine under [development]",
                );
            }
        }
    }

    fn meanings(&mut self, index: usize, provider: &Settings) {
        let remedy = "write each value of the claim with its tenant: client key or cloud id";
        let development = self.config.development.enabled;
        if provider.tenants.is_empty() {
            self.of_provider(index, "tenants", "is empty: no token would be good", remedy);
        }
        for (value, tenant) in &provider.tenants {
            if value.is_empty() || !names_a_tenant(tenant) {
                let what = format!("says `{value}` is `{tenant}`, which cannot be");
                self.of_provider(index, "tenants", &what, remedy);
            } else if names_a_host(tenant) && !development {
                let what = format!("says `{value}` is whoever has the host `{tenant}`");
                let remedy = "write the tenant's client key or cloud id, as `gatepost tenant list` shows them: a host can \
                              become another customer's, whom this company's tokens must not open";
                self.of_provider(index, "tenants", &what, remedy);
            }
        }
    }

    fn strength(&mut self, index: usize, provider: &Settings) {
        let algorithms = &provider.algorithms;
        let twice = algorithms.iter().skip(1).any(|one| *one == algorithms[0]);
        if algorithms.is_empty() || twice {
            self.of_provider(
                index,
                "algorithms",
                "is empty, or names one twice",
                "write it like `algorithms = [\"RS256\", \"ES256\"]`",
            );
        }
        let lifetime = provider.token_lifetime_s_max;
        if !(1..=LIFETIME_S_MAX).contains(&lifetime) {
            self.of_provider(
                index,
                "token_lifetime_s_max",
                &format!("is {lifetime}"),
                "choose 1 to 7200: nobody can take a token back before it ends",
            );
        }
    }

    /// Two providers of one name could not be told apart in a log; two with one issuer not at all.
    fn distinct(&mut self, key: &str, text: impl Fn(&Settings) -> &String) {
        let mut seen = BTreeMap::new();
        let providers = &self.config.oidc;
        for (index, provider) in providers.iter().enumerate() {
            let text = text(provider);
            if text.is_empty() || seen.insert(text, index).is_none() {
                continue;
            }
            let what = format!("is `{text}`, as another provider's is");
            let remedy =
                "a token must belong to one provider: put what it may say into one `[[oidc]]`";
            self.of_provider(index, key, &what, remedy);
        }
    }

    fn of_provider(&mut self, index: usize, key: &str, what: &str, remedy: &str) {
        let name = list::name(index, key);
        let Some(entry) = self.given.list.get(index) else {
            return;
        };
        if !self.problems.is_faulty(&name) {
            let place = entry.place(key, None, self.given.source);
            let what = format!("`{}.{key}` {what}", list::NAME);
            self.problems.add_key(&name, place, what, remedy.to_owned());
        }
    }
}

/// A URL of nothing but scheme, host and path, which may end with a slash: issuers are compared letter by letter.
fn is_server(text: &str, development: bool) -> bool {
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let plain = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.has_host();
    let by_address = !matches!(url.host(), Some(url::Host::Domain(_)));
    let near = development && by_address && near::is_loopback(&url);
    plain && text.trim() == text && (url.scheme() == "https" || near)
}

fn names_a_tenant(text: &str) -> bool {
    text.parse::<TenantId>().is_ok()
        || text.parse::<CloudId>().is_ok()
        || text.parse::<SiteUrl>().is_ok()
}

/// A client key has no dot, a cloud id neither.
fn names_a_host(text: &str) -> bool {
    let is_site = text.parse::<SiteUrl>().is_ok() || SiteUrl::from_host(text).is_ok();
    text.contains('.') && is_site
}
